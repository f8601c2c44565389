"""That a run has diverged is kept beside its checkpoint: it would again, so the next call need not find out anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnemonics_lib.divergence import DivergedError
from mnemonics_lib.durable.files import write_atomically


def remember(path: Path, key: Mapping[str, Any], message: str) -> None:
    """Write down how a run ended.

    Args:
        path: the file.
        key: what the run was, and the environment it was made in; JSON values.
        message: what there is to say of it.
    """
    text = json.dumps({"key": dict(key), "message": message}, indent=1) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def refuse_again(path: Path, key: Mapping[str, Any]) -> None:
    """Stop where the same run has diverged before; a file of another run, or none that can be read, says nothing.

    Raises:
        DivergedError: with the message of then, and how to try again all the same.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        same, message = found["key"] == dict(key), str(found["message"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    if same:
        raise DivergedError(f"{message} (found by an earlier call; to try again, delete {path})")
