"""How checks name what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mnemonics_lib.data.wording import is_whole, kind, listed


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(2, 3, dtype=torch.uint8), "torch.uint8 of shape [2, 3]"),
        (np.zeros((2, 3), dtype=np.float32), "float32 of shape [2, 3]"),
        (torch.tensor(1.0), "torch.float32 of shape []"),
        (None, "a NoneType"),
        ([1, 2], "a list"),
    ],
)
def test_a_kind_is_type_and_shape_where_there_is_one(value, said):
    assert kind(value) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, ""), (1, "0"), (5, "0, 1, 2, 3, 4"), (6, "0, 1, 2, 3, 4 and 1 more"), (900, "0, 1, 2, 3, 4 and 895 more")],
)
def test_a_list_stays_short_however_long_it_is(count, said):
    assert listed(range(count)) == said


def test_whole_numbers_are_integers_within_both_ends_and_no_truth_values():
    assert is_whole(0, 0)
    assert is_whole(10**30, 0)
    assert is_whole(3, 3, 3)
    for value in (-1, True, False, 0.0, 1.0, "1", None, float("nan"), np.int64(1)):
        assert not is_whole(value, 0)
    assert not is_whole(4, 0, 3)
