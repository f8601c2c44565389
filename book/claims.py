# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The ledger of claims
#
# What this book says of committed records, it says in words that the records
# decide. A difference between two arms of a study is worded by its interval:
# *shown to be higher*, *shown to be lower*, *no difference shown*. Sentences
# that say more than one difference does are kept in a ledger, each with the
# records it rests on and the rule that makes it true. A page asks for a
# sentence by name, so that it cannot outlive its numbers; the tests change the
# numbers, and look whether the sentence changes with them.

# %% tags=["remove-input"] sources=["book/records/search.json"]
from mnemonics_lib.edition.claims import LEDGER
from mnemonics_lib.edition.shown import show

show(
    {
        "the book says": each.said(),
        "as long as": f"{each.rule}.",
        "it rests on": f"`book/records/{each.rests_on}`",
    }
    for each in LEDGER.values()
)
