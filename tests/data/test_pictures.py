"""Pictures of all kinds against a slow reading of their pixels, and what is said of files that are none."""

from __future__ import annotations

import gc
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms.v2 import functional

from mnemonics_lib.data import pictures
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.pictures import PictureFiles, decode, read_picture


def noise(height: int, width: int, *channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, *channels), dtype=np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    """Colours that change slowly, so that JPEG keeps them nearly as they are."""
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * y / height, 255 * x / width, 127 + 127 * np.sin(x / 9)], axis=-1).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray, **options) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def slow(pixels: np.ndarray, size: int) -> np.ndarray:
    """The shorter side scaled by PIL's bilinear filter, the middle square cut out by hand: [c, size, size]."""
    height, width = pixels.shape[:2]
    if width <= height:
        width, height = size, int(size * height / width)
    else:
        width, height = int(size * width / height), size
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
    top, left = round((height - size) / 2), round((width - size) / 2)
    square = scaled[top : top + size, left : left + size]
    return square[None] if square.ndim == 2 else square.transpose(2, 0, 1)


def by_definition(pixels: np.ndarray, size: int) -> np.ndarray:
    """A square scaled by the definition of the filter: a triangle as wide as the pixels that one new pixel covers."""

    def weights(count: int) -> np.ndarray:
        scale = count / size
        reach = max(scale, 1.0)
        centres = (np.arange(size) + 0.5) * scale
        found = np.maximum(0, 1 - np.abs(np.arange(count) + 0.5 - centres[:, None]) / reach)
        return found / found.sum(axis=1, keepdims=True)

    height, width = pixels.shape[:2]
    return np.einsum("ih,hwc,jw->cij", weights(height), pixels.astype(float), weights(width))


def read(path: Path, size: int = 8, grey: bool = False) -> np.ndarray:
    picture = read_picture(path, size, grey)
    assert (picture.dtype, tuple(picture.shape)) == (torch.uint8, (1 if grey else 3, size, size))
    return picture.numpy()


