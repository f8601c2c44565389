"""All claims, by name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from mnemonics_lib.edition.claims import of_search
from mnemonics_lib.edition.claims.claim import Claim, ClaimError
from mnemonics_lib.paths import RECORDS

LEDGER: dict[str, Claim] = {each.name: each for each in of_search.CLAIMS}


def claim(name: str) -> Claim:
    """The claim of this name.

    Raises:
        ClaimError: where the ledger has none.
    """
    if name not in LEDGER:
        near = get_close_matches(name, LEDGER, 1)
        hint = f" (did you mean {near[0]}?)" if near else f"; there are {', '.join(LEDGER)}"
        raise ClaimError(f"claim = {name!r}: is not in the ledger{hint}")
    return LEDGER[name]


def said(*names: str, records: Path = RECORDS) -> str:
    """What the records allow to be said of these claims, one sentence after the other.

    Raises:
        ClaimError: for a name that the ledger does not have, and for records that are not there.
    """
    return " ".join(claim(name).said(records) for name in names)
