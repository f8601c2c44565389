"""The command line: ``python -m mnemonics_lib run | config PARAMS [--preset NAME] [--recipe NAME] [--set KEY=VALUE]``.

``run`` makes one run, and prints a row of numbers after each phase; ``config`` prints the configuration it would have,
as a parameter file. ``report PATH ...`` makes a table of records that are there, ``compare ARM BASELINE`` compares two
arms of them seed by seed, and ``study STUDY`` says what came out of a study. ``check-data DATASET`` says what is there
of a data set and what is damaged, ``dry-run PARAMS`` how long a run would take here. ``bench`` measures speed and
memory. ``torchrun --nproc-per-node=K -m mnemonics_lib run`` makes one run in K processes.

Exit status: 0 done, 2 refused with one message, 3 diverged, 74 the file system refused, 75 stopped by ``--minutes``,
130 by Ctrl-C and 143 by SIGTERM, 141 when nobody reads the output any more. From 74 on the same command goes on from
what was kept; after 2 and 3 something must be changed first.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnemonics_lib import bench
from mnemonics_lib.config import ConfigError
from mnemonics_lib.config.keep import Keep, keep_from
from mnemonics_lib.config.options import add_changes, changed
from mnemonics_lib.device.torchrun import started_together
from mnemonics_lib.durable.files import refuse_unwritable, write_atomically
from mnemonics_lib.edition import commands as of_records
from mnemonics_lib.errors import OutOfTimeError, ReportedError
from mnemonics_lib.inspection import commands as of_data
from mnemonics_lib.inspection import dry_run_command as of_runs
from mnemonics_lib.paths import RUNS

if TYPE_CHECKING:
    from mnemonics_lib.durable.records import Record

# PyTorch takes seconds to import, so what needs it is imported where it is used: a refusal comes at once.

NO_FILE, INTERRUPTED, BROKEN_PIPE = 74, 130, 141
"""Exit statuses: the file system refused (EX_IOERR of sysexits.h), Ctrl-C, nobody reads our output any more."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m mnemonics_lib", description="Mnemonics training, as in the paper.")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run one configuration and print where its record is")
    config = commands.add_parser(
        "config", help="print a configuration as a parameter file, with a preset, a recipe and overrides in"
    )
    for command in (run, config):
        command.add_argument(
            "params", type=Path, help="parameter file, or the name of one of the project's: quick/digits-n5"
        )
        add_changes(command)
    run.add_argument(
        "--out", type=Path, default=RUNS, help=f"parent directory of all runs (default: {RUNS})".replace("%", "%%")
    )
    run.add_argument(
        "--copy",
        type=Path,
        metavar="FILE",
        help="also write the record to this file, and what is kept beside it, as FILE with the suffix .safetensors; a "
        "record of the same run that is there stays",
    )
    run.add_argument(
        "--keep",
        nargs="*",
        action="extend",
        metavar="KEY=VALUE",
        help="keep what the figures of the book need, in kept.safetensors beside the record; a YAML file of fields, or "
        f"some of {', '.join(Keep.model_fields)}; nothing for the defaults",
    )
    run.add_argument("--device", default="cpu", help="torch device: cpu, cuda, cuda:1 (default: cpu)")
    run.add_argument(
        "--minutes",
        type=limit,
        metavar="M",
        help=f"stop after so many, with exit status {OutOfTimeError.status}; run again to go on",
    )
    run.add_argument(
        "--no-record", action="store_true", help="on a GPU: ask for every operation anew, without recorded steps"
    )
    run.add_argument("--quiet", action="store_true", help="neither progress bars nor a row per phase")
    run.add_argument("--stop-after", type=int, metavar="PHASE", help="stop after this phase, 0..N; run again to go on")
    of_records.add_report(commands)
    of_records.add_compare(commands)
    of_records.add_study(commands)
    of_data.add_check_data(commands)
    of_runs.add_dry_run(commands)
    measure = commands.add_parser("bench", help="measure speed and memory on this machine")
    measure.add_argument(
        "what",
        choices=bench.BENCHMARKS,
        help="training: images per second of the model level; inference: of evaluation and features; input: of reading "
        "pictures from disk; hypergradient: time and memory of the engines; rounding: the same runs with kernels for "
        "other processors; tf32: the hypergradient in a GPU's TF32, emulated",
    )
    measure.add_argument(
        "--root",
        type=Path,
        metavar="FOLDER",
        help="input: pictures in class folders, or in class folders of its train/ (default: some that are made)",
    )
    measure.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to this file")
    measure.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    return top


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
    """Run a command; returns the exit status. Of several processes the first does, and the others help it."""
    if started_together():
        from mnemonics_lib.device.group import lead_or_follow

        return lead_or_follow(lambda: _command(arguments), _ended)
    return _ended(lambda: _command(arguments))


def _command(arguments: list[str] | None) -> int:
    options = parser().parse_args(arguments)
    with _one_line_warnings():
        COMMANDS[options.command](options)
    sys.stdout.flush()  # so that nobody who reads it is noticed here, and not when Python ends
    return 0


def _ended(work: Callable[[], int]) -> int:
    """Do something, and say of an error that a user can do something about what it was; returns the exit status."""
    try:
        return work()
    except ReportedError as end:
        return _say(str(end), end.status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}; what was done before is kept", NO_FILE)
    except KeyboardInterrupt as stop:
        return _say(str(stop) or "stopped; what was done before is kept", getattr(stop, "status", INTERRUPTED))
    except (MemoryError, RuntimeError) as error:
        if not _no_memory(error):
            raise
        return _say(f"not enough memory ({error}); what was done before is kept", ReportedError.status)


