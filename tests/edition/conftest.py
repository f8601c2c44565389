"""What tests of figures and of studies share."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from mnemonics_lib.edition.studies.studied import Studied, studied


@pytest.fixture
def axis() -> Axes:
    return plt.subplots()[1]


@pytest.fixture(scope="session")
def primary_study() -> Studied:
    return studied("evidence/primary")


@pytest.fixture(scope="session")
def controls_study() -> Studied:
    return studied("evidence/controls")
