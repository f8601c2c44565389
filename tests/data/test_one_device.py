"""Tensors that are computed together are on one device, or the one that is not is named."""

from __future__ import annotations

import pytest
import torch

from mnemonics_lib.data.one_device import require_one_device


def test_tensors_are_on_one_device():
    here, there = torch.zeros(1), torch.zeros(1, device=torch.device("meta"))
    require_one_device({"a": here, "b": here})
    require_one_device({"a": there, "b": there})
    with pytest.raises(ValueError, match="b: on meta: must be on cpu, where a is"):
        require_one_device({"a": here, "b": there})
