"""The one sentence of the front page: what several verdicts come to."""

from __future__ import annotations

import math

import pytest

from mnemonics_lib.edition.paired.answer import answer, extent
from mnemonics_lib.edition.paired.intervals import Interval

HIGHER, LOWER, NEITHER = Interval(1.0, 0.5, 1.5, 10), Interval(-0.4, -0.7, -0.1, 10), Interval(0.2, -2.0, 2.4, 8)
FEW = Interval(3.0, math.nan, math.nan, 2)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "has not been compared yet"),
        ([NEITHER], "is not shown to help, nor to harm"),
        ([NEITHER, FEW], "is not shown to help, nor to harm"),
        ([HIGHER, NEITHER, NEITHER], "is shown to help in 1 of 3 settings"),
        ([HIGHER, HIGHER], "is shown to help in all 2 settings"),
        ([LOWER, NEITHER], "is shown to harm in 1 of 2 settings"),
        ([LOWER, HIGHER, HIGHER, NEITHER], "is shown to help in 2 and to harm in 1 of 4 settings"),
    ],
)
def test_the_answer_is_what_the_verdicts_come_to(found: list[Interval], said: str) -> None:
    assert answer(found) == said


def test_the_extent_is_that_of_the_means_and_of_the_intervals() -> None:
    assert extent([HIGHER, LOWER, NEITHER]) == "-0.40 to +1.00 points, with intervals that reach from -2.00 to +2.40"
    assert extent([HIGHER]) == "+1.00 to +1.00 points, with intervals that reach from +0.50 to +1.50"


@pytest.mark.parametrize("found", [[], [HIGHER, FEW]])
def test_without_intervals_there_is_no_extent(found: list[Interval]) -> None:
    with pytest.raises(ValueError, match="at least one mean, each of 3 or more"):
        extent(found)
