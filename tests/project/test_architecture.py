"""The library's imports go one way: the paper below, what surrounds it above, and no circle anywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mnemonics_lib"

LAYERS = [
    {"__init__", "errors", "paths"},
    {"divergence", "rng"},
    {"loops", "loop_state"},
    {"data", "losses", "phases"},
    {"models"},
    {"methods", "exemplars.budget"},
    {"metrics", "config"},
    {"device.comparison"},
    {"device.recording", "device.processes"},  # the hooks of the paper: a step recorded, and taken by many at once
    {"bilevel", "training"},
    {"exemplars"},
    {"experiment", "from_scratch", "global_bop", "steps"},
    {"device"},
    {"durable"},
    {"kept"},
    {"trial"},
    {"runs"},
    {"edition", "bench", "inspection"},
    {"__main__"},
]
"""From the bottom up. A module belongs to the longest prefix that is named here, and imports nothing from above."""

PAPER = 11
"""The layers up to this one are the paper's; nothing in them knows of records, clocks, files or free memory."""


def modules() -> dict[str, Path]:
    """Name below the package -> file; a package goes by its own name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def for_types_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every node of a module, those in functions too, but not what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if not for_types_alone(child):
            yield child
            yield from statements(child)


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Modules of the library that a file imports."""
    found = set()
    for node in statements(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mnemonics_lib":
            base = (node.module or "").removeprefix("mnemonics_lib").removeprefix(".")
            for alias in node.names:
                name = f"{base}.{alias.name}".removeprefix(".")
                found.add(name if name in known else base or "__init__")
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("mnemonics_lib.") for a in node.names if a.name.startswith("mnemonics_lib.")}
    return found


KNOWN = modules()
GRAPH = {name: imports(path, KNOWN) - {name} for name, path in KNOWN.items()}


def layer(module: str) -> int:
    """The number of a module's layer."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        for number, names in enumerate(LAYERS):
            if prefix in names:
                return number
    raise AssertionError(f"{module} has no place in LAYERS: say where it belongs")


def test_no_import_goes_in_a_circle():
    try:
        tuple(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize("module", sorted(KNOWN))
def test_every_import_goes_down_or_stays(module):
    above = {other for other in GRAPH[module] if layer(other) > layer(module)}
    assert not above, f"{module} imports {', '.join(sorted(above))} from above"


def room(module: str, package: str) -> str:
    """The folder of a package that a module is in; nothing for another package's, and for one that is in no folder."""
    name = module.removeprefix(f"{package}.").partition(".")[0] if module.startswith(f"{package}.") else ""
    return name if PACKAGE.joinpath(*package.split("."), name).is_dir() else ""


@pytest.mark.parametrize("package", ["edition", "edition.evidence"])
def test_no_folder_of_the_edition_imports_in_a_circle(package):
    rooms: dict[str, set[str]] = {}
    for module, imported in GRAPH.items():
        if mine := room(module, package):
            rooms.setdefault(mine, set()).update({room(other, package) for other in imported} - {mine, ""})
    try:
        assert len(tuple(TopologicalSorter(rooms).static_order())) > 3
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(reversed(error.args[1]))}")


def test_nothing_of_the_paper_imports_what_surrounds_it():
    around = {"durable", "kept", "device", "edition", "bench", "runs", "__main__"}
    for module, imported in GRAPH.items():
        if layer(module) <= PAPER:
            outside = {name for name in imported if name.partition(".")[0] in around} - {
                "device.recording",
                "device.comparison",
                "device.processes",
            }
            assert not outside, f"{module} imports {', '.join(sorted(outside))}"


def test_this_test_sees_imports_in_functions_and_of_submodules(tmp_path):
    source = (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from mnemonics_lib.durable import records\n"
        "def f():\n    from mnemonics_lib import runs\n    import mnemonics_lib.bilevel.guard\n"
        "from mnemonics_lib.data.pixels import Pixels\nfrom mnemonics_lib.edition import report\n"
    )
    (tmp_path / "m.py").write_text(source)
    assert imports(tmp_path / "m.py", KNOWN) == {"runs", "bilevel.guard", "data.pixels", "edition.report"}
