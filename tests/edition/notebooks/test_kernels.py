"""What kernels are told."""

from __future__ import annotations

import os

import pytest

from mnemonics_lib.edition.notebooks.kernels import environment_for_kernels
from mnemonics_lib.paths import PACKAGE

ROOT = str(PACKAGE.parent)


@pytest.mark.parametrize("there", ["", "/elsewhere", os.pathsep.join(["/elsewhere", ROOT, "/more"])])
def test_kernels_find_this_library_first_and_once(monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    monkeypatch.setenv("PYTHONPATH", there)
    for _ in range(3):
        environment_for_kernels()
    first, *others = os.environ["PYTHONPATH"].split(os.pathsep)
    assert first == ROOT
    assert others == [folder for folder in there.split(os.pathsep) if folder not in ("", ROOT)]


@pytest.mark.parametrize(("there", "then"), [(None, "ignore::SyntaxWarning"), ("error", "error")])
def test_kernels_are_quiet_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, there: str | None, then: str) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONWARNINGS", "")
    if there is None:
        monkeypatch.delenv("PYTHONWARNINGS")
    else:
        monkeypatch.setenv("PYTHONWARNINGS", there)
    environment_for_kernels()
    assert os.environ["PYTHONWARNINGS"] == then
