"""The library as a wheel, installed into a folder of another project's repository: no project of ours is around it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mnemonics_lib.paths import PARAMS, ROOT

SOURCES = ("mnemonics_lib", "params", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")
TINY = [
    "exemplars=random",
    "budget=1",
    "network.width=2",
    "training.epochs=1",
    "training.milestones=[]",
    "finetuning.epochs=1",
    "finetuning.milestones=[]",
]
READ_BACK = """
import json, sys
from mnemonics_lib import paths, runs
from mnemonics_lib.durable.commit import code_version

run = runs.load_run(sys.argv[1])
record, path = runs.run(run.config)  # a finished run, found without being told where
print(json.dumps({
    "library": paths.__file__,
    "code": dict(code_version()),
    "code of the record": dict(record.code),
    "path": str(path),
    "same": record == run.record,
    "data": str(paths.data_root().absolute()),
    "predicted": len(run.predict(run.pixels.quantise(run.exemplars.images)).names),
    "kept": len(run.exemplars.images),
}))
"""


def git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=u", "-c", "user.email=u@example.org")
    subprocess.run(["git", "-C", folder, *person, *arguments], capture_output=True, check=True)


class Elsewhere:
    """A repository that is not ours, which tracks an environment with the library in it, and a user's folder."""

    def __init__(self, root: Path) -> None:
        self.site, self.user = root / "env" / "site", root / "a user's folder"
        self.user.mkdir(parents=True)
        with zipfile.ZipFile(self._wheel(root / "copy")) as wheel:
            wheel.extractall(self.site)
        shutil.rmtree(root / "copy")
        git(root, "init", "-q")
        git(root, "add", "-f", ".")
        git(root, "commit", "-qm", "all of it")
        self.installed = self.files()

    @staticmethod
    def _wheel(copy: Path) -> Path:
        """As pip builds it, through a source distribution, which must have all that the wheel needs."""
        copy.mkdir()
        for name in SOURCES:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif (ROOT / name).exists():
                shutil.copy(ROOT / name, copy / name)
        for kind in ("sdist", "wheel"):
            code = f"from setuptools import build_meta; build_meta.build_{kind}('.')"
            subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, check=True)
            if kind == "sdist":
                (archive,) = copy.glob("*.tar.gz")
                with tarfile.open(archive) as packed:  # Python 3.11 has filters from 3.11.4 on
                    packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
                    packed.extractall(copy)
                copy /= archive.name.removesuffix(".tar.gz")
        (wheel,) = copy.glob("*.whl")
        return wheel

    def files(self) -> set[Path]:
        """What lies there, but for byte code."""
        found = {path.relative_to(self.site) for path in self.site.rglob("*")}
        return {path for path in found if "__pycache__" not in path.parts}

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MNEMONICS_DATA"}
        }
        environment |= {"PYTHONPATH": str(self.site), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.user, env=environment, capture_output=True, text=True, check=False)

    def run(self, params: str) -> Path:
        """A run by the command line; where it says that its record is."""
        done = self.python("-m", "mnemonics_lib", "run", params, "--quiet", "--set", *TINY)
        assert done.returncode == 0, done.stderr
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("record: ")]
        return self.user / line.removeprefix("record: ")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"))


def test_a_wheel_has_the_parameter_files_as_they_are(elsewhere):
    ours = {path.relative_to(PARAMS).as_posix(): path.read_bytes() for path in PARAMS.glob("*/*.yaml")}
    shipped = elsewhere.site / "mnemonics_lib" / "params"
    assert {path.relative_to(shipped).as_posix(): path.read_bytes() for path in shipped.glob("*/*.yaml")} == ours


def test_a_run_goes_where_the_user_is_and_is_found_again(elsewhere):
    path = elsewhere.run("quick/digits-n1")
    assert path.is_relative_to(elsewhere.user / "build" / "runs" / "quick")
    made = path.stat().st_mtime_ns

    mine = elsewhere.user.parent / "mine.yaml"  # a file of the user's own, in another folder
    shutil.copy(PARAMS / "quick" / "digits-n1.yaml", mine)
    assert elsewhere.run("../mine.yaml") == path
    assert path.stat().st_mtime_ns == made

    done = elsewhere.python("-c", READ_BACK, str(path.parent))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert Path(said["library"]).is_relative_to(elsewhere.site)
    assert said["same"]
    assert said["predicted"] == said["kept"] > 0
    assert elsewhere.user / said["path"] == path
    assert said["data"] == str(elsewhere.user / "data")
    assert said["code"] == {"commit": None, "dirty": None}
    assert said["code of the record"]["commit"] is None
    assert elsewhere.files() == elsewhere.installed


def test_help_is_a_guide_and_shows_what_a_function_takes(elsewhere):
    for name, said in (
        ("mnemonics_lib", ["load_run", "train_exemplars", "python -m mnemonics_lib run quick/digits-n5"]),
        ("mnemonics_lib.exemplars.any_model", ["twice differentiable", "images [n, c, h, w]", "Raises:"]),
    ):
        done = elsewhere.python("-c", f"import {name}; help({name})")
        assert done.returncode == 0, done.stderr
        assert not [words for words in said if words not in done.stdout]


def test_what_needs_the_project_says_so(elsewhere):
    for module, arguments, said in (
        ("measure_costs", [], "costs are those of the project's notebooks; there are none here"),
        ("notebooks", ["check", "n.py", "--params", "p.yaml"], "n.py: no such notebook, seen from "),
    ):
        done = elsewhere.python("-m", f"mnemonics_lib.edition.{module}", *arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not (elsewhere.user / "book").exists()
