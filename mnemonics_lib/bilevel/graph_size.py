"""What autograd keeps of a network, measured on a few images; engines multiply it by what they do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional
from mnemonics_lib.losses import cross_entropy

PROBE = 4
"""Images of the probe: more than one, for batch normalisation; a graph's size is proportional to them."""

OVERHEAD, TRANSIENT = 1.15, 2.0
"""Of a step's graph: what allocators add to each kept one; what walking back through one takes besides. Fitted to
resident sets of ResNet-8 and ResNet-32 on a CPU, which they meet within a third."""


@dataclass(frozen=True)
class GraphSize:
    """Bytes that autograd keeps, per image, and of the parameters that move.

    Attributes:
        forward: the graph of a loss.
        step: the graph of a loss and of its gradient, which a second derivative needs.
        parameters: one copy of those that move.
    """

    forward: float
    step: float
    parameters: float


def measure_graph(model: nn.Module, images: Tensor, layers: AbstractContextManager[Any]) -> GraphSize:
    """Measure the graphs of a few images.

    Args:
        model: Theta'; not changed.
        images: some exemplars, [n, c, h, w]; the probe has their shape.
        layers: the mode in which an engine makes its graphs.
    """
    functional = Functional.of(model)
    parameters = functional.leaves()
    sizes: dict[int, int] = {}
    known = {tensor.untyped_storage().data_ptr() for tensor in parameters}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    probe = images.detach()[torch.arange(PROBE) % len(images)].requires_grad_()
    labels = torch.zeros(PROBE, dtype=torch.int64, device=images.device)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), layers:
        loss = cross_entropy(functional.classifier(parameters)(probe), labels)
        forward = sum(sizes.values())
        slopes = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
    step = sum(sizes.values())
    del loss, slopes
    return GraphSize(forward / PROBE, step / PROBE, sum(tensor.nbytes for tensor in parameters))
