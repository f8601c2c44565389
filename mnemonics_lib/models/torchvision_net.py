"""A classifier of torchvision as a backbone: the network without its last linear layer, in whose place a head grows."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.models.resnet import ResNet as TorchvisionResNet

CHANNELS = 3
"""Of the images that torchvision's networks are made for."""


class TorchvisionBackbone(nn.Module):
    """Images [n, 3, h, w] to features [n, features].

    Its parameters are drawn as torchvision draws them, from torch's global generator.

    Args:
        name: as ``torchvision.models.get_model`` takes it, such as ``resnet18``.
        last_relu: False drops the last ReLU of a ResNet, as cosine heads need (LUCIR); other networks stay as they are.

    Attributes:
        features: length of the feature vector.

    Raises:
        ValueError: for a name that torchvision does not have, and a network that does not end in a linear layer.
    """

    def __init__(self, name: str, last_relu: bool = True) -> None:
        super().__init__()
        self.name, self.last_relu = name, last_relu
        net = _classifier(name)
        linear = [(path, part) for path, part in net.named_modules() if isinstance(part, nn.Linear)]
        if not linear:
            raise ValueError(f"network.name = {name!r}: must be a network that ends in a linear layer")
        where, last = linear[-1]
        self.features = last.in_features
        parent, _, child = where.rpartition(".")
        setattr(net.get_submodule(parent), child, nn.Identity())
        if not last_relu and isinstance(net, TorchvisionResNet):
            block = net.layer4[-1]
            block.__class__ = OpenBasicBlock if isinstance(block, BasicBlock) else OpenBottleneck
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """[n, 3, h, w] -> [n, features]."""
        return cast(Tensor, self.net(x))

    def reinitialised(self) -> TorchvisionBackbone:
        """Another such network, drawn anew."""
        return TorchvisionBackbone(self.name, self.last_relu)


class OpenBasicBlock(BasicBlock):  # type: ignore[misc]  # torchvision has no types
    """The block of two convolutions without the ReLU at its end."""

    def forward(self, x: Tensor) -> Tensor:
        """bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)."""
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return y


class OpenBottleneck(Bottleneck):  # type: ignore[misc]
    """The block of three convolutions without the ReLU at its end."""

    def forward(self, x: Tensor) -> Tensor:
        """bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x)."""
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return y


def names() -> list[str]:
    """The classifiers of images that torchvision has."""
    return models.list_models(module=models)


def _classifier(name: str) -> nn.Module:
    if name not in names():
        raise ValueError(
            f"network.name = {name!r}: must be cifar_resnet, or a classifier of torchvision: {', '.join(names())}"
        )
    options: dict[str, bool] = {}
    if name in ("googlenet", "inception_v3"):  # no second classifier beside the first, and no warning of their weights
        options = {"aux_logits": False, "init_weights": True}
    return models.get_model(name, weights=None, **options)
