"""Bars go to standard error, and where Jupyter would paint that red, to standard output."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mnemonics_lib.durable.bar import bar, stream


@pytest.mark.parametrize(
    ("shell", "wanted"),
    [
        (None, "stderr"),  # imported by a script
        (SimpleNamespace(), "stderr"),  # IPython in a terminal
        (SimpleNamespace(kernel="its kernel"), "stdout"),
    ],
)
def test_where_bars_go(monkeypatch, capsys, shell, wanted):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert stream() is getattr(sys, wanted)
    assert list(bar("abc", desc="letters", mininterval=0)) == ["a", "b", "c"]
    captured = capsys.readouterr()
    other = {"stdout": "err", "stderr": "out"}[wanted]
    assert "letters: 100%" in getattr(captured, wanted.removeprefix("std"))
    assert not getattr(captured, other)


def test_without_ipython_they_go_to_standard_error(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert stream() is sys.stderr
