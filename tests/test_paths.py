"""Where things lie, beside a project and without one."""

from __future__ import annotations

import pytest

from mnemonics_lib import paths


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "site" / "mnemonics_lib"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", [None, "another-project", "mnemonics-book-2"])
def test_a_folder_that_is_not_the_projects_is_none(package, name):
    if name:
        (package.parent / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        (package.parent / "params").mkdir()
    assert paths.checkout(package) is None


def test_the_projects_folder_is_found_also_while_its_pyproject_is_being_edited(package):
    (package.parent / "pyproject.toml").write_text('[project\nname = "mnemonics-book"\n')
    assert paths.checkout(package) == package.parent


def test_the_projects_folder_is_found_through_a_link(package, tmp_path):
    (package.parent / "pyproject.toml").write_text('name = "mnemonics-book"\n')
    link = tmp_path / "link"
    link.symlink_to(package, target_is_directory=True)
    assert paths.checkout(link) == package.parent


def test_these_tests_run_in_the_project(root):
    assert root == paths.PROJECT == paths.ROOT
    assert root / "params" == paths.PARAMS
    assert root / "build" / "runs" == paths.RUNS


def test_data_go_where_the_environment_says(root, tmp_path, monkeypatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    assert paths.data_root() == tmp_path
    monkeypatch.setenv("MNEMONICS_DATA", "")
    assert paths.data_root() == root / "data"


def test_hidden_files_and_those_in_hidden_folders_are_not_among_what_is_found(tmp_path):
    """What JupyterLab and macOS leave would else be a study, a record or a parameter file more."""
    for name in ("b.yaml", "a/c.yaml", "a/d/e.yaml", "._b.yaml", "a/.ipynb_checkpoints/c-checkpoint.yaml", "x.json"):
        path = tmp_path / ".hidden" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    folder = tmp_path / ".hidden"  # what it lies in may be hidden
    (folder / "folder.yaml").mkdir()
    assert paths.visible(folder, "**/*.yaml") == [folder / name for name in ("a/c.yaml", "a/d/e.yaml", "b.yaml")]
    assert paths.visible(folder, "*/*.yaml") == [folder / "a/c.yaml"]
