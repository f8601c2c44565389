"""What a compiled function tells of itself: what it does, which names it reads, and the text it was typed as."""

from __future__ import annotations

import ast
import dis
import linecache
from collections.abc import Iterator
from types import CodeType
from typing import Any

READS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
"""Instructions that read a global name, in the versions of Python up to 3.14."""


def code_key(code: CodeType) -> tuple:
    """What a function's code does, whichever lines it stands on: equal for equal functions of one version of Python."""
    constants = tuple(code_key(value) if isinstance(value, CodeType) else _constant(value) for value in code.co_consts)
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_name, code.co_code, constants, *names


def code_keys(text: bytes) -> frozenset[tuple]:
    """The keys of all functions that a module's text compiles to, as :func:`code_key` gives them."""
    return frozenset(map(code_key, _nested(compile(text, "", "exec", dont_inherit=True))))


def global_names(code: CodeType) -> set[str]:
    """Names that a function, or a function in it, reads from its module; some may be names of Python itself."""
    return {str(step.argval) for part in _nested(code) for step in dis.get_instructions(part) if step.opname in READS}


def attribute_names(code: CodeType) -> set[str]:
    """All names that a function, or a function in it, uses; those of the attributes that it reads are among them."""
    return {name for part in _nested(code) for name in part.co_names}


def typed_text(code: CodeType) -> list[ast.AST]:
    """The syntax trees of a function that was typed in a notebook or at a prompt; empty where no text was kept.

    IPython, and Python's own prompt from 3.13 on, keep what was typed in :mod:`linecache`. Of several lambdas on one
    line all are given, since nothing tells which is meant.
    """
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        return []
    return [node for node in ast.walk(tree) if _begins(node, code)]


def _begins(node: ast.AST, code: CodeType) -> bool:
    """Whether a piece of source is the function that code was compiled from, by its name and its first line."""
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return node.name == code.co_name and code.co_firstlineno == min(
        part.lineno for part in (node, *node.decorator_list)
    )


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _nested(value)


def _constant(value: Any) -> str:
    """A constant of compiled code as text; the order in which a set shows its items says nothing."""
    return ascii(sorted(map(ascii, value))) if isinstance(value, frozenset) else ascii(value)
