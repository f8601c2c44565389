"""The notebook runner, on notebooks of a few lines in a real kernel."""

import re
from pathlib import Path

import nbformat
import papermill
import pytest

from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable.commit import code_version, short_commit
from mnemonics_lib.edition import notebooks
from mnemonics_lib.edition.notebooks import (
    EXECUTED_WITH,
    check_all,
    check_parameters,
    execute,
    executed_with,
    main,
)
from mnemonics_lib.edition.parameters import DEFAULTS, ParameterError
from mnemonics_lib.edition.sources import Page
from mnemonics_lib.paths import PARAMS, ROOT

DECLARED = "\n".join(f"{name} = {value!r}" for name, value in DEFAULTS.items())
RESOLVE = "from mnemonics_lib.edition import parameters\nconfig = parameters.resolve(globals(), 'n')"


def notebook(path, *cells, resolve=RESOLVE):
    head = f'# %% tags=["parameters"]\n{DECLARED}\n\n# %% tags=["resolve"]\n{resolve}\n' if resolve else ""
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + "".join(f"\n# %%\n{cell}\n" for cell in cells))
    return path


@pytest.fixture
def params(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("params/tiny.yaml")
    path.parent.mkdir()
    path.write_text(RunConfig(seed=7).to_yaml())
    return path


def outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


class TestCheck:
    def test_injects_the_path_of_a_file_as_the_notebook_sees_it(self, params):
        source = notebook(Path("notebooks/n.py"))
        assert check_parameters(source, params) == {"seed": 7, "params": "../params/tiny.yaml"}

    def test_injects_the_names_of_a_file_of_the_project(self, params):
        named = check_parameters(notebook(Path("n.py")), PARAMS / "small" / "cifar100-n10.yaml")
        assert named == {"dataset": "cifar100", "phases": 10, "profile": "small", "seed": 0}

    def test_injects_settings(self, params):
        source, file = notebook(Path("n.py")), PARAMS / "quick" / "digits-n5.yaml"
        given = check_parameters(source, file, ["seed=3", "training.epochs=2"])
        assert given == {"dataset": "digits", "phases": 5, "profile": "quick", "seed": 3} | {
            "overrides": {"training": {"epochs": 2}}
        }

    def test_a_setting_that_leaves_the_project_s_names_takes_the_file_by_its_path(self, params):
        given = check_parameters(notebook(Path("n.py")), PARAMS / "quick" / "digits-n5.yaml", ["phases=1"])
        assert given["overrides"] == {"phases": 1}
        assert Path(given["params"]).resolve() == PARAMS / "quick" / "digits-n5.yaml"

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("sead: 1", ["tiny.yaml", "sead = 1", "did you mean seed"]),
            ("seed: '1'", ["tiny.yaml", "seed = '1'", "integer"]),
            ("seed: -1", ["tiny.yaml", "seed = -1", "greater than or equal to 0"]),
            ("method: lwff", ["tiny.yaml", "method = 'lwff'", "must be one of lwf, icarl, bic, lucir"]),
            ("phases: 3", ["tiny.yaml", "phases = 3"]),
        ],
    )
    def test_names_file_field_value_and_what_is_allowed(self, params, line, said):
        params.write_text(line)
        with pytest.raises(ParameterError) as raised:
            check_parameters(notebook(Path("n.py")), params)
        assert all(words in str(raised.value) for words in said), str(raised.value)

    def test_refuses_what_the_notebook_itself_refuses(self, params):
        source = notebook(Path("n.py"), resolve=RESOLVE.replace("'n'", "'n', [{'adjust': 9}]"))
        with pytest.raises(ParameterError, match=r"params/tiny\.yaml: n runs it with adjust = 9 too, which is refused"):
            check_parameters(source, params)

    def test_refuses_a_file_for_a_notebook_that_would_not_read_it(self, params):
        with pytest.raises(
            ParameterError, match=r"n\.py: has no cell tagged 'parameters', so that params/tiny\.yaml would"
        ):
            check_parameters(notebook(Path("n.py"), resolve=""), params)

    def test_a_notebook_that_is_not_there_or_is_none_is_named_with_every_other_problem(self, params):
        Path("merged.ipynb").write_text("{\n<<<<<<< HEAD\n")
        notebook(Path("merged.py"))
        with pytest.raises(ParameterError) as raised:
            check_all([Path("none.py"), Path("merged.py")], [params])
        said = str(raised.value)
        assert f"none.py: no such notebook, seen from {Path.cwd()}" in said
        assert "merged.ipynb: cannot be read as a notebook: " in said
        with pytest.raises(ParameterError, match=r"none\.py: no such notebook"):
            execute(Path("none.py"), None, Path("out.ipynb"))

    def test_a_mistake_in_the_cells_that_resolve_is_the_notebook_s(self, params):
        source = notebook(Path("n.py"), resolve=RESOLVE.replace("config =", "config = undefined and"))
        with pytest.raises(ParameterError, match=r"n\.py: its parameter cells fail: NameError: name 'undefined'"):
            check_parameters(source, params)

    def test_runs_two_cells_and_no_more(self, params):
        check_parameters(notebook(Path("n.py"), "open('ran', 'w')"), params)
        assert not Path("ran").exists()

    def test_says_everything_at_once(self, params):
        other = Path("params/other.yaml")
        params.write_text("sead: 1")
        other.write_text("seed: x")
        with pytest.raises(ParameterError, match=r"(?s)sead.*\n.*other\.yaml.*seed = 'x'"):
            check_all([notebook(Path("a.py")), notebook(Path("b.py"))], [params, other])

    def test_command_line(self, params, capsys):
        source = notebook(Path("n.py"))
        assert main(["check", str(source), "--params", str(params)]) == 0
        assert not Path("build").exists()
        params.write_text("sead: 1")
        assert main(["check", str(source), "--params", str(params)]) == 2
        assert "sead" in capsys.readouterr().err


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


