"""The benchmark measures what it says; how fast is no test's business."""

import json
from typing import Any

import pytest
import torch

from mnemonics_lib import __main__
from mnemonics_lib.bench import hypergradient, inference, training
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.models import IncrementalNet

OURS = ["ours", "ours, bfloat16", "ours, with teacher", "ours, with teacher, bfloat16"]


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(training, "CASES", {"tiny": (8, 8, 2)})
    monkeypatch.setattr(training, "BATCH", 16)
    monkeypatch.setattr(training, "WORKERS", 0)


def test_a_row_for_each_loop_with_all_that_qualifies_it(quickly, tmp_path, capsys):
    assert __main__.main(["bench", "training", "--json", str(tmp_path / "rows.json")]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["loop"] for row in rows] == [*OURS, "usual", "bare"]
    for row in rows:
        assert 0 < row["low"] <= row["images_per_second"] <= row["high"]
        assert row["threads"] == torch.get_num_threads()
        assert row["rounds"] == 7
        assert row["device"] == "cpu"
    said = capsys.readouterr().out
    assert all(f"{row['images_per_second']:,.0f}" in said for row in rows)


def test_all_loops_train_as_many_images_and_only_ours_augments_in_batches(quickly, monkeypatch):
    trained: list[int] = []
    taught: list[int] = []
    low: list[bool] = []
    forward, cropped, crop = IncrementalNet.forward, [], Pixels.crop

    def counting_forward(self, x):
        (trained if torch.is_grad_enabled() else taught).append(len(x))
        low.append(torch.is_autocast_enabled("cpu"))
        return forward(self, x)

    def counting_crop(self, x, crops):
        cropped.append(len(x))
        return crop(self, x, crops)

    monkeypatch.setattr(IncrementalNet, "forward", counting_forward)
    monkeypatch.setattr(Pixels, "crop", counting_crop)
    for name, body in training.loops(torch.device("cpu"), 8, 8, steps=2).items():
        for seen in (trained, taught, low, cropped):
            seen.clear()
        images, seconds = body()
        assert images == 32
        assert seconds > 0
        epochs = 2 if name in OURS else 1  # of which the second is measured
        assert trained == [16, 16] * epochs
        assert cropped == ([16, 16] * epochs if name in OURS else [])
        assert taught == ([16, 16] * epochs if "teacher" in name else [])
        assert set(low) == {"bfloat16" in name}


def test_the_usual_loop_crops_and_mirrors_what_torchvision_gives():
    raw = torch.arange(3 * 16 * 16).reshape(1, 3, 16, 16).to(torch.uint8)
    pictures = training.Pictures(raw, torch.tensor([7]))
    torch.manual_seed(0)
    drawn = [pictures[0] for _ in range(20)]
    assert {label for _, label in drawn} == {7}
    assert all(image.shape == (3, 16, 16) for image, _ in drawn)
    assert len({image.numpy().tobytes() for image, _ in drawn}) > 10
    plain = (raw[0].float() / 255 - 0.5) / 0.25
    values = torch.tensor([*plain.unique().tolist(), -2.0])  # padding is black
    for image, _ in drawn:
        assert (image.flatten()[:, None] - values).abs().min(dim=1).values.max() < 1e-5


def test_a_row_for_each_engine_and_case_and_the_gradients_agree(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(hypergradient, "CASES", [("ResNet-8, 16 x 16", 2, 6)])
    assert __main__.main(["bench", "hypergradient", "--json", str(tmp_path / "rows.json")]) == 0
    higher, adjoint, kept = rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["engine"] for row in rows] == ["higher", "adjoint", "adjoint, kept"]
    assert higher["rel_diff"] == 0
    assert 0 < adjoint["rel_diff"] <= 1e-5
    assert kept["rel_diff"] == adjoint["rel_diff"]
    assert kept["predicted_mb"] > adjoint["predicted_mb"]
    assert hypergradient.engines(torch.device("cuda")) == ["higher", "adjoint"]  # whose steps are recorded
    asked = hypergradient.cases(torch.device("cuda"))
    assert len(asked) < 6  # a matter of minutes
    assert ("ResNet-32, 32 x 32", 50, 1000) in asked  # the scale of the paper
    for row in rows:
        assert (row["T"], row["exemplars"], row["refused"]) == (2, 6, None)
        assert row["rounds"] >= 4
        assert 0 < row["low"] <= row["seconds"] <= row["high"]
        assert row["peak_mb"] > 0
        assert row["predicted_mb"] > 0
    assert f"{adjoint['rel_diff']:.1e}" in capsys.readouterr().out


def test_a_case_that_will_not_fit_is_a_row_too(monkeypatch):
    monkeypatch.setattr(hypergradient, "free_bytes", lambda device: 0.0)
    for engine in ("higher", "adjoint", "adjoint, kept"):
        row, gradient = hypergradient.measure("ResNet-8, 16 x 16", 5, 20, engine, "cpu", torch.get_num_threads())
        assert gradient is None
        assert row["seconds"] is row["peak_mb"] is row["rel_diff"] is None
        assert "No smaller setting" in row["refused"]
        assert "refused" in hypergradient.table([row])


def measured_once(engine: str, exemplars: int) -> dict[str, Any]:
    """A row without repetitions, which are for times alone; called in a process of its own."""
    hypergradient.LONG = 0.01
    return hypergradient.measure("ResNet-8, 16 x 16", 4, exemplars, engine, "cpu", 1)[0]


@pytest.mark.parametrize("engine", ["higher", "adjoint", "adjoint, kept"])
def test_more_images_need_more_memory(engine):
    """Each in a process of its own, where no earlier peak hides a later one."""
    small, large = (hypergradient.alone(measured_once, engine, exemplars) for exemplars in (20, 400))
    grew, predicted = (large[key] - small[key] for key in ("peak_mb", "predicted_mb"))
    assert grew == pytest.approx(predicted, rel=0.5)


def test_a_row_for_each_work_in_our_parts_and_in_large_ones(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(inference, "CASES", {"tiny": (8, 4, 32, 100)})
    assert __main__.main(["bench", "inference", "--json", str(tmp_path / "rows.json")]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())
    named = [(row["work"], row["parts"], row["size"]) for row in rows]
    assert named == [(work, *parts) for work in ("evaluation", "features") for parts in (("ours", 64), ("1,024", 1024))]
    for row in rows:
        assert 0 < row["low"] <= row["images_per_second"] <= row["high"]
        assert (row["rounds"], row["device"], row["threads"]) == (7, "cpu", torch.get_num_threads())
    said = capsys.readouterr().out
    assert all(f"{row['images_per_second']:,.0f}" in said for row in rows)


def test_both_kinds_of_parts_compute_the_same():
    works: Any = inference.works(torch.device("cpu"), 8, 4, 32, 100)
    for work in ("evaluation", "features"):
        ours, large = works[work, "ours", 64](), works[work, "1,024", 1024]()
        assert torch.equal(ours, large)
        assert len(ours) == 100
