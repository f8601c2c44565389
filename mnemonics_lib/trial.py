"""A network of torchvision, tried on a few images before hours are spent on it."""

from __future__ import annotations

import torch

from mnemonics_lib.bilevel.inner import local_program
from mnemonics_lib.bilevel.twice import refuse_if_not_twice_differentiable
from mnemonics_lib.config import RunConfig
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import fresh_state
from mnemonics_lib.models.network import CIFAR_RESNET

FEW = 4
"""Images; more than one, for batch normalisation."""


class UnfitNetworkError(ReportedError, ValueError):
    """A network that does not take the images of a run, or that its exemplars cannot be trained for."""


def refuse_unfit(experiment: Experiment) -> None:
    """Refuse a network of torchvision on which a run would fail.

    Raises:
        UnfitNetworkError: naming the network, and what it does not do.
    """
    refuse_unfit_network(experiment.config, experiment.data.shape, experiment.device)


def refuse_unfit_network(config: RunConfig, shape: tuple[int, int, int], device: torch.device) -> None:
    """The same without the data set, of which it needs the shape (c, h, w) of an image alone.

    Raises:
        UnfitNetworkError: naming the network, and what it does not do.
    """
    if config.network.name == CIFAR_RESNET:
        return
    try:
        model = fresh_state(config, config.protocol(), shape, device).model.train()
    except ValueError as error:
        raise UnfitNetworkError(str(error)) from None
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(FEW, *shape, generator=generator).to(device)
    labels = torch.arange(FEW, device=device) % model.classes
    try:
        model(images)
    except Exception as error:  # each network asserts its own way what it takes
        size = " x ".join(map(str, shape))
        raise UnfitNetworkError(
            f"network.name = {config.network.name!r}: does not take images of {size}: {error}"
        ) from error
    level = config.exemplar_level
    if _differentiated(config):
        engine = local_program(lambda *_: (images, labels), lambda classifier: classifier(images).sum(), level)
        try:
            refuse_if_not_twice_differentiable(model, images, labels, engine.layers)
        except (TypeError, ValueError) as error:
            raise UnfitNetworkError(
                f"network.name = {config.network.name!r}: its exemplars cannot be trained: {error}"
            ) from error


def _differentiated(config: RunConfig) -> bool:
    """Whether there are hypergradients through steps of SGD; a formula needs no second derivative of the network."""
    return (config.exemplars == "mnemonics" or config.adjust > 0) and config.exemplar_level.inner in ("full", "head")
