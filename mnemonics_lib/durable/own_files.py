"""A user's own modules: which they are, and their text as it was when they were imported."""

from __future__ import annotations

import enum
import hashlib
import importlib.util
import sys
import warnings
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from mnemonics_lib.durable.functions import code_keys
from mnemonics_lib.durable.source import PACKAGE
from mnemonics_lib.durable.syntax import Source, read_source


class Origin(enum.Enum):
    """Where a module comes from."""

    LIBRARY = "this library"
    INSTALLED = "Python or an installed package: the environment names its version"
    FILE = "a file of the user's"
    NOWHERE = "no file: typed, or not there"


class OwnModule(NamedTuple):
    """A user's file.

    Attributes:
        source: as it counts.
        codes: what its functions compile to, as :func:`~mnemonics_lib.durable.functions.code_keys` has it; None where
            another loader than Python's own may compile them otherwise (pytest's rewrites assertions).
    """

    source: Source
    codes: frozenset[tuple] | None


_read: dict[str, tuple[ModuleType, ModuleSpec | None, OwnModule]] = {}


def origin(name: str, home: str = "") -> Origin:
    """Where a module comes from.

    Args:
        name: of the module, absolute; it need not be imported yet.
        home: a top-level name that is the user's even where it is installed, as the package of the method is.
    """
    top = name.partition(".")[0]
    if top == PACKAGE.name:
        return Origin.LIBRARY
    if top in sys.stdlib_module_names:
        return Origin.INSTALLED
    places = _places(top)
    if top != home and places and all({"site-packages", "dist-packages"} & set(path.parts) for path in places):
        return Origin.INSTALLED
    return Origin.FILE if file_of(name) else Origin.NOWHERE


def file_of(name: str) -> Path | None:
    """The file of a module, imported or not; None for one without, and for a name that is no module."""
    if name in sys.modules:
        file = getattr(sys.modules[name], "__file__", None)
    else:
        spec = _spec(name)
        file = spec.origin if spec and spec.has_location else None
    return Path(file).resolve() if file else None


def read_own(name: str) -> OwnModule:
    """A user's file as it was when this was first asked after its module was imported or reloaded.

    What is edited later does not count, since the process goes on with what it imported.

    Args:
        name: of a module whose :func:`origin` is ``FILE``.

    Raises:
        OSError: for a file that is gone.
        SyntaxError: for one that is no longer Python.
    """
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    if name in _read and _read[name][0] is module and _read[name][1] is spec:  # importlib.reload makes another spec
        return _read[name][2]
    path, found = file_of(name), spec or _spec(name)
    assert path is not None  # said by its origin
    content = path.read_bytes()
    if path.suffix != ".py":  # an extension that the user compiled
        return OwnModule(Source(hashlib.sha256(content).hexdigest(), frozenset(), True), None)
    package = getattr(module, "__package__", None) or (found.parent if found else None) or ""
    plain = type(getattr(module, "__loader__", None)) is SourceFileLoader
    with warnings.catch_warnings(action="ignore"):  # Python told of them when it imported the file
        own = OwnModule(read_source(content, package), code_keys(content) if plain else None)
    if module is not None:
        _read[name] = module, spec, own
    return own


def _spec(name: str) -> ModuleSpec | None:
    """What Python would import under a name; None for a name that is no module."""
    try:
        return importlib.util.find_spec(name)
    except Exception:  # Python imports the packages above it first, which may raise anything
        return None


def _places(top: str) -> list[Path]:
    """The file of a top-level module, or the folders of a package without one."""
    file = file_of(top)
    if file:
        return [file]
    spec = getattr(sys.modules.get(top), "__spec__", None) or (None if top in sys.modules else _spec(top))
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
