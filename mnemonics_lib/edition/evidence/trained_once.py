"""Settings and runs whose trainings of exemplars are not those of others: iCaRL trains as LwF does."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def pairs_trained_once(pairs: Sequence[PairedRuns]) -> list[PairedRuns]:
    """Settings without iCaRL's where LwF's are there: the two train in the same way."""
    names = {pair.name for pair in pairs}
    return [pair for pair in pairs if "iCaRL" not in pair.name or pair.name.replace("iCaRL", "LwF") not in names]


def trained_once(pairs: Sequence[PairedRuns]) -> list[Record]:
    """The records of the arms with trained exemplars, without iCaRL's where LwF's are there.

    The two differ in how they classify, and train in the same way: counted twice, such trainings would pass for more
    than there are.
    """
    return [record for pair in pairs_trained_once(pairs) for record in pair.first.values()]
