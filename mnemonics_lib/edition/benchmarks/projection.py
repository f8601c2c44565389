"""A run at the paper's scale, as ``dry-run`` projected it: its parts as a table, and what is to be said of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mnemonics_lib.edition.benchmarks.rows import files
from mnemonics_lib.inspection.dry_run_command import amount, summary

Projection = Mapping[str, Any]
"""What ``dry-run --json`` writes."""


def projections() -> list[Projection]:
    """The committed ones, in the order of their files' names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in files("dry-run-")]


def title(found: Projection) -> str:
    """Which run it is, and on what it was measured."""
    preset = f" with `--preset {found['preset']}`" if found["preset"] else ""
    cores = f"{found['threads']} of {found['cores']} cores" if found["device"] == "cpu" else f"{found['cores']} cores"
    return f"`params/{found['params']}.yaml`{preset}, on {found['device']}, {cores}:"


def parts_table(found: Projection) -> list[dict[str, str]]:
    """A row for each part of the run, its phases together."""
    return [
        {
            "phases": row["phases"],
            "part": row["part"] + (", at most" if row["part"] == "controls" else ""),
            "count": f"{row['count']:,} {row['unit']}",
            "seconds each": f"{amount(row['seconds'])} ({amount(row['low'])} to {amount(row['high'])})",
            "hours": amount(row["hours"]),
            "limited by": row["limit"],
        }
        for row in summary(found["rows"])
    ]


def remarks(found: Projection) -> str:
    """The whole, the longest part, the memory, and what the reader must know before believing it."""
    memory, longest = found["memory"], max(summary(found["rows"]), key=lambda row: row["hours"])
    text = []
    if found["load"] is not None:
        text.append(
            f"When it began {found['load']:.1f} processes, this one among them, wanted one of the {found['cores']} "
            "cores, on average over a minute; what the others took is in the seconds."
        )
    text.append(
        f"In all {amount(found['hours'])} hours, {longest['hours'] / found['hours']:.0%} of them for {longest['part']} "
        f"in {'phases' if ' ' in longest['phases'] else 'phase'} {longest['phases']}."
    )
    if memory["exemplar_level"] is not None:
        text.append(
            f"An outer step needs up to {amount(memory['exemplar_level'] / 1e9)} GB, by the guard's forecast; "
            f"{amount(memory['free'] / 1e9)} GB were free, and what was measured took "
            f"{amount(memory['measured'] / 1e9)} GB."
        )
    if found["refused"]:
        text.append(
            "A run with these parameters would be refused there before its first outer step, so the hours say what the "
            "computation is, not that it can be done."
        )
    if scaled := sum(row["scaled"] for row in found["measured"]):
        text.append(f"Of {len(found['measured'])} kinds of work, {scaled} were measured in part and scaled.")
    if found["made_pictures"]:
        text.append("Reading was measured on pictures made for it.")
    return " ".join(text)
