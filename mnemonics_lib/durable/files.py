"""Files that are whole or not there."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

ABANDONED = 3600.0
"""Seconds after which an unfinished file is taken for one whose writer is no more."""


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file whole or not at all: into a temporary one beside it, then rename.

    Raises:
        OSError: when the file system refuses, naming the file; what was there before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_unfinished(path, ABANDONED)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_prefix(path), delete=False) as file:
            try:
                write(file)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:  # also of closing it, which writes what is still to be written
        if error.filename is None:  # a full disk says so without a name
            error.filename = str(path)
        raise


def clear_unfinished(path: Path, age: float = 0.0) -> None:
    """Remove what processes that were killed while they wrote ``path`` have left beside it.

    Args:
        path: the file that they meant to write.
        age: seconds since an unfinished file was last written to. 0 only where a lock keeps other writers out.
    """
    for left in path.parent.glob(f"{glob.escape(_prefix(path))}*"):
        try:
            if time.time() - left.stat().st_mtime >= age:
                left.unlink()
        except OSError:  # another process was faster, or may not: it is in nobody's way
            continue


def refuse_unwritable(path: Path) -> None:
    """Find out before the work that a file could not be written after it.

    Args:
        path: of the file; folders on the way to it are made, and nothing else is left.

    Raises:
        OSError: naming what is in the way.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; must be the path of a file, new or to be replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_prefix(path)):
        pass


def _prefix(path: Path) -> str:
    """How the name of an unfinished file begins, so that no file of a user's is taken for one; letters follow."""
    return f".{path.name}.unfinished-"
