"""Whole runs: checkpoints between phases, a record at the end, and a finished run read back.

Example::

    record, path = run(config, keep=Keep())  # for figures; mnemonics_lib.kept.read_kept(path.with_name(KEPT)) reads it
    run = load_run("build/runs/quick/digits-n5-...")  # the directory, or the record in it
    run.model, run.exemplars.images  # Theta_N and E_{0:N}
    run.results  # one row per phase
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from mnemonics_lib import metrics
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.data.checks import require_like_data
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.wording import listed
from mnemonics_lib.device.deterministic import deterministic
from mnemonics_lib.device.memory import peak_memory_mb
from mnemonics_lib.device.precision import without_bfloat16_units
from mnemonics_lib.device.recording import recording
from mnemonics_lib.divergence import DivergedError, NonFiniteError
from mnemonics_lib.durable.assemble import assemble
from mnemonics_lib.durable.checkpoint import (
    Account,
    CheckpointError,
    load_checkpoint,
    read_checkpoint,
    restore_alone,
    save_checkpoint,
)
from mnemonics_lib.durable.clock import deadline_in
from mnemonics_lib.durable.commit import CodeVersion, code_version
from mnemonics_lib.durable.concerns import concerns
from mnemonics_lib.durable.diverged import refuse_again, remember
from mnemonics_lib.durable.driver import Driver
from mnemonics_lib.durable.files import clear_unfinished
from mnemonics_lib.durable.journal import Journal
from mnemonics_lib.durable.locks import locked
from mnemonics_lib.durable.phase_rows import Row, phase_row, phase_rows
from mnemonics_lib.durable.provenance import Identity, data_digest, environment, source_digest
from mnemonics_lib.durable.records import OlderRecordError, Record, read_record, write_record
from mnemonics_lib.durable.shared import Shared, phase_zero_keys
from mnemonics_lib.durable.syntax import sha256
from mnemonics_lib.durable.unused import unused_modules
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State, initial_state, run_phase
from mnemonics_lib.kept.file import KeptError, read_kept
from mnemonics_lib.kept.keeper import Keeper
from mnemonics_lib.methods import method_class
from mnemonics_lib.models import IncrementalNet, evaluating
from mnemonics_lib.paths import RUNS
from mnemonics_lib.trial import refuse_unfit

RECORD, CHECKPOINT, JOURNAL, DIVERGED = "record.json", "checkpoint.pt", "unfinished.pt", "diverged.json"
KEPT = "kept.safetensors"
FILES = (RECORD, CHECKPOINT, JOURNAL, DIVERGED, KEPT)
"""What a run's directory may hold, beside its lock."""


class RunWarning(UserWarning):
    """Something about a run that its user should look at; what looks wrong in a phase stands in its record, too."""


@dataclass(frozen=True)
class Predicted:
    """The classes of some images, as a run sees them; all of length n.

    Attributes:
        positions: places in the order of arrival, int64 [n].
        ids: of the classes in the data set, int64 [n].
        names: what the data set calls them.
    """

    positions: Tensor
    ids: Tensor
    names: list[str]


@dataclass(frozen=True)
class FinishedRun:
    """What a run leaves, read back by :func:`load_run`.

    Attributes:
        config: its configuration.
        record: its record.
        state: the last state; the properties below are its parts.
        pixels: the data set's pixel space: ``pixels.display(run.exemplars.images)`` shows the exemplars.
        class_order: data-set class ids in order of arrival; labels and predictions are positions in it.
    """

    config: RunConfig
    record: Record
    state: State
    pixels: Pixels
    class_order: list[int]

    @property
    def model(self) -> IncrementalNet:
        """Theta_N, in evaluation mode."""
        return self.state.model

    @property
    def exemplars(self) -> ExemplarMemory:
        """E_{0:N}, as tensors where the model is; those of pictures from disk are read from the host's memory anew."""
        return self.state.memory.whole()

    @property
    def results(self) -> pd.DataFrame:
        """One row per phase: accuracies, exemplar statistics, losses, confusion matrix."""
        return pd.DataFrame(self.state.results).rename_axis("phase")

    @property
    def class_names(self) -> list[str]:
        """What the data set calls the classes, in order of arrival; their ids in an old record, which has no names."""
        return self.record.class_names or [str(class_id) for class_id in self.class_order]

    @property
    def dataset_names(self) -> list[str]:
        """The same by class id, as :func:`mnemonics_lib.exemplars.files.save_png` takes names; ids where unused."""
        names = [str(class_id) for class_id in range(max(self.class_order) + 1)]
        for class_id, name in zip(self.class_order, self.class_names, strict=True):
            names[class_id] = name
        return names

    def predict(self, raw: Tensor) -> Predicted:
        """The classes of raw uint8 images [n, c, h, w], by the method's own classifier.

        Args:
            raw: as the run's data set has them at its resolution, where :func:`load_run` put the run; n may be 0.

        Raises:
            ValueError: for images of another type, size or device, values above white, and a classifier that gives NaN.
        """
        shape = self.state.memory.images.shape[1:]  # known of an empty memory, too
        require_like_data("raw", raw, shape, self.pixels.white, self.pixels.mean.device)
        nowhere = torch.zeros(len(raw), dtype=torch.int64, device=raw.device)  # labels are not known, nor needed
        with evaluating(self.model) as model:
            scorer = self.state.method.scorer(model, self.state.memory.samples(self.pixels))
            positions = metrics.predict(scorer, Samples.real(raw, nowhere, self.pixels))
        names = self.class_names
        ids = torch.tensor(self.class_order, device=positions.device)[positions]
        return Predicted(positions, ids, [names[position] for position in positions.tolist()])


