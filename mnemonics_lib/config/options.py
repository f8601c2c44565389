"""The command line's words that change a run, the same for each command that takes a parameter file."""

from __future__ import annotations

import argparse
from pathlib import Path

from mnemonics_lib.config.presets import PRESETS
from mnemonics_lib.config.reading import load_config
from mnemonics_lib.config.recipes import RECIPES
from mnemonics_lib.config.run import RunConfig
from mnemonics_lib.config.shipped import parameter_file


def add_changes(command: argparse.ArgumentParser) -> None:
    """Add ``--preset``, ``--recipe`` and ``--set``."""
    command.add_argument("--preset", choices=PRESETS, metavar="NAME", help=f"a table's row: {', '.join(PRESETS)}")
    command.add_argument(
        "--recipe", choices=RECIPES, help="how exemplars are trained: the paper's numbers, or those of our search"
    )
    command.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override fields")


def changed(file: Path, options: argparse.Namespace) -> RunConfig:
    """The run of a parameter file, or of the name of one, with these words applied.

    Raises:
        ConfigError: as :func:`mnemonics_lib.config.reading.load_config`.
    """
    return load_config(parameter_file(file), options.set, options.preset, options.recipe)
