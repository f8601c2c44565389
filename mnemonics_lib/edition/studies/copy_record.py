"""``python -m mnemonics_lib.edition.studies.copy_record FROM TO``: a run of two studies is made once."""

import sys
from pathlib import Path

from mnemonics_lib.durable.files import write_atomically


def copy_record(found: Path, wanted: Path) -> None:
    """Copy a record, and what is kept beside it, whole or not at all."""
    for suffix in (".safetensors", ".json"):  # the record last: where it is, all is there
        source = found.with_suffix(suffix)
        if source.exists():
            content = source.read_bytes()
            write_atomically(wanted.with_suffix(suffix), lambda file, content=content: file.write(content))


if __name__ == "__main__":
    copy_record(*map(Path, sys.argv[1:]))
