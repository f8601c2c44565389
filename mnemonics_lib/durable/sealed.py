"""Binary files that know what they are, and notice when a bit of them has changed.

PyTorch does not compare the checksums that its files have. A sealed file is the bytes of ``torch.save``, behind a line
with their SHA-256. They hold the kind of file and its key beside the content, so that a file of another run, or one
that was renamed, is not mistaken for the one that was asked for.

The exemplars of ImageNet are gigabytes: they go from memory to the file and back without a second copy of them.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

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
    whole = {"form": FORM, "kind": kind, "key": dict(key), "content": dict(content)}

    def write(file: IO[bytes]) -> None:
        file.write(bytes(DIGEST) + b"\n")  # room for the digest, which is known in the end
        body = Summed(file)
        torch.save(whole, cast(IO[bytes], body))  # which asks for no more than it has
        if body.error is not None:
            raise body.error
        file.seek(0)
        file.write(body.digest.hexdigest().encode())

    write_atomically(path, write)


class Summed:
    """A file that is written to, and the SHA-256 of what was written.

    Args:
        file: where it goes.

    Attributes:
        digest: of it.
        error: why the file system has refused some of it, None where it has not: raised inside of ``torch.save`` it
            would come out as another one, which does not say so. What is written after it is lost.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write some bytes, and say how many."""
        if self.error is None:
            try:
                self.file.write(data)
                self.digest.update(data)
            except OSError as error:
                self.error = error
        return len(data)

    def flush(self) -> None:
        """``torch.save`` asks for it; who opened the file does it."""


class Body(io.RawIOBase):
    """What a file has from some place on, as a file that is read.

    Args:
        file: open for reading.
        start: the place.
    """

    def __init__(self, file: IO[bytes], start: int) -> None:
        self.file, self.start = file, start
        file.seek(start)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as there is something left, and say how far."""
        return self.file.readinto(buffer)  # type: ignore[attr-defined]  # a file that open() gives has it

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, and say which it is."""
        return self.file.seek(place + self.start if whence == os.SEEK_SET else place, whence) - self.start

    def tell(self) -> int:
        """The place."""
        return self.file.tell() - self.start


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
    with path.open("rb") as file:
        head = file.read(DIGEST + 1)
        if head[:4] == b"PK\x03\x04":
            raise UnsealedError("of an older version of the library")
        if head != hashlib.file_digest(file, "sha256").hexdigest().encode() + b"\n":
            size = os.fstat(file.fileno()).st_size
            raise SealError(f"damaged, or not written by this version of the library ({size:,} bytes)")
        try:
            whole = torch.load(cast(IO[bytes], Body(file, len(head))), map_location="cpu", weights_only=True)
        except Exception as error:  # torch.load raises nearly anything for what is not its own
            raise SealError(f"holds more than plain values and tensors ({error})") from error
    if not isinstance(whole, dict) or whole.keys() != {"form", "kind", "key", "content"}:
        raise SealError("not a file of this library")
    if (whole["form"], whole["kind"]) != (FORM, kind):
        raise SealError(f"a {whole['kind']} of form {whole['form']!r}: must be a {kind} of form {FORM}")
    return whole["key"], whole["content"]
