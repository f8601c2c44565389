"""The links of the project's texts: inside it, which a test follows, and elsewhere, which ``make links`` checks.

``python -m tests.links FOLDER`` writes those that lead elsewhere as a page, on which Sphinx's linkcheck then works.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_TEXTS = {"_build", "executed", "_ext"}
"""Folders of what is made, and of programs."""
TARGET = re.compile(r"\]\(<?([^)\s>]+)>?\)")
CHAPTER = re.compile(r"(\w+/[\w-]+)/(\w+)\.ipynb")
"""A notebook that papermill made of parameters, as a page that is executed beside it names it."""
ELSEWHERE = re.compile(r"https?://[^\s()<>\[\]{}\"'`,]+")
NAMES = ("http://www.w3.org/", "https://www.w3.org/")
"""What these begin is the name of a format, and no link."""


def texts() -> dict[Path, str]:
    """Every file that may have a link, by its path in the project."""
    pages = [path for kind in ("md", "py", "bib") for path in (ROOT / "book").rglob(f"*.{kind}")]
    others = [*ROOT.glob("*.md"), ROOT / "CITATION.cff", *(ROOT / "notebooks").glob("*.py")]
    paths = [*others, *(path for path in pages if not NO_TEXTS.intersection(path.parts))]
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in sorted(paths)}


def inside(path: Path, text: str) -> Iterator[Path]:
    """The files that a text in Markdown links to, as its place in the project has them."""
    for target in TARGET.findall(text):
        if ELSEWHERE.match(target) or target.startswith(("#", "mailto:")):
            continue
        file = target.partition("#")[0]
        if path.suffix == ".py" and (chapter := CHAPTER.fullmatch(file)):
            yield Path(f"params/{chapter[1]}.yaml")
            yield Path(f"notebooks/{chapter[2]}.ipynb")
        else:
            yield path.parent / file


def elsewhere() -> dict[str, list[Path]]:
    """Address -> the files that name it."""
    found = defaultdict(list)
    for path, text in texts().items():
        for address in dict.fromkeys(ELSEWHERE.findall(text)):
            if not address.startswith(NAMES):
                found[address.rstrip(".;:")].append(path)
    return dict(sorted(found.items()))


def main(folder: Path) -> None:
    """Write the page."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"- <{address}>: {', '.join(map(str, paths))}" for address, paths in elsewhere().items()]
    (folder / "index.md").write_text("\n".join(["# Links that lead elsewhere", "", *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
