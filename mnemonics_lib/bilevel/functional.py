"""A network as a function of the parameters that the inner loop moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.func import functional_call

from mnemonics_lib.bilevel.problem import Classifier

Parameters = list[Tensor]


@dataclass(frozen=True)
class Functional:
    """A network, the names of its trainable parameters, and copies of its buffers, so that calls leave it as it is."""

    model: nn.Module
    names: list[str]
    buffers: dict[str, Tensor]

    @classmethod
    def of(cls, model: nn.Module) -> Functional:
        """Of a network; what requires no gradient stays fixed."""
        names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        return cls(model, names, {name: buffer.clone() for name, buffer in model.named_buffers()})

    def start(self) -> Parameters:
        """The parameters' present values, detached."""
        return [self.model.get_parameter(name).detach() for name in self.names]

    def leaves(self) -> Parameters:
        """The same, asking for gradients."""
        return leaves(self.start())

    def classifier(self, parameters: Parameters) -> Classifier:
        """The network with these parameters."""
        tensors = dict(zip(self.names, parameters, strict=True)) | self.buffers
        return lambda x: functional_call(self.model, tensors, (x,))


def leaves(tensors: Iterable[Tensor]) -> Parameters:
    """The same values, each the start of a graph of its own."""
    return [tensor.detach().requires_grad_() for tensor in tensors]
