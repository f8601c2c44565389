"""What the book's sources promise: equations and citations that exist, names that the library has, pages to be made."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.browser.pages import names
from tests.extensions import load

ROOT = Path(__file__).parents[2]
BOOK, LIBRARY, NOTEBOOKS = ROOT / "book", ROOT / "mnemonics_lib", ROOT / "notebooks"
EQUATIONS_PAGE = BOOK / "method" / "equations.md"
UNNAMED = {"3"}  # its code is that of joint training, which is older than the paper
HEADLINE = ["1a", "1b", "2", "3", "4a", "4b", "5", "6", "7a", "7b", "8", "9", "10a", "10b"]

DEFINED = re.compile(r"\$\$ \((eq-[\w-]+)\)|:label: (eq-[\w-]+)|\\label\{(eq-[\w-]+)\}|^\((eq-[\w-]+)\)=", re.MULTILINE)
NAMED = re.compile(r"`+(eq-[\w-]+)`")
CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
CODE_LINE = re.compile(r"^Code: (.+)$", re.MULTILINE)
TICKED = re.compile(r"`([^`\s]+)`")
LINKED = re.compile(r"\{py:obj\}`([^`\s]+)`")
IN_PROSE = re.compile(r"\bEqs?\.[\s ]*(\d+[ab]?(?:(?:\s*(?:,|-|to|and)\s*)\d+[ab]?)*)")


checker = load(ROOT / "tests" / "check_book_offline.py")
extension = load(BOOK / "_ext" / "mnemonics_book.py")


def sources() -> dict[Path, str]:
    """Every text in which an equation or a paper may be named."""
    made = {"_build", "executed"}
    book = [p for p in BOOK.rglob("*") if p.suffix in {".md", ".py"} and not made.intersection(p.parts)]
    paths = [*book, *LIBRARY.rglob("*.py"), *NOTEBOOKS.glob("*.py")]
    return {path: path.read_text(encoding="utf-8") for path in sorted(paths)}


def labels(text: str) -> set[str]:
    """Equation labels defined in a text; `eq-7a` brings `eq-7` with it, as the book's extension makes it."""
    defined = {next(filter(None, groups)) for groups in DEFINED.findall(text)}
    return defined | {label[:-1] for label in defined if re.fullmatch(r"eq-\d+a", label)}


def equations_in_prose(text: str) -> set[str]:
    """Numbers of the equations that a text names: "Eq. 7-9" is 7, 8, 9 and "Eq. 10a, 10b" is 10a, 10b and 10."""
    numbers = set()
    for group in IN_PROSE.findall(text):
        numbers.update(re.findall(r"\d+[ab]?", group))
        for first, last in re.findall(r"(\d+)[ab]?\s*(?:-|to)\s*(\d+)", group):
            numbers.update(map(str, range(int(first), int(last) + 1)))
    return numbers | {number.rstrip("ab") for number in numbers}


def names_equation(text: str, number: str) -> bool:
    """Whether a text names an equation, or the pair that it belongs to."""
    return bool({number, number.rstrip("ab")} & equations_in_prose(text))


def library_source(name: str) -> str | None:
    """The module source behind a dotted name such as ``metrics.forgetting``, or None when there is none."""
    parts = name.removeprefix("mnemonics_lib.").split(".")
    for depth in range(len(parts), 0, -1):
        stem = LIBRARY.joinpath(*parts[:depth])
        path = next((p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()), None)
        if path:
            text = path.read_text(encoding="utf-8")
            return text if has_attribute(ast.parse(text).body, parts[depth:]) else None
    return None


def has_attribute(body: list[ast.stmt], path: list[str]) -> bool:
    """Whether nested definitions lead down ``path``."""
    if not path:
        return True
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == path[0]:
            return has_attribute(node.body if isinstance(node, ast.ClassDef) else [], path[1:])
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == path[0] for target in targets):
            return len(path) == 1
    return False


