"""What a method says it has found in a phase, looked at in that phase: a record takes nothing but finite numbers."""

from __future__ import annotations

from numbers import Real

from mnemonics_lib.divergence import NonFiniteError, require_finite
from mnemonics_lib.methods.base import Method


def reported(method: Method) -> dict[str, float]:
    """The numbers that a method has found in a phase, by name.

    They must be finite at every call, also at the one before a phase is fine-tuned. They come as Python's own floats,
    because a checkpoint refuses those of other libraries.

    Raises:
        TypeError: for a value that is no number.
        NonFiniteError: for NaN, infinity, and a number that is too large for a float.
    """
    found: dict[str, float] = {}
    for name, value in method.report().items():
        field = f"{type(method).__name__}.report(): {name}"
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{field} = {value!r}: must be a number")
        try:
            found[name] = float(value)
        except OverflowError as error:  # of an integer or a fraction, which would be hundreds of digits in a message
            raise NonFiniteError(f"{field} is too large for a float: must be finite") from error
        require_finite({field: found[name]})
    return found
