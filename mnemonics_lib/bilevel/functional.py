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
    """A network, the names of its trainable parameters, and copies of all else, so that calls leave it as it is.

    Attributes:
        model: whose forward pass is called.
        names: of the parameters that require a gradient.
        fixed: buffers and frozen parameters, by name.
    """

    model: nn.Module
    names: list[str]
    fixed: dict[str, Tensor]

    @classmethod
    def of(cls, model: nn.Module) -> Functional:
        """Of a network; what requires no gradient stays fixed."""
        return cls(model, _moving(model), {name: tensor.clone() for name, tensor in _fixed(model).items()})

    def take(self, model: nn.Module) -> None:
        """From now on, what is fixed has the values of another network of the same making."""
        others = _fixed(model)
        for name, tensor in self.fixed.items():
            tensor.copy_(others[name])

    def start(self) -> Parameters:
        """The parameters' present values, detached."""
        return moving(self.model)

    def leaves(self) -> Parameters:
        """The same, asking for gradients."""
        return leaves(self.start())

    def classifier(self, parameters: Parameters) -> Classifier:
        """The network with these parameters."""
        tensors = dict(zip(self.names, parameters, strict=True)) | self.fixed
        return lambda x: functional_call(self.model, tensors, (x,))


def moving(model: nn.Module) -> Parameters:
    """The values of the parameters that require a gradient, detached."""
    return [model.get_parameter(name).detach() for name in _moving(model)]


def leaves(tensors: Iterable[Tensor]) -> Parameters:
    """The same values, each the start of a graph of its own."""
    return [tensor.detach().requires_grad_() for tensor in tensors]


def _moving(model: nn.Module) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def _fixed(model: nn.Module) -> dict[str, Tensor]:
    frozen = {name: p.detach() for name, p in model.named_parameters() if not p.requires_grad}
    return frozen | dict(model.named_buffers())
