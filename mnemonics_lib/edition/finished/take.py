"""What a notebook makes runs with: :mod:`mnemonics_lib.runs`, or the finished work of a study in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.effect import in_effect
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.checkpoint import restore_alone
from mnemonics_lib.durable.commit import short_commit
from mnemonics_lib.durable.provenance import data_digest
from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.finished.loops import alike, describe
from mnemonics_lib.edition.finished.present import problem
from mnemonics_lib.edition.finished.store import NAME, FinishedError, FinishedLoop, Store, read_store, write_loop
from mnemonics_lib.edition.records.settings import differing, flat, one_sided, told
from mnemonics_lib.edition.shown import say
from mnemonics_lib.edition.studies.plan import PlannedRun, plan
from mnemonics_lib.edition.studies.study import records_of, study_file
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import Loop, Walker
from mnemonics_lib.paths import ROOT, RUNS

MAKING = "MNEMONICS_FINISHED_LOOPS"
"""Names the folder to which a notebook writes its loops; set while :mod:`.finished.make` runs it."""


def runs_of(study: str, config: RunConfig) -> ModuleType | TakenRuns:
    """What has ``driver_for``, ``run`` and ``load_run`` for a notebook.

    Args:
        study: a study whose finished work is taken, such as ``shown/cifar100``; "" to compute everything, by
            :mod:`mnemonics_lib.runs` itself.
        config: of the notebook.

    Raises:
        ConfigError: for a name that is not that of one study, and for a study that keeps nothing for figures.
        FinishedError: for a study of other parameters, and for files that are not there, or that are of another run or
            another source than the study and the library ask for now.
    """
    if not study:
        return runs
    if MAKING in os.environ:
        return MadeRuns(study, config, Path(os.environ[MAKING]))
    taken = TakenRuns(study, config)
    say(taken.told())
    return taken


class TakenRuns:
    """The finished runs and loops of a study; nothing is trained, and each call says what it takes.

    Args:
        study: its name.
        config: of the notebook; but for the kind of exemplars that of the study's leading run.

    Raises:
        ConfigError: as :func:`runs_of`.
        FinishedError: for a study of other parameters, and for a record that is there and is not that of the run that
            the study asks for, by the source that is here.
    """

    def __init__(self, study: str, config: RunConfig) -> None:
        file = study_file(study)
        self.study, self.plan, self.folder = study, plan(file), records_of(file).absolute()
        self.remedy = f"`make finished STUDY={study}` makes it again, in some minutes"
        self.leading = self.plan.leading
        self._require_parameters(config, "this notebook")
        if wrong := [said for run in self.plan.runs if (said := problem(self.plan, run))]:
            raise FinishedError("\n".join(f"{said}; {self.remedy}" for said in wrong))

    @cached_property
    def store(self) -> Store:
        """What was made of its loops, where it is of the source that is here now, and of the run of the record."""
        path = self.folder / NAME
        try:
            store = read_store(path)
        except FinishedError as error:
            raise FinishedError(f"{error}; {self.remedy}") from None
        if store.header.identity.source != runs.source_of(self.leading.config):
            raise FinishedError(
                f"{path}: made by other source than that which is here now, at commit {store.header.code['commit']}; "
                f"what it holds may no longer be what this code computes; {self.remedy}"
            )
        if store.header.identity != self._record(self.leading).identity:
            raise FinishedError(f"{path}: of another run than {self._path(self.leading)}; {self.remedy}")
        return store

    def told(self) -> str:
        """What is taken and what is not, for the reader of the page."""
        code = self.store.header.code
        known = str(code["commit"]) if code["commit"] else None
        by_commit = {short_commit(known, bool(code["dirty"])) or "unknown": [f"`{NAME}`"]}
        for run in self.plan.runs:
            made_by = self._record(run).code
            commit = short_commit(made_by.commit, made_by.dirty) or "unknown"
            by_commit.setdefault(commit, []).append(f"`{run.arm}`")
        made = "; ".join(f"{', '.join(names)} by commit `{commit}`" for commit, names in by_commit.items())
        where = _shown(self.folder)
        return (
            "**Computed here, or taken.** What would train for minutes is not trained on this page. It is finished "
            f"work of the study `{self.study}`, from `{where}`: {made}. Where a cell "
            "takes something, it says so. Everything else is computed here."
        )

    def driver_for(self, experiment: Experiment) -> Walker:
        """Put each loop at its end, by the state that is kept of it.

        Raises:
            FinishedError: for an experiment of other parameters than the study's or on other images, and, when a loop
                is walked, for one that is not among those that are kept.
        """
        self._require_parameters(experiment.config, "this experiment")
        found, due = data_digest(experiment.data), self.store.header.identity.data
        if found != due:
            raise FinishedError(f"{self.folder / NAME}: of other images than those of {experiment.config.dataset} here")
        loops = self.store.loops

        def take(loop: Loop, name: str) -> None:
            try:
                described = describe(loop, name)
            except TypeError as error:
                raise FinishedError(f'{self.folder / NAME}: {error}; compute everything with study = ""') from None
            kept = next((each for each in loops if alike(each.described, described)), None)
            if kept is None:
                raise FinishedError(
                    f"{self.folder / NAME}: has no finished loop {name!r} of this loss, these settings, this network "
                    'and these images; where a cell was changed, compute everything with study = ""; else '
                    f"{self.remedy}"
                )
            try:
                loop.load_state(kept.state)
            except ValueError as error:
                raise FinishedError(f"{self.folder / NAME}: {name}: {error}; {self.remedy}") from None
            print(f"{name}: {len(loop)} steps read from the record, none computed here")

        return take

    def run(
        self, config: RunConfig, directory: Path = RUNS, keep: Keep | None = None, progress: bool = False
    ) -> tuple[Record, Path]:
        """The record of a run, and its path; the other arguments are those of :func:`mnemonics_lib.runs.run`."""
        found = next((run for run in self.plan.runs if run.config.in_effect() == config.in_effect()), None)
        if found is None:
            raise FinishedError(
                f"study = {self.study!r}: has no run with exemplars = {config.exemplars!r}, seed = {config.seed} of "
                'these parameters; compute everything with study = ""'
            )
        if keep is not None and keep != found.keep:
            raise FinishedError(f"study = {self.study!r}: keeps something else of {found.arm} than {keep!r}")
        record, path = self._record(found), self._path(found)
        print(f"{found.arm}, seed {found.seed}: its record is read, and it is not run here")
        return record, path

    def load_run(self, path: Path) -> runs.FinishedRun:
        """The leading run read back."""
        if path != self._path(self.leading):
            raise FinishedError(f"{path}: no network is kept of this run; of {self._path(self.leading)} there is one")
        record, checkpoint = self._record(self.leading), self.store.checkpoint
        try:
            config, state, pixels, protocol = restore_alone(checkpoint, torch.device("cpu"))
        except Exception as error:  # a form of another version of the library, of which the identity does not say
            raise FinishedError(
                f"{self.folder / NAME}: cannot be read by this library: {error}; {self.remedy}"
            ) from error
        if said := _differing(config.in_effect(), self.leading.config.in_effect()):
            raise FinishedError(
                f"{self.folder / NAME}: its checkpoint is of another run than the study's, in this order: {said}; "
                f"{self.remedy}"
            )
        state.model.eval()
        return runs.FinishedRun(config, record, state, pixels, protocol.order)

    @staticmethod
    def kept_beside(path: Path) -> Path:
        """What was kept beside a record."""
        return runs.kept_beside(path)

    def _require_parameters(self, config: RunConfig, whose: str) -> None:
        """Refuse parameters that differ from the leading run's in more than the kind of exemplars."""
        leading = self.leading.config
        mine = in_effect(config.model_dump() | {"exemplars": leading.exemplars})
        if said := _differing(mine, leading.in_effect()):
            raise FinishedError(
                f"study = {self.study!r}: has other parameters than {whose}, here and there: {said}; "
                'let them agree, or compute everything with study = ""'
            )

    def _path(self, run: PlannedRun) -> Path:
        return self.folder / run.arm / f"seed-{run.seed}.json"

    def _record(self, run: PlannedRun) -> Record:
        path = self._path(run)
        if not path.is_file():
            raise FinishedError(f"{path}: not there; {self.remedy}")
        return read_record(path)


