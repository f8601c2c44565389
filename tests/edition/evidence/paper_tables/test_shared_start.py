"""Numbers over the seeds that share their first network: from differences made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mnemonics_lib.edition.evidence.paper_tables.shared_start import in_words, of_sharing, sharing
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def pair(values: list[float], apart: tuple[int, ...], name: str = "LwF") -> PairedRuns:
    """Runs that differ by so many points, seed by seed, and of which some do not share their first network."""
    first, second = ({seed: SimpleNamespace(average=of * value) for seed, value in enumerate(values)} for of in (1, 0))
    asked: Any = SimpleNamespace(apart=[*apart])
    return PairedRuns(name, first, second, asked, True)  # type: ignore[arg-type]


def average(of: PairedRuns) -> Any:
    return of.difference(lambda record: record.average)  # type: ignore[attr-defined]


def opposite(of: PairedRuns) -> Any:
    return of.difference(lambda record: -record.average)  # type: ignore[attr-defined]


CLEAR = [2.0, 2.2, 1.8, 2.1, 0.2]


def test_seeds_whose_first_networks_differ_are_left_out():
    found = sharing(pair(CLEAR, (1, 3)))
    assert set(found.first) == set(found.second) == {0, 2, 4}
    assert average(found) == interval([2.0, 1.8, 0.2])


def test_a_number_is_told_over_the_seeds_that_share_it():
    of = [pair(CLEAR, (0, 1)), pair(CLEAR, (), "LUCIR")]
    assert of_sharing(of, average) == f"{interval([1.8, 2.1, 0.2])} (LwF) and {interval(CLEAR)} (LUCIR)"
    assert of_sharing([pair(CLEAR, ())], average) == in_words([pair(CLEAR, ())], {"average": average}) == ""
    assert of_sharing([pair([1.0, 2.0], (0, 1))], average) == ""


def test_numbers_with_another_verdict_are_named_and_no_others():
    found = pair(CLEAR, (0, 1))
    assert average(found).verdict == "higher"
    numbers = {"average": average, "none": lambda of: interval([0.0, 1.0, -1.0])}
    said = in_words([found, pair(CLEAR, (), "LUCIR")], numbers)
    assert said.startswith("In seeds 0, 1 (LwF) the first network is not the same, for they were made on processors")
    assert said.endswith(f"whether 0 lies inside for LwF, average, {interval([1.8, 2.1, 0.2])}.")


def test_where_no_verdict_changes_that_is_said():
    found = pair([2.0, 2.2, 1.8, 2.1, 1.9], (0,))
    said = in_words([found], {"average": average, "opposite": opposite})
    assert said.endswith("Without them no answer to whether 0 lies inside is another one.")


def test_two_seeds_are_too_few_for_an_answer():
    said = in_words([pair(CLEAR, (0, 1, 2))], {"average": average})
    assert said.endswith("Too few are left for an interval without them of LwF.")
