"""A study over epochs: its arms, its differences, and how they change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mnemonics_lib.edition.evidence.regimes.over_epochs import by_epochs, epochs_of, gain_in_words
from mnemonics_lib.edition.paired.slopes import over_doublings


def test_the_epochs_of_an_arm():
    assert epochs_of("epochs=30-trained") == 30


def test_the_differences_of_a_study_by_epochs_and_their_slope_in_words():
    compared = [
        (f"epochs={n}-trained", f"epochs={n}-herding", SimpleNamespace(differences={s: k + s for s in range(3)}))
        for k, n in enumerate((2, 4, 8))
    ]
    study: Any = SimpleNamespace(compared=compared)
    assert by_epochs(study) == {n: {s: k + s for s in range(3)} for k, n in enumerate((2, 4, 8))}
    said = gain_in_words(over_doublings(by_epochs(study)))
    assert said == "the gain is shown to grow with the epochs (+1.00 [+1.00, +1.00] points for twice as many, n = 3)"
