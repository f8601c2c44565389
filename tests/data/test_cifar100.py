"""CIFAR-100: the real files where they are at hand, and what is said of damaged, missing or unreachable ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import multiprocessing
import pickle
import socket
import tarfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR100
from torchvision.datasets import utils as torchvision_utils

from mnemonics_lib.data import cifar100
from mnemonics_lib.data.dataset import Dataset, load_dataset, shrink
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.split import Split
from mnemonics_lib.phases import PhaseProtocol, class_order

CPU = torch.device("cpu")
NAMES = ["train", "test", "meta"]
# As iCaRL, LUCIR and every later paper of this protocol list them.
ORDER = [68, 56, 78, 8, 23, 84, 90, 65, 74, 76, 40, 89, 3, 92, 55, 9, 26, 80, 43, 38, 58, 70, 77, 1, 85, 19, 17, 50, 28]


# With the real files


@pytest.fixture(scope="module")
def real(cifar_root) -> Loaded:
    return cifar100.load(cifar_root, download=False)


@pytest.fixture(scope="module", params=[0, 16])
def data(request, cifar_root) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNEMONICS_DATA", str(cifar_root))
        return load_dataset("cifar100", CPU, request.param)


def unpickled(root: Path, name: str) -> dict[str, Any]:
    with (root / "cifar-100-python" / name).open("rb") as file:
        return pickle.load(file, encoding="latin1")


def test_the_splits_are_the_official_ones_image_by_image(real, cifar_root):
    for split, name, count in zip(real, NAMES, (50_000, 10_000), strict=False):
        source = unpickled(cifar_root, name)
        assert split.images.shape == (count, 3, 32, 32)
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.images.is_contiguous()
        assert np.array_equal(split.images.numpy().reshape(count, 3072), source["data"])  # rows are red, green, blue
        assert split.labels.tolist() == source["fine_labels"]


def test_every_class_has_500_training_and_100_test_images(real):
    train, test, _ = real
    assert torch.bincount(train.labels).tolist() == [500] * 100
    assert torch.bincount(test.labels).tolist() == [100] * 100


def test_the_first_phase_brings_the_published_first_half_of_the_classes(real, cifar_root):
    order = class_order(100)
    assert order[: len(ORDER)] == ORDER
    names = unpickled(cifar_root, "meta")["fine_label_names"]
    assert [names[k] for k in order[:3]] == ["road", "palm_tree", "snake"]
    train = real[0]
    images, labels = PhaseProtocol(order, 5).new_data(train, 0)
    assert torch.bincount(labels).tolist() == [500] * 50
    for position in (0, 28, 49):
        assert torch.equal(images[labels == position], train.images[train.labels == order[position]])
    _, later = PhaseProtocol(order, 5).new_data(train, 5)
    assert torch.bincount(later).tolist() == [0] * 90 + [500] * 10


def test_half_the_resolution_is_the_mean_of_each_two_by_two_block(real, cifar_root, monkeypatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(cifar_root))
    small = load_dataset("cifar100", CPU, 16)
    for split, whole in ((small.test, real[1]), (small.train, real[0])):
        assert split.images.shape == (len(whole.images), 3, 16, 16)
        assert split.images.dtype == torch.uint8
        assert torch.equal(split.labels, whole.labels)
        for part in (slice(0, 500), slice(4990, 5010), slice(-500, None)):
            blocks = whole.images[part].numpy().astype(np.float64).reshape(-1, 3, 16, 2, 16, 2)
            assert np.array_equal(split.images[part].numpy(), np.round(blocks.mean(axis=(3, 5))).astype(np.uint8))
    assert small.shape == (3, 16, 16)
    assert small.pixels.pad == 2  # an eighth of the side, as 4 of 32


@pytest.mark.parametrize("factor", [1, 4, 8])
def test_other_resolutions_are_means_of_larger_blocks(real, factor):
    images = real[1].images[:300]
    found = shrink(Split(images, real[1].labels[:300]), factor).images
    size = 32 // factor
    blocks = images.numpy().astype(np.float64).reshape(300, 3, size, factor, size, factor)
    assert np.array_equal(found.numpy(), np.round(blocks.mean(axis=(3, 5))).astype(np.uint8))


def test_pixels_are_normalised_with_the_published_numbers(data):
    mean, std = [0.5071, 0.4866, 0.4409], [0.2009, 0.1984, 0.2023]
    raw = data.test.images[:100]
    expected = (raw.numpy() / 255 - np.array(mean)[:, None, None]) / np.array(std)[:, None, None]
    np.testing.assert_allclose(data.pixels.normalise(raw).numpy(), expected, rtol=1e-5, atol=1e-5)
    assert (data.pixels.white, data.pixels.flip) == (255, True)
    assert torch.equal(data.pixels.quantise(data.pixels.normalise(raw)), raw)


def test_the_published_numbers_are_the_mean_and_the_mean_deviation_of_single_images(real):
    scaled = [part.float() / 255 for part in real[0].images.split(5000)]
    mean = torch.stack([x.mean(dim=(0, 2, 3)) for x in scaled]).mean(dim=0)
    single = torch.cat([x.std(dim=(2, 3)) for x in scaled]).mean(dim=0)
    assert mean.tolist() == pytest.approx([0.5071, 0.4866, 0.4409], abs=1e-4)
    assert single.tolist() == pytest.approx([0.2009, 0.1984, 0.2023], abs=1e-4)


@pytest.mark.parametrize("resolution", [5, 12, 64, 2, 1])
def test_a_resolution_that_does_not_divide_32_is_refused(resolution):
    with pytest.raises(ValueError, match=rf"resolution = {resolution}: must be 0 or one of \[4, 8, 16, 32\]"):
        load_dataset("cifar100", CPU, resolution)


# Without them: a few images in files of the same form


def fabricated() -> dict[str, bytes]:
    """Files like the official ones, of 20 and 10 images."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 3072), dtype=np.uint8)
    labels = [*range(20), *range(10)]
    return {
        "train": pickle.dumps({"data": pixels[:20], "fine_labels": labels[:20]}),
        "test": pickle.dumps({"data": pixels[20:], "fine_labels": labels[20:]}),
        "meta": pickle.dumps({"fine_label_names": [f"class {k}" for k in range(20)]}),
    }


