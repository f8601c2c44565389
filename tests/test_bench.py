"""The benchmark measures what it says; how fast is no test's business."""

import json

import pytest
import torch

from mnemonics_lib import __main__, bench
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.models import IncrementalNet


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(bench, "CASES", {"tiny": (8, 8, 2)})
    monkeypatch.setattr(bench, "BATCH", 16)


def test_a_row_for_each_loop_with_all_that_qualifies_it(quickly, tmp_path, capsys):
    assert __main__.main(["bench", "training", "--json", str(tmp_path / "rows.json")]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["loop"] for row in rows] == ["ours, with augmentation", "bare"]
    for row in rows:
        assert 0 < row["low"] <= row["images_per_second"] <= row["high"]
        assert row["threads"] == torch.get_num_threads()
        assert row["rounds"] == 7
        assert row["device"] == "cpu"
    said = capsys.readouterr().out
    assert all(f"{row['images_per_second']:,.0f}" in said for row in rows)


def test_both_loops_train_as_many_images_and_only_ours_augments(quickly, monkeypatch):
    seen = []
    forward = IncrementalNet.forward
    augmented = []
    augment = Pixels.augment

    def counting_forward(self, x):
        seen.append(len(x))
        return forward(self, x)

    def counting_augment(self, x, generator):
        augmented.append(len(x))
        return augment(self, x, generator)

    monkeypatch.setattr(IncrementalNet, "forward", counting_forward)
    monkeypatch.setattr(Pixels, "augment", counting_augment)
    loops = bench._loops(torch.device("cpu"), 8, 8, steps=2)
    counts = {}
    for name, body in loops.items():
        seen.clear()
        body()
        counts[name] = list(seen)
    assert counts == {"ours, with augmentation": [16, 16], "bare": [16, 16]}
    assert augmented == [16, 16]
