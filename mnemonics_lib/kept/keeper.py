"""Gathers what a run keeps while the run is made, without a part in it: every number of the run stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State
from mnemonics_lib.kept.embedding import embedding
from mnemonics_lib.kept.file import Kept, OfPhase, Snapshots, read_kept, write_kept
from mnemonics_lib.kept.snapshots import WatchedTraining, plan
from mnemonics_lib.kept.tables import margin_table
from mnemonics_lib.loops import Loop, Walker


class Keeper:
    """What a run keeps, of the phases that are done so far; they are in the file before the run's checkpoint is.

    Args:
        experiment: of the run.
        identity: of the run; a file of another one, or with other things than are asked for, does not count.
        keep: what is asked for.
        path: the file.

    Raises:
        ConfigError: for a phase that the run does not have, a run without exemplars, and too much to keep.
        KeptError: for a damaged file.
    """

    def __init__(self, experiment: Experiment, identity: Identity, keep: Keep, path: Path) -> None:
        self.experiment, self.identity, self.keep, self.path = experiment, identity, keep, path
        self.phases = keep.phases_of(experiment.config)
        self._done: dict[int, OfPhase] = {}
        self._watched: WatchedTraining | None = None
        if path.exists():
            found = read_kept(path)
            if (found.identity, found.keep) == (identity, keep):
                self._done = dict(found.phases)

    def lacks(self, phase: int) -> bool:
        """Whether something of a phase before this one is asked for and not there: those phases must be run again."""
        return any(each < phase and each not in self._done for each in self.phases)

    @property
    def seen_in_phase_0(self) -> Mapping[str, Any] | None:
        """What decides which snapshots the training of E_0 leaves; None for none."""
        return plan(self.keep) if 0 in self._loops.values() else None

    @property
    def _loops(self) -> dict[str, int]:
        """The phase of each loop that is looked at, by the loop's name."""
        watching = self.keep.exemplars and self.experiment.config.exemplars == "mnemonics"
        return {f"phase {phase}: exemplars": phase for phase in self.phases if watching}

    def watching(self, walk: Walker) -> Walker:
        """A walker that does the same as another, and looks at the exemplars that are asked for on the way."""

        def walk_watched(loop: Loop, name: str) -> None:
            phase = self._loops.get(name)
            if phase is not None:
                assert isinstance(loop, ExemplarTraining)  # said by its name
                first, last = self.experiment.protocol.bounds(phase)
                loop = self._watched = WatchedTraining(loop, self.keep, last - first)
            walk(loop, name)

        return walk_watched

    def after(self, state: State) -> None:
        """Keep what is asked for of the phase that has ended, and write it.

        Args:
            state: after the phase; it is not changed.

        Raises:
            OSError: when the file system refuses; what was kept before is still there.
        """
        phase = state.phase - 1
        if phase not in self.phases:
            return
        experiment, keep, watched = self.experiment, self.keep, self._watched
        self._watched = None
        snapshots = None
        if watched is not None:
            labels = watched.training.inner.labels[watched.index].cpu()
            snapshots = Snapshots(watched.images, torch.tensor(watched.steps), labels)
        self._done[phase] = OfPhase(
            snapshots,
            embedding(experiment, state, phase, keep) if keep.embedding else None,
            margin_table(experiment, state, phase) if keep.margins else None,
        )
        write_kept(self.path, Kept(self.identity, keep, self._done))
