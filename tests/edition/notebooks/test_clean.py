"""What is left of an executed notebook, on notebooks of a few lines in a real kernel."""

from __future__ import annotations

from pathlib import Path

import nbformat

from mnemonics_lib.edition.notebooks.clean import clean
from mnemonics_lib.edition.notebooks.execute import execute
from mnemonics_lib.paths import ROOT
from tests.edition.notebooks.made import notebook, outputs

WAITS = """
import threading, time
from pathlib import Path
from filelock import FileLock
from mnemonics_lib.durable import locks
locks.PATIENCE, taken = 0.01, threading.Event()
def other():
    with FileLock("taken.lock"):
        taken.set()
        time.sleep(0.5)
threading.Thread(target=other).start()
taken.wait()
with locks.locked(Path("taken.lock"), deadline=None, what="another process"):
    print("mine")
"""

BARS = """
from mnemonics_lib.durable.bar import bar
for number in bar(range(3), desc="rounds", leave=False):
    print("round", number, flush=True)
"""

WARNS = """
import warnings
from mnemonics_lib.paths import ROOT
from mnemonics_lib.runs import RunWarning
warnings.warn(f"{ROOT}/build/runs/a: has not all; the run is made again from its first phase", RunWarning)
warnings.warn(f"{ROOT}/build/runs/a: something else", RunWarning)
"""


def test_of_bars_on_standard_output_only_what_was_printed_stays(params):
    assert execute(notebook(Path("n.py"), BARS), params, Path("out/n.ipynb")) is None
    assert [(o.name, o.text) for o in outputs("out/n.ipynb")] == [("stdout", "round 0\nround 1\nround 2\n")]


def test_that_it_waited_for_another_process_is_not_shown(params):
    source, output = notebook(Path("n.py"), WAITS), Path("out/n.ipynb")
    assert execute(source, params, output) is None
    assert [(o.name, o.text) for o in outputs(output)] == [("stdout", "mine\n")]


def test_what_this_machine_had_before_and_where_it_lies_is_not_shown(params):
    assert execute(notebook(Path("n.py"), WARNS), params, Path("out/n.ipynb")) is None
    ((name, text),) = [(o.name, o.text) for o in outputs("out/n.ipynb")]
    assert (name, text.splitlines()[0]) == ("stderr", "<cell>:5: RunWarning: build/runs/a: something else")
    assert len(text.splitlines()) == 2  # and the line of code that warned


def test_a_run_made_again_says_so_in_the_words_that_are_left_out():
    assert "; the run is made again from its first phase" in (ROOT / "mnemonics_lib" / "runs.py").read_text("utf-8")


def test_parameters_are_hidden_only_where_others_stand_in_their_place():
    """A notebook that is run on its own ones would show none."""
    for given, shown in (
        (["parameters", "injected-parameters"], ["parameters", "remove-input"]),
        (["parameters"], ["parameters"]),
    ):
        made = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python"}})
        made.cells = [nbformat.v4.new_code_cell("x = 1", metadata={"papermill": {}, "tags": [tag]}) for tag in given]
        clean(made, "n")
        assert made.cells[0].metadata["tags"] == shown


def test_long_parameters_are_shown_over_several_lines(params):
    settings = [
        "exemplar_level.inner_steps=8",
        "exemplar_level.alpha=0.05",
        "training.epochs=3",
        "training.milestones=[]",
    ]
    output = Path("out/n.ipynb")
    assert execute(notebook(Path("n.py"), "print(config.training.epochs)"), params, output, settings) is None
    (cell,) = (
        cell
        for cell in nbformat.read(output, as_version=4).cells
        if "injected-parameters" in cell.metadata.get("tags", [])
    )
    assert max(map(len, cell.source.splitlines())) <= 76
    shown: dict[str, object] = {}
    exec(cell.source, shown)
    assert shown["overrides"]["training"] == {"epochs": 3, "milestones": []}  # type: ignore[index]
    assert [o.text for o in outputs(output)] == ["3\n"]
