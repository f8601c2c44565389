"""What a run has kept of margins, and tables of them, made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from mnemonics_lib.edition.evidence.boundary.margins import (
    by_kind,
)


def kept(**margins: list[float]) -> Any:
    """What a run kept of phase 0: the margins of each kind; the other numbers follow from them."""
    table = pd.DataFrame(
        [
            {"class": 0, "kind": kind, "margin": margin, "other": margin / 2, "percentile": 50.0}
            for kind, of in margins.items()
            for margin in of
        ]
    )
    return SimpleNamespace(phases={0: SimpleNamespace(margins=table)})


def table(**margins: list[float]) -> pd.DataFrame:
    """The table of a run after a phase."""
    return by_kind(kept(**margins), 0)


def seeds(**margins: list[float]) -> dict[int, pd.DataFrame]:
    """Four seeds whose trained exemplars differ by next to nothing."""
    return {
        seed: table(**{kind: [each + (kind == "trained") * seed / 1e6 for each in of] for kind, of in margins.items()})
        for seed in range(4)
    }


def here(**margins: list[float]) -> dict[str, Any]:
    """One place."""
    return {"here": seeds(**margins)}
