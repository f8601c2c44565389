"""Phase 0 against the number of exemplars: numbers by hand, their slopes in words, and what goes the other way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.meta_loss.first_fall import DEPLOYED, MINIMISED, RISES
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import fall_of_phase_0
from mnemonics_lib.edition.evidence.regimes import budget_falls, by_budget
from mnemonics_lib.edition.studies.studied import studied


def record(fall: float, running: float, own: float | None) -> Any:
    panel = SimpleNamespace(before=1.0, after=1.0 - fall, before_running=2.0, after_running=2.0 - running)
    exemplars = SimpleNamespace(
        panel=panel,
        noise_displacement=0.0,
        own_loss_before=0.5,
        own_loss_after=None if own is None else 0.5 + own,
    )
    row = SimpleNamespace(exemplars=exemplars, displacement_new=0.0)
    return SimpleNamespace(method="lwf", seed=3, results=[row])


def study(gain: float, fall: float) -> Any:
    """1, 2, 4 exemplars a class: for twice as many, the gain and the fall change by so much, own losses rise by 0.1."""
    compared, records = [], {}
    for method in by_budget.METHODS:
        for doublings, m in enumerate((1, 2, 4)):
            differences = {seed: 5 + gain * doublings + seed for seed in range(3)}
            compared.append((f"{method}-near-{m}", f"{method}-herding-{m}", SimpleNamespace(differences=differences)))
            records[f"{method}-near-{m}"] = {
                seed: record(0.2 + fall * doublings + 0.01 * seed, 0.1, 0.1 * doublings) for seed in range(3)
            }
    return SimpleNamespace(compared=compared, records=records)


def test_numbers_are_those_of_phase_0_seed_by_seed():
    found = budget_falls.of_phase_0(study(-1.0, 0.05), "lucir")
    assert found[MINIMISED][4] == pytest.approx({0: 0.3, 1: 0.31, 2: 0.32})
    assert found[DEPLOYED][1] == pytest.approx(dict.fromkeys(range(3), 0.1))
    assert found[RISES][2] == pytest.approx(dict.fromkeys(range(3), 0.1))


def test_a_row_has_the_gain_beside_them():
    rows = budget_falls.rows(study(-1.0, 0.05))
    assert [(row["method"], row["exemplars a class"]) for row in rows] == [
        (name, m) for name in ("LwF", "LUCIR") for m in ("1", "2", "4")
    ]
    assert rows[2]["gain (points)"] == "**+4.00 [+1.52, +6.48]**"
    assert "+0.310 [" in rows[2][budget_falls.NAMED[MINIMISED]]


def test_both_slopes_are_told_and_neither_is_made_the_reason_of_the_other():
    said = budget_falls.in_words(study(-1.0, 0.05))
    assert "as it is minimised, is shown to grow with the number for LwF (+0.050 [+0.050, +0.050], n = 3) and" in said
    assert "by running ones is not shown to change with the number for LwF (+0.000" in said
    assert "own loss rose is shown to grow with the number for LwF (+0.100" in said
    assert (
        "Of the same runs the gain is shown to shrink with it for LwF (-1.00 [-1.00, -1.00] points) and is shown"
        in said
    )
    assert said.endswith("What the one has to do with the other was not asked.")


def test_a_fall_that_one_number_of_exemplars_makes_is_a_hint():
    of = study(0.0, 0.0)
    for seed in range(3):
        of.records["lwf-near-1"][seed] = record(0.1 + 0.01 * seed, 0.1, 0.0)
    said = budget_falls.in_words(of)
    assert "as it is minimised, seems to grow with the number for LwF (+0.050 [" in said
    assert "a hint, since without 1 a class it is another verdict" in said
    assert "and is not shown to change with the number for LUCIR (" in said


@pytest.mark.parametrize(
    ("exemplars", "said"),
    [
        (None, "lwf, seed 3: its record has no panel of phase 0"),
        (
            record(0.1, 0.1, None).results[0].exemplars,
            "seed 3: the record does not say what became of trained exemplars of phase 0",
        ),
    ],
)
def test_a_run_without_the_measurement_is_named(exemplars: Any, said: str):
    of = study(0.0, 0.0)
    of.records["lwf-near-2"][1].results[0].exemplars = exemplars
    with pytest.raises(ValueError, match=said):
        budget_falls.of_phase_0(of, "lwf")


def test_of_the_project_falls_are_those_of_the_records():
    budgets = studied("evidence/budgets")
    found = budget_falls.of_phase_0(budgets, "lwf")[MINIMISED]
    one = budgets.records["lwf-near-20"][0]
    assert found[20][0] == fall_of_phase_0(one, "statistics of each batch")
