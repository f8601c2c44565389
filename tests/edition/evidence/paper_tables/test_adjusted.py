"""What adjusting does, by who judges: from rows made by hand, and from the committed ones."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.paper_tables.adjusted import (
    FILE,
    JUDGES,
    by_judge,
    in_words,
    judged,
    panel_of_adjustment,
)

CHANGES = {"half": (-0.30, 0.02), "as_many_real": (-0.10, 0.01), "real": (-0.20, -0.05)}
"""Judge -> what its adjustment changes of the loss on the half, and of that on test images."""


def rows(method: str, seeds: int) -> list[dict[str, Any]]:
    """What the script writes of runs that differ in a thousandth a seed."""
    return [
        {
            "method": method,
            "seed": seed,
            "judge": judge,
            "judge_images": 180,
            "loss_on_half": [1.0, 1.0 + half + seed / 1000],
            "loss_on_test": [2.0, 2.0 + test + seed / 1000],
            "accuracy_on_test": [50.0, 49.0 + seed / 10],
        }
        for seed in range(seeds)
        for judge, (half, test) in CHANGES.items()
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "adjustment.json"
    path.write_text(json.dumps({"rows": rows("lwf", 3) + rows("lucir", 1)}))
    return path


def test_a_change_is_after_minus_before_over_the_seeds(file: Path):
    found = {(each.method, each.judge): each for each in judged(file)}
    assert list(found) == [(name, judge) for name in ("LwF", "LUCIR") for judge in JUDGES]
    ours = found["LwF", "half"]
    assert ours.loss_on_half.mean == pytest.approx(-0.299)
    assert ours.loss_on_test.mean == pytest.approx(0.021)
    assert ours.accuracy_on_test.mean == pytest.approx(-0.9)
    assert ours.loss_on_test.n == 3
    assert ours.row["loss on test images"].startswith("+0.021 [")


def test_two_judges_are_compared_in_the_same_runs(file: Path):
    found = by_judge("lwf", "real", "half", file=file)
    assert found.mean == pytest.approx(-0.07)
    assert found.high - found.low == pytest.approx(0.0, abs=1e-9)  # the seeds' own part is gone
    assert by_judge("lwf", "real", "half", "loss_on_half", file).mean == pytest.approx(0.10)


def test_the_words_are_of_the_verdicts_and_of_methods_with_seeds_enough(file: Path):
    (said,) = in_words(file)
    assert said.startswith("LwF: judged by the other half, the loss on that half is shown to fall (-0.299); that on")
    assert "that on test images is shown to rise (+0.021). With 400 real images" in said
    assert said.endswith("is -0.049, and differs from that by -0.070 [-0.070, -0.070], n = 3.")


def test_a_panel_is_the_mean_over_the_phases_that_adjust():
    def phase(panel: Any) -> Any:
        return SimpleNamespace(
            adjustment=panel and SimpleNamespace(panel=SimpleNamespace(before=panel[0], after=panel[1]))
        )

    runs: Any = [SimpleNamespace(results=[phase(None), phase((1.0, 0.5)), phase((2.0, 1.0))])]
    assert panel_of_adjustment(runs) == (1.5, 0.75)


def test_every_committed_run_has_every_judge_once():
    found = json.loads(FILE.read_text(encoding="utf-8"))["rows"]
    runs = {(row["method"], row["seed"]) for row in found}
    assert sorted((row["method"], row["seed"], row["judge"]) for row in found) == sorted(
        (method, seed, judge) for method, seed in runs for judge in JUDGES
    )
