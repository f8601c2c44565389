"""A study as the pages read it: what it asks for, the records that are there, and what it compares of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mnemonics_lib.edition.report import Evidence, evidence
from mnemonics_lib.edition.studies.outcome import Compared, comparisons
from mnemonics_lib.edition.studies.paired_runs import PairedRuns, paired_runs
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.edition.studies.study import study_file


@dataclass(frozen=True)
class Studied:
    """A study and what is there of it.

    Attributes:
        plan: what it asks for.
        records: arm -> seed -> record.
        compared: its comparisons, over the seeds that both arms have.
    """

    plan: Plan
    records: Evidence
    compared: Compared

    @property
    def missing(self) -> bool:
        """Whether any of its runs is not there yet."""
        return bool(self.plan.missing)

    def pairs(self, arms: str = "", controls: str = "") -> list[PairedRuns]:
        """Its comparisons of average accuracy as pairs of runs, in its order.

        Args:
            arms: a regular expression that is found in the arms that are asked about.
            controls: likewise in their controls.
        """
        asked = [each for each in self.compared if re.search(arms, each[0]) and re.search(controls, each[1])]
        return paired_runs(self.plan, asked, self.records)


def studied(name: str) -> Studied:
    """A study by its name, such as ``evidence/primary``, read from its file and its records.

    Raises:
        ConfigError: as :func:`mnemonics_lib.edition.studies.plan.plan`.
        PairError, MeasureError, ArmError, RecordError: as :func:`mnemonics_lib.edition.studies.outcome.comparisons`.
    """
    of, (folder, file) = plan(study_file(name)), name.split("/")
    return Studied(of, evidence(folder, file), comparisons(of))
