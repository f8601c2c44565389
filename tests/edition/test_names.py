"""What is said of several things, or of a range of numbers."""

from __future__ import annotations

import pytest

from mnemonics_lib.edition.names import several, span, together


@pytest.mark.parametrize(
    ("texts", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_the_last_of_several_is_joined_by_and(texts, said):
    assert together(texts) == said


@pytest.mark.parametrize(
    ("values", "words"),
    [([2.04, 3.1, 2.5], "2.0 to 3.1"), ([2.04, 2.01], "2.0"), (iter([1.0, 4.0]), "1.0 to 4.0")],
)
def test_a_span_has_two_ends_where_they_are_printed_differently(values, words):
    assert span(values, "{:.1f}") == words


def test_one_thing_is_no_several_things():
    assert [several(count, "page") for count in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]
    assert [several(count, "study", "studies") for count in (1, 3)] == ["1 study", "3 studies"]
