"""What the paper reports, for pages that put it beside this edition's numbers."""

from __future__ import annotations

import pandas as pd

from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import ROOT

TABLE_1 = ROOT / "book" / "paper" / "table1.csv"
"""The paper's Table 1, a line for each of its cells."""


class NotReportedError(ReportedError, ValueError):
    """A setting that the paper's Table 1 does not have."""


def claimed(method: str, with_mnemonics: bool = False, dataset: str = "cifar100", phases: int = 5) -> pd.Series:
    """A cell of the paper's Table 1: ``avg_acc`` and ``forgetting``, both in percent.

    Args:
        method: ``lwf``, ``icarl``, ``bic`` or ``lucir``.
        with_mnemonics: with all that the paper adds, or without any of it.
        dataset: ``cifar100``, ``imagenet_subset`` or ``imagenet``.
        phases: N, after phase 0: 5, 10 or 25.

    Raises:
        NotReportedError: naming the setting, where the table has no such cell.
    """
    asked = {
        "dataset": dataset,
        "phases": phases,
        "method": method,
        "with_mnemonics": "yes" if with_mnemonics else "no",
    }
    table = pd.read_csv(TABLE_1)
    cells = table[(table[list(asked)] == pd.Series(asked)).all(axis=1)]
    if cells.empty:
        there = "; ".join(f"{name}: {', '.join(map(str, table[name].unique()))}" for name in asked)
        raise NotReportedError(f"{', '.join(map(str, asked.values()))}: not in the paper's Table 1, which has {there}")
    return cells.iloc[0]
