"""What tests of figures share."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes


@pytest.fixture
def axis() -> Iterator[Axes]:
    figure, axis = plt.subplots()
    yield axis
    plt.close(figure)
