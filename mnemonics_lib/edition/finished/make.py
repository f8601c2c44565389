"""Make what notebooks take from a study: ``make finished STUDY=shown/cifar100``.

``python -m mnemonics_lib.edition.finished.make STUDY`` runs the notebooks on the study's parameters, with every loop
walked, and writes ``loops.safetensors`` beside the study's records. Those are made before, by ``make study``, which may
have taken them from another study, made elsewhere. A record that comes out otherwise here is replaced, since notebooks
go on from one run to the others. With ``--forget`` the command deletes what was made by other source or with other
settings, so that ``make study`` makes it again.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mnemonics_lib import runs
from mnemonics_lib.durable.checkpoint import read_checkpoint
from mnemonics_lib.durable.commit import code_version
from mnemonics_lib.durable.provenance import environment
from mnemonics_lib.durable.records import read_record, same_outcome
from mnemonics_lib.edition.finished.loops import alike
from mnemonics_lib.edition.finished.present import problem
from mnemonics_lib.edition.finished.store import NAME, FinishedError, FinishedLoop, read_loop, write_store
from mnemonics_lib.edition.finished.take import MAKING
from mnemonics_lib.edition.notebooks.again import execute_again
from mnemonics_lib.edition.studies.copy_record import copy
from mnemonics_lib.edition.studies.plan import Plan, PlannedRun, plan
from mnemonics_lib.edition.studies.study import records_of, study_file
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import ROOT, RUNS


def forget(of: Plan) -> list[Path]:
    """Delete the records of a study that are not of the settings and the source that are here, and what is beside them.

    Returns:
        The files that were deleted.

    Raises:
        ConfigError: for a study that keeps nothing for figures, so that no notebook ever takes its finished work.
    """
    _ = of.leading
    old = [path for run in of.runs if not run.record.exists() or problem(of, run) for path in run.files]
    found = [path for path in old if path.exists()]
    for path in found:
        path.unlink()
    return found


def make(study: str, notebooks: Sequence[Path]) -> Path:
    """Run the notebooks, gather the loops that they walk, and write them with the last checkpoint of the leading run.

    Args:
        study: its name.
        notebooks: their sources.

    Returns:
        The file.

    Raises:
        ConfigError: for a name that is not that of one study, and for a study that keeps nothing for figures.
        FinishedError: for records that are not there, and for a notebook that fails.
    """
    made_by = code_version(), environment("cpu")  # before the work, while which the source may be committed
    file = study_file(study)
    of = plan(file)
    if of.missing:
        raise FinishedError(f"{of.missing[0].record}: not there; `make study STUDY={study}` makes it")
    leading = of.leading  # before anything is made or replaced, since a study that keeps nothing is refused
    for run in of.runs:
        as_made_here(run)
    record, path = runs.run(leading.config, RUNS, keep=leading.keep)
    _, checkpoint = read_checkpoint(path.with_name(runs.CHECKPOINT))
    assert record.identity is not None
    to = records_of(file) / NAME
    write_store(to, study, record.identity, made_by, _walked(study, notebooks), checkpoint)
    return to


def as_made_here(run: PlannedRun, directory: Path = RUNS) -> None:
    """Make a run of a study on this machine, where that was not done, and see to it that its record is that of it.

    On another kind of processor a run comes out otherwise: then the record is replaced, with what is kept beside it.

    Args:
        run: whose record is there.
        directory: of the runs of this machine.
    """
    there = read_record(run.record)
    record, path = runs.run(run.config, directory, keep=run.keep, progress=True)
    if same_outcome(record, there):
        return
    print(f"{run.record}: came out otherwise where it was made; replaced by the record of the run as it is made here")
    # The record last: as long as it is the other machine's, a next call does what this one did not.
    for wanted, made in reversed([*zip(run.files, (path, runs.kept_beside(path)), strict=False)]):
        copy(made, wanted)


def _walked(study: str, notebooks: Sequence[Path]) -> list[FinishedLoop]:
    """Every loop that the notebooks walk, once."""
    found: list[FinishedLoop] = []
    for source in notebooks:
        with TemporaryDirectory() as folder:
            os.environ[MAKING] = folder  # the kernel has it from here
            try:
                failed = execute_again(source, study, ROOT / "build" / "finished" / study / f"{source.stem}.ipynb")
            finally:
                del os.environ[MAKING]
            if failed:
                raise FinishedError(f"{source}: stopped, see {failed}")
            for path in sorted(Path(folder).iterdir()):
                loop = read_loop(path)
                if not any(alike(loop.described, other.described) for other in found):
                    found.append(loop)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, or 2 for what cannot be made."""
    parser = argparse.ArgumentParser(
        prog="python -m mnemonics_lib.edition.finished.make", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("study", metavar="STUDY")
    parser.add_argument("--forget", action="store_true", help="delete what was made otherwise, and make nothing")
    options = parser.parse_args(arguments)
    try:
        if options.forget:
            for path in forget(plan(study_file(options.study))):
                print(f"{path}: deleted, for it was made by other source or with other settings")
        else:
            path = make(options.study, sorted((ROOT / "notebooks").glob("0*.py")))
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    except ReportedError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
