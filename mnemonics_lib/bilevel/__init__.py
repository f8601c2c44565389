"""The local bilevel programme's hypergradient: inner problems (``inner``) and engines, which share one signature."""

from mnemonics_lib.bilevel.guard import Forecast, WillNotFitError, graph_size, refuse_if_too_large
from mnemonics_lib.bilevel.inner import ENGINES, FORMULAS, inner_sgd, local_program
from mnemonics_lib.bilevel.problem import Engine, GraphSize, Hypergradient, InnerSGD
from mnemonics_lib.bilevel.requirements import refuse_if_parts_are_missing
from mnemonics_lib.bilevel.solution import solve

__all__ = [
    "ENGINES",
    "FORMULAS",
    "Engine",
    "Forecast",
    "GraphSize",
    "Hypergradient",
    "InnerSGD",
    "WillNotFitError",
    "graph_size",
    "inner_sgd",
    "local_program",
    "refuse_if_parts_are_missing",
    "refuse_if_too_large",
    "solve",
]
