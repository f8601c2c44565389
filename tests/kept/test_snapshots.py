"""Exemplars looked at while they are trained: which steps, what is seen, and that the training does not notice."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.kept.snapshots import WatchedTraining, snapshot_steps
from mnemonics_lib.loops import walk
from mnemonics_lib.models import build_network

KEEP = Keep(classes=2, images=2, steps=4)


def training(grey) -> ExemplarTraining:
    """Three classes of three exemplars, nine outer steps that move them far, some of them out of the range."""
    numbers = torch.Generator().manual_seed(1)
    level: dict[str, Any] = PAPER_EXEMPLAR_LEVEL.model_dump() | {
        **dict.fromkeys(("epochs", "inner_steps"), 3),
        "beta": 0.5,
        "optimizer": "adam",
        "val_batch": 10,
    }
    data = Samples.learned(torch.randn(30, 1, 8, 8, generator=numbers), torch.arange(30) % 3, grey)
    images, labels = torch.randn(9, 1, 8, 8, generator=numbers), torch.arange(9) // 3
    nothing = images[:0], labels[:0]
    return ExemplarTraining(build_network(8, 2, 1, 3, 0), (images, labels), data, nothing, ExemplarLevel(**level), 0)


def test_every_snapshot_is_the_images_after_its_step_as_they_are_shown(grey):
    plain, watched = training(grey), WatchedTraining(training(grey), KEEP, classes=3)
    walk(watched)
    assert watched.steps == [0, 1, 3, 9]
    expected = []
    for step in range(len(plain) + 1):
        if step in watched.steps:
            shown = (plain.E.detach()[[0, 1, 3, 4]] * 0.25 + 0.5).clamp(0, 1)  # two of each of two classes
            expected.append((shown * 255).round().to(torch.uint8))
        if step < len(plain):
            plain.step()
    assert watched.images.tolist() == torch.stack(expected).tolist()
    assert {0, 255} < set(watched.images.flatten().tolist())
    assert torch.equal(watched.training.E, plain.E)
    assert torch.equal(watched.training.log.rows, plain.log.rows)


@pytest.mark.parametrize("stop", range(10))
def test_a_training_that_goes_on_has_the_snapshots_of_all_its_sessions(grey, stop):
    whole, first, second = (WatchedTraining(training(grey), KEEP, classes=3) for _ in range(3))
    walk(whole)
    for _ in range(stop):
        first.step()
    second.load_state(first.state())
    assert second.done == stop
    walk(second)
    assert torch.equal(second.images, whole.images)
    assert torch.equal(second.training.E, whole.training.E)


@pytest.mark.parametrize("other", [None, {"steps": 5}, {"classes": 3}, {"images": 1}, {"spacing": "even"}], ids=str)
def test_it_begins_again_from_a_state_in_which_what_is_asked_for_was_not_seen(grey, other):
    left: Any = training(grey)
    if other is not None:
        left = WatchedTraining(left, KEEP.model_copy(update=other), classes=3)
    walk(left)
    watched = WatchedTraining(training(grey), KEEP, classes=3)
    watched.load_state(left.state())
    assert watched.done == 0
    walk(watched)
    assert watched.images.shape == (4, 4, 1, 8, 8)
    assert torch.equal(watched.training.E, left.state()["images"])


def test_a_training_that_is_not_watched_goes_on_from_one_that_is(grey):
    watched, plain = WatchedTraining(training(grey), KEEP, classes=3), training(grey)
    for _ in range(4):
        watched.step()
    plain.load_state(copy.deepcopy(watched.state()))
    assert plain.done == 4
    for one in (watched, plain):
        walk(one)
    assert torch.equal(plain.E, watched.training.E)


def test_what_is_not_a_state_of_the_training_is_refused(grey):
    watched = WatchedTraining(training(grey), KEEP, classes=3)
    state = watched.state()
    with pytest.raises(ValueError, match="images: is not of this loop"):
        watched.load_state({**state, "images": torch.zeros(1)})


@pytest.mark.parametrize(
    ("total", "steps", "spacing", "expected"),
    [
        (100, 5, "even", [0, 25, 50, 75, 100]),
        (100, 4, "geometric", [0, 1, 10, 100]),
        (100, 2, "geometric", [0, 100]),
        (100, 2, "even", [0, 100]),
        (100, 3, "geometric", [0, 1, 100]),
        (1, 10, "geometric", [0, 1]),
        (3, 10, "even", [0, 1, 2, 3]),
    ],
)
def test_steps_are_spaced_as_asked(total, steps, spacing, expected):
    assert snapshot_steps(total, Keep(steps=steps, spacing=spacing)) == expected


@given(st.integers(1, 5000), st.integers(2, 100), st.sampled_from(["even", "geometric"]))
def test_steps_begin_at_the_first_and_end_at_the_last_and_are_no_more_than_asked_for(total, steps, spacing):
    found = snapshot_steps(total, Keep(steps=steps, spacing=spacing))
    assert (found[0], found[-1]) == (0, total)
    assert found == sorted(set(found))
    assert len(found) <= steps


def test_it_asks_for_room_as_the_training_does(grey, monkeypatch):
    watched, asked = WatchedTraining(training(grey), KEEP, classes=3), []
    for name in ("fit_into", "fit_into_host"):
        monkeypatch.setattr(watched.training, name, lambda free, name=name: asked.append((name, free)))
        getattr(watched, name)(3.0)
    assert asked == [("fit_into", 3.0), ("fit_into_host", 3.0)]
