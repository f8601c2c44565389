"""The seven parameters of a notebook, and the configuration that they name.

Every notebook has the same cell of parameters before all that computes, and then one call of :func:`resolve`. It gives
the configuration of the notebook's run, or stops the notebook there, before anything is computed: for a parameter file
that is not there, for a parameter that nobody reads, and for a configuration that makes a run but that this notebook
cannot show. papermill alone only warns of a parameter that it does not know, and checks no types.

This module does not import torch, so that the answer comes at once.
"""

from __future__ import annotations

import ast
import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mnemonics_lib.config import ConfigError, RunConfig, load_config
from mnemonics_lib.config.shown import cut, listed, shown
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import PARAMS, STUDIES, visible

DEFAULTS: dict[str, Any] = {
    "dataset": "digits",
    "phases": 5,
    "profile": "quick",
    "seed": 0,
    "overrides": {},
    "params": "",
    "study": "",
}
"""The parameters of every notebook. The first three name ``params/{profile}/{dataset}-n{phases}.yaml``; the last is a
study whose finished work is taken (:mod:`mnemonics_lib.edition.finished`)."""

IN_THE_NAME = ("dataset", "phases", "profile")
KINDS = {
    str: "a string",
    int: "a whole number of 64 bits",
    dict: 'a mapping of fields to values (with papermill: -y "overrides: {field: value}")',
}
"""What a parameter of each type must be, in words."""

INJECTED = "# Parameters"
"""The first line of the cell that papermill puts after a notebook's parameters."""


class ParameterError(ReportedError, ValueError):
    """Parameters that a notebook cannot be run with: what was given, and what is allowed."""


def resolve(variables: Mapping[str, Any], notebook: str, variations: Iterable[Mapping[str, Any]] = ()) -> RunConfig:
    """The configuration that a notebook's parameters name.

    Without ``params``, data set, phases, profile and seed hold as they stand. With ``params``, a file of the reader's
    own, those that were left at their defaults are the file's.

    Args:
        variables: ``globals()`` of the notebook. IPython's history in it, ``In``, tells which names were set as
            parameters, whatever else the reader has defined since.
        notebook: its name, for messages.
        variations: changes, as :meth:`RunConfig.replace` takes them, with which the notebook runs the configuration.
            All are made here, so that whatever the configuration refuses stops the notebook before it has begun.

    Raises:
        ParameterError: naming the parameter or field, its value and what is allowed.
    """
    injected, declared = _written(variables)
    written = {**declared, **injected}
    _refuse_unknown({name: written[name] for name in sorted(written.keys() - DEFAULTS.keys())})
    values = _typed(variables)
    given = {name for name in DEFAULTS if name in injected or values[name] != DEFAULTS[name]}
    if not values["params"]:
        given |= {*IN_THE_NAME, "seed"}
    path = _file(values)
    _agreeing(path, _loaded(path), values, given)
    of_the_run = {name: values[name] for name in (*IN_THE_NAME, "seed") if name in given}
    config = _loaded(path, {**values["overrides"], **of_the_run})
    _refuse_contradictions(values["overrides"], of_the_run)
    _try(config, notebook, variations)
    _refuse_unknown_study(values["study"])
    return config


def assigned(source: str) -> dict[str, str]:
    """The names that a cell assigns at its top level, each with the source of its value; none where it is no Python."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return {}
    pairs: list[tuple[ast.expr, ast.expr]] = [
        (s.target, s.value) for s in body if isinstance(s, ast.AnnAssign) and s.value
    ]
    pairs += [(target, s.value) for s in body if isinstance(s, ast.Assign) for target in s.targets]
    return {target.id: ast.unparse(value) for target, value in pairs if isinstance(target, ast.Name)}


def _written(variables: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What was set as a parameter: by the cell that papermill injected, and in the notebook's own cell of parameters.

    Of each the latest that ran: a reader who mends a misspelt parameter and runs the cell again has mended it. The
    values are those of the cells, because a name may have been given to something else since.

    Raises:
        ParameterError: where a parameter took the name of the history that tells.
    """
    history = variables.get("In", [""])
    if not isinstance(history, list) or history[:1] != [""]:  # as IPython begins it
        raise ParameterError(f"In = {history!r}: no such parameter; there are {', '.join(DEFAULTS)}")
    cells = [cell for cell in history if isinstance(cell, str)]
    injected = [cell for cell in cells if cell.partition("\n")[0].strip() == INJECTED]
    declared = [cell for cell in cells if {"overrides", "params"} <= assigned(cell).keys() and cell not in injected]
    last, own = (assigned(found[-1]) if found else {} for found in (injected, declared))
    return last, own


