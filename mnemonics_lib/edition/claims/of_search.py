"""Claims about the search for settings: two to four seeds each, so that they are hints."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import fmean

from mnemonics_lib.edition.claims.claim import Claim, Finding
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.search.runs import CHANCE, FAR, FILE, NEAR, TWICE, UNTRAINED, differences, runs


def numbers(found: dict[int, float]) -> str:
    """Differences as text."""
    return ", ".join(f"{value:+.2f}" for value in found.values())


def _every_seed(records: Path, tried: str, cells: list[tuple[str, int]], above: bool, held_out: float = 0.2) -> Finding:
    """Whether the difference is above zero, or below, in every seed of every cell (method, budget)."""
    found = {cell: differences(records, tried, *cell, held_out) for cell in cells}
    every = [value for of_cell in found.values() for value in of_cell.values()]
    holds = all(found.values()) and all(value > 0 if above else value < 0 for value in every)
    return Finding(holds, "; ".join(f"{NAMES[method]} {numbers(of)}" for (method, _), of in found.items()))


def _beside_chance(records: Path, tried: str, method: str, budget: int, below: bool) -> Finding:
    """Whether the mean difference is below all that chance alone does, or not."""
    found, chance = differences(records, tried, method, budget), differences(records, CHANCE, method, budget)
    is_below = fmean(found.values()) < min(chance.values())
    return Finding(is_below == below, f"{NAMES[method]} {numbers(found)}, chance {numbers(chance)}")


def _less(records: Path, tried: str, than: str, method: str, budget: int) -> Finding:
    """Whether the mean difference over the seeds of both is smaller than another one's."""
    one, other = (differences(records, what, method, budget) for what in (tried, than))
    both = one.keys() & other.keys()
    means = [fmean(of[seed] for seed in both) for of in (one, other)]
    return Finding(
        means[0] < means[1], f"{NAMES[method]}, means of {len(both)} seeds: {means[0]:+.2f}, {means[1]:+.2f}"
    )


def _no_more(records: Path, tried: str, than: str, method: str, budget: int) -> Finding:
    """Whether the mean difference over the seeds of both is above another one's by no more than chance spreads."""
    one, other, chance = (differences(records, what, method, budget) for what in (tried, than, CHANCE))
    both = one.keys() & other.keys()
    more = fmean(one[seed] - other[seed] for seed in both)
    spread = max(chance.values()) - min(chance.values())
    told = (
        f"{NAMES[method]}, {len(both)} seeds: {more:+.2f} on average, where two runs of chance differ by {spread:.2f}"
    )
    return Finding(more <= spread, told)


def _for_lwf_alone(records: Path, tried: str, than: str, budget: int) -> Finding:
    """Whether the difference is larger than another one in every seed of LwF, and smaller in every seed of LUCIR."""
    found, holds = [], True
    for method, larger in (("lwf", True), ("lucir", False)):
        one, other = (differences(records, what, method, budget) for what in (tried, than))
        both = sorted(one.keys() & other.keys())
        more = [one[seed] - other[seed] for seed in both]
        holds &= all((value > 0 if larger else value < 0) for value in more)
        found.append(f"{NAMES[method]} {numbers(one)}, the near loop {numbers({seed: other[seed] for seed in both})}")
    return Finding(holds, "; ".join(found))


def _none_above(records: Path, tried: str, budget: int) -> Finding:
    """Whether no other training of as many exemplars is above one that was tried, in each method that it had itself.

    Means are over the seeds of both.
    """
    judged = runs(records, budget=budget, held_out=0.2)
    trained = [r["tried"] for r in judged if not r["tried"].startswith(UNTRAINED) and r["tried"] != tried]
    above, others = [], dict.fromkeys(trained)
    for other in others:
        more = []
        for method in dict.fromkeys(r["method"] for r in judged if r["tried"] == other):
            one, chosen = (differences(records, what, method, budget) for what in (other, tried))
            more.append(fmean(one[seed] - chosen[seed] for seed in one.keys() & chosen.keys()))
        if min(more) > 0:
            above.append(other)
    return Finding(not above, "; ".join(above) or f"{len(others)} others")


def _stay_easy(records: Path) -> Finding:
    """Whether the own loss of exemplars changes less by training with the far loop than with the near one."""
    changes = []
    for tried in (NEAR, FAR):
        pairs = [
            pair
            for run in runs(records, tried=tried, method="lucir", budget=20, held_out=0.2)
            for pair in run["own_loss"]
        ]
        changes.append(fmean(after - before for before, after in pairs))
    near, far = changes
    return Finding(abs(far) < abs(near), f"own loss {near:+.2f} near, {far:+.2f} far")


