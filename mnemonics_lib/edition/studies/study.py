"""One study, one YAML file: arms over a grid of fields, seeds and class slices, and what is compared with what.

Example:
    title: Does training help?
    params: small/cifar100-n5
    seeds: 5
    slices: [[20, 40], [40, 60], [60, 80], [80, 100]]
    grid:
      method: [lwf, lucir]
      budget: [5, 20]
    arms:
      herding: {set: {exemplars: herding, adjust: 0}}
      trained: {set: {exemplars: mnemonics, adjust: 0}}
    compare:
      - {arm: trained, minus: herding}

These are 40 runs, in arms such as ``lwf-budget=5-trained``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from mnemonics_lib.config import ConfigError, Strict, read_yaml
from mnemonics_lib.config.errors import validate
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.config.shown import shown
from mnemonics_lib.edition.records.settings import flat
from mnemonics_lib.paths import RECORDS, STUDIES, visible

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]*")
"""What an arm may be called: its name is a folder of records, and stands in the book's tables."""


def _named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"arm = {shown(name)}: must be letters, digits and . _ + = -, a letter or digit first")
    return name


def _without_seed(settings: dict[str, Any]) -> dict[str, Any]:
    if "seed" in settings:
        raise ValueError(f"seed = {shown(settings['seed'])}: must not be set; a study runs over its seeds")
    return settings


def _distinct(values: list[Any]) -> list[Any]:
    if twice := [value for number, value in enumerate(values) if value in values[:number]]:
        said = {"twice": shown(twice[0])}
        raise PydanticCustomError("field", "must have each value once, and has {twice} twice", said)
    return values


MOST_SEEDS, LARGEST_SEED = 100_000, 2**63 - 1


def _seeds(value: Any) -> Any:
    """One message for both forms: pydantic's own would be one for each, with names that no study has."""
    if type(value) is int and 1 <= value <= MOST_SEEDS:
        return value
    whole = type(value) is list and value and all(type(seed) is int and 0 <= seed <= LARGEST_SEED for seed in value)
    if not whole or len(set(value)) < len(value):
        allowed = f"must be a whole number from 1 to {MOST_SEEDS:,}, or a list of different ones from 0 on"
        raise PydanticCustomError("field", allowed)
    return value


ArmName = Annotated[str, AfterValidator(_named)]
Settings = Annotated[dict[str, Any], AfterValidator(_without_seed)]
Seeds = Annotated[int | list[int], BeforeValidator(_seeds)]
SEEDS = "How many, seeds 0, 1, ..., or a list of them."


class Arm(Strict):
    """One way of doing things, over some seeds."""

    preset: str | None = Field(None, description="A row of the paper's tables.")
    set: Settings = Field({}, description="Fields changed after that; keys may be dotted.")
    seeds: Seeds | None = Field(None, description=f"{SEEDS} Default: the study's.")
    keep: Keep | None = Field(None, description="What is kept beside its records. Default: the study's.")


class Comparison(Strict):
    """The difference of two arms, paired by seed, in each cell of the grid."""

    arm: str = Field(description="The arm in question.")
    minus: str = Field(description="Its control.")
    field: str = Field("average_accuracy", description="A number of the record.")
    level: float = Field(0.95, gt=0, lt=1, description="Confidence level of the intervals.")
    together: bool = Field(
        False,
        description="Whether its intervals hold together at this level (Bonferroni): in all cells, and with those of "
        "all other comparisons of the study that say so.",
    )


