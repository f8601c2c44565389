"""What the page "Does training exemplars help?" and those below it come to: sentences for their sections, of the runs.

Each sentence names its numbers, and nothing is said of runs that are not there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

from mnemonics_lib.edition.evidence.meta_loss import fall_and_gain
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import fallen
from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.side_by_side import by_chance, on_chosen_data
from mnemonics_lib.edition.evidence.pairs.trained_once import pairs_trained_once, trained_once
from mnemonics_lib.edition.names import NAMES, span, together
from mnemonics_lib.edition.paired.answer import answer, extent
from mnemonics_lib.edition.paired.intervals import Interval, detectable, interval
from mnemonics_lib.edition.paired.slopes import slope
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.paper.numbers import claimed_of_kind, gains_over
from mnemonics_lib.edition.studies.by_phase import accuracies_after
from mnemonics_lib.edition.studies.outcome import Compared
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def asked_in_advance(pairs: Sequence[PairedRuns]) -> str:
    """What came of the question of the primary study, and from which true difference on it would have been shown.

    Args:
        pairs: all of the study's, trained exemplars first.
    """
    finished = [pair.asked for pair in pairs if pair.finished]
    found = [each.difference for each in finished]
    said = (
        "**The first question**, of four methods with 20 and with 5 exemplars a class: training exemplars "
        f"{answer(found)}. {len(finished)} of {len(pairs)} settings are finished"
    )
    if not found:
        return f"{said}."
    beyond = [detectable([*each.differences.values()], each.level) for each in finished]
    return (
        f"{said}: {extent(found)}, 95 % together. The smallest true difference that four of five such "
        f"studies would show is {span(beyond, '{:.2f}')} points, by setting."
    )


def as_large_as_the_papers(pairs: Sequence[PairedRuns]) -> str:
    """Of how many settings the interval leaves room for the smallest gain that the paper has on CIFAR-100; their mean.

    Args:
        pairs: all of the primary study's; not all finished makes no sentence.
    """
    if not pairs or not all(pair.finished for pair in pairs):
        return ""
    smallest = min(gains_over("herding").values())
    of_start = together([f"{gain:+.2f}" for gain in gains_over("random").values()])
    holding = [pair.name for pair in pairs if pair.asked.difference.high >= smallest]
    seeds = set.intersection(*(set(pair.asked.differences) for pair in pairs))
    mean, once = (
        interval([fmean(pair.asked.differences[seed] for pair in of) for seed in sorted(seeds)])
        for of in (pairs, pairs_trained_once(pairs))
    )
    return (
        f"**For scale**: the smallest gain over herding's that the paper has on CIFAR-100 is {smallest:+.2f} (LUCIR, "
        f"20 a class, Table 2). {len(pairs) - len(holding)} of these {len(pairs)} intervals end below that"
        f"{_but(holding)}. Methods, classes and networks differ, and the paper's exemplars start from random images, "
        f"over which they gain {of_start} with $N$ = 5, 10 and 25, so that this is a size and no test of the paper. "
        f"The mean over the settings, seed by seed, is {mean}, and {once} without iCaRL, whose exemplars are LwF's "
        "(95 % each, exploratory)."
    )


def _but(holding: Sequence[str]) -> str:
    return f"; not that of {' · '.join(holding)}" if holding else ""


def beside_the_paper(pair: PairedRuns) -> str:
    """The number of the paper that is nearest to a setting, and whether the setting's interval holds it.

    Args:
        pair: LUCIR with 20 a class.
    """
    trained, herding, random = (claimed_of_kind(kind) for kind in ("mnemonics", "herding", "random"))
    gain, from_random = (trained.avg_acc - other.avg_acc for other in (herding, random))
    found, forgets = pair.asked.difference, trained.forgetting - herding.forgetting
    forgot = pair.difference(lambda record: record.forgetting)
    here = (
        f"LUCIR with 20 a class has {found} here (one of the intervals that hold together at 95 %), which "
        f"{_holds(found, gain)} {gain:+.2f}, and {forgot} of forgetting (95 %, exploratory), which "
        f"{_holds(forgot, forgets)} {forgets:+.2f}."
        if pair.finished
        else "LUCIR with 20 a class is not finished here."
    )
    return (
        "The paper's nearest number is LUCIR's on all of CIFAR-100, 20 exemplars a class, trained minus herding's: "
        f"{gain:+.2f} points of average accuracy, and {forgets:+.2f} of forgetting "
        f"(Table 2, one number each). {here} It is no replication: the paper has all classes, a larger network, and "
        f"training that starts from random images, over which it gains {from_random:+.2f}."
    )


def _holds(found: Interval, value: float) -> str:
    return "holds" if found.low <= value <= found.high else "excludes"


def loss_falls(pairs: Sequence[PairedRuns]) -> str:
    """In how many trainings the meta loss fell, and whether a larger fall goes with a larger gain.

    Args:
        pairs: of finished settings, trained exemplars first.
    """
    fell = fallen(trained_once(pairs))
    larger, smaller = fall_and_gain.goes_with_gain(pairs)
    return (
        "**The training lowers its loss**, on a fixed panel of starts and images, in "
        f"{fell.batch} of {fell.of} trainings, and in {fell.running} of {fell.of} with running "
        "statistics (iCaRL's trainings are LwF's, and are not counted again). A larger fall is "
        f"shown to go with a larger gain in {' · '.join(larger) or 'none'} of the settings, and with a smaller one in "
        f"{' · '.join(smaller) or 'none'} ({fall_and_gain.seen_beyond(pairs)}). {fall_and_gain.pooled_in_words(pairs)}."
    )


def phase_by_phase(pairs: Sequence[PairedRuns], heading: str = "Phase by phase") -> str:
    """Where the difference is shown after phase 1, where after the last phase, and where it changes in between.

    Args:
        pairs: of settings of as many phases each; at least one.
        heading: what the settings have in common.
    """
    found = {pair.name: accuracies_after(pair) for pair in pairs}
    (last,) = {max(of) for of in found.values()}
    after_first, after_last = (
        tally({name: interval([*of[phase].values()]) for name, of in found.items()}, "worse", "better")
        for phase in (1, last)
    )
    along = {name: slope(of) for name, of in found.items()}
    return (
        f"**{heading}**, trained minus herding's: after phase 1, {after_first}; after phase {last}, {after_last}; "
        f"from the one to the other {tally(along, 'falling', 'rising')}, of {len(along)} settings."
    )


def other_settings(others: Sequence[Gain]) -> str:
    """How many of the settings that were not asked about in advance show a difference; "" where none makes a claim.

    Args:
        others: all of them; those that make no claim of training are not counted.
    """
    claimed = [gain for gain in others if gain.claims]
    if not claimed:
        return ""
    verdicts = [gain.interval.verdict for gain in claimed]
    better, worse = (verdicts.count(verdict) or "none" for verdict in ("higher", "lower"))
    return (
        f"**Of {len(verdicts)} other settings**, exploratory and with 95 % each, trained exemplars are shown to be "
        f"better in {better}{on_chosen_data(claimed)} and worse in {worse}; "
        f"{by_chance(len(verdicts)):.1f} would be either by chance ({{doc}}`side_by_side`)."
    )


def in_as_many_bytes(compared: Compared) -> str:
    """How far real images are ahead of trained ones that take as many bytes.

    Args:
        compared: herding's 20 a class and 5 trained ones of the same method.
    """
    found = [f"{each.difference.without_n} points ({NAMES[arm.partition('-')[0]]})" for arm, _, each in compared]
    ahead = all(each.difference.verdict == "higher" for _, _, each in compared)
    return (
        "**In as many bytes**, 20 of herding's real images, a byte for each number, "
        f"{'are ahead of' if ahead else 'are not shown in each case to be ahead of'} 5 trained ones in "
        f"floating point, by {together(found)}. Rounded to bytes, by {1 / math.sqrt(12):.2f} grey levels (root mean "
        "square), as many would fit of both; that was not tried."
    )


def times_as_long(pair: PairedRuns) -> list[float]:
    """How many times as long each run of a pair's first arm took as its partner, seed by seed."""
    return [run.seconds / pair.second[seed].seconds for seed, run in pair.first.items()]


def in_time(pairs: Sequence[PairedRuns]) -> str:
    """How many times as long a run with training takes as the one without that it is paired with.

    The two runs of a pair were not always made on the same machine, nor on an idle one, so that it is the pair in the
    middle that says how long; how far single ones are from it is said, too.

    Args:
        pairs: whose names end with the number of exemplars a class.
    """
    middles, ends = [], []
    for budget in (5, 20):
        times = [times_as_long(pair) for pair in pairs if pair.name.endswith(f" {budget} a class")]
        if times:
            middles.append(f"{span([median(each) for each in times], '{:.1f}')} times as long with {budget} a class")
            ends.append(f"{min(map(min, times)):.1f} to {max(map(max, times)):.1f}")
    return (
        f"**In time**, a run with training takes {together(middles)} (in the middle of the pairs of a setting; single "
        f"ones, on machines that differ and had other work to do, {together(ends)})."
    )
