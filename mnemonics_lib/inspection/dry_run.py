"""What a run would take on this machine: a few of its steps, measured, times the number of them.

The data set need not be there. Hours are a projection: no step of the run itself is taken.
"""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Sequence
from typing import Any

import torch

from mnemonics_lib.bench.clock import where
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.batches import refuse_batches_of_one
from mnemonics_lib.data.held import HOST
from mnemonics_lib.data.pictures import cores
from mnemonics_lib.device.deterministic import deterministic
from mnemonics_lib.device.memory import begin_peak, free_bytes, peak_memory
from mnemonics_lib.device.recording import recording
from mnemonics_lib.inspection.counted import Counted, counted
from mnemonics_lib.inspection.measured import Measured
from mnemonics_lib.inspection.needs import Step, needs
from mnemonics_lib.inspection.reading import Reading, reading, some_pictures
from mnemonics_lib.inspection.rehearsal import Rehearsal
from mnemonics_lib.inspection.work import (
    ADJUSTMENT,
    CONTROLS,
    EXEMPLARS,
    FINETUNING,
    FROM_SCRATCH,
    MODEL,
    PASSES,
    Work,
    inner_steps,
    work,
)
from mnemonics_lib.trial import refuse_unfit_network

Row = dict[str, Any]

NOT_MEASURED = (
    "loading or listing the data set",
    "the arithmetic of herding, once the features are there",
    "writing checkpoints, the journal and what is kept beside a record",
)

NOT_MEASURED_OF_PICTURES = (
    "starting the processes that read, and reading the pictures that herding chooses",
    "a disk: pictures came from the system's cache",
)
"""Likewise, where a run reads its pictures from a disk."""

SCALED = (
    "what was made smaller takes time in proportion to its images; what a step takes whatever its size is scaled too, "
    "so that such a time is rather too long than too short"
)


