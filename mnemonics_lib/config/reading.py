"""Configurations from files, mappings and overrides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mnemonics_lib.config import presets, recipes
from mnemonics_lib.config.errors import ConfigError, validate
from mnemonics_lib.config.run import RunConfig
from mnemonics_lib.config.shown import LONGEST_SOURCE, cut, shown
from mnemonics_lib.config.yaml import parse_yaml, read_yaml

Overrides = Iterable[str] | Mapping[str, Any]
"""``["seed=2", "training.rate=0.05"]``, as on the command line, or ``{"seed": 2, "training": {"rate": 0.05}}``.

The keys of a mapping may be dotted too: ``{"training.rate": 0.05}``. Fields of a section that are not named stay. Of
words that name one field the last counts; a mapping, which has no order, must not name a field twice.
"""

DEEPEST = 16
"""How deep values may be nested; a field of a run lies two deep, and a list in it."""


def parse_config(values: Mapping[str, Any], source: str = "configuration") -> RunConfig:
    """Validate plain values (as YAML or papermill give them).

    Raises:
        ConfigError: naming every refused field, its value and what is allowed.
    """
    return validate(RunConfig, values, source)


def load_config(
    path: str | Path, overrides: Overrides = (), preset: str | None = None, recipe: str | None = None
) -> RunConfig:
    """Read a parameter file, then apply a preset, a recipe and overrides; the last word on a field counts.

    What a file does not name has its default, in a section that it names in part too. A preset, a recipe and overrides
    leave what they do not name as the file has it. A recipe goes by the number of exemplars that overrides ask for.

    Args:
        path: the file.
        overrides: fields to change, see :data:`Overrides`.
        preset: a name in :data:`mnemonics_lib.config.presets.PRESETS`.
        recipe: a name in :data:`mnemonics_lib.config.recipes.RECIPES`.

    Raises:
        ConfigError: for an unreadable file, an unknown preset or recipe, a malformed override, or any refused field.
    """
    return configuration(read_yaml(path), str(path), overrides, preset, recipe)


def configuration(
    values: Any, source: str, overrides: Overrides = (), preset: str | None = None, recipe: str | None = None
) -> RunConfig:
    """What :func:`load_config` makes of a file's values, for whoever reads it once and makes many of it.

    Raises:
        ConfigError: as there.
    """
    if not isinstance(values, Mapping):
        name = cut(source, LONGEST_SOURCE)
        raise ConfigError(f"{name}: must be a mapping of field names to values, not {shown(values)}")
    chosen = {**values, **({} if preset is None else presets.preset(preset))}
    config = parse_config(override(chosen, overrides), source)
    if recipe is None:
        return config
    level = {**chosen.get("exemplar_level", {}), **recipes.recipe(recipe, config)}
    return parse_config(override({**chosen, "exemplar_level": level}, overrides), source)


def override(values: Mapping[str, Any], overrides: Overrides) -> dict[str, Any]:
    """A copy of nested values with some of them changed; whether they are valid is not asked here.

    Raises:
        ConfigError: for an override that is not of the form ``key=value``, for a key below a field without fields, for
            a mapping that names a field twice, and for values that are nested too deeply.
    """
    changed = _copied(dict(values))
    for given in _mappings(overrides):
        flat = list(_flat(given))
        _refuse_contradictions(flat)
        for keys, value in flat:
            _put(changed, keys, _copied(value))
    return changed


def _mappings(overrides: Any) -> Iterator[Mapping[str, Any]]:
    """Overrides of either form as mappings, in the order in which they apply."""
    if isinstance(overrides, Mapping):
        yield overrides
    elif isinstance(overrides, str):  # an iterable of strings too, of one character each
        yield _parsed(overrides)
    elif isinstance(overrides, Iterable):
        yield from map(_parsed, overrides)
    else:
        raise ConfigError(f"overrides = {shown(overrides)}: must be texts KEY=VALUE, or a mapping of fields to values")


def _parsed(text: Any) -> dict[str, Any]:
    """``key=value`` as a mapping, the value read as YAML."""
    key, equals, value = text.partition("=") if isinstance(text, str) else ("", "", "")
    if not equals or not key:
        raise ConfigError(f"override {shown(text)}: must be KEY=VALUE, for example seed=2 or training.rate=0.05")
    return {key: parse_yaml(value, f"override {shown(text)}")}


def _flat(overrides: Mapping[str, Any], section: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The keys on the way to each value, and the value."""
    for key, value in overrides.items():
        if not isinstance(key, str):
            name = _name((*section, shown(key)))
            raise ConfigError(f"override {name} = {shown(value)}: unknown key; must be a string, the name of a field")
        keys = (*section, *key.split("."))
        if len(keys) > DEEPEST:
            raise ConfigError(f"override {_name(keys)}: nested too deeply; a field is KEY or SECTION.KEY")
        if not isinstance(value, Mapping):
            yield keys, value
        elif value:
            yield from _flat(value, keys)
        else:
            raise ConfigError(f"override {_name(keys)} = {shown(value)}: must name a field, and its value")


def _refuse_contradictions(flat: list[tuple[tuple[str, ...], Any]]) -> None:
    """Refuse a mapping that gives a field twice, or a field and a part of it: which one counts is anyone's guess."""
    given: dict[tuple[str, ...], Any] = {}
    for keys, value in flat:
        if keys in given:
            raise ConfigError(f"override {_name(keys)} = {shown(value)}: given beside another, {shown(given[keys])}")
        given[keys] = value
    for keys, value in flat:
        for whole in (keys[:length] for length in range(1, len(keys))):
            if whole in given:
                raise ConfigError(
                    f"override {_name(keys)} = {shown(value)}: given beside {_name(whole)} = {shown(given[whole])}, "
                    "of which it is a part"
                )


def _put(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set what ``keys`` lead to; a section on the way that is not there is made, a place in a list is not."""
    here: Any = values
    for number, key in enumerate(keys, start=1):
        last = number == len(keys)
        if isinstance(here, dict):
            here[key] = value if last else here.get(key, {})
            here = here[key]
        elif isinstance(here, list) and key in map(str, range(len(here))):
            here[int(key)] = value if last else here[int(key)]
            here = here[int(key)]
        else:
            is_list = f"; it is a list, of places 0 to {len(here) - 1}" if isinstance(here, list) and here else ""
            name = _name(keys[: number - 1])
            raise ConfigError(f"override {_name(keys)} = {shown(value)}: {name} has no fields of its own{is_list}")


def _copied(value: Any, depth: int = 0) -> Any:
    """Nested mappings and lists anew, with the same values in them."""
    if depth > DEEPEST:
        raise ConfigError(f"{shown(value)}: nested too deeply; the values of a run are at most {DEEPEST} deep")
    if isinstance(value, Mapping):
        return {key: _copied(of, depth + 1) for key, of in value.items()}
    return [_copied(of, depth + 1) for of in value] if isinstance(value, list) else value


def _name(keys: Iterable[str]) -> str:
    """A field by its keys."""
    return cut(".".join(keys))
