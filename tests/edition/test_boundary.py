"""Where exemplars lie between the classes: means of tables made by hand, and what is said of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from mnemonics_lib.edition.boundary import NEAR, by_kind, differences, in_words, is_herdings, levels, over, places, read
from mnemonics_lib.edition.intervals import interval
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.kept import KeptError


def kept(**margins: list[float]) -> Any:
    """What a run kept of phase 0: the margins of each kind; the other numbers follow from them."""
    table = pd.DataFrame(
        [
            {"class": 0, "kind": kind, "margin": margin, "other": margin / 2, "percentile": 50.0}
            for kind, of in margins.items()
            for margin in of
        ]
    )
    return SimpleNamespace(phases={0: SimpleNamespace(margins=table)})


def test_what_is_read_is_what_runs_of_the_study_have_kept():
    study = plan(*study_files("evidence/boundary"))
    found = read(study)
    assert {(arm, seed) for arm, by_seed in found.items() for seed in by_seed} == {
        (run.arm, run.seed) for run in study.runs if run.made
    }
    assert sorted(found["lucir-trained-5"][0].phases) == [0, 5]
    assert read(plan(*study_files("evidence/transfer"))) == {}  # it keeps nothing


def test_means_are_of_the_exemplars_of_each_kind():
    found = by_kind(kept(trained=[0.1, -0.1, 0.9, 0.7], random=[-0.5, 0.5]), 0)
    assert found.loc["trained", "margin"] == pytest.approx(0.4)
    assert found.loc["trained", "size"] == pytest.approx(0.45)
    assert found.loc["trained", "near"] == 50
    assert found.loc["trained", "wrong"] == 25
    assert [float(found[name]["random"]) for name in ("margin", "size", "near", "wrong")] == [0, 0.5, 0, 50]


def test_a_margin_of_the_bound_itself_is_not_near():
    assert by_kind(kept(trained=[NEAR, -NEAR]), 0).loc["trained", "near"] == 0


def test_differences_are_paired_by_seed():
    by_seed = {seed: kept(trained=[0.5 + seed], random=[0.1 + 0.9 * seed]) for seed in range(3)}
    found = differences(by_seed, 0, "random", "margin")
    assert found == pytest.approx({0: 0.4, 1: 0.5, 2: 0.6})
    assert levels(by_seed, 0).loc["trained", "margin"] == pytest.approx(1.5)


def seeds(**margins: list[float]) -> dict[int, Any]:
    """Four seeds whose trained exemplars differ by next to nothing."""
    return {
        seed: kept(**{kind: [each + (kind == "trained") * seed / 1e6 for each in of] for kind, of in margins.items()})
        for seed in range(4)
    }


def test_herdings_are_not_compared_where_they_are_what_trained_ones_were():
    same = seeds(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1])
    other = seeds(trained=[0.3], start=[0.5], herding=[0.4], random=[0.1])
    assert is_herdings(same, 0)
    assert not is_herdings(other, 0)
    found = {"a": (same, 0), "b": (other, 0)}
    assert list(over(found, "herding", "size")) == ["b"]
    assert list(over(found, "start", "size")) == list(over(found, "random", "size")) == ["a", "b"]
    assert over(found, "herding", "size")["b"] == interval([*differences(other, 0, "herding", "size").values()])


def words(**margins: list[float]) -> list[str]:
    """What is said of one place."""
    return in_words({"here": (seeds(**margins), 0)})


@pytest.mark.parametrize(
    ("trained", "nearer"),
    [(0.1, "nearer in 1 (here), farther in none"), (-0.1, "nearer in 1"), (-0.9, "nearer in none, farther in 1")],
)
def test_nearer_is_of_the_margins_size_on_either_side_of_the_boundary(trained: float, nearer: str):
    start, herding, random, *_ = words(trained=[trained], start=[0.5], herding=[0.4], random=[-0.5])
    assert f"images that they were trained from?** In 1 places: {nearer}" in start
    assert nearer in herding
    assert nearer in random


@pytest.mark.parametrize(
    ("trained", "margin", "wrong"),
    [
        ([-0.5, -0.5], "lower in 1 (here), higher in none", "lower in none, higher in 1 (here)"),
        ([0.9, 0.9], "lower in none, higher in 1 (here)", "lower in none, higher in none"),
    ],
)
def test_who_crosses_a_boundary_is_as_far_from_it_and_is_told_by_the_sign(trained, margin, wrong):
    said = words(trained=trained, start=[0.5, 0.5], herding=[0.4], random=[0.1])[3]
    assert f"before training, {margin}; their share on the wrong side, " in said
    assert said.endswith(f"{wrong}.")


def test_a_share_on_the_wrong_side_is_counted_over_seeds():
    by_seed = {
        seed: kept(trained=[0.5, *[-0.1] * (1 + seed // 3), 0.5], start=[0.5], herding=[0.4], random=[0.1])
        for seed in range(4)
    }
    assert in_words({"here": (by_seed, 0)})[3].endswith("on the wrong side, lower in none, higher in 1 (here).")


def test_the_claim_as_it_is_worded_is_about_more_than_half_of_them():
    places_ = {
        "most": (seeds(trained=[0.1, 0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1, 0.9]), 0),
        "half": (seeds(trained=[0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1]), 0),
    }
    assert in_words(places_)[-1].endswith(
        "in 1 of 2 places; the most, 66.7 %, in most, where it is 0.0 % of herding's and 50.0 % of random images."
    )


def test_places_are_of_arms_with_all_their_seeds():
    study = plan(*study_files("evidence/boundary"))
    found = read(study)
    all_of_them = places(study, found, (0, 5))
    assert len(all_of_them) == 2 * len(found)
    assert all_of_them["LUCIR, 5 a class, phase 5"] == (found["lucir-trained-5"], 5)
    one_less = {**found, "lucir-trained-5": {0: found["lucir-trained-5"][0]}}
    assert all_of_them.keys() - places(study, one_less, (0, 5)).keys() == {
        "LUCIR, 5 a class, phase 0",
        "LUCIR, 5 a class, phase 5",
    }
    assert in_words({}) == []


def test_a_phase_without_margins_is_an_error():
    without: Any = SimpleNamespace(phases={0: SimpleNamespace(margins=None)})
    with pytest.raises(KeptError, match="phase 0: its run has kept no margins"):
        by_kind(without, 0)
