"""Notebooks of a few lines."""

from __future__ import annotations

import nbformat

from mnemonics_lib.edition.parameters import DEFAULTS

DECLARED = "\n".join(f"{name} = {value!r}" for name, value in DEFAULTS.items())
RESOLVE = "from mnemonics_lib.edition import parameters\nconfig = parameters.resolve(globals(), 'n')"


def notebook(path, *cells, resolve=RESOLVE):
    head = f'# %% tags=["parameters"]\n{DECLARED}\n\n# %% tags=["resolve"]\n{resolve}\n' if resolve else ""
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + "".join(f"\n# %%\n{cell}\n" for cell in cells))
    return path


def outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
