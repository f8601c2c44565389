"""Which fields of a configuration decide anything: two runs that are equal in these are the same experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnemonics_lib.data.info import DATASETS


def in_effect(values: Mapping[str, Any]) -> dict[str, Any]:
    """All fields but the sections that such a run never reads, and the engine.

    The engine is left out since all compute the same gradient, to rounding. Training amplifies rounding, so that the
    accuracies of two such runs may still differ as those of two seeds do.

    Args:
        values: a configuration as plain values; one of an older record may lack fields, and is not given them here.
    """
    found = dict(values)
    count = _classes(found)
    if found.get("classes") == [] and count:
        found["classes"] = [0, count]  # two ways to write the same
    level = found.pop("exemplar_level", {})
    if level and (found.get("exemplars") == "mnemonics" or found.get("adjust")):
        found["exemplar_level"] = {field: value for field, value in level.items() if field != "engine"}
    if not found.get("finetune"):
        found.pop("finetuning", None)
    return found


def _classes(values: Mapping[str, Any]) -> int | None:
    """How many classes the data set has, where that is known."""
    info = DATASETS.get(values.get("dataset", ""))
    return info.classes if info else values.get("folder", {}).get("classes")
