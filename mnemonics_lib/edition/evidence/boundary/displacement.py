"""What training did to where exemplars lie, beside what a displacement does that was learned for other ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mnemonics_lib.edition.evidence.boundary.margins import PHASE, Places, differences
from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.report import Evidence
from mnemonics_lib.edition.studies.paired_runs import cell
from mnemonics_lib.edition.studies.plan import Plan

SHUFFLED = "-shuffled-"
"""In the name of an arm: its displacements were learned for other exemplars."""

TO = {
    "size": "to the boundary",
    "percentile": "to the mean of their class",
    "other": "to an image of another class",
}
"""Columns that are told of the control -> what exemplars are nearer to where the number is lower."""

Alike = Mapping[str, Mapping[int, bool]]
"""What an arm is called -> seed -> whether its run and its control's came to the same first network."""


def first_networks(trained: Evidence, shuffled: Evidence) -> dict[str, dict[int, bool]]:
    """Of which seeds a run of the study and its control came to the same first network, by what an arm is called.

    What a run has kept does not say whether it did; its record does. An arm without a seed that both have is not named.

    Args:
        trained: records of the study.
        shuffled: of the control, arm -> seed -> record; its arms without exchanged displacements are left alone.
    """
    found = {}
    for arm, of_arm in shuffled.items():
        partner = trained.get(_partner(arm), {}) if SHUFFLED in arm else {}
        if both := {seed: not apart(partner[seed], run) for seed, run in of_arm.items() if seed in partner}:
            found[cell(arm)] = both
    return found


def waited_for(study: Plan, control: Plan) -> list[str]:
    """What arms of the control are called of which a run is missing, here or of their partners in the study.

    The other arms of the control are not asked: nothing is compared with them.
    """
    arms = dict.fromkeys(run.arm for run in control.runs if SHUFFLED in run.arm)
    return [cell(arm) for arm in arms if not (control.finished(arm) and study.finished(_partner(arm)))]


def _partner(arm: str) -> str:
    """The arm of the study whose displacements an arm of the control has exchanged."""
    return arm.replace(SHUFFLED, "-trained-")


def without(places: Places, alike: Alike) -> dict[str, dict[int, pd.DataFrame]]:
    """The places without the seeds of their arms whose first networks differ; one of which no seed is left is left out.

    Args:
        places: of any arms.
        alike: as :func:`first_networks` returns it; what it does not name stays.
    """
    left = {
        name: {
            seed: table for seed, table in tables.items() if alike.get(name.rpartition(PHASE)[0], {}).get(seed, True)
        }
        for name, tables in places.items()
    }
    return {name: tables for name, tables in left.items() if tables}


def alike_in_words(alike: Alike) -> str:
    """Which seeds have the same first network, and that the others are not compared; "" where nothing is asked.

    Args:
        alike: as :func:`first_networks` returns it.
    """
    if not alike:
        return ""
    groups: dict[str, list[str]] = {}
    for name, of in alike.items():
        same = [str(seed) for seed, each in of.items() if each]
        seeds = f"seed{'s' * (len(same) > 1)} {together(same)}" if same else "none"
        groups.setdefault(f"in {seeds} of {len(of)}", []).append(name)
    said = "; ".join(f"{seeds} ({' · '.join(names)})" for seeds, names in groups.items())
    said = f"The two runs have the same first network {said}."
    if all(each for of in alike.values() for each in of.values()):
        return said
    said += (
        " The other seeds cannot be compared: their first networks are trained in the same way, but on processors that "
        "round otherwise, and exemplars began as other images."
    )
    none = [name for name, of in alike.items() if not any(of.values())]
    return f"{said} So there is no row of {together(none)}." if none else said


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


def own_in_words(found: Mapping[str, Mapping[str, Interval]]) -> str:
    """In how many places training did more to exemplars than another's displacement did, and which have no verdict.

    Args:
        found: column -> what :func:`own` finds of it, the columns of ``TO`` at least; "" is said of none. All columns
            are of the same seeds.
    """
    few = [name for name, each in found["size"].items() if each.n < 3]
    counted = {
        words: {name: each for name, each in found[column].items() if name not in few} for column, words in TO.items()
    }
    said = []
    if all(counted.values()):
        each = "; ".join(f"**{words}** {tally(of, 'nearer', 'farther')}" for words, of in counted.items())
        places = several(len(found["size"]) - len(few), "place")
        said.append(
            f"With their own displacement against another's, {places}: {each}. These are "
            f"{sum(map(len, counted.values()))} intervals, none asked for in advance."
        )
    if few:
        said.append(f"Of too few seeds for a verdict: {'; '.join(few)}.")
    return " ".join(said)


def beyond_the_control(nearer: Mapping[str, Interval], size: Mapping[str, Interval]) -> str:
    """The places where training brought exemplars nearer and of which the control says nothing; "" for none.

    Args:
        nearer: of the size of the margin, what training did, by place.
        size: what :func:`own` finds of it.
    """
    names = [name for name, each in nearer.items() if each.verdict == "lower" and name not in size]
    if not names:
        return ""
    return (
        f"Training brought exemplars nearer in {several(len(names), 'place')} of which the control has no row: "
        f"{' · '.join(names)}. Whether a displacement of this size does that by itself is open."
    )
