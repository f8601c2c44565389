"""Whether a device computes in bfloat16 itself, or in float32 with conversions around it."""

from __future__ import annotations

import torch

UNITS = {"amx_bf16", "avx512_bf16", "avx10_1", "bf16", "sve_bf16"}
"""What a CPU that multiplies in bfloat16 has one of, as ``torch.cpu.get_capabilities`` names them."""


def without_bfloat16_units(device: torch.device) -> bool:
    """Whether ``device`` is a CPU of which PyTorch knows what it has, and nothing of that multiplies in bfloat16.

    ``torch.ops.mkldnn._is_mkldnn_bf16_supported`` asks something else: whether such convolutions run at all.
    """
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities) and not any(capabilities.get(unit) for unit in UNITS)
