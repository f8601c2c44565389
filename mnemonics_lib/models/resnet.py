"""The paper's network for small images: ResNet-(6n+2) in three stages, option B shortcuts (He et al. 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A bias-free convolution that keeps the size at stride 1."""
    return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)


class BasicBlock(nn.Module):
    """relu(x + bn(conv(relu(bn(conv(x)))))), where x is projected when the shape changes; the last relu can be off."""

    def __init__(self, inputs: int, outputs: int, stride: int, last_relu: bool = True) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        self.last_relu = last_relu
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """[n, inputs, h, w] -> [n, outputs, h / stride, w / stride]."""
        # In place, since no derivative needs what was there: a pass over memory less for each, and the same numbers.
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.shortcut(x)
        return F.relu(y, inplace=True) if self.last_relu else y


class ResNet(nn.Module):
    """Images to features.

    Args:
        depth: 6n + 2 layers; 32 in the paper.
        channels: of the images.
        width: channels of the first stage, doubled at each of the two strides; 16 in the paper.
        last_relu: False drops the last ReLU, as cosine heads need.

    Attributes:
        features: length of the feature vector, 4 x width.

    Raises:
        ValueError: for another depth.
    """

    def __init__(self, depth: int, channels: int = 3, width: int = 16, last_relu: bool = True) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth = {depth}: must be 6n + 2 with n >= 1 (8, 14, 20, 26, 32, ...)")
        blocks = (depth - 2) // 6
        self.features = 4 * width
        self.conv1, self.bn1 = conv(channels, width, 3), nn.BatchNorm2d(width)
        layers, inputs = [], width
        for stage in range(3):
            for block in range(blocks):
                outputs, stride = width * 2**stage, 2 if stage and not block else 1
                last = stage == 2 and block == blocks - 1
                layers.append(BasicBlock(inputs, outputs, stride, last_relu or not last))
                inputs = outputs
        self.blocks = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[n, channels, h, w] -> [n, features]."""
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)  # [n, width, h, w]
        return torch.mean(self.blocks(x), dim=(2, 3))  # [n, 4 width]
