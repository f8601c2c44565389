"""What is said of a configuration that cannot be run: every refused field, its value and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
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
        unknown = partial(_unknown, model)
        raise ConfigError(listed(problems, lambda problem: f"{source}: {explain(problem, unknown)}")) from None


def explain(problem: Any, unknown: Callable[[Sequence[Any]], str]) -> str:
    """One pydantic error as ``field = value: what is allowed``.

    Args:
        problem: as pydantic's ``errors()`` lists it.
        unknown: what is said of a field that there is not, from its place.
    """
    where = problem["loc"]
    field, value = cut(".".join(map(str, where))), shown(problem["input"])
    message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
    if problem["type"] == "missing":  # the input is the section without it
        return f"{field} is missing"
    if problem["type"] == "invalid_key":
        return f"{'.'.join([*map(str, where[:-1]), value])}: a key must be a string, the name of a field"
    if problem["type"] == "extra_forbidden":
        return f"{field} = {value}: {unknown(where)}"
    if problem["type"] == "value_error":  # raised by a validator of ours: it names field and value itself
        of_key = where[-1:] == ("[key]",)
        return message if of_key or not field else f"{field}.{message}"
    limit = next((limit for name, limit in problem.get("ctx", {}).items() if name in ("ge", "gt", "le", "lt")), None)
    if isinstance(limit, float):  # pydantic writes 1e-30 with all its zeros
        message = f"{message.rpartition(' ')[0]} {limit:g}"
    return f"{field} = {value}: {message[0].lower()}{message[1:]}"


def _unknown(model: type[BaseModel], where: Sequence[Any]) -> str:
    """What is said of a key that a model does not have, in the section that it stands in."""
    known = _fields(where[:-1], model)
    close = difflib.get_close_matches(cut(str(where[-1])), known, n=1) if where else []
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"unknown key{hint}; allowed: {', '.join(known)}"


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
