"""Work that several runs have in common, done once: Theta_0 and, where exemplars are trained, E_0.

Phase 0 depends on neither N nor the method (beyond the head, and the images that BiC holds out). It is kept under a
name derived from all that it does depend on, the library's source included.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.journal import Content
from mnemonics_lib.durable.records import source_digest


class SharedError(ValueError):
    """A shared file that cannot be read. The message names it."""


@dataclass(frozen=True)
class Shared:
    """A directory of finished work.

    Attributes:
        directory: where it is kept; None shares nothing.
        device: what it is loaded to. Kinds of device do not share: their arithmetic differs.
    """

    directory: Path | None
    device: torch.device

    def get(
        self, kind: str, key: Mapping[str, Any], make: Callable[[], Content], before: float = 0.0
    ) -> tuple[Content, float]:
        """The content for a key, made now unless it is there already.

        Several processes may ask at once: the first makes it, the others wait for it.

        Args:
            kind: what it is, for the file's name.
            key: all that the content depends on, as JSON values.
            make: makes the content, or goes on making it.
            before: seconds that earlier sessions of this run spent on making it.

        Returns:
            The content, and the seconds that making it took, whoever did it (not those of waiting for them).

        Raises:
            SharedError: for a damaged file.
        """
        if self.directory is None:
            return _timed(make, before)
        everything = {**key, "device": self.device.type, "source": source_digest()}
        name = hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()[:20]
        path = self.directory / f"{kind}-{name}.pt"
        self.directory.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if path.exists():
                return self._read(path)
            content, seconds = _timed(make, before)
            write_atomically(path, lambda file: torch.save({**content, "seconds": seconds}, file))
        return content, seconds

    def _read(self, path: Path) -> tuple[Content, float]:
        try:
            content = torch.load(path, map_location=self.device, weights_only=True)
            return content, content["seconds"]
        except Exception as error:  # torch.load raises nearly anything for a file that is not its own
            raise SharedError(f"{path}: cannot be read; delete it to make it again ({error})") from error


def _timed(make: Callable[[], Content], before: float) -> tuple[Content, float]:
    started = time.perf_counter()
    content = make()
    return content, before + time.perf_counter() - started
