"""The commit of the library, without what a run needs: asking for it loads no PyTorch."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path
from typing import TypedDict

from mnemonics_lib.durable.source import PACKAGE
from mnemonics_lib.paths import checkout

SHORT = 10
"""Hexadecimal digits of a commit that people are shown."""


class CodeVersion(TypedDict):
    """The commit of the library's files and whether they differ from it; None for both where no repository has them."""

    commit: str | None
    dirty: bool | None


@functools.cache
def code_version(package: Path = PACKAGE) -> CodeVersion:
    """The commit that the library's files are of, and whether they differ from it.

    A library that is installed in an environment, or copied into another project, may lie inside that project's
    repository, and even be tracked by it. Its commits say nothing of the library: one is named only where the
    repository is that of the project around the library, and has the library's files.

    Args:
        package: the folder of the library.
    """

    def git(*arguments: str) -> str | None:
        try:
            command = ["git", "-C", str(package), *arguments]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None

    ours = checkout(package) is not None and git("rev-parse", "--show-prefix") == f"{package.resolve().name}/"
    if not ours or git("ls-files", "--error-unmatch", "__init__.py") is None:
        return {"commit": None, "dirty": None}
    status = git("status", "--porcelain", "--", ".")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def short_commit(commit: str | None, dirty: bool | None) -> str | None:
    """The first digits of a commit, and ``-dirty`` where the library differed from it; None for an unknown one."""
    return commit and commit[:SHORT] + ("-dirty" if dirty else "")
