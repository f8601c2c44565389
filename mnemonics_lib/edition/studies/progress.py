"""What a person sees of a study: which run begins and ends, how long the rest will take, and what failed and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from mnemonics_lib.durable.records import RecordError, read_record
from mnemonics_lib.edition.batch.progress import Progress
from mnemonics_lib.edition.studies.jobs import Job
from mnemonics_lib.edition.studies.plan import Plan

Arm = tuple[str, str]
"""A study's name and an arm's."""


class TimeLeft:
    """How long the jobs that are not done will take.

    A job is expected to take as long as others of its arm have taken here. Before there are any, it is expected to take
    as long as the records of its arm did, at this machine's pace; and where these are missing too, as long as what is
    known of its study, or of any.

    Args:
        jobs: all jobs.
        known: seconds of runs that are there, by study and arm.
        cores: how many jobs run at a time.
    """

    def __init__(self, jobs: Iterable[Job], known: Mapping[Arm, Sequence[float]], cores: int) -> None:
        self._cores, self._known, self._here = cores, known, dict[Arm, list[float]]()
        self._waiting = {job.name: job for job in jobs}
        self._failed: set[str] = set()
        self._paces: list[float] = []

    def done(self, name: str, seconds: float) -> None:
        """A job has taken so many seconds. It may have failed before: a cluster's jobs are submitted again."""
        self._failed.discard(name)
        job = self._waiting.pop(name, None)
        if job is not None and not (job.stamps or job.is_copy):
            arm = job.run.study, job.run.arm
            self._here.setdefault(arm, []).append(seconds)
            if arm in self._known:
                self._paces.append(seconds / median(self._known[arm]))

    def failed(self, name: str) -> None:
        """A job has failed: as long as it is not done after all, those that need what it makes do not run either."""
        self._failed.add(name)

    def seconds(self) -> float | None:
        """For all that is left; None while nothing is known."""
        runs = [job.run for job in self._to_come() if not (job.stamps or job.is_copy)]
        found = [self._of(run.study, run.arm) for run in runs]
        known = [each for each in found if each is not None]
        return sum(known) / min(self._cores, max(1, len(found))) if len(known) == len(found) else None

    def _to_come(self) -> list[Job]:
        """The jobs that wait for nothing that failed, be it directly or not."""
        left, missing = dict(self._waiting), set[Path]()
        without = [name for name in self._failed if name in left]
        while without:
            missing |= {left.pop(name).output for name in without}
            without = [job.name for job in left.values() if missing.intersection(job.needs)]
        return list(left.values())

    def _of(self, study: str, arm: str) -> float | None:
        pace = median(self._paces) if self._paces else 1.0
        places = [
            (1.0, self._here.get((study, arm), [])),
            (pace, self._known.get((study, arm), [])),
            (1.0, [each for (of, _), seconds in self._here.items() if of == study for each in seconds]),
            (pace, [each for (of, _), seconds in self._known.items() if of == study for each in seconds]),
            (pace, [each for seconds in self._known.values() for each in seconds]),
        ]
        return next((factor * median(seconds) for factor, seconds in places if seconds), None)


def known_seconds(plans: Iterable[Plan]) -> dict[Arm, list[float]]:
    """Seconds of the runs that have a record, by study and arm."""
    found: dict[Arm, list[float]] = defaultdict(list)
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
        plans: of the studies.
        jobs: those that are to be done.
        cores: how many of them at a time.
    """

    def __init__(self, plans: Sequence[Plan], jobs: Sequence[Job], cores: int) -> None:
        super().__init__(targets=["study"])
        self._plans, self._of_name = plans, {job.name: job for job in jobs}
        self._left = TimeLeft(jobs, known_seconds(plans), cores)
        self._made, self._not_made = set[str](), set[str]()

    def name_of(self, said: Mapping[str, Any]) -> str:
        """The run's arm and seed."""
        job = self._of_name.get(said["rule_name"])
        return job.label if job else str(said["rule_name"])

    def finished(self, rule: str, seconds: float) -> None:
        """Say what is left, when it is known."""
        self._made.add(rule)
        self._not_made.discard(rule)  # where it failed and was submitted again
        self._left.done(rule, seconds)
        if left := self._left.seconds():
            print(f"          about {in_words(left)} left", flush=True)

    def failed(self, rule: str) -> None:
        """What waits for it waits no more."""
        self._not_made.add(rule)
        self._left.failed(rule)

    def summary(self) -> str:
        """How the call ended: what it made, what was there, what failed with which last words, and what did not run."""
        runs = [run for plan in self._plans for run in plan.runs]
        made = [job for name, job in self._of_name.items() if name in self._made and not job.stamps]
        ended: dict[str, list[Job]] = defaultdict(list)
        for name in sorted(self._not_made):
            ended[_last_words(self._of_name[name])].append(self._of_name[name])
        stopped = {words: of for words, of in ended.items() if words.startswith(STOPPED)}
        failed = {words: of for words, of in ended.items() if words not in stopped}
        there, copies = sum(run.made for run in runs), sum(job.is_copy for job in made)
        counts = [
            f"{len(made) - copies} made",
            *([f"{copies} copied"] if copies else []),
            f"{there - len(made)} there before",
            f"{_runs(failed)} failed",
            *([f"{_runs(stopped)} stopped"] if stopped else []),
            f"{len(runs) - there - _runs(failed) - _runs(stopped)} not run",
        ]
        lines = [f"Records: {', '.join(counts)}."]
        for reason, of in failed.items():
            lines += [f"  {reason}", *(f"    {job.label}, log: {job.log}" for job in of)]
        if copies:
            lines.append(COPIED)
        if there < len(runs):
            lines.append("The same command goes on from what is there.")
        return "\n".join(lines)


COPIED = (
    "A copied record is that of the same run, of equal settings and source, in another arm or study. With COPIES=no "
    "what other studies have is made anew."
)
"""What is said of copies, which take no time."""

STOPPED = ("stopped", "time limit reached")
"""How the last words of a run begin that was told to stop, and goes on when it is called again."""


def _runs(ended: Mapping[str, Sequence[Job]]) -> int:
    return sum(not job.stamps for of in ended.values() for job in of)


def _last_words(job: Job) -> str:
    lines = job.log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if job.log.exists() else []
    return lines[-1] if lines else "no word of it in its log"


def in_words(seconds: float) -> str:
    """Seconds as ``2 h 5 min``, ``5 min`` or ``40 s``."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{round(seconds)} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
