"""No batch has one image where its statistics count: the arithmetic of the check against the batches themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

import mnemonics_lib.config.run
from mnemonics_lib import experiment, global_bop
from mnemonics_lib.config import ConfigError, parse_config
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


def of_training(loop: ExemplarTraining) -> list[int]:
    """Images of every batch in one training of exemplars that is normalised by its own statistics."""
    # The controls measure the fitted model on the validation images at once, in training mode.
    sizes, level = [min(512, len(loop.samples)) + len(loop.context[1])], loop.level
    if level.batch_norm == "batch":
        sizes += [len(loop.validation[step][1]) + len(loop.context[1]) for step in range(loop.validation.per_pass)]
    if level.batch_norm == "batch" or level.inner in ("ncm", "ridge"):
        sizes += [len(index) for index, *_ in loop.inner.draw(0, len(loop.inner))]  # a pass at least
    return sizes


class Looker:
    """Walks no loop, and sees how large the batches of each would be."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, loop: Any, name: str) -> None:
        if isinstance(loop, Descent):
            drawn = loop.batches.epoch() if loop.sgd.batch_norm == "batch" else []
            self.sizes += [len(index) for index, *_ in drawn]
        elif isinstance(loop, Adjustment):
            for part in range(len(loop.parts)):
                self.sizes += of_training(loop._training(part))
        else:
            assert isinstance(loop, ExemplarTraining)
            self.sizes += of_training(loop)


def smallest(config: Any, patch: pytest.MonkeyPatch) -> int:
    """Images in the smallest batch of a run, seen on the objects that would draw them."""
    patch.setattr(global_bop, "controls", lambda trainings: {})  # of trainings that did not take place
    here, look = Experiment.of(config), Looker()
    state = global_bop.initial_state(here)
    for _ in global_bop.phases(here, state, look):
        pass
    return min(look.sizes, default=2)


sizes = st.sampled_from([2, 2, 3, 4, 100])
modes = st.sampled_from(["batch", "batch", "running"])
settings_of_a_run = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["lwf", "bic", "finetune", "joint"]),
        "exemplars": st.sampled_from(["none", "random", "mnemonics", "mnemonics"]),
        "budget": st.integers(1, 8),
        "budget_rule": st.sampled_from(["per_class", "total"]),
        "adjust": st.sampled_from([0, 0, 2, 3]),
        "finetune": st.booleans(),
        "first_share": st.sampled_from([0.2, 0.5]),
        "phases": st.integers(1, 3),
        "uneven": st.just(True),
        "network": st.just({"depth": 8, "width": 1}),
        "training": st.fixed_dictionaries({"batch_size": sizes, "batch_norm": modes}),
        "finetuning": st.fixed_dictionaries({"batch_size": sizes, "batch_norm": modes}),
        "exemplar_level": st.fixed_dictionaries(
            {
                "start": st.just("theta"),
                "epochs": st.just(1),
                "adjust_epochs": st.just(1),
                "objective": st.sampled_from(["eq7", "eq4b"]),
                "inner": st.sampled_from(["full", "ncm"]),
                "inner_batch": st.sampled_from([0, 0, 1, 2, 3, 5]),
                "val_batch": st.sampled_from([1, 2, 3, 50, 50]),
                "batch_norm": modes,
            }
        ),
    }
)


def refusal(values: dict[str, Any]) -> str:
    """What is said of a run whose batches may have one image; "" where none has."""
    try:
        Experiment.of(parse_config(values))
    except ConfigError as error:
        assume(SAID in str(error))
        return str(error)
    return ""


@settings(max_examples=150)
@given(st.lists(st.integers(1, 9), min_size=5, max_size=5), settings_of_a_run)
def test_what_is_refused_has_a_batch_of_one_and_what_is_accepted_has_none(counts, values):
    with pytest.MonkeyPatch.context() as patch:
        toy(patch, counts)
        said = refusal(values)
        for module in (mnemonics_lib.config.run, experiment):
            patch.setattr(module, "refuse_batches_of_one", lambda *_: None)
        found = smallest(parse_config(values), patch)
    event(said.partition(" = ")[0])
    assert (found < 2) is bool(said), (found, said)


@settings(max_examples=100)
@given(st.lists(st.integers(2, 9), min_size=5, max_size=5), settings_of_a_run)
def test_who_does_what_the_refusals_say_has_none_in_the_end(counts, values):
    with pytest.MonkeyPatch.context() as patch:
        toy(patch, counts)
        for _ in range(10):  # a field may be named again, once the data are there and after a change of the budget
            said = refusal(values)
            if not said:
                return
            found = re.search(r"(\S+) = (\d+): must be (?:0 \(all\) or )?at least (\d+): ", said)
            assert found, said
            *section, name = found[1].split(".")
            where = values[section[0]] if section else values
            assert where[name] == int(found[2]) < int(found[3])
            where[name] = int(found[3])
    pytest.fail(said)


CASES: list[tuple[dict[str, Any], str]] = [
    ({"budget": 1, "resolution": 4}, "budget = 1: must be at least 2: in phase 1, a batch of the exemplars of Eq. 8"),
    ({"method": "bic", "budget": 2}, "budget = 2: must be at least 3: in phase 1"),
    ({"budget": 19, "budget_rule": "total"}, "budget = 19: must be at least 20: in phase 5"),
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
