"""A CPU without bfloat16 units is known as one, and nothing else is."""

from __future__ import annotations

import pytest
import torch

from mnemonics_lib.device.precision import UNITS, without_bfloat16_units

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"architecture": "x86_64", "avx2": True, "avx512_bf16": False, "amx_bf16": False}, True),
        ({"architecture": "x86_64", "avx512_f": True, "avx512_bf16": True}, False),
        ({"architecture": "aarch64", "neon": True, "bf16": False}, True),
        ({"architecture": "aarch64", "neon": True, "bf16": True}, False),
        ({}, False),
    ],
)
def test_what_the_cpu_says_of_itself_decides(monkeypatch, capabilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert without_bfloat16_units(CPU) is expected
    assert without_bfloat16_units(torch.device("cuda")) is False


def test_where_pytorch_cannot_say_nothing_is_known(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert without_bfloat16_units(CPU) is False


def test_pytorch_has_the_names_that_are_asked_for():
    """Of this kind of machine: a name that it does not know would never be true."""
    assert UNITS & torch.cpu.get_capabilities().keys()
