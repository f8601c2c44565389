"""Where exemplars lie between the classes: means of tables made by hand, and what is said of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from mnemonics_lib.edition.boundary import NEAR, against, answer, by_kind, difference, levels, read, signed
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
    found = difference(by_seed, 0, "random", "margin")
    assert found.mean == pytest.approx(0.5)
    assert found.n == 3
    assert found.low < 0.5 < found.high
    assert levels(by_seed, 0).loc["trained", "margin"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("trained", "said"),
    [
        (0.1, "nearer to the boundary than herding's"),
        (-0.1, "nearer to the boundary"),
        (-0.9, "farther from the boundary than herding's"),
    ],
)
def test_nearer_is_of_the_margins_size_on_either_side_of_the_boundary(trained: float, said: str):
    by_seed = {
        seed: kept(trained=[trained * (1 + seed / 50)], start=[0.5], herding=[0.5], random=[-0.5 - seed / 100])
        for seed in range(4)
    }
    assert answer(by_seed, 0).startswith(said)


def test_what_they_were_is_compared_with_too_where_it_is_not_herdings_at_this_network():
    by_seed = {seed: kept(trained=[0.3 + seed / 100], start=[0.5], herding=[0.3], random=[0.1]) for seed in range(4)}
    start, herding, random = against(by_seed, 0)
    assert start.startswith("nearer to the boundary than the images that they were trained from (-0.185")
    assert herding.startswith("not shown to be nearer")
    assert random.startswith("farther from the boundary than random images")


@pytest.mark.parametrize(
    ("trained", "said"),
    [
        ([-0.5, -0.5], "is shown to be lower than before training (-1.000"),
        ([0.9, 0.9], "is shown to be higher than before training (+0.400"),
    ],
)
def test_who_crosses_a_boundary_is_as_far_from_it_and_is_told_by_the_sign(trained: list[float], said: str):
    by_seed = {
        seed: kept(trained=[each + seed / 1e6 for each in trained], start=[0.5, 0.5], herding=[0.4], random=[0.1])
        for seed in range(4)
    }
    found = signed(by_seed, 0)
    assert said in found
    over = sum(each < 0 for each in trained)
    assert ("wrong side is not shown" in found) == (over == 0)
    assert f"({100 * over / 2:+.1f} [" in found
    assert signed(by_seed, 0) in answer(by_seed, 0)


def test_what_is_near_is_said_of_each_kind():
    by_seed = {
        seed: kept(trained=[0.1, 0.6], start=[0.6], herding=[0.6], random=[0.1, 0.1, 0.1, 0.9]) for seed in range(3)
    }
    assert answer(by_seed, 0).endswith("are 50.0 % of trained ones, 0.0 % of herding's, 75.0 % of random images")


def test_a_phase_without_margins_is_an_error():
    without: Any = SimpleNamespace(phases={0: SimpleNamespace(margins=None)})
    with pytest.raises(KeptError, match="phase 0: its run has kept no margins"):
        by_kind(without, 0)
