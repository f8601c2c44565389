"""Check and run one notebook: ``python -m mnemonics_lib.edition.notebooks check | execute``."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mnemonics_lib.errors import ReportedError

try:
    from mnemonics_lib.edition.notebooks.check import check_all
    from mnemonics_lib.edition.notebooks.execute import execute
except ModuleNotFoundError as missing:  # notebooks need packages that the library alone does not
    if __name__ == "__main__":
        sys.exit(str(missing))
    raise


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 for a run that failed, 2 for parameters that are refused."""
    parser = argparse.ArgumentParser(
        prog="python -m mnemonics_lib.edition.notebooks", description=(__doc__ or "").split("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check parameter files against notebooks; run nothing")
    checking.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    checking.add_argument("--params", nargs="+", type=Path, required=True, metavar="FILE")
    running = commands.add_parser("execute", help="run one notebook")
    running.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    given = running.add_mutually_exclusive_group()
    given.add_argument("--params", type=Path, metavar="FILE", help="leave out for a notebook without parameters")
    given.add_argument("--study", metavar="STUDY", help="take parameters, and finished work, from this study")
    running.add_argument("--output", type=Path, required=True, metavar="OUT")
    running.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change parameters of the file"
    )
    options = parser.parse_args(arguments)
    if options.command == "execute" and options.study and options.set:
        parser.error("--set: has no place beside --study, which says all parameters")

    # Everything but the few lines above goes to standard error, which a batch run sends to a file.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if options.command == "check":
            check_all(options.notebooks, options.params)
            return 0
        start = time.monotonic()
        if options.study:
            from mnemonics_lib.edition.notebooks.again import execute_again  # here, because checking must stay quick

            failed = execute_again(options.notebook, options.study, options.output)
        else:
            failed = execute(options.notebook, options.params, options.output, options.set)
        if failed:
            return 1
        logging.info("%s in %.1f s", options.output, time.monotonic() - start)
        return 0
    except ReportedError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
