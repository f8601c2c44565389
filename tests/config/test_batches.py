"""No batch has one image where its statistics count: the arithmetic of the check against the batches themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mnemonics_lib.config.run
from mnemonics_lib import experiment, global_bop
from mnemonics_lib.config import ConfigError, RunConfig, batches, parse_config
from mnemonics_lib.data.dataset import Dataset
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.split import Split
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.training import Descent

SAID = "no statistics for batch normalisation"


def toy(patch: pytest.MonkeyPatch, counts: list[int]) -> None:
    """A data set of as many images of each class, under the name of digits."""
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    images = torch.randint(0, 16, (len(labels), 1, 4, 4), dtype=torch.uint8)
    pixels = Pixels(torch.full((1, 1, 1), 0.5), torch.full((1, 1, 1), 0.25), white=16, pad=0, flip=False)
    data = Dataset(Split(images, labels), Split(images, labels), pixels)
    info = DatasetInfo(len(counts), min(counts), (1, 4, 4), white=16, pad=0, flip=False)
    patch.setitem(DATASETS, "digits", info)
    patch.setattr(experiment, "load_dataset", lambda *_: data)


Smallest = dict[tuple[int, str], int]
"""Images in the smallest batch, by phase and by the field that says how large it is at most."""


class Looker:
    """Walks no loop, and sees how large the batches of each would be, on the objects that draw them."""

    def __init__(self) -> None:
        self.found: Smallest = {}

    def __call__(self, loop: Any, name: str) -> None:
        phase, what = re.fullmatch(r"phase (\d+): (.*)", name).groups()  # type: ignore[union-attr]
        if isinstance(loop, Descent):
            section = {"model": "training", "from scratch": "training", "fine-tuning": "finetuning"}[what]
            if loop.sgd.batch_norm == "batch":
                self.see(phase, f"{section}.batch_size", [len(index) for index, *_ in loop.batches.epoch()])
        elif isinstance(loop, Adjustment):
            for part in range(len(loop.parts)):
                self.see_exemplars(phase, loop._training(part))
        else:
            self.see_exemplars(phase, loop)

    def see_exemplars(self, phase: str, loop: ExemplarTraining) -> None:
        context, batch = len(loop.context[1]), loop.level.batch_norm == "batch"
        # The controls measure the fitted model on the validation images at once, in training mode.
        validation = [min(512, len(loop.samples))]
        if batch:
            validation += [len(loop.validation[step][1]) for step in range(loop.validation.per_pass)]
        self.see(phase, "exemplar_level.val_batch", [size + context for size in validation])
        if batch or loop.level.inner in ("ncm", "ridge"):
            a_pass = loop.inner.draw(0, len(loop.inner))  # or several
            self.see(phase, "exemplar_level.inner_batch", [len(index) for index, *_ in a_pass])

    def see(self, phase: str, field: str, sizes: list[int]) -> None:
        key = int(phase), field
        self.found[key] = min([*sizes, self.found.get(key, 10**6)])


def drawn(config: RunConfig, patch: pytest.MonkeyPatch) -> Smallest:
    """What the batches of a run are."""
    patch.setattr(global_bop, "controls", lambda *of: {})  # of trainings that did not take place
    here, look = Experiment.of(config), Looker()
    for _ in global_bop.phases(here, global_bop.initial_state(here), look):
        pass
    return look.found


def foretold(config: RunConfig, images: list[int] | None) -> Smallest:
    """What the arithmetic says that they are; those that it does not know are left out."""
    found: Smallest = {}
    for loop in batches.loops(config, images):
        key, size = (loop.phase, loop.field), loop.smallest()
        if size is not None:
            found[key] = min(size, found.get(key, 10**6))
    return found


@st.composite
def small_runs(draw: st.DrawFn) -> tuple[list[int], dict[str, Any]]:
    """Images of each of five classes, and a run on them with which nothing but its batches may be wrong."""
    norm, size = st.sampled_from(["batch", "batch", "running"]), st.sampled_from([2, 2, 3, 100])
    method = draw(st.sampled_from(["lwf", "bic", "joint"]))
    exemplars = "none" if method == "joint" else draw(st.sampled_from(["random", "mnemonics", "mnemonics"]))
    rule = draw(st.sampled_from(["per_class", "total"]))
    least = 2 if method == "bic" else 1
    budget = draw(st.integers(least, 5) if rule == "per_class" else st.integers(5 * least, 15))
    each = (budget if rule == "per_class" else budget // 5) - (method == "bic")
    may = exemplars != "none"
    inner = draw(st.sampled_from(["full", "full", "ncm"]))
    values = {
        "method": method,
        "exemplars": exemplars,
        "budget": budget,
        "budget_rule": rule,
        "adjust": draw(st.sampled_from([0, *(k for k in (2, 3) if may and k <= each)])),
        "finetune": may and draw(st.booleans()),
        "from_scratch": may * draw(st.sampled_from([0, 0, 1])),
        "first_share": draw(st.sampled_from([0.2, 0.6] if rule == "per_class" else [0.6])),
        "phases": draw(st.integers(1, 2)),
        "uneven": True,
        "network": {"depth": 8, "width": 1},
        "training": {"batch_size": draw(size), "batch_norm": draw(norm)},
        "finetuning": {"batch_size": draw(size), "batch_norm": draw(norm)},
        "exemplar_level": {
            "start": "theta",
            "epochs": 1,
            "adjust_epochs": 1,
            "objective": draw(st.sampled_from(["eq7", "eq4b"])),
            "inner": inner,
            "inner_batch": draw(st.sampled_from([0, 1, 2, 3] if inner == "full" else [0, 5])),
            "val_batch": draw(st.sampled_from([1, 2, 3, 50])),
            "batch_norm": draw(norm),
        },
    }
    return draw(st.lists(st.integers(5, 8), min_size=5, max_size=5)), values


def unchecked(patch: pytest.MonkeyPatch) -> None:
    """Let batches of one pass."""
    for module in (mnemonics_lib.config.run, experiment):
        patch.setattr(module, "refuse_batches_of_one", lambda *_: None)


def refusal(values: dict[str, Any]) -> str:
    """What is said of a run whose batches may have one image; "" where none has."""
    try:
        Experiment.of(parse_config(values))
    except ConfigError as error:
        return str(error)
    return ""


@settings(max_examples=150)
@given(small_runs())
def test_the_smallest_batch_is_foretold_and_refused_where_it_has_one_image(case):
    counts, values = case
    with pytest.MonkeyPatch.context() as patch:
        toy(patch, counts)
        said = refusal(values)
        unchecked(patch)
        config = parse_config(values)
        images = [counts[c] for c in config.protocol().order]
        found = drawn(config, patch)
        assert foretold(config, images) == found
        # Without the data the smallest batch of some loops is not known, which may share a field with one that is.
        assert all(found[key] <= size for key, size in foretold(config, None).items())
    one = min(found.values(), default=2) < 2
    assert (SAID in said) is one, said
    assert bool(said) is one, said


@settings(max_examples=100)
@given(small_runs())
def test_who_does_what_the_refusals_say_has_none_in_the_end(case):
    counts, values = case
    with pytest.MonkeyPatch.context() as patch:
        toy(patch, counts)
        for _ in range(10):  # a field may be named again, once the data are there and after a change of the budget
            said = refusal(values)
            found = re.search(r"(\S+) = (\d+): must be (?:0 \(all\) or )?at (least|most) (\d+)", said)
            if not found or found[3] == "most":  # more exemplars would help, but there are no more images
                assert not said or found
                return
            *section, name = found[1].split(".")
            where = values[section[0]] if section else values
            assert where[name] == int(found[2]) < int(found[4])
            where[name] = int(found[4])
    pytest.fail(said)


CASES: list[tuple[dict[str, Any], str]] = [
    ({"budget": 1, "resolution": 4}, "budget = 1: must be at least 2: in phase 1, a batch of the exemplars of Eq. 8"),
    ({"method": "bic", "budget": 2}, "budget = 2: must be at least 3: in phase 1"),
    ({"budget": 15, "budget_rule": "total"}, "budget = 15: must be at least 20: in phase 5"),
    (
        {"exemplars": "random", "budget": 1, "from_scratch": 1, "first_share": 0.1, "phases": 9},
        "budget = 1: must be at least 2: in phase 0, a batch of the exemplars alone",
    ),
    (
        {"exemplars": "random", "budget": 1, "from_scratch": 1, "finetune": False, "training": {"batch_size": 2}},
        "training.batch_size = 2: must be at least 3: in phase 0, a batch of the exemplars alone",
    ),
    ({"exemplar_level": {"inner_batch": 1}}, "exemplar_level.inner_batch = 1: must be 0 (all) or at least 2"),
    (
        {"exemplar_level": {"inner_batch": 2}, "budget": 3},
        "exemplar_level.inner_batch = 2: must be 0 (all) or at least 3",
    ),
    ({"exemplar_level": {"val_batch": 1}}, "exemplar_level.val_batch = 1: must be at least 2: in phase 0"),
    ({"budget": 2, "adjust": 2, "first_share": 0.1, "phases": 9}, "budget = 2: must be at least 4: in phase 1"),
    (
        {"exemplars": "random", "budget": 1, "finetuning": {"batch_size": 2}},
        "finetuning.batch_size = 2: must be at least 3",
    ),
]


@pytest.mark.parametrize(("values", "said"), CASES, ids=[said.partition(":")[0] for _, said in CASES])
def test_a_batch_of_one_that_is_known_without_the_data_is_refused_by_the_configuration(values, said):
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert said in str(caught.value)
    assert SAID in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"training": {"batch_size": 2}}, "training.batch_size = 2: must be at least 3: in phase 2"),
        ({"exemplar_level": {"val_batch": 2}}, "exemplar_level.val_batch = 2: must be at least 3: in phase 2"),
    ],
)
def test_a_batch_of_one_that_the_data_alone_show_is_refused_before_anything_is_trained(values, said):
    config = parse_config(values)  # whether the digits of a phase go into pairs is not known yet
    with pytest.raises(ConfigError) as caught:
        Experiment.of(config)
    assert said in str(caught.value)


def test_running_statistics_need_no_second_image():
    values = {"budget": 1, "exemplar_level": {"batch_norm": "running", "start": "theta", "val_batch": 1}}
    assert parse_config(values).budget == 1
    tuned = {"exemplars": "random", "budget": 1, "finetuning": {"batch_size": 2, "batch_norm": "running"}}
    assert parse_config(tuned).finetuning.batch_size == 2


def test_a_phase_of_one_training_image_is_the_data_sets_fault():
    with pytest.MonkeyPatch.context() as patch:
        toy(patch, [2, 2, 2, 2, 2])
        here = {"exemplars": "none", "finetune": False, "phases": 4, "first_share": 0.2}
        config = parse_config(here)
        toy(patch, [1, 1, 1, 1, 1])
        with pytest.raises(ConfigError, match=r"dataset = 'digits': must be one with two training images or more"):
            Experiment.of(config)


@pytest.mark.parametrize(("processes", "most"), [(2, None), (3, 2)])
def test_each_of_several_processes_has_two_images_of_a_batch_or_is_refused(tiny, processes, most):
    config = tiny.replace(phases=1, training={"batch_size": 5}, finetuning={"batch_norm": "running"})
    images = [100] * 10
    if most is None:
        batches.refuse_shares_of_one(config, images, processes)
        return
    said = (
        f"processes = {processes}: must be at most {most}: in phase 0, a batch of the training data would be 5 images"
    )
    with pytest.raises(ConfigError, match=re.escape(said)):
        batches.refuse_shares_of_one(config, images, processes)
    batches.refuse_shares_of_one(config.replace(training={"batch_norm": "running"}), images, processes)
