"""The notebook runner, on notebooks of a few lines in a real kernel."""

import re
from pathlib import Path

import nbformat
import pytest

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition.notebooks import ParameterError, check, check_all, execute, main

DEFAULTS = "\n".join(f"{name} = {value!r}" for name, value in RunConfig().model_dump().items())


def notebook(path, *cells, parameters=DEFAULTS):
    head = f'# %% tags=["parameters"]\n{parameters}\n' if parameters else ""
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
    def test_gives_every_field(self, params):
        assert check(notebook(Path("n.py")), params) == RunConfig(seed=7).model_dump()

    def test_applies_settings(self, params):
        assert check(notebook(Path("n.py")), params, ["seed=3", "training.epochs=2"])["training"]["epochs"] == 2

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
            check(notebook(Path("n.py")), params)
        assert all(words in str(raised.value) for words in said), str(raised.value)

    def test_refuses_what_the_notebook_does_not_declare(self, params):
        without_seed = "\n".join(line for line in DEFAULTS.splitlines() if not line.startswith("seed"))
        with pytest.raises(
            ParameterError, match=r"tiny\.yaml: not in the parameters cell of n\.py: seed = 7; it declares"
        ):
            check(notebook(Path("n.py"), parameters=without_seed), params)

    def test_says_everything_at_once(self, params):
        other = Path("params/other.yaml")
        params.write_text("sead: 1")
        other.write_text("seed: x")
        with pytest.raises(ParameterError, match=r"(?s)sead.*\n.*other\.yaml.*seed = 'x'"):
            check_all([notebook(Path("a.py")), notebook(Path("b.py"))], [params, other])

    def test_command_line(self, params, capsys):
        source = notebook(Path("n.py"))
        assert main(["check", str(source), "--params", str(params)]) == 0
        params.write_text("sead: 1")
        assert main(["check", str(source), "--params", str(params)]) == 2
        assert "sead" in capsys.readouterr().err


def test_success_is_clean_and_the_same_bytes_twice(params):
    source = notebook(
        Path("notebooks/n.py"),
        "import os, sys, time, warnings\nfrom pathlib import Path\nfrom tqdm import tqdm\nprint(seed, Path.cwd().name)",
        "for i in tqdm(range(3), leave=False):\n    time.sleep(0.02)\n    print('out', i, flush=True)",
        "for i in tqdm('ab', desc='epoch'):\n    print('err', i, file=sys.stderr)\nwarnings.warn('careful')",
    )
    output = Path("out/quick/tiny/n.ipynb")
    assert execute(source, params, output) is None
    first = output.read_bytes()

    made = nbformat.read(output, as_version=4)
    nbformat.validate(made)
    assert [cell.id for cell in made.cells] == [f"quick-tiny-n-{i}" for i in range(5)]
    assert made.cells[0].metadata.tags == ["parameters", "remove-input"]
    assert made.cells[1].metadata.tags == ["injected-parameters"]
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


def test_refused_parameters_run_nothing_and_touch_nothing(params):
    output = Path("n.ipynb")
    output.write_text("from before")
    source = notebook(Path("n.py"), "open('ran', 'w')")
    assert main(["execute", str(source), "--params", str(params), "--output", str(output), "--set", "seed=x"]) == 2
    assert output.read_text() == "from before"
    assert not Path("ran").exists()


def test_a_page_without_parameters(params):
    source = notebook(Path("page.py"), "print('numbers')", parameters="")
    assert execute(source, None, Path("page.ipynb")) is None
    assert [o.text for o in outputs("page.ipynb")] == ["numbers\n"]
