"""Lines on finished studies, from made records of the studies' own arms; unfinished ones have none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.paper_tables import beside_table_2
from mnemonics_lib.edition.evidence.paper_tables.tables_in_short import ASKED, comes_to, lines, of_one
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.report import evidence
from mnemonics_lib.edition.studies.outcome import comparisons
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.shown_in import shown_in
from mnemonics_lib.edition.studies.studied import Studied
from mnemonics_lib.edition.studies.study import study_file
from tests.made_records import write_arm

BASE = [80.0, 81.0, 79.0, 82.0, 78.0]
NOISE = [0.01, -0.02, 0.0, 0.02, -0.01]
Making = Callable[..., Studied]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Making:
    """Makes records of a study of the project: every arm has ``BASE``, and some have about so many points more."""
    monkeypatch.setattr("mnemonics_lib.edition.studies.study.RECORDS", tmp_path)

    def of(name: str, more: Mapping[str, float]) -> Studied:
        found = plan(study_file(f"evidence/{name}"))
        for arm in {run.arm for run in found.runs}:
            seeds = sum(run.arm == arm for run in found.runs)
            gains = [more[arm] + noise for noise in NOISE] if arm in more else [0.0] * len(NOISE)
            accuracies = [base + gain for base, gain in zip(BASE, gains, strict=True)]
            write_arm(tmp_path / "evidence" / name / arm, accuracies[:seeds])
        return Studied(found, {}, comparisons(found))

    return of


@pytest.fixture
def finished(made: Making) -> dict[str, Studied]:
    """All of them."""
    return {
        "table2": made("table2", {"mnemonics": 1.0, "mnemonics-no-adjust": 1.0, "random": -2.0}),
        "phases": made("phases", {"small_cifar100-n1-trained": 1.0}),
        "variants": made("variants", {"total-trained": -1.0, "as-in-paper": 2.0}),
        "medium": made("medium", {"trained": 0.5}),
        "medium_n25": made("medium_n25", {"trained": 0.3}),
    }


def test_each_finished_study_has_its_lines(finished: dict[str, Studied]):
    adjusted, trained, herding, signs, one, ten, total, rates, than_herding, medium, medium_n25 = lines(finished)
    assert adjusted.startswith(
        "**Table 2, old exemplars adjusted, against not**: worse in 1 (random − random-no-adjust), better in none, of "
        "3 comparisons (-2.00 to +0.00 points"
    )
    assert (
        "worse in none, better in 4 (mnemonics-no-adjust − herding-no-adjust · mnemonics-no-adjust − random-no-adjust "
        "· mnemonics − herding · mnemonics − random), of 4 comparisons"
    ) in trained
    assert "worse in none, better in 1 (herding − random), of 2 comparisons" in herding
    table_2 = beside_table_2.beside(finished["table2"])
    assert signs == f"**Beside the paper's Table 2.** {beside_table_2.in_words(table_2)}"
    assert one.startswith("**One phase, trained against herding's, 20 a class**: shown to be higher, +1.00 [")
    assert ten == "**Ten phases, likewise**: no difference shown, +0.00 [+0.00, +0.00] points (95 %, n = 3)."
    assert total.startswith("**A fixed total of exemplars, trained against herding's**: shown to be lower, -1.00 [")
    assert rates.startswith(
        "**The paper's rates and inner steps, from random images, against random ones**: shown to be higher, +2.00 ["
    )
    assert than_herding.startswith("**The same, against herding's**: shown to be higher, +2.00 [")
    assert "$N = 5$, trained against herding's, 20 a class**: shown to be higher, +0.50 [" in medium
    assert medium.endswith("] points (95 %, n = 3).")
    assert medium_n25 == (
        "**50 classes, $N = 25$, trained against herding's, 20 a class**: one run of each, no claim; the difference is "
        "+0.31 points."
    )


@pytest.mark.parametrize("name", ASKED)
def test_a_study_that_is_not_finished_has_no_line(name: str, finished: dict[str, Studied]):
    whole = lines(finished)
    finished[name].plan.runs[-1].record.unlink()
    titles = [*ASKED[name], *(["Beside the paper's Table 2."] if name == "table2" else [])]
    own = [line for line in whole if any(line.startswith(f"**{title}**") for title in titles)]
    assert len(own) == len(titles)
    assert lines(finished) == [line for line in whole if line not in own]


def test_every_comparison_is_asked_about_once(finished: dict[str, Studied]):
    for name, asked in ASKED.items():
        for arm, minus, each in finished[name].compared:
            matching = [
                what for what, (arms, controls) in asked.items() if re.search(arms, arm) and re.search(controls, minus)
            ]
            assert len(matching) == 1, (name, arm, minus, each.field)


def test_several_comparisons_are_counted_and_one_is_told(finished: dict[str, Studied]):
    variants = finished["variants"]
    (total, *_) = (each for arm, _, each in variants.compared if arm == "total-trained")
    assert comes_to(variants, "^total-") == of_one(total)
    assert comes_to(variants) == shown_in(variants)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.3], "one run of each, no claim; the difference is +0.30 points"),
        ([0.3, -0.9], "2 runs of each, no claim; the difference is -0.30 points"),
        ([-1.0, 0.0, 1.0], "no difference shown, +0.00 [-2.48, +2.48] points (95 %, n = 3)"),
        ([-1.0, -1.1, -0.9], "shown to be lower, -1.00 [-1.25, -0.75] points (95 %, n = 3)"),
    ],
)
def test_a_claim_needs_three_seeds(values: list[float], said: str):
    found: Any = SimpleNamespace(difference=interval(values), level=0.95)
    assert of_one(found) == said


def test_studies_of_50_classes_are_as_the_page_says():
    """They have no slices, and classes that an earlier study had; three seeds, and one run of each arm."""
    for name, seeds in (("medium", [0, 1, 2]), ("medium_n25", [0])):
        found = plan(study_file(f"evidence/{name}"))
        assert not found.study.slices
        assert all(run.config.classes == [50, 100] for run in found.runs)
        assert sorted({run.seed for run in found.runs}) == seeds
    for name in ("cifar100-n5", "cifar100-n25"):
        before = [record for of in evidence("medium", name).values() for record in of.values()]
        assert before
        assert all(record.config["classes"] == [50, 100] for record in before)
