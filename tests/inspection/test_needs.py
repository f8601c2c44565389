"""What a run is said to take is what it takes."""

from __future__ import annotations

import pytest
import torch

from mnemonics_lib import runs
from mnemonics_lib.bilevel import guard
from mnemonics_lib.bilevel.guard import WillNotFitError
from mnemonics_lib.durable import driver
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.inspection.needs import needs, peak, steps


def counts(config) -> tuple[list[int], int]:
    data = Experiment.of(config, "cpu").data
    return torch.bincount(data.train.labels).tolist(), len(data.test.images)


@pytest.mark.parametrize("method", ["lwf", "bic"])  # which holds real images out, and keeps them as bytes
@pytest.mark.parametrize("storage", ["float32", "uint8"])
def test_images_exemplars_and_checkpoint_are_as_large_as_said(small, tmp_path, storage, method):
    config = small.replace(storage=storage, budget=5, method=method)
    found = needs(config, *counts(config))
    data = Experiment.of(config, "cpu").data
    assert found.images == data.train.images.nbytes + data.test.images.nbytes
    record, path = runs.run(config, tmp_path)
    assert found.exemplars == record.exemplar_bytes
    assert found.exemplar_level is None
    written = path.with_name(runs.CHECKPOINT).stat().st_size
    assert found.disk < written < 1.5 * found.disk + 200_000  # the results and the names of the weights come on top


@pytest.mark.parametrize("resolution", [4, 0])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exemplars": "random", "adjust": 2, "budget": 9, "weight_transfer": True},
        {"method": "bic", "budget": 6, "exemplar_level": {"objective": "eq4b", "val_batch": 70, "beta": 0.01}},
    ],
)
def test_a_run_fits_into_what_it_is_said_to_take_and_into_nothing_less(
    tiny, tmp_path, monkeypatch, changes, resolution
):
    config = tiny.replace(resolution=resolution, phases=1, finetune=False, **changes)
    level = needs(config, *counts(config)).exemplar_level
    assert level is not None
    monkeypatch.setattr(driver, "free_bytes", lambda device: level)
    runs.run(config, tmp_path / "enough")
    monkeypatch.setattr(driver, "free_bytes", lambda device: 0.999 * level)
    with pytest.raises(WillNotFitError):
        runs.run(config, tmp_path / "short")


def test_nothing_of_the_data_is_read(monkeypatch):
    from mnemonics_lib.config import load_config
    from mnemonics_lib.paths import PARAMS

    monkeypatch.setenv("MNEMONICS_DATA", "/nowhere")
    config = load_config(PARAMS / "small" / "cifar100-n5.yaml")
    found = needs(config, [500] * 100, 10_000)
    assert found.images == 60_000 * 3 * 16 * 16
    assert found.exemplars == 20 * 20 * 3 * 16 * 16 * 4
    assert found.exemplar_level is not None
    assert found.exemplar_level > 200 * 3 * 16 * 16 * 4
    assert torch.get_default_dtype() is torch.float32


@pytest.mark.parametrize("objective", ["eq7", "eq4b"])
def test_no_step_takes_more_than_the_largest(tiny, objective):
    level = {"objective": objective, "val_batch": 70}
    config = tiny.replace(exemplars="mnemonics", adjust=2, budget=9, weight_transfer=True, exemplar_level=level)
    train, test = counts(config)
    every = [peak(config, config.image_shape, step) for step in steps(config, train)]
    assert len(every) == 6 + 2 * 5
    assert needs(config, train, test).exemplar_level == max(every)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_what_the_host_holds_is_told_apart_from_where_a_step_is_computed(tiny, optimizer):
    level = {"inner_batch": 2, "optimizer": optimizer}
    common = {"resolution": 32, "budget": 3, "first_share": 0.5, "adjust": 2, "exemplar_level": level}
    config = tiny.replace(dataset="imagenet_subset", **common)
    found, image = needs(config, [1300] * 100, 5000), 4 * 3 * 32 * 32
    # Of Eq. 10 the part of 2 of 3 of 90 old classes is the largest.
    assert found.host == guard.host_bytes(image, 180, config.exemplar_level) > 0
    assert found.exemplar_level is not None
    assert found.everywhere == found.exemplar_level + found.host
    more = needs(config.replace(budget=30), [1300] * 100, 5000)
    assert more.host == guard.host_bytes(image, 50 * 30, config.exemplar_level)  # those of phase 0
    # Which has those of a step's mini-batches alone.
    assert more.exemplar_level == pytest.approx(found.exemplar_level, rel=0.01)
    in_memory = needs(tiny, [100] * 10, 500)
    assert in_memory.host == 0.0
    assert in_memory.everywhere == in_memory.exemplar_level


def test_pictures_that_stay_on_disk_take_no_memory(tiny):
    config = tiny.replace(dataset="imagenet_subset", exemplars="none", method="finetune", finetune=False)
    assert needs(config, [1300] * 100, 5000).images == 0
