"""Configurations from files, mappings and overrides."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dpath

from mnemonics_lib.config import presets
from mnemonics_lib.config.errors import ConfigError, validate
from mnemonics_lib.config.run import RunConfig
from mnemonics_lib.config.yaml import parse_yaml, read_yaml

Overrides = Iterable[str] | Mapping[str, Any]
"""``["seed=2", "training.rate=0.05"]``, as on the command line, or ``{"seed": 2, "training": {"rate": 0.05}}``.

The keys of a mapping may be dotted too: ``{"training.rate": 0.05}``. Fields of a section that are not named stay.
"""


def parse_config(values: Mapping[str, Any], source: str = "configuration") -> RunConfig:
    """Validate plain values (as YAML or papermill give them).

    Raises:
        ConfigError: naming every refused field, its value and what is allowed.
    """
    return validate(RunConfig, values, source)


def load_config(path: str | Path, overrides: Overrides = (), preset: str | None = None) -> RunConfig:
    """Read a parameter file, then apply a preset, then overrides; the last word on a field counts.

    Args:
        path: the file.
        overrides: fields to change, see :data:`Overrides`.
        preset: a name in :data:`mnemonics_lib.config.presets.PRESETS`.

    Raises:
        ConfigError: for an unreadable file, an unknown preset, a malformed override, or any refused field.
    """
    values = read_yaml(path)
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path}: must be a mapping of field names to values, not {values!r}")
    chosen = {} if preset is None else presets.preset(preset)
    return parse_config(override({**values, **chosen}, overrides), str(path))


def override(values: Mapping[str, Any], overrides: Overrides) -> dict[str, Any]:
    """A copy of nested values with some of them changed; whether they are valid is not asked here.

    Raises:
        ConfigError: for an override that is not of the form ``key=value``, and for a key below a field without fields.
    """
    changed = copy.deepcopy(dict(values))
    if isinstance(overrides, str):  # an iterable of strings too, of one character each
        overrides = [overrides]
    for given in [overrides] if isinstance(overrides, Mapping) else map(_parsed, overrides):
        for keys, value in _flat(given):
            try:
                dpath.new(changed, keys, value)
            except (dpath.exceptions.PathNotFound, TypeError):
                *section, _ = keys
                name = ".".join(keys)
                raise ConfigError(
                    f"override {name} = {value!r}: {'.'.join(section)} has no fields of its own"
                ) from None
    return changed


def _parsed(text: str) -> dict[str, Any]:
    """``key=value`` as a mapping, the value read as YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"override {text!r}: must be KEY=VALUE, for example seed=2 or training.rate=0.05")
    return {key: parse_yaml(value, f"override {text!r}")}


def _flat(overrides: Mapping[str, Any], section: tuple[str, ...] = ()) -> Iterator[tuple[list[str], Any]]:
    """The keys on the way to each value, and the value."""
    for key, value in overrides.items():
        keys = (*section, *str(key).split("."))
        if not isinstance(value, Mapping):
            yield list(keys), value
        elif value:
            yield from _flat(value, keys)
        else:
            raise ConfigError(f"override {'.'.join(keys)} = {value!r}: must name a field, and its value")
