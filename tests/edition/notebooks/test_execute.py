"""The notebook runner, on notebooks of a few lines in a real kernel."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import papermill
import pytest

from mnemonics_lib.durable.commit import code_version, short_commit
from mnemonics_lib.edition.book.source_line import Page
from mnemonics_lib.edition.notebooks import execute as runner
from mnemonics_lib.edition.notebooks.__main__ import main
from mnemonics_lib.edition.notebooks.execute import EXECUTED_WITH, execute, executed_with
from mnemonics_lib.edition.parameters import ParameterError
from mnemonics_lib.paths import PARAMS
from tests.edition.notebooks.made import notebook, outputs


def test_a_notebook_that_is_not_there_is_named(params):
    with pytest.raises(ParameterError, match=r"none\.py: no such notebook"):
        execute(Path("none.py"), None, Path("out.ipynb"))


def test_success_is_clean_and_the_same_bytes_twice(params):
    source = notebook(
        Path("notebooks/n.py"),
        "import os, sys, time, warnings\nfrom tqdm import tqdm\nprint(config.seed, os.path.basename(os.getcwd()))",
        "for i in tqdm(range(3), leave=False):\n    time.sleep(0.02)\n    print('out', i, flush=True)",
        "for i in tqdm('ab', desc='epoch'):\n    print('err', i, file=sys.stderr)\nwarnings.warn('careful')",
    )
    output = Path("out/quick/tiny/n.ipynb")
    assert execute(source, params, output) is None
    first = output.read_bytes()

    made = nbformat.read(output, as_version=4)
    nbformat.validate(made)
    assert [cell.id for cell in made.cells] == [f"quick-tiny-n-{i}" for i in range(6)]
    assert made.cells[0].metadata.tags == ["parameters", "remove-input"]
    assert made.cells[1].metadata.tags == ["injected-parameters"]
    assert made.cells[2].metadata.tags == ["resolve"]
    assert [(o.name, o.text) for o in outputs(output)] == [
        ("stdout", "7 notebooks\n"),
        ("stdout", "out 0\nout 1\nout 2\n"),
        ("stderr", "err a\nerr b\n<cell>:3: UserWarning: careful\n  warnings.warn('careful')\n"),
    ]
    assert b"papermill" not in first
    assert not list(Path("build").rglob("*.ipynb"))

    assert execute(source, params, output) is None
    assert output.read_bytes() == first


def test_failure_leaves_no_output_and_a_readable_copy(params, capsys):
    output = Path("out/n.ipynb")
    assert execute(notebook(Path("n.py"), "print('before')"), params, output) is None

    source = notebook(Path("n.py"), "print('before')", "wrong = [seed]\nwrong[seed]", "print('after')")
    assert main(["execute", str(source), "--params", str(params), "--output", str(output)]) == 1
    partial = Path("build/failed/out/n.ipynb")
    said = capsys.readouterr().out
    assert re.search(r"(?s)FAILED n\.py: IndexError: list index out of range.*wrong\[seed\].*" + str(partial), said)
    assert not output.exists()
    kinds = [o.output_type for o in outputs(partial)]
    assert "error" in kinds
    assert "before" in partial.read_text()

    notebook(source, "print('mended')")
    assert execute(source, params, output) is None
    assert not partial.exists()


def test_a_kernel_that_dies_is_a_failure(params):
    source = notebook(Path("n.py"), "import os\nos._exit(1)")
    assert execute(source, params, Path("out/n.ipynb")) == Path("build/failed/out/n.ipynb")
    assert Path("build/failed/out/n.ipynb").exists()


def test_folders_with_names_that_papermill_or_a_shell_would_read(params):
    folder = Path("a b'c {x} [1] $(e)/ü")
    folder.mkdir(parents=True)
    source = notebook(folder / "n.py", "import os\nprint(config.seed, os.path.basename(os.getcwd()))")
    mine = params.rename(folder.parent / "m i'n{e}.yaml")
    output = folder / "out {y}/n.ipynb"
    assert execute(source, mine, output) is None
    assert outputs(output)[-1].text == "7 ü\n"


def test_a_page_without_parameters(params):
    source = notebook(Path("page.py"), "print('numbers')", resolve="")
    assert execute(source, None, Path("page.ipynb")) is None
    assert [o.text for o in outputs("page.ipynb")] == ["numbers\n"]
    with_nothing = nbformat.read("page.ipynb", as_version=4).metadata[EXECUTED_WITH]
    assert (with_nothing["params"], with_nothing["overrides"]) == (None, [])


def test_an_executed_notebook_says_with_what(params):
    digits = PARAMS / "quick" / "digits-n5.yaml"
    said = executed_with(digits, ["seed=3"])
    code = short_commit(**code_version())
    assert said == {"params": "params/quick/digits-n5.yaml", "overrides": ["seed=3"], "study": "", "code": code}
    assert executed_with(params, [])["params"] is None  # a path of one machine
    Page(**said)  # which reads it


def test_an_executed_notebook_names_the_commit_that_its_run_began_with(params, monkeypatch):
    now = {"commit": "a" * 40, "dirty": False}
    monkeypatch.setattr(runner, "code_version", lambda: dict(now))
    run = papermill.execute_notebook

    def while_someone_commits(*given, **named):
        now["commit"] = "b" * 40
        return run(*given, **named)

    monkeypatch.setattr(papermill, "execute_notebook", while_someone_commits)
    assert execute(notebook(Path("n.py"), "print(1)"), params, Path("out/n.ipynb")) is None
    made = nbformat.read("out/n.ipynb", as_version=4)
    assert made.metadata[EXECUTED_WITH]["code"] == "a" * 10


def test_an_output_that_is_the_source_or_a_folder_is_refused_and_left_as_it_is(params):
    source = notebook(Path("n.py"), "open('ran', 'w')")
    before = source.read_bytes()
    Path("folder").mkdir()
    for output, what in ((Path("folder/../n.py"), "the notebook itself"), (Path("folder"), "a folder")):
        with pytest.raises(ParameterError, match=re.escape(f"output = {output}: is {what}: must be another file")):
            execute(source, params, output)
    assert source.read_bytes() == before
    assert not Path("ran").exists()
