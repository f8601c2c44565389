"""``python -m mnemonics_lib.edition.studies.copy_record FROM TO``: a run of two studies is made once."""

import sys
from functools import partial
from pathlib import Path
from typing import IO

from mnemonics_lib.durable.files import write_atomically


def copy_record(found: Path, wanted: Path) -> None:
    """Copy a record, and what is kept beside it, whole or not at all."""
    for suffix in (".safetensors", ".json"):  # the record last: where it is, all is there
        source = found.with_suffix(suffix)
        if source.exists():
            write_atomically(wanted.with_suffix(suffix), partial(_write, source.read_bytes()))


def _write(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


if __name__ == "__main__":
    copy_record(*map(Path, sys.argv[1:]))
