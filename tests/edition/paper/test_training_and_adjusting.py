"""The paper's Table 2 in brackets, and what a study of ours has of the same two changes."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paper.training_and_adjusting import rows, seen_here


def test_a_cell_is_the_accuracy_without_adjustment_and_what_it_adds():
    assert rows() == [
        {"exemplars": "random", "N = 5": "63.06 (+0.45)", "N = 10": "62.30 (+0.17)", "N = 25": "62.06 (-0.47)"},
        {"exemplars": "herding", "N = 5": "63.39 (+0.17)", "N = 10": "61.50 (+0.29)", "N = 25": "60.95 (+0.10)"},
        {"exemplars": "trained", "N = 5": "63.97 (+0.98)", "N = 10": "62.34 (+0.92)", "N = 25": "62.31 (+1.39)"},
    ]


def pair(arm: str, minus: str, values: list[float], finished: bool = True) -> Any:
    runs = [SimpleNamespace(average_accuracy=value, forgetting=-value) for value in values]
    found = SimpleNamespace(finished=finished, difference=lambda number: interval([number(run) for run in runs]))
    return arm, minus, found


def study(*pairs: Any) -> Any:
    def asked(arms: str, controls: str) -> list[Any]:
        return [found for arm, minus, found in pairs if re.search(arms, arm) and re.search(controls, minus)]

    return SimpleNamespace(pairs=asked)


TRAINED = pair("lucir-trained", "lucir-herding", [0.5, -0.5, 0.3])


def test_each_change_is_told_with_its_verdict():
    said = seen_here(study(TRAINED, pair("lucir-adjusted", "lucir-trained", [-1.0, -1.2, -1.1])))
    assert "training adds +0.10 [-1.21, +1.41], n = 3 (no difference shown)" in said
    assert "adjusting old ones then adds -1.10 [-1.35, -0.85], n = 3 (shown to be lower); 95 % each." in said


@pytest.mark.parametrize("of", ["lwf", "lucir"])
def test_a_method_has_its_own_pairs(of: str):
    two = study(TRAINED, pair("lwf-trained", "lwf-herding", [2.0, 2.1, 2.2]))
    said = seen_here(two, of)
    assert ("+2.10" in said, "+0.10" in said) == (of == "lwf", of == "lucir")


def test_what_is_not_finished_is_not_told():
    waiting = pair("lucir-adjusted", "lucir-trained", [-1.0, -1.2, -1.1], finished=False)
    assert "adjusting" not in seen_here(study(TRAINED, waiting))
    assert seen_here(study(waiting)) == ""
