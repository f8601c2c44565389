"""The kernel that notebooks name, and what it needs of the process that starts it."""

from __future__ import annotations

import os

from mnemonics_lib.paths import PACKAGE

KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
"""The kernel specification of every notebook here, and the book's."""


def environment_for_kernels() -> None:
    """Let kernels import this very library, installed or not: they start in another folder. And keep them quiet.

    Python warns of a line of ``higher`` when it compiles it, once per environment: nothing for a reader of the book.
    """
    folders = [str(PACKAGE.parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
    os.environ.setdefault("PYTHONWARNINGS", "ignore::SyntaxWarning")