def is_field(name: str) -> bool:
    """Whether a dotted name is a field of a run's configuration."""
    from mnemonics_lib.config import RunConfig

    properties = RunConfig.model_json_schema()
    node = properties
    for part in name.split("."):
        reference = node.get("$ref") or next((item["$ref"] for item in node.get("allOf", []) if "$ref" in item), None)
        if reference:
            node = properties["$defs"][reference.rsplit("/", 1)[1]]
        if part not in node.get("properties", {}):
            return False
        node = node["properties"][part]
    return True


def code_lines() -> dict[str, list[str]]:
    """For each labelled equation of the page the library names in the first code line after it."""
    text = EQUATIONS_PAGE.read_text(encoding="utf-8")
    lines = {}
    for match in DEFINED.finditer(text):
        found = CODE_LINE.search(text, match.end())
        lines[next(filter(None, match.groups()))] = TICKED.findall(found.group(1)) if found else []
    return lines


# --- equations -------------------------------------------------------------------------------------------------------


def test_every_headline_equation_is_on_the_equations_page():
    assert {f"eq-{number}" for number in HEADLINE} <= labels(EQUATIONS_PAGE.read_text(encoding="utf-8"))


def test_every_equation_label_that_is_named_exists():
    known = labels(EQUATIONS_PAGE.read_text(encoding="utf-8"))
    missing = {
        f"{path.relative_to(ROOT)}: {label}"
        for path, text in sources().items()
        for label in NAMED.findall(text)
        if label not in known
    }
    assert not missing


def test_labels_are_defined_on_the_equations_page_only():
    """The notebooks are rendered once for each parameter file, so a label in one would be defined several times."""
    elsewhere = [*sources().items(), *((p, p.read_text(encoding="utf-8")) for p in NOTEBOOKS.glob("*.ipynb"))]
    tests = {EQUATIONS_PAGE, Path(__file__)}
    assert not {
        str(path.relative_to(ROOT)): labels(text) for path, text in elsewhere if path not in tests and labels(text)
    }


@pytest.mark.parametrize("number", HEADLINE)
def test_every_headline_equation_is_named_by_the_code_that_its_page_names(number):
    names = code_lines()[f"eq-{number}"]
    assert names, f"no code line under Eq. {number}"
    for name in names:
        assert library_source(name) is not None, f"mnemonics_lib has no {name}"
    first = library_source(names[0])
    assert first
    assert number in UNNAMED or names_equation(first, number), f"the module of {names[0]} does not name Eq. {number}"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("as in Eq. 9, mean", {"9"}),
        ("Eq. 7-9 of the paper", {"7", "8", "9"}),
        ("(Eq. 10a, 10b)", {"10a", "10b", "10"}),
        ("Eq. 5 and 6", {"5", "6"}),
        ("Eqs. 1a to 2", {"1a", "1", "2"}),
        ("Equation 9, eq7, 9", set()),
    ],
)
def test_equations_in_prose_are_understood(text, numbers):
    assert equations_in_prose(text) == numbers


def test_a_label_in_a_notebook_would_be_seen():
    assert labels("# $$\n# a = b\n# $$ (eq-new)") == {"eq-new"}
    assert labels("(eq-12a)=") == {"eq-12a", "eq-12"}
    assert labels("see {eq}`eq-9` and (eq-9)") == set()
    assert NAMED.findall("{eq}`eq-9`, ``eq-7a``, eq7") == ["eq-9", "eq-7a"]


# --- names, files, citations, pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["notation", "equations", "open_points"])
def test_every_field_and_name_on_a_method_page_exists(page):
    text = (BOOK / "method" / f"{page}.md").read_text(encoding="utf-8")
    bare = {"mnemonics_lib", "higher", "eq7", "eq4b", "--set"}
    names = {n for n in re.findall(r"(?<![}`])`([^`\s]+)`", text) if n not in bare}
    linked = set(LINKED.findall(text))
    assert names | linked
    assert not {name for name in names if not is_field(name) and library_source(name) is None}
    assert not {name for name in linked if library_source(name) is None}


