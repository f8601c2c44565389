"""CIFAR-100 (Krizhevsky 2009): 50,000 training and 10,000 test images of 32 x 32, through torchvision."""

from __future__ import annotations

import http.client
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from torchvision.datasets import CIFAR100
from torchvision.datasets.utils import calculate_md5, download_url, extract_archive

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.split import Split
from mnemonics_lib.paths import data_root

FILES = [*CIFAR100.train_list, *CIFAR100.test_list, [CIFAR100.meta["filename"], CIFAR100.meta["md5"]]]
"""Name and md5 of each file under ``cifar-100-python``."""


def load(root: str | Path | None = None, download: bool = True) -> Loaded:
    """Training and test images, whole, as one uint8 tensor each, and the fine labels' names.

    Args:
        root: the directory that holds ``cifar-100-python``; default: :func:`mnemonics_lib.paths.data_root`.
        download: fetch the files (169 MB) when they are not there.

    Raises:
        DataError: for a damaged file, or when the files are neither there nor to be had. Nothing is then half-loaded,
            and no file of the user's is touched.
    """
    root = data_root() if root is None else Path(root)
    missing = missing_files(root)
    if missing and not download:
        raise DataError(f"{_where(missing)}: not there, and download is off. {_advice(root)}")
    if missing:
        _fetch(root)
    train, test = CIFAR100(root, train=True), CIFAR100(root, train=False)
    return Loaded(_split(train), _split(test), tuple(train.classes))


def missing_files(root: Path) -> list[Path]:
    """The files that are missing under ``root``.

    Raises:
        DataError: for a file that is there but is not, byte for byte, the official one.
    """
    missing = []
    for name, md5 in FILES:
        path = root / CIFAR100.base_folder / name
        if not path.exists():
            missing.append(path)
            continue
        found = calculate_md5(path)
        if found != md5:
            raise DataError(
                f"{path}: damaged or truncated: md5 {found}, must be {md5} ({path.stat().st_size:,} bytes); "
                "delete it, and it will be fetched again"
            )
    return missing


def _fetch(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{root}: cannot be made a directory of data sets ({error})") from None
    # Two runs that start at once: the second waits, then finds the files there.
    with FileLock(root / "cifar-100.lock"), _timeout(30.0):
        missing = missing_files(root)
        if not missing:
            return
        try:
            download_url(CIFAR100.url, root, CIFAR100.filename, CIFAR100.tgz_md5)
        except (OSError, RuntimeError, http.client.HTTPException) as error:  # URLError and timeouts are OSError
            raise DataError(
                f"{_where(missing)}: not there, and could not be downloaded from {CIFAR100.url} ({error}). "
                f"{_advice(root)}"
            ) from None
        # Unpacked aside and moved whole: a run that starts meanwhile never sees half a file.
        with tempfile.TemporaryDirectory(dir=root, prefix=".cifar-100-") as aside:
            extract_archive(root / CIFAR100.filename, aside)
            (root / CIFAR100.base_folder).mkdir(exist_ok=True)
            for path in missing:
                (Path(aside) / CIFAR100.base_folder / path.name).replace(path)


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _where(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))


def _advice(root: Path) -> str:
    return (
        f"Without a network: unpack {CIFAR100.filename} from another machine in {root}, "
        "or set MNEMONICS_DATA to the directory that holds cifar-100-python"
    )


def _split(dataset: CIFAR100) -> Split:
    images = torch.from_numpy(np.ascontiguousarray(dataset.data.transpose(0, 3, 1, 2)))  # [n, 3, 32, 32], uint8
    return Split(images, torch.tensor(dataset.targets))
