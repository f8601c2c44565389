"""A drawing as one piece of SVG that stands in a page, and takes its colours from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 460
"""Of every drawing, in its own units: it fits a screen of 500 pixels almost one to one."""

# Theme of the book, else that of JupyterLab, else a light page. What is printed stands on white, also where
# the theme is dark and its background is printed with it.
STYLE = """
.mnemonics-drawing {
  --ink: var(--pst-color-text-base, var(--jp-content-font-color1, #222832));
  --quiet: var(--pst-color-text-muted, var(--jp-content-font-color2, #48566b));
  --paper: var(--pst-color-background, var(--jp-layout-color0, #ffffff));
  --panel: var(--pst-color-surface, var(--jp-layout-color2, #f3f4f5));
  --exemplars: #de8f05;
  display: block;
  width: 100%;
  max-width: 36rem;
  height: auto;
  margin: 1rem auto;
  font-family: inherit;
}
@media print {
  .mnemonics-drawing {
    --ink: #000000;
    --quiet: #333333;
    --paper: #ffffff;
    --panel: #f3f4f5;
    background: var(--paper);
    print-color-adjust: exact;
    break-inside: avoid;
  }
}
.mnemonics-drawing text { fill: var(--ink); }
.mnemonics-drawing text.quiet { fill: var(--quiet); }
.mnemonics-drawing text.strong { font-weight: 600; }
.mnemonics-drawing .formula { font-family: "STIX Two Text", Cambria, "Times New Roman", "Liberation Serif", serif; }
.mnemonics-drawing .italic { font-style: italic; }
.mnemonics-drawing .script { font-family: "STIX Two Math", "Cambria Math", "DejaVu Math TeX Gyre", serif; }
.mnemonics-drawing .panel { fill: var(--panel); }
.mnemonics-drawing .shape { fill: var(--paper); stroke: var(--ink); stroke-width: 1.2; }
.mnemonics-drawing .moves { stroke-width: 2.8; }
.mnemonics-drawing .passing { stroke-dasharray: 4 3; }
.mnemonics-drawing .tint { fill: var(--exemplars); fill-opacity: 0.3; }
.mnemonics-drawing .group { fill: var(--paper); }
.mnemonics-drawing .line { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.mnemonics-drawing .dashed { stroke-dasharray: 5 3; }
.mnemonics-drawing .dotted { stroke-dasharray: 1.5 4; }
.mnemonics-drawing .band { fill: none; stroke: var(--exemplars); stroke-width: 8; stroke-opacity: 0.45; }
.mnemonics-drawing .head { fill: var(--ink); }
"""


@dataclass(frozen=True)
class Drawing:
    """What a page needs of a drawing.

    Args:
        name: its ids begin with it, so that a page can have several drawings, each once.
        height: in units of the drawing.
        title: what it is, in a few words.
        description: what it shows, for those who do not see it.
        parts: its shapes as SVG, the first at the back.
    """

    name: str
    height: int
    title: str
    description: str
    parts: Sequence[str]

    def svg(self) -> str:
        """The whole drawing."""
        shapes = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="mnemonics-drawing" viewBox="0 0 {WIDTH} {self.height}"'
            f' role="img" aria-labelledby="{self.name}-title {self.name}-description">\n'
            f'<title id="{self.name}-title">{escape(self.title)}</title>\n'
            f'<desc id="{self.name}-description">{escape(self.description)}</desc>\n'
            f"<style>{STYLE}</style>\n{shapes}\n</svg>"
        )
