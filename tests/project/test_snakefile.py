"""The Snakefile, in a copy of the project with notebooks of a few lines."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from mnemonics_lib.edition.parameters import DEFAULTS

ROOT = Path(__file__).parents[2]
MAKE = ["make", f"PYTHON={sys.executable}", "JOBS=2", "reproduce"]
HEEDING_CTRL_C = [
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])",
]
ALL = {f"{params}/{notebook}" for params in ("a", "b") for notebook in ("01_x", "04_ablations")}
PARAMETERS = "\n".join(f"{name}: {type(value).__name__} = {value!r}" for name, value in DEFAULTS.items())
RESOLVE = "from mnemonics_lib.edition import parameters\nconfig = parameters.resolve(globals(), {name!r})"


class Project:
    """A folder with the Makefile, the Snakefile, the library, two notebooks and two parameter files."""

    failing: subprocess.CompletedProcess[str]
    finishing: subprocess.CompletedProcess[str]
    executed_then: set[str]
    partial_then: str

    def __init__(self, root):
        self.root = root
        for name in ("Makefile", "Snakefile"):
            self.write(name, (ROOT / name).read_text())
        shutil.copytree(ROOT / "mnemonics_lib", root / "mnemonics_lib", ignore=shutil.ignore_patterns("__pycache__"))
        self.notebook("01_x", "print(config.seed)")
        self.notebook("04_ablations", "print(config.seed)")
        self.write("params/quick/a.yaml", "seed: 1\n")
        self.write("params/quick/b.yaml", "seed: 2\n")
        self.write("book/records/quick/a/arm/seed-0.json", "{}")
        self.write("book/records/costs.json", "{}")
        self.write("book/records/evidence.yaml", "{}")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def notebook(self, name, cell):
        cells = {' tags=["parameters"]': PARAMETERS, ' tags=["resolve"]': RESOLVE.format(name=name), "": cell}
        self.write(f"notebooks/{name}.py", "".join(f"# %%{tags}\n{source}\n\n" for tags, source in cells.items()))

    def reproduce(self, *settings):
        return subprocess.run([*MAKE, *settings], cwd=self.root, capture_output=True, text=True, check=False)

    def would_run(self):
        """The executed notebooks that `make reproduce` would make, as ``params/notebook``."""
        command = [sys.executable, "-m", "snakemake", "--dry-run"]
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=True)
        return set(re.findall(r"^    output: book/executed/quick/(\S+)\.ipynb", done.stdout, re.MULTILINE))

    def executed(self):
        folder = self.root / "book/executed/quick"
        return {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.ipynb")}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project after a call in which one notebook failed, and one after what broke it was mended."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.notebook(
        "04_ablations",
        "from pathlib import Path\nassert config.seed != 1 or Path('../mended').exists()\nprint(config.seed)",
    )
    project.failing = project.reproduce()
    project.executed_then = project.executed()
    project.partial_then = (project.root / "build/failed/book/executed/quick/a/04_ablations.ipynb").read_text()
    project.write("mended", "")
    project.finishing = project.reproduce()
    return project


def test_a_failure_is_kept_out_and_the_rest_goes_on(project):
    assert project.failing.returncode != 0
    assert project.executed_then == ALL - {"a/04_ablations"}
    assert "AssertionError" in project.partial_then
    said = project.failing.stdout
    assert "FAILED notebooks/04_ablations.py: AssertionError" in said
    assert "Notebooks: 3 finished, 0 already up to date, 1 failed or not run." in said
    assert re.search(r"a/04_ablations\.ipynb: failed, see build/failed/\S+\.ipynb and build/logs/\S+\.log", said)


def test_the_next_call_does_what_was_missing_and_no_more(project):
    assert project.finishing.returncode == 0, project.finishing.stderr
    assert "(1 of 1)" in project.finishing.stdout
    assert "Notebooks: 1 finished, 3 already up to date, 0 failed or not run." in project.finishing.stdout
    assert not list((project.root / "build/failed").rglob("*.ipynb"))


def test_runs_every_notebook_for_every_parameter_file(project):
    assert project.executed() == ALL
    made = nbformat.read(project.root / "book/executed/quick/b/01_x.ipynb", as_version=4)
    assert made.cells[-1].outputs[0].text == "2\n"


def test_repeats_nothing_when_only_dates_changed(project):
    for path in project.root.rglob("*.*"):
        if path.suffix in {".py", ".yaml", ".json"}:
            path.touch()
    done = project.reproduce()
    assert done.returncode == 0
    assert "Everything is up to date." in done.stdout
    assert "start" not in done.stdout


@pytest.mark.parametrize(
    ("path", "repeated"),
    [
        ("notebooks/01_x.py", {"a/01_x", "b/01_x"}),
        ("params/quick/b.yaml", {"b/01_x", "b/04_ablations"}),
        ("book/records/quick/a/arm/seed-0.json", {"a/04_ablations", "b/04_ablations"}),
        ("mnemonics_lib/edition/progress.py", ALL),
    ],
)
def test_repeats_what_depends_on_an_edited_file(project, path, repeated):
    before = (project.root / path).read_text()
    project.write(path, before + "\n")
    try:
        assert project.would_run() == repeated
    finally:
        project.write(path, before)


def test_refused_parameters_stop_it_before_anything_runs(project):
    project.notebook("01_x", "print(config.seed, 'edited')")  # so that there would be something to run
    project.write("params/quick/b.yaml", "seed: two\n")
    try:
        done = project.reproduce()
    finally:
        project.notebook("01_x", "print(config.seed)")
        project.write("params/quick/b.yaml", "seed: 2\n")
    assert done.returncode != 0
    assert "params/quick/b.yaml: seed = 'two': " in done.stderr
    assert "start" not in done.stdout


def test_names_the_profiles_there_are(project):
    done = project.reproduce("PROFILE=quik")
    assert done.returncode != 0
    assert "profile = 'quik'" in done.stderr
    assert "the profiles are quick" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_goes_on_after_ctrl_c(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "params/quick/b.yaml").unlink()
    (tmp_path / "notebooks/04_ablations.py").unlink()
    # Stays in its second cell until the file is there, so that the signal finds it running.
    wait = "while not Path('../go').exists():\n    time.sleep(0.1)"
    project.notebook("01_x", f"import time\nfrom pathlib import Path\nPath('../running').touch()\n{wait}")
    # A shell's background job ignores the signal, and so does whatever it starts, until told otherwise.
    running = subprocess.Popen([*HEEDING_CTRL_C, *MAKE], cwd=tmp_path, start_new_session=True)
    for _ in range(600):
        if (tmp_path / "running").exists():
            break
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(60) != 0
    assert not project.executed()

    (tmp_path / "go").touch()
    done = project.reproduce()
    assert done.returncode == 0, done.stderr
    assert project.executed() == {"a/01_x"}
