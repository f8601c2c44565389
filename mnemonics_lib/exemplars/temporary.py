"""The temporary model Theta' before Eq. 8: Theta_i itself, or a network near it."""

from __future__ import annotations

import copy

import torch
from torch import nn

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
        TypeError: when ``level.start`` is "perturbed" and a part of the model cannot be initialised anew.
    """
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
    its own is asked to ``reset_parameters``, as PyTorch's layers can be.

    Raises:
        TypeError: naming a module that cannot.
    """
    own = getattr(model, "reinitialised", None)
    if own is not None:
        return own(seed)
    fresh = copy.deepcopy(model)
    with seeded(seed):
        for name, module in fresh.named_modules():
            if any(parameter.requires_grad for parameter in module.parameters(recurse=False)):
                if not hasattr(module, "reset_parameters"):
                    raise TypeError(
                        f"exemplar_level.start = 'perturbed': {name or 'the model'} ({type(module).__name__}) has "
                        "parameters but no reset_parameters(); add it, or a method reinitialised(seed) to the model, "
                        "or use start = 'theta'"
                    )
                module.reset_parameters()
    fixed = {name: value for name, value in model.named_parameters() if not value.requires_grad}
    fresh.load_state_dict(dict(model.named_buffers()) | fixed, strict=False)
    return fresh
