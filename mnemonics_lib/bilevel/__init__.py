"""The local bilevel programme's hypergradient: inner problems (``inner``) and engines, which share one signature."""

from mnemonics_lib.bilevel import guard
from mnemonics_lib.bilevel.inner import ENGINES, LocalProgram
from mnemonics_lib.bilevel.problem import Hypergradient, InnerLoop

__all__ = ["ENGINES", "Hypergradient", "InnerLoop", "LocalProgram", "guard"]
