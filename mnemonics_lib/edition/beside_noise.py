"""How far exemplars went beside how far noise of their gradient's size would have carried them, in words."""

from __future__ import annotations

ALIKE = (0.8, 1.25)
"""Between these ratios a distance is about that of noise: a fifth less, and a quarter more."""

FARTHER, ABOUT, LESS_FAR = "farther than", "about as far as", "less far than"


def beside_noise(moved: float, noise: float) -> str:
    """``farther than``, ``about as far as`` or ``less far than``: what stands before "noise would have taken them".

    Args:
        moved: displacement of the exemplars, in std.
        noise: that of noise in the place of their gradient, by the same optimiser and in as many steps, above 0.
    """
    low, high = ALIKE
    if low < moved / noise < high:
        return ABOUT
    return FARTHER if moved > noise else LESS_FAR
