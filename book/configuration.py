# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Configuration
#
# Every field of a run, read from the model that checks it (`mnemonics_lib.config.RunConfig`). A parameter file or
# `--set` gives the value; an unknown field, a wrong type or a value outside the allowed range is an error that names
# the field. The defaults are the embedded quick setting. The paper's numbers are in the descriptions.
#
# What a parameter file does not name has its default, also in a section that it names in part: `training: {epochs: 9}` and
# nothing else under `training` is nine epochs at the default rate. `--set`, a notebook's `overrides` and
# `RunConfig.replace` change what they name and leave the rest as the file has it. Of several `--set` that name one field
# the last counts; a mapping of overrides that names a field twice is refused.
#
# Files are YAML 1.2: `010` is ten, `1e-3` a number, `no` a word and `2020-01-01` too. Anchors, aliases, tags and a header
# of another version are refused, and so are a key that stands twice, more than 16 levels and more than 100,000 letters;
# `<<` merges nothing.
#
# Some values are refused for what they lead to. Batch normalisation with a batch's own statistics (`batch_norm: batch`)
# needs two images in every batch, in every loop of every phase: among them one new class with one exemplar,
# `val_batch: 1`, and an odd number of images with `batch_size: 2`. Where it is the data set that knows how many images a
# phase has, that is said when it is loaded, before anything is trained. A perturbed start needs `batch_norm: batch` in
# the exemplar level: running statistics are those of the network before it was mixed with a fresh one.

# %% tags=["hide-input"]
import html
from collections.abc import Iterator
from typing import Any, get_args

from IPython.display import Markdown, display
from pydantic import BaseModel

from mnemonics_lib.config import RunConfig

BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "pattern": "matches `{}`",
    "maxLength": "at most {} letters",
    "maxItems": "at most {} of them",
}


def code(value: Any) -> str:
    """A value as it stands in a YAML file."""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def allowed(schema: dict[str, Any]) -> str:
    """What a field takes, from its JSON schema."""
    choices = schema.get(
        "enum", [schema["const"]] if "const" in schema else []
    )
    if choices:
        return ", ".join(code(choice) for choice in choices)
    kind = (
        f"list of {schema['items']['type']}s"
        if schema.get("type") == "array"
        else schema["type"]
    )
    # As Python writes them, but 0 and not 0.0.
    values = {
        key: f"{value:g}" if isinstance(value, float) else value
        for key, value in schema.items()
    }
    return ", ".join(
        [
            kind,
            *(
                text.format(values[key])
                for key, text in BOUNDS.items()
                if key in values
            ),
        ]
    )


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The model of a section, also an optional one; None for a field."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """One Markdown table row for each plain field of a model."""
    properties = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if section_of(field.annotation):
            continue
        default = (
            "required"
            if field.is_required()
            else code(field.get_default(call_default_factory=True))
        )
        meaning = html.escape(field.description or "", quote=False)
        cells = (
            f"`{prefix}{name}`",
            allowed(properties[name]),
            default,
            meaning,
        )
        yield (
            "| "
            + " | ".join(cell.replace("|", "\\|") for cell in cells)
            + " |"
        )


def table(model: type[BaseModel], prefix: str = "") -> None:
    """Show the fields of one section."""
    display(
        Markdown(
            "\n".join(
                [
                    "| Field | Allowed | Default | Meaning |",
                    "|---|---|---|---|",
                    *rows(model, prefix),
                ]
            )
        )
    )


# %% [markdown]
# ## The run

# %% tags=["remove-input"]
table(RunConfig)

# %% [markdown]
# ## Sections
#
# Fields of a section are nested in YAML, and dotted in `--set training.rate=0.05`.

# %% tags=["remove-input"]
for name, field in RunConfig.model_fields.items():
    section = section_of(field.annotation)
    if section:
        first = html.escape(
            field.description or (section.__doc__ or "").splitlines()[0],
            quote=False,
        )
        display(Markdown(f"**`{name}`**: {first}"))
        table(section, f"{name}.")
