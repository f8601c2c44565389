"""What tests of the notebook runner share."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib.config import RunConfig


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A parameter file in an empty folder, from which the test runs."""
    monkeypatch.chdir(tmp_path)
    path = Path("params/tiny.yaml")
    path.parent.mkdir()
    path.write_text(RunConfig(seed=7).to_yaml())
    return path
