"""What the slider over outer steps is given: the pictures that a run kept, and the numbers of its record."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.scrubber import magnification, moved, scrubbed
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.kept import Kept, OfPhase, Snapshots, read_kept
from mnemonics_lib.paths import STUDIES

RUNS = {run.arm: run for run in plan(STUDIES / "shown" / "scrubber.yaml").runs}


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    return load_dataset("digits", torch.device("cpu")).pixels


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> tuple[Record, Kept]:
    record, kept = RUNS[request.param].files
    return read_record(record), read_kept(kept)


def taken(changes: list[int], channels: int = 1) -> Snapshots:
    """Two exemplars, the second of which never moves; all pixels of the first go to 100 and so much more."""
    images = torch.full((len(changes), 2, channels, 2, 3), 100, dtype=torch.uint8)
    images[:, 0] += torch.tensor(changes, dtype=torch.uint8)[:, None, None, None]
    return Snapshots(images, torch.arange(len(changes)), torch.tensor([0, 1]))


def test_an_image_has_moved_by_as_many_standard_deviations_as_its_pixels() -> None:
    std = torch.tensor([0.5, 0.25])[:, None, None]
    space = Pixels(torch.zeros(2, 1, 1), std, 255, 0, False)
    (first, last) = moved(taken([0, 51], channels=2), space).tolist()
    assert first == [0, 0]
    assert last == pytest.approx([((0.4**2 + 0.8**2) / 2) ** 0.5, 0])


@pytest.mark.parametrize(
    ("changes", "factor"), [([0, 0], 1), ([0, 155], 1), ([0, 127], 2), ([0, 51], 5), ([155, 0, 20], 1), ([0, 1], 200)]
)
def test_a_magnified_change_stays_between_black_and_white(changes: list[int], factor: float) -> None:
    assert magnification(taken(changes)) == pytest.approx(factor)


@pytest.mark.parametrize(("strong", "factor"), [(1, 10), (2, 1)])
def test_one_pixel_in_twenty_may_have_changed_by_more(strong: int, factor: float) -> None:
    images = torch.zeros(2, 1, 1, 2, 20, dtype=torch.uint8)
    images[1, 0, 0, 0] = 20  # the other row stays as it was
    images[1, 0, 0, 0, :strong] = 200
    assert magnification(Snapshots(images, torch.arange(2), torch.tensor([0]))) == pytest.approx(factor)


def test_what_is_embedded_is_what_was_kept_and_recorded(run: tuple[Record, Kept], pixels: Pixels) -> None:
    record, kept = run
    found = json.loads(json.dumps(scrubbed(record, kept, pixels)))
    assert [each["phase"] for each in found] == list(kept.phases) == [0, record.phases]
    for each in found:
        snapshots, training = kept.phases[each["phase"]].snapshots, record.results[each["phase"]].exemplars
        assert snapshots
        assert training
        stops, n, c, h, w = snapshots.images.shape
        assert each["shape"] == [h, w, c]
        images = np.frombuffer(base64.b64decode(each["images"]), dtype=np.uint8).reshape(stops, n, h, w, c)
        assert np.array_equal(images, snapshots.images.permute(0, 1, 3, 4, 2).numpy())
        assert each["steps"] == snapshots.steps.tolist()
        assert each["meta_loss"] == list(training.steps.meta_loss)
        assert each["first_loss"] == list(training.steps.base_loss_first)
        assert each["displacement"] == [0, *training.steps.displacement]
        clipped = record.config["exemplar_level"]["clip"]
        assert each["noise_displacement"] == (None if clipped else training.noise_displacement)
        assert training.panel
        assert each["panel"] == [training.panel.before, training.panel.after]
        assert record.class_names
        assert each["names"] == [record.class_names[label] for label in snapshots.labels.tolist()]
        assert len(each["moved"]) == stops
        assert {len(row) for row in each["moved"]} == {n}


def test_what_is_shown_of_an_exemplar_has_moved_by_no_more_than_the_exemplar(
    run: tuple[Record, Kept], pixels: Pixels
) -> None:
    """All exemplars of a phase are kept; where they are clipped, what is shown of them is all there is."""
    record, kept = run
    rounding = 1 / 255 / float(pixels.std.min())  # half a level at the start and at the end
    for each in scrubbed(record, kept, pixels):
        shown = np.sqrt(np.square(each["moved"]).mean(axis=1))
        all_of_them = np.array(each["displacement"])[each["steps"]]
        assert (shown <= all_of_them + rounding).all()
        if record.config["exemplar_level"]["clip"]:
            assert np.abs(shown - all_of_them).max() <= rounding


def test_the_file_of_another_run_is_refused(run: tuple[Record, Kept], pixels: Pixels) -> None:
    record, kept = run
    other = replace(kept, identity=kept.identity.model_copy(update={"config": "another"}))
    with pytest.raises(ValueError, match="must be that of the record"):
        scrubbed(record, other, pixels)


def test_a_phase_without_snapshots_is_left_out(run: tuple[Record, Kept], pixels: Pixels) -> None:
    record, kept = run
    some = replace(kept, phases={0: OfPhase(), **{phase: of for phase, of in kept.phases.items() if phase}})
    assert [each["phase"] for each in scrubbed(record, some, pixels)] == [record.phases]