@pytest.mark.parametrize("page", ["notation", "equations"])
def test_every_name_of_the_library_on_these_pages_leads_to_the_api(page):
    text = (BOOK / "method" / f"{page}.md").read_text(encoding="utf-8")
    assert "{py:currentmodule} mnemonics_lib" in text
    names = re.findall(r"(?<![}`])`(\w+(?:\.\w+)+)`", text)
    assert not {name for name in names if not is_field(name)}


def test_names_that_do_not_exist_are_seen():
    assert library_source("metrics.forgetting")
    assert library_source("phases.PhaseProtocol.seen")
    assert library_source("metrics.remembering") is None
    assert library_source("phases.PhaseProtocol.unseen") is None
    assert library_source("nowhere.at_all") is None
    assert is_field("training.lam")
    assert is_field("network")
    assert not is_field("training.lambda")
    assert not is_field("training.lam.more")


def test_every_file_that_a_page_names_exists():
    roots = ("mnemonics_lib/", "notebooks/", "params/", "book/", "tests/")
    made = {"book/_build/html"}
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in sources().items()
        if path.suffix == ".md" and path.name != "WANTED.md"  # which names what is still to be made
        for name in re.findall(r"[\w./-]+", text)
        if name.startswith(roots) and name.rstrip("./") not in made and not (ROOT / name.rstrip(".")).exists()
    }
    assert not missing


def test_every_citation_has_an_entry():
    entries = re.findall(r"^@\w+\{([^,]+),", (BOOK / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(entries) == len(set(entries))
    cited = {
        (str(path.relative_to(ROOT)), key.strip())
        for path, text in sources().items()
        for group in CITED.findall(text)
        for key in group.split(",")
    }
    assert {key for _, key in cited} >= {"liu2020mnemonics", "grefenstette2019higher"}  # the pattern still finds them
    assert not {(path, key) for path, key in cited if key not in entries}


def parameters_of(profile: str, name: str) -> Path:
    """What says the parameters of an executed notebook: a parameter file, or a study whose finished work it takes."""
    return (BOOK / "studies" if profile == "shown" else ROOT / "params") / profile / f"{name}.yaml"


def test_every_page_of_the_contents_is_written_or_made():
    files = names()
    assert len(files) == len(set(files))
    for file in files:
        made_from = {
            1: lambda parts: [BOOK / f"{parts[0]}.py"],
            3: lambda parts: [parameters_of(*parts[:2]), NOTEBOOKS / f"{parts[2]}.py"],
        }
        parts = file.split("/")
        needed = made_from[len(parts) - 1](parts[1:]) if parts[0] == "executed" else [BOOK / f"{file}.md"]
        assert all(path.is_file() for path in needed), f"{file}: needs {needed}"


# --- the book's Sphinx extension -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "number"), [("eq-7a", "7a"), ("eq-10", "10"), ("eq-forgetting", "M3"), ("eq-toy", "M3")]
)
def test_paper_equations_keep_their_numbers(label, number):
    assert extension.equation_number(label, 3) == number


def test_alt_text_of_an_output_reaches_its_cell():
    output = {"data": {"image/png": ""}, "metadata": {"image/png": {"alt": "A falling line."}}}
    plain = {"data": {"text/plain": ""}, "metadata": {}}
    cells = [{"metadata": {}, "outputs": [plain, output]}, {"metadata": {}, "outputs": [plain]}, {"metadata": {}}]
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: f"{name}.ipynb"))
    source = [json.dumps({"cells": cells})]
    extension.copy_alt_texts(app, "page", source)
    done = json.loads(source[0])["cells"]
    assert done[0]["metadata"] == {"mystnb": {"image": {"alt": "A falling line."}}}
    assert [cell["metadata"] for cell in done[1:]] == [{}, {}]


# --- the offline checker ---------------------------------------------------------------------------------------------

GOOD = """<html><head>
<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://example.org/page.html">
<script src="_static/mathjax/tex.js"></script></head>
<body><h1 id="top">Title</h1><p>Costs <span class="math">\\(\\theta\\)</span>, see <code>$$</code>.</p>
<a href="#top">up</a><a href="other.html#there">on</a><a href="https://example.org">away</a>
<a href="mailto:a@b.c">mail</a>
<img src="figure.png" alt="A line that falls."></body></html>"""

