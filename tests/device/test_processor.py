"""The name of the processor."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
import torch

from mnemonics_lib.device import processor

CPUINFO = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 106
model name\t: Some Processor @ 2.80GHz
stepping\t: 6

processor\t: 1
"""


@pytest.fixture(autouse=True)
def asked_anew():
    processor.processor_name.cache_clear()
    yield
    processor.processor_name.cache_clear()


def test_it_is_what_linux_says_and_the_instructions_of_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    instructions = torch.backends.cpu.get_cpu_capability()
    assert processor.processor_name() == f"Some Processor @ 2.80GHz, family 6, model 106, {instructions}"


@pytest.mark.parametrize("text", [None, "", "Processor\t: ARMv8\n"])
def test_elsewhere_it_is_what_python_says(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    named = platform.processor() or platform.machine()
    assert processor.processor_name() == f"{named}, {torch.backends.cpu.get_cpu_capability()}"
