"""What a network loses of old classes in one phase, to which answers, and what exemplars bring back: sentences."""

from __future__ import annotations

from mnemonics_lib.edition.shown import change


def forgets(knew: float, left: float) -> str:
    """Whether at least half of what a network knew of old classes is lost in a phase with nothing kept.

    Args:
        knew: accuracy on the old classes before the phase (%).
        left: the same after it.
    """
    much = 2 * (knew - left) >= knew
    lost = f"{'at least' if much else 'less than'} half of it is lost" if knew > left else "nothing is lost"
    return (
        f"*That it forgets* {'holds' if much else 'does not hold'} here: with nothing kept, the accuracy on the old "
        f"classes {change(knew, left)} %, so that {lost}."
    )


def lost_to_new(knew: float, left: float, alone: float) -> str:
    """How much of what is lost is lost to answers of new classes, and how much to those of other old ones.

    An image whose right class has the highest logit of all has it among the old ones, too, so that ``alone`` is never
    below ``left``.

    Args:
        knew: accuracy on the old classes before the phase (%).
        left: the same after it.
        alone: the same after it, where only the logits of old classes compete.
    """
    taken, lost = alone - left, knew - left
    said = (
        f"Where only old logits compete, the new network is right on {alone:.1f} % of the old images. On {taken:.1f} % "
        "the right class has the highest old logit, and a new class's logit is higher"
    )
    if lost <= 0:
        return f"{said}."
    if taken >= lost:
        return f"{said}. So all of the {lost:.1f} points that are lost are lost to new classes."
    return (
        f"{said}. So of the {lost:.1f} points that are lost, {taken:.1f} are lost to new classes, and "
        f"{lost - taken:.1f} to other old ones."
    )


def brings_back(kind: str, knew: float, left: float, trained: float, tuned: float | None) -> str:
    """Whether more than half of what was lost comes back, by training with exemplars and after the fine-tuning.

    Args:
        kind: of exemplars.
        knew: accuracy on the old classes before the phase (%).
        left: the same after it, with nothing kept.
        trained: the same with exemplars in training.
        tuned: that after the fine-tuning, too; None where the run has none.
    """
    claim = f"*That {kind} exemplars bring much of it back*"
    lost = knew - left
    if lost <= 0:
        return f"{claim} cannot be tried: nothing was lost."
    steps = {"by training alone": trained} | ({} if tuned is None else {"after the fine-tuning": tuned})
    verdicts = [
        f"{step} it {'holds' if 2 * (now - left) > lost else 'does not hold'} ({now:.1f} against {left:.1f} %"
        + (f", {100 * (now - left) / lost:.0f} % of what was lost)" if now > left else ")")
        for step, now in steps.items()
    ]
    return f"{claim}: {'; '.join(verdicts)}."
