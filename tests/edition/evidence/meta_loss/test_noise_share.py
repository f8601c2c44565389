"""How much of a displacement is noise: squares, phase by phase."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.meta_loss.noise_share import in_words, noise_shares


def record(*phases: tuple[float, float | None] | None) -> Any:
    """Displacement and that of noise, of each phase; None for one that trained nothing."""
    rows = [
        SimpleNamespace(exemplars=None, displacement_new=0.0)
        if phase is None
        else SimpleNamespace(exemplars=SimpleNamespace(noise_displacement=phase[1]), displacement_new=phase[0])
        for phase in phases
    ]
    return SimpleNamespace(results=rows)


def test_shares_are_of_squares_and_means_over_runs():
    shares = noise_shares([record((0.2, 0.1), (0.4, 0.4)), record((0.1, 0.1), None, (0.1, None))])
    assert shares == {0: pytest.approx((0.25 + 1) / 2), 1: pytest.approx(1.0)}


def test_words_tell_the_first_phase_and_the_last():
    said = in_words({"with 20 a class": {0: 0.18, 1: 0.3, 5: 0.41}, "with 5": {}})
    assert "as many steps, reach 18 % in phase 0 and 41 % in phase 5 with 20 a class, of the squared" in said
    assert in_words({"with 5": {}}) == ""
