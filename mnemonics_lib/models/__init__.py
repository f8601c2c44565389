"""Networks: backbones, the growing heads and weight transfer."""

from mnemonics_lib.models.heads import HEADS, CosineHead, Head, LinearHead
from mnemonics_lib.models.network import IncrementalNet, build_network, evaluating
from mnemonics_lib.models.resnet import ResNet
from mnemonics_lib.models.transfer import TransferConv2d, transfer_weights

__all__ = [
    "HEADS",
    "CosineHead",
    "Head",
    "IncrementalNet",
    "LinearHead",
    "ResNet",
    "TransferConv2d",
    "build_network",
    "evaluating",
    "transfer_weights",
]
