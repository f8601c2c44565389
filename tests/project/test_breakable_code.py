"""Code in tables breaks at its joints, and nothing is lost in between."""

from __future__ import annotations

import pytest

from tests.extensions import extension

breakable_code = extension("breakable_code")


@pytest.mark.parametrize(
    ("code", "pieces"),
    [
        ("book/records/quick", ["book/", "records/", "quick"]),
        ("exemplar_level.alpha=0.01", ["exemplar_level.", "alpha=", "0.01"]),
        ("lucir-with-mnemonics", ["lucir-", "with-", "mnemonics"]),
        ("-1e-4", ["-1e-4"]),
        ("--set", ["--set"]),
        ("adjust", ["adjust"]),
    ],
)
def test_code_breaks_behind_the_signs_between_words_and_in_no_number(code: str, pieces: list[str]) -> None:
    assert breakable_code.pieces(code) == pieces
