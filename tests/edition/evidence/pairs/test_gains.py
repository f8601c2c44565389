"""Gains: the right pairs, of all seeds that both arms have, and what makes a claim."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition.evidence.pairs.gain_figure import colour, gain_figure, known_figure
from mnemonics_lib.edition.evidence.pairs.gains import Gain, distinct_trainings, gains
from mnemonics_lib.edition.evidence.pairs.settings import Setting, settings
from mnemonics_lib.edition.evidence.pairs.trainings import Training
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.paths import RECORDS


@cache
def planned(study: str) -> Plan:
    return plan(*study_files(study))


@pytest.fixture(scope="module")
def of_project() -> list[Gain]:
    """From the project's records."""
    return gains()


@pytest.fixture(scope="module")
def of_digits(of_project: list[Gain]) -> Gain:
    """The digits' of N = 5."""
    return {gain.setting.study: gain for gain in of_project if gain.setting.asks_of_training}["quick/digits-n5"]


def test_intervals_of_one_question_are_those_that_hold_together(of_project: list[Gain]):
    """What the front page answers: at 95 % each, one of eight would be clear of zero by chance too often."""
    asked = [gain for gain in of_project if gain.setting.level > 0.95 and gain.interval.n >= 3]
    assert asked
    for gain in asked:
        students = stats.ttest_1samp([*gain.by_seed.values()], 0.0).confidence_interval(gain.setting.level)
        assert (gain.interval.low, gain.interval.high) == pytest.approx((students.low, students.high))


def test_gains_are_those_of_the_records(of_digits: Gain):
    """The digits' by a loop over the files, with what came out when the same runs were made before."""
    folder, expected = RECORDS / "quick" / "digits-n5", {}
    before = json.loads((RECORDS / "first_time.json").read_text())["quick/digits-n5"][0]["average_accuracy"]
    arms = ("mnemonics-from-herding", "herding")
    for path in (folder / arms[0]).glob("seed-*.json"):
        seed = path.stem.removeprefix("seed-")
        trained, control = (
            (read_record(folder / arm / path.name).average_accuracy + before[arm][seed]) / 2 for arm in arms
        )
        expected[int(seed)] = trained - control
    assert of_digits.by_seed == pytest.approx(expected)
    students = stats.ttest_1samp(list(expected.values()), 0.0).confidence_interval(0.95)
    assert (of_digits.interval.low, of_digits.interval.high) == pytest.approx((students.low, students.high))
    asked = [run.record for run in planned("quick/digits-n5").runs if run.arm in arms]
    assert of_digits.finished == all(record.exists() for record in asked)
    assert of_digits.knows == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize(("after", "harder"), [(0.52, True), (0.505, False), (0.3, False)])
def test_exemplars_are_harder_where_their_loss_rose_by_more_than_a_hundredth(after: float, harder: bool):
    assert Training(phase=0, knows=90.0, before=0.5, after=after).harder == harder
    gain = Gain(next(settings()), {0: 1.0}, interval([1.0]), True, 90.0, (Training(0, 90.0, 0.5, after),) * 2)
    assert gain.hardened == 2 * harder


def test_icarls_trainings_are_left_out_where_lwfs_of_the_same_study_are_there(of_digits: Gain):
    made = itertools.count()

    def of(method: str, detail: str, study: str = "a") -> Gain:
        setting = replace(of_digits.setting, method=method, detail=detail, study=study)
        return replace(of_digits, setting=setting, trainings=(training(next(made)), training(next(made))))

    def training(number: int) -> Training:
        return Training(0, 90.0, 0.5, 0.5 + number)

    both = [of("LwF", "5 a class"), of("iCaRL", "5 a class")]
    assert len(distinct_trainings(both)) == 2
    alone = [of("iCaRL", "20 a class"), of("iCaRL", "5 a class", "b"), of("BiC", "5 a class")]
    assert len(distinct_trainings([*both, *alone])) == 2 + 6


def test_a_training_that_two_settings_have_in_common_is_there_once(of_digits: Gain):
    further = replace(of_digits, trainings=(*of_digits.trainings[:2], Training(1, 90.0, 0.5, 0.6)))
    assert distinct_trainings([of_digits, further]) == [*of_digits.trainings, Training(1, 90.0, 0.5, 0.6)]


