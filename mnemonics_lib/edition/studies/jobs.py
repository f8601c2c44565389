"""What makes the records that are missing, each once: phase 0 for all runs that share it, then the runs, then copies.

A job is a command and what must be there before it. The Snakefile hands them to its engine, which runs them here or on
a cluster.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.config import phase_zero
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.durable.provenance import Identity, data_digest
from mnemonics_lib.durable.records import RecordError, read_record, same_outcome
from mnemonics_lib.durable.shared import exemplars_source, model_source
from mnemonics_lib.durable.syntax import sha256
from mnemonics_lib.edition.studies.plan import Plan, PlannedRun
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.kept import KeptError, read_kept
from mnemonics_lib.kept.snapshots import plan as snapshot_plan
from mnemonics_lib.paths import RECORDS, visible
from mnemonics_lib.runs import source_of

STAMPS = Path("build", "studies", "phase-0")
"""Says of each phase 0 that several runs share that it is there."""

RUN = ["-m", "mnemonics_lib", "run"]
TORCHRUN = ["-m", "mnemonics_lib.device.torchrun", "--standalone"]
COPY = ["-m", "mnemonics_lib.edition.studies.copy_record"]


@dataclass(frozen=True)
class Job:
    """One call of Python.

    Attributes:
        output: the file that it makes.
        command: its arguments.
        run: the run that it works for; of several the first.
        needs: files that must be there before.
        stamps: whether the output says that something is there, and the command itself does not make it.
    """

    output: Path
    command: list[str]
    run: PlannedRun
    needs: list[Path] = field(default_factory=list)
    stamps: bool = False

    @property
    def is_copy(self) -> bool:
        """Whether it copies a run that is made elsewhere."""
        return self.command[: len(COPY)] == COPY

    @property
    def label(self) -> str:
        """What a person calls it."""
        word = f"{self.output.name.partition('-')[0]} of phase 0 for  " if self.stamps else ""
        return f"{word}{self.run.study}  {self.run.arm}  seed {self.run.seed}"

    @property
    def name(self) -> str:
        """What the batch engine calls it: a word, the same whenever it is asked."""
        word, digest = re.sub(r"\W", "_", str(self.output)), sha256(str(self.output))[:8]
        return f"{word}_{digest}"  # two names may differ in what is no part of a word

    @property
    def outputs(self) -> list[Path]:
        """All files that it makes: of a run those that are not there, for Snakemake would delete one that is."""
        return [self.output] if self.stamps else [file for file in self.run.files if not file.exists()]

    @property
    def log(self) -> Path:
        """Where its output goes."""
        parts = self.output.parts[1:] if self.output.is_absolute() else self.output.parts
        return Path("build", "logs", *parts).with_suffix(".log")


class GpusError(ReportedError, ValueError):
    """A number of GPUs that no job can have."""


class CopiesError(ReportedError, ValueError):
    """Neither yes nor no."""


def whether_copied(given: Any) -> bool:
    """Whether runs that other studies have are to be copied from them: unless it is said that they are not.

    Args:
        given: what the setting ``copies`` says; None for nothing.

    Raises:
        CopiesError: for another word.
    """
    said = {
        "None": True,
        "yes": True,
        "no": False,
        "True": True,
        "False": False,
    }
    if str(given) not in said:
        raise CopiesError(f"copies = {given!r}: must be yes or no")
    return said[str(given)]


def gpus_of_a_job(given: Any, device: str) -> int:
    """How many GPUs each run of a study is to have: none on a CPU.

    Args:
        given: what the setting ``gpus`` says; None for nothing.
        device: of the runs.

    Raises:
        GpusError: for what is no number of GPUs, and for several without a GPU.
    """
    on_gpu = device.partition(":")[0] == "cuda"
    if given is None:
        return int(on_gpu)
    if not re.fullmatch("[1-9][0-9]*", str(given)):
        raise GpusError(f"gpus = {given!r}: must be a whole number from 1 on")
    if not on_gpu or (int(given) > 1 and device != "cuda"):
        raise GpusError(f"gpus = {given}: must go with device = cuda, not {device}")
    return int(given)


def jobs(
    plans: Iterable[Plan],
    options: Sequence[str] = (),
    records: Path = RECORDS,
    stamps: Path = STAMPS,
    processes: int = 1,
    copied: bool = True,
) -> list[Job]:
    """What makes the records of some studies that are missing; the jobs that others need come first.

    Of runs that are the same, in whatever of these studies, one is made, and its record copied to the others. A record
    that is there already, of the same settings, the present source and, of a folder, the present pictures, in whatever
    study, is copied, too, with what is kept beside it.

    Args:
        plans: of the studies.
        options: more arguments for each run, which change none of its numbers: where, how long.
        records: where such records are looked for, beside the studies' own.
        stamps: the folder of what is said of phase 0.
        processes: that take part in each run; several are started by torchrun.
        copied: whether records that are there already are copied.
    """
    plans = list(plans)
    present = _by_digest([records, *(plan.records for plan in plans)]) if copied else {}
    first: dict[str, list[PlannedRun]] = defaultdict(list)
    made, copies = [], []
    # Those that keep something come first: a record beside which something is kept serves those that want it alone.
    for run in sorted((run for plan in plans for run in plan.missing), key=lambda run: run.keep is None):
        earlier = [same.record for same in first[run.config.digest] if _serves(same, run)]
        found = earlier or [path for path in present.get(run.config.digest, []) if _usable(path, run)]
        if found:
            copies.append(_copy(found[0], run))
        else:
            # One that keeps something else is made in the same folder of build/runs: after, and not beside it.
            made.append((run, [file for same in first[run.config.digest] for file in same.files]))
            first[run.config.digest].append(run)
    shared = _PhaseZero([run for run, _ in made], options, stamps, processes)
    runs = [Job(run.record, command(run, options, processes), run, [*shared.needs(run), *after]) for run, after in made]
    return [*shared.jobs, *runs, *copies]


def command(run: PlannedRun, options: Sequence[str] = (), processes: int = 1) -> list[str]:
    """The arguments of Python that make a run and its record."""
    return [*started(processes), *run.arguments, *options, "--copy", str(run.record)]


def started(processes: int) -> list[str]:
    """The arguments of Python that start so many processes for a run."""
    return RUN if processes == 1 else [*TORCHRUN, f"--nproc-per-node={processes}", *RUN]


class _PhaseZero:
    """The phases 0 that several runs have in common, as jobs that come before them."""

    def __init__(self, runs: list[PlannedRun], options: Sequence[str], stamps: Path, processes: int) -> None:
        self._options, self._started = options, started(processes)
        self._of: dict[str, Path] = {}
        self.jobs: list[Job] = []
        models, exemplars = _grouped(runs, _model_key), _grouped(filter(_trains, runs), _exemplars_key)
        for key, sharing in models.items():
            if len(sharing) > 1:  # one that trains no exemplars makes Theta_0 and no more
                self._add(stamps / f"model-{key}.done", min(sharing, key=_trains), sharing)
        for key, sharing in exemplars.items():
            if len(sharing) > 1:
                self._add(stamps / f"exemplars-{key}.done", sharing[0], sharing)

    def _add(self, stamp: Path, maker: PlannedRun, sharing: list[PlannedRun]) -> None:
        arguments = [*self._started, *maker.arguments, *self._options, "--stop-after", "0"]
        self.jobs.append(Job(stamp, arguments, maker, self.needs(maker), stamps=True))
        self._of.update(dict.fromkeys((str(run.record) for run in sharing), stamp))

    def needs(self, run: PlannedRun) -> list[Path]:
        """What must be there before a run: the last of its phase 0 that others have, too."""
        stamp = self._of.get(str(run.record))
        return [] if stamp is None else [stamp]


def _trains(run: PlannedRun) -> bool:
    return run.config.exemplars == "mnemonics"


def _model_key(run: PlannedRun) -> str:
    return sha256({**phase_zero.of_model(run.config), "source": model_source()})[:16]


def _exemplars_key(run: PlannedRun) -> str:
    seen = _seen_in_phase_0(run)
    what = [_model_key(run), phase_zero.of_exemplars(run.config), exemplars_source(run.config), seen]
    return sha256(what)[:16]  # what is seen of E_0's training is in the state that runs share


def _seen_in_phase_0(run: PlannedRun) -> Mapping[str, Any] | None:
    """What ``Keeper.seen_in_phase_0`` of the run itself is, for one that trains E_0; its data are not needed."""
    keep = run.keep
    if keep is None or not keep.exemplars or 0 not in keep.phases_of(run.config):
        return None
    return snapshot_plan(keep)


def _grouped(runs: Iterable[PlannedRun], key: Any) -> Mapping[str, list[PlannedRun]]:
    found: dict[str, list[PlannedRun]] = defaultdict(list)
    for run in runs:
        found[key(run)].append(run)
    return found


def _by_digest(folders: Iterable[Path]) -> Mapping[str, list[Path]]:
    """The records that are there, by the digest of their configuration; what is no record is somebody else's."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted({path for folder in folders for path in visible(folder, "**/seed-*.json")}):
        try:
            found[json.loads(path.read_text(encoding="utf-8"))["config_digest"]].append(path)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _serves(same: PlannedRun, run: PlannedRun) -> bool:
    """Whether the same run, made for another arm, leaves all that this one is to leave, beside what it has already."""
    return run.keep in (None, same.keep) and (not run.record.exists() or _same_outcome(same.record, run.record))