def run(
    config: RunConfig,
    directory: str | Path = RUNS,
    device: str = "cpu",
    progress: bool = False,
    minutes: float | None = None,
    record_steps: bool = True,
    each_phase: Callable[[Row], object] = lambda row: None,
    keep: Keep | None = None,
) -> tuple[Record, Path]:
    """Run a configuration to its record; what is already there is not done again.

    The run lives in ``directory/<name>``: a checkpoint after each phase, a journal inside one, then ``record.json``. A
    call for the same experiment (configuration, data and the source of what computes it) returns a finished record, or
    goes on where the last one stopped (it writes what it has once a minute, after a step, and less often where that
    takes more than three seconds). Anything of another experiment starts again. Phase 0 is shared with the other runs
    in ``directory``.

    Args:
        config: the run.
        directory: parent of all runs (default: ``build/runs`` of the project, or of the current folder where the
            library is installed without it).
        device: a torch device.
        progress: show progress bars.
        minutes: stop at the first epoch or outer step after so many; None for no limit.
        record_steps: whether a GPU may repeat recorded steps by itself (:mod:`mnemonics_lib.device.recording`).
        each_phase: called with the row of each phase (:data:`mnemonics_lib.durable.phase_rows.Row`) once it is kept;
            those that were finished by an earlier call come first.
        keep: what to keep beside the record for figures, in ``kept.safetensors``; None for nothing more than an earlier
            call for this run has kept. No number of the record depends on it. Where phases are finished of which
            something is missing, even those of a finished run, the run is made again from its first phase, with a
            warning; E_0 then is shared with runs that keep the same.

    Returns:
        The record and its path.

    Raises:
        ConfigError: for things to keep that the run does not have, and for data of which a batch would have one image.
        DataError: for data that cannot be read, or are not what is said of them.
        OutOfTimeError: past ``minutes``; the same call goes on.
        StoppedError: after Ctrl-C, at the end of a step; the same call goes on.
        DivergedError: for NaN or infinity in a loss, a pixel or a score; the same call says so at once.
        RecordError, CheckpointError, JournalError, SharedError, KeptError: for a damaged file, which it names.
        UnfitNetworkError: for a network that does not take the images, or cannot be differentiated twice.
        WillNotFitError: for an exemplar level that does not fit into memory.
        OSError: when the file system refuses to keep something; what was kept before is still there.
    """
    deadline = deadline_in(minutes)
    directory = Path(directory)
    home = directory / name_of(config)
    path = home / RECORD
    experiment = Experiment.of(config, device)
    # Before the run, because its source may be edited and committed while it lasts.
    identity, code = identity_of(experiment), code_version()
    # Two processes that want the same run: the second waits, then finds it finished.
    with locked(home / "lock", deadline, "another process, which makes the same run"):
        for name in FILES:
            clear_unfinished(home / name)
        found = _finished(path)
        keeper = None if keep is None else Keeper(experiment, identity, keep, home / KEPT)
        complete = keeper is None or not keeper.lacks(config.phases + 1)
        if found is not None and found.identity == identity and complete:
            _say_what_is_called_otherwise(path, found, experiment)
            for row in phase_rows([result.fields() for result in found.results], found.phase_seconds):
                each_phase(row)
            return found, path
        refuse_unfit(experiment)
        _say_what_is_slow(experiment)
        of_phase = {**identity.model_dump(), "device": experiment.device.type}
        seen = keeper.seen_in_phase_0 if keeper else None
        driver = driver_for(experiment, directory, Journal(home / JOURNAL, of_phase), deadline, progress, seen)
        with deterministic(), recording(record_steps):
            state, account = _remaining_phases(experiment, home, identity, driver, keeper, each_phase)
        record = _record(experiment, state, account, identity, code)
        if keeper is None:
            _remove_kept_of_another(home / KEPT, identity)
        write_record(path, record)
        return record, path


