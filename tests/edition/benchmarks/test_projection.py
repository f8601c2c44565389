"""A projection is told with everything a reader must know before believing it."""

import json

import pytest

from mnemonics_lib.edition.benchmarks import rows
from mnemonics_lib.edition.benchmarks.projection import parts_table, projections, remarks, title


def part(phase, name, hours, **other):
    row = {"phase": phase, "part": name, "unit": "steps", "count": 3600, "images": 128.0, "limit": "computing"}
    return row | {"seconds": hours, "low": hours / 2, "high": hours * 2, "hours": hours} | other


def found(**other):
    return {
        "params": "paper/imagenet-n5",
        "preset": None,
        "device": "cpu",
        "threads": 1,
        "cores": 2,
        "rows": [part(0, "model level", 1.0), part(1, "exemplars", 2.0), part(2, "exemplars", 1.0)],
        "hours": 4.0,
        "load": None,
        "memory": {"exemplar_level": None, "free": 15e9, "measured": 5e9},
        "refused": None,
        "measured": [{"scaled": False}, {"scaled": False}],
        "made_pictures": False,
    } | other


def test_the_title_says_the_run_and_what_it_was_measured_on():
    assert title(found()) == "`params/paper/imagenet-n5.yaml`, on cpu, 1 of 2 cores:"
    on_gpu = found(preset="lucir", device="cuda (a GPU)", cores=16)
    assert title(on_gpu) == "`params/paper/imagenet-n5.yaml` with `--preset lucir`, on cuda (a GPU), 16 cores:"


def test_later_phases_are_one_row_and_controls_are_a_bound():
    rows = [*found()["rows"], part(1, "controls", 0.5), part(2, "controls", 0.5)]
    table = parts_table(found(rows=rows))
    assert [(row["phases"], row["part"], row["hours"]) for row in table] == [
        ("0", "model level", "1"),
        ("1 to 2", "exemplars", "3"),
        ("1 to 2", "controls, at most", "1"),
    ]
    assert table[0]["count"] == "3,600 steps"
    assert table[0]["seconds each"] == "1 (0.5 to 2)"


def test_without_reservations_only_the_whole_is_told():
    assert remarks(found()) == "In all 4 hours, 75% of them for exemplars in phases 1 to 2."


def test_the_longest_part_may_be_in_one_phase():
    rows = [part(0, "model level", 3.0), part(1, "exemplars", 1.0)]
    assert remarks(found(rows=rows)) == "In all 4 hours, 75% of them for model level in phase 0."


GUARDED = {"exemplar_level": 66.7e9, "free": 15e9, "measured": 5e9}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"load": 1.94}, "When it began 1.9 processes, this one among them, wanted one of the 2 cores"),
        ({"memory": GUARDED}, "An outer step needs up to 66.7 GB, by the guard's forecast; 15 GB were free"),
        ({"memory": GUARDED}, "and what was measured took 5 GB."),
        ({"refused": "no room"}, "would be refused there before its first outer step"),
        ({"measured": [{"scaled": True}, {"scaled": False}]}, "Of 2 kinds of work, 1 were measured in part"),
        ({"made_pictures": True}, "Reading was measured on pictures made for it."),
    ],
)
def test_each_reservation_is_told_where_it_holds(changes, words):
    assert words in remarks(found(**changes))
    assert words not in remarks(found())


def test_the_committed_ones_come_in_the_order_of_their_names(tmp_path, monkeypatch):
    (tmp_path / "bench").mkdir()
    for name in ("b", "a"):
        file = tmp_path / "bench" / f"dry-run-{name}.json"
        file.write_text(json.dumps(found(params=name)), encoding="utf-8")
    monkeypatch.setattr(rows, "RECORDS", tmp_path)
    assert [one["params"] for one in projections()] == ["a", "b"]
