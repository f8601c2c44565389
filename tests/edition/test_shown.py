"""Tables as the pages show them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from mnemonics_lib.edition import shown

ROWS = [{"arm": "trained", "mean": "+0.50"}, {"arm": "herding", "mean": "1e3"}]


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_text_stays_as_it_was_written() -> None:
    head, _, *body = cells(shown.markdown(ROWS))
    assert head == ["arm", "mean"]
    assert body == [["trained", "+0.50"], ["herding", "1e3"]]


@pytest.mark.parametrize("rows", [pd.DataFrame(ROWS), iter(ROWS), tuple(ROWS)])
def test_a_table_an_iterator_and_a_sequence_give_the_same(rows: object) -> None:
    assert shown.markdown(rows) == shown.markdown(ROWS)  # type: ignore[arg-type]


def test_shown_is_the_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(shown, "display", seen.append)
    shown.show(ROWS)
    assert [each.data for each in seen] == [shown.markdown(ROWS)]


def test_whole_numbers_stay_whole_beside_fractions() -> None:
    frame = pd.DataFrame({"network": [0, 1], "accuracy": [92.3, 94.6]})
    assert cells(shown.markdown(frame))[2:] == [["0", "92.3"], ["1", "94.6"]]


def test_a_sentence_is_shown_as_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(shown, "display", seen.append)
    shown.say("Here it *holds*.")
    assert [each.data for each in seen] == ["Here it *holds*."]


@pytest.mark.parametrize(
    ("before", "after", "digits", "said"),
    [
        (3.0, 4.5, 1, "rose from 3.0 to 4.5"),
        (4.5, 3.0, 1, "fell from 4.5 to 3.0"),
        (3.04, 2.96, 1, "stayed at 3.0"),
        (3.04, 2.96, 2, "fell from 3.04 to 2.96"),
        (-0.01, 0.01, 1, "stayed at 0.0"),
        (0.04, -0.04, 1, "stayed at 0.0"),
    ],
)
def test_a_change_is_said_as_it_is_printed(before: float, after: float, digits: int, said: str) -> None:
    assert shown.change(before, after, digits) == said


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("61.2 ± 1.8", ["61.2_±_1.8"]),
        ("small, N = 5", ["small,", "N_=_5"]),
        ("-0.54 [-1.51, +0.44], n = 3", ["-0.54", "[-1.51,_+0.44],", "n_=_3"]),
    ],
)
def test_a_line_does_not_break_within_a_number_and_what_belongs_to_it(value: str, lines: list[str]) -> None:
    _, _, *body = cells(shown.markdown([{"arm": "one", "mean": value}]))
    assert body[0][1].replace("\N{NO-BREAK SPACE}", "_").split(" ") == lines


@pytest.mark.parametrize(
    ("std", "text"), [(0.1234, "0.123"), (0.001, "0.001"), (0.0009994, "1.0e-03"), (3.6e-5, "3.6e-05"), (0.0, "0.000")]
)
def test_a_displacement_that_is_not_zero_is_not_shown_as_zero(std: float, text: str):
    assert shown.displacement(std) == text


def test_an_arrow_leads_from_what_a_number_was_to_what_became_of_it() -> None:
    assert shown.arrow(0.504, 0.396) == "0.50\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}0.40"
    assert shown.arrow(84.16, 9, digits=1) == "84.2\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}9.0"
