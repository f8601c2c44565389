"""What a finished study shows of some of its comparisons, in a line: in how many, in which, and how large they are."""

from __future__ import annotations

import re

from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.answer import extent
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.studies.studied import Studied


def shown_in(study: Studied, arms: str = "", controls: str = "") -> str:
    """In how many comparisons an arm is shown to be worse or better than its control; "" before the study is finished.

    Comparisons of forgetting, of which less is better, are left out.

    Args:
        study: which.
        arms: a regular expression that is found in the arms that are asked about.
        controls: likewise in their controls.

    Raises:
        ValueError: where nothing is asked about, a comparison has fewer than three seeds, or they differ in level.
    """
    if study.missing:
        return ""
    asked = [
        (arm, minus, each)
        for arm, minus, each in study.compared
        if each.field != "forgetting" and re.search(arms, arm) and re.search(controls, minus)
    ]
    found = {_name(arm, minus, each.field): each.difference for arm, minus, each in asked}
    said, n = tally(found, "worse", "better"), min(each.n for each in found.values())
    levels = {each.level for _, _, each in asked}
    if len(levels) > 1:
        raise ValueError(f"levels = {sorted(levels)}: comparisons that are counted together must have one")
    # The level of an interval that holds with others is above the one that its study asks for (Bonferroni).
    asked_for = {each.level for each in study.plan.study.compare}
    hold = f"{100 * min(asked_for):.4g} % together" if levels - asked_for else f"{100 * levels.pop():.4g} % each"
    return f"{said}, of {len(found)} comparisons ({extent([*found.values()])}; {hold}, n = {n})"


def _name(arm: str, minus: str, field: str) -> str:
    """``LwF: near-5 − herding-5``, and of which phase where the number is of one."""
    method, _, kind = arm.partition("-")
    named = f"{NAMES[method]}: {kind} − {minus.partition('-')[2]}" if method in NAMES else f"{arm} − {minus}"
    phase = re.search(r"\[(\d+)\]", field)
    return f"{named}, phase {phase[1]}" if phase else named
