"""What the smaller studies of the page with the paper's tables come to: a line each, once one is finished."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mnemonics_lib.edition.evidence.paper_tables import beside_table_2
from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.studies.outcome import SAID
from mnemonics_lib.edition.studies.shown_in import shown_in
from mnemonics_lib.edition.studies.studied import Studied

ASKED = {
    "table2": {
        "Table 2, old exemplars adjusted, against not": ("^(random|herding|mnemonics)$", "-no-adjust$"),
        "Table 2, trained exemplars against herding's and against random ones": ("^mnemonics", "^(herding|random)"),
        "Table 2, herding's against random ones": ("^herding", "^random"),
    },
    "phases": {
        "One phase, trained against herding's, 20 a class": ("-n1-", ""),
        "Ten phases, likewise": ("-n10-", ""),
    },
    "variants": {
        "A fixed total of exemplars, trained against herding's": ("^total-", ""),
        "The paper's rates and inner steps, from random images, against random ones": ("^as-in-paper$", "^random$"),
        "The same, against herding's": ("^as-in-paper$", "^herding$"),
    },
    "medium": {"50 classes, $N = 5$, trained against herding's, 20 a class": ("", "")},
    "medium_n25": {"50 classes, $N = 25$, trained against herding's, 20 a class": ("", "")},
}
"""Study -> what is asked -> regular expressions that are found in the arms and in the controls of which it is asked."""


def lines(studies: Mapping[str, Studied]) -> list[str]:
    """What was asked of each study, and what it shows; nothing of a study that is not finished.

    Args:
        studies: by their names, at least those of ``ASKED``.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.studies.shown_in.shown_in`.
    """
    found = []
    for name, asked in ASKED.items():
        study = studies[name]
        if study.missing:
            continue
        found += [f"**{what}**: {comes_to(study, *which)}." for what, which in asked.items()]
        if name == "table2":
            found.append(f"**Beside the paper's Table 2.** {beside_table_2.in_words(beside_table_2.beside(study))}")
    return found


def comes_to(study: Studied, arms: str = "", controls: str = "") -> str:
    """What comparisons of average accuracy show: several are counted, and a single one is told with its verdict.

    Args:
        study: a finished one.
        arms: a regular expression that is found in the arms that are asked about.
        controls: likewise in their controls.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.studies.shown_in.shown_in`.
    """
    asked = [
        each
        for arm, minus, each in study.compared
        if each.field == "average_accuracy" and re.search(arms, arm) and re.search(controls, minus)
    ]
    return of_one(asked[0]) if len(asked) == 1 else shown_in(study, arms, controls)


def of_one(found: Comparison) -> str:
    """The verdict of a comparison and its difference; of fewer than three seeds no claim, and no interval."""
    difference = found.difference
    if difference.n < 3:
        runs = "one run" if difference.n == 1 else f"{difference.n} runs"
        return f"{runs} of each, no claim; the difference is {difference.mean:+.2f} points"
    return f"{SAID[difference.verdict]}, {difference.without_n} points ({100 * found.level:.3g} %, n = {difference.n})"
