"""A training on pictures from disk sees each sample once an epoch, as a training on images in memory does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mnemonics_lib.config import Finetuning
from mnemonics_lib.data import stored
from mnemonics_lib.data.batches import Share
from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.data.streamed import StreamedEpochs, epoch_batches
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import build_network
from mnemonics_lib.training import Descent, LossFunction

SIZE = 16


@pytest.fixture
def pixels() -> Pixels:
    return Pixels(torch.full((3, 1, 1), 0.5), torch.full((3, 1, 1), 0.25), white=255, pad=2, flip=True)


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Each of one colour, its number, so that it is known from any view of it."""
    found = []
    for number in range(9):
        found.append(tmp_path / f"{number}.png")
        Image.fromarray(np.full((20, 24, 3), 10 * number, dtype=np.uint8)).save(found[-1])
    return found


@pytest.fixture(params=[0, 2])
def samples(request, monkeypatch, files, pixels) -> Samples:
    """Nine pictures and four exemplars, of levels 0, 10, ..., 120; their labels are their numbers."""
    monkeypatch.setattr(stored, "cores", lambda: request.param)
    learned = torch.stack([torch.full((3, SIZE, SIZE), 10.0 * number) for number in range(9, 13)])
    return Samples(StoredPictures.of(files, SIZE), (learned / 255 - 0.5) / 0.25, torch.arange(13), pixels)


def levels(images: torch.Tensor, pixels: Pixels) -> list[int]:
    """The colour in the middle of each image."""
    return pixels.quantise(images)[:, 0, SIZE // 2, SIZE // 2].tolist()


@pytest.mark.parametrize("augment", [False, True])
def test_an_epoch_has_every_sample_once_with_its_label(samples, pixels, augment):
    loop = epoch_batches(samples, 4, augment, seed=3)
    assert isinstance(loop, StreamedEpochs)
    for _ in range(2):
        seen = []
        for batch in loop.epoch():
            images, labels = loop.load(*batch)
            assert images.shape == (len(labels), 3, SIZE, SIZE)
            assert levels(images, pixels) == [10 * label for label in labels.tolist()]
            seen += labels.tolist()
        assert sorted(seen) == list(range(13))


def test_it_goes_on_where_it_stood(samples):
    whole, first = (epoch_batches(samples, 5, True, seed=4) for _ in range(2))
    expected = [[loop.load(*batch) for batch in loop.epoch()] for loop in (whole, whole)]
    list(first.epoch())
    again = epoch_batches(samples, 5, True, seed=99)
    again.load_state(first.state())
    for (images, labels), (others, other_labels) in zip(
        expected[1], [again.load(*batch) for batch in again.epoch()], strict=True
    ):
        assert torch.equal(images, others)
        assert torch.equal(labels, other_labels)


def test_samples_from_disk_are_those_of_memory(samples):
    resident = Samples(samples.raw.read(), samples.images, samples.labels, samples.pixels)
    index = torch.tensor([12, 0, 8, 9, 3])
    for one, other in (
        (samples, resident),
        (samples.where(samples.labels % 2 == 0), resident.where(resident.labels % 2 == 0)),
    ):
        for a, b in zip(one.all(), other.all(), strict=True):
            assert torch.equal(a, b)
        for size in (None, 4):
            whole = [[torch.cat(column) for column in zip(*of.parts(size), strict=True)] for of in (one, other)]
            assert all(torch.equal(a, b) for a, b in zip(*whole, strict=True))
        assert torch.equal(torch.cat([y for _, y in one.parts(4)]), one.labels)
    for a, b in zip(samples.batch(index), resident.batch(index), strict=True):
        assert torch.equal(a, b)


def classification(model: torch.nn.Module) -> LossFunction:
    return lambda x, y: cross_entropy(model(x), y)


def test_a_network_learns_the_same_from_disk_as_from_memory_without_augmentation(samples):
    resident = Samples(samples.raw.read(), samples.images, samples.labels, samples.pixels)
    sgd = Finetuning(epochs=2, batch_size=5, augment=False, milestones=[])
    found = []
    for of in (samples, resident):
        model = build_network(8, 2, 3, 13, seed=1)
        descent = Descent(model, classification(model), of, sgd, seed=2)
        while descent.done < len(descent):
            descent.step()
        found.append((descent.losses, [p.detach() for p in model.parameters()]))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(a, b) for a, b in zip(found[0][1], found[1][1], strict=True))


@pytest.mark.parametrize("augment", [False, True])
def test_exemplars_on_the_host_are_trained_on_like_those_in_memory(samples, augment):
    """Also alone, as for the balanced fine-tuning; and chosen pictures are kept as their bytes."""
    held = HeldImages(samples.images, samples.pixels)
    for resident in (samples, Samples.learned(samples.images, samples.labels[9:], samples.pixels)):
        other = Samples.learned(held, samples.labels[9:], samples.pixels)
        if resident is samples:
            other = Samples(samples.raw, held, samples.labels, samples.pixels)
        loops = [epoch_batches(of, 5, augment, seed=3) for of in (resident, other)]
        assert isinstance(loops[1], StreamedEpochs)
        for ours, theirs in zip(*(loop.epoch() for loop in loops), strict=True):
            for a, b in zip(loops[0].load(*ours), loops[1].load(*theirs), strict=True):
                assert torch.equal(a, b)
        for ours, theirs in zip(resident.parts(4), other.parts(4), strict=True):
            assert torch.equal(ours[0], theirs[0])
    images, labels = samples.to_keep(torch.tensor([2, 0]))
    assert images.kept.dtype == torch.uint8
    assert torch.equal(images.read(), samples.batch(torch.tensor([2, 0]))[0])
    assert labels.tolist() == [2, 0]
    mixed, labels = samples.to_keep()
    assert torch.equal(mixed.read(), samples.all()[0])
    assert labels.tolist() == list(range(13))


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("of", [2, 5])
def test_each_of_several_processes_reads_its_share_of_every_batch_and_no_more(samples, monkeypatch, of, augment):
    asked = []
    streamed = StoredPictures.stream

    def noted(self, batches, seeds=None, among=1):
        asked.append((sum(map(len, batches)), among))
        return streamed(self, batches, seeds, among)

    monkeypatch.setattr(StoredPictures, "stream", noted)
    whole = epoch_batches(samples, 4, augment, seed=3)
    expected = [whole.load(*batch) for batch in whole.epoch()]
    shares = [Share(number, of, here=2) for number in range(of)]
    loops = [epoch_batches(samples, 4, augment, 3, share) for share in shares]
    loaded = [[loop.load(*batch) for batch in loop.epoch()] for loop in loops]
    for at, (images, labels) in enumerate(expected):
        for share, loop in zip(shares, loaded, strict=True):
            own, of_all = loop[at]
            assert torch.equal(of_all, labels)
            assert torch.equal(own, share.take(images))
    (read, alone), *others = asked
    assert (read, alone, {among for _, among in others}) == (9, 1, {2})
    if of == 2:  # five processes have less than one image each of a batch, and then look at one all the same
        assert sum(count for count, _ in others) == 9
    assert all(torch.equal(whole.state()["crops"], loop.state()["crops"]) for loop in loops)
