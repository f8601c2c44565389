"""What a kernel needs of the process that starts it."""

from __future__ import annotations

import os

from mnemonics_lib.paths import PACKAGE


def library_for_kernels() -> None:
    """Let kernels import this very library, installed or not: they start in another folder."""
    folders = [str(PACKAGE.parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
