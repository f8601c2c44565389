"""What came of the first readings: computed from the studies, and nothing of what is not finished."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.regimes import first_readings
from mnemonics_lib.edition.evidence.regimes.first_readings import readings
from mnemonics_lib.edition.search.runs import NEAR
from mnemonics_lib.edition.studies.outcome import UNFINISHED
from mnemonics_lib.edition.studies.paired_runs import new_classes
from mnemonics_lib.edition.studies.studied import Studied, studied
from mnemonics_lib.paths import RECORDS

NAMES = (
    "primary",
    "transfer",
    "budgets",
    "steps",
    "epochs",
    "epochs_no_transfer",
    "objective",
    "controls",
    "start_and_judge",
)


@pytest.fixture(scope="module")
def studies() -> dict[str, Studied]:
    return {name: studied(f"evidence/{name}") for name in NAMES}


def of(found: Any, words: str) -> str:
    (only,) = [each.outcome for each in found if words in each.read]
    return only


def test_outcomes_are_those_of_the_studies(studies):
    found = list(readings(studies, RECORDS))
    (bic,) = [
        each.difference
        for arm, _, each in studies["objective"].compared
        if arm == "bic-trained" and each.field == "average_accuracy"
    ]
    assert of(found, "BiC").startswith(f"{bic} (no difference shown); forgetting ")
    assert "; with the runs as first made it is another verdict, LUCIR +0.73 [-0.01, +1.47]" in of(found, "LUCIR loses")
    first = [record.results[0].exemplars for record in studies["epochs"].records["epochs=2-trained"].values()]
    rose = sum(each.own_loss_after > each.own_loss_before for each in first)
    assert f"with 2 epochs it rose in {rose} of 5 runs, with 60 epochs it rose in " in of(found, "become easy")
    assert all(set(each.row) == {"read into the first runs", "asked since", "outcome"} for each in found)


def test_eq_7_is_set_against_eq_4b_on_the_seeds_of_each(studies):
    of_studies = {"primary": ("lwf-trained-5", "lwf-herding-5"), "objective": ("lwf-trained", "lwf-herding")}
    values = {}
    for name, (arm, minus) in of_studies.items():
        trained, herding = (studies[name].records[which] for which in (arm, minus))
        values[name] = [new_classes(trained[seed]) - new_classes(herding[seed]) for seed in trained]
    expected = stats.ttest_ind(values["primary"], values["objective"], equal_var=False).confidence_interval(0.95)
    said = of(readings(studies, RECORDS), "always new")
    mean = np.mean(values["primary"]) - np.mean(values["objective"])
    assert f"LwF {mean:+.2f} [{expected.low:+.2f}, {expected.high:+.2f}] and " in said
    assert said.startswith("trained − herding by Eq. 7, minus the same by Eq. 4b (Welch's intervals): on classes of")


def test_what_running_statistics_change_is_the_studys_and_not_the_searchs(studies):
    of_study = {
        arm: each.difference for arm, minus, each in studies["start_and_judge"].compared if minus.endswith("from-theta")
    }
    assert of(readings(studies, RECORDS), "never deployed") == (
        f"LUCIR {of_study['lucir-deployed']} (no difference shown); LwF {of_study['lwf-deployed']} (no difference "
        "shown)"
    )


def test_the_search_gives_each_seed_minus_the_near_loop(studies, monkeypatch):
    monkeypatch.setattr(first_readings, "runs", lambda *_, **fields: made(fields["method"]))

    def made(method: str) -> list[dict[str, Any]]:
        tried = {NEAR: 40.0} | ({first_readings.AVERAGED: 38.5} if method == "lucir" else {})
        return [
            {"tried": name, "seed": seed, "accuracy": [value + seed], "control": "herding"}
            for name, value in tried.items()
            for seed in (101, 100)
        ]

    said = of(readings(studies, RECORDS), "movement is noise")
    assert said == "LUCIR -1.50, -1.50 points, seed by seed, minus the near loop"


def test_what_is_not_finished_has_no_outcome(studies):
    class Nothing:
        missing = True
        records: Mapping[str, Any] = MappingProxyType({})
        plan = SimpleNamespace(finished=lambda *_: False, runs=[])
        compared = studies["objective"].compared

    found = list(readings(dict.fromkeys(NAMES, Nothing), RECORDS))  # type: ignore[arg-type]
    for words in ("Where networks know", "become easy", "LUCIR loses", "always new"):
        assert of(found, words) == UNFINISHED
    assert of(found, "gone with 20") == f"{UNFINISHED}; outer steps in proportion to it, {UNFINISHED}"
    assert of(found, "never deployed") == f"LUCIR {UNFINISHED}; LwF {UNFINISHED}"
    assert of(found, "It grows") == f"with it, {UNFINISHED}; without, {UNFINISHED}"


def test_a_budget_that_is_finished_is_told_without_its_heading(studies, monkeypatch):
    monkeypatch.setattr(first_readings, "along", lambda _: "**The number**, near: the gain shrinks.")
    monkeypatch.setattr(first_readings, "in_proportion_in_words", lambda _: "**More**, near: better in none, of 8.")
    said = "near: the gain shrinks; outer steps in proportion to it, near: better in none, of 8."
    assert of(readings(studies, RECORDS), "gone with 20") == said
