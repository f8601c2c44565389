"""One JSON record per run: every axis resolved, every number measured, and what made it.

A record is the only source of a number in the book. Two runs with one seed on one machine give the same record, but for
the fields in ``VOLATILE``, which measure the machine rather than the method.

:mod:`mnemonics_lib.durable.compact` says how its numbers are written. Here they are lists of numbers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mnemonics_lib import metrics
from mnemonics_lib.config.errors import explain
from mnemonics_lib.config.shown import listed, shown
from mnemonics_lib.durable import compact
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.provenance import Environment, Identity
from mnemonics_lib.errors import ReportedError

ROUNDING = 1e-12
"""Of a number that is computed again, relative to it."""

VOLATILE = ("seconds", "phase_seconds", "peak_memory_mb")
"""Fields that differ from one run to the next: wall time and memory."""

VERSION: Literal[3] = 3

CHECKSUM = "checksum"
"""What a file has beside the fields of a record: the SHA-256 (hex) of their values, by which damage is noticed."""


class RecordError(ReportedError, ValueError):
    """A file that is not a run record. The message names the file, the field, its value and what is allowed."""


class OlderRecordError(RecordError):
    """A record of an older version of the library."""


def _plain(value: Any) -> Any:
    """Numbers as lists, however they are written."""
    try:
        return compact.plain(value)
    except ValueError as error:
        raise PydanticCustomError("field", "{reason}", {"reason": str(error)}) from None


def _single(value: float) -> float:
    """The float32 nearest to a number: what was logged, of which the file has as many decimals as that needs."""
    with np.errstate(over="ignore"):
        single = float(np.float32(value))
    if not np.isfinite(single):
        raise PydanticCustomError("field", "must be a number that float32 has")
    return single


def _square(counts: list[list[int]]) -> list[list[int]]:
    if not counts or any(len(row) != len(counts) for row in counts):
        raise PydanticCustomError("field", "must be a square matrix")
    return counts


def _json(values: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PydanticCustomError("field", "must be plain JSON ({reason})", {"reason": str(error)}) from None
    return values


def _written(function: Any) -> PlainSerializer:
    return PlainSerializer(function, when_used="json")


Percentage = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]
Single = Annotated[float, AfterValidator(_single), _written(compact.single)]
Column = Annotated[list[float], BeforeValidator(_plain), _written(compact.column)]
SingleColumn = Annotated[list[Single], BeforeValidator(_plain), _written(compact.single_column)]
Confusion = Annotated[list[list[Count]], BeforeValidator(_plain), AfterValidator(_square), _written(compact.matrix)]


class Part(BaseModel):
    """No unknown field, no silent conversion (``"5"`` is not 5), no NaN, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Steps(Part):
    """The log of the outer steps of Eq. 9 or 10: a column for each quantity, with one float32 number a step.

    :data:`mnemonics_lib.exemplars.outer_log.COLUMNS` says what each quantity is.
    """

    meta_loss: SingleColumn
    base_loss_first: SingleColumn
    base_loss_last: SingleColumn
    gradient: SingleColumn
    displacement: SingleColumn
    farthest: SingleColumn | None = None  # which records before 2026-11-26 do not have
    outside: SingleColumn

    @model_validator(mode="after")
    def _one_length(self) -> Steps:
        lengths = {name: len(column) for name, column in self if column is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"lengths = {lengths}: must be equal, one number an outer step")
        return self

    def columns(self) -> dict[str, list[float]]:
        """Quantity -> numbers, as ``pandas.DataFrame`` takes them; without those that this record does not have."""
        return self.model_dump(exclude_none=True)


class Panel(Part):
    """Meta loss on a fixed panel of starts and images, before and after the exemplars were trained.

    The losses in the log are of a random start and a random batch each, so they show little of what was learnt.

    Attributes:
        before: with the statistics of each batch in batch normalisation, before.
        after: the same afterwards.
        before_running: with the running statistics, as a test uses them, before.
        after_running: the same afterwards.
    """

    before: Single
    after: Single
    before_running: Single
    after_running: Single