def _record(experiment: Experiment, state: State, account: Account, identity: Identity, code: CodeVersion) -> Record:
    """What a finished run leaves to be read."""
    return assemble(
        experiment.config,
        experiment.protocol.order,
        experiment.class_names,
        state.results,
        account.environments,
        identity,
        code,
        account.seconds,
        account.peak_memory_mb,
    )


def _remove_kept_of_another(path: Path, identity: Identity) -> None:
    """Remove what an earlier run of this name has kept, or what nobody can read; what this run has kept stays."""
    try:
        if path.exists() and read_kept(path).identity == identity:
            return
    except KeptError:
        pass
    path.unlink(missing_ok=True)


def _finished(path: Path) -> Record | None:
    """The record that is there; one of an older version is, as one of other source, made again."""
    try:
        return read_record(path) if path.exists() else None
    except OlderRecordError:
        return None


def _remaining_phases(
    experiment: Experiment,
    home: Path,
    identity: Identity,
    driver: Driver,
    keeper: Keeper | None,
    each_phase: Callable[[Row], object],
) -> tuple[State, Account]:
    """Run what is left of an experiment, with a checkpoint after each phase."""
    now, checkpoint = environment(experiment.device), home / CHECKPOINT
    of_divergence = {"identity": identity.model_dump(), "environment": now.model_dump()}
    refuse_again(home / DIVERGED, of_divergence)
    if experiment.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(experiment.device)
    state, account = load_checkpoint(checkpoint, experiment, identity)
    if keeper and keeper.lacks(state.phase):
        missing = f"{home / KEPT}: has not all that is to be kept of the phases before phase {state.phase}"
        warnings.warn(f"{missing}; the run is made again from its first phase", RunWarning, stacklevel=3)
        state, account = initial_state(experiment), Account()
    walk = keeper.watching(driver) if keeper else driver
    for row in phase_rows(state.results, account.seconds):
        each_phase(row)
    while (phase := state.phase) <= experiment.config.phases:
        driver.begin(phase)
        account.computed_in(*driver.work_in(now))
        try:
            run_phase(experiment, state, walk)
            account.seconds.append(driver.seconds())
            account.peak_memory_mb = max(account.peak_memory_mb, peak_memory_mb(experiment.device))
            _say_concerns(state)
            if keeper:
                keeper.after(state)
            save_checkpoint(checkpoint, experiment, state, account, identity)
        except NonFiniteError as error:
            where = "" if isinstance(error, DivergedError) else f"phase {phase}: "  # a loop's name has its phase
            reached = f"{checkpoint}, after phase {phase - 1}" if phase else "none, this is the first phase"
            message = f"diverged: {where}{error}; last good checkpoint: {reached}"
            remember(home / DIVERGED, of_divergence, message)
            raise DivergedError(message) from error
        except BaseException:
            driver.write_if_it_can()
            raise
        each_phase(phase_row(phase, state.results[-1], account.seconds[-1]))
        driver.end(last=phase == experiment.config.phases)
    return state, account


def _say_what_is_slow(experiment: Experiment) -> None:
    """Warn of a precision that costs time on this machine, and was chosen to save it."""
    config = experiment.config
    levels = {"training": config.training} | ({"finetuning": config.finetuning} if config.finetune else {})
    low = [f"{name}.precision = bfloat16" for name, level in levels.items() if level.precision == "bfloat16"]
    if low and without_bfloat16_units(experiment.device):
        warnings.warn(
            f"{', '.join(low)}: this CPU has no bfloat16 units, so it takes longer than with float32; "
            "float32 is the precision to set, unless it is bfloat16's rounding that you are after",
            stacklevel=3,
        )


def _say_what_is_called_otherwise(path: Path, found: Record, experiment: Experiment) -> None:
    """Warn of class folders that were renamed, whose pictures are the same, so that the run is."""
    pairs = zip(found.class_names or experiment.class_names, experiment.class_names, strict=True)
    if renamed := [f"{now} was {then}" for then, now in pairs if then != now]:
        warnings.warn(
            f"{path}: calls classes as they were called when it was made: {listed(renamed)}; delete it, and it is "
            "written again, with their names of now",
            RunWarning,
            stacklevel=3,
        )


