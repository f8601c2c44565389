"""The local bilevel programme's hypergradient. Engines share one signature; ``ENGINES`` names them."""

from mnemonics_lib.bilevel.higher_engine import Hypergradient, hypergradient

ENGINES = {"higher": hypergradient}

__all__ = ["ENGINES", "Hypergradient", "hypergradient"]
