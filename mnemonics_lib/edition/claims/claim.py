"""One claim: a sentence, the records it rests on, and the rule that makes it true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import RECORDS


class ClaimError(ReportedError, ValueError):
    """A claim that is not in the ledger, or whose records are not there. The message names it."""


class Finding(NamedTuple):
    """What the records say of a claim.

    Attributes:
        holds: whether its rule is met.
        numbers: those that decide, as text; empty where the sentence has no use for them.
    """

    holds: bool
    numbers: str


@dataclass(frozen=True)
class Claim:
    """A sentence about committed records, which is said as long as its rule holds.

    Attributes:
        name: by which a page says it.
        rests_on: the records, as a path under ``book/records``.
        rule: what must be so, in words.
        sentence: what is said where the rule holds.
        otherwise: what is said where it does not.
        look: reads the records under a folder and says what is found.
    """

    name: str
    rests_on: str
    rule: str
    sentence: str
    otherwise: str
    look: Callable[[Path], Finding]

    def finding(self, records: Path = RECORDS) -> Finding:
        """What the records say.

        Raises:
            ClaimError: where they are not there.
        """
        if not (records / self.rests_on).exists():
            raise ClaimError(f"claim {self.name!r}: rests on {self.rests_on}, which is not in {records}")
        return self.look(records)

    def said(self, records: Path = RECORDS) -> str:
        """The sentence that the records allow, with the numbers that decide behind it.

        Raises:
            ClaimError: as :meth:`finding`.
        """
        holds, numbers = self.finding(records)
        sentence = self.sentence if holds else self.otherwise
        return f"{sentence} ({numbers})." if numbers else f"{sentence}."
