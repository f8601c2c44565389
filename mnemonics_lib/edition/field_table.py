"""The fields of a configuration as tables: what each takes, its default and its meaning, read from the model itself."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "pattern": "matches `{}`",
    "maxLength": "at most {} letters",
    "maxItems": "at most {} of them",
}
"""The keys of a JSON schema that limit a value, in words."""


def sections(model: type[BaseModel]) -> Iterator[tuple[str, str, type[BaseModel]]]:
    """The sections of a model: the name of each, a sentence about it, and its own model."""
    for name, field in model.model_fields.items():
        if section := _section(field.annotation):
            about = field.description or (section.__doc__ or "").splitlines()[0]
            yield name, html.escape(about, quote=False), section


def field_table(model: type[BaseModel], prefix: str = "") -> str:
    """A Markdown table with a row for each field of a model that is no section.

    Args:
        model: with a description of each field.
        prefix: what stands before the names, such as ``training.``.
    """
    return "\n".join(["| Field | Allowed | Default | Meaning |", "|---|---|---|---|", *_rows(model, prefix)])


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    properties = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if _section(field.annotation):
            continue
        default = "required" if field.is_required() else _code(field.get_default(call_default_factory=True))
        meaning = html.escape(field.description or "", quote=False)
        cells = (f"`{prefix}{name}`", allowed(properties[name]), default, meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def allowed(schema: dict[str, Any]) -> str:
    """What a field takes, from its JSON schema: its choices, or its type and bounds."""
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return ", ".join(map(_code, choices))
    kind = f"list of {schema['items']['type']}s" if schema.get("type") == "array" else schema["type"]
    # Numbers as they are written in YAML: 0 and not 0.0.
    values = {key: f"{value:g}" if isinstance(value, float) else value for key, value in schema.items()}
    return ", ".join([kind, *(text.format(values[key]) for key, text in BOUNDS.items() if key in values)])


def _code(value: Any) -> str:
    """A value as it stands in a YAML file."""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _section(annotation: Any) -> type[BaseModel] | None:
    """The model of a section, also an optional one; None for a field."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None
