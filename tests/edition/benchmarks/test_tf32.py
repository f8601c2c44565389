"""What is said of TF32 follows from the emulation and from what a GPU found at the same settings."""

import pytest

from mnemonics_lib.edition.benchmarks.tf32 import (
    at_a_fresh_deep_network,
    at_a_trained_network,
    explains_the_gpu,
    tf32_table,
)
from tests.edition.benchmarks.made import row


def emulated(network="ResNet-8, 8 x 8", steps=10, **other):
    numbers = {"engines_float32": 2e-7, "engines_tf32": 0.03, "adjoint_tf32": 0.04, "cosine_tf32": 0.999}
    return {"network": network, "T": steps, "exemplars": 10} | numbers | other


def test_a_case_that_a_gpu_measured_has_its_number_and_another_a_dash():
    on_gpu = [row("higher"), row("adjoint", rel_diff=0.05)]
    first, second = tf32_table([emulated(), emulated(steps=50)], on_gpu)
    assert first == {
        "network": "ResNet-8, 8 x 8",
        "exemplars": 10,
        "$T$": 10,
        "engines, float32": "2.0e-07",
        "engines, TF32": "3.0e-02",
        "engines, GPU": "5.0e-02",
        "TF32 to float32": "4.0e-02",
        "cosine": "0.999",
    }
    assert second["engines, GPU"] == "–"


@pytest.mark.parametrize(
    ("measured", "factor", "words"),
    [(0.05, "1.7", "is enough to explain"), (0.018, "1.7", "is enough"), (0.3, "10.0", "alone does not explain")],
)
def test_tf32_explains_a_gpu_within_a_factor_of_two_in_either_direction(measured, factor, words):
    text = explains_the_gpu([emulated(), emulated(steps=50)], [row("adjoint", rel_diff=measured)])
    assert text.startswith(
        "In the one case that was measured on a GPU, the emulation and the GPU differ by a factor of "
    )
    assert f"a factor of {factor} at most" in text
    assert words in text


def test_one_case_that_differs_is_enough_to_say_so():
    on_gpu = [row("adjoint", rel_diff=0.03), row("adjoint", 50, rel_diff=0.0001)]
    text = explains_the_gpu([emulated(), emulated(steps=50)], on_gpu)
    assert "In the 2 cases" in text
    assert "factor of 300.0 at most, so that TF32 alone does not explain" in text


def test_without_a_measurement_on_a_gpu_nothing_is_explained():
    refused = row("adjoint", rel_diff=None)
    assert explains_the_gpu([emulated()], [row("higher"), refused]) == "None of these cases was measured on a GPU yet."


def test_the_trained_network_is_told_from_its_own_rows_alone():
    name = "digits, trained"
    rows = [emulated(cosine_tf32=0.1), emulated(name, adjoint_tf32=0.002), emulated(name, 50, cosine_tf32=0.9876)]
    text = at_a_trained_network(rows)
    assert "is 0.2 to 4.0 % of its length away from float32's, and their cosine is at least 0.9876." in text
    assert "at least 0.9998." in at_a_trained_network([emulated(name, cosine_tf32=0.99987)])


def test_the_deep_network_is_told_from_the_fewest_steps_to_the_most():
    name = "ResNet-32, 32 x 32"
    rows = [emulated(name, 50, cosine_tf32=0.44), emulated(name, 5, cosine_tf32=0.73), emulated("digits, trained")]
    text = at_a_fresh_deep_network(rows)
    assert text.startswith("At a fresh network of many layers rounding decides more: there the cosine is 0.73 after 5 ")
    assert text.endswith("after 5 steps and 0.44 after 50 steps.")


def test_where_a_trained_network_is_no_better_rounding_is_not_said_to_decide_more():
    rows = [emulated("ResNet-32, 32 x 32", cosine_tf32=0.9995), emulated("digits, trained", cosine_tf32=0.999)]
    assert "does not always decide more: there the cosine is 1.00 after 10 steps." in at_a_fresh_deep_network(rows)
