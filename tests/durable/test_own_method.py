"""A user's own method: what decides its numbers is in its identity, wherever it stands."""

from __future__ import annotations

import importlib
import linecache
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from mnemonics_lib.durable.own_files import Origin, origin
from mnemonics_lib.durable.own_method import describe_method
from mnemonics_lib.methods.base import Method
from mnemonics_lib.methods.bic import BiC
from mnemonics_lib.methods.lwf import LwF

FILES = {
    "own_mine": """
        from mnemonics_lib.methods.base import Method
        from own_base import Base
        import own_helpers
        WEIGHT = 1.0
        class Mine(Base, Method):
            share = 0.5
            def loss(self, model, teacher, images, labels, power=2):
                from own_late import late
                return WEIGHT * own_helpers.scale(super().loss(model, teacher, images, labels)) ** power + late()
        """,
    "own_base": """
        class Base:
            temperature = 2.0
            def begin_phase(self, model, old, new):
                self.old = old
        """,
    "own_helpers": """
        import math
        from own_package.deep import tools
        FACTOR = 3.0
        def scale(loss):
            return FACTOR * tools.add(loss)
        """,
    "own_late": "def late(): return 0.0\n",
    "own_package/__init__": "",
    "own_package/deep/__init__": "from .. import start\n",
    "own_package/start": "import mnemonics_lib.losses\n",
    "own_package/deep/tools": "def add(loss): return loss + 1\n",
    "own_other": "from own_mine import Mine\n",
}


