"""What is declared of a data set against what is there: a small one that is right, and what can be wrong with it.

It is not square, its classes have not as many images as one another, and its channels do not look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnemonics_lib.data import dataset
from mnemonics_lib.data.dataset import LOADERS, Dataset, load_dataset
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.facts import RULES, check_facts, check_loaded
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.data.split import Split

CPU = torch.device("cpu")
INFO = DatasetInfo(classes=4, images_per_class=3, shape=(2, 8, 4), white=100, pad=1, flip=True)
Pair = tuple[Split, Split]


def split(counts: list[int], seed: int) -> Split:
    """So many images of each class, in no order."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=generator)]
    return Split(torch.randint(101, (len(labels), *INFO.shape), generator=generator, dtype=torch.uint8), labels)


def right() -> Pair:
    return split([3, 5, 3, 4], 0), split([1, 2, 1, 1], 1)


@pytest.fixture
def register(monkeypatch) -> Callable[..., Dataset]:
    """Register a data set by the steps of the book, and load it."""

    def load(loaded: Any, info: DatasetInfo = INFO, resolution: int = 0) -> Dataset:
        monkeypatch.setitem(LOADERS, "own", loaded if callable(loaded) else lambda: loaded)
        monkeypatch.setitem(DATASETS, "own", info)
        return load_dataset("own", CPU, resolution)

    return load


def refusal(load: Callable[..., Dataset], *args: Any) -> str:
    with pytest.raises(DataError) as caught:
        load(*args)
    return str(caught.value)


# What is right


def test_a_data_set_that_is_as_declared_is_loaded_as_it_is(register):
    train, test = right()
    data = register((train, test))
    for found, given_ in ((data.train, train), (data.test, test)):
        assert torch.equal(found.images, given_.images)
        assert torch.equal(found.labels, given_.labels)
    assert data.shape == INFO.shape
    assert (data.pixels.white, data.pixels.pad, data.pixels.flip) == (100, 1, True)
    register([train, test])  # any two


def test_images_that_are_not_square_are_averaged_over_square_blocks(register):
    train, test = right()
    assert INFO.resolutions() == [4, 8]
    small = register((train, test), INFO, 4).train.images
    blocks = train.images.numpy().astype(float).reshape(-1, 2, 4, 2, 2, 2)
    assert np.array_equal(small.numpy(), np.round(blocks.mean(axis=(3, 5))).astype(np.uint8))


@pytest.mark.parametrize(
    ("shape", "allowed"),
    [((1, 8, 6), [4, 8]), ((1, 8, 5), [8]), ((1, 12, 8), [6, 12]), ((1, 3, 9), []), ((1, 4, 4), [4])],
)
def test_no_resolution_leaves_a_part_of_a_block_out(shape, allowed):
    assert replace(INFO, shape=shape).resolutions() == allowed


def test_the_layout_in_memory_makes_no_other_data(register):
    train, test = right()
    last = train.images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)  # as most image readers have them
    strided = Split(last, torch.stack([train.labels, train.labels], dim=1)[:, 0])
    assert not strided.images.is_contiguous()
    assert not strided.labels.is_contiguous()
    data, other = register((train, test)), register((strided, test))
    assert other.train.images.is_contiguous()
    assert other.train.labels.is_contiguous()
    assert torch.equal(data.train.images, other.train.images)
    assert torch.equal(data.pixels.std, other.pixels.std)


def test_a_channel_of_one_value_is_allowed_where_the_facts_normalise_it(register):
    train, test = right()
    train.images[:, 1] = 7
    data = register((train, test), replace(INFO, normalisation=((0.5, 0.07), (0.2, 1.0))))
    assert data.pixels.normalise(data.train.images).isfinite().all()
    assert data.pixels.mean.flatten().tolist() == pytest.approx([0.5, 0.07])


# What is wrong, kind by kind


def edited(part: int, **change: Callable[[Any], Any]) -> Callable[[Pair], Any]:
    """A change of the training (0) or the test split (1)."""

    def edit(pair: Pair) -> Any:
        fields = {name: edit_one(getattr(pair[part], name)) for name, edit_one in change.items()}
        parts = list(pair)
        parts[part] = replace(pair[part], **fields)
        return tuple(parts)

    return edit


def without(class_id: int, left: int) -> Callable[[Split], Split]:
    """All but ``left`` images of a class are taken out."""

    def take(whole: Split) -> Split:
        of_class = (whole.labels == class_id).nonzero().flatten()
        kept = torch.ones(len(whole.labels), dtype=torch.bool)
        kept[of_class[left:]] = False
        return Split(whole.images[kept], whole.labels[kept])

    return take