def _same_outcome(one: Path, other: Path) -> bool:
    """Whether two files are records of one run that came out the same: what is kept beside the one fits the other."""
    try:
        return same_outcome(read_record(one), read_record(other))
    except RecordError:
        return False


def _usable(path: Path, run: PlannedRun) -> bool:
    """Whether a record of the same settings is whole, of the present source and data, and all that is to be left."""
    if run.record.exists() and not _same_outcome(path, run.record):
        return False
    try:
        identity = read_record(path).identity
        if run.keep is not None:
            kept = read_kept(path.with_suffix(".safetensors"))
            if (kept.keep, kept.identity) != (run.keep, identity):
                return False
    except (RecordError, KeptError, FileNotFoundError):
        return False
    return identity is not None and identity.source == source_of(run.config) and _of_present_data(identity, run)


def _of_present_data(identity: Identity, run: PlannedRun) -> bool:
    """Whether a record is of the pictures that are in a run's folder now; it is of any other data set.

    Those are what they are, and to plan their runs they need not be there. A folder is read for its digest, once for
    all runs on it, and only where a record might be copied. If it cannot be read, the run is made, and says why.
    """
    config = run.config
    if config.folder is None:
        return True
    try:
        data = load_dataset(config.dataset, torch.device("cpu"), config.resolution, config.folder)
    except DataError:
        return False
    return identity.data == data_digest(data)


def _copy(found: Path, run: PlannedRun) -> Job:
    """A copy of all that a run leaves; of a record that is there, of what is kept beside it alone."""
    wanted = [file for file in reversed(run.files) if file != run.record or not file.exists()]
    pairs = [(str(found.with_suffix(file.suffix)), str(file)) for file in wanted]
    return Job(run.record, [*COPY, *(path for pair in pairs for path in pair)], run, [Path(pair[0]) for pair in pairs])
