"""``python -m mnemonics_lib bench WHAT``: speed and memory on this machine, as rows for a table or a file."""

from mnemonics_lib.bench import hypergradient, training

BENCHMARKS = {"hypergradient": hypergradient, "training": training}
"""Each has ``rows(device)``, which measures, and ``table(rows)``, which shows."""
