"""The settings of a run as flat fields, and in which of them two runs differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnemonics_lib.config.effect import in_effect
from mnemonics_lib.config.shown import shown

Settings = dict[str, Any]
"""Dotted name of a field, such as ``training.rate`` -> value."""

Differences = dict[str, tuple[Any, Any]]
"""Dotted name of a field -> its value in the one and in the other."""

MOST = 8
"""Differences that one line tells."""


def flat(values: Mapping[str, Any], prefix: str = "") -> Settings:
    """Nested values under dotted names, in their order; an empty section has none."""
    found: Settings = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def settings(config: Mapping[str, Any]) -> Settings:
    """What a run is told to do, but for its seed: the fields that decide anything, under dotted names.

    The engine is none of them, nor is a section that such a run never reads.

    Args:
        config: as plain values: ``RunConfig.model_dump()``, or a record's ``config``.
    """
    found = flat(in_effect(config))
    found.pop("seed", None)
    return found


def differing(one: Settings, other: Settings) -> Differences:
    """The fields in which two runs differ, in the order of ``one``.

    A field that only one of them has is unknown in the other (an older record lacks it, or it is not in effect there),
    and no difference.
    """
    return {name: (value, other[name]) for name, value in one.items() if name in other and other[name] != value}


def one_sided(one: Settings, other: Settings) -> list[str]:
    """The fields that are known of one run alone; a section that the other has nothing of, by its name."""
    names: dict[str, None] = {}
    for ours, theirs in ((one, other), (other, one)):
        sections = {name.partition(".")[0] for name in theirs}
        for name in ours.keys() - theirs.keys():
            section = name.partition(".")[0]
            names[name if section in sections else section] = None
    return sorted(names)


def told(differences: Differences) -> str:
    """``training.rate = 0.1 and 0.2; budget = 2 and 3``: the first ``MOST``, and how many more there are."""
    parts = [f"{name} = {shown(one)} and {shown(other)}" for name, (one, other) in differences.items()]
    rest = [f"and {len(parts) - MOST} more"] if len(parts) > MOST else []
    return "; ".join([*parts[:MOST], *rest])
