"""A table of fields says what the model itself enforces."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition.field_table import allowed, field_table, sections


class Part(BaseModel):
    """A part. And more of it."""

    rate: Annotated[float, Field(gt=0, le=1.5, description="a < b | c")] = 0.5
    on: Annotated[bool, Field(description="whether")] = False


class Whole(BaseModel):
    """A whole."""

    count: Annotated[int, Field(ge=0, description="how many")]
    kind: Annotated[Literal["a", "b"], Field(description="which")] = "a"
    part: Part = Part()
    other: Annotated[Part | None, Field(description="another <part>")] = None


def test_a_row_has_a_field_its_bounds_its_default_and_its_meaning():
    assert field_table(Part, "part.").splitlines()[2:] == [
        "| `part.rate` | number, > 0, ≤ 1.5 | `0.5` | a &lt; b \\| c |",
        "| `part.on` | boolean | `false` | whether |",
    ]


def test_fields_and_sections_are_told_apart():
    assert field_table(Whole).splitlines()[2:] == [
        "| `count` | integer, ≥ 0 | required | how many |",
        "| `kind` | `a`, `b` | `a` | which |",
    ]
    assert list(sections(Whole)) == [("part", "A part. And more of it.", Part), ("other", "another &lt;part&gt;", Part)]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, "list of integers, at most 2 of them"),
        ({"type": "string", "pattern": "^a$", "maxLength": 9}, "string, matches `^a$`, at most 9 letters"),
        ({"type": "number", "minimum": 0.0, "exclusiveMaximum": 1}, "number, ≥ 0, < 1"),
        ({"const": 3}, "`3`"),
        ({"enum": [True, 2, "x"]}, "`true`, `2`, `x`"),
    ],
)
def test_what_is_allowed_is_in_words(schema, words):
    assert allowed(schema) == words


def test_every_field_of_a_run_has_a_row_with_a_meaning():
    tables = [field_table(RunConfig), *(field_table(section, f"{name}.") for name, _, section in sections(RunConfig))]
    rows = [line for table in tables for line in table.splitlines()[2:]]
    assert any(row.startswith("| `exemplar_level.inner_steps` | integer, ≥ 1") for row in rows)
    assert all(row.split(" | ")[-1].removesuffix(" |").strip() for row in rows)
    assert len(rows) == len({row.split(" | ")[0] for row in rows})
