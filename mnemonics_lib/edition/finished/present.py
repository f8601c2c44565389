"""Whether a record of a study is that of the run that the study asks for, made by the source that is here."""

from __future__ import annotations

from dataclasses import replace

from mnemonics_lib import runs
from mnemonics_lib.config import ConfigError
from mnemonics_lib.config.shown import shown
from mnemonics_lib.durable.records import RecordError, read_record
from mnemonics_lib.edition.studies.plan import Plan, PlannedRun, check_present
from mnemonics_lib.kept.file import KeptError


def problem(of: Plan, run: PlannedRun) -> str | None:
    """What is wrong with the record of a run, or with what is kept beside it.

    Args:
        of: the study.
        run: one of its runs.

    Returns:
        A line with the file, the field, its value and what it must be; None where all is right, or there is no record.
    """
    if not run.record.exists():
        return None
    try:
        check_present([replace(of, runs=[run])])
        record = read_record(run.record)
    except (ConfigError, RecordError, KeptError) as error:
        return str(error)
    found, due = record.config_digest, run.config.digest
    if found != due:
        return (
            f"{run.record}: config_digest = {shown(found)}: must be {due!r}, that of what {of.name} says of {run.arm}"
        )
    made_by, here = record.identity and record.identity.source, runs.source_of(run.config)
    if made_by != here:
        return (
            f"{run.record}: identity.source = {shown(made_by)}: must be {here!r}: made by other source than that which "
            f"is here now, at commit {record.code.commit}; what it holds may no longer be what this code computes"
        )
    return None
