"""The local bilevel programme: (a) what is trained and what validates it, (b) one outer step on the pixels."""

from __future__ import annotations

from mnemonics_lib.edition.drawings.page import Drawing
from mnemonics_lib.edition.drawings.shapes import (
    arrow,
    back,
    cards,
    centred,
    circle,
    cylinder,
    rectangle,
    text,
)

TITLE = "The local bilevel programme: how the pixels of exemplars are trained"
DESCRIPTION = (
    "Two parts. (a) What is trained, and on what it is validated. New classes: the exemplars E_i start as a "
    "random subset S of the data D_i and are validated on D_i, Eq. 9. Old classes, whose data are gone: the old "
    "exemplars E_0:i-1 are split into A and B. B validates A in Eq. 10a, then A validates B in Eq. 10b. (b) One "
    "outer step, the same for all three. A temporary model starts as a copy of Theta_i and takes T gradient steps "
    "on the exemplars, Eq. 8 with rate alpha_2, the base level of Eq. 7b; it ends as Theta'_i. Its loss on the "
    "validation data is the meta level, Eq. 7a. The gradient of this loss flows back through all T steps to the "
    "pixels of the exemplars, which follow it: Eq. 9 with rate beta_1, Eq. 10a and 10b with rate beta_2. Then the "
    "temporary model is thrown away, and the next outer step starts again from Theta_i."
)


def split() -> list[str]:
    """(a): who is trained, and who validates."""
    left, right, top, bottom = (50, 172), (284, 408), 92, 110
    middle = (left[0] + left[1]) / 2, (right[0] + right[1]) / 2
    row = (top + bottom) / 2
    return [
        text(0, 14, "(a) What is trained (heavy outline), and what validates it", "start", "strong"),
        rectangle(0, 24, 222, 130, "panel", 8),
        text(12, 46, "New classes", "start"),
        arrow((left[0] + 24, top), (left[1] - 31, top)),
        arrow((left[0] + 24, bottom), (left[1] - 31, bottom)),
        text(middle[0], top - 19, "start: random $S ⊂ D_{i}$", kind="quiet"),
        text(middle[0], bottom + 32, "validates: Eq. 9", kind="quiet"),
        cylinder(left[0], row, "D_{i}"),
        cards(left[1], row, "ℰ_{i}", moves=True),
        rectangle(234, 24, 226, 130, "panel", 8),
        text(246, 46, "Old classes: $ℰ_{0:i−1}$, split", "start"),
        arrow((right[1] - 32, top), (right[0] + 38, top)),
        arrow((right[0] + 36, bottom), (right[1] - 34, bottom)),
        text(middle[1], top - 19, "validates: Eq. 10a", kind="quiet"),
        text(middle[1], bottom + 32, "validates: Eq. 10b", kind="quiet"),
        cards(right[0], row, "ℰ^{A}_{0:i−1}", moves=True, width=64),
        cards(right[1], row, "ℰ^{B}_{0:i−1}", moves=True, width=64),
    ]


def outer_step() -> list[str]:
    """(b): through the temporary model and back."""
    start, first, last, loss = 40, 128, 284, 396  # columns
    chain, pixels = 264, 362  # rows
    forth, return_ = chain - 7, chain + 7
    middle, half = (first + last) / 2, (last - first) / 2 + 22
    parts = [
        text(0, 180, "(b) One outer step", "start", "strong"),
        rectangle(0, 190, 460, 234, "panel", 8),
        text(middle, 212, "base level, Eq. 7b"),
        text(middle, 228, "$T$ steps of Eq. 8, rate $α_{2}$", kind="quiet"),
        text(loss, 212, "meta level, Eq. 7a"),
        text(loss, 228, "validation loss", kind="quiet"),
        arrow((start, chain), (first - 23, chain)),
        text((start + first) / 2, chain - 8, "copy", kind="quiet"),
    ]
    for left, right in ((first + 22, middle - 14), (middle + 14, last - 22), (last + 22, loss - 44)):
        parts += [arrow((left, forth), (right, forth)), back((right, return_), (left, return_))]
    for column in (first, last):
        parts += [
            arrow((column - 7, pixels - 24), (column - 7, chain + 22)),
            back((column + 7, chain + 22), (column + 7, pixels - 24)),
        ]
    parts += [
        arrow((loss, pixels - 20), (loss, chain + 20)),
        text(middle, chain + 5, "…", size=20),
        text(middle, pixels - 52, "Eq. 9, rate $β_{1}$"),
        text(middle, pixels - 34, "Eq. 10a, 10b, $β_{2}$"),
        circle(start, chain, "Θ_{i}"),
        circle(first, chain, "Θ′_{i}", "shape passing"),
        circle(last, chain, "Θ′_{i}", "shape passing"),
        rectangle(loss - 44, chain - 20, 88, 40, "shape"),
        centred(loss, chain, "ℒ_{c}"),
        cards(middle, pixels, "ℰ", moves=True, width=2 * half),
        rectangle(loss - 44, pixels - 20, 88, 38, "shape"),
        text(loss, pixels - 4, "validation"),
        text(loss, pixels + 11, "data"),
        text(middle, pixels + 38, "$ℰ_{i}$,  $ℰ^{A}$ or $ℰ^{B}$"),
        text(loss, pixels + 38, "$D_{i}$,  $ℰ^{B}$ or $ℰ^{A}$"),
        back((60, 446), (4, 446)),
        text(70, 450, "gradient, back through all $T$ steps to the pixels", "start", "quiet"),
        text(0, 474, "Then $Θ′_{i}$ is thrown away, and the next outer step starts from $Θ_{i}$.", "start", "quiet"),
    ]
    return parts


DRAWING = Drawing("local-bop", 480, TITLE, DESCRIPTION, [*split(), *outer_step()])
