"""The buttons of a chapter open the notebook that is committed, of the repository that the book names."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import jupytext
import pytest
from docutils import nodes
from docutils.utils import new_document

from mnemonics_lib.config import read_yaml
from tests.browser.pages import names
from tests.extensions import extension

ROOT = Path(__file__).parents[2]
REPOSITORY = read_yaml(ROOT / "book" / "_config.yml")["repository"]
NAME = REPOSITORY["url"].removeprefix("https://github.com/")
CHAPTERS = [name for name in names() if "/0" in name and "/shown/" not in name]
PATH = re.compile(r"/(notebooks/\w+\.ipynb)$")
buttons = extension("notebook_buttons")


@pytest.mark.parametrize("page", CHAPTERS)
def test_each_button_names_a_committed_notebook(page):
    found = buttons.addresses(page, REPOSITORY["url"], REPOSITORY["branch"])
    assert list(found) == ["Colab", "Binder"]
    (notebook,) = {match.group(1) for url in found.values() if (match := PATH.search(url))}
    assert Path(notebook).stem == Path(page).name
    assert all(url.endswith(notebook) for url in found.values())
    assert (ROOT / notebook).is_file()
    if (ROOT / ".git").exists():
        git = ["git", "-C", ROOT, "ls-files", "--error-unmatch", notebook]
        assert subprocess.run(git, capture_output=True, check=False).returncode == 0


def test_the_addresses_are_those_that_the_services_read():
    found = buttons.addresses(CHAPTERS[0], "https://github.com/someone/book", "main")
    assert found == {
        "Colab": "https://colab.research.google.com/github/someone/book/blob/main/notebooks/01_preliminaries.ipynb",
        "Binder": "https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/notebooks/01_preliminaries.ipynb",
    }


@pytest.mark.parametrize(
    "page", ["executed/intro", "method/equations", "reproduce", "executed/shown/cifar100/01_preliminaries"]
)
def test_other_pages_have_none(page):
    assert buttons.addresses(page, REPOSITORY["url"], REPOSITORY["branch"]) == {}


def test_the_buttons_stand_under_the_title():
    document = new_document("page")
    section = nodes.section("", nodes.title("", "A chapter"), nodes.paragraph("", "Text."))
    document += section
    options = {"repository_url": REPOSITORY["url"], "repository_branch": REPOSITORY["branch"]}
    app = SimpleNamespace(config=SimpleNamespace(html_theme_options=options), env=SimpleNamespace(docname=CHAPTERS[0]))
    buttons.add_buttons(app, document)
    assert (
        section[1].astext()
        == "Run this notebook on Colab or Binder, with nothing to install (once the repository is public)."
    )
    assert [urlsplit(link["refuri"]).netloc for link in section[1].findall(nodes.reference)] == [
        "colab.research.google.com",
        "mybinder.org",
    ]


def test_the_readme_has_the_same_buttons():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in CHAPTERS:
        for url in buttons.addresses(page, REPOSITORY["url"], REPOSITORY["branch"]).values():
            assert f"({url})" in text


class TestOnColab:
    """The first cell of a notebook, run where Colab seems to be."""

    def cell(self, path: Path) -> str:
        first = next(cell for cell in jupytext.read(path).cells if cell.cell_type == "code")
        assert first.metadata.tags == ["colab", "remove-cell"]
        return first.source

    def test_it_is_the_same_in_all_and_names_the_repository(self):
        (source,) = {self.cell(path) for path in (ROOT / "notebooks").glob("0*.py")}
        assert f'"{REPOSITORY["url"]}"' in source
        assert f"-b {REPOSITORY['branch']} " in source

    def ran(
        self, monkeypatch: pytest.MonkeyPatch, modules: dict[str, object], fails: str = "nothing", there: bool = False
    ) -> tuple[list[list[str]], list[str]]:
        """The commands that it runs, of which one that contains ``fails`` does, and where Python looks for modules."""
        commands: list[list[str]] = []

        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            commands.append(command)
            return subprocess.CompletedProcess(command, int(fails in command), "said\n", "No space left\n")

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr("os.path.isdir", lambda path: there)
        monkeypatch.setattr("sys.modules", {**sys.modules, **modules})
        monkeypatch.setattr("sys.path", ["elsewhere", *sys.path])
        exec(self.cell(ROOT / "notebooks" / "01_preliminaries.py"), {})
        return commands, sys.path

    def test_elsewhere_it_does_nothing(self, monkeypatch):
        commands, path = self.ran(monkeypatch, {})
        assert commands == []
        assert path[0] == "elsewhere"

    def test_there_it_fetches_the_project_and_leaves_torch_as_it_is(self, monkeypatch):
        commands, path = self.ran(monkeypatch, {"google.colab": SimpleNamespace()})
        assert [command[:2] for command in commands] == [["git", "clone"], ["pip", "install"]]
        assert path[0] == commands[0][-1] == "/content/mnemonics-book"
        assert commands[1][-3:] == ["-e", path[0], f"torch=={version('torch')}"]

    def test_a_project_that_is_there_is_not_fetched_again(self, monkeypatch):
        commands, _ = self.ran(monkeypatch, {"google.colab": SimpleNamespace()}, there=True)
        assert [command[:2] for command in commands] == [["pip", "install"]]

    @pytest.mark.parametrize("fails", ["clone", "install"])
    def test_what_fails_there_is_said_at_once(self, fails, monkeypatch):
        with pytest.raises(RuntimeError, match=rf"(?s)not installed, for this failed: .*{fails}.*No space left"):
            self.ran(monkeypatch, {"google.colab": SimpleNamespace()}, fails)
