"""What tests of lines and lists share."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib.edition.book import listing, recorded, source_line
from mnemonics_lib.edition.book.recorded import Recorded
from tests.edition.book.made import read
from tests.made_records import write_arm


@pytest.fixture
def records(tmp_path, monkeypatch) -> Path:
    """A project with records of one study, of two arms, and none of another."""
    for module in (listing, recorded, source_line):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    studies = tmp_path / "book" / "studies" / "quick"
    studies.mkdir(parents=True)
    (studies / "digits-n5.yaml").write_text("params: quick/digits-n5\n")
    (studies / "digits-n1.yaml").write_text("grid: {params: [quick/digits-n1, quick/own.yaml]}\n")
    (tmp_path / "book" / "table.csv").write_text("")
    (tmp_path / "book" / "tablet.csv").write_text("")
    (tmp_path / "params" / "quick").mkdir(parents=True)
    (tmp_path / "params" / "quick" / "own.yaml").write_text("")
    found = tmp_path / "book" / "records"
    write_arm(found / "quick" / "digits-n5" / "herding", [80.0, 82.0])
    write_arm(found / "quick" / "digits-n5" / "random", [79.0], exemplars="random")
    return found


@pytest.fixture
def made(records) -> Recorded:
    return read(records)
