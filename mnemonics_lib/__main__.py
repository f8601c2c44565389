"""``python -m mnemonics_lib run PARAMS [--set KEY=VALUE ...]``: one run, from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from mnemonics_lib import global_bop
from mnemonics_lib.config import ConfigError, load_config
from mnemonics_lib.paths import RUNS
from mnemonics_lib.records import RecordError, write_record


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m mnemonics_lib", description="Mnemonics training, as in the paper.")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run one configuration and print where its record is")
    run.add_argument("params", type=Path, help="parameter file, for example params/quick/digits-n5.yaml")
    run.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override fields")
    run.add_argument("--out", type=Path, default=RUNS, help="parent directory of all runs (default: build/runs)")
    run.add_argument("--copy", type=Path, metavar="FILE", help="also write the record to this file")
    run.add_argument("--device", type=device, default="cpu", help="torch device: cpu, cuda, cuda:1 (default: cpu)")
    run.add_argument("--quiet", action="store_true", help="no progress bars")
    return top


def device(name: str) -> str:
    """A torch device that is there; argparse reports the error."""
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch raises either, for an unknown name and for a missing device
        raise argparse.ArgumentTypeError(f"device = {name!r}: must be a device torch can use here ({error})") from None
    return name


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        config = load_config(options.params, options.set)
        record, path = global_bop.run(config, options.out, options.device, progress=not options.quiet)
    except (ConfigError, RecordError, global_bop.CheckpointError) as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"average accuracy {record['average_accuracy']:.2f} %, forgetting {record['forgetting']:.2f} %, "
        f"{record['seconds']:.0f} s"
    )
    print(f"record: {path}")
    if options.copy:
        write_record(options.copy, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
