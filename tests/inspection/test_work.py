"""What a run is said to do is what it does, counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from mnemonics_lib.bilevel import solution
from mnemonics_lib.config import RunConfig, load_config
from mnemonics_lib.exemplars import controls
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state, phases
from mnemonics_lib.inspection.counted import counted
from mnemonics_lib.inspection.work import PASSES, work
from mnemonics_lib.loops import walk
from mnemonics_lib.models import IncrementalNet
from mnemonics_lib.paths import PARAMS
from mnemonics_lib.training import Descent

Found = Counter[tuple[int, str]]


def done(config: RunConfig, monkeypatch) -> Found:
    """What a run really does: for each phase and part steps and solutions, and images without a gradient."""
    found: Found = Counter()
    now: dict[str, Any] = {"phase": 0, "part": "", "stepping": False}
    descend, step = Descent.descend, ExemplarTraining.step
    features, solve = IncrementalNet.features, solution.solve

    def stepping(function):
        def counted_step(self, *arguments):
            found[now["phase"], now["part"]] += 1
            now["stepping"] = True
            try:
                return function(self, *arguments)
            finally:
                now["stepping"] = False

        return counted_step

    def counted_features(self, x):
        if not torch.is_grad_enabled() and not now["stepping"]:
            found[now["phase"], "passes without a gradient"] += len(x)
        return features(self, x)

    def counted_solve(*arguments):
        found[now["phase"], "controls"] += 1
        return solve(*arguments)

    def named(loop, name):
        if isinstance(loop, Descent):
            now["part"] = {"model": "model level"}.get(what := name.partition(": ")[2], what)
        else:
            now["part"] = "adjustment" if isinstance(loop, Adjustment) else "exemplars"
        walk(loop, name)

    with monkeypatch.context() as patch:
        patch.setattr(Descent, "descend", stepping(descend))
        patch.setattr(ExemplarTraining, "step", stepping(step))
        patch.setattr(IncrementalNet, "features", counted_features)
        patch.setattr(controls, "solve", counted_solve)
        experiment = Experiment.of(config)
        state = initial_state(experiment)
        for after in phases(experiment, state, named):
            now["phase"] = after.phase
    return found


def said(config: RunConfig) -> Found:
    data = counted(config)
    found: Found = Counter()
    for of in work(config, data.train, data.test):
        found[of.phase, of.part] += of.count
    return found


OURS = {"exemplars": "mnemonics", "adjust": 2, "budget": 5, "weight_transfer": True}


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "lucir", **OURS, "exemplar_level": {"start": "perturbed"}},
        {"method": "bic", **OURS, "exemplar_level": {"objective": "eq4b", "init": "herding"}},
        {"method": "icarl", "exemplars": "herding", "budget": 40, "budget_rule": "total", "finetune": True},
        {"method": "lwf", "exemplars": "random", "adjust": 3, "budget": 7, "finetune": False},
        {"method": "icarl", **OURS, "from_scratch": 3, "training": {"batch_size": 9}},
        {"method": "lwf", "exemplars": "random", "finetune": False, "from_scratch": 2},
        {"method": "joint", "exemplars": "none", "finetune": False},
        {"method": "finetune", "exemplars": "none", "finetune": False, "training": {"batch_norm": "running"}},
        {"method": "lucir", **OURS, "uneven": True, "phases": 2, "first_share": 0.3, "classes": [1, 9]},
    ],
)
def test_steps_and_images_are_counted_as_a_run_takes_them(tiny, monkeypatch, changes):
    config = tiny.replace(**({"phases": 1} | changes))
    assert said(config) == done(config, monkeypatch)


@pytest.mark.parametrize(("dataset", "times"), [("digits", 1), ("cifar100", 2)])
def test_an_exemplar_is_passed_with_its_mirror_image_where_the_data_set_has_one(tiny, dataset, times):
    """By iCaRL's classifier, which looks at the ten classes' two exemplars each."""
    config = tiny.replace(dataset=dataset, classes=[0, 10], phases=1, exemplars="herding", finetune=False)
    icarl, lwf = (
        [of.count for of in work(config.replace(method=method), [100] * 100, [50] * 100) if of.part == PASSES][1]
        for method in ("icarl", "lwf")
    )
    assert icarl - lwf == times * 10 * 2


def test_the_paper_s_scale_is_counted_without_its_data(monkeypatch, tmp_path):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    config = load_config(PARAMS / "paper" / "imagenet-n5.yaml")
    data = counted(config)
    assert "(imagenet: not there; " in data.assumed
    assert (sum(data.train), sum(data.test), data.pictures) == (1_281_000, 50_000, None)
    first, exemplars, *_ = work(config, data.train, data.test)
    assert (first.part, first.count) == ("model level", 90 * -(-500 * 1281 // 128))
    assert first.images == first.reads == pytest.approx(128, abs=0.1)
    assert (exemplars.part, exemplars.count) == ("exemplars", 50 * -(-500 * 1281 // 128))
    assert exemplars.images == 128