def _say(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status


def _no_memory(error: Exception) -> bool:
    """Whether memory could not be had; PyTorch says so in different words for each kind of device."""
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, MemoryError) or any(text in str(error).lower() for text in words)


def _config(options: argparse.Namespace) -> None:
    print(changed(options.params, options).to_yaml(), end="")


def _run(options: argparse.Namespace) -> None:
    config = changed(options.params, options)
    if options.stop_after is not None and not 0 <= options.stop_after <= config.phases:
        raise ConfigError(f"stop-after = {options.stop_after}: must be 0 to {config.phases}, the phases of this run")
    keep = None if options.keep is None else keep_from(options.keep)
    beside = options.copy.with_suffix(".safetensors") if options.copy and keep else None
    if beside and beside == options.copy:
        raise ConfigError(f"copy = {options.copy}: must not end in .safetensors, where the copy of what is kept goes")
    for file in filter(None, (options.copy, beside)):  # now, and not when the work of hours is done
        refuse_unwritable(file)
    from mnemonics_lib import runs
    from mnemonics_lib.device.group import taking_part
    from mnemonics_lib.durable.records import write_record
    from mnemonics_lib.edition.phase_lines import PhaseLines

    refuse_missing(options.device)
    # PyTorch's modules are there for good: to search them for garbage again and again took a tenth of a small run.
    gc.freeze()
    lines = PhaseLines()

    def each_phase(row: dict[str, Any]) -> None:
        if not options.quiet:
            lines(row)
        if row["phase"] == options.stop_after < config.phases:  # after the last one there is a record to write
            raise EnoughError

    try:
        with taking_part(options.device):
            record, path = runs.run(
                config,
                options.out,
                options.device,
                progress=not options.quiet and sys.stderr.isatty(),  # a log would have a line for every step of a bar
                minutes=options.minutes,
                record_steps=not options.no_record,
                each_phase=each_phase,
                keep=keep,
            )
    except EnoughError:
        print(f"stopped after phase {options.stop_after}; the same command without --stop-after goes on")
        return
    measures = f"average accuracy {record.average_accuracy:.2f} %, forgetting {record.forgetting:.2f} %"
    print(f"{measures}, {record.seconds:.0f} s")
    print(f"record: {path}")
    kept = path.with_name(runs.KEPT)
    if keep:
        print(f"kept: {kept}")
    copied = options.copy is not None and _is_there(options.copy, record)
    if beside:
        write_atomically(beside, lambda file: file.write(kept.read_bytes()))
    if options.copy and not copied:
        write_record(options.copy, record)


def _is_there(copy: Path, record: Record) -> bool:
    """Whether a file holds a record of the same run, which then stays as it is, with the time that it took elsewhere.

    Raises:
        CopyError: for one that came out otherwise, as it may on another machine.
    """
    from mnemonics_lib.durable.records import RecordError, read_record, same_outcome

    try:
        there = read_record(copy)
    except RecordError:  # or no file at all
        return False
    if there.identity is None or there.identity != record.identity:
        return False
    if not same_outcome(there, record):
        raise CopyError(
            f"copy = {copy}: holds a record of this run that came out otherwise where it was made, on "
            f"{there.processor or there.device}; nothing was copied; delete it, and the same command writes that of "
            "this machine, with all that is to be kept"
        )
    return True


class CopyError(ReportedError, ValueError):
    """A record that was to be copied over another one of the same run that says something else."""


class EnoughError(Exception):
    """The phase is done after which a run was to stop."""


def _bench(options: argparse.Namespace) -> None:
    if options.root and options.what != bench.READS:
        raise ConfigError(f"root = {options.root}: must be left out but for bench {bench.READS}, which reads pictures")
    if options.json:
        refuse_unwritable(options.json)
    refuse_missing(options.device)
    measure = bench.benchmark(options.what)
    rows = measure.rows(options.device, **({"root": options.root} if options.root else {}))
    print(measure.table(rows))
    if options.json:
        text = json.dumps(rows, indent=1) + "\n"
        write_atomically(options.json, lambda file: file.write(text.encode()))


def _dry_run(options: argparse.Namespace) -> None:
    refuse_missing(options.device)
    of_runs.dry_run(options)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "config": _config,
    "run": _run,
    "report": of_records.report,
    "compare": of_records.compare,
    "study": of_records.study,
    "check-data": of_data.check_data,
    "dry-run": _dry_run,
    "bench": _bench,
}


class DeviceError(ReportedError, ValueError):
    """A device that is not there."""


def refuse_missing(name: str) -> None:
    """Stop before anything runs on a device that cannot hold a number.

    Raises:
        DeviceError: naming it.
    """
    import torch

    try:
        torch.zeros(1, device=name).item()  # read back, which ``meta`` cannot
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # which of them depends on what is missing
        (first, *_) = str(error).splitlines() or [""]
        raise DeviceError(f"device = {name!r}: must be a device torch can use here ({first})") from None


@contextmanager
def _one_line_warnings() -> Iterator[None]:
    """Say a warning as one line, without the line of source that it comes from, which tells a user nothing."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
        yield


if __name__ == "__main__":
    sys.exit(main())
