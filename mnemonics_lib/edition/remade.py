"""Runs made once more beside the records of the same configuration and seed: how far apart they came out.

A difference between two machines says little alone. So the standard deviation over the seeds of the arm stands beside
it: what another seed does.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import stdev
from typing import NamedTuple

from mnemonics_lib.config import parse_config
from mnemonics_lib.edition.records.source import same_source
from mnemonics_lib.edition.report import Evidence, values


class Remade(NamedTuple):
    """A run that was made once more.

    Attributes:
        arm: its exemplars.
        seed: of both.
        here: average accuracy of the run here (%).
        recorded: of the record with the same configuration and seed (%).
        same_source: whether both were made by the same source.
        of_seeds: of the records of all seeds of the arm (%), this one's among them.
    """

    arm: str
    seed: int
    here: float
    recorded: float
    same_source: bool
    of_seeds: list[float]

    @property
    def difference(self) -> float:
        """Here minus recorded, in points, as the table prints it."""
        return round(self.here, 2) - round(self.recorded, 2)

    @property
    def deviation(self) -> float:
        """The standard deviation over the seeds of the records, in points; NaN of a single one."""
        return stdev(self.of_seeds) if len(self.of_seeds) > 1 else float("nan")

    @property
    def times(self) -> float:
        """The size of the difference in those deviations; NaN where seeds do not differ, or there is one."""
        return abs(self.difference) / self.deviation if self.deviation > 0 else float("nan")


def remade(fresh: Evidence, committed: Evidence) -> list[Remade]:
    """Every run that has a record of its own configuration and seed.

    Args:
        fresh: runs made here.
        committed: the records.
    """
    return [
        Remade(
            arm,
            seed,
            record.average_accuracy,
            other.average_accuracy,
            same_source(record, other),
            list(values(committed[arm], "average_accuracy").values()),
        )
        for arm, by_seed in fresh.items()
        for seed, record in by_seed.items()
        if (other := committed.get(arm, {}).get(seed)) and parse_config(record.config) == parse_config(other.config)
    ]


def remade_table(found: Sequence[Remade]) -> list[dict[str, str | int]]:
    """A row for each, for :func:`mnemonics_lib.edition.shown.show`."""
    return [
        {
            "exemplars": each.arm,
            "seed": each.seed,
            "here (%)": f"{each.here:.2f}",
            "its record (%)": f"{each.recorded:.2f}",
            "difference": f"{each.difference:+z.2f}",
            "same source": "yes" if each.same_source else "no",
            "sd over seeds": f"{each.deviation:.2f}, n = {len(each.of_seeds)}",
            "difference / sd": f"{each.times:.1f}",
        }
        for each in found
    ]


def remade_in_words(found: Sequence[Remade]) -> list[str]:
    """What the table says: the largest difference, and what it is beside that of seeds.

    Args:
        found: one run or more.
    """
    largest = max(found, key=lambda each: abs(each.difference))
    if not largest.difference:
        return ["Each run here has the accuracy of its record, to the last digit that is shown."]
    said = (
        f"The largest difference is {abs(largest.difference):.2f} points, of *{largest.arm}* with seed {largest.seed}."
    )
    if largest.times == largest.times:
        said += f" That is {largest.times:.1f} times the standard deviation of its {len(largest.of_seeds)} seeds."
    why = (
        "Its source is that of the record, so that the difference is one of machines or of versions of packages."
        if largest.same_source
        else "The source has changed since the record was made, so that the difference may be one of source, too."
    )
    return [f"{said} {why}"]
