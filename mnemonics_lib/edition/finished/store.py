"""The file of a study's finished loops, ``loops.safetensors`` beside its records: tensors, and what they are as JSON.

A tensor that two loops have, such as those of Theta_0, is in it once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from safetensors import safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from mnemonics_lib.durable.commit import CodeVersion
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.provenance import Environment, Identity
from mnemonics_lib.durable.syntax import sha256
from mnemonics_lib.edition.finished.loops import Described
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.exemplars.file_format import Checked, parse_header, plain_errors

NAME = "loops.safetensors"
TENSOR = "tensor:"
"""What a string begins with that stands for a tensor, by its name in the file."""


class FinishedError(ReportedError, ValueError):
    """Finished work that is not there or cannot be used. The message names the file and the command that makes it."""


class FinishedLoop(NamedTuple):
    """A loop that was walked to its end: what it was made from, and the state at the end."""

    described: Described
    state: dict[str, Any]


class Header(Checked):
    """What the file says beside its tensors.

    Attributes:
        study: whose configuration the loops have.
        identity: of the study's run of trained exemplars, whose configuration the loops were made with.
        code: the commit that made the loops.
        environment: what they were made under.
        loops: name, settings, start and state of each, with strings in the place of tensors.
        checkpoint: of that run after its last phase, likewise.
    """

    format: Literal["mnemonics finished loops"] = "mnemonics finished loops"
    version: Literal[1] = 1
    study: str
    identity: Identity
    code: dict[str, str | bool | None]
    environment: Environment
    loops: list[dict[str, Any]]
    checkpoint: dict[str, Any]


class Store(NamedTuple):
    """The content of the file."""

    header: Header
    loops: list[FinishedLoop]
    checkpoint: dict[str, Any]


def write_store(
    path: Path,
    study: str,
    identity: Identity,
    made_by: tuple[CodeVersion, Environment],
    loops: Sequence[FinishedLoop],
    checkpoint: dict[str, Any],
) -> None:
    """Write the file, whole or not at all.

    Args:
        path: the file.
        study: the study's name.
        identity: of its run of trained exemplars.
        made_by: the commit and the environment.
        loops: what is kept.
        checkpoint: the content of that run's last checkpoint, plain values and tensors.
    """
    tensors: dict[str, Tensor] = {}
    listed = [_plain(each, tensors) for each in loops]
    header = Header(
        study=study,
        identity=identity,
        code={"commit": made_by[0]["commit"], "dirty": made_by[0]["dirty"]},
        environment=made_by[1],
        loops=listed,
        checkpoint=taken_out(checkpoint, tensors),
    )
    header = header.model_copy(update={"checksum": header.digest(tensors)})
    content = safetensors_bytes(tensors, {"header": header.model_dump_json()})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: file.write(content))


def read_store(path: Path) -> Store:
    """Read it back.

    Raises:
        FinishedError: for a file that is not there, is damaged, or is not of this format and version.
    """
    if not path.is_file():
        raise FinishedError(f"{path}: not there")
    try:
        with plain_errors(path), safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name).clone() for name in sorted(file.keys())}
            header = parse_header(Header, (file.metadata() or {}).get("header", "null"))
            header.require_checksum(tensors)
    except ValueError as error:
        raise FinishedError(str(error)) from None
    return Store(header, [_loop(each, tensors) for each in header.loops], put_back(header.checkpoint, tensors))


def taken_out(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Plain values with a string in the place of each tensor, which goes to ``tensors`` under what it holds.

    Raises:
        TypeError: for what is neither, and for a key that is no string.
    """
    if isinstance(value, Tensor):
        whole = value.detach().cpu().contiguous()
        name = sha256([str(whole.dtype), list(whole.shape), whole.flatten().tolist()])[:20]
        tensors.setdefault(name, whole.clone())
        return f"{TENSOR}{name}"
    if isinstance(value, dict):
        if wrong := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"{wrong[0]!r}: must be a string, as keys of JSON are")
        return {key: taken_out(each, tensors) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [taken_out(each, tensors) for each in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"{type(value).__name__}: must be a tensor or a plain value")


def put_back(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The opposite; a tuple has become a list."""
    if isinstance(value, str) and value.startswith(TENSOR):
        return tensors[value.removeprefix(TENSOR)]
    if isinstance(value, dict):
        return {key: put_back(each, tensors) for key, each in value.items()}
    if isinstance(value, list):
        return [put_back(each, tensors) for each in value]
    return value


def write_loop(path: Path, loop: FinishedLoop) -> None:
    """One loop, for the process that gathers them."""
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_plain(loop, tensors))
    content = safetensors_bytes(tensors, {"loop": text})
    write_atomically(path, lambda file: file.write(content))


def read_loop(path: Path) -> FinishedLoop:
    """The same one back."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name).clone() for name in sorted(file.keys())}
        each = json.loads(file.metadata()["loop"])
    return _loop(each, tensors)


def _plain(loop: FinishedLoop, tensors: dict[str, Tensor]) -> dict[str, Any]:
    return {**loop.described._asdict(), "state": taken_out(loop.state, tensors)}


def _loop(plain: dict[str, Any], tensors: dict[str, Tensor]) -> FinishedLoop:
    described = Described(plain["name"], plain["settings"], plain["start"])
    return FinishedLoop(described, put_back(plain["state"], tensors))
