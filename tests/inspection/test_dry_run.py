"""The projection is the counts times what was measured; how long anything takes is no test's business."""

from __future__ import annotations

import json

import pytest
import torch

from mnemonics_lib import __main__ as cli
from mnemonics_lib.config import RunConfig
from mnemonics_lib.inspection import dry_run as whole
from mnemonics_lib.inspection import measured, reading, rehearsal
from mnemonics_lib.inspection.counted import counted
from mnemonics_lib.inspection.dry_run import Price, dry_run
from mnemonics_lib.inspection.dry_run_command import _memory as printed
from mnemonics_lib.inspection.dry_run_command import amount, lines, summary
from mnemonics_lib.inspection.measured import Measured
from mnemonics_lib.inspection.reading import Reading
from mnemonics_lib.inspection.work import Work, work

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    """For whole steps, however busy the machine is."""
    monkeypatch.setattr(measured, "LIMIT", 1e6)


@pytest.fixture
def ours(tiny) -> RunConfig:
    config = tiny.replace(method="lucir", exemplars="mnemonics", adjust=2, budget=5, weight_transfer=True, phases=1)
    return config.replace(exemplar_level={"start": "perturbed"})


def test_hours_are_the_sum_of_counts_times_seconds(ours):
    found = dry_run(ours, CPU, times=2)
    data = counted(ours)
    todo = work(ours, data.train, data.test)
    assert [(row["phase"], row["part"], row["count"]) for row in found["rows"]] == [
        (of.phase, of.part, of.count) for of in todo
    ]
    for row in found["rows"]:
        assert row["hours"] == row["count"] * row["seconds"] / 3600
        assert 0 < row["low"] <= row["seconds"] <= row["high"]
        assert row["limit"] == "computing"  # all images lie in memory
    assert found["hours"] == pytest.approx(sum(row["count"] * row["seconds"] for row in found["rows"]) / 3600)
    by_part = summary(found["rows"])
    assert sum(row["hours"] for row in by_part) == pytest.approx(found["hours"])
    for row in by_part:
        own = [of for of in found["rows"] if of["part"] == row["part"] and (of["phase"] == 0) == (row["phases"] == "0")]
        images = sum(of["count"] * of["images"] for of in own)
        rate = images / sum(of["count"] * of["seconds"] for of in own)
        assert row["rate"] == (pytest.approx(rate) if row["unit"] in ("steps", "images") else None)
    assert sum(row["count"] * row["seconds"] / 3600 for row in by_part) == pytest.approx(found["hours"])
    assert {row["rounds"] for row in found["measured"]} == {2}
    assert not any(row["scaled"] for row in found["measured"])  # digits fit, in memory and in time
    assert found["memory"]["exemplar_level"] > 0
    assert found["load"] >= 0
    assert (found["refused"], found["made_pictures"], found["assumed"]) == ([], None, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "bic", "exemplars": "mnemonics", "exemplar_level": {"objective": "eq4b", "inner_batch": 7}},
        {"method": "icarl", "exemplars": "mnemonics", "exemplar_level": {"inner": "ridge"}},
        {"method": "lwf", "exemplars": "random", "finetune": False, "from_scratch": 2},
        {"method": "joint", "exemplars": "none", "finetune": False},
    ],
)
def test_any_run_can_be_rehearsed(tiny, changes):
    config = tiny.replace(budget=5, phases=1, **changes)
    found = dry_run(config, CPU, times=1)
    assert found["hours"] > 0
    assert not any(row["scaled"] for row in found["measured"])


def test_what_takes_too_long_is_made_smaller_and_says_so(ours, monkeypatch):
    monkeypatch.setattr(measured, "LIMIT", 0.0)
    found = dry_run(ours, CPU, times=1)
    scaled = {row["what"]: row for row in found["measured"] if row["scaled"]}
    assert {"a step of phase 0", "an outer step of phase 0", "an outer step of Eq. 10"} <= set(scaled)
    assert scaled["a step of phase 0"]["images"] == 4
    said = "\n".join(lines({"params": "mine", "preset": None} | found))
    assert "for a batch of 4 of 120, scaled" in said
    assert "1 of 2 inner steps on 4 of 25 exemplars" in said


def test_a_run_that_would_be_refused_is_told(ours, monkeypatch):
    for module in (rehearsal, whole):
        monkeypatch.setattr(module, "free_bytes", lambda device: 1e6)
    found = dry_run(ours, CPU, times=1)
    assert len(found["refused"]) == 3
    assert all("are free on cpu" in message for message in found["refused"])
    assert any("would be refused here: exemplar_level." in line for line in lines({"params": "", "preset": ""} | found))


