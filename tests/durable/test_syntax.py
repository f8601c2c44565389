"""Normalised source: what a person reads does not count, what Python runs does."""

from __future__ import annotations

import ast

import pytest

from mnemonics_lib.durable.syntax import enclosing, imported, read_source

SOURCE = '''
"""A module."""

from __future__ import annotations

import torch

RATE = 0.1
"""How fast."""


class Step:
    """A step."""

    size: int = 3

    def take(self, x, scale=2.0):
        """Take it."""
        # halfway
        return x - RATE * scale * torch.tanh(x)

    def nothing(self):
        """Do nothing."""


async def wait(items: list[int]) -> dict:
    """Wait."""
    return {**{"a": None}, "b": f"{items!r:>10}", "c": items[1:]}
'''

SAYS_THE_SAME = {
    "a word in the module's docstring": ('"""A module."""', '"""The module."""'),
    "no docstring of the module": ('"""A module."""', ""),
    "a word in a class's docstring": ('"""A step."""', '"""One step."""'),
    "a word in a function's docstring": ('"""Take it."""', '"""Take one."""'),
    "no docstring of a function": ('        """Take it."""\n', ""),
    "pass for a docstring that is all there is": ('"""Do nothing."""', "pass"),
    "pass after it": ('"""Do nothing."""', '"""Do nothing."""\n        pass'),
    "a docstring of an async function": ('"""Wait."""', '"""Wait for it."""'),
    "a text below an attribute": ('"""How fast."""', '"""The rate."""'),
    "a comment": ("# halfway", "# all the way"),
    "no comment": ("        # halfway\n", ""),
    "blank lines": ("import torch\n", "import torch\n\n\n"),
    "line breaks": ("x - RATE * scale", "(\n            x\n            - RATE * scale"),
    "quotes": ('"a": None', "'a': None"),
    "spaces": ("scale=2.0", "scale = 2.0"),
    "brackets": ("x - RATE * scale", "x - (RATE * scale)"),
    "a number's spelling": ("0.1", "1e-1"),
}

SAYS_ANOTHER_THING = {
    "a number": ("0.1", "0.2"),
    "a number's kind": ("2.0", "2"),
    "a default": ("scale=2.0", "scale=1.0"),
    "an operator": ("x - RATE", "x + RATE"),
    "a name": ("torch.tanh", "torch.sin"),
    "a key": ('"b"', '"d"'),
    "None": ("None", "False"),
    "a format": ("!r:>10", "!r:>11"),
    "a slice": ("[1:]", "[:1]"),
    "an annotation, which a dataclass may read": ("size: int", "size: float"),
    "a base class": ("class Step:", "class Step(list):"),
    "a decorator": ("    def take", "    @property\n    def take"),
    "a statement that is a number": ('"""Take it."""', "1"),
    "an order": ("x - RATE * scale", "RATE * scale - x"),
    "async": ("async def", "def"),
    "an import": ("import torch\n", "import torch, math\n"),
}


def digest(text: str) -> str:
    return read_source(text, "package").digest


def changed(old: str, new: str) -> str:
    assert SOURCE.count(old) == 1
    text = SOURCE.replace(old, new)
    return text.replace("tanh(x)", "tanh(x)\n        )") if new.startswith("(\n") else text


@pytest.mark.parametrize("change", SAYS_THE_SAME)
def test_what_only_a_person_reads_does_not_count(change):
    text = changed(*SAYS_THE_SAME[change])
    assert text != SOURCE
    assert digest(text) == digest(SOURCE)


@pytest.mark.parametrize("change", SAYS_ANOTHER_THING)
def test_what_python_runs_counts(change):
    assert digest(changed(*SAYS_ANOTHER_THING[change])) != digest(SOURCE)


def test_a_digest_does_not_depend_on_the_version_of_python():
    """ast.dump of 3.12 and 3.13 writes other empty fields than that of 3.11; this digest was the same in all three."""
    assert digest(SOURCE).startswith("2ce984afc7f44e80")


def test_every_form_of_import_is_found():
    text = """
import a.b, c as d
from e import f as g, h
from . import sibling
from .near import i
from ..far import j
def late():
    import k
    class Inner:
        from l import *
try:
    import m
except ImportError:
    m = None
"""
    assert set(imported(ast.parse(text), "top.sub")) == {
        *("a.b", "c", "e", "e.f", "e.h", "top.sub", "top.sub.sibling", "top.sub.near", "top.sub.near.i"),
        *("top.far", "top.far.j", "k", "l", "l.*", "m"),
    }


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_an_import_for_the_type_checker_is_none(test):
    text = f"if {test}:\n    import a\nelse:\n    import b\nif not {test}:\n    import c\n"
    assert set(imported(ast.parse(text), "")) == {"b", "c"}


def test_a_relative_import_in_a_script_is_none():
    text = "try:\n    from .near import a\nexcept ImportError:\n    from near import a\n"
    assert set(imported(ast.parse(text), "")) == {"near", "near.a"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("from a import *\n__all__ = []\n__all__ += ['a']", False),
        ('"""Parts."""', False),
        ("from a import b\nimport c\n__all__ = ['b']\n__version__: str = '1'\npass", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", False),
        ("import a\nPARTS = 3", True),
        ("import a\na.start()", True),
        ("def f(): ...", True),
    ],
)
def test_a_file_that_only_imports_has_no_code(text, code):
    assert read_source(text, "package").code is code


def test_a_module_lies_in_its_packages():
    assert enclosing("a.b.c") == ["a", "a.b"]
    assert enclosing("a") == []
