"""The ledger: a sentence and its numbers agree, change together, and are on a page."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from statistics import fmean

import pytest

from mnemonics_lib.durable.records import RecordError
from mnemonics_lib.edition.claims import LEDGER, Claim, ClaimError, claim, said
from mnemonics_lib.edition.claims.claim import Finding
from mnemonics_lib.edition.claims.of_search import _every_seed
from mnemonics_lib.edition.search.runs import FAR, FILE, HERDING, NEAR, differences, runs
from mnemonics_lib.paths import RECORDS, ROOT

SAID = re.compile(r"""said\(\s*((?:"[\w-]+",?\s*)+)\)""")


def named() -> set[str]:
    """The claims that pages and notebooks say."""
    pages = [*(ROOT / "book").glob("*.py"), *(ROOT / "notebooks").glob("*.py")]
    calls = [names for page in pages for names in SAID.findall(page.read_text(encoding="utf-8"))]
    return {name for names in calls for name in re.findall(r'"([\w-]+)"', names)}


def moved(folder: Path, tried: str, by: float) -> Path:
    """Records in which the accuracies of what was tried, and its exemplars' own loss, are higher by so much."""
    search = json.loads((RECORDS / FILE).read_text(encoding="utf-8"))
    for run in search["runs"]:
        if run["tried"] == tried:
            run["accuracy"] = [value + by for value in run["accuracy"]]
            pairs = [pair for pair in run["own_loss"] if pair]  # none of a phase that trained no exemplars
            run["own_loss"] = [[before, after + abs(by)] for before, after in pairs]
    (folder / FILE).write_text(json.dumps(search), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", LEDGER)
def test_what_is_said_is_what_the_records_say(name: str):
    holds, numbers = claim(name).finding()
    assert claim(name).said() == f"{claim(name).sentence if holds else claim(name).otherwise} ({numbers})."
    assert claim(name).sentence != claim(name).otherwise


@pytest.mark.parametrize("name", LEDGER)
def test_other_numbers_would_be_said_otherwise(name: str, tmp_path: Path):
    look = claim(name).look
    tried = look.keywords["tried"] if isinstance(look, partial) else FAR
    findings = {by: claim(name).finding(moved(tmp_path, tried, by)).holds for by in (-9.0, 9.0)}
    assert set(findings.values()) | {claim(name).finding().holds} == {True, False}


def test_differences_are_those_of_the_same_seed():
    """By another way than the library's: a loop over the file."""
    search = json.loads((RECORDS / FILE).read_text(encoding="utf-8"))["runs"]
    expected: dict[tuple[int, float], dict[int, float]] = {}
    for run in search:
        for control in search:
            same = all(run[key] == control[key] for key in ("seed", "method", "budget", "held_out"))
            if same and (run["tried"], control["tried"]) == (NEAR, HERDING) and run["method"] == "lwf":
                expected.setdefault((run["budget"], run["held_out"]), {})[run["seed"]] = fmean(run["accuracy"]) - fmean(
                    control["accuracy"]
                )
    assert expected[5, 0.2].keys() == {100, 101, 102, 103}
    for (budget, held_out), values in expected.items():
        assert differences(RECORDS, NEAR, "lwf", budget, held_out) == pytest.approx(values)


def test_every_claim_is_on_a_page_and_every_name_is_in_the_ledger():
    assert named() == set(LEDGER)


def test_a_name_that_is_not_there_is_an_error():
    with pytest.raises(ClaimError, match=r"'noise-is-harmles': is not in the ledger \(did you mean noise-is-h"):
        said("noise-is-harmless", "noise-is-harmles")


def test_records_that_are_not_there_are_an_error(tmp_path: Path):
    with pytest.raises(ClaimError, match=r"claim 'noise-is-harmless': rests on search\.json, which is not in"):
        said("noise-is-harmless", records=tmp_path)
    (tmp_path / FILE).write_text('{"runs": []}')
    with pytest.raises(RecordError, match="has no run with"):
        runs(tmp_path, tried=HERDING)


def test_what_is_said_to_be_the_best_training_is_compared_with_trainings_alone(tmp_path: Path):
    made = [("herding's exemplars", 50.0), (FAR, 51.0), ("another training", 50.5), ("random exemplars", 60.0)]
    made.append(("herding's exemplars, 40 a class", 70.0))

    def holds() -> Finding:
        common = {"method": "lucir", "budget": 20, "held_out": 0.2, "seed": 100}
        listed = [{"tried": tried, "accuracy": [value], **common} for tried, value in made]
        (tmp_path / FILE).write_text(json.dumps({"runs": listed}))
        return LEDGER["nothing-better-at-20"].finding(tmp_path)

    assert holds() == Finding(True, "1 others")
    made.append(("a better training", 51.5))
    assert holds() == Finding(False, "a better training")


@pytest.mark.parametrize("above", [True, False])
def test_a_difference_of_nothing_is_neither_above_nor_below(above: bool, tmp_path: Path):
    common = {"method": "lwf", "budget": 5, "held_out": 0.2, "seed": 100, "accuracy": [50.0]}
    (tmp_path / FILE).write_text(json.dumps({"runs": [{"tried": HERDING, **common}, {"tried": NEAR, **common}]}))
    assert not _every_seed(tmp_path, NEAR, [("lwf", 5)], above).holds


@pytest.mark.parametrize(("holds", "text"), [(True, "It is so (1)."), (False, "It is not (1).")])
def test_a_sentence_has_its_numbers_behind_it(holds: bool, text: str, tmp_path: Path):
    made = Claim("x", ".", "a rule", "It is so", "It is not", lambda records: Finding(holds, "1"))
    assert made.said(tmp_path) == text


def test_a_sentence_without_numbers_ends_alone(tmp_path: Path):
    assert Claim("x", ".", "a rule", "It is so", "Not", lambda records: Finding(True, "")).said(tmp_path) == "It is so."
