"""The table of margins, and tables as tensors: one for each column, in as few bytes as it needs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnemonics_lib.exemplars.margins import margins_of
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State
from mnemonics_lib.kept.embedding import MAPS
from mnemonics_lib.kept.sets import KINDS, Arrived

WORDS = {"kind": KINDS, "map": MAPS}
"""Columns of words, and which words they may hold: a tensor has their places in this list."""


def margin_table(experiment: Experiment, state: State, phase: int) -> pd.DataFrame:
    """Where the exemplars of all new classes of a phase lie, at Theta_i as it is after it.

    Distances are to the training images of all classes seen, since the boundaries to old classes count too.

    Args:
        experiment: of the run.
        state: after the phase; it is not changed.
        phase: i.

    Returns:
        One row for each exemplar of each kind, by kind, class and rank: ``class`` (position), ``kind``, and the numbers
        of :class:`mnemonics_lib.exemplars.margins.Margins`.
    """
    sets = Arrived(experiment, state, phase).exemplars()
    found = margins_of(state.model, list(sets.values()), experiment.seen_data(phase))
    tables = []
    for (kind, samples), of_kind in zip(sets.items(), found, strict=True):
        numbers = {name: values.cpu().numpy() for name, values in of_kind._asdict().items()}
        tables.append(pd.DataFrame({"class": samples.labels.cpu().numpy(), "kind": kind, **numbers}))
    return pd.concat(tables, ignore_index=True)


def to_tensors(table: pd.DataFrame) -> dict[str, Tensor]:
    """A table as one tensor a column: words as uint8, whole numbers as int16, others as float32."""
    found = {}
    for name in table.columns:
        column = table[name]
        if name in WORDS:
            found[name] = torch.tensor([WORDS[name].index(word) for word in column], dtype=torch.uint8)
        else:
            kind = torch.float32 if column.dtype.kind == "f" else torch.int16
            found[name] = torch.tensor(column.tolist(), dtype=kind)  # which refuses a number that is too large
    return found


def from_tensors(tensors: Mapping[str, Tensor]) -> pd.DataFrame:
    """The table that :func:`to_tensors` was given, its numbers rounded to float32; columns by name."""
    columns = {name: tensor.numpy() for name, tensor in tensors.items()}
    return pd.DataFrame(
        {name: np.array(WORDS[name])[values] if name in WORDS else values for name, values in columns.items()}
    )
