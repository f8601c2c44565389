"""What tests of figures share."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes


@pytest.fixture
def axis() -> Axes:
    return plt.subplots()[1]
