"""Sentences beside the front page's answer: what was asked next, what it leaves out, whose networks know as much."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.edition.evidence.gains import Gain
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.answer import answer, extent


def asked_again_in_words(found: Sequence[Gain]) -> str:
    """What came of the second question that was asked in advance; "" before it is finished.

    Args:
        found: its settings.
    """
    if not found or not all(gain.finished for gain in found):
        return ""
    intervals = [gain.interval for gain in found]
    methods = {
        words: [gain.setting.method for gain in found if gain.interval.verdict == verdict]
        for verdict, words in (("higher", "helps"), ("lower", "harms"))
    }
    named = "; ".join(f"{words} {together(of)}" for words, of in methods.items() if 0 < len(of) < len(found))
    return (
        f"**Asked again**, of Eq. 4b in place of Eq. 7, with 5 exemplars a class and seeds of its own: training "
        f"{answer(intervals)}{f' ({named})' * bool(named)}; average accuracies differ by "
        f"{extent(intervals)}, 95 % together."
    )


DIFFER_IN_MORE = {
    ("random", False): "where they start from random images, as in the paper",
    ("herding", True): "where old ones are adjusted, too",
    ("random", True): "with both",
}
"""Start of the training, and whether old exemplars are adjusted: what is said of such settings."""


def differ_in_more(found: Sequence[Gain]) -> str:
    """What came of settings in which exemplars start elsewhere, or old ones are adjusted, too; "" for none.

    Args:
        found: those settings.
    """
    if not found:
        return ""
    judged = [gain for gain in found if gain.finished and gain.interval.n >= 3]
    parts = []
    for (start, adjusted), words in DIFFER_IN_MORE.items():
        of = [gain for gain in judged if (gain.setting.start, gain.setting.adjusted) == (start, adjusted)]
        if of:
            better, worse = (_named(of, verdict) for verdict in ("higher", "lower"))
            parts.append(f"better in {better} and worse in {worse} of {len(of)} {words}")
    said = "Not counted are settings whose trained arm differs from herding's in more than training. "
    if parts:
        said += f"There trained exemplars are shown to be {'; '.join(parts)}. "
    rest = len(found) - len(judged)
    if not rest:
        return said.strip()
    return f"{said}{rest}{' more' * bool(parts)} of them {'makes' if rest == 1 else 'make'} no claim."


def _named(found: Sequence[Gain], verdict: str) -> str:
    """How many have a verdict, and the data and methods of which."""
    which = [f"{gain.setting.data}; {gain.setting.method}" for gain in found if gain.interval.verdict == verdict]
    return f"{len(which)} ({' · '.join(dict.fromkeys(which))})" if which else "none"


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
