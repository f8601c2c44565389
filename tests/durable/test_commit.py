"""The commit that a record names is one of the library's own repository, or none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mnemonics_lib.durable.commit import code_version, short_commit


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=u", "-c", "user.email=u@example.org")
    done = subprocess.run(["git", "-C", folder, *person, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path) -> Path:
    """A package in a folder of a repository that has another file."""
    folder = tmp_path / "env" / "site" / "lib"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "losses.py").write_text("")
    (tmp_path / "draft.tex").write_text("x")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "draft.tex")
    git(tmp_path, "commit", "-qm", "draft")
    return folder


@pytest.mark.parametrize("ignored", [True, False])
def test_a_commit_of_a_repository_that_does_not_have_the_library_is_not_named(package, tmp_path, ignored):
    if ignored:
        (tmp_path / ".gitignore").write_text("env/\n")
    assert code_version(package) == {"commit": None, "dirty": None}


PROJECT = '[project]\nname = "mnemonics-book"\n'


@pytest.mark.parametrize("project", ["", "pyproject.toml", "env/site/pyproject.toml"])
def test_a_commit_of_a_repository_into_which_the_library_was_copied_is_not_named(package, tmp_path, project):
    if project:  # of the outer folder, as a fork might have it, or of a copy of the whole project
        (tmp_path / project).write_text(PROJECT)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "vendored")
    assert code_version(package) == {"commit": None, "dirty": None}


@pytest.fixture
def own_package(tmp_path) -> Path:
    """A package in a folder of the project, which is a repository without it."""
    folder = tmp_path / "lib"
    folder.mkdir()
    for name in ("__init__.py", "losses.py"):
        (folder / name).write_text("")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    git(tmp_path, "init", "-q")
    return folder


def test_a_copy_in_the_projects_folder_that_is_not_tracked_has_no_commit(own_package, tmp_path):
    git(tmp_path, "add", "pyproject.toml")
    git(tmp_path, "commit", "-qm", "draft")
    assert code_version(own_package) == {"commit": None, "dirty": None}


def test_nor_has_one_beside_another_projects_files_that_is_tracked(own_package, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "vendored")
    assert code_version(own_package) == {"commit": None, "dirty": None}


def test_the_commit_of_the_librarys_own_repository_is_named(own_package, tmp_path):
    package = own_package
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "library")
    commit = git(tmp_path, "rev-parse", "HEAD")
    code_version.cache_clear()
    assert code_version(package) == {"commit": commit, "dirty": False}
    (tmp_path / "draft.tex").write_text("y")  # not of the library
    code_version.cache_clear()
    assert code_version(package) == {"commit": commit, "dirty": False}
    (package / "losses.py").write_text("x = 1\n")
    code_version.cache_clear()
    assert code_version(package) == {"commit": commit, "dirty": True}


def test_outside_a_repository_or_without_git_there_is_no_commit(tmp_path, monkeypatch):
    (tmp_path / "__init__.py").write_text("")
    assert code_version(tmp_path) == {"commit": None, "dirty": None}
    code_version.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert code_version() == {"commit": None, "dirty": None}
    code_version.cache_clear()


def test_people_see_ten_digits_and_whether_there_was_more():
    commit = "0123456789abcdef"
    assert short_commit(commit, dirty=False) == "0123456789"
    assert short_commit(commit, dirty=True) == "0123456789-dirty"
    assert short_commit(commit, dirty=None) == "0123456789"
    assert short_commit(None, dirty=None) is None
