"""Weight transfer (MTL, Sun et al. 2019; "scaling and shifting"): freeze what was learned, learn how to rescale it.

W_eff[o, i] = W[o, i] * s[o, i], one scale per filter plane, s = 1 at the start. A shift exists only where a convolution
has a bias; the paper's networks have none, so batch normalisation's beta is the shift. Weight decay pulls s to 0, as in
the public code, and not to the identity, s = 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TransferConv2d(nn.Module):
    """A convolution whose weight W [out, in, kh, kw] is frozen and whose scale s [out, in, 1, 1] is learned.

    Where it has a bias, that is learned on: the frozen bias and a learned shift that starts at 0 are one number.

    Raises:
        ValueError: for a convolution that pads with anything but zeros.
    """

    weight: Tensor

    def __init__(self, source: nn.Conv2d) -> None:
        super().__init__()
        if source.padding_mode != "zeros":
            raise ValueError(f"weight transfer: padding_mode = {source.padding_mode!r}: must be 'zeros'")
        self.stride, self.padding = source.stride, source.padding
        self.dilation, self.groups = source.dilation, source.groups
        # A buffer, not a parameter: saved with the model, never touched by an optimiser or an inner loop.
        self.register_buffer("weight", source.weight.detach().clone())
        self.scale = nn.Parameter(torch.ones_like(source.weight[:, :, :1, :1]))
        self.bias = None if source.bias is None else nn.Parameter(source.bias.detach().clone())

    def reset_parameters(self) -> None:
        """Back to the identity, s = 1, and no bias."""
        nn.init.ones_(self.scale)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def effective(self) -> Tensor:
        """W * s, [out, in, kh, kw]."""
        return self.weight * self.scale

    def forward(self, x: Tensor) -> Tensor:
        """Convolve x, [b, in, h, w], with W * s."""
        return F.conv2d(x, self.effective(), self.bias, self.stride, self.padding, self.dilation, self.groups)


def transfer_weights(module: nn.Module) -> nn.Module:
    """Replace every convolution inside ``module`` by a :class:`TransferConv2d`, in place; others stay.

    Raises:
        ValueError: as :class:`TransferConv2d`.
    """
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            setattr(module, name, TransferConv2d(child))
        else:
            transfer_weights(child)
    return module
