"""What importing the package does: no word of Python's on a line of `higher`, and on any other as ever."""

import importlib
import warnings

import pytest

from mnemonics_lib import edition


@pytest.mark.parametrize(
    ("file", "said"),
    [("site-packages/higher/optim.py", 0), ("notebooks/mine.py", 1), ("site-packages/higherbound.py", 1)],
)
def test_a_doubtful_line_is_passed_over_in_higher_alone(file, said):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        importlib.reload(edition)
        compile("value = len('a') is 1", file, "exec")
    assert len(heard) == said
