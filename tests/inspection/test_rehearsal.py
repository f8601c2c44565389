"""A part of an outer step has all that the whole has, in proportion."""

from __future__ import annotations

from mnemonics_lib.inspection.rehearsal import Scale


def test_a_smaller_outer_step_is_in_proportion():
    scale = Scale(steps=50, inner=10_000, moving=10_000, fixed=0, validation=128)
    assert scale.smaller(500_000, 4) == scale
    assert scale.smaller(3, 4) == Scale(1, 4, 4, 0, 2)
    assert scale.smaller(1000, 4) == Scale(1, 1000, 1000, 0, 2)
    assert scale.smaller(250_000, 4) == Scale(25, 10_000, 10_000, 0, 64)
    assert scale.on(5000) == Scale(50, 5000, 5000, 0, 64)
    assert scale.on(5000).smaller(100_000, 4) == Scale(20, 5000, 5000, 0, 26)
    beside = Scale(10, 100, 20, 80, 64)
    assert beside.smaller(200, 4) == Scale(2, 100, 20, 80, 13)
    assert beside.on(20) == Scale(10, 20, 4, 16, 13)
    assert Scale(1, 6, 6, 0, 9).smaller(1, 6) == Scale(1, 6, 6, 0, 9)
