"""What looks wrong is said; what does not is not."""

from __future__ import annotations

from typing import Any

import pytest

from mnemonics_lib import runs
from mnemonics_lib.durable import records
from mnemonics_lib.durable.concerns import DISTANCE, GROWTH, concerns
from mnemonics_lib.exemplars.outer_log import COLUMNS


def result(**changes: Any) -> dict[str, Any]:
    return {"training_loss": [2.0, 1.0], "finetuning_loss": [], "exemplars": log(), "adjustment": None} | changes


def log(panel: dict[str, float] | None = None, **columns: list[float]) -> dict[str, Any]:
    still = {"before": 0.5, "after": 0.5, "before_running": 0.5, "after_running": 0.5}
    return {"steps": {name: [0.5, 0.25] for name in COLUMNS} | columns, "panel": still | (panel or {})}


def test_of_most_phases_there_is_nothing_to_say():
    assert concerns(result()) == []
    assert concerns(result(exemplars=None)) == []
    assert concerns(result(training_loss=[1.0, GROWTH], exemplars=log(farthest=[DISTANCE]))) == []
    assert concerns(result(training_loss=[0.0, 0.0], exemplars=log() | {"panel": None})) == []
    # A start that is perturbed little, and then one that is perturbed more.
    assert concerns(result(exemplars=log(base_loss_first=[0.001, 1.0], meta_loss=[0.001, 1.0]))) == []


@pytest.mark.parametrize("name", ["training_loss", "finetuning_loss"])
def test_a_loss_that_grew_is_named(name):
    assert concerns(result(**{name: [2.0, 201.0, 3.0]})) == [f"{name} reached 201, from 2"]


@pytest.mark.parametrize("part", ["exemplars", "adjustment"])
@pytest.mark.parametrize("kind", ["", "_running"])
def test_so_is_the_panels_of_the_exemplar_level(part, kind):
    grown = log({f"before{kind}": 0.01, f"after{kind}": 1.5})
    assert concerns(result(**{part: grown})) == [f"{part}.panel.after{kind} reached 1.5, from 0.01"]


@pytest.mark.parametrize("part", ["exemplars", "adjustment"])
def test_pixels_that_went_far_are_named(part):
    (line,) = concerns(result(**{part: log(farthest=[1.0, 3.26, 2.0])}))
    assert line == f"{part}: a pixel moved 3.3 standard deviations from its start"


def test_a_run_warns_and_its_record_says_so_too(tiny, tmp_path):
    config = tiny.replace(phases=1, exemplar_level={"beta": 1e4, "optimizer": "sgd"})
    with pytest.warns(runs.RunWarning, match="phase 0: exemplars: a pixel moved"):
        record, path = runs.run(config, tmp_path)
    assert any("a pixel moved" in line for line in record.results[0].concerns)
    assert records.read_record(path).results[0].concerns == record.results[0].concerns
