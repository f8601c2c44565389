"""Whether a mean difference may be chance: an exact test by the signs of the pairs, for any distribution.

Where two arms do not differ, the difference of a pair might as well have had the other sign. So signs are turned round
in all ways, and counted is in how many of them the mean is as far from 0 as it is, or farther.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 15
"""Values of which all flips are gone through: 32,768."""

ROUNDING = 1e-12
"""Of a sum, relative to its largest: one that is equal may come out smaller by so much, and counts all the same."""


def sign_flips(values: Sequence[float]) -> float:
    """Two-sided p of the mean, over all flips of signs.

    Args:
        values: differences of independent pairs, one to :data:`MOST`.

    Returns:
        The share of the ``2 ** n`` flips whose mean is as far from 0 as that of the values or farther. It is 1 where
        the mean is 0, and never below ``2 / 2 ** n``: five values that are all above 0 have 0.0625.

    Raises:
        ValueError: for no values, more than :data:`MOST`, or one that is no finite number.
    """
    x = np.asarray(values, dtype=float)
    if not 1 <= len(x) <= MOST or not np.isfinite(x).all():
        raise ValueError(f"values = {x.tolist()}: must be 1 to {MOST} numbers, all of them finite")
    signs = 1 - 2 * (np.arange(2 ** len(x))[:, None] >> np.arange(len(x)) & 1)  # a row for each flip
    sums = np.abs(signs @ x)
    return float(np.mean(sums >= abs(x.sum()) - ROUNDING * np.abs(x).sum()))
