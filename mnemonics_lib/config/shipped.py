"""The project's parameter files by name, because whoever installed a wheel has no ``params/`` to point at."""

from __future__ import annotations

from pathlib import Path

from mnemonics_lib.config.errors import ConfigError
from mnemonics_lib.paths import PARAMS, visible


def parameter_file(given: str | Path, shipped: Path = PARAMS) -> Path:
    """The parameter file that a path, or a name such as ``quick/digits-n5``, stands for.

    A file that is there is taken as it is. A name has no suffix, so that a path with a mistake in it is never taken
    for a file of the project that has the same end.

    Args:
        given: the path or the name.
        shipped: the folder of the project's files.

    Raises:
        ConfigError: where there is neither such a file nor such a name; it lists the names.
    """
    path = Path(given)
    if path.exists() and not path.is_dir():  # a shell's <(...) is no regular file
        return path
    named = {file.relative_to(shipped).with_suffix("").as_posix(): file for file in visible(shipped, "*/*.yaml")}
    if path.as_posix() in named:
        return named[path.as_posix()]
    what = "is a folder" if path.is_dir() else "no such file"
    raise ConfigError(f"{path}: {what}, seen from {Path.cwd()}; by name there are {', '.join(named) or 'none'}")