FURTHER = (
    "160 inner steps of 128 exemplars at a rate of 0.1 with momentum, 10 of them differentiated: four hundred times as "
    "far ahead"
)

FORGOTTEN = (
    "40 inner steps with momentum, 10 of them differentiated, from networks that were trained on half of the classes"
)

CLAIMS = [
    Claim(
        "near-gains-at-5",
        FILE,
        "with 5 exemplars a class, Eq. 7 with 8 inner steps is above herding in every seed of both methods",
        "With 5 exemplars a class the near loop gained in every seed, with both methods",
        "With 5 exemplars a class the near loop did not gain in every seed",
        partial(_every_seed, tried=NEAR, cells=[("lucir", 5), ("lwf", 5)], above=True),
    ),
    Claim(
        "larger-steps-lose",
        FILE,
        "with 5 exemplars a class, the same with Adam 0.01 is below herding in every seed of LwF",
        "With 5 exemplars a class, larger steps on the pixels (Adam 0.01) lost for LwF in every seed",
        "With 5 exemplars a class, larger steps on the pixels (Adam 0.01) did not lose for LwF in every seed",
        partial(_every_seed, tried="Eq. 7, Adam 0.01", cells=[("lwf", 5)], above=False),
    ),
    Claim(
        "far-gains-less-at-5",
        FILE,
        "with 5 exemplars a class, the mean difference of LUCIR is smaller with 80 inner steps than with 8",
        "With 5 exemplars a class, longer inner loops gained less for LUCIR",
        "With 5 exemplars a class, longer inner loops gained no less for LUCIR",
        partial(_less, tried=FAR, than=NEAR, method="lucir", budget=5),
    ),
    Claim(
        "near-loses-at-20",
        FILE,
        "with 20 exemplars a class, LUCIR's mean difference with 8 inner steps is below all that chance does",
        "With 20 exemplars a class the near loop seems to lose with LUCIR",
        "With 20 exemplars a class the near loop does not seem to lose with LUCIR",
        partial(_beside_chance, tried=NEAR, method="lucir", budget=20, below=True),
    ),
    Claim(
        "far-does-not-lose-at-20",
        FILE,
        "with 20 exemplars a class, LUCIR's mean difference with 80 inner steps is not below all that chance does",
        "With 20 exemplars a class the far loop does not seem to lose with LUCIR",
        "With 20 exemplars a class the far loop seems to lose with LUCIR",
        partial(_beside_chance, tried=FAR, method="lucir", budget=20, below=False),
    ),
    Claim(
        "far-gains-lwf-at-20",
        FILE,
        "with 20 exemplars a class, LwF's difference with 80 inner steps is above zero in every seed",
        "With 20 exemplars a class and LwF the far loop was above herding in every seed",
        "With 20 exemplars a class and LwF the far loop was not above herding in every seed",
        partial(_every_seed, tried=FAR, cells=[("lwf", 20)], above=True),
    ),
    Claim(
        "running-statistics-lucir",
        FILE,
        "herding's exemplars, fine-tuned with running statistics, are above herding's in every seed of LUCIR",
        "Not all that gains need be a matter of exemplars: LUCIR was above herding's in every seed when its networks "
        "were fine-tuned on them with the running statistics of batch normalisation",
        "Fine-tuning with the running statistics of batch normalisation does not gain in every seed of LUCIR",
        partial(
            _every_seed,
            tried="herding's exemplars, fine-tuning with running statistics",
            cells=[("lucir", 20)],
            above=True,
            held_out=0.1,
        ),
    ),
    Claim(
        "running-statistics-lwf",
        FILE,
        "the same is below herding's in every seed of LwF",
        "LwF was below herding's in every seed when its networks were fine-tuned with running statistics",
        "LwF was not below herding's in every seed when its networks were fine-tuned with running statistics",
        partial(
            _every_seed,
            tried="herding's exemplars, fine-tuning with running statistics",
            cells=[("lwf", 20)],
            above=False,
            held_out=0.1,
        ),
    ),
    Claim(
        "noise-is-harmless",
        FILE,
        "herding's exemplars, moved as far by noise, are on average not below all that chance does",
        "Noise of the same size was on average not below all that chance did",
        "Noise of the same size was on average below all that chance did",
        partial(
            _beside_chance, tried="herding's exemplars, moved as far by noise", method="lucir", budget=20, below=False
        ),
    ),
    Claim(
        "smaller-steps-do-not-help",
        FILE,
        "four times the outer steps at a fourth of their size are on average below all that chance does",
        "Smaller steps, with less noise in them, were on average below all that chance did",
        "Smaller steps, with less noise in them, were on average not below all that chance did",
        partial(
            _beside_chance,
            tried="Eq. 7, four times the outer steps at a fourth of their size",
            method="lucir",
            budget=20,
            below=True,
        ),
    ),
    Claim(
        "first-phase-loses",
        FILE,
        "with the exemplars of phase 0 trained alone, LUCIR's mean difference is below all that chance does",
        "Training the exemplars of phase 0 alone was on average below all that chance did",
        "Training the exemplars of phase 0 alone was on average not below all that chance did",
        partial(_beside_chance, tried="Eq. 7, the exemplars of phase 0 alone", method="lucir", budget=20, below=True),
    ),
    Claim(
        "later-phases-lose",
        FILE,
        "with the exemplars of the later phases trained alone, LUCIR's mean difference is below all that chance does",
        "Training those of the later phases alone was on average below all that chance did",
        "Training those of the later phases alone was on average not below all that chance did",
        partial(
            _beside_chance,
            tried="Eq. 7, the exemplars of the later phases alone",
            method="lucir",
            budget=20,
            below=True,
        ),
    ),
    Claim(
        "twice-as-many-gain",
        FILE,
        "herding's exemplars, 40 a class, are above 20 a class in every seed of both methods",
        "A second set of herding's exemplars gains in every seed: a yardstick for what may be won with 20 a class",
        "Not even a second set of herding's exemplars gains in every seed",
        partial(_every_seed, tried=TWICE, cells=[("lucir", 20), ("lwf", 20)], above=True),
    ),
    Claim(
        "far-exemplars-stay-easy",
        FILE,
        "LUCIR, 20 a class: the mean own loss of the exemplars changes less with 80 inner steps than with 8",
        "With LUCIR the exemplars' own loss changed less by training with the far loop than with the near one",
        "With LUCIR the exemplars' own loss changed no less by training with the far loop than with the near one",
        _stay_easy,
    ),
    Claim(
        "no-further-than-far",
        FILE,
        "LUCIR, 20 a class: the mean difference with 160 inner steps is above that with 80 by no more than the "
        "spread of chance",
        "Looking four times as far ahead as the far loop gained no more than chance may give",
        "Looking four times as far ahead as the far loop gained more than chance may give",
        partial(_no_more, tried=FURTHER, than=FAR, method="lucir", budget=20),
    ),
    Claim(
        "forgotten-starts",
        FILE,
        "with 5 exemplars a class, 40 inner steps from networks that were trained on half of the classes are above the "
        "near loop in every seed of LwF, and below it in every seed of LUCIR",
        "40 inner steps with momentum, from networks that were trained on half of the classes, gained more for LwF "
        "than the near loop, and less for LUCIR; since one setting was sought for both, they were not taken",
        "40 inner steps with momentum, from networks that were trained on half of the classes, did not gain more for "
        "LwF and less for LUCIR",
        partial(_for_lwf_alone, tried=FORGOTTEN, than=NEAR, budget=5),
    ),
    Claim(
        "nothing-better-at-5",
        FILE,
        "with 5 exemplars a class, judged by a fifth of the images, no other training has a mean difference above that "
        "with 8 inner steps in every method that was tried, over the seeds of both",
        "Of what was judged by a fifth of the images, no other training of 5 exemplars a class came out above the near "
        "loop in every method that it was tried with",
        "With 5 exemplars a class others came out above the near loop in every method that they were tried with",
        partial(_none_above, tried=NEAR, budget=5),
    ),
    Claim(
        "nothing-better-at-20",
        FILE,
        "with 20 exemplars a class, judged by a fifth of the images, no other training has a mean difference above "
        "that with 80 inner steps in every method that was tried, over the seeds of both",
        "Of what was judged by a fifth of the images, no other training of 20 exemplars a class came out above the far "
        "loop in every method that it was tried with",
        "With 20 exemplars a class others came out above the far loop in every method that they were tried with",
        partial(_none_above, tried=FAR, budget=20),
    ),
]
