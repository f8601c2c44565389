"""What came out of a study: its records, and its comparisons in each cell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scipy import stats

from mnemonics_lib.config import write_yaml
from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.report import differences, evidence
from mnemonics_lib.edition.studies.outcome import (
    between,
    by_both_makings,
    by_method,
    comparisons,
    first_networks,
    in_short,
    progress,
    table,
    text,
    without_them,
)
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file
from tests.made_records import made, write_arm

DIGITS = "quick/digits-n5"

VALUES = {
    "title": "Two budgets",
    "params": "quick/digits-n5",
    "seeds": 4,
    "grid": {"budget": [1, 2]},
    "arms": {"a": {"set": {"exemplars": "random"}}, "b": {"set": {"exemplars": "herding"}}},
    "compare": [{"arm": "b", "minus": "a", "together": True}, {"arm": "b", "minus": "a", "field": "forgetting"}],
}
ACCURACY = {"budget=1-a": [70.0, 71.0, 69.0, 70.0], "budget=1-b": [75.0, 75.5, 75.0, 74.0], "budget=2-a": [80.0, 81.0]}


@pytest.fixture
def planned(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(write_yaml(VALUES))
    found = plan(path)
    for arm, accuracy in ACCURACY.items():
        kind = "random" if arm.endswith("a") else "herding"
        write_arm(found.records / arm, accuracy, exemplars=kind, budget=int(arm[7]))
    return found


def test_each_arm_says_what_is_there_and_what_is_missing(planned):
    assert progress(planned).to_dict("records") == [
        {"arm": "budget=1-a", "records": 4, "of": 4, "sources": 1, "missing seeds": ""},
        {"arm": "budget=1-b", "records": 4, "of": 4, "sources": 1, "missing seeds": ""},
        {"arm": "budget=2-a", "records": 2, "of": 4, "sources": 1, "missing seeds": "2 3"},
        {"arm": "budget=2-b", "records": 0, "of": 4, "sources": 0, "missing seeds": "0 1 2 3"},
    ]


def test_intervals_that_hold_together_are_bonferroni_s_over_all_cells_also_those_without_records(planned):
    (arm, minus, together), (_, _, alone) = comparisons(planned)
    assert (arm, minus, together.field, alone.field) == ("budget=1-b", "budget=1-a", "average_accuracy", "forgetting")
    assert together.level == pytest.approx(1 - 0.05 / 2)
    assert alone.level == 0.95
    differences = [5.0, 4.5, 6.0, 4.0]
    expected = stats.ttest_1samp(differences, 0).confidence_interval(1 - 0.05 / 2)
    assert (together.difference.low, together.difference.high) == pytest.approx(expected)


def test_arms_that_the_study_does_not_compare_are_paired_by_seed(planned):
    found = between(planned, "budget=2-a", "budget=1-a")
    assert found is not None
    assert found.differences == {0: 10.0, 1: 10.0}
    assert (found.level, found.alone) == (0.95, ([], [2, 3]))
    assert between(planned, "budget=2-b", "budget=1-a") is None


def test_comparisons_that_hold_together_are_counted_together(planned):
    field = {"arm": "b", "minus": "a", "together": True, "field": "displacement", "level": 0.9}
    planned.study.compare.append(type(planned.study.compare[0])(**field))
    (*_, one), _, (*_, other) = comparisons(planned)
    assert one.level == pytest.approx(1 - 0.05 / 4)
    assert other.level == pytest.approx(1 - 0.1 / 4)


def test_two_arms_of_each_method_are_found_by_what_follows_its_name():
    def of(field: str = "average_accuracy") -> Any:
        return SimpleNamespace(field=field)

    first, second = of(), of()
    compared = [
        ("lwf-trained-5", "lwf-herding-5", first),
        ("lwf-trained-5", "lwf-herding-5", of("forgetting")),
        ("lwf-trained-5", "lwf-random-5", of()),
        ("lucir-trained-5", "lucir-herding-5", second),
        ("bic-trained-5", "lwf-herding-5", of()),
        ("trained-5", "herding-5", of()),
    ]
    assert by_method(compared, "trained-5", "herding-5") == {"lwf": first, "lucir": second}
    assert list(by_method(compared, "trained-5", "herding-5", "forgetting")) == ["lwf"]
    assert by_method(compared, "trained", "herding") == {}


def test_a_cell_that_has_no_pair_is_left_out(planned):
    assert table(planned, comparisons(planned))["arm"].tolist() == ["budget=1-b", "budget=1-b"]
    assert table(planned, comparisons(planned))["verdict"].tolist()[0] == "higher"


def test_a_cell_has_no_verdict_before_all_of_its_seeds_are_there(planned):
    write_arm(planned.records / "budget=2-b", [60.0, 61.0], exemplars="herding", budget=2)
    assert table(planned, comparisons(planned))["verdict"].tolist() == [
        "higher",
        "not finished",
        "no difference shown",
        "not finished",
    ]


def test_nor_before_all_seeds_of_its_control_are_there(planned):
    write_arm(planned.records / "budget=2-b", [60.0, 61.0, 60.0, 61.0], exemplars="herding", budget=2)
    write_arm(planned.records / "budget=2-a", [80.0, 81.0, 80.0], exemplars="random", budget=2)
    assert table(planned, comparisons(planned))["verdict"].tolist()[1] == "not finished"


def test_pairs_with_another_first_network_are_named(planned):
    assert first_networks(comparisons(planned)) == ""
    record = made(3, 74.0, exemplars="herding", budget=1)
    first, *rest = record.results
    other = record.model_copy(update={"results": [first.model_copy(update={"train_loss": 0.5}), *rest]})
    write_record(planned.records / "budget=1-b" / "seed-3.json", other)
    assert first_networks(comparisons(planned)).startswith("In 1 of 4 pairs the first network is not the same")
    assert "budget=1-b − budget=1-a, seed 3." in text(planned)
    assert without_them(comparisons(planned)) == ""


def test_intervals_that_hang_on_pairs_with_another_first_network_are_told_without_them(planned):
    for seed, accuracy in ((2, 76.0), (3, 90.0)):
        record = made(seed, accuracy, exemplars="herding", budget=1)
        first, *rest = record.results
        other = record.model_copy(update={"results": [first.model_copy(update={"train_loss": 0.5}), *rest]})
        write_record(planned.records / "budget=1-b" / f"seed-{seed}.json", other if seed == 3 else record)
    found = [each for _, _, each in comparisons(planned) if each.field == "average_accuracy"]
    assert found[0].apart == [3]
    assert found[0].alike
    assert (found[0].difference.verdict, found[0].alike.verdict) == ("no difference shown", "higher")
    assert found[0].alike.mean == pytest.approx((5.0 + 4.5 + 7.0) / 3)
    told = f" Without them it is another answer whether 0 lies inside for budget=1-b − budget=1-a {found[0].alike}"
    assert without_them(comparisons(planned)).startswith(told)
    assert first_networks(comparisons(planned)).endswith(without_them(comparisons(planned)))


def test_where_every_pair_has_another_first_network_none_are_left(planned):
    for file in sorted((planned.records / "budget=1-b").glob("*.json")):
        record = read_record(file)
        first, *rest = record.results
        other = record.model_copy(update={"results": [first.model_copy(update={"train_loss": 0.5}), *rest]})
        write_record(file, other)
    found = [each for _, _, each in comparisons(planned) if each.field == "average_accuracy"]
    assert found[0].apart == [*found[0].differences]
    assert " too few are left for an interval of budget=1-b − budget=1-a (none)" in without_them(comparisons(planned))


def test_where_runs_were_made_twice_the_text_has_what_the_pages_tell():
    said = text(plan(study_file(DIGITS)))
    arms = ("mnemonics-from-herding", "herding")
    told = differences(evidence("quick", "digits-n5"), *arms, "average_accuracy", DIGITS)
    both = interval([*told.values()])
    assert "The runs of this study were made twice" in said
    assert f"\n  {' − '.join(arms)} {both}, {both.verdict}" in said
    assert by_both_makings(plan(study_file("evidence/transfer")), []) == ""


def test_in_short_each_verdict_is_said_and_what_is_not_finished_is_counted(planned):
    higher, missing = in_short(planned, comparisons(planned))
    assert higher.startswith("shown to be higher, 1 of 2: budget=1-b − budget=1-a +4.88 [")
    assert missing == "not finished, 1 of 2"


def test_in_short_of_another_number(planned):
    said, _ = in_short(planned, comparisons(planned), "forgetting")
    assert said.startswith("no difference shown, 1 of 2: budget=1-b")


def test_in_short_there_is_no_verdict_before_all_seeds_are_there(planned):
    write_arm(planned.records / "budget=2-a", [80.0, 81.0, 80.0], exemplars="random", budget=2)
    write_arm(planned.records / "budget=2-b", [60.0, 61.0, 60.0], exemplars="herding", budget=2)
    assert in_short(planned, comparisons(planned))[-1] == "not finished, 1 of 2"


def test_in_short_of_a_finished_study_says_nothing_of_what_is_missing(planned):
    write_arm(planned.records / "budget=2-a", [80.0, 81.0, 80.0, 81.0], exemplars="random", budget=2)
    write_arm(planned.records / "budget=2-b", [60.0, 61.0, 60.0, 61.0], exemplars="herding", budget=2)
    _, lower = in_short(planned, comparisons(planned))
    assert lower.startswith("shown to be lower, 1 of 2: budget=2-b")


def test_all_of_it_as_text(planned):
    said = text(planned)
    assert said.startswith(f"{planned.name}: Two budgets\n")
    assert "+4.88 [" in said
    assert said.endswith(f"What is missing: make study STUDY={planned.path}")
