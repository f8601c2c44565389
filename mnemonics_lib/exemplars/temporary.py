"""The temporary model Theta' before Eq. 8: Theta_i itself, or a network near it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from operator import itemgetter

import torch
from torch import nn
from torch.nn.utils.parametrize import ParametrizationList

from mnemonics_lib.config.sections import ExemplarLevel
from mnemonics_lib.rng import seeded


def temporary_model(model: nn.Module, level: ExemplarLevel, seed: int, share: float) -> nn.Module:
    """Theta' <- Theta_i, or Theta' <- (1 - r) Theta_i + r fresh, with r = ``level.perturbation`` * ``share``.

    A new r and a new fresh network for each outer step fit the exemplars to a neighbourhood of models rather than to
    one: those that will be trained on them later are not Theta_i either.

    Args:
        model: Theta_i; not changed.
        level: ``start``, ``perturbation``, the statistics of batch normalisation, and what moves in Eq. 8.
        seed: of the fresh network.
        share: 0 to 1.

    Raises:
        ValueError: for a share outside of its range.
        TypeError: when ``level.start`` is "perturbed" and a part of the model cannot be initialised anew.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share = {share}: must be 0 to 1")
    temporary = copy.deepcopy(model) if level.start == "theta" else reinitialised(model, seed)
    if level.start == "perturbed":
        r = level.perturbation * share
        with torch.no_grad():
            for parameter, ours in zip(temporary.parameters(), model.parameters(), strict=True):
                if parameter.requires_grad:  # a frozen one has Theta_i's value already
                    parameter.lerp_(ours, 1 - r)
    if level.inner == "head":
        temporary.get_submodule("backbone").requires_grad_(False)
    return temporary.train(level.batch_norm == "batch")


def reinitialised(model: nn.Module, seed: int) -> nn.Module:
    """A copy of a network with fresh trainable parameters; buffers and frozen parameters keep their values.

    A network says itself how, by a method ``reinitialised(seed)``; otherwise every module in it that has parameters of
    its own is asked to ``reset_parameters``, as PyTorch's layers can be (attention by ``_reset_parameters``).

    Raises:
        TypeError: naming a module that cannot.
    """
    own = getattr(model, "reinitialised", None)
    if own is not None:
        return own(seed)
    fresh = copy.deepcopy(model)
    modules = [(name or "the model", module) for name, module in fresh.named_modules() if _has_own(module)]
    resets = [_reset(name, module) for name, module in modules]
    with seeded(seed, next((parameter.device for parameter in model.parameters()), None)):
        for _, reset in sorted(resets, key=itemgetter(0)):  # in order but for attention
            reset()
    fixed = {name: value for name, value in model.named_parameters() if not value.requires_grad}
    fresh.load_state_dict(dict(model.named_buffers()) | fixed, strict=False)
    return fresh


def _has_own(module: nn.Module) -> bool:
    """Whether a module has trainable parameters that are not those of a module inside it."""
    return any(parameter.requires_grad for parameter in module.parameters(recurse=False))


def _reset(name: str, module: nn.Module) -> tuple[int, Callable[[], object]]:
    """What draws a module's own parameters anew, and its turn: attention is last, as it sets a bias inside of it."""
    for turn, method in enumerate(("reset_parameters", "_reset_parameters")):
        if hasattr(module, method):
            return turn, getattr(module, method)
    lacks = "has parameters but no reset_parameters(); add it, or"
    if isinstance(module, ParametrizationList):  # of weight normalisation, say
        lacks = "holds what a weight is computed from, which the layer's reset_parameters() does not reach; add"
    raise TypeError(
        f"exemplar_level.start = 'perturbed': {name} ({type(module).__name__}) {lacks} a method reinitialised(seed) to "
        "the model, or use start = 'theta'"
    )