def _refuse_unknown(unknown: Mapping[str, str]) -> None:
    """Refuse names that are no parameters; each comes with its value as it was written."""
    problems = []
    for name, value in unknown.items():
        fields = _fields_named(name)
        close = difflib.get_close_matches(name, DEFAULTS, n=1)
        if fields:
            ways = " or ".join(f"overrides={{{field!r}: {cut(value)}}}" for field in fields)
            problems.append(f"{name} is a field of a run, not a parameter: {ways}, or a whole file: params")
        else:
            hint = f" (did you mean {close[0]}?)" if close else ""
            problems.append(f"{cut(name)} = {cut(value)}: no such parameter{hint}; there are {', '.join(DEFAULTS)}")
    if problems:
        raise ParameterError(listed(problems))


def _fields_named(name: str) -> list[str]:
    """The fields of that name: of a run, or of one of its sections as ``section.field``."""
    sections = {
        section: info.annotation
        for section, info in RunConfig.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }
    inside = [f"{section}.{name}" for section, model in sections.items() if name in model.model_fields]
    return [name] if name in RunConfig.model_fields else inside


def _typed(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the seven parameters, each of its type."""
    missing = [name for name in DEFAULTS if name not in variables]
    if missing:
        raise ParameterError(f"{', '.join(missing)}: not set; run the cell of parameters first")
    problems = []
    for name, default in DEFAULTS.items():
        value, kind = variables[name], type(default)
        too_large = isinstance(value, int) and abs(value) >= 2**63
        if not isinstance(value, kind) or isinstance(value, bool) or too_large:
            problems.append(f"{name} = {shown(value)}: must be {KINDS[kind]}")
    if problems:
        raise ParameterError(listed(problems))
    return {name: variables[name] for name in DEFAULTS}


def _file(values: Mapping[str, Any]) -> Path:
    """The parameter file: the reader's own, or the one that dataset, phases and profile name."""
    if values["params"]:
        path = Path(values["params"])
        if not os.path.isfile(path):  # which takes a name that is too long for one that is not there
            raise ParameterError(f"params = {shown(values['params'])}: no such file, seen from {Path.cwd()}")
        return path
    path, there = named_file(*(values[name] for name in IN_THE_NAME)), visible(PARAMS, "*/*-n*.yaml")
    if path not in there:
        chosen = ", ".join(f"{name} = {shown(values[name])}" for name in IN_THE_NAME)
        known = ", ".join(f"{other.parent.name}/{other.stem}" for other in there)
        raise ParameterError(
            f"{chosen}: there is no params/{cut(values['profile'])}/{cut(path.name)}; there are {known}; "
            "params takes a file of your own"
        )
    return path


def _refuse_unknown_study(study: str) -> None:
    """Refuse a name that no study of the project has."""
    names = [path.relative_to(STUDIES).with_suffix("").as_posix() for path in visible(STUDIES, "**/*.yaml")]
    if study and study not in names:
        raise ParameterError(f"study = {shown(study)}: no such study; there are {', '.join(names) or 'none'}")


def named_file(dataset: str, phases: int, profile: str) -> Path:
    """The parameter file that a data set, a number of phases and a profile name; it need not be there."""
    return PARAMS / profile / f"{dataset}-n{phases}.yaml"


def _loaded(path: Path, overrides: Mapping[str, Any] | None = None) -> RunConfig:
    try:
        return load_config(path, overrides or {})
    except ConfigError as error:
        changes = " with overrides" if overrides else ""
        raise ParameterError(str(error).replace(str(path), f"{_shown(path)}{changes}")) from None


def _agreeing(path: Path, config: RunConfig, values: Mapping[str, Any], given: set[str]) -> None:
    """Refuse a file of another data set, number of phases or profile than those that were given beside it."""
    for name in IN_THE_NAME:
        there = getattr(config, name)
        if name in given and there != values[name]:
            left = f"leave it at its default, {DEFAULTS[name]!r}, or " if values["params"] else ""
            raise ParameterError(
                f"{name} = {shown(values[name])}: {_shown(path)} has {name} = {there!r}; {left}let the two agree"
            )


def _refuse_contradictions(changes: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    for name, value in parameters.items():
        if name in changes and changes[name] != value:
            raise ParameterError(
                f"overrides: {name} = {shown(changes[name])} contradicts the parameter {name} = {shown(value)}; "
                f"{name} is set by its own parameter"
            )


def _try(config: RunConfig, notebook: str, variations: Iterable[Mapping[str, Any]]) -> None:
    """Make every variation of the configuration that a notebook runs."""
    problems: dict[str, str] = {}  # why -> the first variation that says so
    for variation in variations:
        try:
            config.replace(**variation)
        except ConfigError as error:
            changed_to = ", ".join(f"{name} = {shown(value)}" for name, value in variation.items())
            for line in str(error).splitlines():
                problems.setdefault(line.removeprefix("configuration: "), changed_to)
    if problems:
        lines = [
            f"{notebook} runs it with {changed_to} too, which is refused: {why}" for why, changed_to in problems.items()
        ]
        raise ParameterError("\n".join(lines))


def _shown(path: Path) -> str:
    """The path as a reader knows it: from the folder that has ``params/``, where it lies in it."""
    return str(path.relative_to(PARAMS.parent)) if path.is_relative_to(PARAMS.parent) else str(path)
