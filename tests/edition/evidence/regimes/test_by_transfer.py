"""Weight transfer in herding's runs: the same seeds with it and without, before fine-tuning and after it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.regimes import by_transfer
from mnemonics_lib.edition.paired.partners import PairError


def record(before: float, after: float) -> Any:
    """A run of two phases after phase 0, with the same accuracies in both."""
    phases = [SimpleNamespace(accuracy_before_finetuning=before, accuracy_on_all=after)] * 2
    return SimpleNamespace(average_accuracy=after - 1, method="lwf", seed=0, results=[SimpleNamespace(), *phases])


def study(arms: dict[str, list[tuple[float, float]]], missing: str = "") -> Any:
    return SimpleNamespace(
        records={arm: {seed: record(*of) for seed, of in enumerate(ends)} for arm, ends in arms.items()},
        plan=SimpleNamespace(finished=lambda *asked: missing not in asked),
    )


WITH = {f"{method}-herding-5": [(50.0, 60.0), (51.0, 60.0), (52.0, 60.0)] for method in by_transfer.METHODS}
WITHOUT = {f"{method}-herding": [(45.0, 50.0)] * 3 for method in by_transfer.METHODS}


@pytest.fixture(autouse=True)
def numbers_by_hand(monkeypatch):
    """Records of two numbers, and no classes of which strangers could be told."""
    monkeypatch.setattr(by_transfer, "refuse_strangers", lambda *_: None)
    ends = {
        "before_fine_tuning": lambda run: run.results[1].accuracy_before_finetuning,
        "after_fine_tuning": lambda run: run.results[1].accuracy_on_all,
    }
    for name, number in ends.items():
        monkeypatch.setattr(by_transfer, name, number)
    monkeypatch.setitem(by_transfer.NUMBERS, "before fine-tuning (points)", ends["before_fine_tuning"])


def test_a_number_with_it_minus_without_it_seed_by_seed():
    first, second = by_transfer.rows(study(WITH), study(WITHOUT))
    assert (first["method"], second["method"]) == ("LwF", "LUCIR")
    assert first["average accuracy (points)"] == "+10.00 [+10.00, +10.00], n = 3"
    assert first["before fine-tuning (points)"].startswith("+6.00 [+3.52, ")
    assert first["before it, phase 1 (points)"].startswith("+6.00 [+3.52, ")


def test_what_is_there_before_fine_tuning_stands_beside_what_is_there_after_it():
    said = by_transfer.before_and_after(study(WITH), study(WITHOUT))
    assert said.startswith("+6.00 [+3.52, +8.48] points before it and +10.00 [+10.00, +10.00] after it (LwF, n = 3)")
    assert said.endswith(" after it (LUCIR, n = 3)")


@pytest.mark.parametrize("missing", ["lwf-herding-5", "lucir-herding"])
def test_and_nothing_before_all_runs_are_there(missing: str):
    assert by_transfer.before_and_after(study(WITH, missing), study(WITHOUT, missing)) == ""


def test_runs_of_other_classes_are_no_pair(monkeypatch):
    def strangers(one: Any, other: Any, names: Any) -> None:
        raise PairError(f"{names}")

    monkeypatch.setattr(by_transfer, "refuse_strangers", strangers)
    with pytest.raises(PairError, match="primary, seed 0"):
        by_transfer.rows(study(WITH), study(WITHOUT))