def _say_concerns(state: State) -> None:
    """Warn of what looks wrong in the phase that has ended, and note it in its results."""
    result = state.results[-1]
    result["concerns"] = concerns(result)
    for line in result["concerns"]:
        warnings.warn(f"phase {state.phase - 1}: {line}", RunWarning, stacklevel=2)


def driver_for(
    experiment: Experiment,
    directory: str | Path = RUNS,
    journal: Journal | None = None,
    deadline: float | None = None,
    progress: bool = True,
    seen: Mapping[str, Any] | None = None,
) -> Driver:
    """What walks the loops of an experiment, and shares the loops of phase 0 with runs in which they are the same.

    For stepping through a run by hand: ``walk = driver_for(experiment)``, then ``run_phase(experiment, state, walk)``.

    Args:
        experiment: of the run.
        directory: parent of the runs that phase 0 is shared with.
        journal: where loops that are not finished are kept; None keeps nothing.
        deadline: when to stop, on the clock of ``time.monotonic``; None for no limit.
        progress: whether to show a bar.
        seen: what is looked at while E_0 is trained, which is shared only with runs that look at the same.
    """
    shared = Shared(Path(directory) / "phase-0", phase_zero_keys(experiment, seen))
    return Driver(journal, shared, experiment.device, deadline, progress)


def identity_of(experiment: Experiment) -> Identity:
    """What decides the numbers of an experiment: equal identities, equal results on one machine.

    The source of config/ is left out, so that a new data set or method orphans nothing. What it computes from the
    fields (head, class order, phases, quotas, milestones) counts instead.
    """
    config, protocol = experiment.config, experiment.protocol
    resolved = {
        "config": config.model_dump(),
        "head": config.head,
        "order": protocol.order,
        "phases": [protocol.bounds(phase) for phase in range(config.phases + 1)],
        "quotas": [config.quota(protocol.seen(phase)) for phase in range(config.phases + 1)],
        "milestones": [
            level.milestone_epochs() for level in (config.training, config.finetuning, config.training_from_scratch)
        ],
    }
    return Identity(config=sha256(resolved), data=data_digest(experiment.data), source=source_of(config))


def source_of(config: RunConfig) -> str:
    """SHA-256 (hex) of the source that a run of this configuration calls."""
    return source_digest(method_class(config.method), unused=unused_modules(config))


def load_run(path: str | Path, device: torch.device | str = "cpu") -> FinishedRun:
    """Read a finished run back: its model, its exemplars and its results. The data set is not needed.

    Args:
        path: the run's directory, or the record in it (as :func:`run` returns it).
        device: where the model and the exemplars go.

    Raises:
        FileNotFoundError: when there is no finished run.
        RecordError: for a damaged record.
        OlderRecordError: for one of an older version of the library.
        CheckpointError: for a checkpoint that cannot be read, that does not fit this version of the library, or that is
            of another run than the record; it says what can be done.
    """
    home = Path(path).parent if Path(path).name == RECORD else Path(path)
    for name in (RECORD, CHECKPOINT):
        if not (home / name).exists():
            raise FileNotFoundError(f"{home / name}: not there; {home} is not the directory of a finished run")
    record = read_record(home / RECORD)
    identity, content = read_checkpoint(home / CHECKPOINT)
    unfinished = len(content["results"]) != len(record.results)
    if unfinished or record.identity is None or identity != record.identity.model_dump():
        raise CheckpointError(
            f"{home / CHECKPOINT}: of another run than {RECORD}, or of fewer phases: the run was started again, by "
            "other source, on other data or to keep something for figures, and is not finished; the call that did so "
            f"goes on; otherwise delete {home / RECORD} and make the run"
        )
    try:
        config, state, pixels, protocol = restore_alone(content, torch.device(device))
    except Exception as error:
        raise CheckpointError(f"{home / CHECKPOINT}: does not fit this version of the library ({error})") from error
    state.model.eval()
    return FinishedRun(config, record, state, pixels, protocol.order)


def kept_beside(record: Path) -> Path:
    """Where a run's kept artefacts are: beside the record in its directory, or beside a copy ``seed-0.json`` of it."""
    return record.with_name(KEPT) if record.name == RECORD else record.with_suffix(".safetensors")


def name_of(config: RunConfig) -> str:
    """A readable, unique directory name for a configuration."""
    main = f"{config.dataset}-n{config.phases}-{config.method}-{config.exemplars}-s{config.seed}"
    return f"{config.profile}/{main}-{config.digest[:10]}"
