"""Exemplars as files for other trainers: a folder of PNGs per class, or one safetensors file, and both read back.

The folder has the layout of torchvision's ``ImageFolder``, ``<directory>/<position>-<name>/<rank>.png``, and holds
whole grey levels: what ``storage = "uint8"`` keeps. The safetensors file holds the normalised float32 pixels, bit for
bit. Either one carries what undoes the normalisation, so that reading it needs no data set.

Either one is written whole or not at all: only a process that is killed leaves something behind, a hidden folder
``.exemplars.*`` beside the target. An empty folder that is there already is filled a class at a time, and the manifest,
which is asked for when it is read, comes last.

:func:`save_png` and :func:`save_safetensors` write an exemplar memory; :func:`tensors_to_png` and
:func:`tensors_to_safetensors` write plain tensors, of whatever network they were trained for.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.wording import kind
from mnemonics_lib.exemplars.file_format import (
    MANIFEST,
    MODES,
    Manifest,
    TensorHeader,
    checked_class_ids,
    class_and_rank,
    class_folder,
    digits_of,
    greys,
    json_text,
    parse_header,
    plain_errors,
    require_channels,
    require_exemplars,
    require_pixels,
)
from mnemonics_lib.exemplars.memory import ExemplarMemory

# Writing


def save_png(
    memory: ExemplarMemory,
    pixels: Pixels,
    directory: str | Path,
    class_ids: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
) -> None:
    """Write exemplars as a folder of PNGs per class, rounded to whole grey levels, with ``exemplars.json`` beside them.

    Where white is not 255 (digits have 16), the levels are spread over 0..255: they look right, and reading gives back
    the very levels. The images as they were selected (``origin``) are not written.

    Args:
        memory: at least one exemplar, [n, c, h, w] with c = 1 or 3.
        pixels: the pixel space of the images.
        directory: a new folder or an empty one; its parents are made.
        class_ids: the data set's id of each class position, such as a run's ``class_order``; if None the positions.
        names: the name of each of the data set's classes, by class id; the id if None.

    Raises:
        ValueError: for input that cannot be written, naming the field, the value and what is allowed.
        FileExistsError: when the directory is there and not empty.
        NotADirectoryError: when it is a file.
    """
    memory = memory.whole()
    require_exemplars(memory, pixels)
    directory = Path(directory)
    _require_room(directory)
    manifest = _manifest(memory, pixels, class_ids, names)
    at = {key: i for i, key in enumerate(class_and_rank(memory))}
    order = [at[position, rank] for _, position, rank in manifest.files()]
    raw = pixels.quantise(memory.images).cpu()[order]  # uint8 [n, c, h, w], 0..white
    manifest = manifest.model_copy(update={"checksum": manifest.digest({"raw": raw})})
    levels = greys(pixels.white)[raw.long()]  # uint8 [n, c, h, w], 0..255
    with _whole(directory) as draft:
        for folder in manifest.folders:
            (draft / folder).mkdir(parents=True)
        for (name, _, _), level in zip(manifest.files(), levels, strict=True):
            image = level.permute(1, 2, 0).squeeze(2).numpy()  # [h, w] or [h, w, 3]
            Image.fromarray(image, MODES[manifest.shape[0]]).save(draft / name, format="PNG")
        (draft / MANIFEST).write_text(json_text(manifest.model_dump()) + "\n", encoding="utf-8")


def save_safetensors(
    memory: ExemplarMemory, pixels: Pixels, path: str | Path, class_ids: Sequence[int] | None = None
) -> None:
    """Write exemplars as one safetensors file, every tensor bit for bit; a file that is there is replaced.

    It holds ``images``, ``origin``, ``labels``, ``rank``, ``mean`` and ``std``, and as metadata ``format``,
    ``version``, ``white``, ``pad``, ``flip``, ``storage`` and ``class_ids``.

    Args:
        memory: at least one exemplar, [n, c, h, w].
        pixels: the pixel space of the images.
        path: the file; its parent folders are made.
        class_ids: as for :func:`save_png`.

    Raises:
        ValueError: for input that cannot be written, naming the field, the value and what is allowed.
        IsADirectoryError: when the path is a folder.
    """
    memory = memory.whole()
    require_exemplars(memory, pixels)
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path = {path}: is a folder; must be a file, new or to be replaced")
    ids = checked_class_ids(memory, class_ids)
    with plain_errors("exemplars"):
        header = TensorHeader(
            white=pixels.white,
            pad=pixels.pad,
            flip=pixels.flip,
            class_ids=ids,
            storage=memory.storage,  # type: ignore[arg-type]  # any text: the header refuses what it does not know
        )
    # Copies, because safetensors refuses tensors that share memory, as images and origin do before any training.
    content = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in _tensors(memory, pixels).items()}
    header = header.model_copy(update={"checksum": header.digest(content)})
    metadata = {key: value if isinstance(value, str) else json.dumps(value) for key, value in header}
    with _whole(path) as draft, draft.open("wb") as file:
        file.write(safetensors_bytes(content, metadata))
        file.flush()
        os.fsync(file.fileno())  # the old file goes only when the new one is on the disk


def tensors_to_png(
    images: Tensor,
    labels: Tensor,
    mean: Tensor | Sequence[float],
    std: Tensor | Sequence[float],
    directory: str | Path,
    white: int = 255,
    names: Sequence[str] | None = None,
) -> None:
    """:func:`save_png` of plain tensors; images of a class are ranked in the order in which they come.

    Args:
        images: normalised float32, [n, c, h, w] with c = 1 or 3.
        labels: class of each, integers [n].
        mean: of the pixels scaled to [0, 1], c numbers.
        std: likewise; a normalised pixel is (pixel - mean) / std.
        directory: a new folder or an empty one.
        white: the largest raw pixel value; images are rounded to that many steps.
        names: the name of each class, by label; the label if None.

    Raises:
        ValueError, FileExistsError, NotADirectoryError: as :func:`save_png`.
    """
    save_png(*_from_tensors(images, labels, mean, std, white), directory, names=names)


def tensors_to_safetensors(
    images: Tensor,
    labels: Tensor,
    mean: Tensor | Sequence[float],
    std: Tensor | Sequence[float],
    path: str | Path,
    white: int = 255,
) -> None:
    """:func:`save_safetensors` of plain tensors, which are those of :func:`tensors_to_png` with any number of channels.

    Raises:
        ValueError, IsADirectoryError: as :func:`save_safetensors`.
    """
    save_safetensors(*_from_tensors(images, labels, mean, std, white), path)


# Reading


def load_png(directory: str | Path, device: str | torch.device = "cpu") -> tuple[ExemplarMemory, Pixels, list[int]]:
    """Read what :func:`save_png` wrote.

    Returns:
        The exemplars by class and then by rank, with storage ``uint8``, equal to what that would have kept,
        ``pixels.normalise(pixels.quantise(images))``. Their ``origin`` is the images themselves, so that displacement
        starts from 0. Then the pixel space, and the class ids by class position.

    Raises:
        FileNotFoundError: when the directory or its ``exemplars.json`` is not there.
        ValueError: when ``exemplars.json`` or an image is damaged or of another format, or files are missing or too
            many; names the file.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise FileNotFoundError(f"directory = {directory}: must be a folder that save_png wrote; there is none")
    path = directory / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{path}: is not there; a folder that save_png wrote has it")
    with plain_errors(path):
        manifest = parse_header(Manifest, path.read_text(encoding="utf-8"))
        require_channels(manifest.shape[0])
        mean, std = (torch.tensor(c, device=device)[:, None, None] for c in (manifest.mean, manifest.std))
        pixels = Pixels(mean, std, manifest.white, manifest.pad, manifest.flip)
        require_pixels(pixels, manifest.shape[0])
    files = manifest.files()
    _require_these_files(directory, {name for name, _, _ in files})
    raw = torch.stack([_read_png(directory / name, manifest) for name, _, _ in files])  # uint8 [n, c, h, w]
    position, rank = torch.tensor([[position, rank] for _, position, rank in files], device=device).unbind(1)
    with plain_errors(path):
        images = pixels.normalise(raw.to(device))
        memory = ExemplarMemory(images, images, position.contiguous(), rank.contiguous(), "uint8")
        require_exemplars(memory, pixels)
        ids = checked_class_ids(memory, manifest.class_ids)
        manifest.require_checksum({"raw": raw})
        return memory, pixels, ids


