"""pyproject.toml, requirements.lock and environment.yml say the same versions, and .venv holds them."""

import runpy
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mnemonics_lib.config import read_yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = read_yaml(ROOT / "environment.yml")["dependencies"]
PYTHONS = ("3.11.9", "3.12.9", "3.13.9")


def pins(requirements, python):
    """Name to exact version, of the requirements that hold for a Python on this platform."""
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    found = {}
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", f"{requirement} is not an exact pin"
            found[canonicalize_name(requirement.name)] = specifier.version
    return found


def project_extras():
    lines = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    return [r for r in map(Requirement, lines) if r.name != PROJECT["name"]]


def locked():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def plain_sphinx():
    """What the book's way out of Jupyter Book asks for, and what is installed for it."""
    wanted, installed = ((ROOT / "book" / "plain" / f"requirements.{kind}").read_text() for kind in ("in", "txt"))
    lines = [line for line in installed.splitlines() if not line.startswith("#")]
    return set(wanted.split()), [Requirement(line) for line in lines]


def conda_pip():
    lines = next(entry["pip"] for entry in CONDA if isinstance(entry, dict))
    return [Requirement(line) for line in lines if not line.startswith("-")]


def conda_python():
    return next(entry for entry in CONDA if isinstance(entry, str) and entry.startswith("python")).partition("=")[2]


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_has_what_pyproject_says(python):
    lock = pins(locked(), python)
    assert pins(project_extras(), python).items() <= lock.items()


@pytest.mark.parametrize("python", PYTHONS)
def test_locked_versions_are_ones_the_library_accepts(python):
    lock = pins(locked(), python)
    for requirement in map(Requirement, PROJECT["dependencies"]):
        assert lock[canonicalize_name(requirement.name)] in requirement.specifier


def test_environment_yml_says_what_pyproject_says():
    python = f"{conda_python()}.9"
    assert pins(conda_pip(), python) == pins(project_extras(), python)


def test_environment_yml_gives_python_and_pip_and_leaves_the_rest_to_pip():
    assert [entry.partition("=")[0] for entry in CONDA if isinstance(entry, str)] == ["python", "pip"]
    assert f">={conda_python()}" == PROJECT["requires-python"]
    pip = next(entry["pip"] for entry in CONDA if isinstance(entry, dict))
    assert {"-c requirements.lock", "-e ."} <= set(pip)


@pytest.mark.parametrize("python", PYTHONS)
def test_plain_sphinx_has_exact_versions_and_neither_jupyter_book_nor_torch(python):
    wanted, installed = plain_sphinx()
    found = pins(installed, python)
    assert wanted <= found.keys()
    assert not {"jupyter-book", "torch", "sphinx-comments", "sphinx-thebe"} & found.keys()
    assert int(found["sphinx"].partition(".")[0]) > int(pins(locked(), python)["sphinx"].partition(".")[0])


def test_plain_sphinx_has_every_extension_that_its_configuration_names():
    wanted, _ = plain_sphinx()
    configuration = runpy.run_path(str(ROOT / "book" / "plain" / "conf.py"))
    ours = {path.stem for path in (ROOT / "book" / "_ext").glob("*.py")}
    theirs = {name for name in configuration["extensions"] if not name.startswith("sphinx.ext.")} - ours
    assert {canonicalize_name(name.replace(".", "-")) for name in theirs} <= wanted
    assert configuration["math_eqref_format"] == "Eq.\u00a0{number}"


def test_no_file_names_an_index_or_a_path():
    for name in ("pyproject.toml", "requirements.lock", "environment.yml", "book/plain/requirements.txt"):
        text = (ROOT / name).read_text()
        assert not any(word in text for word in ("://", "--index", "--find-links", "file:")), name


@pytest.mark.skipif(Path(sys.prefix).resolve() != ROOT / ".venv", reason="not running in .venv")
def test_venv_holds_the_locked_versions():
    wrong = {}
    for name, wanted in pins(locked(), ".".join(map(str, sys.version_info[:3]))).items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = None
        if installed != wanted:
            wrong[name] = (wanted, installed)
    assert not wrong, f"(locked, installed): {wrong}; `make .venv/installed` mends it"
