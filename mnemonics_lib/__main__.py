"""The command line: ``python -m mnemonics_lib run | config PARAMS [--preset NAME] [--set KEY=VALUE ...]``.

``run`` makes one run, ``config`` prints the configuration it would have, as a parameter file. ``bench`` measures speed
and memory. Exit status: 0 done, 2 refused with one message, 75 stopped by ``--minutes``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import torch

from mnemonics_lib import bench, runs
from mnemonics_lib.bilevel.guard import WillNotFitError
from mnemonics_lib.config import ConfigError, load_config
from mnemonics_lib.config.presets import PRESETS
from mnemonics_lib.config.shipped import parameter_file
from mnemonics_lib.data.cifar100 import DataError
from mnemonics_lib.durable.checkpoint import CheckpointError
from mnemonics_lib.durable.driver import OutOfTimeError
from mnemonics_lib.durable.journal import JournalError
from mnemonics_lib.durable.records import RecordError, write_record
from mnemonics_lib.durable.shared import SharedError
from mnemonics_lib.paths import RUNS

REFUSALS = (ConfigError, DataError, RecordError, SharedError, JournalError, CheckpointError, WillNotFitError)
"""What a user can mend: one message, exit status 2."""
STOPPED = 75
"""Exit status of a run that its time limit stopped: a temporary failure, as sysexits.h has it."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m mnemonics_lib", description="Mnemonics training, as in the paper.")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run one configuration and print where its record is")
    config = commands.add_parser(
        "config", help="print a configuration as a parameter file, with a preset and overrides in"
    )
    for command in (run, config):
        command.add_argument(
            "params", type=Path, help="parameter file, or the name of one of the project's: quick/digits-n5"
        )
        command.add_argument("--preset", choices=PRESETS, metavar="NAME", help=f"a table's row: {', '.join(PRESETS)}")
        command.add_argument(
            "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override fields"
        )
    run.add_argument(
        "--out", type=Path, default=RUNS, help=f"parent directory of all runs (default: {RUNS})".replace("%", "%%")
    )
    run.add_argument("--copy", type=Path, metavar="FILE", help="also write the record to this file")
    run.add_argument("--device", type=device, default="cpu", help="torch device: cpu, cuda, cuda:1 (default: cpu)")
    run.add_argument(
        "--minutes", type=limit, metavar="M", help=f"stop after so many, with exit status {STOPPED}; run again to go on"
    )
    run.add_argument("--quiet", action="store_true", help="no progress bars")
    measure = commands.add_parser("bench", help="measure speed and memory on this machine")
    measure.add_argument(
        "what",
        choices=bench.BENCHMARKS,
        help="training: images per second of the model level; hypergradient: time and memory of the engines",
    )
    measure.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to this file")
    measure.add_argument("--device", type=device, default="cpu", help="torch device (default: cpu)")
    return top


def device(name: str) -> str:
    """A torch device that is there; argparse reports the error."""
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch raises either, for an unknown name and for a missing device
        raise argparse.ArgumentTypeError(f"device = {name!r}: must be a device torch can use here ({error})") from None
    return name


def limit(text: str) -> float:
    """Minutes, from the command line; argparse reports the error."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"minutes = {text!r}: must be a number >= 0")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = parser().parse_args(arguments)
    if options.command == "bench":
        measure = bench.benchmark(options.what)
        rows = measure.rows(options.device)
        print(measure.table(rows))
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
        return 0
    try:
        config = load_config(parameter_file(options.params), options.set, options.preset)
        if options.command == "config":
            print(config.to_yaml(), end="")
            return 0
        record, path = runs.run(config, options.out, options.device, not options.quiet, options.minutes)
    except REFUSALS as error:
        print(error, file=sys.stderr)
        return 2
    except OutOfTimeError as stop:
        print(stop, file=sys.stderr)
        return STOPPED
    measures = f"average accuracy {record.average_accuracy:.2f} %, forgetting {record.forgetting:.2f} %"
    print(f"{measures}, {record.seconds:.0f} s")
    print(f"record: {path}")
    if options.copy:
        write_record(options.copy, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
