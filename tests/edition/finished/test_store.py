"""The file of finished loops gives back what was written, or says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mnemonics_lib.durable.commit import code_version
from mnemonics_lib.durable.provenance import Identity, environment
from mnemonics_lib.edition.finished.loops import Described
from mnemonics_lib.edition.finished.store import (
    FinishedError,
    FinishedLoop,
    put_back,
    read_loop,
    read_store,
    taken_out,
    write_loop,
    write_store,
)

STATE = {"model": {"w": torch.arange(6.0).view(2, 3), "n": torch.tensor(3)}, "losses": [0.5, 1 / 3], "done": True}
LOOP = FinishedLoop(Described("phase 0: model", {"seed": 2**62}, {"model": [6.0, 0.1, 1 / 3, -2.0]}), STATE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    identity = Identity(config="c", data="d", source="s")
    write_store(
        tmp_path / "a" / "loops.safetensors", "shown/x", identity, (code_version(), environment("cpu")), [LOOP], STATE
    )
    return tmp_path / "a" / "loops.safetensors"


def same(one, other):
    assert taken_out(one, {}) == taken_out(other, {})  # where a tensor goes by what it holds


def test_what_is_read_is_what_was_written(path: Path):
    store = read_store(path)
    assert store.loops[0].described == LOOP.described
    same(store.loops[0].state, STATE)
    same(store.checkpoint, STATE)
    assert store.header.study == "shown/x"
    assert store.header.identity.source == "s"


def test_a_tensor_that_is_there_twice_is_kept_once():
    tensors: dict[str, torch.Tensor] = {}
    text = taken_out([STATE, {"again": STATE["model"]}], tensors)
    assert len(tensors) == 2
    same(put_back(text, tensors), [STATE, {"again": STATE["model"]}])


def test_tensors_of_another_type_or_shape_are_others():
    ones = [torch.ones(4), torch.ones(4, dtype=torch.float64), torch.ones(2, 2)]
    assert len({taken_out(each, {}) for each in ones}) == 3


@pytest.mark.parametrize("value", [{1: 2}, {"a": object()}])
def test_what_is_neither_tensor_nor_plain_is_refused(value):
    with pytest.raises(TypeError, match="must be a "):
        taken_out(value, {})


def test_one_loop_alone_is_read_as_it_was_written(tmp_path: Path):
    write_loop(tmp_path / "one", LOOP)
    read = read_loop(tmp_path / "one")
    assert read.described == LOOP.described
    same(read.state, STATE)


def test_a_changed_bit_is_noticed(path: Path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(FinishedError, match="the file was changed or damaged"):
        read_store(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(FinishedError, match="none: not there"):
        read_store(tmp_path / "none")
