"""Where a distance is about that of noise, and where it is more or less."""

import pytest

from mnemonics_lib.edition.beside_noise import beside_noise


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (0.5, "less far than"),
        (0.79, "less far than"),
        (0.81, "about as far as"),
        (1.24, "about as far as"),
        (1.25, "farther than"),
        (3.0, "farther than"),
    ],
)
def test_a_distance_is_told_by_its_ratio_to_that_of_noise(times: float, said: str):
    for noise in (4e-6, 1.0):  # whatever the size
        assert beside_noise(times * noise, noise) == said
