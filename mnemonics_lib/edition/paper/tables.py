"""The paper's tables, with what was got at the paper's scale beside each of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from mnemonics_lib.config import RunConfig, load_config
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition import report
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paper.numbers import TABLE_1, TABLE_2
from mnemonics_lib.paths import PARAMS, RECORDS

DATA = {"cifar100": "CIFAR-100", "imagenet_subset": "ImageNet-Subset", "imagenet": "ImageNet"}
"""The data sets as the paper names them."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table of the paper.

    Attributes:
        row: what stands before the numbers of its row, from the name of a column on.
        phases: N, its column.
        paper: the paper's average accuracy (%).
        ours: ours, as text; None where there is no record of the same experiment.
    """

    row: tuple[tuple[str, str], ...]
    phases: int
    paper: float
    ours: str | None


def table_1(records: Path = RECORDS) -> list[Cell]:
    """Table 1: each method without and with everything that the paper adds.

    Args:
        records: directory of all committed records.
    """

    def described(line: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
        preset = line.method + ("-with-mnemonics" if line.with_mnemonics == "yes" else "")
        return preset, (("method", NAMES[line.method]), ("with mnemonics", line.with_mnemonics))

    return _cells(TABLE_1, described, records)


def table_2(records: Path = RECORDS) -> list[Cell]:
    """Table 2: LUCIR with weight transfer, by the kind of exemplars and whether old ones are adjusted.

    Args:
        records: directory of all committed records.
    """

    def described(line: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
        preset = f"table2-{line.exemplars}" + ("" if line.adjust_old == "yes" else "-no-adjust")
        return preset, (("exemplars", line.exemplars), ("adjusted", line.adjust_old))

    return _cells(TABLE_2, described, records)


def beside(cells: Iterable[Cell]) -> pd.DataFrame:
    """A table as the paper has it, data set by data set, a column for each N: its number, and behind a bar ours."""
    rows: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for cell in sorted(cells, key=lambda cell: list(DATA.values()).index(dict(cell.row)["dataset"])):
        text = f"{cell.paper:.2f}" + (f" \\| {cell.ours}" if cell.ours else "")
        rows.setdefault(cell.row, dict(cell.row))[f"N = {cell.phases}"] = text
    return pd.DataFrame(list(rows.values()))


def _cells(
    file: Path, described: Callable[[Any], tuple[str, tuple[tuple[str, str], ...]]], records: Path
) -> list[Cell]:
    found = []
    arms_of = cache(lambda name: report.evidence("paper", name, records))  # cells of one column share their records
    lines: Iterable[Any] = pd.read_csv(file).itertuples()
    for line in lines:
        preset, row = described(line)
        name = f"{line.dataset}-n{line.phases}"
        ours = _ours(arms_of(name), name, preset)
        found.append(Cell((("dataset", DATA[line.dataset]), *row), line.phases, line.avg_acc, ours))
    return found


def _ours(arms: report.Evidence, name: str, preset: str) -> str | None:
    """Mean average accuracy (%) of the arm that is the paper's experiment, and no other one.

    Runs with the recipe of the day, in bfloat16 or with fewer steps lie beside it, and are none of the paper's cells.
    """
    if not arms:
        return None
    asked = _experiment(load_config(PARAMS / "paper" / f"{name}.yaml", preset=preset))
    for by_seed in arms.values():
        if asked == _of_record(next(iter(by_seed.values()))):
            return report.mean_pm(report.over_seeds(by_seed, "average_accuracy"))
    return None


def _of_record(record: Record) -> dict[str, Any] | None:
    """The experiment of a record; None for one that is none here: of a method that is not registered."""
    try:
        return _experiment(RunConfig.model_validate(record.config))
    except ValidationError:
        return None


def _experiment(config: RunConfig) -> dict[str, Any]:
    """What two runs of an arm have in common."""
    return {field: value for field, value in config.in_effect().items() if field != "seed"}
