"""Which modules of the library count for a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mnemonics_lib.durable import source
from mnemonics_lib.durable.source import EXCLUDED, PACKAGE, ROOTS, Excluded, library_source, modules_used
from mnemonics_lib.methods import METHODS

FILES = {
    "__init__": '"""A package."""\n__version__ = "1"\n',
    "run": "import lib.losses\nfrom lib.nets import Net\nfrom lib.data import load\ndef late():\n    import lib.lazy\n",
    "losses": "from .helper import scale\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lib.types\n",
    "helper": "scale = 1.0\n",
    "types": "kind = 1\n",
    "lazy": "from . import deep\n",
    "deep/__init__": "from .. import deeper\nDEPTH = 3\n",
    "deeper": "x = 1\n",
    "nets/__init__": '"""Networks."""\nfrom lib.nets.net import Net\n__all__ = ["Net"]\n',
    "nets/net": "class Net: ...\n",
    "nets/other": "class Other: ...\n",
    "data/__init__": "from lib.data.loaders import load\n",
    "data/loaders": "from lib.data import files\nimport lib.settings\ndef load(): ...\n",
    "data/files": "PATH = 'a'\n",
    "settings": "from lib import budget\nBUDGET = 20\n",
    "budget": "def share(): ...\n",
    "unrelated": "import lib.run\n",
}
LEFT_OUT = (Excluded("lib.data.loaders", "in the data"), Excluded("lib.settings", "in the configuration", follow=True))
USED = [
    *("lib.deep.__init__", "lib.deeper", "lib.helper", "lib.lazy", "lib.losses", "lib.nets.net", "lib.run"),
]


@pytest.fixture
def package(tmp_path) -> Path:
    """A little package, in a folder that no test has asked for yet: files are read once."""
    for name, text in FILES.items():
        path = tmp_path / "lib" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "lib"


def edited(package: Path, name: str, text: str, excluded: tuple[Excluded, ...] = LEFT_OUT) -> str:
    """The source of a run after an edit, asked by a process that has not read the package before."""
    path = package / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    source._modules.cache_clear()
    source._library_source.cache_clear()
    return library_source(["lib.run"], package, excluded)


def test_what_a_root_imports_is_used_wherever_it_imports_it(package):
    assert modules_used(["lib.run"], package, LEFT_OUT) == USED


def test_what_is_left_out_takes_with_it_what_it_alone_imports_unless_that_is_followed(package):
    loaders = (Excluded("lib.data.loaders", "", follow=True), LEFT_OUT[1])
    assert modules_used(["lib.run"], package, loaders) == sorted([*USED, "lib.data.files", "lib.budget"])
    everything = [*USED, "lib.data.files", "lib.data.loaders", "lib.budget", "lib.settings"]
    assert modules_used(["lib.run"], package, ()) == sorted(everything)


def test_a_folder_is_left_out_whole_and_a_packages_own_file_alone(package):
    assert "lib.nets.net" not in modules_used(["lib.run"], package, (Excluded("lib.nets", ""),))
    assert "lib.deeper" in modules_used(["lib.run"], package, (Excluded("lib.deep.__init__", "", follow=True),))
    assert "lib.deep.__init__" not in modules_used(["lib.run"], package, (Excluded("lib.deep.__init__", ""),))
    assert "lib.deeper" in modules_used(["lib.run", "lib.deeper"], package, (Excluded("lib.deep", ""),))


@pytest.mark.parametrize("name", [name.replace(".", "/") for name in (n.removeprefix("lib.") for n in USED)])
def test_a_module_that_is_used_counts(package, name):
    before = library_source(["lib.run"], package, LEFT_OUT)
    assert edited(package, name, FILES[name] + "more = 1\n") != before
    assert edited(package, name, FILES[name] + "# more\n") == before


@pytest.mark.parametrize("name", ["unrelated", "types", "nets/other", "data/loaders", "data/files", "settings", "new"])
def test_a_module_that_is_not_used_or_left_out_does_not_count(package, name):
    before = library_source(["lib.run"], package, LEFT_OUT)
    assert edited(package, name, FILES.get(name, "") + "more = 1\n") == before


def test_a_packages_own_file_counts_once_it_does_more_than_import(package):
    before = library_source(["lib.run"], package, LEFT_OUT)
    assert edited(package, "__init__", '__version__ = "2"\n') == before
    assert edited(package, "__init__", "import torch\ntorch.set_default_dtype(torch.float64)\n") != before


def test_a_module_under_another_name_is_another_one(package):
    before = library_source(["lib.run"], package, LEFT_OUT)
    (package / "helper.py").rename(package / "help.py")
    assert edited(package, "losses", FILES["losses"].replace(".helper", ".help")) != before


def test_another_root_is_another_source_and_the_order_of_roots_is_none(package):
    assert library_source(["lib.run"], package) != library_source(["lib.run", "lib.unrelated"], package)
    roots = ["lib.run", "lib.unrelated"]
    assert library_source(roots, package) == library_source(reversed(roots), package)


def test_a_process_goes_on_with_the_source_that_it_read_first(package):
    before = library_source(["lib.run"], package, LEFT_OUT)
    (package / "helper.py").write_text("scale = 2.0\n")
    assert library_source(["lib.run"], package, LEFT_OUT) == before
    other = library_source(["lib.run", "lib.nets.other"], package, LEFT_OUT)  # asked only now
    source._modules.cache_clear()
    source._library_source.cache_clear()
    assert library_source(["lib.run", "lib.nets.other"], package, LEFT_OUT) != other


def test_a_root_that_is_no_module_is_refused(package):
    with pytest.raises(ValueError, match=r"root = 'lib\.runs': must be a module of lib"):
        modules_used(["lib.runs"], package)
    with pytest.raises(ValueError, match=r"root = 'numpy': must be a module of mnemonics_lib"):
        library_source(["numpy"])


def root_of(method: str) -> str:
    return METHODS[method].path.partition(":")[0]


def test_another_method_of_the_library_does_not_count_for_lwf():
    used = modules_used([*ROOTS, root_of("lwf")])
    assert {"mnemonics_lib.methods.lwf", "mnemonics_lib.methods.base", "mnemonics_lib.losses"} <= set(used)
    assert not {"mnemonics_lib.methods.bic", "mnemonics_lib.methods.lucir"} & set(used)
    assert "mnemonics_lib.methods.bic" in modules_used([*ROOTS, root_of("bic")])


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        *(("data/dataset", False), ("data/info", False), ("data/new", False), ("methods/bic", False), ("runs", False)),
        *(("methods/__init__", False), ("durable/source", False), ("edition/report", False), ("__init__", False)),
        *(("data/split", True), ("data/pixels", True), ("methods/lwf", True), ("methods/base", True), ("losses", True)),
        *(("bilevel/inner", True), ("exemplars/mnemonics", True), ("training", True), ("rng", True)),
    ],
)
def test_what_an_edit_of_the_library_does_to_a_run_with_lwf(tmp_path, name, counts):
    copy = shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    roots = [*ROOTS, root_of("lwf")]
    before = library_source(roots, copy)
    assert before == library_source(roots)  # where it lies is nothing to it
    with (copy / f"{name}.py").open("a") as file:
        file.write("\nif __file__:\n    __doc__ = 'more'\n" if name != "__init__" else "\n__author__ = 'me'\n")
    source._modules.cache_clear()
    source._library_source.cache_clear()
    assert (library_source(roots, copy) != before) is counts


def test_no_module_of_the_library_is_forgotten():
    """A new module is used by some run, or ``EXCLUDED`` says why it decides no number."""
    used = set(modules_used([*ROOTS, *map(root_of, METHODS)]))
    modules = source._modules(PACKAGE)
    left = {name for name in modules.keys() - used if modules[name].code or not name.endswith("__init__")}
    assert [name for name in sorted(left) if not any(f"{name}.".startswith(f"{e.module}.") for e in EXCLUDED)] == []


def test_each_module_that_is_left_out_is_there_and_has_a_reason():
    modules = source._modules(PACKAGE)
    for entry in EXCLUDED:
        assert {entry.module, f"{entry.module}.__init__"} & modules.keys(), entry.module
        assert len(entry.reason) > 10
