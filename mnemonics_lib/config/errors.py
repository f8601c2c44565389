"""What is said of a configuration that cannot be run: every refused field, its value and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mnemonics_lib.config.shown import LONGEST_SOURCE, cut, listed, shown
from mnemonics_lib.errors import ReportedError

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(ReportedError, ValueError):
    """A configuration that cannot be run. The message names each field, its value and what is allowed.

    It is short whatever is refused: long values and names are shown in part, and of many problems the first.
    """


def validate(model: type[Model], values: Mapping[str, Any], source: str = "configuration") -> Model:
    """Plain values as a validated model.

    Args:
        model: what they must be.
        values: as YAML or papermill give them.
        source: where they come from, for the message.

    Raises:
        ConfigError: naming every refused field, its value and what is allowed.
    """
    source = cut(source, LONGEST_SOURCE)
    if not isinstance(values, Mapping):
        raise ConfigError(f"{source}: must be a mapping of field names to values, not {shown(values)}")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise ConfigError(listed(problems, lambda problem: f"{source}: {_explain(problem, model)}")) from None


def _explain(problem: Any, model: type[BaseModel]) -> str:
    """One pydantic error as ``field = value: what is allowed``."""
    *where, name = problem["loc"] or ("",)
    if problem["type"] == "invalid_key":
        field = ".".join([*map(str, where), shown(problem["input"])])
        return f"{field}: a key must be a string, the name of a field"
    field, value = cut(".".join(map(str, [*where, name]))), shown(problem["input"])
    if problem["type"] == "extra_forbidden":
        known = _fields(where, model)
        close = difflib.get_close_matches(cut(str(name)), known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{field} = {value}: unknown key{hint}; allowed: {', '.join(known)}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":  # raised by a validator of ours: it names field and value itself
        return f"{field}.{message}" if field else message
    limit = next((limit for name, limit in problem.get("ctx", {}).items() if name in ("ge", "gt", "le", "lt")), None)
    if isinstance(limit, float):  # pydantic writes 1e-30 with all its zeros
        message = f"{message.rpartition(' ')[0]} {limit:g}"
    return f"{field} = {value}: {message[0].lower()}{message[1:]}"


def _fields(where: Iterable[Any], model: type[BaseModel]) -> list[str]:
    """Names of the fields of the section at ``where``, which names fields, and keys of mappings of sections."""
    for name in where:
        if field := model.model_fields.get(str(name)):
            model = next(_models(field.annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation such as ``dict[str, Arm] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
