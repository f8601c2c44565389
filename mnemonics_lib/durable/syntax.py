"""The text of a module as it counts: by its syntax tree, without comments, formatting and docstrings."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A module as it counts.

    Attributes:
        digest: SHA-256 (hex) of its normalised source.
        imports: names that it imports, absolute; of ``from a import b`` both ``a`` and ``a.b``.
        code: whether it has statements besides imports, docstrings, and names such as ``__all__`` or ``__version__``.
    """

    digest: str
    imports: frozenset[str]
    code: bool


def read_source(text: str | bytes, package: str) -> Source:
    """Read a module's text as it counts.

    Args:
        text: Python source.
        package: the package the module lies in, from which relative imports start; "" for none.

    Raises:
        SyntaxError: for a text that is not Python.
    """
    tree = ast.parse(text)
    digest = hashlib.sha256(normalised(tree).encode()).hexdigest()
    return Source(digest, frozenset(imported(tree, package)), any(_does(statement) for statement in tree.body))


def normalised(node: object) -> str:
    """A syntax tree as text: equal for two sources that differ in comments, formatting or docstrings alone.

    Every string that stands as a statement goes, since the library documents attributes by such strings too, and so
    does ``pass``. Fields that are empty are not written: which of them there are depends on the version of Python.

    Args:
        node: a node, a list of nodes, or a value in one.
    """
    if isinstance(node, list):
        return f"[{', '.join(normalised(item) for item in node if not _silent(item))}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = []
    for name, value in ast.iter_fields(node):
        # The context repeats where a name stands; the kind is the u of a string, which means nothing.
        if value is None or name in ("ctx", "kind", "type_comment"):
            continue
        text = normalised(value)
        if text != "[]":
            fields.append(f"{name}={text}")
    return f"{type(node).__name__}({', '.join(fields)})"


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Names that a piece of source imports, also inside functions, but not for the type checker alone.

    Args:
        tree: a module or a part of one.
        package: the package it lies in; "" for none.
    """
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            try:
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            except ImportError:  # relative, in a file that is run as a script: Python cannot import it either
                continue
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and _type_checking(node):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def enclosing(name: str) -> list[str]:
    """The packages that a module lies in, whose ``__init__`` Python runs before it: a and a.b for a.b.c."""
    return [name[:position] for position, letter in enumerate(name) if letter == "."]


def sha256(value: object) -> str:
    """SHA-256 (hex) of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _silent(node: object) -> bool:
    """Whether a statement does nothing: a string that stands for itself, or ``pass``."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return text or isinstance(node, ast.Pass)


def _does(statement: ast.stmt) -> bool:
    """Whether a statement of an ``__init__`` is more than an import, a docstring or a ``__name__`` of the module."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return not all(isinstance(target, ast.Name) and target.id.startswith("__") for target in targets)
    imports = isinstance(statement, ast.Import | ast.ImportFrom)
    return not (imports or _silent(statement) or (isinstance(statement, ast.If) and _type_checking(statement)))


def _type_checking(node: ast.If) -> bool:
    """Whether a condition is ``TYPE_CHECKING``, by either of its usual names."""
    return ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
