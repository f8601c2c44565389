"""Networks that are trained from scratch on exemplars alone: how they are trained and tested, and how much is shown."""

from __future__ import annotations

import re

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.studies.outcome import Compared
from mnemonics_lib.edition.studies.plan import Plan


def set_up(plan: Plan) -> str:
    """The network, its passes and what it is tested on, in a sentence, as the study's runs have it.

    Raises:
        ValueError: where the runs do not agree.
    """
    said = {_of_run(run.config) for run in plan.runs}
    if len(said) != 1:
        raise ValueError(f"{plan.name}: fresh networks are trained in {len(said)} ways: must be one")
    return said.pop()


def widest(compared: Compared, arms: str, controls: str) -> str:
    """Of some comparisons the one whose interval is the widest, in a clause.

    Args:
        compared: a study's comparisons, each of three seeds or more.
        arms: a regular expression that is found in the arms that are asked about, at least one.
        controls: likewise in their controls.
    """
    asked = [each for each in compared if re.search(arms, each[0]) and re.search(controls, each[1])]
    arm, minus, found = max(asked, key=lambda each: each[2].difference.high - each[2].difference.low)
    of, phase = found.difference, re.search(r"\[(\d+)\]", found.field)
    named = f"{arm} − {minus}" + (f", phase {phase[1]}" if phase else "")
    return (
        f"the widest of the {len(asked)} intervals is that of {named}, {of}, {(of.high - of.low) / 2:.1f} points to "
        "either side"
    )


def _of_run(config: RunConfig) -> str:
    protocol = config.protocol()
    seen = together([f"{protocol.seen(phase)} after phase {phase}" for phase in range(config.phases + 1)])
    return (
        f"A fresh ResNet-{config.network.depth} of width {config.network.width}, with its head for all classes seen "
        f"({seen}), is trained for {config.from_scratch} passes over their exemplars alone, and tested on all test "
        f"images of these classes ({config.resolution} × {config.resolution} pixels)."
    )
