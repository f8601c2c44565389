"""A notebook's cost is what was measured of it alone, and said to be missing where it was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition import costs, measure_costs
from mnemonics_lib.paths import ROOT


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(costs, "COSTS", tmp_path / "costs.json")
    return tmp_path / "costs.json"


def test_a_cost_is_told_as_it_was_measured(file: Path):
    config = RunConfig()
    assert "not measured" in costs.cost("02_global_bop", config)
    measure_costs.write({"quick/digits-n5/02_global_bop": 61.7})
    assert costs.cost("02_global_bop", config) == (
        "Measured cost of quick/digits-n5/02_global_bop: 62 s, alone, on one thread."
    )
    assert "not measured" in costs.cost("02_global_bop", config.replace(phases=1))
    assert "shown/cifar100/02_global_bop: not measured" in costs.cost("02_global_bop", config, "shown/cifar100")


def test_a_page_has_a_cost_of_its_own(file: Path):
    assert costs.page_cost("why") == "Cost of page/why: not measured yet."
    measure_costs.write({"page/why": 43.4})
    assert costs.page_cost("why") == "Measured cost of page/why: 43 s, alone, on one thread."
    for page in costs.PAGES:
        assert f'say(page_cost("{page}"))' in (ROOT / "book" / f"{page}.py").read_text(encoding="utf-8")


def test_the_line_of_a_cost_is_no_wider_than_a_column(file: Path):
    for name in measure_costs.commands():
        measure_costs.write({name: 1234.5})
        *place, notebook = name.split("/")
        told = costs.cost(notebook, RunConfig(), "/".join(place))
        assert "1234 s" in told or "1235 s" in told
        assert len(told) <= 85


def test_every_notebook_of_the_quick_parameters_is_measured():
    names = list(measure_costs.commands())
    assert {name.rpartition("/")[0] for name in names} >= {"quick/digits-n5", "quick/digits-n1"}
    assert sum(name.startswith("quick/digits-n5/") for name in names) == 5


def noted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run, each for as many seconds as there were before it."""
    seen: list[list[str]] = []

    def take(command: list[str]) -> float:
        seen.append(command)
        return float(len(seen))

    monkeypatch.setattr(measure_costs, "seconds_of", take)
    return seen


def test_all_are_measured_and_what_is_there_no_more_is_forgotten(file: Path, monkeypatch: pytest.MonkeyPatch):
    measure_costs.write({"quick/gone/01_x": 5.0})
    seen = noted(monkeypatch)
    assert measure_costs.main([]) == 0
    measured = json.loads(file.read_text())
    assert measured["seconds"].keys() == measure_costs.commands().keys()
    assert seen == list(measure_costs.commands().values())
    assert measured["processor"]


def test_one_is_measured_and_the_others_stay(file: Path, monkeypatch: pytest.MonkeyPatch):
    measure_costs.write({"quick/digits-n1/01_preliminaries": 5.0, "quick/digits-n5/03_local_bop": 7.0})
    noted(monkeypatch)
    assert measure_costs.main(["quick/digits-n5/03_local_bop"]) == 0
    expected = {"quick/digits-n1/01_preliminaries": 5.0, "quick/digits-n5/03_local_bop": 1.0}
    assert json.loads(file.read_text())["seconds"] == expected


@pytest.mark.parametrize("field", ["processor", "cores"])
def test_seconds_of_another_machine_are_not_credited_to_this_one(file: Path, monkeypatch, capsys, field: str):
    measure_costs.write({"quick/digits-n1/01_preliminaries": 5.0})
    here = json.loads(file.read_text())
    elsewhere = json.dumps({**here, field: "a 286" if field == "processor" else 64})
    file.write_text(elsewhere)
    seen = noted(monkeypatch)
    assert measure_costs.main(["quick/digits-n5/03_local_bop"]) == 2
    said = capsys.readouterr().err
    assert f"{here['processor']} with {here['cores']} cores" in said
    assert ("a 286 with" if field == "processor" else "with 64 cores") in said
    assert (seen, file.read_text()) == ([], elsewhere)
    assert measure_costs.main([]) == 0  # all are measured here
    assert json.loads(file.read_text())[field] == here[field]


def test_a_stop_keeps_what_was_measured_and_what_was_known_of_others(file: Path, monkeypatch: pytest.MonkeyPatch):
    first, other = list(measure_costs.commands())[:2]
    measure_costs.write({first: 5.0, other: 7.0})
    taken = iter([3.0])
    monkeypatch.setattr(measure_costs, "seconds_of", lambda command: next(taken))
    with pytest.raises(StopIteration):
        measure_costs.main([])
    assert json.loads(file.read_text())["seconds"] == {first: 3.0, other: 7.0}


def test_what_was_measured_before_a_stop_is_kept(file: Path, monkeypatch: pytest.MonkeyPatch):
    taken = iter([3.0])
    monkeypatch.setattr(measure_costs, "seconds_of", lambda command: next(taken))
    with pytest.raises(StopIteration):
        measure_costs.main([])
    assert list(json.loads(file.read_text())["seconds"].values()) == [3.0]


def test_a_notebook_that_there_is_not_is_refused(file: Path, capsys: pytest.CaptureFixture[str]):
    assert measure_costs.main(["quick/digits-n7/01_preliminaries"]) == 2
    said = capsys.readouterr().err
    assert "names = ['quick/digits-n7/01_preliminaries']: must be of quick/digits-n1/01_preliminaries, " in said
    assert not file.exists()


def test_a_notebook_that_fails_is_told_with_its_reason(file: Path, tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "failing.py").write_text("import sys; print('FAILED n.py: ZeroDivisionError'); sys.exit(1)")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    monkeypatch.setattr(measure_costs, "commands", lambda: {"quick/x/n": ["failing"]})
    assert measure_costs.main([]) == 1
    assert capsys.readouterr().err == "failing: failed\nFAILED n.py: ZeroDivisionError\n"
    assert not file.exists()


def test_a_notebook_finds_no_runs_and_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By a stand-in for the command that says where it would put them."""
    (tmp_path / "stand_in.py").write_text(
        "import sys\nfrom pathlib import Path\nfrom mnemonics_lib.paths import RUNS\n"
        f"Path({str(tmp_path / 'said')!r}).write_text(f'{{RUNS}} {{RUNS.exists()}} {{sys.argv[-2]}}')"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    assert measure_costs.seconds_of(["stand_in"]) > 0
    runs, exists, option = (tmp_path / "said").read_text().split()
    assert (exists, option) == ("False", "--output")
    assert not Path(runs).is_relative_to(ROOT)
    assert not Path(runs).parent.exists()
