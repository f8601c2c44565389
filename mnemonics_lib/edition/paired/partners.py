"""What two runs must have in common for their difference to be that of a pair."""

from __future__ import annotations

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.records.settings import differing, settings, told
from mnemonics_lib.errors import ReportedError

PARTNERS = ("dataset", "resolution", "phases", "order_seed", "classes")
"""What two runs of one seed must have in common: the same classes of the same images, arriving in as many steps."""


class PairError(ReportedError, ValueError):
    """Two arms whose seeds are no partners. The message names the runs, the fields and their values."""


def refuse_strangers(one: Record, other: Record, names: tuple[object, object]) -> None:
    """Refuse two runs that are no pair.

    Args:
        one: a record.
        other: that of the same seed in another arm.
        names: what a reader knows the two by.

    Raises:
        PairError: for two that differ in one of ``PARTNERS``.
    """
    found = differing(settings(one.config), settings(other.config))
    strange = {name: found[name] for name in PARTNERS if name in found}
    if strange:
        first, second = names
        raise PairError(f"{first} and {second}: {told(strange)}: must be equal where seed {one.seed} is to be a pair")