class MadeRuns(TakenRuns):
    """The same while the loops are made: they are walked, and each is written to a folder when it is at its end.

    Args:
        study: its name.
        config: of the notebook.
        folder: where they are written, in the order in which they end.
    """

    def __init__(self, study: str, config: RunConfig, folder: Path) -> None:
        super().__init__(study, config)
        self.to = folder

    def driver_for(self, experiment: Experiment) -> Walker:
        """Walk each loop, and write it.

        Raises:
            FinishedError: for an experiment of other parameters than the study's.
        """
        self._require_parameters(experiment.config, "this experiment")
        walk = runs.driver_for(experiment, RUNS)

        def keep(loop: Loop, name: str) -> None:
            described = describe(loop, name)
            walk(loop, name)
            write_loop(
                self.to / f"{len(list(self.to.iterdir())):04}.safetensors", FinishedLoop(described, loop.state())
            )

        return keep

    def load_run(self, path: Path) -> runs.FinishedRun:
        """The run as it was made on this machine."""
        return runs.load_run(RUNS / runs.name_of(self.leading.config))


def _differing(mine: Mapping[str, Any], its: Mapping[str, Any]) -> str:
    """In which fields two configurations differ, and their values; "" for none."""
    one, other = flat(mine), flat(its)
    alone = [f"{name} in one of them alone" for name in one_sided(one, other)]
    return "; ".join(filter(None, [told(differing(one, other)), *alone]))


def _shown(path: Path) -> str:
    """A path as a reader knows it: from the project's folder, where it lies in it."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
