"""The paper's Figures 2 and 3 in drawings of our own: :func:`show` puts one into a notebook.

They are inline SVG with real text, in the colours of whatever page they stand in: light, dark, JupyterLab's, or paper.
A page of the book that is no notebook has the directive ``{drawing} global_bop`` instead (``book/_ext``).
"""

from __future__ import annotations

from IPython.display import display

from mnemonics_lib.edition.drawings import global_bop, local_bop
from mnemonics_lib.edition.drawings.page import Drawing

DRAWINGS = {"global_bop": global_bop.DRAWING, "local_bop": local_bop.DRAWING}


def drawing(name: str) -> Drawing:
    """The drawing of that name, a key of ``DRAWINGS``.

    Raises:
        ValueError: where there is none; the message says which there are.
    """
    if name not in DRAWINGS:
        raise ValueError(f"drawing = {name!r}: no such drawing; there are {', '.join(DRAWINGS)}")
    return DRAWINGS[name]


def show(name: str) -> None:
    """Display a drawing in a notebook; its description where only text is shown.

    Raises:
        ValueError: for a name that is no key of ``DRAWINGS``.
    """
    shown = drawing(name)
    display({"text/html": shown.svg(), "text/plain": f"{shown.title}. {shown.description}"}, raw=True)
