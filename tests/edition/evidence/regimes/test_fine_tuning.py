"""A shown gain is told beside what fine-tuning costs, and nothing where either is not shown."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import pytest

from mnemonics_lib.edition.evidence.regimes.fine_tuning import beside_its_cost
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns, after_fine_tuning, before_fine_tuning
from mnemonics_lib.edition.studies.studied import studied


@pytest.fixture(scope="module")
def pairs() -> dict[str, PairedRuns]:
    return {pair.name: pair for pair in studied("evidence/objective").pairs()}


def test_the_gain_is_told_beside_the_cost(pairs):
    pair = pairs["LUCIR"]
    assert pair.asked.difference.verdict == "higher"
    costs = [
        fmean(record.accuracy[1:]) - fmean(row.accuracy_before_finetuning for row in record.results[1:])
        for record in pair.second.values()
    ]
    left = [after_fine_tuning(record) - before_fine_tuning(pair.second[seed]) for seed, record in pair.first.items()]
    said = beside_its_cost(pairs.values())
    assert said.startswith(f"LUCIR's accuracy changes by {interval(costs).without_n} points when")
    assert f"it is {interval(left).without_n} from that of herding's runs before it. Trained" in said
    before, after = (
        interval([number(record) - number(pair.second[seed]) for seed, record in pair.first.items()])
        for number in (before_fine_tuning, after_fine_tuning)
    )
    assert f"is, before fine-tuning, {before.without_n}, to which fine-tuning adds " in said
    assert f"adds {after.mean - before.mean:+.2f} [" in said


@pytest.mark.parametrize("name", ["LwF", "iCaRL", "BiC"])
def test_what_is_not_shown_to_gain_is_not_told(pairs, name):
    assert beside_its_cost([pairs[name]]) == ""


def test_nor_before_it_is_finished_nor_where_fine_tuning_gains(pairs):
    pair = pairs["LUCIR"]
    assert beside_its_cost([replace(pair, finished=False)]) == ""
    shown = pair.asked
    assert beside_its_cost([replace(pairs["LwF"], asked=shown)]) == ""  # its fine-tuning gains 20 points
