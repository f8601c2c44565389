"""What a page shows of a study: what is there is marked as a part, and what is not there is said to be waited for."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import pytest

from mnemonics_lib.edition import report
from mnemonics_lib.edition.studies import page as study_page
from mnemonics_lib.edition.studies.outcome import comparisons
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.edition.studies.studied import Studied
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.paths import RECORDS
from tests.drawn_lines import xs


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is said and shown, in order."""
    found: list[Any] = []
    monkeypatch.setattr(study_page, "say", found.append)
    monkeypatch.setattr(study_page, "show", lambda rows: found.append(list(rows)))
    monkeypatch.setattr(plt, "show", lambda: None)
    return found


def of(name: str) -> Plan:
    return plan(*study_files(name))


def read(of: Plan) -> Studied:
    """With the records of the project."""
    return Studied(of, report.evidence("evidence", of.path.stem), comparisons(of))


def test_a_finished_study_says_no_word_of_what_is_missing(seen: list[Any]):
    whole = of("evidence/transfer")
    study_page.say_what_is_there(whole)
    assert seen == []
    study_page.show_comparisons(read(whole))
    (rows,) = seen
    assert len(rows) == 6
    assert {row["verdict"] for row in rows} == {"no difference shown"}
    assert all(float(row["shown from"]) > 0 for row in rows)


def test_intervals_of_several_levels_have_them_in_a_column(seen: list[Any]):
    study_page.show_comparisons(read(of("evidence/augmented_judge")))
    several, one = seen
    assert [row["level"] for row in several] == ["97.5 %", "97.5 %", "95 %", "95 %"]
    assert all("average accuracy (points)" in row for row in several)
    assert all("forgetting (points; below zero is better), 95 %" in row and "level" not in row for row in one)


def test_the_intervals_of_a_figure_are_those_of_the_table(seen: list[Any], monkeypatch: pytest.MonkeyPatch):
    drawn: list[list[float]] = []
    monkeypatch.setattr(plt, "show", lambda: drawn.extend(xs(line) for line in plt.gca().lines))
    study_page.show_comparisons(read(of("evidence/augmented_judge")))
    ends = {f"[{line[0]:+.2f}, {line[-1]:+.2f}]" for line in drawn if len(line) == 2}
    told = {found[0] for rows in seen for row in rows if (found := re.search(r"\[.*\]", " ".join(row.values())))}
    assert len(told) == 6
    assert told <= ends


def test_a_study_without_a_record_has_its_number_of_runs(
    seen: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("mnemonics_lib.edition.studies.study.RECORDS", tmp_path)
    empty = of("evidence/transfer")
    study_page.show_comparisons(read(empty))
    assert seen == ["*So far 0 of the 30 runs of `evidence/transfer` are there.*"]
    study_page.show_once_finished(empty, [{"x": "1"}])
    assert seen[1:] == ["*Not there yet: `evidence/transfer` is not finished.*"]
    study_page.show_means(read(empty))
    assert len(seen) == 2


def test_means_are_shown_of_a_finished_study_alone(seen: list[Any]):
    study_page.show_means(read(of("evidence/transfer")))
    (rows,) = seen
    assert {row["seeds"] for row in rows} == {5}
    assert [row["arm"] for row in rows] == list(dict.fromkeys(run.arm for run in of("evidence/transfer").runs))


def test_a_part_of_the_seeds_is_no_verdict(seen: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for arm in ("lwf-herding", "lwf-trained"):
        (tmp_path / "evidence" / "transfer" / arm).mkdir(parents=True)
        for seed in range(4):  # of 5
            name = f"evidence/transfer/{arm}/seed-{seed}.json"
            shutil.copyfile(RECORDS / name, tmp_path / name)
    monkeypatch.setattr("mnemonics_lib.edition.studies.study.RECORDS", tmp_path)
    drawn: list[set[str]] = []
    monkeypatch.setattr(study_page, "draw_differences", lambda *of: drawn.append(of[4]))
    part = of("evidence/transfer")
    study_page.show_comparisons(read(part))
    assert seen[0] == "*So far 8 of the 30 runs of `evidence/transfer` are there.*"
    (row,) = seen[1]
    assert (row["arm"], row["verdict"], row["shown from"]) == ("lwf-trained", "not finished", "–")
    assert drawn == [{"lwf-trained\n− lwf-herding"}]


def test_what_is_finished_is_shown(seen: list[Any]):
    study_page.show_once_finished(of("evidence/transfer"), [{"x": "1"}])
    study_page.show_once_finished(of("evidence/transfer"), [])
    assert seen == [[{"x": "1"}]]


def test_an_arm_that_is_not_drawn_is_in_the_table(seen: list[Any], monkeypatch: pytest.MonkeyPatch):
    drawn: list[list[str]] = []
    monkeypatch.setattr(study_page, "draw_differences", lambda values, *_: drawn.append(list(values)))
    whole = of("evidence/transfer")
    study_page.show_comparisons(read(whole), undrawn=["lwf-larger-steps"])
    assert [row["arm"] for row in seen[0]].count("lwf-larger-steps") == 2
    (names,) = drawn
    assert len(names) == 4
    assert not any(name.startswith("lwf-larger-steps") for name in names)


def test_what_is_waited_for_is_named_with_its_question(
    seen: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    whole = of("evidence/transfer")
    assert study_page.waited_for([whole]) == ""
    monkeypatch.setattr("mnemonics_lib.edition.studies.study.RECORDS", tmp_path)
    empty = of("evidence/transfer")
    named = f"- `transfer`, 0 of 30 runs: {empty.study.title}"
    assert study_page.waited_for([whole, empty]) == named
    study_page.say_what_is_waited_for([whole])
    assert seen == []
    study_page.say_what_is_waited_for([whole, empty])
    assert seen == [f"Not finished; a comparison of which a run is missing has no verdict:\n\n{named}"]


def test_an_unfinished_study_leaves_out_what_another_has_told():
    primary = read(of("evidence/primary"))
    arms, field = ("lucir-trained-5", "lucir-herding-5"), "average_accuracy"
    (told,) = (each for *both, each in primary.compared if (*both, each.field) == (*arms, field))
    part = replace(told, arm={seed: told.arm[seed] for seed in (0, 1)})
    another = replace(told, arm={0: told.arm[0] + 0.5})
    elsewhere = replace(told, field="forgetting")
    compared = [("a", "b", part), ("c", "d", another), ("e", "f", elsewhere)]
    unfinished: Any = SimpleNamespace(missing=True, compared=compared)
    finished: Any = SimpleNamespace(missing=False, compared=compared)
    assert [arm for arm, *_ in study_page.own(unfinished, [primary])] == ["c", "e"]
    assert study_page.own(finished, [primary]) == compared
    assert study_page.own(unfinished, []) == compared
