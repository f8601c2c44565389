"""What is said of a configuration that cannot be run: every refused field, its value and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mnemonics_lib.errors import ReportedError

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(ReportedError, ValueError):
    """A configuration that cannot be run. The message names each field, its value and what is allowed."""


def validate(model: type[Model], values: Mapping[str, Any], source: str = "configuration") -> Model:
    """Plain values as a validated model.

    Args:
        model: what they must be.
        values: as YAML or papermill give them.
        source: where they come from, for the message.

    Raises:
        ConfigError: naming every refused field, its value and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{source}: must be a mapping of field names to values, not {values!r}")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        lines = [f"{source}: {_explain(problem, model)}" for problem in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def _explain(problem: Any, model: type[BaseModel]) -> str:
    """One pydantic error as ``field = value: what is allowed``."""
    *where, name = problem["loc"] or ("",)
    field = ".".join(map(str, [*where, name]))
    value = problem["input"]
    if problem["type"] == "extra_forbidden":
        known = _fields(where, model)
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{field} = {value!r}: unknown key{hint}; allowed: {', '.join(known)}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":  # raised by a validator of ours: it names field and value itself
        return f"{field}.{message}" if field else message
    return f"{field} = {value!r}: {message[0].lower()}{message[1:]}"


def _fields(where: Iterable[Any], model: type[BaseModel]) -> list[str]:
    """Names of the fields of the section at ``where``."""
    for name in where:
        annotation = model.model_fields[str(name)].annotation
        model = next((t for t in (annotation, *get_args(annotation)) if isinstance(t, type)), model)
    return list(model.model_fields)
