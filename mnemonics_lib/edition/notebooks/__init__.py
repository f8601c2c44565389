"""Notebooks: checked, run through papermill, kept in two halves, and copied for students."""

from __future__ import annotations

import sys

# jsonschema, which nbformat imports, else compiles the grammar of international addresses, which no notebook has: a
# second of each call.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is what stops an import
