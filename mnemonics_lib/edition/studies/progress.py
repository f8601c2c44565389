"""What a person sees of a study: which run begins and ends, how long the rest will take, and what failed and why."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from mnemonics_lib.durable.records import RecordError, read_record
from mnemonics_lib.edition.progress import Progress
from mnemonics_lib.edition.studies.jobs import Job
from mnemonics_lib.edition.studies.plan import Plan


class TimeLeft:
    """How long the jobs that are not done will take.

    A job is expected to take as long as the records of its arm did, or those of the study where the arm has none. What
    ends here says by how much this machine is slower or faster than the one that made those records.

    Args:
        jobs: all jobs.
        known: seconds of runs that are there, by study and arm.
        cores: how many jobs run at a time.
    """

    def __init__(self, jobs: Iterable[Job], known: Mapping[tuple[str, str], Sequence[float]], cores: int) -> None:
        self._cores, self._known = cores, {key: list(seconds) for key, seconds in known.items()}
        self._waiting = {job.name: job for job in jobs}
        self._took = self._expected = 0.0

    def done(self, name: str, seconds: float) -> None:
        """A job has taken so many seconds."""
        job = self._waiting.pop(name)
        if job.stamps or not job.command_runs:
            return
        if expected := self._of(job):
            self._took, self._expected = self._took + seconds, self._expected + expected
        else:
            self._known.setdefault((job.run.study, job.run.arm), []).append(seconds)

    def seconds(self) -> float | None:
        """For all that is left; None while nothing is known."""
        found = [self._of(job) for job in self._waiting.values() if job.command_runs and not job.stamps]
        if any(each is None for each in found):
            return None
        pace = self._took / self._expected if self._expected else 1.0
        return pace * sum(each for each in found if each is not None) / min(self._cores, max(1, len(found)))

    def _of(self, job: Job) -> float | None:
        of_arm = self._known.get((job.run.study, job.run.arm))
        of_study = [s for (study, _), each in self._known.items() if study == job.run.study for s in each]
        every = of_arm or of_study or [s for each in self._known.values() for s in each]
        return median(every) if every else None


def known_seconds(plans: Iterable[Plan]) -> dict[tuple[str, str], list[float]]:
    """Seconds of the runs that have a record, by study and arm."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for plan in plans:
        for run in plan.runs:
            if run.record.exists():
                try:
                    found[run.study, run.arm].append(read_record(run.record).seconds)
                except RecordError:
                    continue
    return found


class StudyProgress(Progress):
    """Snakemake's log of a study in words, with the time that is left.

    Args:
        jobs: those that are to be done.
        left: how long they will take.
    """

    def __init__(self, jobs: Iterable[Job], left: TimeLeft) -> None:
        super().__init__(targets=["study"])
        self._labels, self._left = {job.name: job.label for job in jobs}, left
        self._names = {label: name for name, label in self._labels.items()}

    def name_of(self, said: Mapping[str, Any]) -> str:
        """The run's arm and seed."""
        return self._labels.get(said["rule_name"], said["rule_name"])

    def finished(self, name: str, start: float) -> None:
        """Say what is left, when it is known."""
        self._left.done(self._names[name], time.monotonic() - start)
        if seconds := self._left.seconds():
            print(f"          about {in_words(seconds)} left", flush=True)


def in_words(seconds: float) -> str:
    """Seconds as ``2 h 5 min``, ``5 min`` or ``40 s``."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{round(seconds)} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def summary(plans: Sequence[Plan], jobs: Sequence[Job]) -> str:
    """How a call ended: what is there, what it made, what failed with which last words, and what did not run."""
    runs = [run for plan in plans for run in plan.runs]
    asked = {run.record for job in jobs for run in [job.run] if not job.stamps}
    made = sum(path.exists() for path in asked)
    there = sum(run.made for run in runs)
    failed = [job for job in jobs if not job.output.exists() and job.log.exists() and _last_words(job)]
    not_run = len(runs) - there - sum(not job.stamps for job in failed)
    lines = [f"Records: {made} made, {there - made} there before, {len(failed)} failed, {not_run} not run."]
    reasons: dict[str, list[Job]] = defaultdict(list)
    for job in failed:
        reasons[_last_words(job)].append(job)
    for reason, of in reasons.items():
        lines.append(f"  {reason}")
        lines += [f"    {job.label}, log: {job.log}" for job in of]
    if there < len(runs):
        lines.append("The same command goes on from what is there.")
    return "\n".join(lines)


def _last_words(job: Job) -> str:
    lines = job.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
