"""A jump survives halving, and a bend does not."""

from __future__ import annotations

import math

import pytest

from mnemonics_lib.edition.halving import halved


@pytest.mark.parametrize("at", [0.1, 0.3, 0.99])
def test_a_jump_is_found_with_its_place_and_its_size(at: float) -> None:
    found = halved(lambda t: t + (2.0 if t > at else 0.0), 20)
    assert found.low <= at < found.high
    assert found.high - found.low == 2.0**-20
    assert found.change == pytest.approx(2.0, abs=1e-5)


def test_a_fall_has_its_sign():
    assert halved(lambda t: -3.0 if t > 0.6 else 0.0, 10).change == -3.0


def test_of_two_jumps_the_larger_one_is_kept():
    found = halved(lambda t: (1.0 if t > 0.2 else 0.0) - (5.0 if t > 0.8 else 0.0), 12)
    assert found.low <= 0.8 < found.high
    assert found.change == -5.0


def test_of_a_function_that_bends_strongly_next_to_nothing_is_left():
    found = halved(lambda t: math.sin(100 * t) + 50 * t**2, 24)
    assert abs(found.change) < 200 * 2.0**-24  # its largest slope


def test_without_a_halving_it_is_the_whole_way():
    assert halved(lambda t: 3 * t + 1, 0) == (0.0, 1.0, 3.0)
