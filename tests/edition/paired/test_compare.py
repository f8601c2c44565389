"""Two arms are compared by their seeds; seeds that are no partners are refused, and what differs is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnemonics_lib.edition.paired.compare import compare
from mnemonics_lib.edition.paired.pair_text import pair_text
from mnemonics_lib.edition.paired.partners import PairError
from mnemonics_lib.edition.records.arms import Arm, RecordFile, arm_of
from mnemonics_lib.edition.records.measures import MeasureError
from tests.made_records import made


def arm(name: str, values: dict[int, float], **settings: Any) -> Arm:
    return arm_of(
        RecordFile(Path(name, f"seed-{seed}.json"), made(seed, value, **settings)) for seed, value in values.items()
    )


BASELINE = arm("baseline", {0: 80.0, 1: 82.0, 2: 84.0, 9: 1.0})


@given(st.dictionaries(st.integers(0, 3), st.floats(0, 100), min_size=1), st.sampled_from([0.5, 0.9, 0.95]))
def test_pairs_are_made_by_seed_and_the_interval_is_students(values, level):
    base = {0: 10.0, 1: 30.0, 2: 20.0, 7: 0.0}
    common = sorted(values.keys() & base.keys())
    ours, theirs = arm("a", values), arm("b", base)
    if not common:
        with pytest.raises(PairError):
            compare(ours, theirs, level=level)
        return
    found = compare(ours, theirs, level=level)
    expected = [values[seed] - base[seed] for seed in common]
    assert list(found.differences) == common
    assert list(found.differences.values()) == pytest.approx(expected)
    assert found.alone == (sorted(values.keys() - base.keys()), sorted(base.keys() - values.keys()))
    if len(common) >= 3 and np.std(expected) > 1e-6:
        students = stats.ttest_1samp(expected, 0.0).confidence_interval(level)
        assert (found.difference.low, found.difference.high) == pytest.approx(tuple(students))


def with_loss(of: Arm, losses: dict[int, float | None]) -> Arm:
    """The same arm, with other training losses after phase 0."""
    changed = {}
    for seed, file in of.items():
        first, *rest = file.record.results
        loss = losses.get(seed, first.train_loss)
        record = file.record.model_copy(update={"results": [first.model_copy(update={"train_loss": loss}), *rest]})
        changed[seed] = RecordFile(file.path, record)
    return changed


def test_pairs_whose_first_networks_came_out_otherwise_are_told():
    ours = with_loss(arm("ours", {0: 81.0, 1: 84.0, 2: 87.0}, exemplars="random"), {1: 0.5, 2: 0.25})
    found = compare(ours, BASELINE)
    assert found.apart == [1, 2]
    assert "first networks differ, though they are trained in the same way: 1, 2 (" in pair_text(found, "a", "b")
    assert len(found.differences) == 3  # they are told, and stay


@pytest.mark.parametrize(
    "settings", [{"training": {"rate": 0.3}}, {"network": {"width": 12}}, {"method": "bic"}, {"method": "unknown"}]
)
def test_a_first_network_that_is_trained_otherwise_may_come_out_otherwise(settings):
    ours = with_loss(arm("ours", {0: 81.0}, **settings), {0: 0.5})
    assert compare(ours, BASELINE).apart == []


def test_a_record_that_does_not_say_the_loss_is_not_asked():
    ours = with_loss(arm("ours", {0: 81.0}), {0: None})
    found = compare(ours, BASELINE)
    assert found.apart == []
    assert "first networks" not in pair_text(found, "a", "b")


def test_it_is_told_with_its_causes():
    ours = arm("ours", {0: 81.0, 1: 84.0, 2: 87.0, 5: 1.0}, exemplars="random", training={"rate": 0.3})
    assert pair_text(compare(ours, BASELINE), "fast", "slow") == (
        "average_accuracy (%): fast (arm) minus slow (baseline)\n"
        "seed   arm baseline difference\n"
        "   0 81.00    80.00      +1.00\n"
        "   1 84.00    82.00      +2.00\n"
        "   2 87.00    84.00      +3.00\n"
        "mean difference +2.00, 95 % interval [-0.48, +4.48], pairs: 3\n"  # 4.303 / sqrt(3)
        "seeds of fast without a partner: 5\n"
        "seeds of slow without a partner: 9\n"
        "settings that differ: exemplars = 'random' and 'herding'; training.rate = 0.3 and 0.1"
    )


def test_below_three_pairs_there_is_a_difference_and_no_interval():
    ours = arm("ours", {1: 84.0, 2: 87.0}, exemplars="mnemonics")
    told = pair_text(compare(ours, BASELINE, "accuracy[2]"), "a", "b")
    assert "accuracy[2] (%): a (arm) minus b (baseline)" in told
    assert "mean difference +2.50, no interval below 3 pairs, pairs: 2" in told
    assert told.endswith("settings of one arm alone: exemplar_level")


def test_the_rows_are_a_tidy_table():
    rows = compare(arm("ours", {1: 84.0, 2: 87.0}), BASELINE, "accuracy[0]").rows
    assert rows.to_dict("list") == {
        "field": ["accuracy[0]"] * 2,
        "seed": [1, 2],
        "arm": [84.0, 87.0],
        "baseline": [82.0, 84.0],
        "difference": [2.0, 3.0],
    }


def test_equal_arms_differ_in_nothing():
    found = compare(BASELINE, BASELINE)
    assert (found.settings, found.one_sided, found.sources) == ({}, [], [])
    assert "settings that differ: none" in pair_text(found, "a", "b")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": [0, 6]}, "classes = [0, 6] and [0, 10]"),
        ({"order_seed": 7}, "order_seed = 7 and 1993"),
        ({"dataset": "cifar100", "classes": [0, 10]}, "dataset = 'cifar100' and 'digits'"),
        ({"resolution": 4}, "resolution = 4 and 0"),
        ({"phases": 1}, "phases = 1 and 5"),
        ({"phases": 1, "order_seed": 7}, "phases = 1 and 5; order_seed = 7 and 1993"),
    ],
)
def test_seeds_that_are_no_partners_are_refused(changes, said):
    with pytest.raises(PairError) as caught:
        compare(arm("ours", {4: 0.0, 2: 81.0}, **changes), BASELINE)
    expected = f"ours/seed-2.json and baseline/seed-2.json: {said}: must be equal where seed 2 is to be a pair"
    assert str(caught.value) == expected


def test_classes_may_differ_from_seed_to_seed_where_each_pair_has_the_same():
    def slices(name: str, first: int) -> Arm:
        parts = [[0, 5], [5, 10], [2, 8]][first:]
        return arm_of(
            RecordFile(Path(name, f"seed-{seed}.json"), made(seed, 80.0 + seed, classes=part))
            for seed, part in enumerate(parts, start=first)
        )

    found = compare(slices("a", 0), slices("b", 1))
    assert list(found.differences) == [1, 2]
    assert found.settings == {}


def test_no_seed_in_both_is_refused():
    with pytest.raises(PairError, match=r"^no seed in both arms: \[4\] and \[0, 1, 2, 9\]$"):
        compare(arm("ours", {4: 0.0}), BASELINE)


def test_a_number_that_a_record_lacks_is_refused_with_its_file():
    with pytest.raises(
        MeasureError, match=r"^baseline/seed-0.json: field = 'accuracy\[6\]': must be of a phase in 0\.\.5$"
    ):
        compare(BASELINE, BASELINE, "accuracy[6]")


def test_other_source_is_said_with_its_reason():
    ours = arm("ours", {0: 81.0, 1: 84.0}, source="b" * 64)
    (sentence,) = compare(ours, BASELINE).sources  # once, not for each pair
    commit = ours[0].record.code.commit
    assert commit
    start = f"made by different source, {'b' * 10} and {'a' * 10}"
    assert sentence == f"{start}: both of commit {commit[:10]}, of which they use other modules"
    code = ours[0].record.code.model_copy(update={"commit": "c" * 40})
    other = {0: RecordFile(ours[0].path, ours[0].record.model_copy(update={"code": code}))}
    (sentence,) = compare(other, BASELINE).sources
    assert sentence == (f"{start}, of commits {'c' * 10} and {commit[:10]}: what changed between them is a cause, too")
    dirty = code.model_copy(update={"commit": commit, "dirty": True})
    edited = {0: RecordFile(ours[0].path, ours[0].record.model_copy(update={"code": dirty}))}
    assert f"of commits {commit[:10]}-dirty and {commit[:10]}: " in compare(edited, BASELINE).sources[0]
    both = {0: RecordFile(BASELINE[0].path, BASELINE[0].record.model_copy(update={"code": dirty}))}
    (sentence,) = compare(edited, both).sources  # no commit has either of the two
    assert f"of commits {commit[:10]}-dirty and {commit[:10]}-dirty: what changed between them" in sentence
