"""One zip that opens anywhere: book, slides, notebooks, students' copies, parameters, and the library that they run.

``python -m mnemonics_lib.edition.dist`` writes ``build/dist/mnemonics-book-VERSION.zip``; ``make dist`` makes what
goes into it first. Entries are sorted and have one date, so that the same content gives the same bytes.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import mnemonics_lib
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.edition.book.contents import address, chapters
from mnemonics_lib.edition.deck.assets import copy_assets
from mnemonics_lib.edition.deck.make import IN_THE_PROJECT, LECTURE, SLIDES
from mnemonics_lib.edition.notebooks.students import copies, sources
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import ROOT

BOOK, DECK = Path("book/_build/html"), Path("build/deck")
DATE = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can say."""

LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".buildinfo", ".DS_Store"}
INSTALL = ("LICENSE", "README.md", "MANIFEST.in", "environment.yml", "pyproject.toml", "requirements.lock", "setup.py")
"""What ``pip install`` needs of the project beside the library."""

PROJECT = (*INSTALL, "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "book/_toc.yml", "book/lecture.yaml")
"""That, what the README leads to, and what the pages read: their order, and the lecture."""

FOLDERS = ("mnemonics_lib", "notebooks", "params", "book/records", "book/paper", "book/studies")
"""What is packed as it is: chapters read the records."""

NEEDED = {
    BOOK / "index.html": "make book",
    DECK / SLIDES: "make deck",
    DECK / LECTURE: "make deck",
}


class DistError(ReportedError):
    """What is to be packed is not there."""


def lines() -> list[tuple[str, str, str]]:
    """The first page's lines: where a link leads, what it says, and what is found there."""
    found = [
        ("html/index.html", "The book", "all chapters, as they were run"),
        (f"html/{address(chapters()['teaching'].file)}", "Teach from it", "a lecture of 90 minutes, a week, exercises"),
        (f"deck/{SLIDES}", "Slides", "arrow keys to go on, S for the speaker's notes"),
        (f"deck/{LECTURE}", "The lecture's notebook", "the cells of the slides, to be stepped through in class"),
    ]
    for path in sources():
        stem, title = path.stem, chapters()[path.stem].title
        if path.parent.name == "notebooks":
            found.append((f"notebooks/{stem}.ipynb", f"Notebook: {title}", f"also as {stem}.py"))
        found.append((f"students/{stem}.ipynb", f"Student copy: {title}", "with the exercises to be solved"))
    return [*found, ("params/", "Parameter files", "of every run")]


def first_page(version: str) -> str:
    """The page to begin with, as HTML."""
    rows = "\n".join(
        f'<tr><td><a href="{escape(to)}">{escape(words)}</a></td><td>{escape(more)}</td></tr>'
        for to, words, more in lines()
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mnemonics Training, executed</title>
<style>
body {{ color: #1f2328; font: 17px/1.5 system-ui, sans-serif; margin: 3em auto; max-width: 52em; padding: 0 1em; }}
td {{ padding: 0.2em 1.5em 0.2em 0; vertical-align: top; }}
a {{ color: #0a5f86; }}
pre {{ background: #f3f5f7; padding: 0.8em; }}
</style></head>
<body>
<h1>Mnemonics Training, executed</h1>
<p>Version {escape(version)}. Book and slides open from here, without a network. What the README says of
<code>make</code> needs the project's repository.</p>
<table>
{rows}
</table>
<h2>To run the notebooks</h2>
<p>Python 3.11 or newer. In this folder (on Windows <code>.venv\\Scripts\\python</code>):</p>
<pre>python -m venv .venv
.venv/bin/python -m pip install --no-deps -r requirements.lock
.venv/bin/python -m pip install --no-deps --no-build-isolation -e .
.venv/bin/python -m jupyterlab</pre>
</body>
</html>
"""


def stage(root: Path, folder: Path, version: str) -> None:
    """Put together in a folder what is to be packed.

    Args:
        root: the project's folder, with the built book and the slides.
        folder: an empty one.
        version: of the edition.

    Raises:
        DistError: for what is not there, with the target that makes it.
    """
    missing = [
        f"{path}: not there; `{target}` makes it" for path, target in NEEDED.items() if not (root / path).is_file()
    ]
    if missing:
        raise DistError("\n".join(missing))
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    for name in FOLDERS:
        shutil.copytree(root / name, folder / name, ignore=ignored)
    for name in PROJECT:
        shutil.copyfile(root / name, folder / name)
    for page in (root / "book").glob("*.py"):  # to which notebooks lead
        shutil.copyfile(page, folder / "book" / page.name)
    shutil.copytree(root / BOOK, folder / "html", ignore=ignored)
    list(copies(sources(root), folder / "students", book="../book"))
    (folder / "deck").mkdir()
    shutil.copyfile(root / DECK / LECTURE, folder / "deck" / LECTURE)
    slides = (root / DECK / SLIDES).read_text(encoding="utf-8").replace(f'href="{IN_THE_PROJECT}/', 'href="../html/')
    (folder / "deck" / SLIDES).write_text(slides, encoding="utf-8")
    copy_assets(folder / "deck")
    (folder / "index.html").write_text(first_page(version), encoding="utf-8")


def entries(folder: Path) -> Iterator[Path]:
    """All files below a folder, sorted by their paths in it."""
    yield from sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda p: p.relative_to(folder).as_posix()
    )


def pack(folder: Path, path: Path) -> None:
    """Write a zip of a folder, which is in it under the zip's own name. The same content gives the same bytes."""

    def write(to: IO[bytes]) -> None:
        with zipfile.ZipFile(to, "w") as made:
            for file in entries(folder):
                entry = zipfile.ZipInfo(f"{path.stem}/{file.relative_to(folder).as_posix()}", DATE)
                entry.external_attr = 0o100644 << 16  # a plain file that its owner may write
                entry.create_system = 3  # else it is that of the machine that packs
                made.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, 6)

    write_atomically(path, write)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line, which has no arguments. Returns the exit status: 0, or 2 where something is not there."""
    if sys.argv[1:] if arguments is None else arguments:
        print("python -m mnemonics_lib.edition.dist: has no arguments", file=sys.stderr)
        return 2
    version = mnemonics_lib.__version__
    path = root / "build" / "dist" / f"mnemonics-book-{version}.zip"
    try:
        with TemporaryDirectory() as folder:
            stage(root, Path(folder), version)
            pack(Path(folder), path)
    except ReportedError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path} ({path.stat().st_size / 1e6:.0f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
