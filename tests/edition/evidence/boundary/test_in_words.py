"""What is said of tables made by hand: near, nearer, crossed, and how many intervals that is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mnemonics_lib.edition.evidence.boundary import in_words as module
from mnemonics_lib.edition.evidence.boundary.in_words import (
    AGAINST_EACH,
    compared,
    crossed,
    in_words,
    intervals,
    mostly_near,
    strict,
)
from mnemonics_lib.edition.paired.intervals import Interval
from tests.edition.evidence.boundary.tables import here, seeds, table


@pytest.mark.parametrize(
    ("trained", "said"),
    [(0.1, "nearer in 1 (here)"), (-0.1, "nearer in 1 (here)"), (-0.9, "farther in 1 (here)")],
)
def test_nearer_is_of_the_margins_size_on_either_side_of_the_boundary(trained: float, said: str):
    found = compared(here(trained=[trained], start=[0.5], herding=[0.4], random=[-0.5]), "size")
    assert found == (
        f"**Nearer to it** by the size of the margin? Against what they were, 1 place: {said}; against herding's, 1 "
        f"place: {said}, before training: farther in 1 (here); against random images, 1 place: {said}, before "
        "training: no difference shown."
    )


def test_what_they_were_before_is_compared_with_herding_s_and_random_images_too():
    found = compared(here(trained=[0.5], start=[0.4], herding=[0.6], random=[0.1]), "size")
    start, herding, random = found.split("; against ")
    assert "before" not in start
    assert herding == "herding's, 1 place: nearer in 1 (here), before training: nearer in 1 (here)"
    assert random == "random images, 1 place: farther in 1 (here), before training: farther in 1 (here)."


def test_a_side_without_a_place_is_not_named_and_both_are_where_both_have_one():
    lower = seeds(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1])
    higher = seeds(trained=[0.7], start=[0.5], herding=[0.5], random=[0.1])
    said = compared({"a": lower, "b": higher}, "size")
    assert said.startswith(
        "**Nearer to it** by the size of the margin? Against what they were, 2 places: nearer in 1 (a), farther in 1 "
        "(b); "
    )


def test_the_share_within_the_bound_and_the_other_class_are_compared_in_the_same_way():
    """The distance to another class is half the margin."""
    found = here(trained=[0.1, 0.6], start=[0.6, 0.6], herding=[0.1, 0.1], random=[0.6, 0.6])
    assert compared(found, "near") == (
        "**More of them** within 0.2 of it? Against what they were, 1 place: more in 1 (here); against herding's, 1 "
        "place: fewer in 1 (here), before training: fewer in 1 (here); against random images, 1 place: more in 1 "
        "(here), before training: no difference shown."
    )
    assert compared(found, "other") == (
        "**Nearer to an image of another class** by features? Against what they were, 1 place: nearer in 1 (here); "
        "against herding's, 1 place: farther in 1 (here), before training: farther in 1 (here); against random images, "
        "1 place: nearer in 1 (here), before training: no difference shown."
    )


def test_herding_is_not_named_where_no_place_has_another_start():
    assert "herding" not in compared(here(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1]), "size")


@pytest.mark.parametrize(
    ("trained", "margin", "wrong"),
    [
        ([-0.5, -0.5], "lower in 1 (here)", "higher in 1 (here)"),
        ([0.9, 0.9], "higher in 1 (here)", "no difference shown"),
    ],
)
def test_who_crosses_a_boundary_is_as_far_from_it_and_is_told_by_the_sign(trained, margin, wrong):
    said, _ = crossed(here(trained=trained, start=[0.5, 0.5], herding=[0.4], random=[0.1]))
    assert said.endswith(f"with its sign: {margin}; the share on the wrong side: {wrong}.")


def test_what_holds_together_is_judged_by_wider_intervals():
    """Differences of 1, 2 and 3 hundredths: clear of zero at 95 % with a fourth of 1.5, and not with 12 places."""
    by_seed = {
        seed: table(trained=[0.5 - less / 100], start=[0.5], herding=[0.5], random=[0.1])
        for seed, less in enumerate((1.0, 2.0, 3.0, 1.5))
    }
    alike = {str(place): by_seed for place in range(12)}
    assert "what they were, 12 places: nearer in 12;" in compared(alike, "size")
    assert strict(alike) == (
        "By the size of the margin against what they were, with intervals that hold together at 95 % over 12 places: "
        "no difference shown."
    )
    assert strict({"alone": by_seed}).endswith("over 1 place: nearer in 1 (alone).")


def test_the_intervals_that_sentences_count_are_counted(monkeypatch: pytest.MonkeyPatch):
    same = seeds(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1])
    other = seeds(trained=[0.3], start=[0.5], herding=[0.4], random=[0.1])
    assert intervals({"a": same}) == 3 * (1 + 2) + 3  # the start; random images twice; then margin, side and rank
    assert intervals({"a": same, "b": other}) == 12 + 3 * (1 + 2 + 2) + 3

    told: list[str] = []

    def counting(found: Mapping[str, Interval], *_: str) -> str:
        told.extend(found)
        return ""

    monkeypatch.setattr(module, "tally", counting)
    in_words({"a": same, "b": other})
    assert len(told) == intervals({"a": same, "b": other})


def test_the_claim_as_it_is_worded_is_about_more_than_half_of_them():
    found = {
        "most": seeds(trained=[0.1, 0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1, 0.9]),
        "half": seeds(trained=[0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1]),
    }
    assert mostly_near(found).endswith(
        "in 1 of 2 places. The most are 66.7 %, in most; there it is 0.0 % of the images that they were trained from, "
        "0.0 % of herding's and 50.0 % of random images."
    )
    assert mostly_near({"half": found["half"]}).split("ours) in ")[1].startswith("none of 1 place. ")
    assert in_words(found) == [
        mostly_near(found),
        *(compared(found, column) for column in AGAINST_EACH),
        *crossed(found),
    ]
