"""What each notebook costs to run, as measured: ``book/records/costs.json``, which ``make costs`` writes."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

from mnemonics_lib.config import RunConfig
from mnemonics_lib.paths import RECORDS, ROOT

COSTS = RECORDS / "costs.json"


def cost(notebook: str, config: RunConfig, study: str = "") -> str:
    """The measured cost of a notebook, as a sentence; says so where none was measured.

    Args:
        notebook: its name, for example ``02_global_bop``.
        config: what it is run with.
        study: whose finished work it takes; "" where it computes everything.
    """
    measured = json.loads(COSTS.read_text()) if COSTS.exists() else {"seconds": {}}
    key = f"{study or f'{config.profile}/{config.dataset}-n{config.phases}'}/{notebook}"
    if key not in measured["seconds"]:
        return f"Cost of {key}: not measured yet."
    seconds, cores = measured["seconds"][key], measured["cores"]
    return f"Measured cost of {key}: {seconds:.0f} s, one thread, on {cores} cores that ran two at a time."


def collect(benchmarks: Path) -> dict[str, object]:
    """Wall seconds of every notebook, from the benchmark files the batch engine leaves."""
    seconds = {}
    for path in sorted(benchmarks.rglob("*.tsv")):
        with path.open() as file:
            seconds[path.relative_to(benchmarks).with_suffix("").as_posix()] = float(
                next(csv.DictReader(file, delimiter="\t"))["s"]
            )
    return {"cores": os.cpu_count(), "seconds": seconds}


def main(benchmarks: Path = ROOT / "build" / "benchmarks", costs: Path = COSTS) -> int:
    """Write what the last reproduction took; the exit status, 2 where there is nothing to write or no place for it."""
    collected = collect(benchmarks)
    if not collected["seconds"]:
        print(f"{benchmarks}: nothing measured yet; `make reproduce` first. {costs} is left as it is", file=sys.stderr)
        return 2
    if not costs.parent.is_dir():
        print(f"{costs.parent}: no such folder; costs are kept in the project's, beside its records", file=sys.stderr)
        return 2
    costs.write_text(json.dumps(collected, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
