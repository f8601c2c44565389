"""The classifier Theta: a backbone and a head that grows with the classes."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from mnemonics_lib.config import Network
from mnemonics_lib.models.resnet import ResNet
from mnemonics_lib.models.transfer import TransferConv2d
from mnemonics_lib.rng import seeded


class IncrementalNet(nn.Module):
    """Theta: images [n, c, h, w] to logits [n, classes seen], p_k(x) in the paper.

    Args:
        backbone: images to features [n, backbone.features].
        classes: classes the head starts with.
    """

    def __init__(self, backbone: ResNet, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(backbone.features, classes)

    @property
    def classes(self) -> int:
        """Number of classes the head knows."""
        return self.head.out_features

    def features(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> [n, features]."""
        return self.backbone(x)

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> logits [n, classes]."""
        return self.head(self.features(x))

    def grow(self, classes: int, seed: int) -> None:
        """Give the head rows for new classes; the old rows keep their values.

        Args:
            classes: the new total.
            seed: of the new rows' initial values.
        """
        old = self.head
        if classes < old.out_features:
            raise ValueError(f"classes = {classes}: must be at least {old.out_features}, those already known")
        with seeded(seed):
            self.head = nn.Linear(old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype)
        with torch.no_grad():
            self.head.weight[: old.out_features] = old.weight
            self.head.bias[: old.out_features] = old.bias

    def reinitialised(self, seed: int) -> IncrementalNet:
        """A copy with fresh parameters and the same buffers (running statistics; W where weights are transferred)."""
        fresh = copy.deepcopy(self)
        with seeded(seed):
            initialise(fresh)
        fresh.load_state_dict(dict(self.named_buffers()), strict=False)
        return fresh


def initialise(module: nn.Module) -> None:
    """Kaiming-normal convolutions (fan out), and each other layer's own default."""
    for child in module.modules():
        if isinstance(child, nn.Conv2d):
            nn.init.kaiming_normal_(child.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(child, nn.Linear | nn.BatchNorm2d | TransferConv2d):
            child.reset_parameters()


def build_network(settings: Network, channels: int, classes: int, seed: int) -> IncrementalNet:
    """Theta before phase 0: the same settings and seed give the same parameters."""
    with seeded(seed):
        model = IncrementalNet(ResNet(settings.depth, channels, settings.width), classes)
        initialise(model)
    return model
