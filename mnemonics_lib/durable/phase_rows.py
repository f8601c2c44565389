"""What is known of each phase of a run, as one flat row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]
"""The fields of a :class:`~mnemonics_lib.durable.records.PhaseResult`, and beside them ``phase`` (0..N),
``classes_seen`` and ``seconds`` (wall time of the phase)."""


def phase_row(phase: int, result: Mapping[str, Any], seconds: float) -> Row:
    """The row of a finished phase.

    Args:
        phase: its number, 0..N.
        result: what was measured in it, by name.
        seconds: wall time.
    """
    return {"phase": phase, "classes_seen": len(result["confusion"]), **result, "seconds": seconds}


def phase_rows(results: Iterable[Mapping[str, Any]], seconds: Iterable[float]) -> list[Row]:
    """The rows of the finished phases of a run, phase 0 first."""
    return [phase_row(phase, *measured) for phase, measured in enumerate(zip(results, seconds, strict=True))]
