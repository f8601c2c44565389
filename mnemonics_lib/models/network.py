"""The classifier Theta: a backbone and a head that grows with the classes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from mnemonics_lib.models.heads import HEADS, CosineHead, Directions
from mnemonics_lib.models.resnet import ResNet
from mnemonics_lib.models.torchvision_net import CHANNELS, TorchvisionBackbone
from mnemonics_lib.models.transfer import TransferConv2d, transfer_weights
from mnemonics_lib.rng import seeded

CIFAR_RESNET = "cifar_resnet"
"""The paper's network for small images, the one that has a depth and a width."""


class IncrementalNet(nn.Module):
    """Theta: images [n, c, h, w] to logits [n, classes seen], p_k(x) in the paper.

    Args:
        backbone: images to features [n, backbone.features].
        classes: classes the head starts with.
        head: "linear" or "cosine".

    Raises:
        ValueError: for no class, and a head that there is not.
    """

    def __init__(self, backbone: ResNet | TorchvisionBackbone, classes: int, head: str = "linear") -> None:
        super().__init__()
        if classes < 1:
            raise ValueError(f"classes = {classes}: must be at least 1")
        if head not in HEADS:
            raise ValueError(f"head = {head!r}: must be one of {', '.join(HEADS)}")
        self.backbone = backbone
        self.head = HEADS[head](backbone.features, classes)

    @property
    def classes(self) -> int:
        """Number of classes the head knows."""
        return self.head.classes

    def features(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> [n, features], in the images' precision whatever that of the layers (autocast)."""
        return self.backbone(x).to(x.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> logits [n, classes]."""
        return self.head(self.features(x))

    def grow(self, classes: int, seed: int) -> None:
        """Give the head rows for new classes; see :meth:`mnemonics_lib.models.heads.Head.grow`."""
        self.head.grow(classes, seed)

    def reinitialised(self, seed: int) -> IncrementalNet:
        """A copy with fresh trainable parameters.

        Buffers (running statistics; W where weights are transferred) and frozen parameters keep their values, and
        what is frozen stays so.
        """
        fresh = copy.deepcopy(self)
        with seeded(seed, next(self.parameters()).device):
            initialise(fresh)
            if isinstance(self.backbone, TorchvisionBackbone):
                fresh.backbone = self._fresh_backbone(self.backbone)
        fixed = {name: value for name, value in self.named_parameters() if not value.requires_grad}
        fresh.load_state_dict(dict(self.named_buffers()) | fixed, strict=False)
        for name, value in fresh.named_parameters():
            value.requires_grad_(name not in fixed)
        return fresh

    def _fresh_backbone(self, backbone: TorchvisionBackbone) -> TorchvisionBackbone:
        """Another one of torchvision, where this network is and laid out in memory as :func:`build_network` does it."""
        fresh = backbone.reinitialised().to(next(self.parameters())).to(memory_format=torch.channels_last)
        if any(isinstance(part, TransferConv2d) for part in backbone.modules()):
            transfer_weights(fresh)
            for part in fresh.modules():
                if isinstance(part, TransferConv2d):
                    part.reset_parameters()  # the identity without a bias, as in the paper's own network
        return fresh.train(backbone.training)


Net = TypeVar("Net", bound=nn.Module)


@contextmanager
def evaluating(model: Net) -> Iterator[Net]:
    """Evaluation mode for the length of a block; afterwards every module is in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, mode in modes:
            module.training = mode


def initialise(module: nn.Module) -> None:
    """Kaiming-normal convolutions (fan out), and each other layer's own default."""
    for child in module.modules():
        if isinstance(child, nn.Conv2d):
            nn.init.kaiming_normal_(child.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(child, nn.Linear | nn.BatchNorm2d | TransferConv2d | Directions | CosineHead):
            child.reset_parameters()


def build_network(
    depth: int, width: int, channels: int, classes: int, seed: int, head: str = "linear", name: str = CIFAR_RESNET
) -> IncrementalNet:
    """Theta before phase 0: the same arguments give the same parameters.

    Convolution weights lie channels-last in memory, which is what both kinds of device are fastest with; not so below 8
    channels, where oneDNN's 1x1 convolutions with a stride then compute wrong gradients or crash on a CPU without
    AVX-512 (its issue 6035).

    Args:
        depth: of the ResNet, 6n + 2.
        width: channels of its first stage.
        channels: of the images.
        classes: of phase 0.
        seed: of all parameters.
        head: "linear", or "cosine", for which a ResNet's last ReLU is dropped (as in LUCIR: a cosine needs negative
            features).
        name: of the network; of one of torchvision's, depth and width are its own.

    Raises:
        ValueError: for a name, a depth, a head or a number of classes that there is not, and images that the network
            does not take.
    """
    with seeded(seed):
        model = IncrementalNet(_backbone(depth, width, channels, head != "cosine", name), classes, head)
        initialise(model.head if name != CIFAR_RESNET else model)
    with torch.no_grad():
        narrow = name == CIFAR_RESNET and width < 8
        return model if narrow else model.to(memory_format=torch.channels_last)


def _backbone(depth: int, width: int, channels: int, last_relu: bool, name: str) -> ResNet | TorchvisionBackbone:
    if name == CIFAR_RESNET:
        return ResNet(depth, channels, width, last_relu)
    if channels != CHANNELS:
        raise ValueError(f"network.name = {name!r}: must be {CIFAR_RESNET} for images of {channels} channels")
    return TorchvisionBackbone(name, last_relu)
