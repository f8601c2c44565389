"""What is said of tables made by hand: near, nearer, crossed, and how many intervals that is."""

from __future__ import annotations

import pytest

from mnemonics_lib.edition.evidence.boundary.in_words import (
    crossed,
    in_words,
    intervals,
    mostly_near,
    nearer,
    strict,
)
from tests.edition.evidence.boundary.tables import here, seeds, table


@pytest.mark.parametrize(
    ("trained", "said"),
    [(0.1, "nearer in 1 (here), farther in none"), (-0.1, "nearer in 1"), (-0.9, "nearer in none, farther in 1")],
)
def test_nearer_is_of_the_margins_size_on_either_side_of_the_boundary(trained: float, said: str):
    start, herding, random = nearer(here(trained=[trained], start=[0.5], herding=[0.4], random=[-0.5]))
    assert f"images that they were trained from?** In 1 places: {said}" in start
    assert said in herding
    assert said in random


def test_what_they_were_before_is_compared_with_herding_s_and_random_images_too():
    start, herding, random = nearer(here(trained=[0.5], start=[0.4], herding=[0.6], random=[0.1]))
    assert "before" not in start
    assert herding.endswith(
        "nearer in 1 (here), farther in none. Before training they were nearer in 1 (here), farther in none."
    )
    assert random.endswith("farther in 1 (here). Before training they were nearer in none, farther in 1 (here).")


@pytest.mark.parametrize(
    ("trained", "margin", "wrong"),
    [
        ([-0.5, -0.5], "lower in 1 (here), higher in none", "lower in none, higher in 1 (here)"),
        ([0.9, 0.9], "lower in none, higher in 1 (here)", "lower in none, higher in none"),
    ],
)
def test_who_crosses_a_boundary_is_as_far_from_it_and_is_told_by_the_sign(trained, margin, wrong):
    said, _ = crossed(here(trained=trained, start=[0.5, 0.5], herding=[0.4], random=[0.1]))
    assert f"before training, {margin}; their share on the wrong side, " in said
    assert said.endswith(f"{wrong}.")


def test_what_holds_together_is_judged_by_wider_intervals():
    """Differences of 1, 2 and 3 hundredths: clear of zero at 95 % with a fourth of 1.5, and not with 12 places."""
    by_seed = {
        seed: table(trained=[0.5 - less / 100], start=[0.5], herding=[0.5], random=[0.1])
        for seed, less in enumerate((1.0, 2.0, 3.0, 1.5))
    }
    alike = {str(place): by_seed for place in range(12)}
    assert "nearer in 12, farther in none" in nearer(alike)[0]
    assert strict(alike) == (
        "Against the images that they were trained from, with intervals that hold together at 95 % over the 12 places: "
        "nearer in none, farther in none."
    )
    assert strict({"alone": by_seed}).endswith("over the 1 places: nearer in 1 (alone), farther in none.")


def test_the_intervals_that_sentences_count_are_counted():
    same = seeds(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1])
    other = seeds(trained=[0.3], start=[0.5], herding=[0.4], random=[0.1])
    assert intervals({"a": same}) == 1 + 2 + 3  # the start; random images twice; margin, side and rank
    assert intervals({"a": same, "b": other}) == 6 + 8


def test_the_claim_as_it_is_worded_is_about_more_than_half_of_them():
    found = {
        "most": seeds(trained=[0.1, 0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1, 0.9]),
        "half": seeds(trained=[0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1]),
    }
    assert mostly_near(found).endswith(
        "in 1 of 2 places. The most are 66.7 %, in most; there it is 0.0 % of the images that they were trained from, "
        "0.0 % of herding's and 50.0 % of random images."
    )
    assert mostly_near({"half": found["half"]}).split(", in ")[1].startswith("none of 1 places")
    assert in_words(found) == [mostly_near(found), *nearer(found), *crossed(found)]
