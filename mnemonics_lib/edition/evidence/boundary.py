"""Where exemplars lie between the classes, over seeds: the claim of the paper's Figures 1 and 5 in numbers.

The margin of an exemplar is the probability of its own class minus that of the best other one, at the network after
the phase (:mod:`mnemonics_lib.exemplars.margins`): 0 on the boundary, below it on the wrong side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.report import Evidence
from mnemonics_lib.edition.studies.paired_runs import cell
from mnemonics_lib.edition.studies.plan import Plan
from mnemonics_lib.kept import Kept, KeptError, read_kept

NEAR = 0.2
"""An exemplar is called near a boundary where its margin is smaller, on either side."""

NUMBERS = {
    "margin": "margin",
    "size": "size of the margin",
    "near": f"within {NEAR} of 0 (%)",
    "wrong": "on the wrong side (%)",
    "percentile": "rank in its class (%)",
    "other": "to another class",
}
"""Column of :func:`by_kind` -> how a table is headed."""


def read(plan: Plan) -> dict[str, dict[int, Kept]]:
    """What the runs of a study have kept: arm -> seed -> Kept, of those that are there.

    Raises:
        KeptError: as :func:`mnemonics_lib.kept.read_kept`.
    """
    found: dict[str, dict[int, Kept]] = {}
    for run in plan.runs:
        if run.keep and run.made:
            found.setdefault(run.arm, {})[run.seed] = read_kept(run.files[1])
    return found


def by_kind(kept: Kept, phase: int) -> pd.DataFrame:
    """Means over the exemplars of a phase's new classes: a row a kind, the columns of ``NUMBERS``.

    Args:
        kept: of one run.
        phase: one of those that it kept.

    Raises:
        KeptError: for a phase without margins.
    """
    of_phase = kept.phases.get(phase)
    table = None if of_phase is None else of_phase.margins
    if table is None:
        raise KeptError(f"phase {phase}: its run has kept no margins")
    size = table["margin"].abs()
    each = table.assign(size=size, near=100.0 * (size < NEAR), wrong=100.0 * (table["margin"] < 0))
    return each.groupby("kind")[list(NUMBERS)].mean()


Tables = Mapping[int, pd.DataFrame]
"""Seed -> what :func:`by_kind` makes of its run after a phase."""


def levels(tables: Tables) -> pd.DataFrame:
    """The same, mean over seeds."""
    return pd.concat(tables.values()).groupby(level=0).mean()


def is_herdings(tables: Tables) -> bool:
    """Whether trained exemplars were herding's of this very network before: then *start* and *herding* are the same."""
    return all(list(table.loc["start"]) == list(table.loc["herding"]) for table in tables.values())


def differences(tables: Tables, minus: str, column: str, kind: str = "trained") -> dict[int, float]:
    """Trained exemplars minus another kind: seed -> difference of the means over exemplars.

    Args:
        tables: of a place.
        minus: the other kind.
        column: one of ``NUMBERS``.
        kind: in place of the trained ones.
    """
    return {seed: float(of[column][kind] - of[column][minus]) for seed, of in tables.items()}


COMPARED = {
    "start": "the images that they were trained from",
    "herding": "herding's",
    "random": "random images",
}
"""What trained exemplars are compared with, and what a sentence calls it."""

Places = Mapping[str, Tables]
"""What a place, an arm after a phase, is called -> the tables of its runs."""


def places(plan: Plan, kept: Mapping[str, Mapping[int, Kept]], phases: Iterable[int]) -> Places:
    """Each arm of a study after each of some phases, where all of its seeds are there.

    Args:
        plan: of the study.
        kept: of its runs, as :func:`read` returns it.
        phases: that the runs have kept.

    Raises:
        KeptError: as :func:`by_kind`.
    """
    asked = Counter(run.arm for run in plan.runs)
    return {
        f"{cell(arm)}{PHASE}{phase}": {seed: by_kind(of, phase) for seed, of in by_seed.items()}
        for arm, by_seed in kept.items()
        if len(by_seed) == asked[arm]
        for phase in phases
    }


