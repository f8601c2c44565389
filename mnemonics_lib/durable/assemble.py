"""From what a run has measured to its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnemonics_lib import metrics
from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable.commit import CodeVersion
from mnemonics_lib.durable.provenance import Environment, Identity
from mnemonics_lib.durable.records import VERSION, Record, parse_record

AXES = (
    *("dataset", "resolution", "profile", "phases", "method", "head", "exemplars", "adjust", "recipe"),
    *("weight_transfer", "finetune", "budget", "budget_rule", "storage", "seed"),
)
"""Fields of the configuration that stand at a record's top level too, where any tool finds them."""


def assemble(
    config: RunConfig,
    class_order: Sequence[int],
    class_names: Sequence[str],
    results: Sequence[Mapping[str, Any]],
    environments: Sequence[Environment],
    identity: Identity | None,
    code: CodeVersion,
    phase_seconds: Sequence[float],
    peak_memory_mb: float,
) -> Record:
    """The record of a finished run.

    Args:
        config: of the run.
        class_order: data-set class ids in order of arrival.
        class_names: their names, in the same order.
        results: the fields of :class:`~mnemonics_lib.durable.records.PhaseResult` for each phase, phase 0 first.
        environments: every one the run was made under; the first is the record's own.
        identity: what makes another run the same experiment.
        code: the commit of the library, as it was when the run began.
        phase_seconds: wall seconds of each phase.
        peak_memory_mb: over all phases.

    Raises:
        RecordError: for numbers that no run gives, such as an accuracy above 100 or NaN.
    """
    accuracies = [result["accuracy"] for result in results]
    first = [result["first_classes_accuracy"] for result in results]
    values = {
        **{name: getattr(config, name) for name in AXES},
        "version": VERSION,
        "accuracy": accuracies,
        "first_classes_accuracy": first,
        "average_accuracy": metrics.average_accuracy(accuracies),
        "forgetting": metrics.forgetting(first),
        "displacement": results[-1]["displacement"],
        "exemplar_bytes": results[-1]["exemplar_bytes"],
        "seconds": sum(phase_seconds),
        "phase_seconds": list(phase_seconds),
        "peak_memory_mb": peak_memory_mb,
        **environments[0].model_dump(),
        "code": code,
        "environments": [environment.model_dump() for environment in environments],
        "identity": identity and identity.model_dump(),
        "config_digest": config.digest,
        "config": config.model_dump(),
        "class_order": list(class_order),
        "class_names": list(class_names),
        "results": list(results),
    }
    return parse_record(values, "the record of this run")
