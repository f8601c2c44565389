"""The file of what a run has kept: written and read back, and damage noticed."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.kept import Kept, KeptError, OfPhase, Snapshots, read_kept
from mnemonics_lib.kept.file import write_kept
from mnemonics_lib.kept.tables import from_tensors, to_tensors

IDENTITY = Identity(config="c", data="d", source="s")
MARGINS = pd.DataFrame(
    {"class": [3, 4], "kind": ["random", "trained"], "margin": [0.5, -0.25], "other": [0.75, torch.inf]}
)
EMBEDDING = pd.DataFrame(
    {"class": [3, 7], "kind": ["data", "start"], "map": ["PCA", "t-SNE"], "x": [0.5, 1.5], "y": 2.0}
)
SNAPSHOTS = Snapshots(
    torch.arange(2 * 3 * 2 * 2 * 2).reshape(2, 3, 2, 2, 2).byte(), torch.tensor([0, 9]), torch.tensor([3, 3, 4])
)
KEPT = Kept(IDENTITY, Keep(phases=[0, 1, 2]), {0: OfPhase(SNAPSHOTS, EMBEDDING, MARGINS), 2: OfPhase(margins=MARGINS)})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "kept.safetensors"
    write_kept(path, KEPT)
    return path


def test_what_is_written_is_read_back(path):
    found = read_kept(path)
    assert (found.identity, found.keep) == (KEPT.identity, KEPT.keep)
    assert list(found.phases) == [0, 2]
    first, last = found.phases[0], found.phases[2]
    assert first.snapshots is not None
    for ours, theirs in zip(first.snapshots, SNAPSHOTS, strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    assert first.embedding is not None
    assert first.embedding.to_dict("list") == EMBEDDING.to_dict("list")
    for of_phase in (first, last):
        assert of_phase.margins is not None
        assert of_phase.margins.to_dict("list") == MARGINS.to_dict("list")
    assert last.snapshots is None
    assert last.embedding is None


def test_the_same_content_gives_the_same_bytes_and_replaces_what_was_there(path):
    before = path.read_bytes()
    write_kept(path, KEPT)
    assert path.read_bytes() == before
    write_kept(path, Kept(IDENTITY, Keep()))
    assert read_kept(path).phases == {}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors: not there; a run leaves it where it is asked to"):
        read_kept(tmp_path / "none.safetensors")


def test_a_flipped_bit_is_noticed_wherever_it_is(path):
    whole = path.read_bytes()
    for at in range(0, len(whole), 23):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(KeptError, match=r"kept\.safetensors: (.|\n)*; delete it and make the run again$"):
            read_kept(path)


@pytest.mark.parametrize("content", [b"", b"garbage", b"half"], ids=["empty", "garbage", "half"])
def test_a_file_that_is_no_safetensors_is_named(path, content):
    path.write_bytes(path.read_bytes()[:200] if content == b"half" else content)
    with pytest.raises(KeptError, match=r"kept\.safetensors: .*; delete it and make the run again$"):
        read_kept(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version = 2: must be 1, the one that this library reads"),
        ({"format": "mnemonics exemplars"}, "format = 'mnemonics exemplars': Input should be 'mnemonics kept'"),
        ({"phases": [0, 1, 2]}, "checksum = '"),
        ({"more": 1}, "more = 1: Extra inputs are not permitted"),
    ],
)
def test_another_header_is_refused(path, changes, said):
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["header"])
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, {"header": json.dumps(header | changes)})
    with pytest.raises(KeptError) as caught:
        read_kept(path)
    assert str(caught.value).startswith(f"{path}: {said}")


def test_tensors_of_another_library_are_refused(path):
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(KeptError, match="version = None: must be 1"):
        read_kept(path)


def test_tables_take_few_bytes():
    tensors = to_tensors(MARGINS)
    assert {name: tensor.dtype for name, tensor in tensors.items()} == {
        "class": torch.int16,
        "kind": torch.uint8,
        "margin": torch.float32,
        "other": torch.float32,
    }
    assert from_tensors(tensors).to_dict("list") == MARGINS.to_dict("list")


def test_the_defaults_take_far_less_than_300_kilobytes_of_cifar_100_at_16_x_16(tmp_path):
    """N = 5, 20 exemplars a class: 50 new classes in phase 0 and 10 in the last; three of either are shown."""
    keep, phases = Keep(), {}
    for phase, new, shown in ((0, 50, 3), (5, 10, 6)):
        images = torch.zeros(keep.steps, 3 * keep.images, 3, 16, 16, dtype=torch.uint8)
        labels = torch.zeros(3 * keep.images, dtype=torch.int64)
        points = pd.concat([EMBEDDING] * (shown * (keep.points + 4 * 20)))  # two rows, one for each map
        table = pd.concat([MARGINS.assign(percentile=50.0)] * (new * 4 * 20 // 2))
        phases[phase] = OfPhase(Snapshots(images, torch.arange(keep.steps), labels), points, table)
    write_kept(tmp_path / "kept.safetensors", Kept(IDENTITY, keep, phases))
    assert (tmp_path / "kept.safetensors").stat().st_size < 200_000


def test_a_word_or_a_number_that_has_no_place_in_a_column_is_refused():
    with pytest.raises(ValueError, match="tuple"):
        to_tensors(MARGINS.assign(kind="early"))
    with pytest.raises((RuntimeError, ValueError), match="overflow"):
        to_tensors(MARGINS.assign(**{"class": 40_000}))
