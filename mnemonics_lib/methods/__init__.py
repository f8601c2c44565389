"""Baseline methods by name. A new one is a subclass of ``Method`` in its own file and an entry here.

An entry names the class instead of importing it: the configuration is checked against these facts, without torch, in a
fraction of a second.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mnemonics_lib.methods.base import Method


@dataclass(frozen=True)
class MethodInfo:
    """Facts the configuration is checked against.

    Attributes:
        path: ``module:Class`` of the method.
        heads: the heads it works with; the first is its own.
        exemplars: "needed" to classify or to train; "optional"; or "none", for a method that keeps all data instead.
        holds_out: whether a tenth of each class's exemplars (at least one) is never trained on, for the method's use.
    """

    path: str
    heads: tuple[str, ...] = ("linear", "cosine")
    exemplars: Literal["needed", "optional", "none"] = "optional"
    holds_out: bool = False


METHODS = {
    "lwf": MethodInfo("mnemonics_lib.methods.lwf:LwF"),
    "icarl": MethodInfo("mnemonics_lib.methods.icarl:ICaRL", exemplars="needed"),
    "bic": MethodInfo("mnemonics_lib.methods.bic:BiC", exemplars="needed", holds_out=True),
    "lucir": MethodInfo("mnemonics_lib.methods.lucir:LUCIR", heads=("cosine",)),
    "joint": MethodInfo("mnemonics_lib.methods.joint:Joint", exemplars="none"),
    "finetune": MethodInfo("mnemonics_lib.methods.finetune:Finetune"),
}


def method_class(name: str) -> type[Method]:
    """Import the class behind a name.

    Raises:
        ValueError: for a name that is not in ``METHODS``.
    """
    if name not in METHODS:
        raise ValueError(f"method = {name!r}: must be one of {', '.join(METHODS)}")
    module, _, attribute = METHODS[name].path.partition(":")
    return getattr(importlib.import_module(module), attribute)
