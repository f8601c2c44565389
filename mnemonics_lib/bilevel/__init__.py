"""The local bilevel programme's hypergradient: inner problems (``inner``) and engines, which share one signature."""

from mnemonics_lib.bilevel import memory
from mnemonics_lib.bilevel.inner import ENGINES, hypergradient
from mnemonics_lib.bilevel.problem import Hypergradient

__all__ = ["ENGINES", "Hypergradient", "hypergradient", "memory"]
