"""Of records that were made again the first ones are put back in their place, and nothing else."""

from __future__ import annotations

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.pairs.made_again import in_words, shortly, what_hangs_on_it
from mnemonics_lib.edition.records.first_time import first_time
from mnemonics_lib.edition.studies.studied import Studied, studied


@pytest.fixture(scope="module")
def study() -> Studied:
    return studied("evidence/primary")


def test_the_first_records_of_the_project_are_compared_with_the_others_as_they_are(study):
    then = first_time("evidence/primary")["lucir-trained-20"]
    trained, herding = (study.records[arm] for arm in ("lucir-trained-20", "lucir-herding-20"))
    values = [then.get(seed, trained[seed].average_accuracy) - herding[seed].average_accuracy for seed in trained]
    low, high = stats.ttest_1samp(values, 0).confidence_interval(1 - 0.05 / 8)
    said = in_words(study)
    assert f"LUCIR, 20 a class {sum(values) / 10:+.2f} [{low:+.2f}, {high:+.2f}]" in said
    assert said.startswith("9 records of the seeds 0, 1, 2 were made again, so")
    assert said.endswith(", and the verdicts the same.")


def test_a_verdict_that_hangs_on_it_is_named(study):
    first = {
        "bic-trained-5": {seed: record.average_accuracy + 9 for seed, record in study.records["bic-trained-5"].items()}
    }
    said = in_words(study, first)
    assert said.startswith("10 records of the seeds 0, 1, 2, 3")
    assert said.endswith(". The verdict would be another for BiC, 5 a class.")
    assert "average accuracies would differ by BiC, 5 a class +9." in said
    assert "with those of the first time it was BiC, 5 a class +9." in what_hangs_on_it(study, first)
    assert shortly(study, first).startswith("; with the runs as first made it is another verdict, BiC, 5 a class +9.")
    assert what_hangs_on_it(study) == shortly(study) == ""


def test_of_a_study_whose_records_are_the_first_ones_nothing_is_said():
    assert in_words(studied("evidence/split")) == ""
