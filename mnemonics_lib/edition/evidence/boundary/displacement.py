"""What training did to where exemplars lie, beside what a displacement does that was learned for other ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from mnemonics_lib.edition.evidence.boundary.margins import PHASE, Places, differences
from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.report import Evidence
from mnemonics_lib.edition.studies.paired_runs import cell

SHUFFLED = "-shuffled-"
"""In the name of an arm: its displacements were learned for other exemplars."""


def seeds_apart(trained: Evidence, shuffled: Evidence) -> dict[str, list[int]]:
    """The seeds of which a run of the study and its control came to different first networks, by what an arm is called.

    What a run has kept does not say whether it did; its record does. An arm without such seeds is not named.

    Args:
        trained: records of the study.
        shuffled: of the control, arm -> seed -> record; its arms without exchanged displacements are left alone.
    """
    found = {}
    for arm, of_arm in shuffled.items():
        partner = trained.get(arm.replace(SHUFFLED, "-trained-"), {}) if SHUFFLED in arm else {}
        if seeds := [seed for seed, run in of_arm.items() if seed in partner and apart(partner[seed], run)]:
            found[cell(arm)] = seeds
    return found


def without(places: Places, seeds: Mapping[str, Collection[int]]) -> dict[str, dict[int, pd.DataFrame]]:
    """The places without some seeds of their arms; one of which no seed is left is left out.

    Args:
        places: of any arms.
        seeds: those to leave out, as :func:`seeds_apart` returns them.
    """
    left = {
        name: {seed: table for seed, table in tables.items() if seed not in seeds.get(name.rpartition(PHASE)[0], ())}
        for name, tables in places.items()
    }
    return {name: tables for name, tables in left.items() if tables}


def left_out_in_words(seeds: Mapping[str, Collection[int]]) -> str:
    """Which seeds :func:`seeds_apart` found, a sentence; "" for none."""
    if not seeds:
        return ""
    named = [f"{name}, {'seed' if len(of) == 1 else 'seeds'} {together([*map(str, of)])}" for name, of in seeds.items()]
    return (
        "Left out, because the first networks of the two runs differ, though they are trained in the same way (on "
        f"processors that round otherwise): {'; '.join(named)}."
    )


def own(trained: Places, shuffled: Places, column: str) -> dict[str, Interval]:
    """What training did to exemplars, minus what displacements did that were learned for other ones, by place.

    Each is a change of a number from *start* on, and the two are paired by seed.

    Args:
        trained: of runs with trained exemplars.
        shuffled: of runs whose displacements were exchanged; places that ``trained`` lacks are left out.
        column: one of ``NUMBERS``.
    """
    return {
        name: paired(differences(trained[name], "start", column), differences(tables, "start", column))
        for name, tables in shuffled.items()
        if name in trained
    }


def own_in_words(size: Mapping[str, Interval], rank: Mapping[str, Interval]) -> str:
    """In how many places training did more to exemplars than another's displacement did, and which have no verdict.

    Args:
        size: what :func:`own` finds of the size of the margin; "" is said of none.
        rank: likewise, of the rank in the class. Both are of the same seeds.
    """
    few = [name for name, each in size.items() if each.n < 3]
    size, rank = ({name: each for name, each in of.items() if name not in few} for of in (size, rank))
    said = []
    if size:
        nearer, farther = (tally(of, "nearer", "farther") for of in (size, rank))
        said.append(
            f"**Nearer to the boundary** than with another's displacement: {nearer}; **from the mean of their "
            f"class**: {farther}, of {several(len(size), 'place')}."
        )
    if few:
        said.append(f"Of too few seeds for a verdict: {'; '.join(few)}.")
    return " ".join(said)
