"""Every sentence about memory and seconds follows from its rows, and goes where they are not."""

import pytest

from mnemonics_lib.edition.benchmarks.hypergradient import KEPT, BenchmarkError, findings, machines, measurements
from tests.edition.benchmarks.made import refused, row


def found(*rows):
    return " ".join(findings(measurements(rows)))


def test_the_engines_are_compared_where_both_ran():
    text = found(
        row("higher", 10, seconds=2.0, peak=400.0),
        row("adjoint", 10, seconds=1.0, peak=100.0),
        row("higher", 50, seconds=2.0, peak=1000.0),
        row("adjoint", 50, seconds=3.0, peak=100.0),
        refused("higher", 100),
        row("adjoint", 100),
    )
    assert "Where both ran (2 settings), the peak of `adjoint` is 0.10 to 0.25 times that of `higher`" in text
    assert "its time 0.50 to 1.50 times; it is the faster one in 1 of 2." in text
    assert "keeps its graphs" not in text


def test_the_engine_that_keeps_its_graphs_is_compared_with_both():
    text = found(row("higher", seconds=4.0), row("adjoint", seconds=2.0), row(KEPT, seconds=1.0))
    assert "Where both ran (1 setting), the peak" in text
    assert "keeps its graphs (1 setting), its time is 0.50 times that without" in text
    assert "and 0.25 times that of `higher`." in text


def test_growth_is_from_the_fewest_steps_to_the_most_of_the_same_setting():
    text = found(
        row("higher", 50, peak=500.0),
        row("adjoint", 50, peak=120.0),
        row("higher", 5, peak=100.0),
        row("adjoint", 5, peak=100.0),
        row("higher", 20, peak=9999.0),
        row("adjoint", 20, peak=9999.0),
        row("higher", 5, exemplars=40, peak=1.0),  # one T alone: nothing grows there
        row("adjoint", 5, exemplars=40, peak=1.0),
    )
    assert "When $T$ grows 10 times, the peak grows: that of `higher` 5.0 times, that of `adjoint` 1.2 times." in text


def test_one_number_of_steps_grows_nowhere():
    assert "grows" not in found(row("higher"), row("adjoint"))


def test_settings_of_another_machine_are_no_pair():
    assert found(row("higher"), row("adjoint", threads=2)).startswith("No setting was measured with both engines.")


@pytest.mark.parametrize(
    ("difference", "device", "more"),
    [
        (1e-6, "cpu", ""),
        (0.5, "cuda (a GPU)", "more than single precision explains: on this GPU"),
        (0.5, "cpu", "more than single precision explains."),
    ],
)
def test_gradients_that_rounding_does_not_explain_are_said(difference, device, more):
    text = found(row("higher", device=device), row("adjoint", device=device, rel_diff=difference))
    assert f"The relative difference between the two gradients is {difference:.1e} to {difference:.1e}." in text
    assert more in text
    assert ("single precision" in text) == bool(more)
    assert ("TF32" in text) == ("GPU" in more)


def test_the_guard_is_judged_where_the_peak_is_large():
    text = found(
        row("higher", peak=1000.0, predicted=1200.0),
        row("adjoint", peak=600.0, predicted=540.0),
        row("higher", 5, peak=500.0, predicted=5000.0),
    )
    assert "The guard's prediction is 0.90 to 1.20 times the measured peak, where that is above 500 MiB." in text
    assert "guard" not in found(row("higher", peak=500.0), row("adjoint"))


def test_two_measurements_of_one_setting_are_not_averaged():
    with pytest.raises(BenchmarkError, match=r"T = 10, engine = higher: is there twice"):
        measurements([row("higher"), row("adjoint"), row("higher", seconds=9.0)])


def test_each_machine_is_named_once():
    rows = [row("higher"), row("adjoint"), row("higher", device="cuda", threads=16)]
    assert machines(rows) == "cpu, 1 thread, PyTorch 2.14.1; cuda, 16 threads, PyTorch 2.14.1"
