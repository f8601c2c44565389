"""The book's own extensions of Sphinx, which are files in no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[1] / "book" / "_ext"


def extension(name: str) -> ModuleType:
    """One of them, by its name."""
    return load(FOLDER / f"{name}.py")


def load(path: Path) -> ModuleType:
    """Import a file that is in no package; it is made anew at each call."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where its dataclasses look for their types
    spec.loader.exec_module(module)
    return module
