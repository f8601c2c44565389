"""The loops of the exemplar level walked to their ends, with one object per outer step."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining, new_exemplar_training
from mnemonics_lib.loops import walk


def rows_of(training: ExemplarTraining) -> list[Any]:
    """One object per outer step."""
    columns = training.log.columns(training.done)
    return [SimpleNamespace(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def train_images(model, exemplars, validation, context, level, pixels, seed) -> tuple[Tensor, list[Any]]:
    """Eq. 7 to 9 on plain images."""
    training = ExemplarTraining(model, exemplars, replace(validation, pixels=pixels), context, level, seed)
    walk(training)
    return training.E.detach(), rows_of(training)


def train_exemplars(model, memory, first, data, level, pixels, seed) -> tuple[ExemplarMemory, list[Any]]:
    """Eq. 9."""
    training = new_exemplar_training(model, memory, first, replace(data, pixels=pixels), level, seed)
    walk(training)
    return memory.with_images(memory.positions(first, model.classes), training.E.detach()), rows_of(training)


def adjust_exemplars(model, memory, classes, parts, level, pixels, seed) -> tuple[ExemplarMemory, list[Any]]:
    """Eq. 10."""
    adjustment = Adjustment(model, memory, memory.splits(parts, classes), level, pixels, seed)
    walk(adjustment)
    assert adjustment.done == len(adjustment)
    return adjustment.memory, [row for training in adjustment.trainings for row in rows_of(training)]