def test_where_reading_and_computing_overlap_the_slower_counts_and_where_a_step_waits_both_do(ours):
    def taking(seconds: float, images: int = 10) -> Measured:
        return Measured("", (seconds,), images, images, "")

    read = Reading(views=taking(3.0), middles=taking(0.1), waited=taking(5.0))
    outer = {(True, True): taking(2.0, 20), (False, True): taking(1.0), (False, False): taking(1.0)}
    price = Price(ours, {False: taking(1.0), True: taking(6.0)}, {"passes": taking(0.5)}, outer, read)
    data = counted(ours)
    (new, *_) = (of.step for of in work(ours, data.train, data.test) if of.part == "exemplars")

    def row(part, phase, images, reads):
        found = price.row(Work(phase, part, "", 100, images, reads, new))
        assert found["hours"] == 100 * found["seconds"] / 3600
        return pytest.approx(found["seconds"]), found["limit"]

    assert row("model level", 0, 10, 10) == (3.0, "reading")
    assert row("model level", 1, 10, 10) == (6.0, "computing")
    assert row("model level", 1, 5, 5) == (3.0, "computing")
    assert row("from scratch", 1, 20, 0) == (2.0, "computing")  # by a step of phase 0, which has no teacher either
    assert row("passes without a gradient", 0, 1, 1) == (0.05, "computing")
    assert row("exemplars", 0, 10, 2) == (2.0 + 1.0, "both, in turn")  # two inner steps on 10 exemplars each
    assert row("controls", 0, 10, 0) == (2.0, "computing")


def test_pictures_from_disk_are_rehearsed_without_the_data(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    monkeypatch.setattr(measured, "LIMIT", 0.0)
    monkeypatch.setattr(reading, "MADE", 4)
    monkeypatch.setattr(reading, "MANY", 8)
    monkeypatch.setattr(reading, "WAITED_FOR", 2)
    config = tiny.replace(
        dataset="imagenet_subset",
        resolution=28,
        budget=4,
        adjust=2,
        method="lucir",
        first_share=0.9,
        exemplar_level={"beta": 0.01},
    )
    found = dry_run(config, CPU, times=1)
    assert found["made_pictures"] is True
    assert "(imagenet: not there; " in found["assumed"][0]  # without the folder that it is looked for in
    assert "in proportion to its images" in found["assumed"][1]
    assert found["images"] == [128_100, 5_000]
    assert {row["limit"] for row in found["rows"] if row["part"] == "exemplars"} == {"both, in turn"}
    assert "made for it" in "\n".join(lines({"params": "", "preset": ""} | found))
    assert found["memory"]["images"] == 0
    assert found["not_measured"] == [*whole.NOT_MEASURED, *whole.NOT_MEASURED_OF_PICTURES]


def test_where_the_host_holds_the_exemplars_of_another_device_its_memory_is_printed_apart(tiny, monkeypatch):
    monkeypatch.setattr(whole, "free_bytes", lambda device: {"cpu": 7e9, "meta": 5e9}[device.type])
    config = tiny.replace(dataset="imagenet_subset", resolution=32, budget=4, first_share=0.5)
    data = counted(config)
    here, there = (whole._memory(config, data, torch.device(device), 1e6) for device in ("cpu", "meta"))
    assert (here["host"], here["free_host"], there["free_host"]) == (None, None, 7e9)
    assert there["host"] > 0
    assert here["exemplar_level"] == there["exemplar_level"] + there["host"]
    (alone, *_), (device, host, *_) = list(printed(here)), list(printed(there))
    assert "MB for exemplars" in alone
    assert "MB for exemplars" not in device
    assert "free here: 5,000 MB" in device
    assert host.startswith("and in the host's: ")
    assert f"{there['host'] / 1e6:,.0f} MB for a step of their training; free there: 7,000 MB" in host


def test_the_command_prints_and_writes_what_was_found(tmp_path, tiny, capsys):
    params = tmp_path / "mine" / "small.yaml"
    params.parent.mkdir()
    params.write_text(tiny.to_yaml())
    assert (
        cli.main(["dry-run", str(params), "--set", "phases=1", "--steps", "1", "--json", str(tmp_path / "f.json")]) == 0
    )
    found, said = json.loads((tmp_path / "f.json").read_text()), capsys.readouterr().out
    assert (found["params"], found["preset"], found["set"]) == ("mine/small", None, ["phases=1"])
    assert f"in all {amount(found['hours'])} hours" in said
    assert said.count("not measured: ") == len(found["not_measured"]) == len(whole.NOT_MEASURED)
    assert "picture" not in said
    assert str(tmp_path) not in json.dumps(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "nonsense: no such file"),
        (["quick/digits-n5", "--set", "phases=0"], "phases = 0"),
        (["quick/digits-n5", "--set", "network.name=resnet18"], "network.name = 'resnet18': must be cifar_resnet"),
        (["quick/digits-n5", "--device", "nowhere"], "device = 'nowhere': must be a device torch can use here"),
    ],
)
def test_what_cannot_be_projected_is_refused(arguments, message, capsys):
    assert cli.main(["dry-run", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("steps", ["0", "-1", "1.5", "many", "²"])
def test_a_number_of_measurements_that_is_none_is_refused(steps, capsys):
    with pytest.raises(SystemExit):
        cli.main(["dry-run", "quick/digits-n5", "--steps", steps])
    assert f"steps = {steps!r}: must be a whole number from 1 to 1000" in capsys.readouterr().err
