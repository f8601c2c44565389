"""What became of exemplars is read from the record of a run, with what tells its first network from others."""

from __future__ import annotations

from typing import Any

from mnemonics_lib.edition.evidence.pairs.trainings import Training, trainings
from mnemonics_lib.edition.report import evidence


def test_a_record_has_a_training_for_each_phase_with_the_first_networks_loss():
    record: Any = evidence("evidence", "from_random")["lwf-trained"][0]
    found = list(trainings(record))
    assert [each.phase for each in found] == list(range(len(found)))
    assert len(found) > 1
    for each, row in zip(found, record.results, strict=False):
        own = row.exemplars.own_loss_before, row.exemplars.own_loss_after
        assert each == Training(each.phase, row.train_accuracy, *own, record.results[0].train_loss)


def test_herdings_exemplars_were_not_trained():
    assert list(trainings(evidence("evidence", "from_random")["lwf-herding"][0])) == []


def test_trainings_of_two_first_networks_are_two():
    assert Training(0, 90.0, 0.1, 0.2, 0.5) != Training(0, 90.0, 0.1, 0.2, 0.6)
    assert Training(0, 90.0, 0.1, 0.11).harder is False
    assert Training(0, 90.0, 0.1, 0.12).harder is True
