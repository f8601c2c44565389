"""Measure what each notebook costs: ``python -m mnemonics_lib.edition.measure_costs`` writes ``costs.json``.

It measures the notebooks that the book shows, those of ``params/quick``, and the pages that compute more than tables of
records, one after the other: each alone, with no runs from before, as whoever opens it first has it. With names, such
as ``quick/digits-n5/03_local_bop`` or ``page/why``, it measures these, and leaves what is known of others.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from mnemonics_lib.device.processor import processor_name
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.edition import costs
from mnemonics_lib.edition.book.left_out import again, missing_data, study_of
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import PARAMS, ROOT, visible


class CostError(ReportedError):
    """A notebook that was to be measured, and failed, or costs of another machine than this."""


def commands() -> dict[str, list[str]]:
    """Name of a notebook with its parameters -> what runs it, after ``python -m``; those whose data are here."""
    found = {}
    for params in visible(PARAMS / "quick", "*.yaml"):
        for source in sorted((ROOT / "notebooks").glob("0*.py")):
            found[f"quick/{params.stem}/{source.stem}"] = [str(source), "--params", str(params)]
    for page in again() if found else []:  # an installed library has neither notebooks nor a book
        source = ROOT / "notebooks" / f"{page.rpartition('/')[2]}.py"
        if missing_data(page) is None:
            found[page.removeprefix("executed/")] = [str(source), "--study", study_of(page)]
    for page in costs.PAGES if found else ():
        found[f"page/{page}"] = [str(ROOT / "book" / f"{page}.py")]
    return {name: ["mnemonics_lib.edition.notebooks", "execute", *arguments] for name, arguments in found.items()}


def seconds_of(command: Sequence[str]) -> float:
    """Wall seconds of a notebook in a process of its own, which finds no runs and leaves none.

    Raises:
        CostError: when the notebook fails, with what was said of that.
    """
    with TemporaryDirectory() as folder:
        environment = {"MNEMONICS_RUNS": f"{folder}/runs", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        output = ["--output", f"{folder}/executed.ipynb"]
        called = [sys.executable, "-m", *command, *output]
        began = time.monotonic()
        done = subprocess.run(called, env=os.environ | environment, capture_output=True, text=True)
        seconds = time.monotonic() - began
        if done.returncode:
            raise CostError(f"{' '.join(command)}: failed\n{done.stdout or done.stderr}".strip())
        return seconds


def write(seconds: Mapping[str, float]) -> None:
    """Write what is known to ``costs.COSTS``, with the machine that measured it."""
    text = json.dumps({**_machine(), "seconds": dict(seconds)}, indent=1, sort_keys=True) + "\n"
    write_atomically(costs.COSTS, lambda file: file.write(text.encode()))


def _machine() -> dict[str, Any]:
    """What tells one machine's seconds from another's."""
    return {"processor": processor_name(), "cores": os.cpu_count()}


def _known(all_anew: bool) -> dict[str, float]:
    """The seconds that this machine has measured before, by notebook.

    Args:
        all_anew: whether all will be measured here, so that those of another machine are not wanted.

    Raises:
        CostError: for those of another machine, beside which this one's would be taken for its own.
    """
    if not costs.COSTS.exists():
        return {}
    there, here = json.loads(costs.COSTS.read_text()), _machine()
    seconds: dict[str, float] = there.pop("seconds")
    if there != here and all_anew:
        return {}
    if there != here:
        raise CostError(
            f"{costs.COSTS}: was measured on {_told(there)}, and this is {_told(here)}: must be of one machine; "
            "measure all notebooks here, with no names, or these there"
        )
    return seconds


def _told(machine: Mapping[str, Any]) -> str:
    return f"{machine['processor']} with {machine['cores']} cores"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 1 for a notebook that fails, 2 for what cannot be measured here."""
    parser = argparse.ArgumentParser(prog="python -m mnemonics_lib.edition.measure_costs")
    parser.add_argument("names", nargs="*", help="such as quick/digits-n5/03_local_bop (default: all)")
    asked, there = parser.parse_args(arguments).names, commands()
    if not there:
        print("costs are those of the project's notebooks; there are none here", file=sys.stderr)
        return 2
    if unknown := [name for name in asked if name not in there]:
        print(f"names = {unknown}: must be of {', '.join(there)}", file=sys.stderr)
        return 2
    try:
        known = _known(all_anew=not asked)
    except CostError as error:
        print(error, file=sys.stderr)
        return 2
    for name in asked or there:
        try:
            known[name] = round(seconds_of(there[name]), 1)
        except CostError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{name}: {known[name]:.0f} s", flush=True)
        write(known)  # after each: what is measured is not lost when the rest is stopped
    if not asked:
        write({name: known[name] for name in there})  # what is there no more is forgotten
    return 0


if __name__ == "__main__":
    sys.exit(main())
