"""Pixel space and augmentation, with torchvision as the second opinion."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torchvision.transforms import functional as TF

from mnemonics_lib.data.pixels import Pixels

RAW = torch.randint(256, (400, 2, 6, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


def views(raw: Tensor, space: Pixels) -> dict[tuple[int, int, bool], Tensor]:
    """Every crop of one raw image padded with black, plain and mirrored, by torchvision, normalised last."""
    h, w = raw.shape[-2:]
    padded = TF.pad(raw, [space.pad] * 4, fill=0)
    found = {}
    for top, left in itertools.product(range(2 * space.pad + 1), repeat=2):
        crop = TF.crop(padded, top, left, h, w)
        for mirrored in (False, True) if space.flip else (False,):
            view = (TF.hflip(crop) if mirrored else crop).float() / space.white
            found[top, left, mirrored] = TF.normalize(view, space.mean.flatten().tolist(), space.std.flatten().tolist())
    return found


def which(image: Tensor, choices: dict[tuple[int, int, bool], Tensor]) -> tuple[int, int, bool]:
    """The one view that an augmented image is."""
    matches = [key for key, view in choices.items() if torch.allclose(image, view, atol=1e-5)]
    assert len(matches) == 1
    return matches[0]


def test_normalising_is_torchvisions(pixels):
    expected = TF.normalize(RAW.float() / 255, pixels.mean.flatten().tolist(), pixels.std.flatten().tolist())
    torch.testing.assert_close(pixels.normalise(RAW), expected)
    assert pixels.normalise(RAW).dtype == torch.float32


def test_display_takes_normalised_images_back(pixels):
    torch.testing.assert_close(pixels.display(pixels.normalise(RAW)), RAW.float() / 255)
    shown = pixels.display(torch.tensor([-100.0, 100.0])[:, None, None, None].expand(2, 2, 1, 1))
    assert shown.flatten().tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("white", "mean", "std"),
    [(255, 0.5071, 0.2009), (255, 0.4409, 0.2023), (16, 0.3054, 0.3761), (16, 0.5, 0.25), (1, 0.1, 3.0)],
)
def test_every_grey_level_comes_back_from_normalising_and_rounding(white, mean, std):
    space = Pixels(torch.full((1, 1, 1), mean), torch.full((1, 1, 1), std), white=white, pad=0, flip=False)
    raw = torch.arange(white + 1, dtype=torch.uint8)[:, None, None, None]
    assert space.quantise(space.normalise(raw)).dtype == torch.uint8
    assert torch.equal(space.quantise(space.normalise(raw)), raw)


def test_quantising_goes_to_the_nearest_level_of_each_channel_and_stops_at_black_and_white(pixels):
    images = pixels.normalise(RAW) + 2 * torch.randn(RAW.shape, generator=torch.Generator().manual_seed(1))
    found = pixels.quantise(images)
    levels = pixels.normalise(
        torch.arange(256, dtype=torch.uint8)[:, None, None, None].expand(256, 2, 1, 1)
    )  # [256, 2, 1, 1]
    for channel in range(2):
        distance = (images[:50, channel, ..., None] - levels[:, channel, 0, 0]).abs()  # [50, h, w, 256]
        chosen = distance.gather(-1, found[:50, channel, ..., None].long())[..., 0]
        torch.testing.assert_close(chosen, distance.min(dim=-1).values, rtol=0, atol=1e-5)
    assert (found == 0).any()
    assert (found == 255).any()
    assert torch.equal(pixels.quantise(pixels.normalise(found)), found)  # once is enough
    far = torch.tensor([-1e9, 1e9])[:, None, None, None].expand(2, 2, 1, 1)
    assert pixels.quantise(far).flatten().tolist() == [0, 0, 255, 255]


def test_low_and_high_are_black_and_white(pixels):
    black, white = torch.zeros(1, 2, 1, 1, dtype=torch.uint8), torch.full((1, 2, 1, 1), 255, dtype=torch.uint8)
    torch.testing.assert_close(pixels.low[None], pixels.normalise(black))
    torch.testing.assert_close(pixels.high[None], pixels.normalise(white))


def test_clip_leaves_real_pixels_and_brings_others_to_the_nearest_end(pixels):
    images = pixels.normalise(RAW)
    torch.testing.assert_close(pixels.clip(images), images)
    far = images + 10 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    low, high = -pixels.mean / pixels.std, (1 - pixels.mean) / pixels.std
    torch.testing.assert_close(pixels.clip(far), far.clamp(low.expand_as(far), high.expand_as(far)))


def test_outside_is_the_share_of_pixels_that_no_real_image_has(pixels):
    images = pixels.normalise(RAW[:10])
    assert pixels.outside(images).item() == 0
    images[:5, 0, 0, 0] = pixels.high[0] + 0.01
    images[5:8, 1, 2, 2] = pixels.low[1] - 0.01
    assert pixels.outside(images).item() == pytest.approx(8 / images.numel())


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("pad", [0, 1, 2])
def test_each_augmented_image_is_a_torchvision_crop_and_every_crop_comes_up_equally_often(pixels, pad, flip):
    space = Pixels(pixels.mean, pixels.std, white=255, pad=pad, flip=flip)
    augmented = space.augment(space.normalise(RAW), torch.Generator().manual_seed(5))
    assert augmented.shape == RAW.shape
    counts: dict[tuple[int, int, bool], int] = {}
    for raw, image in zip(RAW, augmented, strict=True):
        choices = views(raw, space)
        counts[which(image, choices)] = counts.get(which(image, choices), 0) + 1
    expected = len(RAW) / len(choices)
    chi2 = sum((counts.get(key, 0) - expected) ** 2 / expected for key in choices)
    freedom = len(choices) - 1
    assert chi2 <= freedom + 5 * (2 * freedom) ** 0.5  # five standard deviations


def test_the_same_generator_state_gives_the_same_crops_and_another_does_not(pixels):
    images = pixels.normalise(RAW)
    first = pixels.augment(images, torch.Generator().manual_seed(1))
    assert torch.equal(first, pixels.augment(images, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, pixels.augment(images, torch.Generator().manual_seed(2)))


def test_augmenting_leaves_its_input_and_the_global_generator_alone(pixels):
    images = pixels.normalise(RAW)
    before, state = images.clone(), torch.random.get_rng_state()
    pixels.augment(images, torch.Generator().manual_seed(1))
    assert torch.equal(images, before)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_each_output_pixel_passes_its_gradient_to_the_one_pixel_it_copies(pixels):
    raw = RAW[:20]
    images = pixels.normalise(raw).requires_grad_()
    augmented = pixels.augment(images, torch.Generator().manual_seed(6))
    weight = torch.randn(augmented.shape, generator=torch.Generator().manual_seed(7))
    (gradient,) = torch.autograd.grad((weight * augmented).sum(), images)
    h, w, pad = 6, 5, pixels.pad
    expected = torch.zeros_like(gradient)
    for i in range(len(raw)):
        top, left, mirrored = which(augmented[i].detach(), views(raw[i], pixels))
        for y, x in itertools.product(range(h), range(w)):
            row, column = y + top - pad, (w - 1 - x if mirrored else x) + left - pad
            if 0 <= row < h and 0 <= column < w:
                expected[i, :, row, column] += weight[i, :, y, x]
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("change", [{"std": torch.zeros(2, 1, 1)}, {"white": 0}, {"pad": -1}, {"flip": 1}])
def test_a_pixel_space_is_checked_when_it_is_made(pixels, change):
    (field,) = change
    with pytest.raises(ValueError, match=rf"^{field} = .*: must be"):
        replace(pixels, **change)
