"""What a person sees of a Snakemake run: one line when a job starts, one when it ends, and a summary.

Snakemake's own account (rule, inputs, shell command, reason) is for whoever writes a Snakefile, and is still there: in
``.snakemake/log``. Warnings and errors go through unchanged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent


class Progress(logging.Handler):
    """Turns Snakemake's log events into lines for a person.

    Args:
        targets: Rules that only collect files, which are not counted as work.
    """

    def __init__(self, targets: Iterable[str]) -> None:
        super().__init__(logging.INFO)
        self._targets = set(targets)
        self._jobs: dict[int, tuple[str, str, float]] = {}  # rule, name and beginning
        self._total = self._done = 0

    def install(self) -> None:
        """Speak in place of Snakemake's own handlers."""
        for handler in logger.handlers:
            handler.addFilter(lambda record: record.levelno >= logging.WARNING and not _job_failed(record))
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line, or nothing."""
        event, said = _event(record), record.__dict__
        if event == LogEvent.RUN_INFO:
            self._total = sum(n for rule, n in said["stats"].items() if rule not in {"total", *self._targets})
        elif event == LogEvent.JOB_INFO and said["rule_name"] not in self._targets:
            name = self.name_of(said)
            self._jobs[said["jobid"]] = said["rule_name"], name, time.monotonic()
            self._say("start", name, f"log: {said['log'][0]}" if said["log"] else "")
        elif event == LogEvent.JOB_FINISHED and said["job_id"] in self._jobs:
            self._done += 1
            self._end("done", said["job_id"], f"({self._done} of {self._total})")
            rule, _, start = self._jobs[said["job_id"]]
            self.finished(rule, time.monotonic() - start)
        elif event == LogEvent.JOB_ERROR and said["jobid"] in self._jobs:
            self._end("FAILED", said["jobid"], f"log: {said['log'][0]}" if said["log"] else "")
            self.failed(self._jobs[said["jobid"]][0])
        elif event is None and record.getMessage().startswith("Nothing to be done"):
            print("Everything is up to date.", flush=True)

    def name_of(self, said: Mapping[str, Any]) -> str:
        """What a job is called, from what Snakemake says of it."""
        return "  ".join([said["rule_name"], *said["wildcards"].values()])

    def finished(self, rule: str, seconds: float) -> None:
        """A job of a rule has ended well after so many seconds."""

    def failed(self, rule: str) -> None:
        """A job of a rule has not."""

    def _end(self, word: str, job: int, note: str) -> None:
        _, name, start = self._jobs[job]
        self._say(word, name, f"{time.monotonic() - start:.0f} s  {note}")

    @staticmethod
    def _say(word: str, name: str, note: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {word:<6} {name}  {note}", flush=True)


def summary(notebooks: Iterable[Path], start: float) -> str:
    """Which notebooks this run made, found made, or did not get; ``start`` is when it began, by ``time.time()``."""
    finished, found, missing = 0, 0, []
    for path in notebooks:
        if not path.exists():
            missing.append(path)
        elif path.stat().st_mtime >= start:
            finished += 1
        else:
            found += 1
    lines = [f"Notebooks: {finished} finished, {found} already up to date, {len(missing)} failed or not run."]
    for path in missing:
        partial = Path("build", "failed", path)
        log = Path("build", "logs", *path.with_suffix(".log").parts[2:])
        lines.append(f"  {path}: " + (f"failed, see {partial} and {log}" if partial.exists() else "not run"))
    return "\n".join(lines)


def _event(record: logging.LogRecord) -> LogEvent | None:
    return getattr(record, "event", None)


def _job_failed(record: logging.LogRecord) -> bool:
    """Whether the record says that a job failed, for which there is a line of our own."""
    command_failed = _event(record) == LogEvent.ERROR and "CalledProcessError" in record.getMessage()
    return command_failed or _event(record) == LogEvent.JOB_ERROR
