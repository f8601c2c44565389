"""The ledger of claims: sentences of the book that rest on committed records, each with the rule that makes it true.

What a study compares is said by :mod:`mnemonics_lib.edition.studies.outcome`. Here are the sentences that say more than
one difference does. A page says them by name, so that none can outlive its numbers.
"""

from mnemonics_lib.edition.claims.claim import Claim, ClaimError
from mnemonics_lib.edition.claims.ledger import LEDGER, claim, said

__all__ = ["LEDGER", "Claim", "ClaimError", "claim", "said"]
