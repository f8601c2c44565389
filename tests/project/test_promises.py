"""The page of promises names tests that are there."""

from __future__ import annotations

import re

from mnemonics_lib.paths import ROOT

PAGE = (ROOT / "book" / "promises.md").read_text(encoding="utf-8")


def test_every_line_of_the_tables_names_tests_and_they_are_there():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what")]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]*(?:\.py)?)`", row)
        assert named, row
        for name in named:
            assert (ROOT / name).exists(), f"{name}: {row}"
