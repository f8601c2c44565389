"""Class orders: what is one, and what is said of what is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data.orders import require_order

NO_ORDERS = [
    ([3, 1, 3], "order: repeats 3: must name each class once"),
    ([4, 4, 2, 2, 2, 9], "order: repeats 2, 4: must"),
    (list(range(9)) * 2, r"order: repeats 0, 1, 2, 3, 4 and 4 more: must"),
    ([0, -1], r"order: holds -1: must be class ids of the data set, integers >= 0"),
    ([0, 1.0], r"order: holds 1\.0: must be"),
    ([0, True], "order: holds True: must be"),
    ([0, None, "1"], "order: holds None, '1': must be"),
    ([0, [1]], r"order: holds \[1\]: must be"),
    ([np.int64(1)], r"order: holds np\.int64\(1\): must be"),
    ((0, 1), "order = a tuple: must be a list of class ids"),
    (np.arange(3), r"order = int64 of shape \[3\]: must be a list"),
    (None, "order = a NoneType: must be a list"),
]


@pytest.mark.parametrize(("order", "message"), NO_ORDERS)
def test_what_is_no_order_is_refused_by_what_is_wrong_with_it(order, message):
    with pytest.raises(ValueError, match=message):
        require_order(order)


@given(st.lists(st.integers(-3, 12), max_size=8))
def test_an_order_is_any_list_of_ids_that_repeats_none(order):
    if len(set(order)) == len(order) and min(order, default=0) >= 0:
        require_order(order)
    else:
        with pytest.raises(ValueError, match="order"):
            require_order(order)
