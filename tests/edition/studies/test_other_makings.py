"""Of runs that two studies have, and that came out twice, the page says so, and what hangs on which are taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from mnemonics_lib.edition.studies.other_makings import in_words, other_makings, with_others
from mnemonics_lib.edition.studies.outcome import comparisons
from mnemonics_lib.edition.studies.studied import Studied


def raised(study: Studied, arm: str, by: dict[int, float]) -> Studied:
    """With other accuracies of an arm's seeds."""
    records = {name: dict(of) for name, of in study.records.items()}
    for seed, points in by.items():
        record = records[arm][seed]
        results = [result.model_copy(update={"accuracy": result.accuracy + points}) for result in record.results]
        accuracy = [value + points for value in record.accuracy]
        average = record.average_accuracy + points
        records[arm][seed] = record.model_copy(
            update={"results": results, "accuracy": accuracy, "average_accuracy": average}
        )
    return replace(study, records=records)


def test_a_copy_is_no_other_making(primary_study):
    assert other_makings(primary_study, [primary_study]) == {}
    assert in_words(primary_study, [primary_study]) == ""


def test_those_of_the_project_are_of_another_processor(primary_study, controls_study):
    found = other_makings(controls_study, [primary_study])
    assert set(found["lwf-herding-5"]) == {0, 1, 2, 3, 4}
    for arm, of_seeds in found.items():
        for seed, other in of_seeds.items():
            own = controls_study.records[arm][seed]
            assert other == primary_study.records[arm][seed]
            assert {str(where.processor) for where in own.environments} != {
                str(where.processor) for where in other.environments
            }


def test_a_comparison_is_made_again_with_the_other_records(primary_study, controls_study):
    found = {each.name: each for each in with_others(controls_study, [primary_study])}
    shuffled, herding = controls_study.records["lwf-shuffled-5"], primary_study.records["lwf-herding-5"]
    values = [shuffled[seed].average_accuracy - herding[seed].average_accuracy for seed in range(5)]
    other = found["lwf-shuffled-5 − lwf-herding-5"].other
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (other.mean, other.low, other.high) == pytest.approx((sum(values) / 5, low, high))
    assert "lwf-trained-from-random-5 − lwf-random-5" not in found


def test_one_run_is_told_by_itself_and_a_verdict_that_hangs_on_it_is_named(primary_study):
    other = raised(primary_study, "bic-trained-5", {3: 1.0})
    assert in_words(primary_study, [other]) == (
        "1 run of this study is one of `evidence/primary`, too, and was made again here, on the processor of the other "
        "runs, so that the two runs of each pair share their first network. With the records of `evidence/primary` in "
        "their place, the mean would differ by 0.10 points (bic-trained-5 − bic-herding-5), and the verdicts "
        "would be the same."
    )
    (changed,) = with_others(primary_study, [raised(primary_study, "bic-trained-5", dict.fromkeys(range(10), 9.0))])
    assert changed.moved == pytest.approx(9)
    assert changed.changed
    said = in_words(primary_study, [raised(primary_study, "bic-trained-5", dict.fromkeys(range(10), 9.0))])
    assert said.startswith("10 runs of this study are runs of `evidence/primary`, too, and were made again")
    assert f"another for bic-trained-5 − bic-herding-5 ({changed.other.without_n})." in said


def test_the_comparison_that_moves_furthest_is_named(primary_study):
    other = raised(raised(primary_study, "bic-trained-5", {3: 1.0}), "lwf-trained-20", {3: -2.0})
    assert "2 means would differ by at most 0.20 points (lwf-trained-20 −" in in_words(primary_study, [other])


def test_before_a_comparison_is_finished_no_interval_is_told(primary_study, monkeypatch):
    other = raised(primary_study, "bic-trained-5", {3: 1.0})
    monkeypatch.setattr(type(primary_study.plan), "finished", lambda self, arm, minus: False)
    assert in_words(primary_study, [other]).endswith("share their first network.")


def test_the_first_of_several_other_studies_is_taken(primary_study):
    first, second = (raised(primary_study, "bic-trained-5", {3: points}) for points in (1.0, 2.0))
    found = other_makings(primary_study, [first, second])
    assert found == {"bic-trained-5": {3: first.records["bic-trained-5"][3]}}
    assert comparisons(primary_study.plan) == primary_study.compared
