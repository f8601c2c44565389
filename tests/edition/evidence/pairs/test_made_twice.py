"""Verdicts that changed are told by the way in which they did."""

import pytest

from mnemonics_lib.edition.evidence.pairs.made_twice import changed_verdicts
from mnemonics_lib.edition.paired.intervals import interval

ABOVE, BELOW, ACROSS, FEW = (interval(v) for v in ([1.0, 1.1, 1.2], [-1.0, -1.1, -1.2], [-1.0, 0.1, 1.0], [1.0, 1.1]))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "0 of 0 verdicts changed: 0 are clear of zero the second time alone, 0 are so the first"),
        ([(ABOVE, ABOVE), (ACROSS, ACROSS)], "0 of 2 verdicts changed"),
        ([(ACROSS, ABOVE), (ACROSS, BELOW)], "2 of 2 verdicts changed: 2 are clear of zero the second time alone, 0"),
        ([(ABOVE, ACROSS)], "1 of 1 verdicts changed: 0 are clear of zero the second time alone, 1 is so"),
        ([(ABOVE, BELOW)], "0 are so the first time alone, and 1 changed sides."),
        ([(FEW, ABOVE), (ABOVE, FEW), (FEW, ACROSS), (ABOVE, ABOVE)], "0 of 1 verdicts changed"),
    ],
)  # fmt: skip
def test_a_change_is_a_gain_a_loss_or_a_turn_and_too_few_seeds_are_none(pairs, words):
    assert words in changed_verdicts(pairs)