FAULTS = {
    "script": (
        "</body>",
        '<script src="https://cdn.example/x.js"></script></body>',
        "fetched from elsewhere by script",
    ),
    "no scheme": ("</body>", '<script src="//cdn.example/x.js"></script></body>', "fetched from elsewhere by script"),
    "stylesheet": ('href="style.css"', 'href="https://cdn.example/s.css"', "fetched from elsewhere by link"),
    "font": (
        "</head>",
        "<style>a{src:url('https://f.example/f.woff2')}</style></head>",
        "fetched from elsewhere by style",
    ),
    "module": ("</body>", '<script>import "https://cdn.example/m.js"</script></body>', "elsewhere by inline script"),
    "frame": ("</body>", '<iframe src="https://e.example"></iframe></body>', "fetched from elsewhere by iframe"),
    "lost script": ("_static/mathjax/tex.js", "_static/mathjax/lost.js", "but not there"),
    "no alt": (' alt="A line that falls."', "", "without alt text"),
    "empty alt": ('alt="A line that falls."', 'alt=" "', "without alt text"),
    "file name as alt": ('alt="A line that falls."', 'alt="_images/figure.png"', "alt text is its file name"),
    "dead link": ("other.html#there", "gone.html", "a dead link"),
    "dead anchor": ("other.html#there", "other.html#gone", "anchor that is not there"),
    "dead anchor here": ('href="#top"', 'href="#bottom"', "anchor that is not there"),
    "raw mathematics": ("Costs", "Costs $$x", "source text shown"),
    "raw command": ("Costs", "Costs \\theta", "source text shown"),
    "raw role": ("Costs", "Costs {eq}`eq-9`", "source text shown"),
    "no MathJax": ('<script src="_static/mathjax/tex.js"></script>', "", "no MathJax"),
    "error": ("<body>", '<body><div class="system-message">x</div>', "a rendered error"),
    "traceback": ("<body>", '<body><div class="output traceback">x</div>', "a rendered error"),
}


def make_book(folder: Path, page: str, style: str = "a{color:red}") -> Path:
    """A book of two pages."""
    (folder / "_static" / "mathjax").mkdir(parents=True)
    (folder / "_static" / "mathjax" / "tex.js").write_text("")
    (folder / "style.css").write_text(style)
    (folder / "figure.png").write_text("")
    (folder / "other.html").write_text('<p id="there">here</p>')
    (folder / "page.html").write_text(page)
    return folder


def test_a_good_book_passes(tmp_path, capsys):
    assert checker.main([str(make_book(tmp_path, GOOD))]) == 0
    assert "2 pages, 4 links, 1 images: no problems" in capsys.readouterr().out


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(tmp_path, fault):
    old, new, expected = FAULTS[fault]
    assert GOOD.count(old) == 1
    found = checker.check_book(make_book(tmp_path, GOOD.replace(old, new)))
    assert list(found) == ["page.html"]
    assert len(found["page.html"]) == 1
    assert expected in found["page.html"][0]


def test_a_font_from_elsewhere_in_a_stylesheet_is_found(tmp_path):
    found = checker.check_book(make_book(tmp_path, GOOD, "@font-face{src:url(https://f.example/f.woff2)}"))
    assert found == {"style.css": ["fetched from elsewhere by a stylesheet: https://f.example/f.woff2"]}


def test_an_empty_folder_is_no_book(tmp_path):
    assert checker.check_book(tmp_path) == {str(tmp_path): ["no pages here"]}


def test_the_command_line_says_where_and_fails(tmp_path):
    book = make_book(tmp_path, GOOD.replace("other.html#there", "gone.html"))
    command = [sys.executable, str(ROOT / "tests" / "check_book_offline.py"), str(book)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "page.html: a dead link: gone.html" in result.stdout
    assert result.stdout.endswith("1 problem\n")
