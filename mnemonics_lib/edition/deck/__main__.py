"""``python -m mnemonics_lib.edition.deck NOTEBOOK ... --out FOLDER``: slides and a notebook of the lecture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mnemonics_lib.edition.deck.make import IN_THE_PROJECT, write_deck
from mnemonics_lib.errors import ReportedError


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, or 2 where plan, notebooks and packages do not agree."""
    parser = argparse.ArgumentParser(prog="python -m mnemonics_lib.edition.deck", description="Make the lecture.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="executed chapters")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--book", default=IN_THE_PROJECT, help="the built book, as seen from FOLDER")
    options = parser.parse_args(arguments)
    try:
        for path in write_deck(options.notebooks, options.out, options.book):
            print(path)
    except ReportedError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
