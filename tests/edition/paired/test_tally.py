"""Where differences are shown, counted and named."""

from __future__ import annotations

import pytest

from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.tally import NAMED, marked, tally

BELOW, ACROSS, ABOVE = interval([-1.0, -1.1, -0.9]), interval([-1.0, 1.0, 0.5]), interval([1.0, 1.1, 0.9])


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"a": BELOW, "b": ACROSS, "c": BELOW, "d": ABOVE}, "nearer in 2 (a · c), farther in 1 (d)"),
        ({"a": ACROSS}, "nearer in none, farther in none"),
        ({"a": ABOVE, "b": ABOVE}, "nearer in none, farther in 2 (a · b)"),
    ],
)
def test_each_side_is_counted_and_its_places_are_named(found, said):
    assert tally(found, "nearer", "farther") == said


def test_what_cannot_be_judged_is_not_counted_as_not_shown():
    with pytest.raises(ValueError, match=r"b: must be intervals of three values or more"):
        tally({"a": BELOW, "b": interval([-1.0, -1.0])}, "lower", "higher")
    with pytest.raises(ValueError, match="must hold at least one interval"):
        tally({}, "lower", "higher")


def test_many_places_are_counted_and_not_named():
    many = {str(n): BELOW for n in range(NAMED + 1)} | {"up": ABOVE}
    assert tally(many, "lower", "higher") == f"lower in {NAMED + 1}, higher in 1 (up)"


def test_bold_is_what_is_clear_of_zero():
    assert marked(BELOW) == "**-1.00 [-1.25, -0.75]**"
    assert marked(ABOVE, 1) == "**+1.0 [+0.8, +1.2]**"
    assert marked(ACROSS).startswith("+0.17 [")
    assert marked(interval([-1.0])) == "-1.00, n = 1 (no interval)"