@pytest.fixture
def write(tmp_path, monkeypatch) -> Callable[..., None]:
    """Writes modules of a user's into a folder that Python imports from."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # its time stamps are too coarse for edits at this pace

    def write_files(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    return write_files


def load(module: str = "own_mine", name: str = "Mine") -> type:
    """The class as another process would import it."""
    for known in [known for known in sys.modules if known.startswith("own_")]:
        del sys.modules[known]
    importlib.invalidate_caches()
    return getattr(importlib.import_module(module), name)


def ask(*args: Any) -> str:
    """The identity of a method that is known whole."""
    described = describe_method(load(*args))
    assert described.unknown == ()
    return described.digest


COUNTS = {
    "a number beside the class": ("own_mine", "WEIGHT = 1.0", "WEIGHT = 0.001"),
    "a number in the class": ("own_mine", "share = 0.5", "share = 0.6"),
    "a default": ("own_mine", "power=2", "power=3"),
    "an operator": ("own_mine", "+ late()", "- late()"),
    "a number in a base class": ("own_base", "2.0", "3.0"),
    "a line in a base class": ("own_base", "self.old = old", "self.old = old + 1"),
    "a number beside a helper": ("own_helpers", "FACTOR = 3.0", "FACTOR = 3.5"),
    "a line of a helper": ("own_helpers", "tools.add(loss)", "-tools.add(loss)"),
    "a helper's helper": ("own_package/deep/tools", "loss + 1", "loss + 2"),
    "what a package does when it is imported": ("own_package/__init__", "", "import torch; torch.manual_seed(1)"),
    "what is imported late": ("own_late", "0.0", "1.0"),
}


@pytest.mark.parametrize("case", COUNTS)
def test_what_a_method_in_files_depends_on_counts(write, case):
    write(**FILES)
    before = ask()
    name, old, new = COUNTS[case]
    assert old in FILES[name]
    write(**{name: FILES[name].replace(old, new) if old else new})
    assert ask() != before
    write(**FILES)
    assert ask() == before


def test_what_a_method_does_not_import_does_not_count_nor_do_words(write):
    write(**FILES)
    before = ask()
    write(
        own_other=FILES["own_other"] + "x = 1\n",
        own_helpers='"""Helpers."""\n' + textwrap.dedent(FILES["own_helpers"]) + "# the end\n",
    )
    assert ask() == before


def test_the_modules_of_the_library_that_a_method_uses_are_named(write):
    write(**FILES)
    assert {"mnemonics_lib.methods.base", "mnemonics_lib.losses"} <= set(describe_method(load()).library)
    write(
        own_mine="from mnemonics_lib import losses\nfrom mnemonics_lib.methods.bic import BiC\nclass Mine(BiC): ...\n"
    )
    assert {"mnemonics_lib.methods.bic", "mnemonics_lib.losses"} <= set(describe_method(load()).library)
    assert describe_method(LwF).library == ("mnemonics_lib.methods.lwf",)


def test_a_method_of_the_library_is_its_module_alone():
    assert describe_method(LwF).digest == describe_method(LwF).digest != describe_method(BiC).digest
    assert describe_method(LwF).unknown == ()


def test_a_number_that_is_set_from_outside_counts(write):
    write(**FILES)
    before, mine = ask(), sys.modules["own_mine"]
    for place, name in ((mine, "WEIGHT"), (mine.Mine, "share"), (sys.modules["own_helpers"], "FACTOR")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place, name, 7.0)
            assert describe_method(mine.Mine).digest != before, name
        assert describe_method(mine.Mine).digest == before


def test_what_the_maker_of_a_class_is_given_counts(write):
    write(
        own_mine="""
        from mnemonics_lib.methods.base import Method
        def make(weight):
            class Mine(Method):
                def loss(self, *args):
                    return weight * super().loss(*args)
            return Mine
        """,
        own_here="from own_mine import make\nMine = make(1.0)\n",
    )
    before = ask("own_here")
    make = sys.modules["own_mine"].make
    assert describe_method(make(1.0)).digest == before != describe_method(make(2.0)).digest
    assert describe_method(make(object())).unknown == (
        "make.<locals>.Mine.loss: weight: a builtins.object cannot be described",
    )


def test_a_file_that_is_edited_while_python_goes_on_does_not_count_until_it_is_reloaded(write):
    write(**FILES)
    before = ask()
    mine = sys.modules["own_mine"]
    write(own_mine=FILES["own_mine"].replace("WEIGHT = 1.0", "WEIGHT = 9.0").replace("+ late", "- late"))
    assert describe_method(mine.Mine).digest == before
    importlib.reload(mine)
    after = describe_method(mine.Mine).digest
    assert before != after == ask()


def test_a_file_that_was_edited_before_anything_was_asked_is_not_taken_for_what_was_imported(write):
    write(**FILES)
    cls = load()
    write(own_helpers=FILES["own_helpers"].replace("* tools", "/ tools"))
    described = describe_method(cls)
    assert [reason for reason in described.unknown if "own_helpers.py was changed after it was imported" in reason]
    assert describe_method(cls).digest != described.digest
    write(**FILES)
    cls = load()
    write(own_helpers="# in the first line\n" + textwrap.dedent(FILES["own_helpers"]))
    assert describe_method(cls).unknown == ()


def test_a_file_that_is_gone_or_no_longer_python_is_told(write, tmp_path):
    write(**FILES)
    cls = load()
    write(own_base="class\n")
    (tmp_path / "own_late.py").unlink()
    assert [reason.partition(":")[0] for reason in describe_method(cls).unknown] == ["own_base"]


def test_an_installed_package_counts_by_its_version_unless_it_is_the_methods_own(tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    for name, text in {
        "own_plugin": "from own_tool import w\nclass Mine:\n    w = w\n    x = 1\n",
        "own_tool": "w = 1\n",
    }.items():
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = ask("own_plugin")
    (site / "own_tool" / "__init__.py").write_text("w = 1\nmore = 1\n")
    assert ask("own_plugin") == before
    (site / "own_plugin" / "__init__.py").write_text("class Mine:\n    w = 1\n    x = 1\nmore = 1\n")
    assert ask("own_plugin") != before


def test_where_modules_come_from(write):
    write(**FILES)
    load()
    assert origin("torch.nn") is origin("json") is origin("sys") is Origin.INSTALLED
    assert origin("mnemonics_lib.losses") is Origin.LIBRARY
    assert origin("own_mine") is origin("own_package.start") is Origin.FILE
    assert origin("own_nothing") is origin("own_mine.WEIGHT") is Origin.NOWHERE
    assert origin("torch", home="torch") is Origin.FILE


# -- typed in a notebook ---------------------------------------------------------------------------------------------

CELL = """
import math
import numpy as np
import torch
from torch import nn
from mnemonics_lib import losses
from mnemonics_lib.methods.base import Method

WEIGHT = 1.0
TABLE = {"old": [1, 2], "new": (3.0, None)}
MASK = torch.tensor([1.0, 2.0])
GRID = np.arange(3)
UNUSED = object()

def halve(x):
    return x / 2

def twice(f):
    def both(*args):
        return 2 * f(*args)
    return both

class Base(Method):
    temperature = 2.0

class Mine(Base):
    scale = staticmethod(lambda x: 4 * x)

    @property
    def rate(self):
        return TABLE["old"][0] * GRID.sum()

    @twice
    def loss(self, model, teacher, images, labels, power=2):
        "Weighted."
        return WEIGHT * halve(losses.cross_entropy(model(images), labels)) ** power * MASK.sum()

    @torch.no_grad()
    def begin_phase(self, model, old, new):
        self.old = [x for x in [math.sqrt(old)] if (lambda y: y > 5)(x)]
"""

count = 0


def typed(text: str, name: str = "Mine", **others: object) -> type:
    """A class as a notebook's cell makes it: without a file, but with its text in linecache."""
    global count
    count += 1
    filename = f"<cell {count}>"
    linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
    namespace = {"__name__": "own_notebook", **others}
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name]  # type: ignore[return-value]


