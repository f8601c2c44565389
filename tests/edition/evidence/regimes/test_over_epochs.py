"""A study over epochs: its arms, its differences, and how they change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mnemonics_lib.edition.evidence.regimes.over_epochs import by_epochs, epochs_of, in_short, in_words
from mnemonics_lib.edition.paired.slopes import trend


def test_the_epochs_of_an_arm():
    assert epochs_of("epochs=30-trained") == 30


def test_the_differences_of_a_study_by_epochs():
    compared = [
        (f"epochs={n}-trained", f"epochs={n}-herding", SimpleNamespace(differences={s: k + s for s in range(3)}))
        for k, n in enumerate((2, 4, 8))
    ]
    study: Any = SimpleNamespace(compared=compared)
    assert by_epochs(study) == {n: {s: k + s for s in range(3)} for k, n in enumerate((2, 4, 8))}


def test_a_gain_that_grows_in_all_ways_is_shown_and_one_that_one_number_of_epochs_makes_is_a_hint():
    grown = {n: {seed: k + 0.1 * seed for seed in range(3)} for k, n in enumerate((2, 4, 8))}
    said = in_words(trend(grown))
    assert said == "the gain is shown to grow with the epochs (+1.00 [+1.00, +1.00] points for twice as many, n = 3)"
    at_8 = {n: {seed: 3.0 * (n == 8) + 0.1 * (-1) ** (seed + n // 4) for seed in range(3)} for n in (2, 4, 8)}
    assert in_words(trend(at_8)).startswith("the gain seems to grow with the epochs (+1.5")
    assert "n = 3; a hint, since without 8 epochs it is another verdict" in in_words(trend(at_8))
    assert in_short(grown) == (
        f"**Networks that know more of their data.** LwF, 5 a class, 2 to 8 epochs a phase: {said}."
    )
