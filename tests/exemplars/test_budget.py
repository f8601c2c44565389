"""Exemplars of each class, by both rules and with held-out images."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.exemplars.budget import quota


@pytest.mark.parametrize(
    ("budget", "rule", "classes", "holds_out", "expected"),
    [
        (20, "per_class", 50, False, (20, 0)),
        (20, "per_class", 100, True, (18, 2)),
        (21, "per_class", 100, True, (18, 3)),
        (2000, "total", 60, False, (33, 0)),
        (2000, "total", 100, True, (18, 2)),
        (9, "total", 10, True, (0, 0)),
    ],
)
def test_the_quota_of_a_class(budget, rule, classes, holds_out, expected):
    assert quota(budget, rule, classes, holds_out) == expected


@given(st.integers(1, 10**6), st.integers(1, 1000), st.booleans())
def test_a_total_is_never_exceeded_and_not_one_more_per_class_would_fit(budget, classes, holds_out):
    each = sum(quota(budget, "total", classes, holds_out))
    assert classes * each <= budget < classes * (each + 1)


def test_budgets_are_counted_without_torch(root):
    script = "import sys, mnemonics_lib.exemplars.budget; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
