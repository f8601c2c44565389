"""Numbers of paired runs: by hand, from records of the project."""

from __future__ import annotations

import json
from functools import cache
from statistics import fmean

import numpy as np
import pytest

from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.studies import paired_runs as of
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.paths import RECORDS

FILE = RECORDS / "evidence" / "primary" / "lucir-trained-5" / "seed-0.json"


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(FILE)


@cache
def primary() -> list[of.PairedRuns]:
    return studied("evidence/primary").pairs()


def test_pairs_are_those_of_the_study_of_the_seeds_that_both_have():
    assert [pair.name for pair in primary()][-4:] == [f"{name}, 5 a class" for name in ("LwF", "iCaRL", "BiC", "LUCIR")]
    for pair in primary():
        assert pair.first.keys() == pair.second.keys()
        assert {record.exemplars for record in pair.first.values()} == {"mnemonics"}
        assert {record.exemplars for record in pair.second.values()} == {"herding"}
        assert pair.asked.level == pytest.approx(1 - 0.05 / 8)
    assert primary()[-1].finished


def test_no_two_arms_of_a_study_have_one_name():
    arms = {run.arm for run in plan(*study_files("evidence/boundary")).runs}
    assert len({of.cell(arm) for arm in arms}) == len(arms)


def test_a_difference_is_the_first_arm_minus_the_second():
    pair = primary()[-1]
    numbers = {seed: record.accuracy[-1] - pair.second[seed].accuracy[-1] for seed, record in pair.first.items()}
    assert pair.differences(of.final_accuracy) == numbers
    assert pair.difference(of.final_accuracy).mean == pytest.approx(fmean(numbers.values()))
    second, first = pair.means(of.final_accuracy)
    assert first - second == pytest.approx(fmean(numbers.values()))
    wide, narrow = (pair.difference(of.final_accuracy, level) for level in (0.99, 0.9))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_fine_tuning_is_what_lies_between_two_accuracies_of_a_phase(record: Record):
    rows = json.loads(FILE.read_text())["results"]
    assert rows[0].get("accuracy_before_finetuning") is None
    before = [row["accuracy_before_finetuning"] for row in rows[1:]]
    assert of.before_fine_tuning(record) == pytest.approx(np.mean(before))
    assert of.after_fine_tuning(record) == pytest.approx(np.mean(record.accuracy[1:]))
    assert of.by_fine_tuning(record) == pytest.approx(np.mean(record.accuracy[1:]) - np.mean(before))


def test_fine_tuning_on_one_arm_s_exemplars_is_set_against_none_at_all():
    pair = primary()[-1]
    values = []
    for seed, record in pair.first.items():
        before = [row.accuracy_before_finetuning for row in pair.second[seed].results]
        values.append(np.mean(record.accuracy[1:]) - np.mean([value for value in before if value is not None]))
    found = of.against_no_fine_tuning(pair)
    assert found.n == 10
    assert found.mean == pytest.approx(np.mean(values))


def test_new_and_old_classes_are_those_of_the_confusion_matrix(record: Record):
    new, old = [], []
    for before, row in zip(record.results, record.results[1:], strict=False):
        confusion, seen = np.array(row.confusion), len(before.confusion)
        each = 100 * np.diag(confusion) / confusion.sum(axis=1)
        old.append(each[:seen].mean())
        new.append(each[seen:].mean())
    assert of.new_classes(record) == pytest.approx(np.mean(new))
    assert of.old_classes(record) == pytest.approx(np.mean(old))


@pytest.mark.parametrize(
    ("arm", "cell"),
    [
        ("lwf-trained-20", "LwF, 20 a class"),
        ("lwf-trained-from-random-20", "LwF, from random, 20 a class"),
        ("lucir-larger-steps", "LUCIR"),
        ("bic", "BiC"),
        ("epochs=30-trained", "30 epochs"),
        ("trained", "trained"),
        ("trained-from-random", "trained-from-random"),
    ],
)
def test_a_cell_is_named_by_its_method_and_number(arm: str, cell: str):
    assert of.cell(arm) == cell


def test_in_phase_1_the_accuracy_before_fine_tuning_is_told_and_a_run_without_it_is_named(record: Record):
    assert of.before_in_phase_1(record) == record.results[1].accuracy_before_finetuning
    first, second, *rest = record.results
    without = second.model_copy(update={"accuracy_before_finetuning": None})
    run = record.model_copy(update={"results": [first, without, *rest]})
    with pytest.raises(ValueError, match=f"{record.method}, seed 0: its phase 1 has no fine-tuning"):
        of.before_in_phase_1(run)
