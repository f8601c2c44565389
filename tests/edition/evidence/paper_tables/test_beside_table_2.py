"""Differences of made records beside those of the paper's Table 2: the right cells, and signs that are there."""

from __future__ import annotations

from typing import Any

import pytest

from mnemonics_lib.config import write_yaml
from mnemonics_lib.edition.evidence.paper_tables.beside_table_2 import ROWS, Beside, beside, in_words
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.outcome import comparisons
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import Studied
from mnemonics_lib.edition.studies.study import study_file
from tests.made_records import write_arm

ABOVE, BELOW, ACROSS = (interval(values) for values in ([1.0, 1.1, 1.2], [-1.0, -1.1, -1.2], [-1.0, 0.1, 1.0]))


@pytest.fixture
def study(tmp_path) -> Studied:
    """Three arms of Table 2, of three seeds; forgetting is compared too."""
    accuracies = {
        "random-no-adjust": [80.0, 82.0, 84.0],
        "herding-no-adjust": [79.0, 80.9, 83.1],
        "mnemonics": [81.0, 83.1, 84.9],
    }
    pairs = [("herding-no-adjust", "random-no-adjust"), ("mnemonics", "herding-no-adjust")]
    compare: list[dict[str, Any]] = [{"arm": arm, "minus": minus} for arm, minus in pairs]
    compare.append({**compare[0], "field": "forgetting"})
    arms = {arm: {"set": {"method": "lucir"}} for arm in accuracies}
    path = tmp_path / "study.yaml"
    path.write_text(
        write_yaml({"title": "t", "params": "quick/digits-n5", "seeds": 3, "arms": arms, "compare": compare})
    )
    found = plan(path)
    for arm, of in accuracies.items():
        write_arm(found.records / arm, of, method="lucir")
    return Studied(found, {}, comparisons(found))


def test_a_row_has_ours_the_difference_of_the_two_cells_and_the_sign(study: Studied):
    first, second = (each.row for each in beside(study))
    here = first.pop("here (points)")
    assert here == f"{interval([-1.0, -1.1, -0.9])}"
    assert first == {
        "arm": "herding-no-adjust",
        "minus": "random-no-adjust",
        "in the paper": f"{63.39 - 63.06:+.2f}",
        "sign": "**opposite sign**",
    }
    assert second["here (points)"].startswith("+2.00 [")
    assert (second["in the paper"], second["sign"]) == (f"{64.95 - 63.39:+.2f}", "same sign")


def test_signs_that_are_shown_are_counted_and_opposite_ones_named(study: Studied):
    found = beside(study)
    assert in_words(found) == (
        "Of 2 differences the paper's sign is shown in 1, the opposite one in 1 (herding-no-adjust − random-no-adjust)."
    )
    neither = Beside("random", "herding", ACROSS, -0.05)
    assert neither.sign == "no difference shown"
    assert in_words([neither]) == (
        "Of 1 difference the paper's sign is shown in none, the opposite one in none; in the others no difference is "
        "shown."
    )


@pytest.mark.parametrize(("ours", "paper"), [(ABOVE, 0.5), (BELOW, -0.5)])
def test_the_same_sign_is_one_below_zero_too(ours, paper):
    assert Beside("random", "herding", ours, paper).sign == "same sign"
    assert Beside("random", "herding", ours, -paper).sign == "**opposite sign**"


def test_an_arm_that_the_table_lacks_is_an_error(study: Studied):
    (_, minus, each), *_ = study.compared
    with pytest.raises(KeyError, match="joint"):
        beside(Studied(study.plan, {}, [("joint", minus, each)]))


def test_the_arms_of_the_study_are_the_rows_of_the_table():
    runs = plan(study_file("evidence/table2")).runs
    assert {run.arm: (run.config.exemplars, run.config.adjust > 0) for run in runs} == ROWS
    assert {(run.config.method, run.config.weight_transfer, run.config.phases) for run in runs} == {("lucir", True, 5)}
