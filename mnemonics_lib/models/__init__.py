"""Networks: backbones, the growing head and weight transfer."""

from mnemonics_lib.models.network import IncrementalNet, build_network
from mnemonics_lib.models.resnet import ResNet
from mnemonics_lib.models.transfer import TransferConv2d, transfer_weights

__all__ = ["IncrementalNet", "ResNet", "TransferConv2d", "build_network", "transfer_weights"]
