"""Sentences beside the front page's answer: what was asked next, what it leaves out, whose networks know as much."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.edition.evidence.answer import answer, extent
from mnemonics_lib.edition.evidence.gains import Gain
from mnemonics_lib.edition.names import together


def asked_again_in_words(found: Sequence[Gain]) -> str:
    """What came of the second question that was asked in advance; "" before it is finished.

    Args:
        found: its settings.
    """
    if not found or not all(gain.finished for gain in found):
        return ""
    intervals = [gain.interval for gain in found]
    better = [gain.setting.method for gain in found if gain.interval.verdict == "higher"]
    return (
        f"**Asked again**, of Eq. 4b in place of Eq. 7, with 5 exemplars a class and seeds of its own: training "
        f"{answer(intervals)}{f' ({together(better)})' * (0 < len(better) < len(found))}; average accuracies differ by "
        f"{extent(intervals)}, 95 % together."
    )


def adjusted_in_words(found: Sequence[Gain]) -> str:
    """What came of settings in which old exemplars are adjusted, too; "" for none.

    Args:
        found: those settings.
    """
    if not found:
        return ""
    judged = [gain for gain in found if gain.finished and gain.interval.n >= 3]
    verdicts = [gain.interval.verdict for gain in judged]
    from_random = sum(gain.setting.start != "herding" for gain in judged)
    return (
        "Not counted are settings whose trained arm differs in more, for its old exemplars are adjusted, too. With "
        f"three seeds or more there {_are(len(judged))}: shown to be higher {_in(verdicts, 'higher')}, lower "
        f"{_in(verdicts, 'lower')}"
        + (f"; in {from_random} of them exemplars start from random images, too" if from_random else "")
        + f". {len(found) - len(judged)} more make no claim."
    )


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count or 'none'}"


def _in(verdicts: Sequence[str], which: str) -> str:
    return f"in {verdicts.count(which) or 'none'}"


WITHIN = 1.0
"""Points in what a network knows of its training images."""


def know_as_much(found: Sequence[Gain], known: float) -> str:
    """Whose first networks know as many of their training images as one of the paper's size, by data set.

    Args:
        found: settings that ask of training alone.
        known: what a network of the paper's size knows (%).
    """
    parts = []
    for data in dict.fromkeys(gain.setting.data for gain in found):
        near = [abs(gain.knows - known) <= WITHIN for gain in found if gain.setting.data == data]
        if all(near):
            parts.append(f"all settings on {data}")
        elif any(near):
            parts.append(f"{sum(near)} of {len(near)} settings on {data}")
    return (
        f"Within a point of that {'come' if parts else 'comes'} {' and '.join(parts) or 'none of the settings here'}."
    )
