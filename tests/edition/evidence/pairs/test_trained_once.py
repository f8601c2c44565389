"""Trainings that two methods have in common are counted once."""

from mnemonics_lib.edition.evidence.pairs.trained_once import pairs_trained_once, trained_once
from tests.edition.evidence.falling import pair


def test_trainings_that_icarl_has_in_common_with_lwf_are_counted_once():
    lwf, icarl = pair([0.1] * 2, [0, 1]), pair([0.1] * 3, [0, 1, 2], "iCaRL, 5 a class", "icarl")
    more = pair([0.1] * 4, [0] * 4, "iCaRL, 20 a class", "icarl")
    assert len(trained_once([lwf, icarl, more])) == 2 + 4
    assert len(trained_once([icarl])) == 3
    assert pairs_trained_once([lwf, icarl, more]) == [lwf, more]