def load_safetensors(path: str | Path, device: str | torch.device = "cpu") -> tuple[ExemplarMemory, Pixels, list[int]]:
    """Read what :func:`save_safetensors` wrote: the memory bit for bit, its pixel space, and the class ids by position.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is damaged, or not of this format and version; names the file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path = {path}: must be a file that save_safetensors wrote; there is none")
    with plain_errors(path):
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            # Copies, because the tensors of safetensors are windows into the file, which may change under them.
            found = {name: file.get_tensor(name).clone().to(device) for name in sorted(file.keys())}
        text = {"format", "storage", "checksum"}
        values = {key: value if key in text else json.loads(value) for key, value in metadata.items()}
        header = parse_header(TensorHeader, json.dumps(values))
        names = {"images", "origin", "labels", "rank", "mean", "std"}
        if found.keys() != names:
            raise ValueError(f"tensors = {sorted(found)}: must be {sorted(names)}")
        pixels = Pixels(found["mean"], found["std"], header.white, header.pad, header.flip)
        own = {name: found[name] for name in ("images", "origin", "labels", "rank")}
        memory = ExemplarMemory(**own, storage=header.storage)
        require_exemplars(memory, pixels)
        ids = checked_class_ids(memory, header.class_ids)
        header.require_checksum(found)
        return memory, pixels, ids


def _read_png(path: Path, manifest: Manifest) -> Tensor:
    """The raw levels of one image, uint8 [c, h, w].

    Raises:
        ValueError: naming the file, when it is not a PNG of the manifest's shape and levels.
    """
    channels, height, width = manifest.shape
    mode = MODES[channels]
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if (image.mode, image.size) != (mode, (width, height)):
                actual = f"{image.mode}, {image.width} x {image.height}"
                raise ValueError(f"{path}: is {actual}; must be {mode}, {width} x {height}")
            image.verify()  # the checksums, which loading skips; it leaves the file closed
        with Image.open(path, formats=["PNG"]) as image:
            found = torch.from_numpy(np.array(image)).reshape(height, width, channels).permute(2, 0, 1)
    except (OSError, SyntaxError) as error:  # Pillow's, for what is no PNG or a damaged one
        raise ValueError(f"{path}: is no PNG that can be read: {error}") from error
    level_of = torch.full((256,), -1)
    level_of[greys(manifest.white).long()] = torch.arange(manifest.white + 1)
    levels = level_of[found.long()]
    if (levels < 0).any():
        grey = int(found[levels < 0][0])
        raise ValueError(
            f"{path}: holds the grey {grey}; must hold only the {manifest.white + 1} levels of white = "
            f"{manifest.white} spread over 0..255 (was it edited?)"
        )
    return levels.to(torch.uint8)


# Between memory and files


def _from_tensors(
    images: Tensor, labels: Tensor, mean: Tensor | Sequence[float], std: Tensor | Sequence[float], white: int
) -> tuple[ExemplarMemory, Pixels]:
    """A memory of plain tensors, each class ranked in the order in which its images come, and their pixel space."""
    if not isinstance(labels, Tensor):
        raise ValueError(f"labels: {type(labels).__name__}: must be a tensor of integers of shape [n]")
    if labels.is_floating_point() or labels.dtype == torch.bool or labels.dim() != 1:
        raise ValueError(f"labels: {kind(labels)}: must be integers of shape [n]")
    seen: Counter[int] = Counter()
    rank = []
    for label in labels.tolist():
        rank.append(seen[label])
        seen[label] += 1
    memory = ExemplarMemory(images, images, labels.long(), torch.tensor(rank, dtype=torch.int64, device=labels.device))
    of_channel = [_of_channel(name, values, images.device) for name, values in (("mean", mean), ("std", std))]
    return memory, Pixels(of_channel[0], of_channel[1], white, pad=0, flip=False)


def _of_channel(name: str, values: Tensor | Sequence[float], device: torch.device) -> Tensor:
    """One number for each channel, [c, 1, 1]; how many there must be is asked later."""
    try:
        return torch.as_tensor(values, dtype=torch.float32, device=device).reshape(-1, 1, 1)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} = {values!r}: must be numbers, one for each channel") from error


def _manifest(
    memory: ExemplarMemory, pixels: Pixels, class_ids: Sequence[int] | None, names: Sequence[str] | None
) -> Manifest:
    """What ``exemplars.json`` will hold."""
    channels, height, width = memory.images.shape[1:]
    require_channels(channels)
    ids = checked_class_ids(memory, class_ids)
    positions = sorted(set(memory.labels.tolist()))
    digits, folders = digits_of(positions), {}
    for position in positions:
        class_id = ids[position]
        if names is not None and class_id >= len(names):
            raise ValueError(f"names: {len(names)} of them: must have one for class id {class_id}")
        name = str(class_id) if names is None else names[class_id]
        with plain_errors(f"names: {name!r}"):
            folder = class_folder(f"{position:0{digits}d}-{name}")
        folders[folder] = sorted(memory.rank[memory.labels == position].tolist())
    with plain_errors("exemplars"):
        return Manifest(
            white=pixels.white,
            pad=pixels.pad,
            flip=pixels.flip,
            class_ids=ids,
            mean=pixels.mean.flatten().tolist(),
            std=pixels.std.flatten().tolist(),
            shape=(channels, height, width),
            folders=folders,
        )


def _tensors(memory: ExemplarMemory, pixels: Pixels) -> dict[str, Tensor]:
    """Every tensor of the two, by the name that it has in a safetensors file."""
    own = {name: getattr(memory, name) for name in ("images", "origin", "labels", "rank")}
    return own | {"mean": pixels.mean, "std": pixels.std}


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A path in a temporary folder beside the target, moved there once the block has ended well."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".exemplars.") as aside:
        draft = Path(aside) / target.name
        yield draft
        if not target.is_dir():
            draft.replace(target)
            return
        for part in sorted(draft.iterdir()):  # into the empty folder that is there, in which a process may be at work
            part.replace(target / part.name)


def _require_room(directory: Path) -> None:
    """Raise an OSError where something is there already, so that no two sets of exemplars mix."""
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(f"directory = {directory}: is a file; must be a new folder or an empty one")
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"directory = {directory}: is not empty; must be a new folder or an empty one")


def _require_these_files(directory: Path, wanted: set[str]) -> None:
    """Raise ValueError where the folders of the classes hold other files than the manifest says; hidden ones may."""
    inside = (path.relative_to(directory) for path in directory.glob("*/**/*") if path.is_file())
    found = {path.as_posix() for path in inside if not any(part.startswith(".") for part in path.parts)}
    for names, what in ((wanted - found, "is missing"), (found - wanted, f"is not in {MANIFEST}")):
        if names:
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            raise ValueError(f"{directory / min(names)}: {what}{more}; the folder must be as save_png wrote it")
