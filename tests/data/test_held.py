"""Images on the host are those of a tensor on the device, in a quarter of its bytes where they are whole levels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data.held import HeldImages, joined, read
from mnemonics_lib.data.pixels import Pixels

SPACE = Pixels(torch.full((3, 1, 1), 0.4), torch.full((3, 1, 1), 0.3), white=255, pad=0, flip=False)


def raw(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(256, (count, 3, 4, 4), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_they_are_read_as_the_images_that_they_are(as_bytes):
    levels = raw(5)
    images = SPACE.normalise(levels)
    held = HeldImages(levels if as_bytes else images, SPACE)
    assert held.shape == images.shape
    assert held.dtype == images.dtype
    assert held.device == images.device
    assert len(held) == 5
    assert held.nbytes == (1 if as_bytes else 4) * levels.numel()
    assert torch.equal(held.read(), images)
    assert torch.equal(held.floats(), images)
    assert torch.equal(held.levels(), levels)
    for which in (torch.tensor([3, 0]), torch.tensor([True, False, False, True, True])):
        assert torch.equal(held[which].read(), images[which])
    assert torch.equal(read(held), images)
    assert read(images) is images


@given(st.tuples(st.integers(0, 3), st.booleans()), st.tuples(st.integers(0, 3), st.booleans()))
def test_joined_they_are_what_the_tensors_would_be_and_stay_bytes_where_they_can(one, other):
    parts = [raw(count, seed) for seed, (count, _) in enumerate((one, other))]
    held = [
        HeldImages(part if as_bytes else SPACE.normalise(part), SPACE)
        for part, (_, as_bytes) in zip(parts, (one, other), strict=True)
    ]
    both = joined(*held)
    assert torch.equal(both.read(), SPACE.normalise(torch.cat(parts)))
    kinds = {part.kept.dtype for part in held if len(part)}
    assert both.kept.dtype == (kinds.pop() if len(kinds) == 1 else torch.float32 if kinds else held[0].kept.dtype)
    assert torch.equal(read(joined(held[0].read(), held[1])), both.read())
    assert torch.equal(joined(held[0].read(), held[1].read()), both.read())


def test_other_images_in_their_place_are_kept_as_the_floats_they_are():
    held = HeldImages(raw(4), SPACE)
    images = held.read()
    images[[2, 1]] = torch.randn(2, 3, 4, 4)
    changed = held.with_images(torch.tensor([2, 1]), images[[2, 1]])
    assert torch.equal(changed.read(), images)
    assert torch.equal(held.levels(), raw(4))  # as it was
    assert torch.equal(changed.levels(), SPACE.quantise(images))