class Study(Strict):
    """Many runs, and what is compared with what."""

    title: str = Field(max_length=200, description="One line for people.")
    params: str | None = Field(None, description="Parameter file, or the name of one of the project's.")
    seeds: Seeds = Field(description=SEEDS)
    slices: list[Annotated[list[int], Field(min_length=2, max_length=2)]] = Field(
        [], description="Parts [first, last) of the class order: the seed k has the slice k modulo their number."
    )
    preset: str | None = Field(None, description="A row of the paper's tables, for arms without one.")
    set: Settings = Field({}, description="Fields changed in every arm.")
    grid: dict[str, Annotated[list[Any], Field(min_length=1), AfterValidator(_distinct)]] = Field(
        {}, description="Field (or params, preset) -> values: every combination is a cell."
    )
    arms: dict[ArmName, Arm] = Field(min_length=1, description="The arms of each cell.")
    compare: list[Comparison] = Field([], description="Which arms are compared.")
    keep: Keep | None = Field(None, description="What is kept beside the records of every arm.")

    @model_validator(mode="after")
    def _fits_together(self) -> Study:
        if (self.params is None) == ("params" not in self.grid):
            raise ValueError(f"params = {self.params!r}: must be given once, here or in the grid")
        if "seed" in self.grid:
            raise ValueError(f"grid.seed = {shown(self.grid['seed'])}: must not be an axis; use seeds")
        fixed = [self.grid, self.set, *(arm.set for arm in self.arms.values())]
        if self.slices and any("classes" in some for some in fixed):
            raise ValueError(f"slices = {shown(self.slices)}: must be empty where classes are set")
        axes = {field for cell in self.cells() for field in flat(cell)}
        for name, arm in self.arms.items():
            if twice := sorted(axes & {*flat(arm.set), *(["preset"] if arm.preset else [])}):
                raise ValueError(f"arms.{name}: sets {twice[0]}, an axis of the grid; its cells would be one")
        for number, comparison in enumerate(self.compare):
            for role in ("arm", "minus"):
                name = getattr(comparison, role)
                if name not in self.arms:
                    there = ", ".join(self.arms)
                    raise ValueError(f"compare.{number}.{role} = {name!r}: must be one of the arms, {there}")
            if comparison.arm == comparison.minus:
                raise ValueError(f"compare.{number}.minus = {comparison.minus!r}: must be another arm")
        if twice := [name for name, count in Counter(name for name, _, _ in self.members()).items() if count > 1]:
            raise ValueError(f"grid = {shown(self.grid)}: gives two arms the name {twice[0]!r}")
        return self

    def cells(self) -> Iterator[dict[str, Any]]:
        """Every combination of the grid's values; one empty cell without a grid."""
        found: list[dict[str, Any]] = [{}]
        for field, values in self.grid.items():
            found = [{**cell, field: value} for cell in found for value in values]
        yield from found

    def members(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        """For each arm of each cell: its whole name, the cell, and its name in the cell."""
        for cell in self.cells():
            for arm in self.arms:
                yield full_name(cell, arm), cell, arm

    def seeds_of(self, arm: str) -> list[int]:
        """The seeds that an arm runs over."""
        own = self.arms[arm].seeds
        seeds = self.seeds if own is None else own
        return list(range(seeds)) if isinstance(seeds, int) else seeds

    def slice_of(self, seed: int) -> list[int] | None:
        """The class slice of a seed; None where the study has no slices."""
        return self.slices[seed % len(self.slices)] if self.slices else None


def full_name(cell: dict[str, Any], arm: str) -> str:
    """An arm's name in a cell: words of the grid as they are, other values with their field, then the arm's own."""
    return "-".join([*(_label(field, value) for field, value in cell.items()), arm])


def _label(field: str, value: Any) -> str:
    text = "_".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text if isinstance(value, str) else f"{field.rpartition('.')[2]}={text.lower()}"
    return re.sub(r"[^A-Za-z0-9._+=-]+", "_", text)


def read_study(path: str | Path) -> Study:
    """A study from its file.

    Raises:
        ConfigError: with a line for each thing in the file that is not of this form.
    """
    return validate(Study, read_yaml(path), str(path))


def study_files(given: str | Path) -> list[Path]:
    """The study files that a path, a name such as ``quick/digits-n5``, or a folder's name such as ``quick`` stands for.

    Raises:
        ConfigError: where there is none; it lists the names.
    """
    path = Path(given)
    if path.is_file():
        if path.suffix != ".yaml":
            raise ConfigError(f"study = {shown(str(given))}: must end in .yaml; the name without it is for its records")
        return [path]
    found = visible(STUDIES, "**/*.yaml")
    names = {file.relative_to(STUDIES).with_suffix("").as_posix(): file for file in found}
    chosen = [file for name, file in names.items() if name == path.as_posix() or name.startswith(f"{path.as_posix()}/")]
    if not chosen:
        raise ConfigError(f"study = {shown(str(given))}: no such file or study; there are {', '.join(names) or 'none'}")
    return chosen


def study_file(given: str | Path) -> Path:
    """The file of one study, by its path or its name.

    Raises:
        ConfigError: as :func:`study_files`, and for a folder of several, whose names it lists.
    """
    found = study_files(given)
    if len(found) > 1:
        names = ", ".join(map(given_name, found))
        raise ConfigError(f"study = {shown(str(given))}: must be one study; there are {names}")
    return found[0]


def records_of(study: Path) -> Path:
    """Where a study's records are: of the project's in ``book/records``, of others in a folder beside the file."""
    name = _shipped_name(study)
    return study.with_suffix("") if name is None else RECORDS / name


def given_name(study: Path) -> str:
    """What :func:`study_files` takes for this file: the name of one of the project's studies, the path of another."""
    return _shipped_name(study) or str(study)


def _shipped_name(study: Path) -> str | None:
    """The name of one of the project's studies, such as ``quick/digits-n5``; None for a file elsewhere."""
    try:
        return study.resolve().relative_to(STUDIES.resolve()).with_suffix("").as_posix()
    except ValueError:
        return None
