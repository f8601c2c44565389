"""What a method reports is looked at in its phase, and not when the record is made."""

from __future__ import annotations

import inspect
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from mnemonics_lib import global_bop
from mnemonics_lib.divergence import NonFiniteError
from mnemonics_lib.durable.sealed import read_sealed, write_sealed
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.methods.base import Method
from mnemonics_lib.methods.reported import reported


def saying(**found: Any) -> Method:
    class Reports(Method):
        def report(self) -> dict[str, float]:
            return found

    return Reports(0.5, 2.0)


NUMBERS = [1.5, 3, np.float64(-0.25), np.float32(0.5), np.int64(-7), Fraction(1, 4)]


def test_finite_numbers_keep_their_names_order_and_values():
    found = {"alpha": 1.5, "classes": 3, "beta": np.float64(-0.25)}
    assert list(reported(saying(**found)).items()) == [("alpha", 1.5), ("classes", 3.0), ("beta", -0.25)]
    assert reported(saying()) == {}


@pytest.mark.parametrize("value", NUMBERS, ids=lambda value: type(value).__name__)
def test_a_number_of_any_library_stands_a_checkpoint(value, tmp_path):
    """A checkpoint takes no objects of other libraries, and is read when the run has come to the next phase."""
    found = reported(saying(found=value))
    assert type(found["found"]) is float
    write_sealed(tmp_path / "file", "kind", {}, found)
    assert read_sealed(tmp_path / "file", "kind") == ({}, {"found": float(value)})


@pytest.mark.parametrize("value", [10**400, -(10**5000), Fraction(10**400, 3)], ids=["large", "negative", "fraction"])
def test_a_number_that_no_float_holds_is_refused_by_name(value):
    with pytest.raises(NonFiniteError, match=r"Reports\.report\(\): beta is too large for a float: must be finite"):
        reported(saying(beta=value))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_by_name(value):
    with pytest.raises(NonFiniteError, match=rf"Reports\.report\(\): beta = {value}: must be finite"):
        reported(saying(alpha=1.0, beta=value))


@pytest.mark.parametrize("value", [True, None, "0.5", [1.0]])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(TypeError, match=r"Reports\.report\(\): found = .*: must be a number"):
        reported(saying(found=value))


def test_a_phase_ends_with_the_refusal(tiny):
    experiment = Experiment.of(tiny)
    state = global_bop.initial_state(experiment)
    state.method = saying(beta=math.nan)
    with pytest.raises(NonFiniteError, match="beta = nan"):
        inspect.unwrap(global_bop.finish_phase)(experiment, state)  # the step itself, whatever came before it