def with_one(value: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """The first element is another one."""

    def put(tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.clone()
        tensor.view(-1)[0] = value
        return tensor

    return put


WRONG: dict[str, tuple[Callable[[Pair], Any], str]] = {
    "too few": (
        lambda p: (without(2, 2)(p[0]), p[1]),
        "own: train.labels: images 2 of class 2: must be at least 3 of each class (images_per_class)",
    ),
    "a class missing": (
        lambda p: (without(3, 0)(p[0]), p[1]),
        "own: train.labels: images 0 of class 3: must be at least 3 of each class",
    ),
    "none tested": (
        lambda p: (p[0], without(0, 0)(p[1])),
        "own: test.labels: images 0 of class 0: must be at least 1 of each class (or a class could not be tested)",
    ),
    "nothing": (
        lambda p: (Split(p[0].images[:0], p[0].labels[:0]), p[1]),
        "own: train.labels: images 0 of class 0, 0 of class 1, 0 of class 2, 0 of class 3: must be",
    ),
    "floats": (
        edited(0, images=lambda x: x.float() / 100),
        "own: train.images = torch.float32 of shape [15, 2, 8, 4]: must be torch.uint8 of shape [n, 2, 8, 4]",
    ),
    "test floats": (edited(1, images=torch.Tensor.float), "own: test.images = torch.float32"),
    "channels last": (
        edited(0, images=lambda x: x.permute(0, 2, 3, 1)),
        "own: train.images = torch.uint8 of shape [15, 8, 4, 2]: must be torch.uint8 of shape [n, 2, 8, 4]",
    ),
    "turned": (edited(1, images=lambda x: x.mT), "own: test.images = torch.uint8 of shape [5, 2, 4, 8]: must be"),
    "one channel": (edited(0, images=lambda x: x[:, :1]), "own: train.images = torch.uint8 of shape [15, 1, 8, 4]"),
    "flat": (edited(0, images=lambda x: x.flatten(1)), "own: train.images = torch.uint8 of shape [15, 64]"),
    "an array": (edited(0, images=lambda x: x.numpy()), "own: train.images = uint8 of shape [15, 2, 8, 4]: must be"),
    "labels from 1": (edited(0, labels=lambda y: y + 1), "own: train.labels: holds 4: must be 0 to 3, as classes = 4"),
    "labels apart": (
        edited(1, labels=lambda y: torch.tensor([0, 5, 9, 70])[y]),
        "own: test.labels: holds 5, 9, 70: must be 0 to 3",
    ),
    "a negative label": (edited(0, labels=with_one(-1)), "own: train.labels: holds -1: must be 0 to 3"),
    "byte labels": (
        edited(0, labels=lambda y: y.to(torch.uint8)),
        "own: train.labels = torch.uint8 of shape [15]: must be torch.int64 of shape [15], one for each image",
    ),
    "one-hot": (
        edited(1, labels=lambda y: torch.eye(4, dtype=torch.int64)[y]),
        "own: test.labels = torch.int64 of shape",
    ),
    "fewer labels": (edited(0, labels=lambda y: y[1:]), "own: train.labels = torch.int64 of shape [14]: must be"),
    "a list": (edited(1, labels=lambda y: y.tolist()), "own: test.labels = a list: must be torch.int64"),
    "brighter than white": (
        edited(1, images=with_one(255)),
        "own: test.images: the largest value is 255: must be at most white = 100",
    ),
    "one split": (lambda p: p[0], "own: its loader returned a Split: must return two Splits, training and test"),
    "three": (lambda p: (*p, p[1]), "own: its loader returned the names Split("),
    "four": (
        lambda p: (*p, *p),
        "own: its loader returned a tuple of 4 (a Split, a Split, a Split, a Split): must return two",
    ),
    "few names": (
        lambda p: (*p, ("a", "b")),
        "own: its loader returned the names 'a', 'b': must be 4 different words, one for each class",
    ),
    "names alike": (
        lambda p: (*p, ["a"] * 4),
        "own: its loader returned the names 'a', 'a', 'a', 'a': must be 4 different words, one for each class",
    ),
    "no names": (
        lambda p: (*p, ["a", "b", "c", 5]),
        "own: its loader returned the names 'a', 'b', 'c', 5: must be 4 different words, one for each class",
    ),
    "none": (lambda p: None, "own: its loader returned a NoneType: must return two Splits"),
    "tensors": (
        lambda p: (p[0].images, p[0].labels),
        "own: its loader returned a tuple of 2 (torch.uint8 of shape [15, 2, 8, 4], torch.int64 of shape [15]): must",
    ),
    "constant": (
        edited(0, images=lambda x: torch.cat([x[:, :1], x[:, 1:] * 0 + 7], dim=1)),
        "own: train.images: one value alone in channel 1 (7): must have a standard deviation larger than 0, or the "
        "facts must give a normalisation",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_data_that_are_not_as_declared_are_refused_by_set_split_field_and_what_is_allowed(register, case):
    spoil, message = WRONG[case]
    assert refusal(register, spoil(right())).startswith(message)


def test_many_wrong_classes_are_named_in_a_few_words(register):
    whole = torch.arange(200)
    images = torch.randint(100, (200, *INFO.shape), dtype=torch.uint8)
    many = replace(INFO, classes=200, images_per_class=2)
    said = refusal(register, (Split(images, whole), Split(images, whole)), many)
    assert "images 1 of class 0, 1 of class 1, 1 of class 2, 1 of class 3, 1 of class 4 and 195 more: must" in said


def test_a_channel_that_is_constant_only_once_it_is_shrunk_is_refused_too(register):
    train, test = right()
    board = (torch.arange(8)[:, None] + torch.arange(4)).remainder(2).to(torch.uint8) * 100  # a chessboard
    even = Split(torch.stack([train.images[:, 0], board.expand(len(train.images), -1, -1)], dim=1), train.labels)
    register((even, test))
    assert "own: train.images: one value alone in channel 1 (50)" in refusal(register, (even, test), INFO, 4)


FACTS: list[tuple[str, Any, str]] = [
    ("classes", 1, "an integer >= 2"),
    ("classes", 4.0, "an integer >= 2"),
    ("images_per_class", 0, "an integer >= 1"),
    ("images_per_class", True, "an integer >= 1"),
    ("shape", (8, 4), "three integers >= 1: channels, height and width"),
    ("shape", (2, 0, 4), "three integers"),
    ("shape", (2, 8.0, 4), "three integers"),
    ("shape", None, "three integers"),
    ("white", 0, "from 1 to 255"),
    ("white", 256, "from 1 to 255"),
    ("white", 1.0, "from 1 to 255"),
    ("pad", -1, ">= 0 and less than height and width"),
    ("pad", 4, ">= 0 and less than height and width"),
    ("pad", 0.5, ">= 0"),
    ("flip", 1, "True or False"),
    ("normalisation", ((0.5,), (0.5,)), "one for each channel"),
    ("normalisation", ((0.5, 0.5), (0.5,)), "one for each channel"),
    ("normalisation", ((0.5, 0.5),), "two tuples"),
    ("normalisation", ((0.5, 0.5), (0.5, 0.0)), "larger than 0"),
    ("normalisation", ((0.5, float("nan")), (0.5, 0.5)), "finite"),
    ("normalisation", ((0.5, 0.5), (0.5, 1e-60)), "larger than 0"),
    ("normalisation", ((0.5, 0.5), (0.5, 1e60)), "finite"),
    ("normalisation", ((0.5, 0.5), (0.5, float("inf"))), "finite"),
    ("normalisation", ((0.5, "0.5"), (0.5, 0.5)), "numbers"),
    ("normalisation", (0.5, 0.5), "two tuples"),
    ("normalisation", 0.5, "two tuples"),
]


@pytest.mark.parametrize(("field", "value", "allowed"), FACTS)
def test_facts_that_are_true_of_no_data_set_are_refused_before_anything_is_read(register, field, value, allowed):
    def never() -> Pair:
        raise AssertionError("it was read")

    said = refusal(register, never, replace(INFO, **{field: value}))
    assert said.startswith(f"own: {field} = {value!r} among its facts: must be ")
    assert allowed in said


@pytest.mark.parametrize(
    "change",
    [
        {"classes": 2},
        {"images_per_class": 1},
        {"shape": (1, 1, 1), "pad": 0},
        {"white": 1},
        {"white": 255},
        {"pad": 3},
        {"normalisation": ((0, -1.5), (2, 1e-9))},
    ],
)
def test_facts_at_the_ends_of_what_is_allowed_pass(change):
    check_facts("own", replace(INFO, **change))


def test_every_field_of_the_facts_has_a_rule():
    assert set(RULES) == set(DatasetInfo.__dataclass_fields__)


@pytest.mark.parametrize("name", DATASETS)
def test_the_librarys_own_facts_pass(name):
    check_facts(name, DATASETS[name])


def test_the_librarys_own_data_are_checked_as_any_others(monkeypatch):
    monkeypatch.setitem(DATASETS, "digits", replace(DATASETS["digits"], images_per_class=117))
    with pytest.raises(DataError, match=r"digits: train\.labels: images 116 of class .*: must be at least 117 of each"):
        load_dataset("digits", CPU)


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "No such file", "own.bin"), PermissionError("no"), OSError("x")]
)
def test_files_that_cannot_be_read_are_named_with_the_data_set(register, error):
    def gone() -> Pair:
        raise error

    assert refusal(register, gone) == f"own: its loader cannot read its files: {error}"


def test_a_fault_of_a_loader_shows_where_it_is(register):
    def faulty() -> Pair:
        raise KeyError("pixels")

    with pytest.raises(KeyError, match="pixels"):
        register(faulty)


def test_a_loader_that_says_itself_what_is_wrong_is_believed(register):
    def says() -> Pair:
        raise DataError("own.bin: damaged")

    assert refusal(register, says) == "own.bin: damaged"


@pytest.mark.parametrize("missing", [DATASETS, LOADERS])
def test_a_data_set_without_facts_or_loader_is_refused(register, monkeypatch, missing):
    register(right())
    monkeypatch.delitem(missing, "own")
    with pytest.raises(
        ValueError, match=r"dataset = 'own': must be one of digits, cifar100, .*, which have a loader and"
    ):
        load_dataset("own", CPU)


def test_a_loader_that_was_mended_is_read_again(register):
    refusal(register, WRONG["floats"][0](right()))
    dataset.LOADERS["own"] = right
    assert load_dataset("own", CPU).shape == INFO.shape


# Whatever is wrong


def is_valid(train: Any, test: Any, info: DatasetInfo) -> bool:
    """The same rules over again, image by image."""
    for part, least in ((train, info.images_per_class), (test, 1)):
        images, labels = part.images.numpy(), part.labels.numpy()
        if images.dtype != np.uint8 or labels.dtype != np.int64 or images.shape != (len(labels), *info.shape):
            return False
        if any(image.max() > info.white for image in images):
            return False
        counts = {class_id: labels.tolist().count(class_id) for class_id in {*labels.tolist(), *range(info.classes)}}
        if set(counts) != set(range(info.classes)) or min(counts.values()) < least:
            return False
    channels = train.images.numpy().swapaxes(0, 1).reshape(info.shape[0], -1)
    return info.normalisation is not None or all(len(set(channel.tolist())) > 1 for channel in channels)


def damaged(part: Split, kind: str, number: int, value: int) -> Split:
    """One change of a split; many of them leave it valid."""
    images, labels = part.images.clone(), part.labels.clone()
    at = number % len(labels)
    if kind == "label":
        labels[at] = value % 7 - 1
    elif kind == "pixel":
        images[at, number % 2, value % 8, number % 4] = torch.tensor(value).to(images.dtype)
    elif kind == "drop":
        keep = torch.arange(len(labels)) != at
        images, labels = images[keep], labels[keep]
    elif kind == "repeat":
        images, labels = torch.cat([images, images[at : at + 1]]), torch.cat([labels, labels[at : at + 1]])
    elif kind == "image type":
        images = images.to([torch.uint8, torch.int8, torch.float32, torch.int64][value % 4])
    elif kind == "label type":
        labels = labels.to([torch.int64, torch.int32, torch.uint8, torch.float64][value % 4])
    elif kind == "turn":
        images = [images, images.mT, images.flip(2), images.transpose(0, 1), images[:, :1], images[:0]][value % 6]
    elif kind == "constant":
        images[:, number % 2] = value % 101
    return Split(images, labels)


KINDS = ["label", "pixel", "drop", "repeat", "image type", "label type", "turn", "constant"]
damages = st.tuples(st.booleans(), st.sampled_from(KINDS), st.integers(0, 30), st.integers(0, 255))
declared = st.fixed_dictionaries(
    {},
    optional={
        "classes": st.sampled_from([3, 4, 5]),
        "images_per_class": st.sampled_from([1, 2, 3, 4]),
        "white": st.sampled_from([50, 100, 255]),
        "normalisation": st.sampled_from([None, ((0.5, 0.5), (0.2, 0.2))]),
    },
)


@settings(max_examples=300)
@given(st.lists(damages, max_size=3), declared)
def test_data_are_refused_or_are_valid(changes, facts):
    info, (train, test) = replace(INFO, **facts), right()
    for of_test, *change in changes:
        whole = test if of_test else train
        if (
            whole.images.dim() == 4
            and whole.images.shape[1:] == INFO.shape
            and len(whole.labels) == len(whole.images) > 0
        ):
            train, test = (train, damaged(test, *change)) if of_test else (damaged(train, *change), test)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LOADERS, "own", lambda: (train, test))
        patch.setitem(DATASETS, "own", info)
        if is_valid(train, test, info):
            data = load_dataset("own", CPU)
            assert data.pixels.normalise(data.train.images).isfinite().all()
            assert check_loaded("own", info, (train, test))[:2] == (train, test)
        else:
            with pytest.raises(DataError, match=r"^own: (train|test)\.(images|labels)"):
                load_dataset("own", CPU)
