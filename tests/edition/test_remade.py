"""Runs beside their records: which are compared, and what is said of how far apart they are."""

from __future__ import annotations

import pytest

from mnemonics_lib.edition.remade import Remade, remade, remade_in_words, remade_table
from tests.made_records import made

RECORDS = {seed: made(seed, accuracy) for seed, accuracy in enumerate([80.0, 82.0, 84.0])}


def row(here: float, recorded: float = 80.0, same_source: bool = True, arm: str = "herding") -> Remade:
    return Remade(arm, 0, here, recorded, same_source, [80.0, 82.0, 84.0])


def test_a_run_is_compared_with_the_record_of_its_configuration_and_seed():
    fresh = {"herding": {0: made(0, 81.0), 7: made(7, 81.0)}, "random": {0: made(0, 81.0)}}
    (found,) = remade(fresh, {"herding": RECORDS})
    assert found == Remade("herding", 0, 81.0, 80.0, True, [80.0, 82.0, 84.0])


def test_a_record_of_another_configuration_is_no_record_of_it():
    assert remade({"herding": {0: made(0, 81.0, budget=3)}}, {"herding": RECORDS}) == []


def test_another_source_is_told():
    (found,) = remade({"herding": {0: made(0, 81.0, source="b" * 64)}}, {"herding": RECORDS})
    assert not found.same_source
    assert remade_table([found])[0]["same source"] == "no"
    assert "source has changed" in remade_in_words([found])[0]
    assert "source has changed" not in remade_in_words([row(81.0)])[0]


def test_a_difference_stands_beside_what_another_seed_does():
    (cells,) = remade_table([row(77.0)])
    assert (cells["difference"], cells["sd over seeds"], cells["difference / sd"]) == ("-3.00", "2.00, n = 3", "1.5")


def test_the_words_are_of_the_arm_of_the_largest_difference():
    near, far = row(81.0, arm="random"), row(76.0, arm="herding")._replace(of_seeds=[80.0, 80.0, 83.0])
    (said,) = remade_in_words([near, far])
    assert "largest difference is 4.00 points, of *herding*" in said
    assert "That is 2.3 times the standard deviation of its 3 seeds." in said


@pytest.mark.parametrize("of_seeds", [[80.0], [80.0, 80.0]])
def test_without_a_spread_over_seeds_none_is_told(of_seeds: list[float]):
    found = row(81.0)._replace(of_seeds=of_seeds)
    (said,) = remade_in_words([found])
    assert "deviation" not in said
    assert remade_table([found])[0]["difference / sd"] == "nan"


def test_runs_that_came_out_the_same_have_no_difference_to_tell():
    (said,) = remade_in_words([row(80.0), row(80.0)])
    assert "to the last digit" in said
    assert remade_table([row(80.0)])[0]["difference"] == "+0.00"
