"""Baseline methods. A new one is a subclass of ``Method`` in its own file and a line here."""

from mnemonics_lib.methods.base import Method, Scorer
from mnemonics_lib.methods.icarl import ICaRL
from mnemonics_lib.methods.lwf import LwF

METHODS: dict[str, Method] = {method.name: method for method in (LwF(), ICaRL())}

__all__ = ["METHODS", "Method", "Scorer"]
