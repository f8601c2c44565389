"""Sentences of the page with all settings: in how many training helps, what is not counted, who knows as much."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.edition.evidence.pairs.gains import Gain


def by_chance(settings: int) -> float:
    """How many intervals of 95 % are expected to be clear of 0 where training does nothing."""
    return 0.05 * settings


def others_in_words(others: Sequence[Gain]) -> str:
    """In how many settings that were not asked about in advance trained exemplars are better, and in which.

    Args:
        others: all of them; those that make no claim of training are not counted.
    """
    claimed = [gain for gain in others if gain.claims]
    better, worse, neither = (
        [gain for gain in claimed if gain.interval.verdict == verdict]
        for verdict in ("higher", "lower", "no difference shown")
    )
    return (
        f"In {len(claimed)} settings that were not asked about in advance, not corrected for their number, and some "
        "with recipes that were replaced since or chosen on the same test images, trained exemplars are shown to be "
        f"better in {_which(better)}{on_chosen_data(claimed)} and worse in {_which(worse)}; no difference is shown in "
        f"{len(neither) or 'none'}. Of so many intervals of 95 % {by_chance(len(claimed)):.1f} are expected to be "
        "clear of 0 by chance. What is not shown may be there, smaller than a study of so many seeds can show."
    )


def on_chosen_data(found: Sequence[Gain]) -> str:
    """How many of those that are shown to be better had their settings chosen on their data; "" for none."""
    chosen = sum(gain.interval.verdict == "higher" and gain.setting.chosen_on_its_data for gain in found)
    return f", {chosen} of them on data that settings had been chosen on," if chosen else ""


def _which(found: Sequence[Gain]) -> str:
    """How many settings, and which."""
    names = [gain.setting.words.removeprefix("CIFAR-100: 20 classes; ") for gain in found]
    return f"{len(names)} ({' · '.join(names)})" if names else "none"


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
