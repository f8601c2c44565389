"""The runs that a study asks for, each with its configuration, checked before the first of them begins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mnemonics_lib.config import ConfigError, RunConfig, configuration, parse_yaml, read_yaml
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.config.shipped import parameter_file
from mnemonics_lib.edition.records.measures import MeasureError, unit
from mnemonics_lib.edition.records.settings import differing, flat, settings, told
from mnemonics_lib.edition.studies.study import Study, read_study, records_of


@dataclass(frozen=True)
class PlannedRun:
    """One run of a study.

    Attributes:
        study: the study's name.
        arm: the arm's whole name.
        seed: of the run.
        params: the parameter file.
        preset: a row of the paper's tables, or None.
        settings: fields changed after that, by their dotted names.
        keep: what is kept beside the record, or None.
        config: what all of this comes to.
        record: where its record is, or will be.
    """

    study: str
    arm: str
    seed: int
    params: Path
    preset: str | None
    settings: Mapping[str, Any]
    keep: Keep | None
    config: RunConfig
    record: Path

    @property
    def arguments(self) -> list[str]:
        """Those of ``python -m mnemonics_lib run`` that make this run."""
        preset = [] if self.preset is None else ["--preset", self.preset]
        keep = [] if self.keep is None else ["--keep", *words(self.keep.model_dump(exclude_unset=True))]
        return [str(self.params), *preset, "--set", *words(self.settings), *keep]

    @property
    def files(self) -> list[Path]:
        """What it leaves for the study: its record, and what is kept beside it."""
        return [self.record] if self.keep is None else [self.record, self.record.with_suffix(".safetensors")]

    @property
    def made(self) -> bool:
        """Whether all of that is there."""
        return all(file.exists() for file in self.files)


@dataclass(frozen=True)
class Plan:
    """A study, its file and its runs; :func:`plan` makes one.

    Attributes:
        path: the study's file.
        study: what is in it.
        runs: in the order of the grid, the arms and the seeds.
    """

    path: Path
    study: Study
    runs: list[PlannedRun] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Folder and stem of its file, as in ``quick/digits-n5``."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def records(self) -> Path:
        """The folder of its records: one for each arm, and in it a file of each seed; seen from here."""
        folder = records_of(self.path).absolute()
        return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder

    @property
    def leading(self) -> PlannedRun:
        """The run whose parameters a study's notebooks have: the first that keeps something for figures.

        Raises:
            ConfigError: where none does.
        """
        found = next((run for run in self.runs if run.keep is not None), None)
        if found is None:
            raise ConfigError(f"{self.path}: no arm keeps anything, so that chapter 5 has nothing to show of it")
        return found

    @property
    def missing(self) -> list[PlannedRun]:
        """Runs of which something is not there."""
        return [run for run in self.runs if not run.made]

    def finished(self, *arms: str) -> bool:
        """Whether no run of these arms is missing."""
        return all(run.made for run in self.runs if run.arm in arms)


def plan(path: str | Path) -> Plan:
    """Read a study and make the configuration of each of its runs.

    Raises:
        ConfigError: with a line for each problem, naming the study and the arm.
    """
    path = Path(path)
    found = Plan(path, read_study(path))
    study, problems, bases = found.study, dict[str, None](), _Bases()
    for name, cell, arm in study.members():
        for seed in study.seeds_of(arm):
            try:
                found.runs.append(_run(found, bases, name, cell, arm, seed))
            except ConfigError as error:  # often the same for each seed
                problems.update(dict.fromkeys(f"{path}: {name}: {line}" for line in str(error).splitlines()))
    for number, comparison in enumerate(study.compare):
        try:
            unit(comparison.field)
        except MeasureError as error:
            problems[f"{path}: compare.{number}.field: {error}"] = None
    if problems:
        raise ConfigError("\n".join(problems))
    return found


def _run(plan: Plan, bases: _Bases, name: str, cell: Mapping[str, Any], arm: str, seed: int) -> PlannedRun:
    study, own = plan.study, plan.study.arms[arm]
    axes = {"params": study.params, "preset": study.preset, **cell}
    given, preset = axes.pop("params"), axes.pop("preset")
    preset = own.preset or preset
    part = study.slice_of(seed)
    layers = (study.set, axes, own.set, {} if part is None else {"classes": part}, {"seed": seed})
    settings = {field: value for layer in layers for field, value in flat(layer).items()}  # the last word counts
    params, values = bases.of(given)
    config = configuration(values, str(params), settings, preset)
    keep = study.keep if own.keep is None else own.keep
    if keep is not None:
        keep.phases_of(config)  # refuses what such a run cannot keep
    record = plan.records / name / f"seed-{seed}.json"
    return PlannedRun(plan.name, name, seed, params, preset, settings, keep, config, record)


class _Bases:
    """Parameter files, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Path, Any]] = {}

    def of(self, given: Any) -> tuple[Path, Any]:
        """The file that a path or a name stands for, and its values."""
        if not isinstance(given, str):
            raise ConfigError(f"params = {given!r}: must be a parameter file, or the name of one")
        if given not in self._read:
            path = parameter_file(given)
            self._read[given] = path, read_yaml(path)
        return self._read[given]


def words(settings: Mapping[str, Any]) -> list[str]:
    """Settings as the command line takes them, ``KEY=VALUE`` each, the value in YAML."""
    return [f"{key}={_yaml(value)}" for key, value in settings.items()]


def _yaml(value: Any) -> str:
    """A value on one line: a plain word as it is, all else as JSON, which is YAML."""
    if isinstance(value, str) and value.isidentifier() and parse_yaml(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def check_present(plans: Iterable[Plan]) -> None:
    """Compare the records that are there, and what is kept beside them, with what their study says of them.

    Raises:
        ConfigError: with a line for each that was made with other settings or another seed, naming what differs.
        RecordError, KeptError: for a damaged file.
    """
    # Imported here, because they need PyTorch, which takes seconds, and a plan does not.
    from mnemonics_lib.durable.records import read_record
    from mnemonics_lib.kept import read_kept

    problems = []
    for run in (run for plan in plans for run in plan.runs if run.record.exists()):
        record = read_record(run.record)
        if found := differing(settings(record.config), settings(run.config.model_dump())):
            problems.append(
                f"{run.record}: {told(found)}, which {run.study} says of {run.arm}: must be equal; delete the record "
                "to make it again, or give the arm another name"
            )
        elif record.seed != run.seed:
            problems.append(
                f"{run.record}: seed = {record.seed}: must be {run.seed}, as its name says; delete the record to make "
                "it again, or give the file its right name"
            )
        elif run.keep is not None and run.files[1].exists():
            kept = read_kept(run.files[1])
            if kept.keep != run.keep or kept.identity != record.identity:
                problems.append(
                    f"{run.files[1]}: of another run than {run.record.name}, or keeps something else than {run.study} "
                    f"says of {run.arm}; delete it to make it again"
                )
    if problems:
        raise ConfigError("\n".join(problems))
