"""Settings and runs whose trainings of exemplars are not those of others: iCaRL trains as LwF does."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

T = TypeVar("T")


def once(found: Iterable[T], setting: Callable[[T], tuple[str, Hashable]]) -> list[T]:
    """Without iCaRL's where LwF's of the same setting are there: they are the same trainings.

    Two machines may have rounded them differently, so that they cannot be told by their numbers.

    Args:
        found: whatever has a method.
        setting: of one of them, its method's name, and what else it was trained with.
    """
    found = list(found)
    lwf = {rest for method, rest in map(setting, found) if method == NAMES["lwf"]}

    def repeats(method: str, rest: Hashable) -> bool:
        return method == NAMES["icarl"] and rest in lwf

    return [each for each in found if not repeats(*setting(each))]


def pairs_trained_once(pairs: Sequence[PairedRuns]) -> list[PairedRuns]:
    """Settings, named as in ``LwF, 5 a class``, without iCaRL's where LwF's are there."""

    def setting(pair: PairedRuns) -> tuple[str, str]:
        method, _, rest = pair.name.partition(", ")
        return method, rest

    return once(pairs, setting)


def trained_once(pairs: Sequence[PairedRuns]) -> list[Record]:
    """The records of the arms with trained exemplars, without iCaRL's where LwF's are there.

    The two differ in how they classify, and train in the same way: counted twice, such trainings would pass for more
    than there are.
    """
    return [record for pair in pairs_trained_once(pairs) for record in pair.first.values()]