def test_of_bars_on_standard_output_only_what_was_printed_stays(params):
    assert execute(notebook(Path("n.py"), BARS), params, Path("out/n.ipynb")) is None
    assert [(o.name, o.text) for o in outputs("out/n.ipynb")] == [("stdout", "round 0\nround 1\nround 2\n")]


def test_that_it_waited_for_another_process_is_not_shown(params):
    source, output = notebook(Path("n.py"), WAITS), Path("out/n.ipynb")
    assert execute(source, params, output) is None
    assert [(o.name, o.text) for o in outputs(output)] == [("stdout", "mine\n")]


WARNS = """
import warnings
from mnemonics_lib.paths import ROOT
from mnemonics_lib.runs import RunWarning
warnings.warn(f"{ROOT}/build/runs/a: has not all; the run is made again from its first phase", RunWarning)
warnings.warn(f"{ROOT}/build/runs/a: something else", RunWarning)
"""


def test_what_this_machine_had_before_and_where_it_lies_is_not_shown(params):
    assert execute(notebook(Path("n.py"), WARNS), params, Path("out/n.ipynb")) is None
    ((name, text),) = [(o.name, o.text) for o in outputs("out/n.ipynb")]
    assert (name, text.splitlines()[0]) == ("stderr", "<cell>:5: RunWarning: build/runs/a: something else")
    assert len(text.splitlines()) == 2  # and the line of code that warned


def test_a_run_made_again_says_so_in_the_words_that_are_left_out():
    assert "; the run is made again from its first phase" in (ROOT / "mnemonics_lib" / "runs.py").read_text("utf-8")


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


def test_refused_parameters_run_nothing_and_touch_nothing(params):
    output = Path("n.ipynb")
    output.write_text("from before")
    source = notebook(Path("n.py"), "open('ran', 'w')")
    assert main(["execute", str(source), "--params", str(params), "--output", str(output), "--set", "seed=x"]) == 2
    assert output.read_text() == "from before"
    assert not Path("ran").exists()


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


def test_an_executed_notebook_says_with_what(params):
    digits = PARAMS / "quick" / "digits-n5.yaml"
    said = executed_with(digits, ["seed=3"])
    code = short_commit(**code_version())
    assert said == {"params": "params/quick/digits-n5.yaml", "overrides": ["seed=3"], "study": "", "code": code}
    assert executed_with(params, [])["params"] is None  # a path of one machine
    Page(**said)  # which reads it


def test_an_executed_notebook_names_the_commit_that_its_run_began_with(params, monkeypatch):
    now = {"commit": "a" * 40, "dirty": False}
    monkeypatch.setattr(notebooks, "code_version", lambda: dict(now))
    run = papermill.execute_notebook

    def while_someone_commits(*given, **named):
        now["commit"] = "b" * 40
        return run(*given, **named)

    monkeypatch.setattr(papermill, "execute_notebook", while_someone_commits)
    assert execute(notebook(Path("n.py"), "print(1)"), params, Path("out/n.ipynb")) is None
    made = nbformat.read("out/n.ipynb", as_version=4)
    assert made.metadata[EXECUTED_WITH]["code"] == "a" * 10


def test_settings_may_be_given_one_by_one(params, monkeypatch):
    asked = []
    monkeypatch.setattr(notebooks, "execute", lambda *given: asked.append(given))
    command = ["execute", "n.py", "--params", str(params), "--output", "out/n.ipynb"]
    assert main([*command, "--set", "seed=1", "--set", "budget=2", "adjust=3"]) == 0
    assert asked == [(Path("n.py"), params, Path("out/n.ipynb"), ["seed=1", "budget=2", "adjust=3"])]
