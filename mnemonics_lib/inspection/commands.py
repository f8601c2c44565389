"""The command ``check-data``: what it takes, and what it prints."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mnemonics_lib.config import ConfigError, RunConfig, write_yaml
from mnemonics_lib.config.options import add_changes, changed
from mnemonics_lib.data.declared import SIZES, Folder
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.info import DATASETS

# What reads data needs PyTorch, which takes seconds to import: a refusal and --help come before that.

FOLDER = "folder"
SIZE: int = Folder.model_fields["size"].default
SMALLEST = 4
"""Height and width of pictures that are read to see whether they can be."""


def add_check_data(commands: Any) -> None:
    """Add ``check-data`` to the command line's commands."""
    check = commands.add_parser(
        "check-data", help="say what is there of a data set, what is damaged, and what a run will take"
    )
    check.add_argument(
        "what",
        metavar="DATASET",
        help=f"{', '.join(DATASETS)}, {FOLDER} (with --root), or a parameter file, whose run is then looked at too",
    )
    check.add_argument(
        "--root", type=Path, help="where the data are (default: $MNEMONICS_DATA, or the project's data/)"
    )
    check.add_argument(
        "--size", type=int, help=f"with {FOLDER}: height and width pictures are brought to (default: {SIZE})"
    )
    check.add_argument("--grey", action="store_true", help=f"with {FOLDER}: one channel of grey for pictures")
    add_changes(check)


def check_data(options: argparse.Namespace) -> None:
    """Print what is there, and end with an error where a run would.

    Raises:
        ConfigError: for options that do not go together, and batches that a run would refuse.
        UnfitNetworkError: for a network that a run would refuse.
        DataError: for data that are not there, are damaged or are not as declared.
    """
    config = None
    if options.what not in (*DATASETS, FOLDER):
        config = changed(Path(options.what), options)
    elif options.set or options.preset or options.recipe:
        raise ConfigError(f"{options.what}: --set, --preset and --recipe change a run, so they need a parameter file")
    if options.what != FOLDER and (options.size is not None or options.grey):
        said = "a parameter file says folder.size and folder.grey" if config else "its images are as they are"
        raise ConfigError(f"{options.what}: --size and --grey are for {FOLDER} alone; {said}")
    least, most = SIZES
    if options.size is not None and not least <= options.size <= most:
        raise ConfigError(f"size = {options.size}: must be {least} to {most}")
    dataset = config.dataset if config else options.what
    look = _folder if dataset == FOLDER else _named
    for line in look(dataset, config, options):
        print(line, flush=True)


def _named(dataset: str, config: RunConfig | None, options: argparse.Namespace) -> Iterator[str]:
    """A data set that the library knows."""
    import torch

    from mnemonics_lib.data.cifar100 import load, missing_files
    from mnemonics_lib.data.dataset import LOADERS, read
    from mnemonics_lib.data.pictures import damaged_error, decode
    from mnemonics_lib.paths import data_root

    info, loader = DATASETS[dataset], LOADERS[dataset]
    if dataset == "cifar100":
        root = options.root or data_root()
        missing = missing_files(root)
        yield f"{root}: " + (
            f"missing: {', '.join(map(str, missing))}" if missing else "every file is there, and whole"
        )
        if missing:
            yield "a run downloads what is missing (169 MB), and goes on with what is there of the archive"
            return

        def loader() -> object:  # type: ignore[misc]
            return load(root, download=False)

    elif options.root is not None:
        os.environ["MNEMONICS_DATA"] = str(options.root)
    loaded = read(dataset, info, loader)
    damaged: dict[Path, str] = {}
    for name, split in (("train", loaded.train), ("test", loaded.test)):
        counts = torch.bincount(split.labels).tolist()
        yield f"{name}: {len(split.images):,} images, {min(counts)} to {max(counts)} a class"
        if info.on_disk:  # the others were read whole
            damaged |= decode(split.images.files, SMALLEST, grey=False).damaged  # only whether they can be read
    yield f"classes: {info.classes}; images of {' x '.join(map(str, info.shape))}, values 0 to {info.white}"
    if info.on_disk:
        yield f"pictures that cannot be read: {len(damaged)}"
    if config:
        yield from _needs(config, torch.bincount(loaded.train.labels).tolist(), len(loaded.test.images))
    if damaged:
        raise damaged_error(dataset, damaged, "unpack them again")


def _folder(dataset: str, config: RunConfig | None, options: argparse.Namespace) -> Iterator[str]:
    """Pictures of one's own."""
    from mnemonics_lib.data.folder import WAY_OUT, place
    from mnemonics_lib.data.pictures import damaged_error
    from mnemonics_lib.inspection.of_folder import inspect_folder, lines

    declared = config.folder if config else None
    if declared is None and options.root is None:
        raise ConfigError("root is missing: must name the folder of pictures, with dataset = 'folder'")
    root = options.root or place(declared.path)  # type: ignore[union-attr]  # one of both is there
    size, grey = (declared.size, declared.grey) if declared else (options.size or SIZE, options.grey)
    report = inspect_folder(root, size, grey, **({"held_out": declared.held_out} if declared else {}))
    yield str(root)
    yield from lines(report)
    if config and declared:
        if declared.classes != report.folder.classes:
            raise DataError(f"folder.classes = {declared.classes}: must be {report.folder.classes}")
        if declared.images_per_class > (most := report.folder.images_per_class):
            raise DataError(f"folder.images_per_class = {declared.images_per_class}: must be at most {most}")
        yield from _needs(config, list(report.train.counts.values()), len(report.test.files))
    else:
        yield "\nfor a parameter file:\n"
        yield write_yaml({"dataset": FOLDER, "folder": report.folder.model_dump()}).rstrip()
    damaged = report.train.damaged | report.test.damaged
    if damaged and not (declared and declared.damaged == "skip"):
        raise damaged_error(root, damaged, WAY_OUT)


def _needs(config: RunConfig, train: Sequence[int], test: int) -> Iterator[str]:
    """What a run takes, beside what is free.

    Raises:
        UnfitNetworkError, ConfigError: for a network or batches that a run would refuse.
    """
    import torch

    from mnemonics_lib.config.batches import refuse_batches_of_one
    from mnemonics_lib.device.memory import free_bytes
    from mnemonics_lib.inspection.needs import needs
    from mnemonics_lib.trial import refuse_unfit_network

    refuse_unfit_network(config, config.image_shape, torch.device("cpu"))
    refuse_batches_of_one(config, [train[class_id] for class_id in config.protocol().order])
    found = needs(config, train, test)
    parts: dict[str, float] = {"images at its resolution": found.images, "exemplars": found.exemplars}
    if found.everywhere is not None:
        parts["a step of their training"] = found.everywhere
    taken = ", ".join(f"{size / 1e6:,.1f} MB for {what}" for what, size in parts.items())
    yield f"a run takes in memory: {taken}; free here: {free_bytes(torch.device('cpu')) / 1e6:,.0f} MB"
    if config.facts.on_disk:
        held = (found.exemplars + found.host) / 1e6
        yield f"of that {held:,.1f} MB are the host's where a GPU computes: exemplars stay there"
    yield f"and on disk: {found.disk / 1e6:,.1f} MB for its checkpoint, twice that while one is written"