def archive(files: dict[str, bytes]) -> bytes:
    """The official archive's form; the same bytes at any time of day."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-100-python/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def toy(monkeypatch) -> dict[str, bytes]:
    """In place of the official files, whose checksums are then these."""
    files = fabricated()
    monkeypatch.setattr(CIFAR100, "train_list", [["train", md5(files["train"])]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", md5(files["test"])]])
    monkeypatch.setattr(CIFAR100, "meta", CIFAR100.meta | {"md5": md5(files["meta"])})
    monkeypatch.setattr(CIFAR100, "tgz_md5", md5(archive(files)))
    monkeypatch.setattr(cifar100, "FILES", [[name, md5(files[name])] for name in NAMES])
    return files


def written(root: Path, files: dict[str, bytes]) -> Path:
    (root / "cifar-100-python").mkdir(parents=True)
    for name, content in files.items():
        (root / "cifar-100-python" / name).write_bytes(content)
    return root


def tree(root: Path) -> dict[str, tuple[bytes | None, int]]:
    """Everything under a directory: content and time of change."""
    return {
        str(path.relative_to(root)): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
    }


@pytest.fixture
def network(monkeypatch):
    """The server: a function in place of ``urlopen``, and how often it was asked for a file."""

    class Network:
        asked: list[str]

        def __init__(self) -> None:
            self.asked = []

        def answers(self, answer: bytes | Exception) -> None:
            def urlopen(request, *_, **__):
                if isinstance(answer, Exception):
                    raise answer
                if request.get_header("Method") != "HEAD":
                    self.asked.append(request.full_url)
                reply: Any = io.BytesIO(answer)
                reply.length, reply.url = len(answer), request.full_url
                return reply

            monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    network = Network()
    network.answers(AssertionError("nothing is to be fetched"))
    return network


def test_whole_files_are_loaded_without_a_network(toy, network, tmp_path):
    root = written(tmp_path, toy)
    before = tree(root)
    train, test, names = cifar100.load(root)
    assert names[:2] == tuple(unpickled(root, "meta")["fine_label_names"][:2])
    assert train.images.shape == (20, 3, 32, 32)
    assert test.labels.tolist() == list(range(10))
    assert tree(root) == before


@pytest.mark.parametrize("download", [False, True])
@pytest.mark.parametrize("damage", ["empty", "half", "garbage", "one bit"])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_named_with_its_md5_and_nothing_is_changed(toy, network, tmp_path, name, damage, download):
    whole = toy[name]
    bad = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "garbage": b"<html>Not found</html>",
        "one bit": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
    }[damage]
    root = written(tmp_path, toy | {name: bad})
    before = tree(root)
    with pytest.raises(DataError) as caught:
        cifar100.load(root, download=download)
    said = str(caught.value)
    assert str(root / "cifar-100-python" / name) in said
    assert md5(bad) in said
    assert md5(whole) in said
    assert [other for other in NAMES if str(root / "cifar-100-python" / other) in said] == [name]
    assert "\n" not in said
    assert {path: found for path, found in tree(root).items() if not path.endswith(".lock")} == before


def test_a_file_of_another_data_set_is_not_taken_for_cifar_100(tmp_path, network):
    """By the official checksums: what any other test here replaces."""
    root = written(tmp_path, fabricated())
    with pytest.raises(DataError, match="16019d7e3df5f24257cddd939b257f8d"):
        cifar100.load(root)


@pytest.mark.parametrize("there", [[], ["train"], ["train", "test"]], ids=["none", "one", "two"])
def test_missing_files_are_named_with_advice_when_they_may_not_be_fetched(toy, network, tmp_path, there):
    root = tmp_path / "data"
    if there:
        written(root, {name: toy[name] for name in there})
    with pytest.raises(DataError) as caught:
        cifar100.load(root, download=False)
    said = str(caught.value)
    for name in NAMES:
        assert (str(root / "cifar-100-python" / name) in said) is (name not in there)
    for words in ("MNEMONICS_DATA", "cifar-100-python.tar.gz", str(root)):
        assert words in said
    assert root.exists() is bool(there)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (URLError(OSError(-3, "Temporary failure in name resolution")), "Temporary failure in name resolution"),
        (TimeoutError("The read operation timed out"), "The read operation timed out"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (RemoteDisconnected("Remote end closed connection without response"), "closed connection"),
    ],
    ids=["offline", "slow", "refused", "hung up"],
)
def test_out_of_reach_says_why_and_what_to_do(toy, network, tmp_path, error, reason):
    network.answers(error)
    before = socket.getdefaulttimeout()
    with pytest.raises(DataError) as caught:
        cifar100.load(tmp_path / "data")
    said = str(caught.value)
    for words in (reason, "MNEMONICS_DATA", str(tmp_path / "data" / "cifar-100-python" / "train")):
        assert words in said
    assert "\n" not in said
    assert socket.getdefaulttimeout() == before
    # And the next call, with a network, succeeds.
    network.answers(archive(toy))
    assert len(cifar100.load(tmp_path / "data")[0].images) == 20


def test_a_server_that_never_answers_is_given_up(toy, monkeypatch, tmp_path):
    seen = []

    def urlopen(*_, **__):
        seen.append(socket.getdefaulttimeout())
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(DataError):
        cifar100.load(tmp_path)
    assert seen
    assert all(limit is not None and 0 < limit <= 60 for limit in seen)


@pytest.mark.parametrize("what", ["page", "half"])
def test_a_wrong_archive_is_an_error_that_names_the_address(toy, network, tmp_path, what):
    whole = archive(toy)
    network.answers(b"<html>Log in to the hotel's network</html>" if what == "page" else whole[: len(whole) // 2])
    with pytest.raises(DataError) as caught:
        cifar100.load(tmp_path)
    assert CIFAR100.url in str(caught.value)
    network.answers(whole)
    assert len(cifar100.load(tmp_path)[0].images) == 20  # what was left behind is not in the way


def test_a_data_root_that_is_a_file_is_named(toy, network, tmp_path):
    root = tmp_path / "data"
    root.write_text("not a directory")
    with pytest.raises(DataError) as caught:
        cifar100.load(root)
    assert str(root) in str(caught.value)
    assert root.read_text() == "not a directory"


def test_missing_files_are_fetched_once_and_then_found(toy, network, tmp_path):
    network.answers(archive(toy))
    root = tmp_path / "deep" / "data"
    train, test, _ = cifar100.load(root)
    assert len(network.asked) == 1
    again = cifar100.load(root)
    assert len(network.asked) == 1
    for one, other in zip((train, test), again[:2], strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)


def test_the_data_root_is_that_of_the_environment(toy, network, tmp_path, monkeypatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(written(tmp_path, toy)))
    assert len(cifar100.load()[0].images) == 20


def slow(fetch: Any, count: Any) -> Any:
    """A download that lasts, and that counts itself."""

    def fetching(*arguments, **options):
        count()
        time.sleep(0.3)
        return fetch(*arguments, **options)

    return fetching


def test_threads_that_start_at_once_fetch_once(toy, network, tmp_path, monkeypatch):
    network.answers(archive(toy))
    fetched: list[int] = []
    retrieve = torchvision_utils._urlretrieve
    monkeypatch.setattr(torchvision_utils, "_urlretrieve", slow(retrieve, lambda: fetched.append(1)))
    with ThreadPoolExecutor(4) as pool:
        splits = list(pool.map(lambda _: cifar100.load(tmp_path / "data"), range(4)))
    assert len(fetched) == 1
    assert all(len(train.images) == 20 for train, _, _ in splits)


def test_processes_that_start_at_once_fetch_once(toy, network, tmp_path, monkeypatch):
    network.answers(archive(toy))
    log = tmp_path / "log"

    def count():
        with log.open("a") as file:
            file.write("fetched\n")

    retrieve = torchvision_utils._urlretrieve
    monkeypatch.setattr(torchvision_utils, "_urlretrieve", slow(retrieve, count))

    def child(number: int) -> None:
        train = cifar100.load(tmp_path / "data").train
        (tmp_path / f"done-{number}").write_text(str(len(train.images)))

    context = multiprocessing.get_context("fork")  # so that the children have the server above
    children = [context.Process(target=child, args=(k,)) for k in range(3)]
    for process in children:
        process.start()
    for process in children:
        process.join(60)
    assert log.read_text().splitlines() == ["fetched"]
    assert [(tmp_path / f"done-{k}").read_text() for k in range(3)] == ["20"] * 3


def test_a_run_that_starts_while_another_unpacks_does_not_see_half_a_file(toy, network, tmp_path, monkeypatch):
    network.answers(archive(toy))
    half, go_on = threading.Event(), threading.Event()
    extract = tarfile.TarFile.extractall

    def extract_slowly(self, path=".", *rest, **options):
        """Write half of one file, let the other run start, then do what is to be done."""
        folder = Path(path) / "cifar-100-python"
        folder.mkdir(exist_ok=True)
        (folder / "train").write_bytes(toy["train"][:100])
        half.set()
        assert go_on.wait(30)
        return extract(self, path, *rest, **options)

    monkeypatch.setattr(tarfile.TarFile, "extractall", extract_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cifar100.load, tmp_path)
        assert half.wait(30)
        second = pool.submit(cifar100.load, tmp_path)
        time.sleep(0.3)
        go_on.set()
        for run in (first, second):
            assert len(run.result(timeout=30)[0].images) == 20
