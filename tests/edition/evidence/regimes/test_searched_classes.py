"""The classes of the search: three columns, their differences by Welch's interval, and what is shown of them."""

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.regimes.searched_classes import NOTHING, Searched, in_words

HIGH, LOW, WIDE = [3.0, 3.1, 2.9, 3.0], [0.0, 0.1, -0.1, 0.0], [4.0, -4.0, 0.5, 1.0]


def test_differences_are_welchs() -> None:
    found = Searched("LwF", HIGH, LOW, WIDE).apart
    for column, (first, second) in {
        "search − classes 20–99": (HIGH, WIDE),
        "new seeds − other classes": (LOW, WIDE),
        "search − new seeds": (HIGH, LOW),
    }.items():
        ends = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        assert (found[column].low, found[column].high) == pytest.approx((ends.low, ends.high))


def test_a_row_has_three_columns_and_their_differences() -> None:
    row = Searched("LwF", HIGH, LOW, WIDE).row
    assert row["method"] == "LwF"
    assert row["classes 0–19, the search"].startswith("+3.00 [")
    assert row["classes 0–19, new seeds"].startswith("+0.00 [")
    assert row["search − new seeds"].startswith("+3.00 [")
    assert len(row) == 7


def test_what_is_shown_is_said_and_nothing_else() -> None:
    said = in_words([Searched("LwF", HIGH, LOW, WIDE), Searched("LUCIR", WIDE, HIGH, HIGH)])
    assert said == (
        "With new seeds, for LwF the accuracy with trained exemplars is not shown to differ from that "
        "with herding's and for LUCIR the accuracy with trained exemplars is shown to be higher than that with "
        "herding's. Shown to differ are: search − new seeds, LwF."
    )
    assert in_words([Searched("LUCIR", WIDE, WIDE, WIDE)]).endswith(NOTHING)
