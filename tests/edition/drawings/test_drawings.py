"""The drawings of the paper's Figures 2 and 3: what a page, a reader and a screen reader are given."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import directives
from docutils.utils import SystemMessage

from mnemonics_lib.edition import drawings
from mnemonics_lib.edition.drawings import shapes
from mnemonics_lib.edition.figures import PALETTE
from mnemonics_lib.paths import ROOT
from tests.extensions import extension

SVG = "{http://www.w3.org/2000/svg}"
NAMES = sorted(drawings.DRAWINGS)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|color)a?\(|(?:fill|stroke|color):\s*(?!none|var)\w")


def parsed(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawings.drawing(name).svg())


def words(name: str) -> list[str]:
    """Each line of text of a drawing."""
    return ["".join(line.itertext()) for line in parsed(name).iter(f"{SVG}text")]


def equations(text: str) -> set[str]:
    """Numbers of the equations that a text names, with those between "7 to 9"."""
    numbers: set[str] = set()
    for group in re.findall(r"Eq\. ((?:\d+[ab]?(?:, | and | to )?)+)", text):
        numbers.update(re.findall(r"\d+[ab]?", group))
        for first, last in re.findall(r"(\d+) to (\d+)", group):
            numbers.update(map(str, range(int(first), int(last))))
    return numbers


@pytest.mark.parametrize("name", NAMES)
def test_title_and_description_name_it(name):
    root = parsed(name)
    assert root.get("role") == "img"
    named = {part.get("id"): part for part in root if part.tag in (f"{SVG}title", f"{SVG}desc")}
    assert list(named) == str(root.get("aria-labelledby")).split()
    assert all((part.text or "").strip() for part in named.values())


def test_ids_differ_between_drawings():
    ids = [part.get("id") for name in NAMES for part in parsed(name).iter() if part.get("id")]
    assert ids
    assert len(ids) == len(set(ids))


def test_no_page_shows_a_drawing_twice():
    """Its ids would be there twice."""
    sources = [
        *(ROOT / "book").glob("*.*"),
        *(ROOT / "book" / "method").glob("*.md"),
        *(ROOT / "notebooks").glob("*.py"),
    ]
    shown = {
        (path.name, name): len(
            re.findall(rf"\{{drawing\}} {name}\b|drawings\.show\(\"{name}\"\)", path.read_text("utf-8"))
        )
        for path in sources
        for name in NAMES
    }
    assert {name for (_, name), times in shown.items() if times} == set(NAMES)
    assert max(shown.values()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_equation_that_it_names_is_on_the_equations_page(name):
    text = (ROOT / "book" / "method" / "equations.md").read_text("utf-8")
    labels = set(re.findall(r"\$\$ \(eq-(\w+)\)", text))
    known = labels | {label[:-1] for label in labels if label[-1] == "a"}
    drawn = equations("\n".join(words(name)))
    assert drawn
    assert drawn <= known
    assert drawn == equations(drawings.drawing(name).description)


def test_the_programmes_are_drawn_with_their_equations():
    assert equations("\n".join(words("global_bop"))) >= {"4a", "4b", "5", "6", "7", "8", "9", "10"}
    assert equations("\n".join(words("local_bop"))) == {"7a", "7b", "8", "9", "10a", "10b"}


@pytest.mark.parametrize("name", NAMES)
def test_it_fetches_nothing_and_runs_nothing(name):
    svg = drawings.drawing(name).svg()
    assert re.findall(r"https?://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]  # the name of SVG, no address
    assert not re.search(r"url\(|@import|@font-face|href|<script|<image|<foreignObject|\son\w+=", svg)


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_declared_as_variables_and_nowhere_else(name):
    root = parsed(name)
    (style,) = root.iter(f"{SVG}style")
    declared = re.findall(r"--[\w-]+:[^;]+;", style.text or "")
    assert any("#" in line for line in declared)
    rest = re.sub(r"--[\w-]+:[^;]+;", "", style.text or "")
    assert not COLOUR.findall(rest)
    used, known = set(re.findall(r"var\((--[\w-]+)\)", rest)), {line.partition(":")[0] for line in declared}
    assert used == known
    assert not [part.attrib for part in root.iter() if {"fill", "stroke", "color", "style"} & set(part.attrib)]


@pytest.mark.parametrize("rule", ["fill: red", "stroke: #abc", "color: rgb(1, 2, 3)", "fill: color-mix(in srgb, a, b)"])
def test_a_fixed_colour_would_be_seen(rule):
    assert COLOUR.search(rule)


def test_exemplars_have_the_colour_of_the_figures():
    assert f"--exemplars: {PALETTE['mnemonics']};" in drawings.drawing("local_bop").svg()


def test_every_class_has_a_style_and_every_style_is_used():
    roots = [parsed(name) for name in NAMES]
    used = {one for root in roots for part in root.iter() for one in part.get("class", "").split()}
    styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(style.text or "" for style in roots[0].iter(f"{SVG}style"))))
    assert used - {"plain", "low", "high", "tilde", "prime"} == styled


@pytest.mark.parametrize("name", NAMES)
def test_everything_stands_within_the_drawing(name):
    root = parsed(name)
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    for part in root.iter():
        points = [tuple(map(float, pair.split(","))) for pair in part.get("points", "").split()]
        if part.tag == f"{SVG}rect":
            x, y, w, h = (float(part.get(key, "nan")) for key in ("x", "y", "width", "height"))
            points += [(x, y), (x + w, y + h)]
        if part.tag == f"{SVG}text":
            points.append((float(part.get("x", "nan")), float(part.get("y", "nan"))))
        assert all(0 <= x <= width and 0 <= y <= height for x, y in points), part.attrib


def test_sub_and_superscripts_return_to_the_line():
    root = ElementTree.fromstring(shapes.text(0, 0, "from $ℰ~^{A}_{0:i−1}$ on"))
    moves = [float(part.get("dy", 0)) for part in root.iter()]
    assert min(moves) < 0 < max(moves)
    assert sum(moves) == pytest.approx(0, abs=0.2)
    assert "".join(root.itertext()).replace("\u200b", "") == "from ℰ˜A0:i−1 on"


@pytest.mark.parametrize("formula", ["Θ_i", "Θ^2", "Θ_{a_{b}}", "Θ^{a^{b}}", "Θ_{i", "Θ}", "{Θ}", "Θ_{a_b}"])
def test_a_formula_of_which_something_would_not_be_drawn_is_refused(formula):
    said = r"^formula = '.*': must have _ and \^ before braces alone, braces after these alone, and none of them within"
    with pytest.raises(ValueError, match=said) as caught:
        shapes.symbols(formula, 10)
    (named,) = re.findall("'(.*)'", str(caught.value))
    assert named in (formula, "a_b")  # what is lowered is a formula itself
    with pytest.raises(ValueError, match=re.escape(f"formula = '{named}': ")):
        shapes.text(0, 0, f"from ${formula}$ on")


def test_all_signs_of_a_formula_are_drawn():
    """But for what lowers and raises, and those that have a meaning in XML stay what they are."""
    formula = "a < b & ℒ_{c}(Θ′_{i}; ℰ~^{A}) + α_{2}"
    drawn = ElementTree.fromstring(f"<text>{shapes.symbols(formula, 10)}</text>")
    assert "".join(drawn.itertext()).replace("\u200b", "") == "a < b & ℒc(Θ′i; ℰ˜A) + α2"


def test_the_head_of_an_arrow_points_where_it_goes():
    drawn = ElementTree.fromstring(f"<g>{shapes.arrow((0, 0), (20, 0), (20, 30))}</g>")
    line, head = drawn
    assert line.get("points") == "0,0 20,0 20,21"
    assert head.get("points", "").split()[0] == "20,30"
    assert {pair.split(",")[1] for pair in head.get("points", "").split()[1:]} == {"21"}


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(ValueError, match="drawing = 'figure_2': no such drawing; there are global_bop, local_bop"):
        drawings.show("figure_2")


def test_a_notebook_gets_the_drawing_and_its_description(monkeypatch: pytest.MonkeyPatch):
    seen: list[Any] = []
    monkeypatch.setattr(drawings, "display", lambda data, raw: seen.append((data, raw)))
    drawings.show("global_bop")
    ((data, raw),) = seen
    assert raw
    assert data["text/html"] == drawings.drawing("global_bop").svg()
    assert data["text/plain"].endswith(drawings.drawing("global_bop").description)


@pytest.fixture
def directive():
    """The book's directive, as Sphinx registers it."""
    directives.register_directive("drawing", extension("mnemonics_book").DrawingDirective)
    yield
    directives.register_directive("drawing", None)


@pytest.mark.usefixtures("directive")
def test_a_page_gets_the_same_drawing():
    (drawn,) = publish_doctree(".. drawing:: local_bop").findall(nodes.raw)
    assert drawn.astext() == drawings.drawing("local_bop").svg()
    assert drawn["format"] == "html"


@pytest.mark.usefixtures("directive")
def test_a_page_that_asks_for_another_is_told_which_there_are():
    with pytest.raises(SystemMessage, match="drawing = 'figure_2': no such drawing; there are global_bop, local_bop"):
        publish_doctree(".. drawing:: figure_2", settings_overrides={"report_level": 5, "halt_level": 3})
