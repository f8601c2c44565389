"""The global bilevel programme: the phases from top to bottom, models, data and exemplars from left to right."""

from __future__ import annotations

from mnemonics_lib.edition.drawings.page import WIDTH, Drawing
from mnemonics_lib.edition.drawings.shapes import arrow, cards, circle, cylinder, joint, line, rectangle, text

MODEL, DATA, NEW, OLD = 76, 154, 326, 410
"""Middle of each column: models, data, new exemplars, old exemplars."""
LABEL = 225
"""Middle of the words on the arrows."""

TITLE = "The global bilevel programme: models and exemplars are trained in turn, phase after phase"
DESCRIPTION = (
    "Time runs downwards; models stand on the left, data in the middle, exemplars on the right. Phase 0: the data "
    "D_0 train the model Theta_0 by Eq. 2. Then Theta_0 and D_0 train the exemplars E_0 by Eq. 7 to 9. Each later "
    "phase i has three steps. First, the model level of Eq. 4a: the new data D_i and the exemplars E_0:i-1 of all "
    "earlier phases train Theta_i, which has Theta_i-1 as its start and its teacher (Eq. 1), by Eq. 5 and 6. "
    "Second, the exemplar level of Eq. 4b: Theta_i and D_i train the new exemplars E_i by Eq. 7 to 9, and the old "
    "exemplars are adjusted by Eq. 10, which makes them E-tilde_0:i-1. Third, Theta_i is fine-tuned on E_i and "
    "E-tilde_0:i-1, with as many images of each class. The model and the exemplars go to the next phase, until "
    "phase N. What a step trains has a heavy outline."
)


def both_levels(i: str, train: float, exemplars: float, end: float) -> list[str]:
    """What every phase has: its data train its model, then both serve the exemplar level.

    Args:
        i: the phase.
        train: row of the model level.
        exemplars: row of the exemplar level.
        end: where the arrow to the exemplars ends.
    """
    middle = train + 40
    return [
        line((DATA, middle), (DATA, train)),
        arrow((DATA, train), (MODEL + 24, train)),
        line((DATA, middle), (DATA, exemplars)),
        arrow((MODEL, train), (MODEL, exemplars), (end, exemplars)),
        joint(DATA, exemplars),
        text(LABEL, exemplars - 8, "2. exemplar level"),
        text(LABEL, exemplars + 18, "Eq. 7 to 9", kind="quiet"),
        cylinder(DATA, middle, f"D_{{{i}}}"),
        circle(MODEL, train, f"Θ_{{{i}}}", "shape moves"),
    ]


def phase_zero(train: float, exemplars: float, leave: float) -> list[str]:
    """Phase 0, which has no past; ``leave`` is where what it makes goes on."""
    return [
        line((MODEL, exemplars), (MODEL, leave)),
        line((OLD, exemplars), (OLD, leave)),
        joint(MODEL, exemplars),
        *both_levels("0", train, exemplars, OLD - 30),
        text(DATA + 10, train - 8, "1. model level", "start"),
        text(DATA + 10, train + 10, "Eq. 2", "start", "quiet"),
        cards(OLD, exemplars, "ℰ_{0}", moves=True),
    ]


def later_phase(enter: float, train: float, exemplars: float, tuned: float, leave: float) -> list[str]:
    """Phase i, in three rows; ``enter`` and ``leave`` are where the model and the exemplars come in and go on."""
    below = exemplars + 29
    return [
        # What the phase before leaves; the phases left out are dotted.
        arrow((MODEL, enter), (MODEL, train - 23), kind="line dotted"),
        arrow((OLD, enter), (OLD, train - 22), kind="line dotted"),
        line((OLD, train), (DATA, train)),
        joint(DATA, train),
        text(LABEL, train - 8, "1. model level"),
        text(LABEL, train + 18, "Eq. 5 and 6", kind="quiet"),
        rectangle(NEW - 38, exemplars - 31, 164, 60, "group", 8),
        *both_levels("i", train, exemplars, NEW - 30),
        arrow((OLD, train), (OLD, exemplars - 22)),
        text(OLD - 10, train + 37, "Eq. 10", "end", "quiet"),
        cards(OLD, train, "ℰ_{0:i−1}"),
        cards(NEW, exemplars, "ℰ_{i}", moves=True),
        cards(OLD, exemplars, "ℰ~_{0:i−1}", moves=True),
        joint(MODEL, exemplars),
        arrow((MODEL, exemplars), (MODEL, tuned - 23)),
        arrow((NEW, below), (NEW, tuned), (MODEL + 24, tuned)),
        text((MODEL + 24 + NEW) / 2, tuned - 8, "3. balanced fine-tuning"),
        arrow((MODEL, tuned), (MODEL, leave)),
        arrow((OLD, below), (OLD, leave)),
        circle(MODEL, tuned, "Θ_{i}", "shape moves"),
    ]


DRAWING = Drawing(
    "global-bop",
    570,
    TITLE,
    DESCRIPTION,
    [
        text(MODEL, 14, "models", kind="quiet"),
        text(DATA, 14, "data", kind="quiet"),
        text((NEW + OLD) / 2, 14, "exemplars", kind="quiet"),
        rectangle(0, 24, WIDTH, 172, "panel", 8),
        text(10, 46, "Phase 0", "start", "strong"),
        *phase_zero(78, 164, 210),
        text(MODEL + 12, 225, "$Θ_{i−1}$: start and teacher of $Θ_{i}$, Eq. 1", "start", "quiet"),
        rectangle(0, 240, WIDTH, 248, "panel", 8),
        text(10, 262, "Phase $i$", "start", "strong"),
        *later_phase(210, 294, 380, 452, 518),
        text((MODEL + OLD) / 2, 510, "on to phase $i + 1$, until phase $N$, without $D_{i}$", kind="quiet"),
        text((MODEL + OLD) / 2, 542, "model level: Eq. 4a; exemplar level: Eq. 4b", kind="quiet"),
        text((MODEL + OLD) / 2, 562, "heavy outline: what the step trains", kind="quiet"),
    ],
)
