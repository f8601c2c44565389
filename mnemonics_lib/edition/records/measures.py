"""The numbers that are measured of a run and of each of its phases, by name, with their units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mnemonics_lib.durable.phase_rows import phase_rows
from mnemonics_lib.errors import ReportedError

if TYPE_CHECKING:
    from mnemonics_lib.durable.records import Record  # which needs PyTorch

OF_RUN = {
    "average_accuracy": "%",
    "forgetting": "%",
    "displacement": "std",
    "exemplar_bytes": "bytes",
    "seconds": "s",
    "peak_memory_mb": "MiB",
}
"""Name -> unit. They are fields of a record."""

OF_PHASE = {
    "accuracy": "%",
    "first_classes_accuracy": "%",
    "train_accuracy": "%",
    "train_loss": "nat",
    "accuracy_before_finetuning": "%",
    "from_scratch_accuracy": "%",
    "displacement_new": "std",
    "displacement": "std",
    "outside": "share of pixels",
    "exemplars_per_class": "",
    "exemplar_bytes": "bytes",
    "seconds": "s",
}
"""Name -> unit. They are fields of :data:`mnemonics_lib.durable.phase_rows.Row`; an older record lacks some."""

FORMS = {"%": ".2f", "std": ".3g", "s": ".1f", "MiB": ".0f", "nat": ".3g", "share of pixels": ".3g"}
"""Unit -> how a person is shown a number of it."""


class MeasureError(ReportedError, ValueError):
    """A number that a record does not have. The message names it and what there is."""


def rows_of(record: Record) -> list[dict[str, Any]]:
    """The rows of a record's phases, phase 0 first; what was not measured is None."""
    return phase_rows([result.fields() for result in record.results], record.phase_seconds)


def measure(record: Record, field: str) -> float:
    """One number of a record.

    Args:
        record: of a run.
        field: a name of ``OF_RUN``, or one of ``OF_PHASE`` with a phase: ``accuracy[2]``.

    Raises:
        MeasureError: where there is no such number.
    """
    name, phase = _parsed(field)
    if phase is None:
        return float(getattr(record, name))
    if phase > record.phases:
        raise MeasureError(f"field = {field!r}: must be of a phase in 0..{record.phases}")
    value = rows_of(record)[phase][name]
    if value is None:
        raise MeasureError(f"field = {field!r}: was not measured in this run")
    return float(value)


def unit(field: str) -> str:
    """The unit of a field that :func:`measure` takes; empty for a plain number."""
    name, phase = _parsed(field)
    return OF_RUN[name] if phase is None else OF_PHASE[name]


def _parsed(field: str) -> tuple[str, int | None]:
    """Name and phase."""
    of_phase = re.fullmatch(r"(\w+)\[(\d{1,9})\]", field, re.ASCII)
    if of_phase and of_phase[1] in OF_PHASE:
        return of_phase[1], int(of_phase[2])
    if field in OF_RUN:
        return field, None
    raise MeasureError(
        f"field = {field!r}: must be one of {', '.join(OF_RUN)}, or with the number i of a phase one of "
        f"{', '.join(f'{name}[i]' for name in OF_PHASE)}"
    )
