"""Chapters by their numbers, and equations by theirs: what the notebooks name is what the book shows."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

from mnemonics_lib.config import read_yaml
from tests.extensions import extension

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.py"))
CHAPTER = re.compile(r"\[[Cc]hapter (\d+)\]\((\w+)\.ipynb\)")


equation_links, page_links = extension("equation_links"), extension("page_links")


def numbered() -> list[str]:
    """The files of the numbered chapters, in order."""
    parts = read_yaml(ROOT / "book" / "_toc.yml")["parts"]
    return [chapter["file"] for part in parts if part.get("numbered", True) for chapter in part["chapters"]]


def test_the_notebooks_are_the_first_chapters():
    assert [Path(file).name for file in numbered()[: len(NOTEBOOKS)]] == [path.stem for path in NOTEBOOKS]


def test_pages_below_a_chapter_take_no_number_from_the_chapters():
    parts = read_yaml(ROOT / "book" / "_toc.yml")["parts"]
    below = [chapter for part in parts for chapter in part["chapters"] if "sections" in chapter]
    assert below
    assert all(chapter["options"]["numbered"] is False for chapter in below)


def test_a_chapter_that_a_notebook_names_has_that_number():
    stems = [Path(file).name for file in numbered()]
    links = [link for path in NOTEBOOKS for link in CHAPTER.findall(path.read_text(encoding="utf-8"))]
    assert len(links) > 8
    assert not {(number, name) for number, name in links if stems.index(name) + 1 != int(number)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_chapter_that_a_notebook_names_is_a_link(path: Path):
    prose = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    text = " ".join(line.removeprefix("# ") for line in prose)
    assert not re.findall(r"(?<!\[)\b[Cc]hapters? \d", text)


def test_a_page_that_a_notebook_links_to_is_in_the_book():
    """It is a file for JupyterLab, which opens it as a notebook, and a page for the book."""
    text = "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS)
    names = page_links.PAGE.findall(text)
    assert {"toy", "scrubber"} <= set(names)
    assert text.count("../book/") == len(names)
    for name in names:
        assert (ROOT / "book" / f"{name}.py").is_file()
        assert f"executed/{name}" in numbered()


def test_a_link_to_a_page_is_changed_for_the_book():
    source = ["see [a toy](../book/toy.py), [chapter 4](04_ablations.ipynb) and `../book/toy.py`"]
    page_links.link_pages(None, "executed/quick/digits-n5/03_local_bop", source)
    assert source == ["see [a toy](/executed/toy.ipynb), [chapter 4](04_ablations.ipynb) and `../book/toy.py`"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("as Eq. 9 has it", [(None, "as "), ("eq-9", "Eq. 9"), (None, " has it")]),
        ("Eq. 7 to 10", [("eq-7", "Eq. 7"), (None, " to "), ("eq-10", "10")]),
        ("(Eq. 10a, 10b)", [(None, "("), ("eq-10a", "Eq. 10a"), (None, ", "), ("eq-10b", "10b"), (None, ")")]),
        ("Eq. 4a by Eq. 5 and 6", ["eq-4a", "eq-5", "eq-6"]),
        ("by Eq. 4b, 5 a class", ["eq-4b"]),
        ("by Eq. 4b, 20 a class", ["eq-4b"]),
        ("Eq. 7 and 8, 10 epochs", ["eq-7", "eq-8"]),
        ("Eq. 7, 8a and 10", ["eq-7", "eq-8a", "eq-10"]),
        ("Eq. 9. 10 steps", [("eq-9", "Eq. 9"), (None, ". 10 steps")]),
        ("Equation 9, eq7", [(None, "Equation 9, eq7")]),
    ],
)
def test_a_text_is_cut_where_it_names_equations(text, labels):
    found = equation_links.pieces(text)
    assert "".join(piece for piece, _ in found) == text
    if isinstance(labels[0], tuple):
        assert found == [(piece, label) for label, piece in labels]
    else:
        assert [label for _, label in found if label] == labels


def linked(*content: nodes.Node) -> list[tuple[str, str]]:
    """Text and target of the links in a paragraph or title after the page is made."""
    document = new_document("page")
    document += nodes.paragraph("", "", *content)
    equations = {"eq-9": ("method/equations", "9")}
    env = SimpleNamespace(get_domain=lambda name: SimpleNamespace(data={"objects": equations}))
    builder = SimpleNamespace(get_relative_uri=lambda here, there: f"../{there}.html")
    equation_links.link_equations(SimpleNamespace(env=env, builder=builder), document, "executed/why")
    return [(node.astext(), node["refuri"]) for node in document.findall(nodes.reference)]


def test_what_is_named_becomes_a_link():
    assert linked(nodes.Text("by Eq. 9 alone")) == [("Eq. 9", "../method/equations.html#equation-eq-9")]


def test_code_links_and_equations_that_the_book_does_not_have_stay():
    assert linked(nodes.literal("", "Eq. 9")) == []
    assert linked(nodes.reference("", "Eq. 9", refuri="elsewhere")) == [("Eq. 9", "elsewhere")]
    assert linked(nodes.Text("Eq. 12 of another paper")) == []
