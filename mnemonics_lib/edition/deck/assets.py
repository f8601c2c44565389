"""Reveal.js and MathJax beside the slides, copied from the packages that bring them.

sphinx-revealjs has reveal.js as its authors build it, and sphinx-mathjax-offline has MathJax, which the book uses too.
"""

from __future__ import annotations

import shutil
from importlib.metadata import files
from pathlib import Path

from mnemonics_lib.edition.deck.plan import LectureError

REVEAL, MATHJAX = "reveal", "mathjax"
"""Folders beside the page."""

NEEDED = {
    "sphinx-revealjs": {
        f"{REVEAL}/{name}": f"_static/revealjs/{name}"
        for name in ("LICENSE", "dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")
    },
    # The one file that loads no other: with fonts as outlines in it.
    "sphinx-mathjax-offline": {f"{MATHJAX}/tex-svg.js": "static/mathjax/tex-svg.js"},
}
"""By package: where a file goes, and how its path in the package ends."""


def copy_assets(folder: Path) -> None:
    """Copy what the slides need into a folder.

    Raises:
        LectureError: where a package does not have a file, as another version might not.
    """
    for package, wanted in NEEDED.items():
        there = files(package) or []
        for name, end in wanted.items():
            source = next((path for path in there if path.as_posix().endswith(end)), None)
            if source is None:
                raise LectureError(f"{package}: has no {end}")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(source.locate()), folder / name)
