"""What the paper reports, for pages that put it beside this edition's numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import ROOT

TABLE_1 = ROOT / "book" / "paper" / "table1.csv"
"""The paper's Table 1, a line for each of its cells."""
TABLE_2 = ROOT / "book" / "paper" / "table2.csv"
"""The paper's Table 2, likewise: LUCIR with weight transfer."""


class NotReportedError(ReportedError, ValueError):
    """A setting that a table of the paper does not have."""


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
    return _cell(TABLE_1, "Table 1", dataset, phases, {"method": method, "with_mnemonics": with_mnemonics})


def claimed_of_kind(exemplars: str, adjusted: bool = False, phases: int = 5) -> pd.Series:
    """A cell of the paper's Table 2: ``avg_acc`` and ``forgetting`` (%) of LUCIR with weight transfer on CIFAR-100.

    Args:
        exemplars: ``random``, ``herding`` or ``mnemonics``.
        adjusted: whether old exemplars are adjusted, Eq. 10.
        phases: N, after phase 0: 5, 10 or 25.

    Raises:
        NotReportedError: naming the setting, where the table has no such cell.
    """
    return _cell(TABLE_2, "Table 2", "cifar100", phases, {"exemplars": exemplars, "adjust_old": adjusted})


def gains_over(exemplars: str, number: str = "avg_acc", adjusted: bool = False) -> dict[int, float]:
    """N -> average accuracy with trained exemplars minus that with others (points): LUCIR, CIFAR-100, Table 2.

    The paper's are trained from random images, so that what they gain over herding's holds another start, too.

    Args:
        exemplars: ``random`` or ``herding``.
        number: ``avg_acc``, or ``forgetting`` in its place.
        adjusted: whether old exemplars are adjusted, Eq. 10, those of both kinds.

    Raises:
        NotReportedError: as :func:`claimed_of_kind`.
    """
    trained, others = (
        {phases: claimed_of_kind(kind, adjusted, phases)[number] for phases in (5, 10, 25)}
        for kind in ("mnemonics", exemplars)
    )
    return {phases: float(trained[phases] - others[phases]) for phases in trained}


def _cell(file: Path, name: str, dataset: str, phases: int, own: dict[str, str | bool]) -> pd.Series:
    """The cell of a table with these values of its own columns; a truth value is yes or no there."""
    words = {column: value if isinstance(value, str) else "yes" if value else "no" for column, value in own.items()}
    asked = {"dataset": dataset, "phases": phases, **words}
    table = pd.read_csv(file)
    cells = table[(table[list(asked)] == pd.Series(asked)).all(axis=1)]
    if cells.empty:
        there = "; ".join(f"{column}: {', '.join(map(str, table[column].unique()))}" for column in asked)
        raise NotReportedError(f"{', '.join(map(str, asked.values()))}: not in the paper's {name}, which has {there}")
    return cells.iloc[0]
