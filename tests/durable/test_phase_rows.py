"""A phase's row is what was measured in it, with its number, the classes seen and its seconds."""

import pytest

from mnemonics_lib.durable.phase_rows import phase_row, phase_rows

RESULTS = [{"accuracy": 90.0, "confusion": [[1, 0], [0, 1]]}, {"accuracy": 80.0, "confusion": [[1] * 3] * 3}]


def test_a_row_has_all_that_was_measured():
    assert phase_row(4, RESULTS[0], 2.5) == {"phase": 4, "classes_seen": 2, **RESULTS[0], "seconds": 2.5}


def test_rows_are_numbered_from_phase_0():
    assert phase_rows(RESULTS, [1.0, 2.0]) == [phase_row(0, RESULTS[0], 1.0), phase_row(1, RESULTS[1], 2.0)]


def test_a_time_that_is_missing_is_noticed():
    with pytest.raises(ValueError, match="shorter"):
        phase_rows(RESULTS, [1.0])
