"""What a page shows of a study: its comparisons as a table and a figure, its means, and how much of it there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import matplotlib.pyplot as plt

from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.paired.difference_figures import draw_differences
from mnemonics_lib.edition.paired.intervals import detectable
from mnemonics_lib.edition.shown import say, show
from mnemonics_lib.edition.studies import other_makings, outcome
from mnemonics_lib.edition.studies.plan import Plan
from mnemonics_lib.edition.studies.studied import Studied

UNITS = {
    "average_accuracy": "average accuracy (points)",
    "forgetting": "forgetting (points; below zero is better)",
    "from_scratch_accuracy[0]": "from scratch, phase 0 (points)",
    "from_scratch_accuracy[1]": "from scratch, phase 1 (points)",
}
"""A number of a run, and what a difference of it is headed."""


def say_what_is_there(plan: Plan) -> None:
    """How much of a study there is, where that is not all."""
    if missing := len(plan.missing):
        say(f"*So far {len(plan.runs) - missing} of the {len(plan.runs)} runs of `{plan.name}` are there.*")


def waited_for(plans: Iterable[Plan]) -> str:
    """The studies that are not finished, a line of a list each: how much is there, and what it asks; "" for none."""
    return "\n".join(
        f"- `{plan.path.stem}`, {len(plan.runs) - missing} of {len(plan.runs)} runs: {plan.study.title}"
        for plan in plans
        if (missing := len(plan.missing))
    )


def say_what_is_waited_for(plans: Iterable[Plan]) -> None:
    """:func:`waited_for`, said; nothing where all studies are finished."""
    if waiting := waited_for(plans):
        say(f"Not finished; a comparison of which a run is missing has no verdict:\n\n{waiting}")


def show_once_finished(plan: Plan, rows: list[dict[str, str]]) -> None:
    """A table of what a study's arms say together, once all of its runs are there; before, that they are waited for."""
    if plan.missing:
        say(f"*Not there yet: `{plan.name}` is not finished.*")
    elif rows:
        show(rows)


def shown_from(plan: Plan, arm: str, minus: str, found: Comparison) -> str:
    """The size that is shown in four of five repetitions of a comparison; a dash before it is finished."""
    size = detectable(list(found.differences.values()), found.level)
    return f"{size:.2f}" if plan.finished(arm, minus) and size == size else "–"


def own(study: Studied, told: Iterable[Studied]) -> outcome.Compared:
    """The comparisons of a study without those that repeat what the page has told, as long as it is not finished.

    A study has runs in common with others, and before it has any of its own, what it can compare answers another
    question than its own.

    Args:
        study: which.
        told: the studies that the page, or one that it leans on, has told.
    """
    if not study.missing:
        return study.compared
    before = [(each.field, each.differences) for of in told for _, _, each in of.compared]
    return [
        (arm, minus, each)
        for arm, minus, each in study.compared
        if not any(field == each.field and each.differences.items() <= of.items() for field, of in before)
    ]


def show_comparisons(study: Studied, told: Iterable[Studied] = (), undrawn: Collection[str] = ()) -> None:
    """A table and a figure of a study's differences, for each number that it compares.

    A row is an arm minus its control: the mean and its interval, the verdict, and from what size on a difference would
    be shown. Means of a part of a comparison's seeds are hollow in the figure.

    Args:
        study: which.
        told: studies whose comparisons it leaves out, as :func:`own`, and whose runs it may have made again.
        undrawn: arms in the table alone, whose differences are so large that the others could not be told apart.
    """
    say_what_is_there(study.plan)
    told = list(told)
    compared, plan = own(study, told), study.plan
    for field in dict.fromkeys(each.field for _, _, each in compared):
        found = [(arm, minus, each) for arm, minus, each in compared if each.field == field]
        levels = {f"{100 * each.level:.3g} %" for _, _, each in found}
        one = f", {levels.pop()}" if len(levels) == 1 else ""
        show(
            {
                "arm": arm,
                "minus": minus,
                f"{UNITS[field]}{one}": str(each.difference),
                **({} if one else {"level": f"{100 * each.level:.3g} %"}),
                "verdict": outcome.verdict(plan, arm, minus, each),
                "shown from": shown_from(plan, arm, minus, each),
            }
            for arm, minus, each in found
        )
        _draw(plan, [each for each in found if each[0] not in undrawn])
        plt.show()
    for said in (outcome.first_networks(compared), other_makings.in_words(study, told)):
        if said:
            say(said)


def _draw(plan: Plan, found: outcome.Compared) -> None:
    """Differences of one number, a row each."""
    names = {(arm, minus): f"{arm}\n− {minus}" for arm, minus, _ in found}
    values = {names[arm, minus]: each.differences for arm, minus, each in found}
    unfinished = {names[arm, minus] for arm, minus, _ in found if not plan.finished(arm, minus)}
    _, axis = plt.subplots(figsize=(6.6, 0.8 + 0.45 * len(values)), layout="constrained")
    colours = dict.fromkeys(values, figures.PALETTE["mnemonics"])
    draw_differences(values, axis, colours, {names[arm, minus]: each.level for arm, minus, each in found}, unfinished)
    axis.set(xlabel=UNITS[found[0][2].field])
    axis.tick_params(axis="y", labelsize=10)


def show_means(study: Studied) -> None:
    """The mean of every arm of a study, in its order, each over its own seeds; nothing before all runs are there."""
    if study.missing:
        return
    rows = []
    for arm in dict.fromkeys(run.arm for run in study.plan.runs):
        if found := study.records.get(arm):
            numbers = {
                UNITS[field].split(" (")[0]: report.mean_pm(report.over_seeds(found, field))
                for field in ("average_accuracy", "forgetting")
            }
            rows.append({"arm": arm, "seeds": len(found)} | numbers)
    if rows:
        show(rows)
