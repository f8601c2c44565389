"""Pictures that stay on disk are the pictures that torchvision would show, wherever and whenever they are read."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from mnemonics_lib.data import stored
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import StoredPictures


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Noise of ten sizes, one of them grey and one with transparency."""
    found = []
    for number in range(10):
        values = np.random.default_rng(number).integers(0, 256, (30 + 3 * number, 50 - number, 3), dtype=np.uint8)
        image = Image.fromarray(values)
        if number in (3, 4):
            image = image.convert("L" if number == 3 else "RGBA")
        found.append(tmp_path / f"{number}.png")
        image.save(found[-1])
    return found


def middle(file: Path, size: int) -> torch.Tensor:
    """As torchvision's recipe for evaluation has it."""
    image = Image.open(file).convert("RGB")
    steps = v2.Compose([v2.Resize(round(size * 256 / 224), antialias=True), v2.CenterCrop(size), v2.PILToTensor()])
    return steps(image)


def test_it_looks_like_a_tensor_of_images(files):
    store = StoredPictures.of(files, 28)
    assert (len(store), store.shape, store.dtype) == (10, torch.Size((10, 3, 28, 28)), torch.uint8)
    assert store.contiguous() is store
    assert store.smaller(2).shape == (10, 3, 14, 14)
    assert store.to(torch.device("cpu")).device == torch.device("cpu")


def test_it_is_where_tensors_say_that_they_are_however_the_device_was_named(files):
    """A tensor sent to ``cuda`` says ``cuda:0``, one sent to ``cpu:0`` says ``cpu``, which PyTorch holds unequal."""
    named = torch.device("cpu", 0)
    labels = torch.arange(10).to(named)
    assert labels.device != named  # or this test shows nothing
    store = StoredPictures.of(files, 28).to(named)
    assert store.device == labels.device
    assert store.read().device == labels.device
    one = torch.ones(3, 1, 1)
    Samples.real(store, labels, Pixels(one, one, white=255, pad=0, flip=False))  # refuses what is on two devices


def test_what_is_read_is_the_middle_of_each_picture(files):
    store = StoredPictures.of(files, 28)
    assert torch.equal(store.read(), torch.stack([middle(file, 28) for file in files]))
    assert StoredPictures.of(files, 28)[torch.tensor([], dtype=torch.int64)].read().shape == (0, 3, 28, 28)


def test_a_part_by_mask_or_by_places_is_what_a_tensor_would_give(files):
    store, whole = StoredPictures.of(files, 28), StoredPictures.of(files, 28).read()
    mask, places = torch.arange(10) % 3 == 0, torch.tensor([7, 2, 2])
    assert torch.equal(store[mask].read(), whole[mask])
    assert torch.equal(store[places].read(), whole[places])
    assert torch.equal(store[mask][torch.tensor([3, 0])].read(), whole[mask][[3, 0]])


@pytest.mark.parametrize("cores", [0, 2])
def test_a_stream_is_the_same_as_reading_each_batch(files, monkeypatch, cores):
    monkeypatch.setattr(stored, "cores", lambda: cores)
    store = StoredPictures.of(files, 28)[torch.tensor([9, 8, 7, 6, 5, 4, 3])]
    batches = [torch.tensor([0, 6]), torch.tensor([], dtype=torch.int64), torch.tensor([3, 3, 1])]
    state = torch.get_rng_state()
    found = list(store.stream(batches))
    assert torch.equal(torch.get_rng_state(), state)
    assert [part.shape[0] for part in found] == [2, 0, 3]
    for part, batch in zip(found, batches, strict=True):
        assert torch.equal(part, store[batch].read())


@pytest.mark.parametrize("cores", [0, 2])
def test_many_are_read_by_others_as_by_itself(files, monkeypatch, cores):
    whole = StoredPictures.of(files, 16)
    alone = whole.read()
    monkeypatch.setattr(stored, "cores", lambda: cores)
    monkeypatch.setattr(stored, "FEW", 1)
    monkeypatch.setattr(stored, "AT_ONCE", 2)
    assert torch.equal(whole.read(), alone)
    some = torch.tensor([2, 0])
    assert torch.equal(whole[some].read(), alone[some])


@pytest.mark.parametrize("cores", [0, 2])
def test_random_views_are_torchvision_s_and_a_function_of_their_seeds(files, monkeypatch, cores):
    monkeypatch.setattr(stored, "cores", lambda: cores)
    store, seeds = StoredPictures.of(files, 28), torch.tensor([5, 6, 5])
    (found,) = store.stream([torch.tensor([2, 2, 2])], [seeds])
    recipe = v2.Compose([v2.RandomResizedCrop(28, antialias=True), v2.RandomHorizontalFlip(), v2.PILToTensor()])
    for part, seed in zip(found, seeds.tolist(), strict=True):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            assert torch.equal(part, recipe(Image.open(files[2]).convert("RGB")))
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[1])


def test_the_fingerprint_is_that_of_names_sizes_order_and_scale(files, tmp_path):
    whole = StoredPictures.of(files, 28)
    before = whole.fingerprint
    for other in (whole[torch.arange(9)], whole[torch.arange(10).flip(0)], whole.smaller(2)):
        assert other.fingerprint != before
    (tmp_path / "elsewhere").mkdir()
    moved = [file.rename(tmp_path / "elsewhere" / file.name) for file in files]
    assert StoredPictures.of(moved, 28).fingerprint == before
    with moved[0].open("ab") as file:
        file.write(b"!")
    assert StoredPictures.of(moved, 28).fingerprint != before


@pytest.mark.parametrize("cores", [0, 2])
def test_a_file_that_cannot_be_read_is_named_in_one_line(files, monkeypatch, cores):
    monkeypatch.setattr(stored, "cores", lambda: cores)
    files[4].write_bytes(b"half")
    store = StoredPictures.of(files, 28)
    for read in (store.read, lambda: list(store.stream([torch.arange(3), torch.arange(3, 6)]))):
        with pytest.raises(DataError) as refused:
            read()
        assert str(refused.value).startswith(f"{files[4]}: cannot be read as a picture: ")
        assert "\n" not in str(refused.value)


def test_a_process_that_dies_ends_it_with_a_word(files, monkeypatch):
    monkeypatch.setattr(stored, "cores", lambda: 2)
    here = os.getpid()

    def die(self, asked):
        assert os.getpid() != here
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(stored.Views, "__getitem__", die)
    with pytest.raises(DataError, match=r"a process that reads pictures ended: "):
        list(StoredPictures.of(files, 28).stream([torch.arange(3)]))


def test_ctrl_c_is_left_to_the_process_that_reads_for_itself(files, monkeypatch):
    monkeypatch.setattr(stored, "cores", lambda: 2)
    whole = stored.Views.__getitem__

    def stopped(self, asked):
        os.kill(os.getpid(), signal.SIGINT)  # as the terminal sends it to all processes
        return whole(self, asked)

    store = StoredPictures.of(files, 28)
    expected = store.read()
    monkeypatch.setattr(stored.Views, "__getitem__", stopped)
    (found,) = store.stream([torch.arange(10)])
    assert torch.equal(found, expected)