class PixelTraining(Part):
    """One training of exemplar images, Eq. 9 (new classes) or Eq. 10 (old ones).

    Attributes:
        steps: its log.
        panel: what it gained, on a fixed panel; None where it was not measured.
        noise_displacement: root-mean-square displacement (std) that the optimiser gives to pure noise in place of the
            gradient, in as many steps; None where it was not measured.
        own_loss_before: Eq. 2 of the exemplars themselves at Theta_i, with the running statistics, before.
        own_loss_after: the same afterwards.
    """

    steps: Steps
    panel: Panel | None = None
    noise_displacement: Single | None = None
    own_loss_before: Single | None = None  # added on 2026-11-26; older records do not have them
    own_loss_after: Single | None = None

    @model_serializer(mode="wrap")
    def _as_it_was_read(self, values: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the losses that an older record does not have, whose checksum knows nothing of them."""
        later = ("own_loss_before", "own_loss_after")
        return {name: value for name, value in values(self).items() if name not in later or value is not None}


class PhaseResult(Part):
    """What was measured in one phase.

    Attributes:
        accuracy: A_i, on the test data of all classes seen, in per cent.
        first_classes_accuracy: A_i^Z, on those of the classes of phase 0.
        confusion: counts [true class, predicted class], classes in order of arrival.
        concerns: what looks as if the training had gone wrong, in words; see :mod:`mnemonics_lib.durable.concerns`.
        training_loss: mean loss of each epoch of the model level.
        train_accuracy: in per cent, on the training data after the model level (no augmentation, running statistics).
        train_loss: the same for the loss.
        accuracy_before_finetuning: A_i before the balanced fine-tuning.
        finetuning_loss: mean loss of each of its epochs; empty where there was none.
        from_scratch_accuracy: in per cent, on the test data of all classes seen, of a fresh network that was trained on
            this phase's exemplars alone; None where it was not measured.
        method: numbers of the method's own, such as BiC's alpha and beta.
        displacement_new: root-mean-square distance of this phase's exemplars from the real images they were, in std.
        displacement: the same over all exemplars.
        outside: share of exemplar pixels outside the range of real images.
        exemplars_per_class: how many of each class are kept to train on.
        exemplar_bytes: what all kept images take, held-out ones included.
        exemplars: the training of new exemplars, Eq. 9; None where they are real images.
        adjustment: the training of old ones, Eq. 10; None where it is off.
    """

    accuracy: Percentage
    first_classes_accuracy: Percentage
    train_accuracy: Percentage | None = None
    train_loss: float | None = None
    accuracy_before_finetuning: Percentage | None = None
    from_scratch_accuracy: Percentage | None = None  # added on 2026-11-26; older records do not have it
    displacement_new: float
    displacement: float
    outside: float
    exemplars_per_class: Count
    exemplar_bytes: Count
    method: dict[str, float] = Field(default_factory=dict)
    training_loss: Column
    finetuning_loss: Column
    exemplars: PixelTraining | None = None
    adjustment: PixelTraining | None = None
    confusion: Confusion
    concerns: list[str] = Field(default_factory=list)

    @model_serializer(mode="wrap")
    def _as_it_was_read(self, values: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what was not measured and an older record does not have, whose checksum knows nothing of it."""
        found = values(self)
        if found["from_scratch_accuracy"] is None:
            del found["from_scratch_accuracy"]
        return found

    def fields(self) -> dict[str, Any]:
        """Every field by its name, as plain values; what was not measured is None."""
        return dict.fromkeys(type(self).model_fields) | self.model_dump()


class Code(Part):
    """The library that made a run.

    Attributes:
        commit: of git; None outside a checkout.
        dirty: whether the library was modified since.
        source: SHA-256 (hex) of all of it, in records that are older than ``identity``; None in others.
    """

    commit: str | None
    dirty: bool | None
    source: str | None = None


class Record(Part):
    """Everything that is known of one run; :func:`read_record` gives one.

    Attributes:
        environments: every one the run was made under; the first is the record's own.
        processes: that trained the model together; written down only where there were several.
        processor: of the machine, where the run was on the CPU; None in a record that is older than this field.
        identity: None in a record that is older than this field. That is also why ``threads`` or numbers of a phase
            may be None.
        phase_seconds: wall seconds of each phase, shared work counted as if it had been done here.
        class_order: data-set class ids in order of arrival.
        class_names: what the data set calls them, in the same order; None in a record that is older than this field.
        results: one for each phase, phase 0 first.
    """

    version: Literal[3] = VERSION
    dataset: str
    resolution: int
    profile: str
    phases: int = Field(ge=1)
    method: str
    head: str
    exemplars: str
    adjust: int
    recipe: str
    weight_transfer: bool
    finetune: bool
    budget: int
    budget_rule: str
    storage: str
    seed: int
    accuracy: list[float]
    first_classes_accuracy: list[float]
    average_accuracy: float
    forgetting: float
    displacement: float
    exemplar_bytes: Count
    seconds: float
    phase_seconds: list[float]
    peak_memory_mb: float
    device: str
    threads: int | None
    processes: int = Field(default=1, ge=1)
    processor: str | None = None  # added on 2026-11-27
    code: Code
    versions: dict[str, str]
    environments: list[Environment] = Field(min_length=1)
    identity: Identity | None
    config_digest: str
    config: Annotated[dict[str, Any], AfterValidator(_json)]
    class_order: list[Count]
    class_names: list[str] | None = None  # added on 2026-11-26
    results: list[PhaseResult]

    @model_serializer(mode="wrap")
    def _as_it_was_read(self, values: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what an older record does not have, whose checksum knows nothing of it."""
        since = {"class_names": None, "processes": 1, "processor": None}
        return {name: value for name, value in values(self).items() if name not in since or value != since[name]}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Record:
        phases = self.phases + 1
        for field in ("accuracy", "first_classes_accuracy"):
            values = getattr(self, field)
            if len(values) != phases or not all(0 <= value <= 100 for value in values):
                raise ValueError(f"{field} = {shown(values)}: must be {phases} numbers in 0..100")
        for field in ("results", "phase_seconds"):
            if len(getattr(self, field)) != phases:
                raise ValueError(f"{field} has length {len(getattr(self, field))}: must be {phases}, one a phase")
        for field in ("accuracy", "first_classes_accuracy"):
            measured = [getattr(result, field) for result in self.results]
            if getattr(self, field) != measured:
                raise ValueError(f"{field} = {getattr(self, field)!r}: must be that of the results, {measured!r}")
        for field, value in self._derived().items():
            # Python adds floats more exactly from 3.12 on, so that a mean may differ there in its last digit.
            if not math.isclose(getattr(self, field), value, rel_tol=ROUNDING):
                raise ValueError(f"{field} = {getattr(self, field)!r}: must be {value!r}, which the phases give")
        if len(set(self.class_order)) != len(self.class_order):
            raise ValueError(f"class_order = {shown(self.class_order)}: must name each class once")
        if self.class_names is not None and len(self.class_names) != len(self.class_order):
            raise ValueError(
                f"class_names = {shown(self.class_names)}: must be {len(self.class_order)}, one for each class"
            )
        own = Environment(
            threads=self.threads,
            device=self.device,
            versions=self.versions,
            processes=self.processes,
            processor=self.processor,
        )
        if self.environments[0] != own:
            raise ValueError(f"environments.0 = {self.environments[0]!r}: must be the record's own, {own!r}")
        return self

    def _derived(self) -> dict[str, Any]:
        """Fields that say again, for any tool, what the phases say."""
        last = self.results[-1]
        return {
            "average_accuracy": metrics.average_accuracy(self.accuracy),
            "forgetting": metrics.forgetting(self.first_classes_accuracy),
            "displacement": last.displacement,
            "exemplar_bytes": last.exemplar_bytes,
            "seconds": sum(self.phase_seconds),
        }


def canonical(record: Record, exclude: Iterable[str] = VOLATILE) -> bytes:
    """The record's bytes without its ``VOLATILE`` fields: equal for equal runs, whatever the build of zlib."""
    values = record.model_dump(exclude=set(exclude))
    return json.dumps(values, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()


def same_outcome(one: Record, other: Record) -> bool:
    """Whether two records are of the same run, and it came out the same, wherever and in whatever time it was made.

    The words of ``concerns`` do not count: they say something of numbers that do.
    """

    def numbers(record: Record) -> list[PhaseResult]:
        return [result.model_copy(update={"concerns": []}) for result in record.results]

    return one.identity is not None and one.identity == other.identity and numbers(one) == numbers(other)


def checksum(record: Record) -> str:
    """SHA-256 (hex) of all values of a record, however they are written."""
    return hashlib.sha256(canonical(record, exclude=())).hexdigest()


def write_record(path: Path, record: Record) -> None:
    """Check a record (a copy with other values was not checked when it was made) and write it, whole or not at all."""
    record = parse_record(record.model_dump(warnings=False), str(path))
    values = {**record.model_dump(mode="json"), CHECKSUM: checksum(record)}
    text = compact.to_text(values).encode()
    write_atomically(path, lambda file: file.write(text))


def read_record(path: str | Path) -> Record:
    """Read and check one record.

    Raises:
        RecordError: for a file that cannot be read, one of another version, a field that is missing or not allowed,
            and a file that was changed since it was written.
    """
    advice = "delete it and make the run again"
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path}: cannot be read as JSON ({error}); {advice}") from None
    given = values.pop(CHECKSUM, None) if isinstance(values, dict) else None
    try:
        record = parse_record(values, str(path))
    except OlderRecordError:  # which says so itself
        raise
    except RecordError as error:
        raise RecordError(f"{error}; {advice}") from None
    if given != (due := checksum(record)):
        raise RecordError(f"{path}: {CHECKSUM} = {shown(given)}: must be {due!r}: it was changed or damaged; {advice}")
    return record


def parse_record(values: Any, source: str) -> Record:
    """A record from plain values.

    Raises:
        RecordError: naming ``source``, and every field that is missing or not allowed.
    """
    if not isinstance(values, dict):
        raise RecordError(f"{source}: must be a JSON object, not {type(values).__name__}")
    found = values.get("version", 1)
    if found != VERSION or isinstance(found, bool):
        older = isinstance(found, int) and not isinstance(found, bool) and found < VERSION
        raise (OlderRecordError if older else RecordError)(
            f"{source}: version = {shown(found)}: must be {VERSION} (a record without one is of version 1); "
            f"delete it and make the run again, which leaves a record of version {VERSION}"
        )
    try:
        return Record.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise RecordError(listed(problems, lambda problem: f"{source}: {explain(problem, _unknown)}")) from None


def _unknown(where: object) -> str:
    return "no field of a record has this name"