def write_png(path: Path, pixels: np.ndarray) -> Path:
    """A PNG of 16 bits a channel, byte by byte: PIL writes none in colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = pixels.shape[:2]
    colours = {1: 0, 2: 4, 3: 2, 4: 6}[pixels.shape[2] if pixels.ndim == 3 else 1]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, colours, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return path


# Size


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([4, 7, 8, 32]))
def test_a_picture_of_any_shape_is_scaled_and_cut_as_by_hand(tmp_path_factory, height, width, size):
    pixels = noise(height, width, 3)
    path = saved(tmp_path_factory.mktemp("pictures") / "x.png", pixels)
    if max(height, width) <= pictures.LONG * min(height, width):
        assert np.array_equal(read(path, size), slow(pixels, size))
    else:
        assert read(path, size).shape == (3, size, size)


@pytest.mark.parametrize(("side", "size"), [(8, 8), (32, 8), (33, 8), (50, 16), (5, 16), (200, 32)])
def test_the_scale_is_the_bilinear_filter_with_antialiasing(tmp_path, side, size):
    pixels = noise(side, side, 3)
    found = read(saved(tmp_path / "x.png", pixels), size)
    assert np.abs(found - by_definition(pixels, size)).max() <= 1.01  # PIL rounds to grey levels twice


def test_a_picture_of_the_right_size_is_kept_to_the_grey_level(tmp_path):
    pixels = noise(8, 8, 3)
    assert np.array_equal(read(saved(tmp_path / "x.png", pixels)), pixels.transpose(2, 0, 1))


def test_the_middle_is_kept_and_not_a_side(tmp_path):
    pixels = np.zeros((8, 24, 3), dtype=np.uint8)
    pixels[:, 8:16, 0] = 255
    assert read(saved(tmp_path / "wide.png", pixels))[0].min() == 255
    assert read(saved(tmp_path / "tall.png", pixels.transpose(1, 0, 2)))[0].min() == 255


def test_a_picture_of_one_pixel_is_that_colour_everywhere(tmp_path):
    path = saved(tmp_path / "x.png", np.array([[[9, 200, 31]]], dtype=np.uint8))
    assert np.array_equal(read(path, 32), np.tile(np.array([9, 200, 31], dtype=np.uint8)[:, None, None], (1, 32, 32)))


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (1, 2999), (1, 17), (2, 3000), (4, 400)])
def test_the_middle_of_a_very_long_picture_is_the_one_of_the_whole(tmp_path, shape):
    pixels = noise(*shape, 3)
    assert np.array_equal(read(saved(tmp_path / "x.png", pixels), 8), slow(pixels, 8))


@pytest.mark.parametrize("shape", [(3, 1000), (1001, 7), (5, 2999)])
def test_of_a_very_long_picture_of_an_odd_scale_the_middle_is_off_by_less_than_a_pixel(tmp_path, shape):
    pixels = np.zeros((*shape, 3), dtype=np.uint8)
    along = np.arange(max(shape)) - (max(shape) - 1) / 2
    ramp = np.clip(128 + 10 * along, 0, 255).astype(np.uint8)  # 10 grey levels a pixel
    pixels[:] = ramp[:, None] if shape[1] > shape[0] else ramp[:, None, None]
    found, wanted = read(saved(tmp_path / "x.png", pixels), 8).astype(int), slow(pixels, 8).astype(int)
    assert wanted.max() > wanted.min()
    assert np.abs(found - wanted).max() <= 10


def test_a_very_long_picture_is_not_scaled_whole(tmp_path, monkeypatch):
    """At 1024 pixels it would be one of three thousand million."""
    sizes = []
    resize = functional.resize

    def resizing(image, size, **options):
        sizes.append(image.size)
        return resize(image, size, **options)

    monkeypatch.setattr(functional, "resize", resizing)
    read(saved(tmp_path / "x.png", noise(1, 3000, 3)), 64)
    assert max(sizes[0]) <= 17


# Formats and modes


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.ppm", "x.tif", "x.tiff", "X.PNG"])
def test_formats_without_loss_give_the_pixels_back(tmp_path, name):
    pixels = noise(11, 9, 3)
    assert np.array_equal(read(saved(tmp_path / name, pixels)), slow(pixels, 8))


def test_webp_without_loss_gives_the_pixels_back(tmp_path):
    pixels = noise(11, 9, 3)
    assert np.array_equal(read(saved(tmp_path / "x.webp", pixels, lossless=True)), slow(pixels, 8))


@pytest.mark.parametrize("name", ["x.jpg", "x.JPEG", "x.webp"])
def test_formats_with_loss_give_nearly_the_pixels(tmp_path, name):
    pixels = smooth(64, 48)
    found = read(saved(tmp_path / name, pixels, quality=95), 16).astype(int)
    assert np.abs(found - slow(pixels, 16).astype(int)).max() <= 8


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits"])
def test_tiffs_are_read_however_they_are_packed(tmp_path, compression):
    pixels = noise(11, 9, 3)
    assert np.array_equal(read(saved(tmp_path / "x.tif", pixels, compression=compression)), slow(pixels, 8))


def test_a_format_is_known_by_the_content_and_not_by_the_ending(tmp_path):
    pixels = noise(11, 9, 3)
    assert np.array_equal(read(saved(tmp_path / "x.jpg", pixels, format="PNG")), slow(pixels, 8))


@pytest.mark.parametrize(
    ("name", "format"), [("x.gif", "GIF"), ("x.webp", "WEBP"), ("x.png", "PNG"), ("x.tif", "TIFF")]
)
def test_of_an_animation_the_first_picture_is_read(tmp_path, name, format):
    first, *later = (Image.fromarray(np.full((9, 9, 3), value, dtype=np.uint8)) for value in (40, 120, 250))
    first.save(tmp_path / name, format=format, save_all=True, append_images=later)
    with Image.open(tmp_path / name) as image:
        assert getattr(image, "n_frames", 1) == 3  # or there were nothing to choose from
    assert np.abs(read(tmp_path / name).astype(int) - 40).max() <= 2


def test_grey_is_the_same_in_three_channels_or_one(tmp_path):
    pixels = noise(11, 9)
    path = saved(tmp_path / "x.png", pixels)
    assert np.array_equal(read(path), np.repeat(slow(pixels, 8), 3, axis=0))
    assert np.array_equal(read(path, grey=True), slow(pixels, 8))


def test_colours_become_grey_by_the_weights_of_television(tmp_path):
    pixels = noise(8, 8, 3)
    found = read(saved(tmp_path / "x.png", pixels), grey=True)[0]
    assert np.abs(found - pixels @ np.array([0.299, 0.587, 0.114])).max() <= 0.51


def test_a_palette_is_looked_up(tmp_path):
    image = Image.fromarray(noise(8, 8) % 5, mode="P")
    palette = noise(5, 3, seed=1)
    image.putpalette(palette.tobytes())
    image.save(tmp_path / "x.png")
    assert np.array_equal(read(tmp_path / "x.png"), palette[np.asarray(image)].transpose(2, 0, 1))
    image.save(tmp_path / "y.png", transparency=2)
    assert np.array_equal(read(tmp_path / "y.png"), palette[np.asarray(image)].transpose(2, 0, 1))


def test_of_a_transparent_picture_the_colours_are_kept_as_torchvision_has_it(tmp_path):
    pixels = noise(8, 8, 4)
    path = saved(tmp_path / "x.png", pixels)
    assert np.array_equal(read(path), pixels[..., :3].transpose(2, 0, 1))
    path = saved(tmp_path / "y.png", pixels[..., :2])
    assert np.array_equal(read(path, grey=True)[0], pixels[..., 0])


def test_one_bit_is_black_or_white(tmp_path):
    bits = noise(8, 8) > 127
    Image.fromarray(bits).save(tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as image:
        assert image.mode == "1"
    assert np.array_equal(read(tmp_path / "x.png"), np.repeat(bits[None] * np.uint8(255), 3, axis=0))


def test_inks_become_colours(tmp_path):
    colours = {(0, 0, 0, 0): (255, 255, 255), (255, 0, 0, 0): (0, 255, 255), (0, 255, 255, 0): (255, 0, 0)}
    for number, (ink, colour) in enumerate({**colours, (0, 0, 0, 255): (0, 0, 0)}.items()):
        for name in (f"{number}.tif", f"{number}.jpg"):
            Image.new("CMYK", (16, 16), ink).save(tmp_path / name, quality=100)
            found = read(tmp_path / name).astype(int)
            assert np.abs(found - np.array(colour)[:, None, None]).max() <= 3, (name, ink)


# 16 bits


DEEP = np.concatenate([np.arange(62) * 1073, [65535, 255]]).astype(np.uint16).reshape(8, 8)
SHALLOW = np.array([[(value * 2 + 257) // 514 for value in row] for row in DEEP.tolist()])  # / 257, to the nearest


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_16_bits_of_grey_become_8(tmp_path, name):
    path = saved(tmp_path / name, DEEP)
    assert SHALLOW.max() == 255
    assert SHALLOW.min() == 0
    with Image.open(path) as image:
        assert image.mode == "I;16"
    assert np.array_equal(read(path, grey=True)[0], SHALLOW)
    assert np.array_equal(read(path), np.repeat(SHALLOW[None], 3, axis=0))


def test_16_bits_in_the_other_order_of_bytes_become_8(tmp_path):
    image = Image.frombytes("I;16B", (8, 8), DEEP.astype(">u2").tobytes())
    image.save(tmp_path / "x.tif")
    with Image.open(tmp_path / "x.tif") as again:
        assert again.mode == "I;16B"
    assert np.array_equal(read(tmp_path / "x.tif", grey=True)[0], SHALLOW)


@pytest.mark.parametrize("white", [65535, 1023])
def test_a_pgm_of_more_than_8_bits_is_read_by_its_white(tmp_path, white):
    pixels = (DEEP.astype(int) * white // 65535).astype(">u2")
    (tmp_path / "x.pgm").write_bytes(b"P5 8 8 %d\n" % white + pixels.tobytes())
    found = read(tmp_path / "x.pgm", grey=True)[0]
    assert np.abs(found - pixels / white * 255).max() <= 0.51


def test_16_bits_of_colour_lose_at_most_a_grey_level(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (8, 8, 3)).astype(np.uint16)
    for path in (write_png(tmp_path / "x.png", pixels), tmp_path / "x.ppm"):
        if path.suffix == ".ppm":
            path.write_bytes(b"P6 8 8 65535\n" + pixels.astype(">u2").tobytes())
        assert np.abs(read(path) - (pixels / 257).transpose(2, 0, 1)).max() < 1.01


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_without_black_and_white_are_refused(tmp_path, kind):
    path = saved(tmp_path / "x.tiff", np.arange(64, dtype=kind).reshape(8, 8))
    mode = "F" if kind is np.float32 else "I"
    with pytest.raises(ValueError, match=rf"^has pixels of mode {mode}: must be of 8 or 16 bits$"):
        read_picture(path, 8, False)


# Turned pictures

TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: np.rot90(x),
}
"""What the numbers of EXIF's orientation ask for, by the standard's table."""


def orientation(number: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


@pytest.mark.parametrize("number", TURNS)
@pytest.mark.parametrize("name", ["x.png", "x.webp", "x.tif", "lzw.tif"])
def test_a_picture_is_turned_as_its_camera_says(tmp_path, name, number):
    pixels = noise(11, 7, 3)
    options = {"lossless": True} if name == "x.webp" else {"compression": "tiff_lzw"} if name == "lzw.tif" else {}
    path = saved(tmp_path / name, pixels, exif=orientation(number), **options)
    assert np.array_equal(read(path), slow(np.ascontiguousarray(TURNS[number](pixels)), 8))


@pytest.mark.parametrize("number", [0, 9])
@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_a_turn_that_there_is_not_turns_nothing(tmp_path, name, number):
    pixels = noise(11, 7, 3)
    assert np.array_equal(read(saved(tmp_path / name, pixels, exif=orientation(number))), slow(pixels, 8))


@pytest.mark.parametrize("number", TURNS)
def test_a_jpeg_is_turned_as_one_without_the_mark_that_lies_so(tmp_path, number):
    pixels = smooth(40, 24)
    plain = saved(tmp_path / "plain.png", np.asarray(Image.open(saved(tmp_path / "plain.jpg", pixels))))
    with Image.open(plain) as image:
        turned = saved(tmp_path / "turned.png", np.ascontiguousarray(TURNS[number](np.asarray(image))))
    marked = saved(tmp_path / "marked.jpg", pixels, exif=orientation(number))
    assert np.array_equal(read(marked), read(turned))


@pytest.mark.parametrize("number", TURNS)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_plain_grey_tiff_is_turned_whole(tmp_path, bits, number):
    """By its path PIL maps such a file into memory, and in 13.0 mixes up the rows of one that lies on its side."""
    pixels = noise(11, 7)
    path = saved(
        tmp_path / "x.tif", pixels.astype(f"uint{bits}") * (257 if bits == 16 else 1), exif=orientation(number)
    )
    assert np.array_equal(read(path, grey=True), slow(np.ascontiguousarray(TURNS[number](pixels)), 8))


@pytest.mark.parametrize("number", TURNS)
@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_a_picture_of_16_bits_is_turned_too(tmp_path, name, number):
    path = saved(tmp_path / name, DEEP, exif=orientation(number))
    assert np.array_equal(read(path, grey=True)[0], TURNS[number](SHALLOW))


@pytest.mark.parametrize("mark", [b"Exif\0\0garbage!!", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12", b"Exif\0\0"])
def test_a_mark_that_cannot_be_read_turns_nothing(tmp_path, mark):
    pixels = smooth(40, 24)
    plain, marked = saved(tmp_path / "plain.jpg", pixels), saved(tmp_path / "marked.jpg", pixels, exif=mark)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PIL's own, of the mark
        assert np.array_equal(read(marked), read(plain))


# Many files


def squares(folder: Path, count: int) -> list[Path]:
    """Pictures whose every pixel is their number."""
    return [saved(folder / f"{k}.png", np.full((9, 9), k, dtype=np.uint8)) for k in range(count)]


def numbers(images: torch.Tensor) -> list[int]:
    """Of the squares."""
    assert torch.equal(images, images[:, :1, :1, :1].expand_as(images))
    return images[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("few", [0, 2000], ids=["in processes", "in this one"])
@pytest.mark.parametrize("grey", [False, True])
def test_pictures_come_in_the_order_of_their_files(tmp_path, monkeypatch, few, grey):
    monkeypatch.setattr(pictures, "FEW", few)
    files = squares(tmp_path, 150)  # more than two batches
    files.reverse()
    decoded = decode(files, 8, grey)
    assert decoded.images.shape == (150, 1 if grey else 3, 8, 8)
    assert decoded.images.dtype == torch.uint8
    assert numbers(decoded.images) == list(range(149, -1, -1))
    assert decoded.kept.tolist() == list(range(150))
    assert decoded.damaged == {}


def test_worker_processes_give_the_same_tensors(tmp_path, monkeypatch):
    files = [saved(tmp_path / f"{k}.png", noise(3 + k % 20, 5 + k % 7, 3, seed=k)) for k in range(100)]
    for k in (0, 17, 63, 64, 99):
        files[k].write_bytes(b"no picture")
    alone = decode(files, 8, False)
    monkeypatch.setattr(pictures, "FEW", 0)
    together = decode(files, 8, False)
    assert torch.equal(alone.images, together.images)
    assert torch.equal(alone.kept, together.kept)
    assert alone.damaged == together.damaged
    assert list(alone.damaged) == [files[k] for k in (0, 17, 63, 64, 99)]
    for image, k in zip(alone.images, alone.kept.tolist(), strict=True):
        assert torch.equal(image, read_picture(files[k], 8, False))


def test_pictures_are_read_in_processes_from_one_more_than_few(tmp_path, monkeypatch):
    files, processes = squares(tmp_path, 4), []
    getitem = PictureFiles.__getitem__

    def noting(self, index):
        picture, _ = getitem(self, index)
        return picture, f"read by {os.getpid()}"  # what it says comes back to this process

    monkeypatch.setattr(PictureFiles, "__getitem__", noting)
    for few in (4, 3):
        monkeypatch.setattr(pictures, "FEW", few)
        processes.append(set(decode(files, 8, False).damaged.values()))
    here = f"read by {os.getpid()}"
    assert processes[0] == {here}
    assert here not in processes[1]


def test_reading_takes_no_number_from_anyone(tmp_path, monkeypatch):
    """Or what a user draws would hang on whether the pictures were read before."""
    files = squares(tmp_path, 3)
    before = torch.get_rng_state()
    decode(files, 8, False)
    monkeypatch.setattr(pictures, "FEW", 0)
    decode(files, 8, False)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("few", [0, 2000], ids=["in processes", "in this one"])
def test_damaged_files_are_named_with_the_reason_and_the_others_are_read(tmp_path, monkeypatch, few):
    monkeypatch.setattr(pictures, "FEW", few)
    whole = saved(tmp_path / "whole.jpg", noise(64, 64, 3)).read_bytes()
    bad = {
        "half.jpg": (whole[: len(whole) // 2], "truncated"),
        "text.jpg": (b"These are my holiday pictures.\n", "is of no format that PIL reads"),
        "empty.png": (b"", "is of no format that PIL reads"),
        "header.png": (squares(tmp_path, 1)[0].read_bytes()[:33], ""),
    }
    files = [*squares(tmp_path, 3), tmp_path / "gone.png"]
    for name, (content, _) in bad.items():
        (tmp_path / name).write_bytes(content)
        files.insert(1, tmp_path / name)
    files.append(saved(tmp_path / "float.tiff", np.ones((8, 8), dtype=np.float32)))
    (tmp_path / "folder.png").mkdir()
    files.append(tmp_path / "folder.png")
    decoded = decode(files, 8, False)
    assert numbers(decoded.images) == [0, 1, 2]
    assert [files[k].name for k in decoded.kept] == ["0.png", "1.png", "2.png"]
    assert list(decoded.damaged) == [file for file in files if file.name not in ("0.png", "1.png", "2.png")]
    said = {file.name: reason for file, reason in decoded.damaged.items()}
    for name, (_, words) in bad.items():
        assert words in said[name]
    assert "No such file" in said["gone.png"]
    assert said["float.tiff"] == "has pixels of mode F: must be of 8 or 16 bits"
    assert "Is a directory" in said["folder.png"]
    assert all(reason and "\n" not in reason for reason in said.values())


def test_where_nothing_can_be_read_there_are_no_pictures(tmp_path):
    (tmp_path / "x.png").touch()
    for files in ([], [tmp_path / "x.png"] * 3):
        decoded = decode(files, 8, True)
        assert (decoded.images.shape, decoded.images.dtype) == ((0, 1, 8, 8), torch.uint8)
        assert (decoded.kept.tolist(), decoded.kept.dtype) == ([], torch.int64)


@pytest.mark.parametrize(
    "error", [KeyError("JpegImageFile"), IndexError(), SyntaxError("broken\n  chunk"), OverflowError()]
)
def test_whatever_a_decoder_raises_is_a_damaged_file(tmp_path, monkeypatch, error):
    def faulty(*_):
        raise error

    monkeypatch.setattr(pictures, "read_picture", faulty)
    files = squares(tmp_path, 2)
    reason = decode(files, 8, False).damaged[files[1]]
    assert reason in ("'JpegImageFile'", "IndexError", "broken chunk", "OverflowError")


def test_a_picture_too_large_to_be_true_is_a_damaged_file(tmp_path, monkeypatch):
    files = squares(tmp_path, 2)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)  # PIL refuses twice as many
    assert "decompression bomb" in decode(files, 8, False).damaged[files[1]]


def test_want_of_memory_is_no_fault_of_a_file(tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(pictures, "read_picture", full)
    with pytest.raises(MemoryError):
        decode(squares(tmp_path, 2), 8, False)


def test_a_process_that_dies_is_an_error_and_no_endless_wait(tmp_path, monkeypatch):
    here = os.getpid()

    def dying(self, index):
        assert os.getpid() != here
        os._exit(1)

    monkeypatch.setattr(PictureFiles, "__getitem__", dying)
    monkeypatch.setattr(pictures, "FEW", 0)
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)  # what writes to the dead process may say so, too
    with pytest.raises(DataError, match="a process that reads pictures ended: DataLoader worker") as caught:
        decode(squares(tmp_path, 3), 8, False)
    said = str(caught.value)
    del caught
    gc.collect()  # the loader, and with it the threads that write to its processes
    assert said.startswith(f"{tmp_path}: ")


def test_without_a_count_of_its_own_cores_all_of_the_machine_are_used(monkeypatch):
    assert pictures.cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert pictures.cores() == 7
