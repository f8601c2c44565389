"""What the files of exemplars say beside the images, and what must hold of exemplars written or read.

Used by :mod:`mnemonics_lib.exemplars.files`, which writes and reads them, and in part by the other files of images.
"""

from __future__ import annotations

import hashlib
import json
import operator
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal, TypeVar

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from mnemonics_lib.config.shown import shown
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.wording import kind
from mnemonics_lib.exemplars.memory import ExemplarMemory

MANIFEST = "exemplars.json"
VERSION: Final = 2
LIMIT = 10**6  # no class position, class id or rank is larger; a file that says so is damaged
MODES = {1: "L", 3: "RGB"}  # channels of a PNG -> what Pillow calls it

# Names become folders on every system, so what Windows or a path forbids is out: / \ : * ? " < > |, a last dot.
_FOLDER = re.compile(r"[0-9]{3,7}-[\w .,'()&+-]*[\w)'+-]")
_FOLDER_RULE = "letters, digits, spaces and _ . , ' ( ) & + -, no space or dot at the end, at most 200 bytes"


def class_folder(text: str) -> str:
    """``text`` where it can be the folder of a class on every system."""
    if not _FOLDER.fullmatch(text) or len(text.encode()) > 200:
        raise ValueError(f"must be the name of a folder on every system: {_FOLDER_RULE}")
    return text


def _distinct(numbers: list[int]) -> list[int]:
    """``numbers`` where none stands there twice."""
    if len(set(numbers)) < len(numbers):
        raise ValueError("must not repeat a number")
    return numbers


Natural = Annotated[int, Field(ge=0, le=LIMIT)]
Numbers = Annotated[list[Natural], Field(min_length=1), AfterValidator(_distinct)]


class Checked(BaseModel):
    """What a file says beside its tensors, with a checksum of both; of each format there is a class of its own."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: str
    version: int
    checksum: str = ""

    def digest(self, tensors: Mapping[str, Tensor]) -> str:
        """SHA-256 (hex) of all other fields, and of tensors that belong to them."""
        values = self.model_dump(mode="json", exclude={"checksum"})
        found = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
        for name in sorted(tensors):
            tensor = tensors[name].detach().cpu().contiguous()
            found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
            found.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
        return found.hexdigest()

    def require_checksum(self, tensors: Mapping[str, Tensor]) -> None:
        """Raise ValueError where a field or a tensor is not what was written."""
        due = self.digest(tensors)
        if self.checksum != due:
            raise ValueError(f"checksum = {self.checksum!r}: must be {due!r}: the file was changed or damaged")


class Header(Checked):
    """What both kinds of file say beside the images."""

    format: Literal["mnemonics exemplars"] = "mnemonics exemplars"
    version: Literal[2] = VERSION
    white: Annotated[int, Field(ge=1, le=255)]
    pad: Natural
    flip: bool
    class_ids: Numbers


class TensorHeader(Header):
    """The metadata of a safetensors file."""

    storage: Literal["float32", "uint8"]


class Manifest(Header):
    """``exemplars.json``: with it the folder explains itself. ``folders`` maps each folder to the ranks in it."""

    mean: list[FiniteFloat]
    std: list[FiniteFloat]
    shape: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
    folders: Annotated[dict[Annotated[str, AfterValidator(class_folder)], Numbers], Field(min_length=1)]

    def files(self) -> list[tuple[str, int, int]]:
        """Relative path, class position and rank of every image, by class and then by rank.

        Positions and ranks are padded with zeros, so that the order of the paths, which ``ImageFolder`` goes by, is the
        order of the exemplars.
        """
        digits = digits_of(rank for ranks in self.folders.values() for rank in ranks)
        found = [
            (f"{folder}/{rank:0{digits}d}.png", int(folder.partition("-")[0]), rank)
            for folder, ranks in self.folders.items()
            for rank in ranks
        ]
        return sorted(found, key=operator.itemgetter(1, 2))


def greys(white: int) -> Tensor:
    """The grey 0..255 that shows each level 0..white, uint8 [white + 1]; no two levels share one, as white <= 255."""
    return ((510 * torch.arange(white + 1) + white) // (2 * white)).to(torch.uint8)


def digits_of(numbers: Iterable[int]) -> int:
    """How many digits to write numbers with, at least 3, so that their text sorts as they do."""
    return max(3, len(str(max(numbers))))


def json_text(value: Any, indent: str = "") -> str:
    """JSON with a line for each key and lists on one line, so that a person can read it."""
    if not isinstance(value, dict):
        return json.dumps(value)
    rows = [f"{indent}  {json.dumps(key)}: {json_text(item, indent + '  ')}" for key, item in value.items()]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


H = TypeVar("H", bound=Checked)


def parse_header(model: type[H], text: str) -> H:
    """The header that ``text`` holds, its version looked at first: another one may have any fields."""
    values = json.loads(text)
    version = values.get("version") if isinstance(values, dict) else None
    due = model.model_fields["version"].default
    if version != due:
        raise ValueError(f"version = {version!r}: must be {due}, the one that this library reads")
    return model.model_validate_json(text)


@contextmanager
def plain_errors(subject: object) -> Iterator[None]:
    """Errors of the block as a ValueError that names the subject, the field, what it holds and what is allowed."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        # Where a field is missing, the input is all the others.
        found = "" if first["type"] == "missing" else f" = {shown(first['input'])}"
        raise ValueError(f"{subject}: {field}{found}: {first['msg']}") from error
    except (ValueError, SafetensorError) as error:
        raise ValueError(f"{subject}: {error}") from error


