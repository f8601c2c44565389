"""Numbers that are not finite: nothing that is computed from them means anything, so the work stops there."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mnemonics_lib.errors import ReportedError


class NonFiniteError(ReportedError, ValueError):
    """NaN or infinity where a number was due. The message names the field and what it holds."""

    status = 3


class DivergedError(NonFiniteError):
    """A loop that came upon NaN or infinity. The message names the loop, the step, the field and what it holds."""


def require_finite(values: Mapping[str, float]) -> None:
    """Stop at the first number that is not finite.

    Numbers of a device must be read to be asked about, so loops ask once an epoch or outer step, and not inside.

    Args:
        values: by field.

    Raises:
        NonFiniteError: naming the field.
    """
    for field, value in values.items():
        if not math.isfinite(value):
            raise NonFiniteError(f"{field} = {value}: must be finite")
