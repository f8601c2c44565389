"""What a user's own method consists of beyond the library: its class, its base classes, its helpers and its constants.

A method may be written in files or typed in a notebook, and what decides its numbers may stand outside its class: a
weight beside it, a helper in another file, a variable of the function that makes the class. Two sources are joined:

- the text of each file of the user's that takes part, whole, and of each function that was typed;
- the live objects, from the class on: base classes, class attributes, default arguments, closures, and the global names
  that each function reads. So a number that a notebook sets on a module that it imported counts as well.

What neither of them describes gets an identity that equals no other: such a run is made again, rather than taken for
one that it may not be.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from mnemonics_lib.durable.functions import attribute_names, code_key, global_names, typed_text
from mnemonics_lib.durable.own_files import Origin, file_of, origin, read_own
from mnemonics_lib.durable.syntax import enclosing, imported, normalised, sha256
from mnemonics_lib.durable.values import Description, describe_plain, value_parts

UNKNOWN: Description = "unknown"

NO_MEMBERS = {
    *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__firstlineno__", "__static_attributes__"),
    *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
    *("__abstractmethods__", "_abc_impl"),
}
"""What Python adds to a class by itself."""


@dataclass(frozen=True)
class MethodSource:
    """What a method's class consists of.

    Attributes:
        digest: SHA-256 (hex) of all of it that is the user's own.
        library: modules of the library that it uses.
        unknown: what could not be described, each with its place and the reason; then no two digests are equal.
    """

    digest: str
    library: tuple[str, ...]
    unknown: tuple[str, ...]


def describe_method(cls: type) -> MethodSource:
    """Describe a method's class as it is now.

    Ask before a run starts, and keep the answer: a method may change what it consists of.

    Args:
        cls: a class of the library or of the user's own, from a file or typed.
    """
    walk = _Walk(cls.__module__.partition(".")[0])
    described: list[Any] = [walk.describe(cls, cls.__qualname__), walk.files]
    if walk.unknown:
        described.append(str(uuid.uuid4()))
    return MethodSource(sha256(described), tuple(sorted(walk.library)), tuple(walk.unknown))


class _Walk:
    """Goes from a class to all that it refers to.

    Args:
        home: the top-level package of the class, which is the user's even where it is installed.

    Attributes:
        files: digests of the user's files by the names of their modules.
        library: modules of this library that are referred to.
        unknown: what could not be described, and why.
    """

    def __init__(self, home: str) -> None:
        self.home = home
        self.files: dict[str, str] = {}
        self.library: set[str] = set()
        self.unknown: list[str] = []
        self._met: dict[int, tuple[int, object]] = {}  # with the objects, so that no id is given twice

    def describe(self, value: object, where: str, told: bool = False) -> Description:
        """A value as text.

        Args:
            value: anything.
            where: how a person would find it.
            told: whether the text of a file, which counts anyway, says how the value is made: then it may be unknown.
        """
        plain = describe_plain(value)
        if plain is not None:
            return plain
        if isinstance(value, ModuleType):
            return self._module(value, where, (), told)
        # Only what has an identity can refer to itself. Whether equal tuples are one object is up to Python.
        if isinstance(value, dict | list | type | FunctionType):
            if id(value) in self._met:
                return ["met", str(self._met[id(value)][0])]
            self._met[id(value)] = len(self._met), value
        if isinstance(value, type):
            return self._class(value, where)
        if isinstance(value, FunctionType):
            return self._function(value, where)
        parts = value_parts(value)
        if parts is None:
            if not told:
                self.unknown.append(
                    f"{where}: a {type(value).__module__}.{type(value).__qualname__} cannot be described"
                )
            return UNKNOWN
        described = [self.describe(part, where, told) for part in parts]
        return [type(value).__qualname__, *described]

    def _class(self, cls: type, where: str) -> Description:
        """Its bases and what stands in it; of one that the user did not write the name says all."""
        name = f"{cls.__module__}.{cls.__qualname__}"
        kind = self._origin(cls.__module__)
        if kind in (Origin.LIBRARY, Origin.INSTALLED) and _is_where_it_says(cls):
            return ["class", name]
        told = kind is not Origin.NOWHERE
        bases = [self.describe(base, f"{where}: {base.__qualname__}", told) for base in (*cls.__bases__, type(cls))]
        members = {key: member for key, member in sorted(vars(cls).items()) if key not in NO_MEMBERS}
        return ["class", name, bases, *([key, self.describe(m, f"{where}.{key}", told)] for key, m in members.items())]

    def _function(self, function: FunctionType, where: str) -> Description:
        """Its text, or the file it is in, and what it reads from elsewhere."""
        module = function.__globals__.get("__name__", "")  # a wrapper bears the module's name of what it wraps
        kind = self._origin(module)
        code = function.__code__
        given = kind in (Origin.LIBRARY, Origin.INSTALLED)
        in_file = kind is Origin.FILE and Path(code.co_filename).resolve() == file_of(module)
        generated = kind is Origin.FILE and code.co_filename == "<string>"  # as by dataclass, which the file asked for
        told = given or in_file or generated
        # A function inside another one gets its variables from wherever that was called. One that is not the user's,
        # as a decorator makes it, is looked at for the user's function that it may hold.
        closure = [
            [name, self.describe(cell.cell_contents, f"{where}: {name}", told=given)]
            for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)
            if cell != CellType()  # one that is empty still: its variable was not assigned yet
        ]
        described = ["function", module, function.__qualname__, closure, self.describe(vars(function), where, told)]
        if given:
            return described
        text = self._filed(module, code, where) if in_file else self._typed(function, where, generated)
        defaults = self.describe((function.__defaults__, function.__kwdefaults__), f"{where}: defaults", told)
        return [*described, text, defaults, self._globals(function, told)]

    def _filed(self, module: str, code: CodeType, where: str) -> Description:
        """Nothing, for its file counts; but the file must still be the one that was imported."""
        if self.files[module] and (codes := read_own(module).codes) is not None and code_key(code) not in codes:
            self.unknown.append(f"{where}: {file_of(module)} was changed after it was imported; start Python again")
        return "in its file"

    def _typed(self, function: FunctionType, where: str, generated: bool) -> Description:
        """The text that was typed, and what it imports."""
        trees = typed_text(function.__code__)
        if not trees and not generated:
            self.unknown.append(f"{where}: no text is kept of it; write it in a file")
        for tree in trees:
            for name in imported(tree, function.__globals__.get("__package__") or ""):
                self._count(name)
        return [normalised(tree) for tree in trees] or UNKNOWN

    def _globals(self, function: FunctionType, told: bool) -> Description:
        """The global names that a function reads, with their present values."""
        used = attribute_names(function.__code__)
        described: list[Description] = []
        for name in sorted(global_names(function.__code__) & function.__globals__.keys()):
            value = function.__globals__[name]
            module = isinstance(value, ModuleType)
            described.append(
                [name, self._module(value, name, used, told) if module else self.describe(value, name, told)]
            )
        return described

    def _module(self, module: ModuleType, where: str, used: Collection[str], told: bool) -> Description:
        """A module that something refers to, and of its names those in ``used``, which may be read from it."""
        kind = self._origin(module.__name__)
        described: list[Description] = ["module", module.__name__]
        if kind is Origin.INSTALLED:
            return described
        for name in sorted(vars(module).keys() & set(used)):
            value = vars(module)[name]
            if isinstance(value, ModuleType):
                if value.__name__.startswith(f"{module.__name__}."):
                    described.append(self._module(value, f"{where}.{name}", used, told))
            elif kind is not Origin.LIBRARY:
                described.append([name, self.describe(value, f"{where}.{name}", told or kind is Origin.FILE)])
        return described

    def _origin(self, module: str) -> Origin:
        """Where a module comes from; it counts from now on."""
        self._count(module)
        return origin(module, self.home)

    def _count(self, name: str) -> None:
        """Count a module, and all that it imports; a name that is no module is passed over."""
        waiting = [name]
        while waiting:
            name = waiting.pop()
            if name in self.files:
                continue
            kind = origin(name, self.home)
            if kind is Origin.LIBRARY and file_of(name):
                self.library.add(name)
            elif kind is Origin.FILE:
                try:
                    source = read_own(name).source
                except (OSError, SyntaxError) as error:
                    self.unknown.append(f"{name}: its file cannot be read: {error}")
                    self.files[name] = ""
                    continue
                self.files[name] = source.digest
                waiting.extend([*source.imports, *enclosing(name)])


def _is_where_it_says(cls: type) -> bool:
    """Whether a class is found under its name: one made by ``exec`` may bear the name of a module that it is not in."""
    found: Any = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is cls
