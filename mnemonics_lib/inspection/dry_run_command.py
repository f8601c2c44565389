"""The command ``dry-run``: what it takes, and what it prints."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mnemonics_lib.config.options import add_changes, changed
from mnemonics_lib.durable.files import refuse_unwritable, write_atomically

# What measures needs PyTorch, which takes seconds to import: a refusal and --help come before that.

Row = dict[str, Any]


def add_dry_run(commands: Any) -> None:
    """Add ``dry-run`` to the command line's commands."""
    dry = commands.add_parser(
        "dry-run", help="say how long a run would take on this machine, and what memory, from a few of its steps"
    )
    dry.add_argument("params", type=Path, help="as for run; the data set need not be there")
    add_changes(dry)
    dry.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    dry.add_argument("--steps", type=_steps, default=3, metavar="S", help="measurements of each kind (default: 3)")
    dry.add_argument("--json", type=Path, metavar="FILE", help="also write what was found to this file")


def _steps(text: str) -> int:
    """A number of measurements, from the command line; argparse reports the error."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"steps = {text!r}: must be a whole number from 1 to 1000")
    return int(text)


def dry_run(options: argparse.Namespace) -> None:
    """Measure, print the projection, and write it where that is asked for.

    Raises:
        ConfigError: for a configuration that a run would refuse.
        DataError: for a picture that cannot be read.
    """
    config = changed(options.params, options)
    if options.json:
        refuse_unwritable(options.json)
    import torch

    from mnemonics_lib.inspection.dry_run import dry_run as measure

    found = measure(config, torch.device(options.device), options.steps)
    name = f"{options.params.parent.name}/{options.params.stem}".removeprefix("/")
    found = {"params": name, "preset": options.preset, "recipe": options.recipe, "set": options.set} | found
    for line in lines(found):
        print(line)
    if options.json:
        text = json.dumps(found, indent=1) + "\n"
        write_atomically(options.json, lambda file: file.write(text.encode()))


def summary(rows: Sequence[Row]) -> list[Row]:
    """One row for each part of phase 0, and one for each part of all later phases together.

    Returns:
        ``phases`` ("0" or "1 to N"), ``part``, ``unit``, ``count``, ``seconds`` (of one unit, on average), ``low``,
        ``high`` (likewise), ``limit``, ``hours``; and ``rate``, images per second, None for outer steps, which pass
        over the same images many times.
    """
    last = max(row["phase"] for row in rows)
    later = "1" if last == 1 else f"1 to {last}"
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(("0" if row["phase"] == 0 else later, row["part"]), []).append(row)
    found = []
    for (phases, part), own in groups.items():
        count = sum(row["count"] for row in own)
        mean = {key: sum(row["count"] * row[key] for row in own) / count for key in ("seconds", "low", "high")}
        limit = " or ".join(sorted({row["limit"] for row in own}))
        hours = sum(row["hours"] for row in own)
        unit, images = own[0]["unit"], sum(row["count"] * row["images"] for row in own)
        rate = images / (3600 * hours) if unit in ("steps", "images") else None
        row = {"phases": phases, "part": part, "unit": unit, "count": count}
        found.append(row | mean | {"limit": limit, "hours": hours, "rate": rate})
    return found


def amount(value: float) -> str:
    """A number in three digits below 100, in whole ones from there on, and with an exponent below a thousandth."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.1e}"


def lines(found: Row) -> Iterator[str]:
    """The projection in words."""
    (train, test), row = found["images"], found["preset"]
    busy = "" if found["load"] is None else f"; {found['load']:.1f} processes wanted a core when it began"
    yield f"{found['params']}{f', {row}' if row else ''}: {train:,} training and {test:,} test images"
    yield f"on {found['device']}, {found['threads']} of {found['cores']} cores, PyTorch {found['torch']}{busy}"
    yield ""
    yield "measured:"
    for row in found["measured"]:
        yield (
            f"  {row['what']}: {amount(row['seconds'])} s ({amount(row['low'])} to {amount(row['high'])}, "
            f"{row['rounds']} times) for {row['how']}{', scaled' if row['scaled'] else ''}"
        )
    yield ""
    titles = f"{'phases':<7} {'part':<26} {'count':>13} {'of':<11} {'seconds each':>12}   {'range':<19}"
    yield f"{titles} {'images/s':>8} {'hours':>11}   limited by"
    for row in summary(found["rows"]):
        spread = f"{amount(row['low'])} to {amount(row['high'])}"
        part = f"{row['part']}, at most" if row["part"] == "controls" else row["part"]
        yield (
            f"{row['phases']:<7} {part:<26} {row['count']:>13,} {row['unit']:<11} {amount(row['seconds']):>12}   "
            f"{spread:<19} {'' if row['rate'] is None else amount(row['rate']):>8} {amount(row['hours']):>11}   "
            f"{row['limit']}"
        )
    yield f"in all {amount(found['hours'])} hours"
    yield ""
    yield from _memory(found["memory"])
    for message in found["refused"]:
        yield f"the run would be refused here: {message}"
    if found["made_pictures"]:
        yield "reading was measured on pictures made for it, of ImageNet's usual size"
    for sentence in found["assumed"]:
        yield f"assumed: {sentence}"
    for sentence in found["not_measured"]:
        yield f"not measured: {sentence}"


def _memory(memory: Row) -> Iterator[str]:
    parts, held = {"images": memory["images"]}, {"exemplars": memory["exemplars"]}
    if memory["host"] is None:
        parts |= held
    elif memory["host"]:
        held["a step of their training"] = memory["host"]
    if memory["exemplar_level"] is not None:
        parts["a step of their training, by the guard's forecast"] = memory["exemplar_level"]
    yield f"a run takes in memory: {_sizes(parts)}; free here: {memory['free'] / 1e6:,.0f} MB"
    if memory["host"] is not None:
        yield f"and in the host's: {_sizes(held)}; free there: {memory['free_host'] / 1e6:,.0f} MB"
    measured, disk = (f"{memory[key] / 1e6:,.0f} MB" for key in ("measured", "disk"))
    yield f"the measured steps took {measured}; a checkpoint takes {disk}"


def _sizes(parts: dict[str, float]) -> str:
    return ", ".join(f"{size / 1e6:,.0f} MB for {what}" for what, size in parts.items())
