"""How a record's numbers are written: exactly, in few bytes, and where that is possible in words that a diff can show.

* A list of numbers takes one line, a short matrix one line a row.
* A column that was logged in float32 is written with the fewest decimals that give the same float32 back.
* A list of more than :data:`LONGEST_LIST` numbers, and a matrix of more than :data:`LARGEST_MATRIX` rows, would fill
  pages that nobody reads. It is one string instead, of the form ``zlib85 TYPE SHAPE DATA``, for example
  ``zlib85 uint8 50x50 c-nJL@m~3...``.

The data of such a string are little-endian and in row order. Their first bytes stand together, then their second
bytes, and so on (HDF5's "shuffle" filter), because the bytes that say the size of a number repeat where the others do
not. Then zlib compresses them, and base85 (RFC 1924, Python's ``base64.b85encode``) makes them text.
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST_LIST = 16
"""Most numbers of a loss or of a log that are written out."""

LARGEST_MATRIX = 12
"""Most rows of a matrix that is written out."""

TYPES = ("uint8", "uint16", "uint32", "uint64", "float32", "float64")

_PACKED = re.compile(rf"zlib85 ({'|'.join(TYPES)}) (\d+(?:x\d+)*) (\S+)")


def pack(array: npt.NDArray[Any]) -> str:
    """An array of one of :data:`TYPES` as a string; :func:`unpack` gives the same numbers back."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    planes = np.frombuffer(little.tobytes(), np.uint8).reshape(-1, little.itemsize).T.tobytes()
    # Small counts are frequent but hardly repeat in sequences: a code by frequency alone (Huffman) is often shorter.
    data = min((_deflate(planes, how) for how in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)), key=len)
    shape = "x".join(map(str, array.shape))
    return f"zlib85 {array.dtype.name} {shape} {base64.b85encode(data).decode()}"


def _deflate(data: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return compressor.compress(data) + compressor.flush()


def unpack(text: str) -> npt.NDArray[Any]:
    """The array that :func:`pack` made a string of.

    Raises:
        ValueError: for any other string, or a damaged one.
    """
    match = _PACKED.fullmatch(text)
    if not match:
        raise ValueError("must be numbers, or a string 'zlib85 TYPE SHAPE DATA'")
    dtype = np.dtype(match[1]).newbyteorder("<")
    shape = tuple(map(int, match[2].split("x")))
    try:
        planes = zlib.decompress(base64.b85decode(match[3]))
    except (ValueError, zlib.error) as error:
        raise ValueError(f"must be numbers, or base85 of zlib data, which this is not ({error})") from None
    if len(planes) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"must hold {match[2]} numbers of type {match[1]}, not {len(planes)} bytes")
    data = np.frombuffer(planes, np.uint8).reshape(dtype.itemsize, -1).T.tobytes()
    return np.frombuffer(data, dtype).reshape(shape)


def plain(value: Any) -> Any:
    """What stands in a file, as lists of numbers; anything but a string is that already."""
    return unpack(value).tolist() if isinstance(value, str) else value


def column(values: Sequence[float]) -> list[float] | str:
    """A list of float64 as it is written."""
    return list(values) if len(values) <= LONGEST_LIST else pack(np.asarray(values, np.float64))


def single(value: float) -> float:
    """The number with the fewest decimals of those that are ``value`` in float32."""
    return float(str(np.float32(value)))


def single_column(values: Sequence[float]) -> list[float] | str:
    """A column of float32 as it is written."""
    if len(values) <= LONGEST_LIST:
        return [single(value) for value in values]
    return pack(np.asarray(values, np.float32))


def matrix(counts: Sequence[Sequence[int]]) -> list[list[int]] | str:
    """A matrix of counts as it is written."""
    if len(counts) <= LARGEST_MATRIX:
        return [list(row) for row in counts]
    array = np.asarray(counts, np.uint64)
    return pack(array.astype(np.min_scalar_type(array.max())))


def to_text(value: Any) -> str:
    """JSON with a line for each field, each list of plain values, and each row of a matrix; NaN is refused.

    Raises:
        ValueError: for NaN and infinity, which JSON does not have.
    """
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    """The lines of one value, the first without its indentation: what it belongs to stands before it."""
    nested = isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value)
    if not value or not (nested or isinstance(value, dict)):
        yield json.dumps(value, allow_nan=False)
        return
    opening, closing = "[]" if nested else "{}"
    items = [("", item) for item in value] if nested else [(f"{json.dumps(key)}: ", of) for key, of in value.items()]
    yield opening
    for position, (name, item) in enumerate(items, start=1):
        first, *others = _lines(item, indent + " ")
        *above, last = [f"{indent} {name}{first}", *others]
        yield from above
        yield last + ("," if position < len(items) else "")
    yield indent + closing
