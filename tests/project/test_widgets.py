"""The files of a widget are loaded by its own page, in their order, and by no other."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.extensions import extension

BOOK = Path(__file__).parents[2] / "book"

widgets = extension("widgets")


@pytest.mark.parametrize("page", widgets.WIDGETS)
def test_a_widget_has_a_page_and_all_files_of_its_folders(page: str):
    files = widgets.WIDGETS[page]
    assert (BOOK / f"{Path(page).name}.py").is_file()
    folders = {Path(file).parent for file in files}
    there = {path.relative_to(BOOK / "_static") for folder in folders for path in (BOOK / "_static" / folder).iterdir()}
    assert {Path(file) for file in files} == there


@pytest.mark.parametrize("page", widgets.WIDGETS)
def test_its_files_are_taken_off_every_page_and_put_on_its_own(page: str):
    files = widgets.WIDGETS[page]
    config = {"html_css_files": ["custom.css", *files], "html_js_files": ["print.js", *files]}
    widgets.take_off(None, config)
    assert config == {"html_css_files": ["custom.css"], "html_js_files": ["print.js"]}
    loaded: list[str] = []
    app = SimpleNamespace(add_css_file=loaded.append, add_js_file=lambda file, **how: loaded.append(file))
    widgets.put_on(app, "executed/another", "page.html", {}, None)
    assert not loaded
    widgets.put_on(app, page, "page.html", {}, None)
    assert tuple(loaded) == files


def test_scripts_are_plain_ones_which_a_page_opened_from_disk_may_load():
    scripts = [BOOK / "_static" / file for files in widgets.WIDGETS.values() for file in files if file.endswith(".js")]
    assert scripts
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert text.startswith('"use strict";'), path
        assert not any(line.startswith(("import ", "export ")) for line in text.splitlines()), path
        assert "://" not in text.replace("http://www.w3.org/2000/svg", ""), path
