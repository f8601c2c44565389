"""What of an executed notebook its source and its results determine: the rest would differ from run to run."""

from __future__ import annotations

import ast
import re
from pprint import pformat

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.edition.notebooks.kernels import KERNEL
from mnemonics_lib.paths import PROJECT

WIDTH = 76
"""Characters of a line of code in the book."""

BAR = re.compile(r"[^\r\n]*?\[\d+:\d\d[^\]\r\n]*\]")
"""A tqdm bar, up to and with its ``[elapsed<remaining, rate]``."""

WAITING = re.compile(r"^waiting for [^\n]*\n", re.MULTILINE)
"""What a lock says to a user who waits: it differs from build to build, and names a folder of the machine."""

MADE_AGAIN = re.compile(
    r"^[^\n]*: RunWarning: [^\n]*; the run is made again from its first phase\n(?: [^\n]*\n)?", re.M
)
"""What a run says that finds an older one of its name without the files for figures: it is of this machine's past, and
changes no number. The line of code below it goes with it."""

KERNEL_FILE = re.compile(r"\S*/ipykernel_\d+/\d+\.py")
"""The temporary file ipykernel names in warnings and tracebacks: it holds a process id, so no two runs agree on it."""


def clean(notebook: NotebookNode, slug: str) -> None:
    """Keep in an executed notebook only what its source and its results determine; in place.

    Drops versions, progress bars and papermill's own times, and numbers the cells ``slug-0``, ``slug-1``, ... The
    default parameters are tagged ``remove-input``: the page shows the injected ones.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": notebook.metadata.language_info})
    notebook.metadata.language_info.pop("version", None)
    shows_injected = any("injected-parameters" in cell.metadata.tags for cell in notebook.cells)
    for index, cell in enumerate(notebook.cells):
        cell.id = f"{slug}-{index}"
        cell.metadata.pop("papermill")
        tags = cell.metadata.pop("tags")
        if "parameters" in tags and shows_injected:
            tags.append("remove-input")
        if tags:
            cell.metadata["tags"] = tags
        if "injected-parameters" in tags:
            cell.source = "\n".join(map(_folded, cell.source.split("\n")))
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = _without_bars(KERNEL_FILE.sub("<cell>", output.text))
                if output.name == "stderr":
                    output.text = MADE_AGAIN.sub("", WAITING.sub("", output.text))
                if PROJECT:  # paths as a reader knows them
                    output.text = output.text.replace(f"{PROJECT}/", "")
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]


def _folded(line: str) -> str:
    """A line ``name = value``, over several lines where it is longer than the book is wide."""
    name, _, value = line.partition(" = ")
    if len(line) <= WIDTH:
        return line
    return f"{name} = {pformat(ast.literal_eval(value), width=WIDTH - len(name) - 3, sort_dicts=False)}"


def _without_bars(text: str) -> str:
    """``text`` without tqdm's bars; a warning printed between two of them stays."""
    if not BAR.search(text) and "\r" not in text:
        return text
    rest = BAR.sub("", text).replace("\x1b[A", "").replace("\r", "")
    return "".join(line + "\n" for line in rest.split("\n") if line.strip())
