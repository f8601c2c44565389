"""CITATION.cff, CHANGELOG.md and the library name one version, and the citation is complete."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import mnemonics_lib
from mnemonics_lib.config import read_yaml

ROOT = Path(__file__).parents[2]
CITATION = read_yaml(ROOT / "CITATION.cff")
CHANGES = re.findall(r"^## (\S+) - (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
FIELDS = {
    *("cff-version", "message", "title", "type", "version", "date-released", "license", "repository-code"),
    *("abstract", "keywords", "authors", "references"),
}
"""Of Citation File Format 1.2.0, which allows no others but its own."""


def test_it_has_what_the_format_asks_for_and_nothing_that_it_does_not_know():
    assert set(CITATION) == FIELDS
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert all(isinstance(CITATION[name], str) and CITATION[name] for name in ("message", "title", "abstract"))
    assert CITATION["authors"]
    assert all(set(author) in ({"name"}, {"family-names", "given-names"}) for author in CITATION["authors"])


def test_it_cites_the_paper():
    (paper,) = CITATION["references"]
    assert paper["type"] == "conference-paper"
    assert paper["year"] == 2020
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    assert f"title     = {{{paper['title']}}}" in bibliography
    names = " and ".join(f"{author['family-names']}, {author['given-names']}" for author in paper["authors"])
    assert f"author    = {{{names}}}" in bibliography


def test_the_edition_has_one_title_and_one_name_of_its_authors():
    book = read_yaml(ROOT / "book" / "_config.yml")
    heading = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n")[0]
    assert CITATION["title"] == book["title"] == heading.removeprefix("# ")
    (author,) = CITATION["authors"]
    assert author["name"] == book["author"] == book["copyright"]
    assert f" {author['name']}\n" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_its_version_and_date_are_those_of_the_library_and_of_the_last_change():
    version, day = CHANGES[0]
    assert version == CITATION["version"] == mnemonics_lib.__version__
    assert str(date.fromisoformat(day)) == str(CITATION["date-released"])
    days = [date.fromisoformat(day) for _, day in CHANGES]
    assert days == sorted(days, reverse=True)


def test_it_names_the_licence_and_the_repository_that_the_project_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert CITATION["license"] == project["license"]
    assert CITATION["repository-code"] == read_yaml(ROOT / "book" / "_config.yml")["repository"]["url"]
    assert CITATION["authors"] == project["authors"]
