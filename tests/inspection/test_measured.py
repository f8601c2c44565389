"""What is measured is as large as there is time for."""

from __future__ import annotations

from mnemonics_lib.inspection import measured
from mnemonics_lib.inspection.measured import Measured, affordable


def test_the_size_that_there_is_time_for(monkeypatch):
    monkeypatch.setattr(measured, "LIMIT", 6.0)
    monkeypatch.setattr(measured, "seconds", lambda body: body())
    assert affordable(128, 4, lambda size: lambda: 0.001 * size) == 128
    assert affordable(128, 4, lambda size: lambda: 0.1 * size) == 60
    assert affordable(128, 4, lambda size: lambda: 10.0 * size) == 4
    assert affordable(3, 4, lambda size: lambda: 10.0 * size) == 3


def test_seconds_go_by_the_images():
    one = Measured("a step", (3.0, 1.0, 2.0), images=10, of=40, how="a quarter")
    assert (one.median, one.scaled) == (2.0, True)
    assert not Measured("a step", (1.0,), images=40, of=40, how="all").scaled