def require_exemplars(memory: ExemplarMemory, pixels: Pixels) -> None:
    """Raise ValueError where the tensors are not those of at least one exemplar, naming the first that is wrong."""
    images = memory.images
    if images.dtype != torch.float32 or images.dim() != 4 or not images.numel():
        raise ValueError(f"images: {kind(images)}: must be torch.float32 of shape [n, c, h, w], at least one of each")
    for name in ("labels", "rank"):
        tensor = getattr(memory, name)
        if tensor.dtype != torch.int64 or tensor.shape != images.shape[:1]:
            raise ValueError(
                f"{name}: {kind(tensor)}: must be torch.int64 of shape [{len(images)}], one for each image"
            )
        if tensor.min() < 0 or tensor.max() > LIMIT:
            raise ValueError(f"{name}: holds {int(tensor.min())} to {int(tensor.max())}: must be 0 to {LIMIT}")
    if memory.origin.dtype != torch.float32 or memory.origin.shape != images.shape:
        raise ValueError(f"origin: {kind(memory.origin)}: must be as images are, {kind(images)}")
    for name in ("images", "origin"):
        if not getattr(memory, name).isfinite().all():
            raise ValueError(f"{name}: holds NaN or infinity: must be finite")
    (key, count), *_ = Counter(class_and_rank(memory)).most_common(1)
    if count > 1:
        raise ValueError(f"rank: {count} exemplars of class {key[0]} have rank {key[1]}: must have a rank of their own")
    require_pixels(pixels, images.shape[1])


def require_pixels(pixels: Pixels, channels: int) -> None:
    """Raise ValueError where mean or std is not one number for each channel."""
    for name in ("mean", "std"):
        tensor = getattr(pixels, name)
        if tensor.dtype != torch.float32 or tensor.shape != (channels, 1, 1):
            wanted = f"torch.float32 of shape [{channels}, 1, 1], one number for each channel"
            raise ValueError(f"{name}: {kind(tensor)}, {tensor.flatten().tolist()[:4]}: must be {wanted}")


def require_channels(channels: int) -> None:
    """Raise ValueError where a PNG cannot hold so many channels."""
    if channels not in MODES:
        raise ValueError(f"images: {channels} channels: a PNG of ours holds 1 (grey) or 3 (red, green, blue)")


def checked_class_ids(memory: ExemplarMemory, class_ids: Sequence[int] | None) -> list[int]:
    """The data set's id of each class position, checked; positions themselves if None."""
    classes = int(memory.labels.max()) + 1
    try:
        ids = list(range(classes)) if class_ids is None else [operator.index(c) for c in class_ids]
    except TypeError as error:
        raise ValueError(f"class_ids = {class_ids}: must be integers, one for each class position") from error
    if len(ids) < classes:
        raise ValueError(f"class_ids: {len(ids)} of them: must be at least {classes}, one for each class position")
    if len(set(ids)) < len(ids) or min(ids) < 0 or max(ids) > LIMIT:
        raise ValueError(f"class_ids = {shown(ids)}: must be distinct, and 0 to {LIMIT} each")
    return ids


def class_and_rank(memory: ExemplarMemory) -> list[tuple[int, int]]:
    """Class position and rank of each exemplar, which name it."""
    return list(zip(memory.labels.tolist(), memory.rank.tolist(), strict=True))
