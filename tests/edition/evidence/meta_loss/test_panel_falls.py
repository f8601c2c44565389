"""How the meta loss fell, by hand from a record, and in how many trainings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import (
    JUDGES,
    Fallen,
    fall_of_phase_0,
    fallen,
    fallen_by_phase,
    of_both_judges_in_words,
    panel_fall,
    relative_fall,
)
from mnemonics_lib.paths import RECORDS
from tests.edition.evidence.falling import pair, run

FILE = RECORDS / "evidence" / "primary" / "lucir-trained-5" / "seed-0.json"


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(FILE)


@pytest.mark.parametrize("running", [False, True])
def test_the_panel_falls_by_before_minus_after(record: Record, running: bool):
    end = "_running" if running else ""
    panels = [row["exemplars"]["panel"] for row in json.loads(FILE.read_text())["results"]]
    falls = [panel[f"before{end}"] - panel[f"after{end}"] for panel in panels]
    assert panel_fall(record, running) == pytest.approx(np.mean(falls))
    assert (fallen([record]).running if running else fallen([record]).batch) == sum(fall > 0 for fall in falls)
    assert fallen([record]).of == len(falls)


@pytest.mark.parametrize(("judge", "end"), JUDGES.items())
def test_the_fall_of_phase_0_is_that_of_its_panel_alone(record: Record, judge: str, end: str):
    panel = json.loads(FILE.read_text())["results"][0]["exemplars"]["panel"]
    assert fall_of_phase_0(record, judge) == pytest.approx(panel[f"before{end}"] - panel[f"after{end}"])


def test_a_record_without_a_panel_of_phase_0_is_named():
    bare = run((2.0, 1.0))
    bare.results[0].exemplars, bare.seed = None, 3
    with pytest.raises(ValueError, match="lwf, seed 3: its record has no panel of phase 0"):
        fall_of_phase_0(bare, "running statistics")


def test_the_trainings_of_several_runs_are_counted_together():
    runs = [run((2.0, 1.0), (1.0, 1.5)), run((1.0, 0.9), (1.0, 1.0))]
    assert fallen(runs) == Fallen(batch=2, running=1, both=0, of=4)


def test_a_training_holds_for_both_judges_where_both_losses_fell():
    both, batch_alone = run((2.0, 1.0)), run((2.0, 1.0))
    both.results[0].exemplars.panel.before_running, both.results[0].exemplars.panel.after_running = 3.0, 2.0
    running_alone = run((1.0, 2.0))
    assert fallen([both, batch_alone, running_alone]) == Fallen(batch=2, running=2, both=1, of=3)
    assert fallen([]) == Fallen(batch=0, running=0, both=0, of=0)


def test_phase_0_is_counted_apart():
    fell, rose = (2.0, 1.0), (1.0, 2.0)  # with running statistics it is the other way round
    both = run(fell, fell)
    for row in both.results[:2]:
        row.exemplars.panel.after_running = 0.0
    found = fallen_by_phase([both, run(fell, rose, fell)])
    assert found == {
        "phase 0": Fallen(batch=2, running=1, both=1, of=2),
        "later phases": Fallen(batch=2, running=2, both=1, of=3),
        "all phases": Fallen(batch=4, running=3, both=2, of=5),
    }
    assert found["later phases"].row == {
        "fell": "2 of 3",
        "fell with running statistics": "2 of 3",
        "with both": "1 of 3",
    }


def test_both_judges_are_told_by_number_of_exemplars_and_phase():
    one, two = pair([1.0, 1.0], [0.0, 0.0], name="LwF, 20 a class"), pair([1.0], [0.0])
    of_icarl = pair([1.0], [0.0], name="iCaRL, 5 a class")  # the same trainings as LwF's
    one.first[0].results[0].exemplars.panel.after_running = -1.0
    assert of_both_judges_in_words([one, two, of_icarl]) == (
        "both losses fell with 20 a class in 1 of 2 of phase 0 and in 0 of 0 of later phases; with 5 a class in 0 of 1 "
        "of phase 0 and in 0 of 0 of later phases."
    )


def test_a_relative_fall_is_the_mean_over_trainings():
    assert relative_fall([run((2.0, 1.0), (1.0, 0.9)), run((4.0, 4.0))]) == pytest.approx((0.5 + 0.1) / 3)
