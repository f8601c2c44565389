"""Values in messages: whole where they are short, in part where they are not, and never more than a line or two."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config.shown import LONGEST, MOST, cut, listed, shown

ENDLESS: dict[str, Any] = {}
ENDLESS["again"] = ENDLESS
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize("value", [None, True, 3, -0.5, 2**63 - 1, "a word", [0.5, 0.75], {"x": [1]}, ("a", 1), b"x"])
def test_a_short_value_is_shown_as_python_writes_it(value):
    assert shown(value) == repr(value)


LONG = {
    "text": "x" * 10**6,
    "list": list(range(10**6)),
    "mapping": {str(i): i for i in range(10**5)},
    "set": set(range(10**5)),
    "bytes": b"x" * 10**6,
    "endless": ENDLESS,
    "deep": DEEP,
    "of long ones": ["x" * 10**5] * 10**3,
    "number": 10**5000,
    "negative number": -(10**5000),
    "in a list": [10**5000],
}


@pytest.mark.parametrize("value", LONG.values(), ids=list(LONG))
def test_a_long_value_is_shown_in_part(value):
    assert 1 < len(shown(value)) <= LONGEST


def test_a_number_that_python_cannot_write_is_told_by_its_length():
    assert shown(10**5000) == "(a whole number of about 5,001 digits)"
    assert shown(-(10**5000)) == "(a negative whole number of about 5,001 digits)"


def test_a_value_that_cannot_be_shown_at_all_does_not_hide_the_message():
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "Broken" in shown(Broken())


@given(st.text(), st.integers(10, 50))
def test_what_is_cut_is_short_keeps_both_ends_and_can_be_printed(text, longest):
    short = cut(text, longest)
    assert short.isprintable()
    if text.isprintable():
        assert len(short) == min(len(text), longest)
        assert short[:3] == text[:3]
        assert short[-3:] == text[-3:]


def test_nothing_that_a_terminal_would_obey_is_left():
    assert cut("a\x1b[2J\nb\ud800") == "a\\x1b[2J\\nb\\ud800"


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1, 10**5])
def test_of_many_problems_the_first_are_listed_and_the_rest_counted(count):
    asked = []

    def said(problem: int) -> str:
        asked.append(problem)
        return f"problem {problem}"

    lines = listed(range(count), said).splitlines()
    assert lines[:MOST] == [f"problem {k}" for k in range(min(count, MOST))]
    assert lines[MOST:] == ([f"and {count - MOST:,} more"] if count > MOST else [])
    assert len(asked) <= MOST
