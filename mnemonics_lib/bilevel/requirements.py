"""What an inner problem needs of a network beyond its forward pass, so that any ``torch.nn.Module`` can be brought."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class HasFeatures(Protocol):
    """A network for ``inner = ncm`` and ``ridge``, whose last layer a formula replaces.

    Attributes:
        classes: how many logits it has; labels are positions 0 .. classes - 1.
    """

    @property
    def classes(self) -> int: ...  # noqa: D102

    def features(self, images: Tensor, /) -> Tensor:
        """[n, c, h, w] -> [n, d], what the last layer works on."""
        ...


FEATURES = {
    "features": "a method `features(images)`, [n, c, h, w] -> [n, d]",
    "classes": "an attribute `classes`, the number of its logits",
}

NEEDS = {
    "full": {},
    "head": {"backbone": "an attribute `backbone`, the submodule that stays as it is"},
    "ncm": FEATURES,
    "ridge": FEATURES,
}
"""By ``exemplar_level.inner``: what a network must have beside its forward pass, in the words of an error message."""


def refuse_if_parts_are_missing(model: object, inner: str) -> None:
    """Stop before an inner problem meets a network that lacks what it needs.

    Args:
        model: the network.
        inner: the inner problem, as ``exemplar_level.inner`` names it.

    Raises:
        TypeError: naming the field, the network's class and what it lacks.
    """
    missing = [words for name, words in NEEDS[inner].items() if not hasattr(model, name)]
    if missing:
        raise TypeError(
            f"exemplar_level.inner = {inner!r}: {type(model).__name__} lacks {' and '.join(missing)}. "
            "exemplar_level.inner = 'full' needs a forward pass alone"
        )


def refuse_if_nothing_moves(model: nn.Module) -> None:
    """Stop before Eq. 8 takes its steps on a network that none of them would change.

    Args:
        model: Theta'.

    Raises:
        ValueError: when no parameter requires a gradient.
    """
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError(
            f"{type(model).__name__}: none of its parameters requires a gradient, so the steps of Eq. 8 change "
            "nothing; call requires_grad_() on those that are to move"
        )
