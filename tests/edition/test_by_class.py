"""What is forgotten of each class adds up to what the record says of all."""

from __future__ import annotations

import numpy as np
import pytest

from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition import by_class
from mnemonics_lib.paths import RECORDS

COMMITTED = RECORDS / "small" / "cifar100-n5" / "lucir" / "seed-0.json"  # 100 test images of each class


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(COMMITTED)


def small(record: Record) -> Record:
    """Two classes, then a third: 80 and 50 %, then 40, 100 and 25 %."""
    confusions = [[[4, 1], [1, 1]], [[2, 1, 2], [0, 2, 0], [1, 2, 1]]]
    results = [
        result.model_copy(update={"confusion": confusion})
        for result, confusion in zip(record.results, confusions, strict=False)
    ]
    return record.model_copy(update={"results": results})


def test_numbers_of_a_small_run(record):
    found = by_class.class_accuracies(small(record))
    np.testing.assert_allclose(found, np.array([[80, 50, np.nan], [40, 100, 25]]))
    assert list(by_class.arrivals(small(record))) == [0, 0, 1]
    np.testing.assert_allclose(by_class.class_forgetting(small(record)), [40, -50, 0])


def test_means_over_classes_are_what_the_record_says(record):
    found = by_class.class_accuracies(record)
    np.testing.assert_allclose(np.nanmean(found, axis=1), record.accuracy, atol=1e-9)
    first = by_class.arrivals(record) == 0
    assert by_class.class_forgetting(record)[first].mean() == pytest.approx(record.forgetting)


def test_what_arrived_last_has_had_no_time_to_be_forgotten(record):
    last = by_class.arrivals(record) == len(record.results) - 1
    assert last.any()
    assert not by_class.class_forgetting(record)[last].any()
