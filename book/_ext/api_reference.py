"""What the API reference shows of the library, where autodoc and napoleon by themselves would show something else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from sphinx.application import Sphinx

BEFORE_NAPOLEON = 400


def keep_first_line(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon in the first line of an attribute's docstring for its type."""
    if what in ("attribute", "data", "property"):
        lines[:0] = ["..", ""]  # a comment, which is shown nowhere


def readable(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Leave out the arguments of a pydantic model, which are its fields, and write others so that Sphinx can read them.

    The default of a dataclass's list is written <factory>, which is no Python: the whole signature would be cut at
    commas.
    """
    if isinstance(obj, type) and issubclass(obj, BaseModel):
        return "", None
    return signature and signature.replace("<factory>", "..."), returns


def skip(app: Sphinx, what: str, name: str, obj: object, skipped: bool, options: object) -> bool | None:
    """Leave out what a class has from pydantic, and the fields of a named tuple, which are among its attributes."""
    return True if name == "model_config" or type(obj).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", keep_first_line, priority=BEFORE_NAPOLEON)
    app.connect("autodoc-process-signature", readable)
    app.connect("autodoc-skip-member", skip)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