def known(cls: type) -> str:
    described = describe_method(cls)
    assert described.unknown == ()
    return described.digest


TYPED = {
    "a number beside the class": ("WEIGHT = 1.0", "WEIGHT = 2.0"),
    "its kind": ("WEIGHT = 1.0", "WEIGHT = 1"),
    "a helper": ("x / 2", "x / 3"),
    "a decorator": ("return 2 * f", "return 3 * f"),
    "a base class": ("temperature = 2.0", "temperature = 3.0"),
    "a lambda": ("4 * x", "5 * x"),
    "a lambda in a function in a decorated function": ("y > 5", "y > 6"),
    "a default": ("power=2", "power=3"),
    "a list in a table": ('"old": [1, 2]', '"old": [1, 3]'),
    "a tuple in a table": ("(3.0, None)", "(3.0, True)"),
    "a key of a table": ('"new"', '"newer"'),
    "a tensor": ("[1.0, 2.0]", "[1.0, 2.5]"),
    "a tensor's kind": ("torch.tensor([1.0, 2.0])", "torch.tensor([1.0, 2.0], dtype=torch.float64)"),
    "an array": ("arange(3)", "arange(4)"),
    "a property": ('["old"][0]', '["old"][1]'),
    "another function of the library": ("losses.cross_entropy", "losses.distillation"),
    "the decorator of a method": ("@torch.no_grad()", "@torch.enable_grad()"),
    "no decorator": ("    @twice\n", ""),
}


@pytest.mark.parametrize("case", TYPED)
def test_what_a_typed_method_depends_on_counts(case):
    old, new = TYPED[case]
    assert CELL.count(old) == 1
    assert known(typed(CELL)) != known(typed(CELL.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Weighted."', '"With a weight."'),
        ("def halve(x):", "# a helper\n\n\ndef halve( x ):"),
        ("UNUSED = object()", "UNUSED = 3"),
        ("import math\n", "import math, sys\nx = 3\n"),
    ],
)
def test_what_a_typed_method_does_not_use_does_not_count(old, new):
    assert CELL.count(old) == 1
    assert known(typed(CELL)) == known(typed(CELL.replace(old, new)))


def test_a_typed_method_names_the_librarys_modules_that_it_uses():
    library = set(describe_method(typed(CELL)).library)
    assert {"mnemonics_lib.methods.base", "mnemonics_lib.losses"} <= library
    text = (
        "import mnemonics_lib.bilevel.inner\nclass Mine:\n    def f(self): return mnemonics_lib.bilevel.inner.ENGINES\n"
    )
    assert "mnemonics_lib.bilevel.inner" in describe_method(typed(text)).library


def test_a_file_that_a_typed_method_imports_counts(write):
    first = "import own_helpers\nclass Mine:\n    def f(self): return own_helpers.scale(1)\n"
    late = "class Mine:\n    def f(self):\n        from own_helpers import scale\n        return scale(1)\n"
    for text in (first, late):
        write(**FILES)
        load("own_helpers", "scale")
        before = known(typed(text))
        write(own_helpers=FILES["own_helpers"].replace("+ 1", "+ 2"), own_late="x = 1\n")
        load("own_helpers", "scale")
        assert known(typed(text)) == before
        write(**{"own_package/deep/tools": "def add(loss): return loss + 2\n"})
        load("own_helpers", "scale")
        assert known(typed(text)) != before


def test_a_number_that_is_set_on_a_file_that_a_typed_method_imports_counts(write):
    write(own_numbers="WEIGHT = 1.0\n")
    load("own_numbers", "WEIGHT")
    cls = typed("import own_numbers\nclass Mine:\n    def f(self): return own_numbers.WEIGHT\n")
    before = known(cls)
    sys.modules["own_numbers"].WEIGHT = 2.0  # type: ignore[attr-defined]
    assert known(cls) != before


def unknown(cls: type) -> str:
    described, again = describe_method(cls), describe_method(cls)
    assert described.digest != again.digest
    (reason,) = described.unknown
    return reason


def test_what_cannot_be_described_equals_nothing_and_says_why():
    use = "class Mine:\n    def f(self): return THING\n"
    assert "THING: a builtins.object cannot be described" in unknown(typed(use, THING=object()))
    assert "THING: a torch._C.Generator cannot be described" in unknown(
        typed("import torch\nTHING = torch.Generator()\n" + use)
    )
    assert unknown(typed("import torch\nTHING = [torch.eye(2).to_sparse()]\n" + use)).startswith(
        "THING: a torch.Tensor"
    )
    namespace: dict[str, Any] = {"__name__": "own_notebook"}
    exec("class Mine:\n    def f(self): return 1\n", namespace)
    assert unknown(namespace["Mine"]) == "Mine.f: no text is kept of it; write it in a file"


