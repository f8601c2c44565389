"""A sealed file gives back what was put in, or says that it cannot: whichever bit of it has changed."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.durable import sealed as sealed_files
from mnemonics_lib.durable.sealed import SealError, read_sealed, write_sealed

KEY = {"seed": 3, "order": [1, 0], "name": "a"}
CONTENT: dict[str, Any] = {
    "model": {"w": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(7)},
    "losses": [0.5, 1.0],
    "none": None,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "whole.pt"
    write_sealed(path, "checkpoint", KEY, CONTENT)
    return path


def test_it_comes_back_as_it_was_with_what_it_belongs_to(whole):
    key, content = read_sealed(whole, "checkpoint")
    assert key == KEY
    assert content.keys() == CONTENT.keys()
    assert all(torch.equal(content["model"][name], value) for name, value in CONTENT["model"].items())
    assert (content["losses"], content["none"]) == ([0.5, 1.0], None)
    assert [path.name for path in whole.parent.iterdir()] == ["whole.pt"]


@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_flipped_bits_are_noticed(whole, randoms: random.Random, count):
    data = bytearray(whole.read_bytes())
    for place in randoms.sample(range(8 * len(data)), count):
        data[place // 8] ^= 1 << place % 8
    damaged = whole.with_name(f"damaged-{randoms.random()}")
    damaged.write_bytes(data)
    with pytest.raises(SealError, match="damaged"):
        read_sealed(damaged, "checkpoint")
    damaged.unlink()


@given(st.data())
def test_so_is_a_file_that_was_cut_off_or_has_more_in_it(whole, data):
    content = whole.read_bytes()
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    more = content + data.draw(st.binary(min_size=1, max_size=9))
    for broken in (cut, more, bytes(len(content))):
        damaged = whole.with_name("cut")
        damaged.write_bytes(broken)
        with pytest.raises(SealError, match=f"damaged.* \\({len(broken):,} bytes\\)"):
            read_sealed(damaged, "checkpoint")
        damaged.unlink()


def sealed(value: Any) -> bytes:
    """A file with the right checksum, whatever is in it."""
    body = io.BytesIO()
    torch.save(value, body)
    return hashlib.sha256(body.getvalue()).hexdigest().encode() + b"\n" + body.getvalue()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, 2], "not a file of this library"),
        ({"weights": torch.zeros(2)}, "not a file of this library"),
        ({"form": 0, "kind": "checkpoint", "key": {}, "content": {}}, "form 0: must be a checkpoint of form 1"),
        ({"form": 1, "kind": "journal", "key": {}, "content": {}}, "a journal of form 1: must be a checkpoint"),
        (Path("x"), "more than plain values and tensors"),
    ],
)
def test_something_else_is_told_apart_and_no_code_of_a_file_runs(tmp_path, value, said):
    path = tmp_path / "other.pt"
    path.write_bytes(sealed(value))
    with pytest.raises(SealError, match=said):
        read_sealed(path, "checkpoint")


def test_a_file_of_another_kind_is_not_taken_for_it(whole):
    with pytest.raises(SealError, match="a checkpoint of form 1: must be a journal"):
        read_sealed(whole, "journal")


def test_neither_writing_nor_reading_makes_a_second_copy_in_memory(tmp_path):
    path, large = tmp_path / "large.pt", {"images": torch.arange(2_000_000.0)}
    write_sealed(path, "journal", KEY, {})  # what is imported for the first time counts for nobody
    read_sealed(path, "journal")
    tracemalloc.start()  # sees all but PyTorch's own
    try:
        write_sealed(path, "journal", KEY, large)
        found = read_sealed(path, "journal")[1]["images"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert torch.equal(found, large["images"])
    assert peak < found.nbytes / 4


@pytest.mark.parametrize("after", [0, 65, 100, 5000])
def test_a_file_system_that_refuses_in_the_middle_is_told_as_it_says_it(tmp_path, monkeypatch, after):
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    monkeypatch.setattr(sealed_files, "write_atomically", lambda path, write: write(Full()))
    with pytest.raises(OSError, match="No space left"):
        write_sealed(tmp_path / "full.pt", "journal", KEY, {"images": torch.arange(5000.0)})
