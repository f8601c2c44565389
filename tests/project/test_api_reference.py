"""The API reference has what the book itself uses of the library, and shows it as the docstrings have it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from tests.extensions import extension

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "book" / "api").glob("*.md")}
SOURCES = sorted([*(ROOT / "notebooks").glob("0*.py"), *(ROOT / "book").glob("*.py")])
MODULE = re.compile(r"^\.\. automodule:: ([\w.]+)\n(?:   :members: (.+))?", re.MULTILINE)
ONE = re.compile(r"^\.\. autoclass:: ([\w.]+)\.(\w+)$", re.MULTILINE)
AROUND = ("bench", "durable.bar", "edition", "inspection", "paths", "kept.embedding")
"""What the book is made with, and a user of the library does not need; some of it is in the reference all the same."""


def documented() -> dict[str, list[str]]:
    """Module -> the names that are asked for of it; none for all of them."""
    found = [match for text in PAGES.values() for match in MODULE.findall(text)]
    assert len({module for module, _ in found}) == len(found)
    return {module: members.split(", ") if members else [] for module, members in found}


def imported(path: Path) -> set[tuple[str, str]]:
    """Modules and names that a page or a notebook imports from the library."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in nodes if node.module and node.module.startswith("mnemonics_lib.")]
    return {(node.module or "", alias.name) for node in ours for alias in node.names}


def test_every_name_that_is_asked_for_exists():
    asked = [(module, name) for module, names in documented().items() for name in names]
    asked += [pair for text in PAGES.values() for pair in ONE.findall(text)]
    assert len(asked) > 30
    assert not [(module, name) for module, name in asked if not hasattr(importlib.import_module(module), name)]


def is_documented(thing: object, name: str) -> bool:
    """Whether a module that has this very thing is in the reference, with all its names or with this one."""
    asked = [module for module, names in documented().items() if name in names or not names]
    return any(getattr(importlib.import_module(module), name, None) is thing for module in asked)


def test_what_the_book_imports_is_in_the_reference():
    used = {pair for path in SOURCES for pair in imported(path)}
    assert ("mnemonics_lib.runs", "run") in used
    ours = {pair for pair in used if not pair[0].removeprefix("mnemonics_lib.").startswith(AROUND)}
    missing = [pair for pair in ours if not is_documented(getattr(importlib.import_module(pair[0]), pair[1]), pair[1])]
    assert missing == [("mnemonics_lib.bilevel.second_order", "BatchNorm")]  # which one page compares with PyTorch's


def test_a_colon_in_the_first_line_of_an_attribute_does_not_make_a_type_of_what_is_before_it():
    napoleon = pytest.importorskip("sphinx.ext.napoleon")
    lines = ["Bytes: of a step."]
    taken = str(napoleon.GoogleDocstring(list(lines), napoleon.Config(), what="attribute", name="x"))
    assert ":type: Bytes" in taken
    extension("api_reference").keep_first_line(None, "attribute", "x", None, None, lines)
    kept = str(napoleon.GoogleDocstring(lines, napoleon.Config(), what="attribute", name="x"))
    assert "Bytes: of a step." in kept
    assert ":type:" not in kept


def test_arguments_one_on_a_line_are_no_list_without_terms():
    accessible = extension("accessible")
    page = {"body": '<dl class="py"><dt class="sig sig-object py">f(<dl>\n<dd>x,</dd>\n</dl>\n)</dt><dd>It.</dd></dl>'}
    accessible.mend(None, "page", "page.html", page, None)
    lines = '<span class="sig-lines">\n<span class="sig-line">x,</span>\n</span>'
    assert page["body"] == f'<dl class="py"><dt class="sig sig-object py">f({lines}\n)</dt><dd>It.</dd></dl>'


@pytest.mark.parametrize("name", ["losses", "models.heads", "methods.bic"])
def test_equations_of_other_papers_are_not_named_as_those_of_this_one(name):
    text = (ROOT / "mnemonics_lib" / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert re.search(r"equation \d", text)
    assert not re.search(r"(?:\d{4}, Eq\.|Eq\. \d+ (?:of [A-Z]|there))", text)
