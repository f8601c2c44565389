"""Which source a run's numbers come from, as one digest that comments, formatting and docstrings do not change.

A finished run is taken as finished only while the source that made it is still the present one. If every byte of the
library counted, a new data set or a word in a docstring would make each record an old one. Two steps avoid that: a
module counts by its syntax tree, and of all modules only those count that a run imports and that decide a number.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mnemonics_lib.durable.syntax import Source, enclosing, read_source, sha256

PACKAGE = Path(__file__).parents[1]

ROOTS = ("mnemonics_lib.global_bop", "mnemonics_lib.data.split")
"""Modules that every run uses. The split is one, because it is reached through ``data.dataset``, which is left out."""


class Excluded(NamedTuple):
    """A module that does not count.

    Attributes:
        module: its name, with all that lies below; ``package.__init__`` for a package's own file alone.
        reason: why it decides no number of a run.
        follow: whether the modules that it imports may count all the same.
    """

    module: str
    reason: str
    follow: bool = False


EXCLUDED = (
    Excluded("mnemonics_lib.durable", "keeps what a run has made; it resumes a run to the same bits"),
    Excluded("mnemonics_lib.kept", "looks at what a run does, and changes none of it"),
    Excluded("mnemonics_lib.device", "repeats on the device the steps that it is given"),
    Excluded("mnemonics_lib.edition", "shows finished runs"),
    Excluded("mnemonics_lib.bench", "measures time and memory"),
    Excluded("mnemonics_lib.__main__", "reads the command line; what it says is in the configuration"),
    Excluded("mnemonics_lib.runs", "keeps a run's files; a user's script that defines a method may import it"),
    Excluded("mnemonics_lib.paths", "says where files lie"),
    Excluded(
        "mnemonics_lib.config", "what it resolves to is the configuration, which is identified itself", follow=True
    ),
    Excluded("mnemonics_lib.bilevel.guard", "refuses a run before it starts, and changes none"),
    Excluded("mnemonics_lib.bilevel.twice", "refuses a network that no run has"),
    Excluded("mnemonics_lib.exemplars.any_model", "trains exemplars outside of runs"),
    Excluded("mnemonics_lib.exemplars.any_input", "refuses what is given to that, and changes nothing"),
    Excluded("mnemonics_lib.exemplars.files", "writes the exemplars of finished runs, and reads them back"),
    Excluded("mnemonics_lib.exemplars.file_format", "says how they are written"),
    Excluded("mnemonics_lib.exemplars.margins", "measures the exemplars of runs, and changes none"),
    Excluded("mnemonics_lib.methods.__init__", "names the methods; the class that is used is a root by itself"),
    Excluded("mnemonics_lib.data.dataset", "what it loads is in the digest of the data"),
    Excluded("mnemonics_lib.data.info", "what it says of a data set is in the configuration or the digest of the data"),
    Excluded("mnemonics_lib.data.facts", "refuses data that are not as declared, and changes none"),
    Excluded("mnemonics_lib.data.checks", "refuses tensors that are no data, and changes none"),
    Excluded("mnemonics_lib.data.orders", "refuses class orders, and changes none"),
    Excluded("mnemonics_lib.data.wording", "words what is refused"),
    Excluded("mnemonics_lib.data.errors", "names what is refused"),
    Excluded("mnemonics_lib.data.digits", "what it loads is in the digest of the data"),
    *(
        Excluded(f"mnemonics_lib.data.{module}", "what it loads is in the digest of the data")
        for module in ("cifar100", "folder", "held_out", "imagenet", "loaded", "pictures", "tiny_imagenet", "tree")
    ),
    Excluded("mnemonics_lib.data.declared", "what is declared of pictures is in the configuration"),
    Excluded("mnemonics_lib.inspection", "looks at data and times steps before there is a run"),
    Excluded("mnemonics_lib.trial", "refuses a network that no run has"),
)
"""What is left out of a run's source. `higher` and torch are not here: their versions are in the environment."""


def modules_used(roots: Iterable[str], package: Path = PACKAGE, excluded: tuple[Excluded, ...] = EXCLUDED) -> list[str]:
    """Modules of the library that count for a run, sorted; a package's own file is ``package.__init__``.

    These are the roots and all that they import, directly or not. Of the ``__init__`` files on the way those count
    that do more than import.

    Args:
        roots: names of modules to start from.
        package: the folder of the package.
        excluded: what is left out.

    Raises:
        ValueError: for a root that is no module of the package.
    """
    modules, used = _modules(package), set[str]()
    waiting = sorted(roots)
    for root in waiting:
        if not {root, f"{root}.__init__"} & modules.keys():
            raise ValueError(f"root = {root!r}: must be a module of {package.name}")
    left_out = {name: entry for name in modules for entry in excluded if f"{name}.".startswith(f"{entry.module}.")}
    while waiting:
        name = waiting.pop()
        file = name if name in modules else f"{name}.__init__"
        if file not in modules or file in used:  # a name inside a module, or another package
            continue
        used.add(file)
        if file not in left_out or left_out[file].follow:
            waiting.extend(modules[file].imports)
        waiting.extend(enclosing(name))
    return sorted(name for name in used - left_out.keys() if modules[name].code or not name.endswith(".__init__"))


def library_source(roots: Iterable[str], package: Path = PACKAGE, excluded: tuple[Excluded, ...] = EXCLUDED) -> str:
    """SHA-256 (hex) of the normalised source of :func:`modules_used`, which has the same arguments and errors.

    The library's files are read once, at the first call, so that what is edited while a process goes on with what it
    has imported does not count for it.
    """
    return _library_source(frozenset(roots), package, excluded)


@functools.cache
def _library_source(roots: frozenset[str], package: Path, excluded: tuple[Excluded, ...]) -> str:
    modules = _modules(package)
    return sha256({name: modules[name].digest for name in modules_used(roots, package, excluded)})


@functools.cache
def _modules(package: Path) -> dict[str, Source]:
    """All modules of a package by name; a package's own file is ``package.__init__``."""
    modules = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts)] = read_source(path.read_bytes(), ".".join(parts[:-1]))
    return modules
