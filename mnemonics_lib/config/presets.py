"""Rows of the paper's tables by name: each a few fields on top of a parameter file.

Example::

    python -m mnemonics_lib run params/small/cifar100-n5.yaml --preset lucir-with-mnemonics
"""

from __future__ import annotations

from typing import Any

from mnemonics_lib.config.errors import ConfigError
from mnemonics_lib.config.shown import shown

Fields = dict[str, Any]

WITHOUT_MNEMONICS: Fields = {"exemplars": "herding", "adjust": 0, "weight_transfer": False, "finetune": False}
"""A baseline as published: herding, every parameter trained, no balanced fine-tuning."""

WITH_MNEMONICS: Fields = {"exemplars": "mnemonics", "adjust": 2, "weight_transfer": True, "finetune": True}
"""Table 1's "w/ ours": trained and adjusted exemplars, weight transfer, balanced fine-tuning."""

BOUND: Fields = {"exemplars": "none", "adjust": 0, "weight_transfer": False, "finetune": False}

TABLE_1 = {method: {"method": method, **WITHOUT_MNEMONICS} for method in ("lwf", "icarl", "bic", "lucir")} | {
    f"{method}-with-mnemonics": {"method": method, **WITH_MNEMONICS} for method in ("lwf", "icarl", "bic", "lucir")
}
"""Table 1: four methods, without and with mnemonics."""

# All rows of Table 2 have weight transfer, as its caption says. That they are LUCIR's with balanced fine-tuning is
# taken from its last row, which is that of Table 1 with "ours". What differs is how exemplars are made.
TABLE_2 = {
    f"table2-{kind}{suffix}": {"method": "lucir", **WITH_MNEMONICS, "exemplars": kind, "adjust": adjust}
    for kind in ("random", "herding", "mnemonics")
    for suffix, adjust in (("-no-adjust", 0), ("", 2))
}
"""Table 2: random, herding and mnemonics exemplars, without and with the adjustment of old ones (Eq. 10)."""

BOUNDS = {"joint": {"method": "joint", **BOUND}, "finetune": {"method": "finetune", **BOUND}}
"""Upper and lower bound: all data kept, nothing kept."""

PRESETS: dict[str, Fields] = {**TABLE_1, **TABLE_2, **BOUNDS}


def preset(name: str) -> Fields:
    """The fields behind a name.

    Raises:
        ConfigError: for a name that is not in ``PRESETS``.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError(f"preset = {shown(name)}: must be one of {', '.join(PRESETS)}")
    return dict(PRESETS[name])
