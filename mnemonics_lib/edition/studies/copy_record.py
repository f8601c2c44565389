"""``python -m mnemonics_lib.edition.studies.copy_record FROM TO ...``: what two studies have is made once."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import IO

from mnemonics_lib.durable.files import write_atomically


def copy(found: Path, wanted: Path) -> None:
    """Copy a file, whole or not at all."""
    write_atomically(wanted, partial(_write, found.read_bytes()))


def _write(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


if __name__ == "__main__":
    given = list(map(Path, sys.argv[1:]))
    for pair in zip(given[::2], given[1::2], strict=True):
        copy(*pair)