def over(places: Places, minus: str, column: str, kind: str = "trained", level: float = 0.95) -> dict[str, Interval]:
    """The interval over seeds of :func:`differences`, by place; none of herding's where those are *start*.

    Args:
        places: of which each arm has all its seeds.
        minus: as in :func:`differences`.
        column: likewise.
        kind: likewise.
        level: of each interval.
    """
    return {
        name: interval(list(differences(tables, minus, column, kind).values()), level)
        for name, tables in places.items()
        if not (minus == "herding" and is_herdings(tables))
    }


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


SHUFFLED = "-shuffled-"
"""In the name of an arm: its displacements were learned for other exemplars."""


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


PHASE = ", phase "
"""Between what an arm is called and the number of the phase, in the name of a place."""


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
        said.append(
            f"**Nearer to the boundary** than with another's displacement: {_sides(size)}; **from the mean of their "
            f"class**: {_sides(rank)}, of {several(len(size), 'place')}."
        )
    if few:
        said.append(f"Of too few seeds for a verdict: {'; '.join(few)}.")
    return " ".join(said)


def nearer(places: Places) -> list[str]:
    """Whether trained exemplars lie nearer to the boundary between classes: a sentence for each of ``COMPARED``.

    *Near* is of the size of the margin, which is the same on both sides of a boundary. A difference to herding's
    or to random images may have been there before training, so that the start is compared with them, too.

    Args:
        places: as in :func:`over`.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.paired.tally.tally`.
    """
    lines = []
    for minus, name in COMPARED.items():
        if found := over(places, minus, "size"):
            began = over(places, minus, "size", "start") if minus != "start" else {}
            before = f". Before training they were {_sides(began)}" if began else ""
            lines.append(f"**Nearer to the boundary than {name}?** In {len(found)} places: {_sides(found)}{before}.")
    return lines


def _sides(found: Mapping[str, Interval]) -> str:
    return tally(found, "nearer", "farther")


def strict(places: Places) -> str:
    """What of *nearer than they were* remains when its intervals hold together at 95 % (Bonferroni): a sentence."""
    together_ = over(places, "start", "size", level=1 - 0.05 / len(places))
    return (
        "Against the images that they were trained from, with intervals that hold together at 95 % over the "
        f"{len(places)} places: {_sides(together_)}."
    )


def crossed(places: Places) -> list[str]:
    """What training did to the margin with its sign, and to the distance to the mean: two sentences.

    Beside the size of the margin, which does not see who crosses a boundary. Noise on the pixels may do the same.

    Args:
        places: as in :func:`over`.
    """
    margin, wrong, far = (over(places, "start", column) for column in ("margin", "wrong", "percentile"))
    return [
        "**Over to the other side?** With its sign, their margin is, against what it was before training, "
        f"{tally(margin, 'lower', 'higher')}; their share on the wrong side, {tally(wrong, 'lower', 'higher')}.",
        f"**Away from the mean of their class?** Against what they were: {tally(far, 'nearer', 'farther')}.",
    ]


def mostly_near(places: Places) -> str:
    """The claim as it is worded, *on* the boundary, by a bound of ours: where most of them are within ``NEAR``.

    Args:
        places: at least one.
    """
    near = {name: levels(tables)["near"] for name, tables in places.items()}
    most = max(near, key=lambda name: float(near[name]["trained"]))
    others = together([f"{near[most][kind]:.1f} % of {name}" for kind, name in COMPARED.items()])
    over_half = sum(float(of["trained"]) > 50 for of in near.values())
    return (
        f"**On the boundary?** More than half of the trained exemplars lie within {NEAR} of it, bounds of our own, in "
        f"{over_half or 'none'} of {len(near)} places. The most are {near[most]['trained']:.1f} %, in {most}; "
        f"there it is {others}."
    )


def in_words(places: Places) -> list[str]:
    """All of these, the claim as it is worded first; nothing where no place is there."""
    return [mostly_near(places), *nearer(places), *crossed(places)] if places else []


def intervals(places: Places) -> int:
    """How many intervals the sentences of :func:`in_words` count."""
    sizes = [over(places, minus, "size", kind) for minus, kind in ASKED]
    return sum(map(len, sizes)) + 3 * len(places)


ASKED = [(minus, kind) for minus in COMPARED for kind in ("trained", *(["start"] if minus != "start" else []))]
"""Whose sizes of the margin :func:`nearer` compares."""
