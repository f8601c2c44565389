"""Small records for tests: a committed one of six phases with other numbers and settings in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.durable.records import Record, read_record, write_record
from mnemonics_lib.paths import RECORDS

COMMITTED = RECORDS / "quick" / "digits-n5" / "herding" / "seed-0.json"


def made(seed: int = 0, accuracy: float = 80.0, source: str = "a" * 64, **settings: Any) -> Record:
    """A record whose every phase had this accuracy and took a second; a setting that is None is left out.

    Args:
        seed: of the run.
        accuracy: in per cent.
        source: of its identity.
        settings: fields of its configuration; a section is a dictionary of the fields to change in it.
    """
    record = read_record(COMMITTED)
    results = [result.model_copy(update={"accuracy": accuracy}) for result in record.results]
    config: dict[str, Any] = {**record.config, "seed": seed}
    for field, value in settings.items():
        config[field] = {**config[field], **value} if isinstance(value, dict) else value
    numbers: dict[str, Any] = {"accuracy": [accuracy] * len(results), "average_accuracy": accuracy}
    numbers |= {"phase_seconds": [1.0] * len(results), "seconds": float(len(results))}
    identity = Identity(config="c", data="d", source=source)
    known = {field: value for field, value in config.items() if value is not None}
    shown: dict[str, Any] = {field: known[field] for field in ("exemplars", "method") if field in known}
    changes: dict[str, Any] = {"seed": seed, "results": results, "config": known, "identity": identity}
    return record.model_copy(update={**changes, **numbers, **shown})


def write_arm(folder: Path, accuracies: list[float], **settings: Any) -> Path:
    """Write the records of an arm, seeds 0, 1, ...; returns its folder."""
    for seed, accuracy in enumerate(accuracies):
        write_record(folder / f"seed-{seed}.json", made(seed, accuracy, **settings))
    return folder
