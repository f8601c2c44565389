"""The shapes that the drawings are made of, each a piece of SVG as text: symbols, cards, cylinders, circles, arrows.

All sizes are in units of the drawing, which is 460 of them wide; a page of the book gives each a pixel or a bit more.
Colours are classes, which :data:`mnemonics_lib.edition.drawings.page.STYLE` sets from the page's theme.
"""

from __future__ import annotations

import math
import re
from xml.sax.saxutils import escape

Point = tuple[float, float]

TEXT, SYMBOLS = 13, 17
"""Size of words, and of a symbol in a shape."""
SERIF, SCRIPT = 1.15, 0.8
"""Size of a formula against the words around it, and of what is raised or lowered against what it belongs to."""

PIECE = re.compile(
    r"_\{(?P<low>[^{}]*)\}|\^\{(?P<high>[^{}]*)\}|(?P<script>[ℰℒ])|(?P<tilde>~)|(?P<prime>′)"
    r"|(?P<italic>[A-Za-zα-ω]+)|(?P<plain>[^_^{}~′ℰℒA-Za-zα-ω]+)"
)
"""A subscript, a superscript, a script letter, a tilde for the letter before it, a prime, italic letters, the rest."""
RISE = {"low": -0.24, "high": 0.4, "tilde": 0.3}
"""How far above the line a piece stands, as a share of the size of its letters."""
SHIFT = {("high", "low"): -0.7 * SCRIPT, ("script", "tilde"): -0.46, ("tilde", "low"): 0.13, ("prime", "low"): -0.17}
"""How far a piece moves along the line for the sake of the one before it: a subscript stands below a superscript of one
capital, which is about 0.7 of its size wide in the serif faces of all systems. A tilde is a piece of its own because a
combining one lands where the font at hand wants it, often in the letter."""


def number(value: float) -> str:
    """A coordinate, with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def symbols(formula: str, size: float) -> str:
    """A formula as the spans of one line of text.

    Args:
        formula: letters and signs as they are; ``_{...}`` is lowered, ``^{...}`` raised, and ``~`` put on the letter
            before it. A subscript that follows a superscript stands below it.
        size: of the letters on the line.

    Raises:
        ValueError: for a formula with another ``_``, ``^`` or brace, such as braces within braces.
    """
    matches = list(PIECE.finditer(formula))
    if "".join(match.group() for match in matches) != formula:
        raise ValueError(
            f"formula = {formula!r}: must have _ and ^ before braces alone, braces after these alone, and none of them "
            "within braces"
        )
    spans, level, before = [], 0.0, ""
    for match in matches:
        kind = str(match.lastgroup)
        rise, shift = size * RISE.get(kind, 0), size * SHIFT.get((before, kind), 0)
        moved = "".join(f' {way}="{number(by)}"' for way, by in (("dx", shift), ("dy", level - rise)) if by)
        if kind in ("low", "high"):
            spans.append(
                f'<tspan{moved} font-size="{number(size * SCRIPT)}">{symbols(match[kind], size * SCRIPT)}</tspan>'
            )
        else:
            spans.append(f'<tspan{moved} class="{kind}">{"˜" if kind == "tilde" else escape(match[kind])}</tspan>')
        level, before = rise, kind
    if level:
        spans.append(f'<tspan dy="{number(level)}">\u200b</tspan>')  # what follows stands on the line again
    return "".join(spans)


def text(x: float, y: float, words: str, anchor: str = "middle", kind: str = "", size: float = TEXT) -> str:
    """One line of text; what stands between two ``$`` is a formula.

    Args:
        x: where it is anchored.
        y: its base line.
        words: the text.
        anchor: ``start``, ``middle`` or ``end``.
        kind: further classes, such as ``quiet`` or ``strong``.
        size: of its letters.
    """
    spans = []
    for position, part in enumerate(words.split("$")):
        formula = position % 2 == 1
        spans.append(
            f'<tspan class="formula" font-size="{number(size * SERIF)}">{symbols(part, size * SERIF)}</tspan>'
            if formula
            else escape(part)
        )
    named = f' class="{kind}"' if kind else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" font-size="{number(size)}"{named}>'
        f"{''.join(spans)}</text>"
    )


def centred(x: float, y: float, formula: str) -> str:
    """The symbol in the middle of a shape."""
    return text(x, y + 0.3 * SYMBOLS, f"${formula}$", size=SYMBOLS / SERIF)


def rectangle(x: float, y: float, width: float, height: float, kind: str, corner: float = 4) -> str:
    """A rectangle by its upper left corner."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {place} rx="{number(corner)}" class="{kind}"/>'


def cards(x: float, y: float, formula: str, moves: bool = False, width: float = 58) -> str:
    """Exemplars: a few pictures on one another, in the exemplars' colour; heavy where their pixels are trained."""
    height = 34.0
    kind = "shape moves" if moves else "shape"
    left, top = x - width / 2, y - height / 2
    stack = []
    for step in (4, 2, 0):
        place = (left + step, top - step, width, height)
        stack += [rectangle(*place, "shape" if step else kind), rectangle(*place, "tint")]
    return "".join(stack) + centred(x, y, formula)


def cylinder(x: float, y: float, formula: str) -> str:
    """Training data: a cylinder."""
    half, top, bottom, bend = 24.0, y - 15, y + 15, 5.0
    left, right = number(x - half), number(x + half)
    arc = f"A {number(half)} {number(bend)} 0 0"
    body = f"M {left} {number(top)} V {number(bottom)} {arc} 0 {right} {number(bottom)} V {number(top)}"
    lid = f"M {left} {number(top)} {arc} 0 {right} {number(top)} {arc} 0 {left} {number(top)} Z"
    return f'<path d="{body}" class="shape"/><path d="{lid}" class="shape"/>' + centred(x, y + 3, formula)


def circle(x: float, y: float, formula: str, kind: str = "shape") -> str:
    """A model: a circle, dashed where it is a temporary one (kind ``shape passing``)."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="22" class="{kind}"/>' + centred(x, y, formula)


def line(*points: Point, kind: str = "line") -> str:
    """A line through points, without a head."""
    path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return f'<polyline points="{path}" class="{kind}"/>'


def arrow(*points: Point, kind: str = "line") -> str:
    """A line through points, with a head at the last one.

    The head is a triangle of its own and no ``<marker>``: a marker is found by its id in the whole page, and JupyterLab
    has several notebooks in one page, some of them hidden.
    """
    (x0, y0), (x, y) = points[-2:]
    length = math.hypot(x - x0, y - y0)
    along, across = (x - x0) / length, (y - y0) / length
    base_x, base_y = x - 9 * along, y - 9 * across
    corners = ((x, y), (base_x - 4.5 * across, base_y + 4.5 * along), (base_x + 4.5 * across, base_y - 4.5 * along))
    path = " ".join(f"{number(a)},{number(b)}" for a, b in corners)
    return line(*points[:-1], (base_x, base_y), kind=kind) + f'<polygon points="{path}" class="head"/>'


def joint(x: float, y: float) -> str:
    """Where two lines become one, or one becomes two."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="3" class="head"/>'


def back(*points: Point) -> str:
    """Where a gradient flows: a dashed arrow on a band in the exemplars' colour."""
    return line(*points, kind="band") + arrow(*points, kind="line dashed")
