"""Why iCaRL loses after phase 1 where LwF, with the same networks and exemplars, gains: its means, or its features?

A measurement of its own: LwF's networks of phase 1 with herding's and with trained exemplars, tested by their head and
by the nearest of several class means. It was made of five seeds, and what they seemed to show was asked again of ten
others, which was decided before any of these was run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.paths import RECORDS

FILE = RECORDS / "means.json"
"""A row for each run and time: its test accuracies (%), and how far means of exemplars are from those of all images."""

ASKED_AGAIN = range(10, 20)
"""The seeds of which it was asked again whether moved means are worse."""

TRAINED, HERDING = "lwf-trained-5", "lwf-herding-5"
"""Arms."""

TIMES = ("before fine-tuning", "after it")
"""Of phase 1."""

TESTED = {
    "head": "by the head (LwF)",
    "mean of exemplars": "by the mean of the exemplars (iCaRL)",
    "mean of start": "by the mean of the images that they were",
    "mean of all": "by the mean of all training images",
}
"""Accuracies of a row -> a reader's words."""


@dataclass(frozen=True)
class InPhase1:
    """What training exemplars changes in phase 1, by how images are classified.

    Attributes:
        when: one of ``TIMES``.
        over_herding: of ``TESTED``, the run with trained exemplars minus that with herding's (points).
        moved: in the runs with trained exemplars, by the mean of the exemplars minus by that of the images that they
            were, of the same network (points).
        distances: mean over the classes of one minus the cosine of the mean feature of a class's exemplars and that of
            all its training images: herding's, and the trained ones before and after their training, each at the
            network of its run.
    """

    when: str
    over_herding: dict[str, Interval]
    moved: Interval
    distances: dict[str, Interval]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        cells = {TESTED[name]: marked(found) for name, found in self.over_herding.items()}
        return {"phase 1": self.when, **cells}


def measured(file: Path = FILE) -> list[InPhase1]:
    """What was measured, by time, over all seeds.

    Args:
        file: the measurement.
    """
    found = []
    for when in TIMES:
        trained, herding = (_by_seed(file, arm, when) for arm in (TRAINED, HERDING))
        found.append(
            InPhase1(
                when,
                {name: paired(_field(trained, name), _field(herding, name)) for name in TESTED},
                _moved(trained),
                {
                    "herding's": interval([*_field(herding, "exemplars from all").values()]),
                    "before training": interval([*_field(trained, "start from all").values()]),
                    "after training": interval([*_field(trained, "exemplars from all").values()]),
                },
            )
        )
    return found


def asked_again(file: Path = FILE) -> dict[str, Interval]:
    """``InPhase1.moved`` of the seeds ``ASKED_AGAIN`` alone, by time: the intervals hold together at 95 %."""
    level = 1 - 0.05 / len(TIMES)
    return {
        when: _moved({seed: row for seed, row in _by_seed(file, TRAINED, when).items() if seed in ASKED_AGAIN}, level)
        for when in TIMES
    }


def in_words(found: Sequence[InPhase1], again: Mapping[str, Interval]) -> str:
    """What of iCaRL's difference is that of its class means, and what that of its networks.

    Args:
        found: over all seeds.
        again: as :func:`asked_again` returns it.
    """
    parts = []
    for each in found:
        farther = each.distances["after training"].mean / each.distances["before training"].mean
        of_icarl, of_networks = (each.over_herding[name] for name in ("mean of exemplars", "mean of start"))
        parts.append(
            f"{each.when.capitalize()}, of the {of_icarl.mean:+.2f} points by which iCaRL's accuracy differs, "
            f"{each.moved.without_n} are of the means (that of trained exemplars minus that of the images that they "
            f"were, the network the same), and {of_networks.without_n} of the networks; the mean of a class lies "
            f"{farther:.1f} times as far from that of all its images."
        )
    shown = [when for when, moved in again.items() if moved.verdict == "lower"]
    said = (
        f"Asked of the {again[TIMES[0]].n} seeds that were run for that question, it is shown "
        f"{together(shown) or 'at neither time'} that moved means cost accuracy "
        f"({' and '.join(f'{moved.without_n} {when}' for when, moved in again.items())}, 95 % together)."
    )
    return " ".join([*parts, said])


def _moved(trained: Mapping[int, Mapping[str, Any]], level: float = 0.95) -> Interval:
    return paired(_field(trained, "mean of exemplars"), _field(trained, "mean of start"), level)


def _by_seed(file: Path, arm: str, when: str) -> dict[int, Mapping[str, Any]]:
    return {row["seed"]: row for row in _rows(file) if (row["arm"], row["when"]) == (arm, when)}


def _field(rows: Mapping[int, Mapping[str, Any]], name: str) -> dict[int, float]:
    return {seed: row[name] for seed, row in rows.items()}


@cache
def _rows(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text(encoding="utf-8"))["rows"]
