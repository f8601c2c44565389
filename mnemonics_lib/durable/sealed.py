"""Binary files that know what they are, and notice when a bit of them has changed.

PyTorch does not compare the checksums that its files have. A sealed file is the bytes of ``torch.save``, behind a line
with their SHA-256. They hold the kind of file and its key beside the content, so that a file of another run, or one
that was renamed, is not mistaken for the one that was asked for.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.durable.files import write_atomically

FORM = 1
"""Counts the forms that these files have had; a file of another one is refused."""

DIGEST = 64
"""Hexadecimal digits of a SHA-256."""


class SealError(ValueError):
    """A file that cannot be taken for what it should be. The message says why, and does not name the file."""


class UnsealedError(SealError):
    """A file of ``torch.save`` without a seal, as the library left them before: of another version, and not damaged."""


def write_sealed(path: Path, kind: str, key: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Write a sealed file, whole or not at all.

    Args:
        path: the file.
        kind: what it is, in a word.
        key: what it belongs to, as JSON values.
        content: plain values and tensors.
    """
    body = io.BytesIO()
    torch.save({"form": FORM, "kind": kind, "key": dict(key), "content": dict(content)}, body)
    data = body.getbuffer()
    digest = hashlib.sha256(data).hexdigest().encode()
    write_atomically(path, lambda file: file.writelines([digest, b"\n", data]))


def read_sealed(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The key and the content of a sealed file, whose tensors come on the host, wherever they were when it was written.

    A device may have no room for all of them, least of all for exemplars that the host holds. Who takes the content
    puts each part where it belongs.

    Args:
        path: the file.
        kind: what it must be.

    Raises:
        SealError: for a file that is damaged, or is something else.
        UnsealedError: for one of an older version.
        OSError: for one that cannot be read.
    """
    data = memoryview(path.read_bytes())
    if bytes(data[:4]) == b"PK\x03\x04":
        raise UnsealedError("of an older version of the library")
    found, end, body = bytes(data[:DIGEST]), bytes(data[DIGEST : DIGEST + 1]), data[DIGEST + 1 :]
    if end != b"\n" or found != hashlib.sha256(body).hexdigest().encode():
        raise SealError(f"damaged, or not written by this version of the library ({len(data):,} bytes)")
    try:
        whole = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises nearly anything for what is not its own
        raise SealError(f"holds more than plain values and tensors ({error})") from error
    if not isinstance(whole, dict) or whole.keys() != {"form", "kind", "key", "content"}:
        raise SealError("not a file of this library")
    if (whole["form"], whole["kind"]) != (FORM, kind):
        raise SealError(f"a {whole['kind']} of form {whole['form']!r}: must be a {kind} of form {FORM}")
    return whole["key"], whole["content"]
