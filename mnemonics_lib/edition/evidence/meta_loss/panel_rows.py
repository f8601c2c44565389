"""What training did to the loss that it minimises, and how far it moved exemplars: a row for each arm and phase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.beside_noise import ABOUT, ALIKE, FARTHER, LESS_FAR, beside_noise
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.report import Evidence
from mnemonics_lib.edition.shown import displacement

NEXT_TO_NOTHING = 1e-4
"""Displacements below this, in std, are said to be next to nothing, however far noise would have gone."""


@dataclass(frozen=True)
class PanelRow:
    """The trainings of an arm in a phase, over its seeds.

    Attributes:
        arm: whose.
        phase: i.
        batch: loss of the fixed panel after training minus before, with the statistics of each batch.
        running: the same with the running statistics.
        moved: mean displacement of the phase's new exemplars (std).
        noise: mean displacement by noise in the place of the gradient (std).
    """

    arm: str
    phase: int
    batch: Interval
    running: Interval
    moved: float
    noise: float

    @property
    def row(self) -> dict[str, object]:
        """Cells of a table."""
        return {
            "arm": self.arm,
            "phase": self.phase,
            "loss, batch statistics": _of_loss(self.batch),
            "loss, running statistics": _of_loss(self.running),
            "moved (std)": displacement(self.moved),
            "by noise (std)": displacement(self.noise),
        }


def panel_rows(found: Evidence, arms: Sequence[str]) -> list[PanelRow]:
    """A row for each phase of each arm whose records have the panel; of rows with the very same losses the first.

    Two arms train the same exemplars where they differ only in what comes later, as with and without adjustment.

    Args:
        found: arm -> seed -> record.
        arms: those of ``found`` that are asked for, in the order of the rows.
    """
    rows, seen = [], set()
    for arm in arms:
        of_phase: dict[int, list[tuple[float, float, float, float]]] = {}
        for phase, numbers in _trainings(found[arm].values()):
            of_phase.setdefault(phase, []).append(numbers)
        for phase, numbers_of in sorted(of_phase.items()):
            batch, running, moved, noise = zip(*numbers_of, strict=True)
            if (same := (phase, batch, running)) not in seen:
                seen.add(same)
                rows.append(PanelRow(arm, phase, interval(batch), interval(running), fmean(moved), fmean(noise)))
    return rows


def _trainings(records: Iterable[Record]) -> Iterator[tuple[int, tuple[float, float, float, float]]]:
    """Phase, changes of both losses, displacement and that of noise, of each training that has them."""
    for record in records:
        for phase, result in enumerate(record.results):
            training = result.exemplars
            if training and (panel := training.panel) and training.noise_displacement is not None:
                batch, running = panel.after - panel.before, panel.after_running - panel.before_running
                yield phase, (batch, running, result.displacement_new, training.noise_displacement)


def at_the_ends(rows: Sequence[PanelRow], arms: Sequence[str]) -> list[PanelRow]:
    """The rows of some arms that are of their first phase or of their last.

    Args:
        rows: of which.
        arms: whose; one that has no rows is passed over.
    """
    phases = {arm: [row.phase for row in rows if row.arm == arm] for arm in arms}
    return [row for row in rows if (of := phases.get(row.arm)) and row.phase in (min(of), max(of))]


def in_words(rows: Sequence[PanelRow]) -> str:
    """In how many rows the loss is shown to fall or to rise, and in how many exemplars went farther than noise.

    Returns:
        An item of a list for each; "" for no rows.
    """
    if not rows:
        return ""
    said = [_of_judge(rows, "batch"), _of_judge(rows, "running"), _of_distance(rows)]
    return "\n".join(f"- {each}" for each in filter(None, [*said, _hardly(rows)]))


def _of_judge(rows: Sequence[PanelRow], which: str) -> str:
    verdicts = [getattr(row, which).verdict for row in rows]
    if verdicts.count("too few seeds") == len(rows):
        return f"With {which} statistics no row has seeds enough to say."
    return (
        f"With {which} statistics the loss is shown to fall in {verdicts.count('lower') or 'none'} and to rise in "
        f"{verdicts.count('higher') or 'none'} of all {len(rows)} rows, by intervals of 95 % each."
    )


def _of_distance(rows: Sequence[PanelRow]) -> str:
    """In how many rows exemplars went farther than noise, about as far, and less far."""
    went = [beside_noise(row.moved, row.noise) for row in rows]
    low, high = ALIKE
    said = f"In {went.count(FARTHER)} of all {len(rows)} rows they went farther than noise, by a quarter or more"
    if ABOUT in went:
        said += f"; in {went.count(ABOUT)} about as far ({low:g} to {high:g} times)"
    if LESS_FAR in went:
        said += f"; in {went.count(LESS_FAR)} less far"
    no_sign = " Where they did not, their movement alone is no sign of a gradient that says something."
    return f"{said}.{no_sign if went.count(FARTHER) < len(rows) else ''}"


def _hardly(rows: Sequence[PanelRow]) -> str:
    """The arms all of whose exemplars moved by next to nothing, and by how much; "" for none."""
    said = []
    for arm in dict.fromkeys(row.arm for row in rows):
        moved = [row.moved for row in rows if row.arm == arm]
        if 0 < max(moved) < NEXT_TO_NOTHING:
            said.append(
                f"Those of *{arm}* moved by next to nothing: {displacement(min(moved))} to {displacement(max(moved))} "
                "std, less than a ten-thousandth."
            )
    return " ".join(said)


def _of_loss(found: Interval) -> str:
    """The change of a loss as text, not 0.0000 where there is one."""
    small = found.mean and abs(found.mean) < 5e-5
    return f"{found:.1e}" if small else f"{found:.4f}"