def dry_run(config: RunConfig, device: torch.device, times: int) -> Row:
    """Measure a run's steps and project its hours.

    Args:
        config: the run.
        device: where it would be computed.
        times: measurements of each kind of step.

    Returns:
        rows: for each phase and part ``phase``, ``part``, ``unit``, ``count``, ``images`` and ``seconds`` (of one unit,
            these by the median), ``low``, ``high``, ``limit`` ("computing", "reading" or "both, in turn"), ``hours``.
        measured: for each kind of step ``what``, ``how``, ``scaled``, ``seconds`` (median), ``low``, ``high``,
            ``rounds``, ``images`` (that were computed) and ``of`` (those of the whole step).
        hours: the sum.
        memory: in bytes ``images``, ``exemplars``, ``exemplar_level`` (the guard's forecast; None where no exemplars
            are trained) and ``disk`` as check-data has them, ``free`` on the device, ``measured``, the most that the
            measured steps took (on a CPU no less than what loading the data took for a while before them); and where
            the host holds the exemplars of another device ``host``, what a step takes there, and ``free_host``, both
            else None.
        refused: what the guard says to the kinds of outer steps that do not fit; with any of them the run would end.
        assumed, not_measured: sentences.
        images: to train and to test on, in all.
        made_pictures: whether reading was measured on pictures made for it; None where all images lie in memory.
        load: processes that wanted a core when it began, on average over a minute, this one among them; None where
            the system does not say.
        cores, threads, device, torch: where.

    Raises:
        UnfitNetworkError, ConfigError: for a network or batches that a run would refuse.
        DataError: naming a picture that cannot be read.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    refuse_unfit_network(config, config.image_shape, device)
    data = counted(config)
    refuse_batches_of_one(config, [data.train[class_id] for class_id in config.protocol().order])
    todo = work(config, data.train, data.test)
    streamed = config.facts.on_disk
    gc.collect()
    before = begin_peak(device)
    with deterministic(), recording(True):
        rehearsal = Rehearsal(config, config.image_shape, device, times)
        with recording(not streamed):  # as Descent has it
            levels = rehearsal.model_level({taught: _largest_batch(todo, MODEL, taught) for taught in (False, True)})
        taken = {"passes": rehearsal.passes()}
        if any(of.part == FINETUNING for of in todo):
            taken["finetuning"] = rehearsal.finetuning(_largest_batch(todo, FINETUNING, later=True))
        largest = _largest_of_each_kind(todo)
        outer = {kind: rehearsal.outer_step(step) for kind, step in largest.items()}
        said = [say(step) for step in largest.values() for say in (rehearsal.refusal, rehearsal.refusal_of_host)]
        refused = [message for message in said if message]
    memory = _memory(config, data, device, peak_memory(device) - before)
    read = _read(config, data, rehearsal, device, times) if streamed else None
    price = Price(config, levels, taken, outer, read)
    rows = [price.row(of) for of in todo]
    found = [*levels.values(), *taken.values(), *outer.values()]
    return {
        "rows": rows,
        "measured": [_told(of) for of in [*found, *([read.views, read.middles, read.waited] if read else [])]],
        "hours": sum(row["hours"] for row in rows),
        "memory": memory,
        "refused": refused,
        "assumed": [data.assumed] * bool(data.assumed) + [SCALED] * any(of.scaled for of in found),
        "not_measured": [*NOT_MEASURED, *(NOT_MEASURED_OF_PICTURES if streamed else ())],
        "images": [sum(data.train), sum(data.test)],
        "made_pictures": data.pictures is None if streamed else None,
        "load": load,
        "cores": cores(),
        **where(device),
    }


Kind = tuple[bool, bool]
"""Of an outer step: whether it is of phase 0, and of Eq. 9."""


def _kind(step: Step) -> Kind:
    return step.phase == 0, step.part is None


def _largest_batch(todo: Sequence[Work], part: str, later: bool) -> int:
    """Images in the largest batch of a part, in phase 0 or in later ones."""
    return math.ceil(max(of.images for of in todo if of.part == part and (of.phase > 0) == later))


def _largest_of_each_kind(todo: Sequence[Work]) -> dict[Kind, Step]:
    """The outer step of each kind on the most exemplars, which is measured for all of them."""
    found: dict[Kind, Work] = {}
    for of in todo:
        if of.step is not None and of.part != CONTROLS:
            kind = _kind(of.step)
            if kind not in found or of.images >= found[kind].images:
                found[kind] = of
    return {kind: of.step for kind, of in found.items() if of.step is not None}


class Price:
    """What one of each kind of work takes.

    Args:
        config: the run.
        levels: a step of the model level, without and with a teacher.
        taken: ``passes``, and ``finetuning`` where there is any.
        outer: outer steps, by kind.
        read: pictures from disk; None where none are read.
    """

    def __init__(
        self,
        config: RunConfig,
        levels: dict[bool, Measured],
        taken: dict[str, Measured],
        outer: dict[Kind, Measured],
        read: Reading | None,
    ) -> None:
        self.config, self.levels, self.taken, self.outer, self.read = config, levels, taken, outer, read

    def row(self, of: Work) -> Row:
        """The line of some work."""
        computing, images, way = self._of(of)
        times = [seconds * images / computing.images for seconds in _spread(computing)]
        limit = "computing"
        if way is not None and of.reads:
            reads = [seconds * of.reads / way.images for seconds in _spread(way)]
            if of.part == EXEMPLARS:  # whose step waits for its pictures
                times, limit = [one + other for one, other in zip(times, reads, strict=True)], "both, in turn"
            else:
                limit = "reading" if reads[0] > times[0] else limit
                times = [max(pair) for pair in zip(times, reads, strict=True)]
        seconds, low, high = times
        row = {"phase": of.phase, "part": of.part, "unit": of.unit, "count": of.count, "images": of.images}
        row |= {"seconds": seconds, "low": low, "high": high, "limit": limit}
        return row | {"hours": of.count * seconds / 3600}

    def _of(self, of: Work) -> tuple[Measured, float, Measured | None]:
        """What was measured for some work, how many images one unit of it computes, and how they are read."""
        if of.part == MODEL:
            return self.levels[of.phase > 0], of.images, None if self.read is None else self.read.views
        if of.part == PASSES:
            return self.taken["passes"], of.images, None if self.read is None else self.read.middles
        if of.part == FINETUNING:
            return self.taken["finetuning"], of.images, None
        if of.part == FROM_SCRATCH:
            return self.levels[False], of.images, None  # a step of phase 0, on images that are in memory
        assert of.part in (EXEMPLARS, ADJUSTMENT, CONTROLS)
        assert of.step is not None
        images = inner_steps(self.config) * of.images
        return self.outer[_kind(of.step)], images, None if self.read is None else self.read.waited


def _spread(measured: Measured) -> list[float]:
    """Median, least and most seconds."""
    return [measured.median, min(measured.seconds), max(measured.seconds)]


def _told(of: Measured) -> Row:
    """A measurement for the report."""
    seconds, low, high = _spread(of)
    row = {"what": of.what, "how": of.how, "scaled": of.scaled, "seconds": seconds, "low": low, "high": high}
    return row | {"rounds": len(of.seconds), "images": of.images, "of": of.of}


def _read(config: RunConfig, data: Counted, rehearsal: Rehearsal, device: torch.device, times: int) -> Reading:
    with some_pictures(data.pictures, rehearsal.shape[1]) as store:
        return reading(store, rehearsal.pixels, config.training.batch_size, device, times)


def _memory(config: RunConfig, data: Counted, device: torch.device, measured: float) -> Row:
    found = needs(config, data.train, sum(data.test))
    row = {"images": found.images, "exemplars": found.exemplars, "exemplar_level": found.exemplar_level}
    if config.facts.on_disk and device.type != HOST.type:
        row |= {"host": found.host, "free_host": free_bytes(HOST)}
    else:
        row |= {"exemplar_level": found.everywhere, "host": None, "free_host": None}
    return row | {"disk": found.disk, "free": free_bytes(device), "measured": measured}
