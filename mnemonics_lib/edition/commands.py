"""The commands ``report``, ``compare`` and ``study``: what they take, and what they print of records that are there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from mnemonics_lib.config.shown import shown
from mnemonics_lib.durable.files import refuse_unwritable

# What reads records needs PyTorch and pandas, which take seconds to import: a refusal and --help come before that.

TABLES, FIGURES = (".csv", ".parquet"), (".svg", ".png", ".pdf")
"""Endings of the files that a table and a figure are written to."""


def add_report(commands: Any) -> None:
    """Add ``report`` to the command line's commands."""
    report = commands.add_parser("report", help="print records as a table, or write it to a file")
    report.add_argument(
        "places", type=Path, nargs="+", metavar="PATH", help="records, or folders that are searched for them"
    )
    report.add_argument(
        "--by", choices=("run", "phase"), default="run", help="what a row is: a run (default), or a phase of one"
    )
    report.add_argument(
        "--all-fields", action="store_true", help="all fields of the configurations, not those that differ alone"
    )
    _add_out(report)


def add_compare(commands: Any) -> None:
    """Add ``compare`` to the command line's commands."""
    compare = commands.add_parser("compare", help="compare two arms of records seed by seed")
    compare.add_argument("arm", type=Path, metavar="ARM", help="folder with the records of one arm")
    compare.add_argument("baseline", type=Path, metavar="BASELINE", help="likewise: what is subtracted")
    compare.add_argument(
        "--field",
        default="average_accuracy",
        help="the number that is compared: average_accuracy (default), forgetting, seconds, accuracy[2], ...",
    )
    compare.add_argument("--level", type=_level, default=0.95, help="of the confidence interval (default: 0.95)")
    compare.add_argument(
        "--plot", type=_path(FIGURES), metavar="FILE", help=f"also draw it to this file: {', '.join(FIGURES)}"
    )
    _add_out(compare, "also write the pairs")


def add_study(commands: Any) -> None:
    """Add ``study`` to the command line's commands."""
    study = commands.add_parser("study", help="say which records of a study are there, and what came out")
    study.add_argument("study", metavar="STUDY", help="its file, or the name of one of the project's: quick/digits-n5")


def _add_out(command: argparse.ArgumentParser, what: str = "write the table") -> None:
    command.add_argument("--out", type=_path(TABLES), metavar="FILE", help=f"{what} to this file: {', '.join(TABLES)}")


def _level(text: str) -> float:
    """A level of confidence; argparse reports the error."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"level = {text!r}: must be a number between 0 and 1, such as 0.95")
    return value


def _path(endings: Collection[str]) -> Callable[[str], Path]:
    """The path of a file to be written, by whose ending its format goes; argparse reports the error."""

    def path(text: str) -> Path:
        if Path(text).suffix not in endings:
            raise argparse.ArgumentTypeError(f"file = {shown(text)}: its name must end in {' or '.join(endings)}")
        return Path(text)

    return path


def report(options: argparse.Namespace) -> None:
    """Print or write the table of ``options.places``."""
    if options.out:
        refuse_unwritable(options.out)
    from mnemonics_lib.edition.records.columns import aligned, write_table
    from mnemonics_lib.edition.records.measures import FORMS, OF_PHASE, OF_RUN
    from mnemonics_lib.edition.records.tables import read_places, table

    found = table(read_places(options.places), options.by, options.all_fields)
    if options.out:
        write_table(options.out, found)
        print(f"table: {options.out}, {len(found)} rows")
    else:
        units = OF_RUN if options.by == "run" else OF_PHASE
        print(aligned(found, {name: FORMS[unit] for name, unit in units.items() if unit in FORMS}))


def compare(options: argparse.Namespace) -> None:
    """Print the comparison of ``options.arm`` with ``options.baseline``, and write and draw it where asked."""
    for path in filter(None, (options.out, options.plot)):
        refuse_unwritable(path)
    from mnemonics_lib.edition.paired import compare as comparing
    from mnemonics_lib.edition.paired.pair_text import pair_text
    from mnemonics_lib.edition.records.arms import arm_of, read_files, record_paths
    from mnemonics_lib.edition.records.columns import write_table
    from mnemonics_lib.edition.records.measures import unit

    unit(options.field)  # a name that there is not is refused before all records are read
    arm, baseline = (arm_of(read_files(record_paths(place))) for place in (options.arm, options.baseline))
    comparison = comparing.compare(arm, baseline, options.field, options.level)
    for sentence in comparison.sources:
        print(f"warning: {sentence}", file=sys.stderr)
    names = _names(options.arm, options.baseline)
    print(pair_text(comparison, *names))
    if options.out:
        write_table(options.out, comparison.rows)
    if options.plot:
        from mnemonics_lib.edition.figures import style
        from mnemonics_lib.edition.paired.pair_figure import pair_figure, title, write_figure

        style()
        write_figure(options.plot, pair_figure(comparison, *names), title(comparison, *names))


def study(options: argparse.Namespace) -> None:
    """Print how the studies of ``options.study`` stand, and their comparisons."""
    from mnemonics_lib.edition.studies.outcome import text
    from mnemonics_lib.edition.studies.plan import check_present, plan
    from mnemonics_lib.edition.studies.study import study_files

    plans = [plan(path) for path in study_files(options.study)]
    check_present(plans)
    print("\n\n".join(map(text, plans)))


def _names(arm: Path, baseline: Path) -> tuple[str, str]:
    """What two arms are called: their folders, or their paths as given where the folders are called the same."""
    names = arm.resolve().name, baseline.resolve().name
    return names if names[0] != names[1] else (str(arm), str(baseline))
