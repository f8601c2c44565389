"""The Snakefile and the Makefile, in a copy of the project with notebooks of a few lines.

The copy's folder, the interpreter's and one of the parameter files have names with which a shell would do something.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path
from typing import Any

import nbformat
import pytest

from mnemonics_lib.config import write_yaml
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.parameters import DEFAULTS
from mnemonics_lib.kept import read_kept

ROOT = Path(__file__).parents[2]
FOLDER, B = "it's a $HOME", "b c'd $(touch pwned); \"e`"
HEEDING_CTRL_C = [
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])",
]
ALL = {f"{params}/{notebook}" for params in ("a", B) for notebook in ("01_x", "04_ablations")}
PARAMETERS = "\n".join(f"{name}: {type(value).__name__} = {value!r}" for name, value in DEFAULTS.items())
RESOLVE = "from mnemonics_lib.edition import parameters\nconfig = parameters.resolve(globals(), {name!r})"


READ_BY_CHAPTER_4 = ["book/records/first_time.json", "book/studies/evidence/primary.yaml", "params/small/c.yaml"]
"""Beside records: what was made twice, the studies, and the parameters of the one that it has beside its own."""


class Project:
    """A folder with the Makefile, the Snakefile, the library, two notebooks and two parameter files."""

    failing: subprocess.CompletedProcess[str]
    finishing: subprocess.CompletedProcess[str]
    executed_then: set[str]
    partial_then: str
    plan: subprocess.CompletedProcess[str]
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]

    def __init__(self, folder):
        self.root = root = folder / FOLDER
        self.python = sys.executable
        for name in ("Makefile", "Snakefile", "pyproject.toml"):
            self.write(name, (ROOT / name).read_text())
        shutil.copytree(ROOT / "mnemonics_lib", root / "mnemonics_lib", ignore=shutil.ignore_patterns("__pycache__"))
        self.notebook("01_x", "print(config.seed)")
        self.notebook("04_ablations", "print(config.seed)")
        self.write("params/quick/a.yaml", "seed: 1\n")
        self.write(f"params/quick/{B}.yaml", "seed: 2\n")
        self.write("book/records/quick/a/arm/seed-0.json", "{}")
        self.write("book/records/costs.json", "{}")
        for path in READ_BY_CHAPTER_4:
            self.write(path, "{}")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def notebook(self, name, cell):
        cells = {' tags=["parameters"]': PARAMETERS, ' tags=["resolve"]': RESOLVE.format(name=name), "": cell}
        self.write(f"notebooks/{name}.py", "".join(f"# %%{tags}\n{source}\n\n" for tags, source in cells.items()))

    def make(self, *arguments):
        return ["make", f"PYTHON={self.python}", "JOBS=2", *arguments]

    def reproduce(self, *settings):
        command = self.make("reproduce", *settings)
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)

    def snakemake(self, *arguments):
        command = [self.python, "-m", "snakemake", "--cores", "1", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def study(self, *arguments, study=f"mine/{B}.yaml"):
        return self.snakemake("--keep-going", *arguments, "--config", f"study={study}", "--", "study")

    def would_run(self):
        """The executed notebooks that `make reproduce` would make, as ``params/notebook``."""
        done = self.snakemake("--dry-run")
        assert done.returncode == 0, done.stderr
        return set(re.findall(r"^    output: book/executed/quick/(.+)\.ipynb", done.stdout, re.MULTILINE))

    def executed(self):
        folder = self.root / "book/executed/quick"
        return {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.ipynb")}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment in a folder whose name has a space and a quote, with the packages of this."""
    folder = tmp_path_factory.mktemp("environment") / "py thon's"
    venv.create(folder, symlinks=os.name == "posix")
    (site,) = folder.rglob("site-packages")
    site.joinpath("packages.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return next(path for path in (folder / "bin" / "python", folder / "Scripts" / "python.exe") if path.exists())


@pytest.fixture(scope="module")
def project(tmp_path_factory, python):
    """A project after a call in which one notebook failed, and one after what broke it was mended."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.python = python
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
    made = nbformat.read(project.root / "book/executed/quick" / B / "01_x.ipynb", as_version=4)
    assert made.cells[-1].outputs[0].text == "2\n"
    assert not list(project.root.rglob("pwned*"))


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
        ("notebooks/01_x.py", {"a/01_x", f"{B}/01_x"}),
        (f"params/quick/{B}.yaml", {f"{B}/01_x", f"{B}/04_ablations"}),
        ("book/records/quick/a/arm/seed-0.json", {"a/04_ablations", f"{B}/04_ablations"}),
        *((path, {"a/04_ablations", f"{B}/04_ablations"}) for path in READ_BY_CHAPTER_4),
        ("mnemonics_lib/edition/batch/progress.py", ALL),
    ],
)
def test_repeats_what_depends_on_an_edited_file(project, path, repeated):
    before = (project.root / path).read_text()
    project.write(path, before + "\n")
    try:
        assert project.would_run() == repeated
    finally:
        project.write(path, before)


@pytest.fixture(scope="module")
def paged(project):
    """The project with a page of its book, which was executed."""
    for path in SHOWN_BY_PAGES:
        project.write(path, "before")
    project.write("book/intro.py", "# %%\nprint(1)\n")
    done = project.snakemake("--", PAGE)
    assert done.returncode == 0, done.stderr
    return project


PAGE = "book/executed/intro.ipynb"
SHOWN_BY_PAGES = [
    *("CITATION.cff", "book/paper/table9.csv", "book/studies/quick/a.yaml", "book/records/bench/x.json"),
    *("book/records/search.json", "book/records/first_time.json", "book/records/adjustment.json"),
    "book/records/means.json",
    "book/records/shown/a/loops.safetensors",
    "book/records/quick/a/arm/seed-0.safetensors",
]


@pytest.mark.parametrize("path", SHOWN_BY_PAGES)
def test_repeats_a_page_when_a_file_changed_that_it_may_show(paged, path):
    for text, repeated in (("after", True), ("before", False)):
        paged.write(path, text)
        done = paged.snakemake("--dry-run", "--", PAGE)
        assert done.returncode == 0, done.stderr
        assert (f"output: {PAGE}" in done.stdout) == repeated


def test_refused_parameters_stop_it_before_anything_runs(project):
    project.notebook("01_x", "print(config.seed, 'edited')")  # so that there would be something to run
    project.write(f"params/quick/{B}.yaml", "seed: two\n")
    try:
        done = project.reproduce()
    finally:
        project.notebook("01_x", "print(config.seed)")
        project.write(f"params/quick/{B}.yaml", "seed: 2\n")
    assert done.returncode != 0
    assert f"params/quick/{B}.yaml: seed = 'two': " in done.stderr
    assert "start" not in done.stdout


def test_names_the_profiles_there_are(project):
    project.write("params/cluster/slurm/config.yaml", "jobs: 1\n")  # has no parameter files, and is no profile
    try:
        done = project.reproduce("PROFILE=quik")
    finally:
        shutil.rmtree(project.root / "params/cluster")
    assert done.returncode != 0
    assert "profile = 'quik'" in done.stderr
    assert re.search(r"the profiles are quick, small$", done.stderr, re.MULTILINE)
    assert "profile = '7'" in project.reproduce("PROFILE=7").stderr
    assert "profile = '../params/quick'" in project.reproduce("PROFILE=../params/quick").stderr
    assert "profile = 'a b; touch pwned'" in project.reproduce("PROFILE=a b; touch pwned").stderr
    assert not (project.root / "pwned").exists()


def test_refuses_names_that_snakemake_would_not_take_as_they_are(project):
    paths = ["params/quick/{x}.yaml", "book/a{.md", "notebooks/0{y}.py", "params/quick/a\nb.yaml"]
    for path in paths:
        project.write(path, "")
    try:
        done = project.snakemake("--dry-run")
    finally:
        for path in paths:
            (project.root / path).unlink()
    assert done.returncode != 0
    for path in paths:
        assert f"{path!r}: a name must not have braces or control characters" in done.stdout


def test_leaves_an_editor_s_hidden_files_alone(project):
    before = project.would_run()  # something, where another test has changed what chapter 4 reads
    project.write("params/quick/.#a.yaml", "not: [yaml")
    try:
        assert project.would_run() == before
    finally:
        (project.root / "params/quick/.#a.yaml").unlink()


STUDY: dict[str, Any] = {
    "title": "A study whose file and parameter file have names with which a shell would do something",
    "params": f"params/quick/{B}.yaml",
    "seeds": 2,
    "set": {"network": {"depth": 8, "width": 2}, "training.milestones": [0.5, 0.75], "phases": 1, "finetune": False},
    "arms": {"x-1": {"set": {"exemplars": "random"}}, "y+0.1": {"preset": "finetune", "seeds": [7]}},
    "compare": [],
}


@pytest.fixture(scope="module")
def studied(tmp_path_factory, python):
    """A project with a study of its own, which was made once, and then once more after one record was lost."""
    project = Project(tmp_path_factory.mktemp("study"))
    project.python = python
    project.write(f"params/quick/{B}.yaml", "training: {epochs: 1, milestones: []}")
    project.write(f"mine/{B}.yaml", write_yaml(STUDY))
    project.plan = project.study("--dry-run", "-p")
    project.first = project.study()
    (project.root / "mine" / B / "x-1/seed-1.json").unlink()
    project.second = project.study()
    return project


def test_every_argument_of_a_run_s_command_is_quoted(studied):
    assert studied.plan.returncode == 0, studied.plan.stderr
    shown = re.findall(r"^Shell command: (.*?2>&1)$", studied.plan.stdout, re.MULTILINE | re.DOTALL)
    settings = ["network.depth=8", "network.width=2"]  # a section by its fields
    settings += ["training.milestones=[0.5, 0.75]", "phases=1", "finetune=false"]
    run = [str(studied.python), "-m", "mnemonics_lib", "run", f"params/quick/{B}.yaml"]

    def command(arm, seed, *arguments):
        copy = f"mine/{B}/{arm}/seed-{seed}"
        options = ["--device", "cpu", "--copy", f"{copy}.json"]
        return [*run, *arguments, f"seed={seed}", *options, ">", f"build/logs/{copy}.log", "2>&1"]

    assert sorted(map(shlex.split, shown)) == sorted(
        [
            command("x-1", 0, "--set", *settings, "exemplars=random"),
            command("x-1", 1, "--set", *settings, "exemplars=random"),
            command("y+0.1", 7, "--preset", "finetune", "--set", *settings),
        ]
    )


def test_the_records_of_a_study_are_made_beside_it(studied):
    assert studied.first.returncode == 0, studied.first.stderr
    folder = studied.root / "mine" / B
    made = {str(path.relative_to(folder)): read_record(path) for path in folder.rglob("*.json")}
    assert made.keys() == {"x-1/seed-0.json", "x-1/seed-1.json", "y+0.1/seed-7.json"}
    assert made["x-1/seed-1.json"].exemplars == "random"
    assert made["y+0.1/seed-7.json"].method == "finetune"
    assert not list(studied.root.rglob("pwned*"))
    assert "Records: 3 made, 0 there before, 0 failed, 0 not run." in studied.first.stdout
    assert re.search(r"about \d+ s left", studied.first.stdout)


def test_a_log_has_the_row_of_each_phase(studied):
    (log,) = (studied.root / "build/logs/mine" / B / "y+0.1").glob("*.log")
    assert [line.split()[0] for line in log.read_text().splitlines()[:3]] == ["phase", "0", "1"]


def test_the_next_call_makes_what_is_missing_and_no_more(studied):
    assert studied.second.returncode == 0, studied.second.stderr
    assert re.findall(r"start .*", studied.second.stdout) == [
        f"start  mine/{B}  x-1  seed 1  log: build/logs/mine/{B}/x-1/seed-1.log"
    ]
    assert "Records: 1 made, 2 there before, 0 failed, 0 not run." in studied.second.stdout
    assert studied.study().stdout == "Records: 0 made, 3 there before, 0 failed, 0 not run.\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": {"../x": {}}}, "arm = '../x': must be letters"),
        ({"set": STUDY["set"] | {"budget": 1}}, "budget = 2 and 1, which mine/"),
    ],
)
def test_a_study_with_a_mistake_stops_it_before_anything_runs(studied, changes, said):
    assert studied.second.returncode == 0
    studied.write(f"mine/{B}.yaml", write_yaml(STUDY | changes))
    try:
        done = studied.study()
    finally:
        studied.write(f"mine/{B}.yaml", write_yaml(STUDY))
    assert done.returncode != 0
    assert "Nothing was run, because of this study:" in done.stderr
    assert said in done.stderr
    assert "start" not in done.stdout


TRAINED = {
    "exemplars": "mnemonics",
    "training.epochs": 1,
    "training.milestones": [],
    "finetune": False,
    "phases": 1,
    "exemplar_level.epochs": 1,
    "exemplar_level.inner_steps": 2,
    "exemplar_level.start": "theta",
    "network.width": 2,
}
"""Settings of a run that trains exemplars, in seconds."""


def test_runs_that_all_train_exemplars_share_theta_0_and_e_0(studied):
    arms = {"a": {}, "b": {"set": {"training.lam": 0.7}}}
    values = {"title": "t", "params": "quick/a", "seeds": 1, "set": TRAINED, "arms": arms}
    studied.write("mine/trained.yaml", write_yaml(values))
    done = studied.study(study="mine/trained.yaml")
    assert done.returncode == 0, done.stderr
    ended = re.findall(r"done   (\S+)", done.stdout)
    assert ended == ["model", "exemplars", "mine/trained", "mine/trained"]
    assert "Records: 2 made, 0 there before, 0 failed, 0 not run." in done.stdout


def test_what_is_to_be_kept_is_made_for_records_that_are_there_which_stay(studied):
    values = {"title": "t", "params": "quick/a", "seeds": [1], "set": TRAINED, "arms": {"x": {}}}
    studied.write("mine/keeping.yaml", write_yaml(values))
    assert studied.study(study="mine/keeping.yaml").returncode == 0
    record = studied.root / "mine/keeping/x/seed-1.json"
    before = record.read_bytes()
    keeping = values | {"keep": {"phases": [0], "classes": 1, "embedding": False}}
    studied.write("mine/keeping.yaml", write_yaml(keeping))
    done = studied.study(study="mine/keeping.yaml")
    assert done.returncode == 0, done.stderr
    assert read_kept(record.with_suffix(".safetensors")).identity == read_record(record).identity
    assert record.read_bytes() == before
    assert "Records: 1 made, 0 there before, 0 failed, 0 not run." in done.stdout
    studied.write("mine/keeping.yaml", write_yaml(values | {"keep": {"phases": [0], "classes": 2}}))
    refused = studied.study(study="mine/keeping.yaml")
    assert (
        "seed-1.safetensors: of another run than seed-1.json, or keeps something else than mine/keeping"
        in refused.stderr
    )


@pytest.fixture(scope="module")
def failing(studied):
    """What was said of a study of two runs that train exemplars, one of which diverges after that, in phase 1."""
    wrong = TRAINED | {"finetune": True, "finetuning.epochs": 5, "finetuning.milestones": [], "finetuning.rate": 1e9}
    arms = {"bad": {"set": wrong}, "good": {"seeds": [12], "set": TRAINED}}
    values = {"title": "t", "params": "quick/a", "seeds": [11], "arms": arms}
    studied.write("mine/failing.yaml", write_yaml(values))
    return values, studied.study(study="mine/failing.yaml")


def test_what_failed_is_told_with_its_reason_and_the_rest_is_made(studied, failing):
    _, done = failing
    assert done.returncode != 0
    assert "Records: 1 made, 0 there before, 1 failed, 0 not run." in done.stdout
    assert re.search(r"  diverged: phase 1: .*\n    mine/failing  bad  seed 11, log: ", done.stdout)
    assert (studied.root / "mine/failing/good/seed-12.json").exists()


def test_one_run_that_diverges_keeps_no_other_from_being_made(studied, failing):
    """It is the one by which Theta_0 and E_0 of all three are to be made, and says at once that it diverged before."""
    values, _ = failing
    arms = {"bad": values["arms"]["bad"], "b": {"set": TRAINED}, "c": {"set": TRAINED | {"training.lam": 0.7}}}
    studied.write("mine/later.yaml", write_yaml(values | {"arms": arms}))
    done = studied.study(study="mine/later.yaml")
    assert "Records: 2 made, 0 there before, 1 failed, 0 not run." in done.stdout


def test_a_study_that_there_is_not_is_told_with_those_that_there_are(studied):
    done = studied.study(study="table7")
    assert done.returncode != 0
    assert "study = 'table7': no such file or study; there are evidence/primary" in done.stderr


@pytest.mark.parametrize("there", [True, False])
def test_the_book_has_pages_on_data_that_are_there_and_leaves_out_others(tmp_path, there):
    if there:
        (tmp_path / "cifar-100-python").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MNEMONICS_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "--forceall", "--nolock"]
    done = subprocess.run(
        [*command, "--config", "wanted=book", "--", "book"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    made = re.findall(r"^    output: book/executed/(.+)\.ipynb$", done.stdout, re.MULTILINE)
    assert {"intro", "quick/digits-n5/01_preliminaries"} <= set(made)
    again = {page for page in made if page.startswith("shown/")}
    assert again == ({f"shown/cifar100/{path.stem}" for path in ROOT.glob("notebooks/0*.py")} if there else set())


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_goes_on_after_ctrl_c(tmp_path):
    project = Project(tmp_path)
    (project.root / f"params/quick/{B}.yaml").unlink()
    (project.root / "notebooks/04_ablations.py").unlink()
    # Stays in its second cell until the file is there, so that the signal finds it running.
    wait = "while not Path('../go').exists():\n    time.sleep(0.1)"
    project.notebook("01_x", f"import time\nfrom pathlib import Path\nPath('../running').touch()\n{wait}")
    # A shell's background job ignores the signal, and so does whatever it starts, until told otherwise.
    running = subprocess.Popen([*HEEDING_CTRL_C, *project.make("reproduce")], cwd=project.root, start_new_session=True)
    for _ in range(600):
        if (project.root / "running").exists():
            break
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(60) != 0
    assert not project.executed()

    (project.root / "go").touch()
    done = project.reproduce()
    assert done.returncode == 0, done.stderr
    assert project.executed() == {"a/01_x"}
