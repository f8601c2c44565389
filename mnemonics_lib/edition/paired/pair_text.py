"""Two arms compared seed by seed, as text."""

from __future__ import annotations

from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.records.columns import aligned
from mnemonics_lib.edition.records.measures import FORMS, unit
from mnemonics_lib.edition.records.settings import told


def pair_text(comparison: Comparison, arm: str, baseline: str) -> str:
    """A row per pair; mean, interval and number of pairs; seeds that are to be looked at; and in what the arms differ.

    Args:
        comparison: of :func:`mnemonics_lib.edition.paired.compare.compare`.
        arm: its name.
        baseline: its name.
    """
    of = unit(comparison.field)
    form = FORMS.get(of, ".6g")
    rows = comparison.rows.drop(columns="field")
    forms = {"arm": form, "baseline": form, "difference": f"+{form}"}
    lines = [
        f"{comparison.field}{f' ({of})' if of else ''}: {arm} (arm) minus {baseline} (baseline)",
        aligned(rows, forms),
        f"mean difference {_interval(comparison, form)}",
    ]
    for name, seeds in zip((arm, baseline), comparison.alone, strict=True):
        if seeds:
            lines.append(f"seeds of {name} without a partner: {', '.join(map(str, seeds))}")
    if comparison.apart:
        lines.append(
            f"seeds whose first networks differ, though they are trained in the same way: "
            f"{', '.join(map(str, comparison.apart))} (made on processors that round otherwise?)"
        )
    lines.append(f"settings that differ: {told(comparison.settings) or 'none'}")
    if comparison.one_sided:
        lines.append(f"settings of one arm alone: {', '.join(comparison.one_sided)}")
    return "\n".join(lines)


def _interval(comparison: Comparison, form: str) -> str:
    result = comparison.difference
    if result.n < 3:
        return f"{result.mean:+{form}}, no interval below 3 pairs, pairs: {result.n}"
    ends = f"[{result.low:+{form}}, {result.high:+{form}}]"
    return f"{result.mean:+{form}}, {100 * comparison.level:g} % interval {ends}, pairs: {result.n}"