def test_a_seed_that_one_arm_lacks_is_left_out(tmp_path: Path):
    source, folder = RECORDS / "quick" / "digits-n1", tmp_path / "quick" / "digits-n1"
    for arm, count in (("herding", 3), ("mnemonics-from-herding", 4)):
        for seed in range(count):
            (folder / arm).mkdir(parents=True, exist_ok=True)
            shutil.copy(source / arm / f"seed-{seed}.json", folder / arm)
    (found,) = gains(tmp_path)
    assert sorted(found.by_seed) == [0, 1, 2]
    assert len(found.first) == 4
    assert not found.finished  # in this folder, though the project has all records of the study


def test_a_setting_is_finished_when_the_folder_has_all_seeds_of_both_arms(tmp_path: Path):
    arms = ("herding", "mnemonics-from-herding")
    for arm in arms:
        shutil.copytree(RECORDS / "quick" / "digits-n1" / arm, tmp_path / "quick" / "digits-n1" / arm)
    assert [gain.finished for gain in gains(tmp_path)] == [True]
    for arm in arms:
        last = tmp_path / "quick" / "digits-n1" / arm / "seed-9.json"
        content = last.read_bytes()
        last.unlink()
        assert [gain.finished for gain in gains(tmp_path)] == [False]
        last.write_bytes(content)


def test_what_became_of_exemplars_is_that_of_the_records(of_digits: Gain):
    """The digits' by a loop over the files."""
    before, after, hardened, phases = [], [], 0, 0
    for path in (RECORDS / "quick" / "digits-n5" / "mnemonics-from-herding").glob("seed-*.json"):
        results = json.loads(path.read_text())["results"]
        phases += len(results)
        before.append(results[0]["exemplars"]["own_loss_before"])
        after.append(results[0]["exemplars"]["own_loss_after"])
        hardened += after[-1] > before[-1] + 0.01
    assert of_digits.own_loss == pytest.approx((np.mean(before), np.mean(after)))
    assert of_digits.hardened == hardened
    assert len(of_digits.trainings) == phases
    assert {training.phase for training in of_digits.trainings} == set(range(6))


def made(words: str = "x", method: str = "LwF", values: tuple[float, ...] = (1.0, 2.0, 3.0), **fields: bool) -> Gain:
    setting = Setting("a/b", "arm", "control", words, method, "detail", adjusted=fields.pop("adjusted", False))
    by_seed = dict(enumerate(values))
    return Gain(setting, by_seed, interval(values), fields.pop("finished", True), 90.0, ())


@pytest.mark.parametrize(
    ("gain", "claimed"),
    [
        (made(), True),
        (made(finished=False), False),
        (made(adjusted=True), False),
        (made(values=(1.0, 2.0)), False),
    ],
)
def test_what_makes_no_claim_is_hollow(gain: Gain, claimed: bool):
    assert gain.claims == claimed
    (axis,) = gain_figure([gain]).axes
    (dot,) = [line for line in axis.lines if line.get_marker() not in ("None", "")]
    assert (dot.get_markerfacecolor() != "white") == claimed
    assert np.asarray(dot.get_xdata()) == [gain.interval.mean]


def test_each_row_is_named_below_its_data_and_each_method_has_its_colour():
    found = [made("x"), made("x", "BiC"), made("y", "LUCIR")]
    (axis,) = gain_figure(found).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        *("x", "LwF, detail", "BiC, detail"),
        *("y", "LUCIR, detail"),
    ]
    heights = [np.asarray(line.get_ydata()).item() for line in axis.lines if line.get_marker() not in ("None", "")]
    assert heights == [1, 2, 4]
    (known,) = known_figure(found).axes
    legend = known.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["LwF", "BiC", "LUCIR"]
    assert colour("LwF") != colour("LUCIR")


def test_records_of_the_front_page_can_be_read_again(tmp_path: Path):
    """An arm of one record: a mean, and no interval."""
    record = read_record(RECORDS / "quick" / "digits-n1" / "mnemonics-from-herding" / "seed-0.json")
    herding = read_record(RECORDS / "quick" / "digits-n1" / "herding" / "seed-0.json")
    write_record(tmp_path / "quick" / "digits-n1" / "mnemonics-from-herding" / "seed-0.json", record)
    write_record(tmp_path / "quick" / "digits-n1" / "herding" / "seed-0.json", herding)
    (found,) = gains(tmp_path)
    assert found.interval.n == 1
    assert not found.claims
