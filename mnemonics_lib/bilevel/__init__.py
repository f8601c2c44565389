"""The local bilevel programme's hypergradient: inner problems (``inner``) and engines, which share one signature."""

from mnemonics_lib.bilevel import guard
from mnemonics_lib.bilevel.inner import ENGINES, local_program
from mnemonics_lib.bilevel.problem import Hypergradient, InnerSGD

__all__ = ["ENGINES", "Hypergradient", "InnerSGD", "guard", "local_program"]
