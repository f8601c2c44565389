"""Numbers of pairs of runs over the seeds whose two runs share their first network, beside those over all seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

Asked = Callable[[PairedRuns], Interval]
"""What a page asks of a pair of arms: a difference over its seeds, or a slope of differences."""


def sharing(pair: PairedRuns) -> PairedRuns:
    """The same pair of arms, of the seeds alone whose two runs share their first network."""
    first, second = (
        {seed: record for seed, record in runs.items() if seed not in pair.asked.apart}
        for runs in (pair.first, pair.second)
    )
    return replace(pair, first=first, second=second)


def of_sharing(pairs: Sequence[PairedRuns], asked: Asked) -> str:
    """A number of each pair over the seeds that share their first network; "" where all do.

    Pairs all of whose seeds share it have the same number as before, and are told, too.

    Args:
        pairs: named for a reader.
        asked: the number.
    """
    if not any(pair.asked.apart for pair in pairs):
        return ""
    return together([f"{asked(alike)} ({alike.name})" for alike in map(sharing, pairs) if alike.first])


def in_words(pairs: Sequence[PairedRuns], numbers: Mapping[str, Asked]) -> str:
    """Which pairs do not share their first network, and of which numbers another verdict comes without them.

    Args:
        pairs: named for a reader.
        numbers: a reader's words -> the number.

    Returns:
        "" where all pairs share it.
    """
    unlike = [pair for pair in pairs if pair.asked.apart]
    if not unlike:
        return ""
    seeds = together([f"seeds {', '.join(map(str, pair.asked.apart))} ({pair.name})" for pair in unlike])
    changed, few = [], []
    for pair in unlike:
        alike = sharing(pair)
        if len(alike.first) < 3:
            few.append(pair.name)
            continue
        for words, asked in numbers.items():
            found = asked(alike)
            if found.verdict != asked(pair).verdict:
                changed.append(f"{pair.name}, {words}, {found}")
    said = [f"In {seeds} the first network is not the same, for they were made on processors that round otherwise."]
    if few:
        said.append(f"Too few are left for an interval without them of {together(few)}.")
    if changed:
        said.append(f"Without them it is another answer whether 0 lies inside for {'; '.join(changed)}.")
    elif not few:
        said.append("Without them no answer to whether 0 lies inside is another one.")
    return " ".join(said)