def test_a_function_without_text_is_unknown_in_a_decorator_of_torch_too():
    namespace: dict[str, Any] = {"__name__": "own_notebook"}
    exec("import torch\nclass Mine:\n    @torch.no_grad()\n    def f(self): return 1\n", namespace)
    assert "no text is kept of it" in unknown(namespace["Mine"])


def test_a_class_that_only_claims_to_be_pythons_or_the_librarys_is_looked_into():
    namespace: dict[str, Any] = {}  # without a __name__, Python takes that of its builtins
    exec("class Mine:\n    def f(self): return 1\n", namespace)
    assert namespace["Mine"].__module__ == "builtins"
    assert "no text is kept of it" in unknown(namespace["Mine"])
    text = "class Mine:\n    __module__ = 'mnemonics_lib.methods.lwf'\n    def f(self): return 1\n"
    assert known(typed(text)) != known(typed(text.replace("return 1", "return 2")))


def test_what_refers_to_itself_is_described():
    text = "LOOP = [1]\nLOOP.append(LOOP)\ndef a(): return b()\ndef b(): return a(), LOOP\nclass Mine:\n    f = a\n"
    assert known(typed(text)) == known(typed(text)) != known(typed(text.replace("[1]", "[2]")))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("import functools\nf = functools.partial(max, 1)", "import functools\nf = functools.partial(max, 2)"),
        ("import functools\nf = functools.cache(lambda: 1)", "import functools\nf = functools.cache(lambda: 2)"),
        (
            "import enum\nclass K(enum.Enum):\n    A = 1\nf = K.A",
            "import enum\nclass K(enum.Enum):\n    A = 2\nf = K.A",
        ),
        ("f = {'a', 'b'}", "f = {'a', 'c'}"),
        ("f = [].append", "f = [1].append"),
        ("from math import sqrt as f", "from math import sin as f"),
        ("from numpy import exp as f", "from numpy import sin as f"),
        ("from torch import exp as f", "from torch import sin as f"),
        ("from torch.nn.functional import linear as f", "from torch.nn.functional import relu as f"),
        ("import torch\nf = torch.float32", "import torch\nf = torch.float64"),
        ("import torch\nf = torch.nn.Linear", "import torch\nf = torch.nn.Conv2d"),
        ("from pathlib import Path as P\nf = P('a')", "from pathlib import Path as P\nf = P('b')"),
        ("f = classmethod(lambda cls: 1)", "f = classmethod(lambda cls: 2)"),
        ("def f(): ...\nf.weight = 1", "def f(): ...\nf.weight = 2"),
    ],
)
def test_values_of_many_kinds_are_described(text, other):
    use = "\nclass Mine:\n    g = f\n    def h(self): return f\n"
    assert known(typed(text + use)) == known(typed(text + use)) != known(typed(other + use))


IPYTHON = """
from IPython.core.interactiveshell import InteractiveShell
from mnemonics_lib.durable.own_method import describe_method
shell = InteractiveShell.instance()
shell.run_cell("from mnemonics_lib.methods.base import Method\\nWEIGHT = 1.0")
CELL = '''class Mine(Method):
    def loss(self, model, teacher, images, labels):
        "%s"
        return WEIGHT * {} * super().loss(model, teacher, images, labels)'''
def ask():
    described = describe_method(shell.user_ns["Mine"])
    assert described.unknown == (), described
    return described.digest
digests = []
for word, number, weight in (("a", 1, 1.0), ("b", 1, 1.0), ("b", 2, 1.0), ("b", 1, 2.0)):
    shell.run_cell(CELL.replace("%s", word).replace("{}", str(number)))
    shell.run_cell(f"WEIGHT = {weight}")
    digests.append(ask())
print(digests.index(digests[1]), digests.index(digests[2]), digests.index(digests[3]))
"""


def test_a_method_that_is_typed_in_ipython_is_known(root):
    done = subprocess.run([sys.executable, "-c", IPYTHON], cwd=root, capture_output=True, text=True)
    assert done.stdout.split() == ["0", "2", "3"], done.stderr


def test_a_method_in_the_script_that_is_run_is_known(root, tmp_path):
    script = tmp_path / "script.py"
    text = "from mnemonics_lib.durable.own_method import describe_method\nclass Mine:\n    def f(self): return 1\n"
    environment = os.environ | {"PYTHONPATH": str(root)}
    answers = []
    for number in ("1", "2"):
        script.write_text(text.replace("return 1", f"return {number}") + "print(describe_method(Mine))\n")
        done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
        answers.append(done.stdout)
        assert "unknown=()" in done.stdout, done.stderr
    assert answers[0] != answers[1]


class Asserting(Method):
    """Compiled by pytest, which rewrites assertions: its code is not what its file compiles to."""

    def state(self):
        assert self.lam
        return {"a": 1}


def test_a_method_of_a_test_is_known():
    assert known(Asserting) == known(Asserting)
