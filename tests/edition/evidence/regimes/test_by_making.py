"""Differences of gains by each making of the runs: from records of the project that are raised by known points."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.regimes.by_making import (
    ByMaking,
    both_in_words,
    by_making,
    in_short,
    in_words,
    which_in_words,
)
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import Studied, studied

SEEDS = (0, 1, 2)


def raised(record: Record, points: float, network: float = 0.0) -> Record:
    """With another average accuracy, and another loss of the first network where that is asked for."""
    first, *rest = record.results
    assert first.train_loss is not None
    first = first.model_copy(update={"train_loss": first.train_loss + network})
    return record.model_copy(update={"average_accuracy": record.average_accuracy + points, "results": [first, *rest]})


@pytest.fixture
def pair(primary_study: Studied) -> PairedRuns:
    """Three seeds of LwF with 5 a class."""
    (found,) = primary_study.pairs("^lwf-trained-5$")
    first, second = ({seed: of[seed] for seed in SEEDS} for of in (found.first, found.second))
    return replace(found, first=first, second=second)


def gaining(pair: PairedRuns, points: tuple[float, ...], name: str = "", network: float = 0.0) -> PairedRuns:
    """The same pair made again, which gains so many points more, seed by seed."""
    first = {seed: raised(pair.first[seed], 1 + more, network) for seed, more in zip(SEEDS, points, strict=True)}
    second = {seed: raised(record, 1, network) for seed, record in pair.second.items()}
    return replace(pair, name=name or pair.name, first=first, second=second)


def test_the_difference_is_made_with_each_making_and_with_their_mean(pair):
    without = gaining(pair, (1.0, 1.1, 0.9), "LwF")
    again = gaining(pair, (3.0, -1.0, 0.0), network=0.1)
    (found,) = by_making([without], [pair], [again])
    for of, values in (
        (found.first, [1.0, 1.1, 0.9]),
        (found.second, [-2.0, 2.1, 0.9]),
        (found.mean, [-0.5, 1.6, 0.9]),
    ):
        assert of is not None
        expected = interval(values)
        assert (of.mean, of.low, of.high, of.n) == pytest.approx((expected.mean, expected.low, expected.high, 3))
    assert found.alike == (3, 0)
    assert found.verdict == "not shown with both makings"
    assert [*found.row.values()] == [
        "LwF",
        "**+1.00 [+0.75, +1.25]**",
        "+0.33 [-4.90, +5.57]",
        "+0.67 [-1.99, +3.32]",
        "not shown with both makings",
    ]


def test_copies_are_no_second_making_and_neither_is_one_of_some_of_the_seeds(pair):
    without = gaining(pair, (1.0, 1.1, 0.9), "LwF")
    (found,) = by_making([without], [pair], [pair])
    assert (found.second, found.mean, found.alike) == (None, None, (3,))
    assert found.verdict == "shown to be larger, made once"
    assert found.row["made again"] == found.row["mean of both"] == "–"
    again = gaining(pair, (3.0, -1.0, 0.0), network=0.1)
    some = replace(again, first={**again.first, 2: pair.first[2]})
    (found,) = by_making([without], [pair], [some])
    assert found.second is None
    assert by_making([replace(without, name="LUCIR")], [pair], [again]) == []


def test_runs_of_other_classes_are_refused(pair):
    without = gaining(pair, (1.0, 1.1, 0.9), "LwF")
    strange = without.first[1].model_copy(update={"config": {**without.first[1].config, "classes": [0, 20]}})
    with pytest.raises(ValueError, match="without, seed 1 and with, seed 1"):
        by_making([replace(without, first={**without.first, 1: strange})], [pair], [])


HIGHER, NONE, LOWER = (interval(values) for values in ([1.0, 1.1, 0.9], [1.0, 0.0, -1.0], [-1.0, -1.1, -0.9]))


def made(first: Interval, second: Interval | None, method: str = "LwF") -> ByMaking:
    return ByMaking(method, first, second, second and NONE, (3, 1) if second else (3,))


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (HIGHER, HIGHER, "shown to be larger with both makings"),
        (LOWER, LOWER, "shown to be smaller with both makings"),
        (NONE, NONE, "not shown to differ"),
        (HIGHER, NONE, "not shown with both makings"),
        (NONE, HIGHER, "not shown with both makings"),
        (HIGHER, LOWER, "not shown with both makings"),
        (NONE, None, "not shown to differ"),
        (LOWER, None, "shown to be smaller, made once"),
    ],
)
def test_a_verdict_is_one_of_each_making(first, second, verdict):
    found = made(first, second)
    assert found.verdict == verdict
    assert f"(LwF: {verdict})." in in_short([found])
    assert f"without weight transfer: LwF, {verdict}." in in_words([found])
    assert in_words([found]).endswith("(the table above).") is verdict.startswith("shown")


def test_words_have_every_interval_and_the_first_networks():
    found = [made(HIGHER, NONE), made(NONE, NONE, "LUCIR")]
    assert in_short(found) == (
        "The gain without it, minus the gain with it, with the runs with transfer as first made, as made again, and by "
        f"the mean of both: {HIGHER.without_n}, {NONE.without_n} and {NONE.without_n}, n = 3 (LwF: not shown with both "
        f"makings); {NONE.without_n}, {NONE.without_n} and {NONE.without_n}, n = 3 (LUCIR: not shown to "
        "differ)."
    )
    assert "in 3 of 3 seeds with the first making and in 1 with the second, for LwF; in 3 of 3" in in_words(found)
    assert "made twice" not in in_words([made(NONE, None)])
    assert "with transfer made once: " in in_short([made(NONE, None)])
    assert in_short([]) == in_words([]) == ""


def test_both_makings_of_a_pair_are_told_beside_each_other(pair):
    again = gaining(pair, (3.0, -1.0, 0.0), network=0.1)
    once, twice = (
        interval([of.first[seed].average_accuracy - of.second[seed].average_accuracy for seed in SEEDS])
        for of in (pair, again)
    )
    assert both_in_words([pair], [again]) == (
        "As first made and as made again, the average accuracy of trained exemplars minus herding's is "
        f"{once.without_n} and {twice.without_n} (LwF, 5 a class, seeds 0, 1, 2)."
    )
    assert both_in_words([pair], [pair]) == ""


def study(records: dict[str, dict[int, Record]]) -> Any:
    return SimpleNamespace(records=records)


def test_studies_are_told_apart_by_the_making_that_they_have(pair, primary_study, controls_study):
    first = studied("evidence/epochs")
    said = which_in_words({"controls": controls_study, "epochs": first}, primary_study)
    assert said == "Runs of the primary study that were made again are in `controls`; `epochs` has the first making."
    both = which_in_words({"a": first, "controls": controls_study, "b": first}, primary_study)
    assert (
        both == "Runs of the primary study that were made again are in `controls`; `a` and `b` have the first making."
    )
    neither = study({"lwf": {0: raised(pair.first[0], 1).model_copy(update={"identity": None})}})
    alone = which_in_words({"controls": controls_study, "neither": neither}, primary_study)
    assert alone == "Runs of the primary study that were made again are in `controls`."
    assert which_in_words({"epochs": first}, primary_study) == ""
