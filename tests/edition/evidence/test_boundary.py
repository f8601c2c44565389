"""Where exemplars lie between the classes: means of tables made by hand, and what is said of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.boundary import (
    NEAR,
    by_kind,
    crossed,
    differences,
    in_words,
    intervals,
    is_herdings,
    left_out_in_words,
    levels,
    mostly_near,
    nearer,
    over,
    own,
    own_in_words,
    places,
    read,
    seeds_apart,
    strict,
    without,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.kept import KeptError
from tests.made_records import made


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
    by_seed = {seed: table(trained=[0.5 + seed], random=[0.1 + 0.9 * seed]) for seed in range(3)}
    found = differences(by_seed, "random", "margin")
    assert found == pytest.approx({0: 0.4, 1: 0.5, 2: 0.6})
    assert levels(by_seed).loc["trained", "margin"] == pytest.approx(1.5)


def table(**margins: list[float]) -> pd.DataFrame:
    """The table of a run after a phase."""
    return by_kind(kept(**margins), 0)


def seeds(**margins: list[float]) -> dict[int, pd.DataFrame]:
    """Four seeds whose trained exemplars differ by next to nothing."""
    return {
        seed: table(**{kind: [each + (kind == "trained") * seed / 1e6 for each in of] for kind, of in margins.items()})
        for seed in range(4)
    }


def test_herdings_are_not_compared_where_they_are_what_trained_ones_were():
    same = seeds(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1])
    other = seeds(trained=[0.3], start=[0.5], herding=[0.4], random=[0.1])
    assert is_herdings(same)
    assert not is_herdings(other)
    found = {"a": same, "b": other}
    assert list(over(found, "herding", "size")) == ["b"]
    assert list(over(found, "start", "size")) == list(over(found, "random", "size")) == ["a", "b"]
    assert over(found, "herding", "size")["b"] == interval([*differences(other, "herding", "size").values()])


def here(**margins: list[float]) -> dict[str, Any]:
    """One place."""
    return {"here": seeds(**margins)}


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


def test_what_training_did_is_compared_with_another_ones_displacement_seed_by_seed():
    trained = {seed: table(trained=[0.3 + seed / 10], start=[0.5]) for seed in range(5)}
    shuffled = {seed: table(trained=[0.2], start=[0.4]) for seed in range(1, 4)}
    found = own({"a": trained, "b": trained}, {"a": shuffled, "c": shuffled}, "margin")
    assert list(found) == ["a"]
    assert found["a"].n == 3
    assert found["a"].mean == pytest.approx(0.2)  # seeds 1 to 3: 0.1, 0.2, 0.3
    assert found["a"].high == pytest.approx(interval([0.1, 0.2, 0.3]).high)


def with_losses(arm: str, losses: list[float | None]) -> dict[str, dict[int, Record]]:
    """Records of an arm whose first networks have these training losses, seeds 0, 1, ..."""
    found: dict[int, Record] = {}
    for seed, loss in enumerate(losses):
        record = made(seed, method="lwf")
        first, *later = record.results
        first = first.model_copy(update={"train_loss": loss})
        found[seed] = record.model_copy(update={"results": [first, *later]})
    return {arm: found}


def test_seeds_whose_first_networks_differ_are_found_by_their_records():
    trained = with_losses("lwf-trained-5", [0.1, 0.2, 0.3, 0.4, 0.5]) | with_losses("lwf-trained-20", [0.1])
    shuffled = with_losses("lwf-shuffled-5", [0.1, 0.21, 0.3, None]) | with_losses("lwf-shuffled-20", [0.1, 0.7])
    assert seeds_apart(trained, shuffled) == {"LwF, 5 a class": [1]}
    others = with_losses("lwf-herding-5", [9.0]) | with_losses("lucir-shuffled-5", [9.0])
    assert seeds_apart(trained, others) == {}
    assert seeds_apart(trained, with_losses("lwf-shuffled-5", [0.2, 0.3])) == {"LwF, 5 a class": [0, 1]}


def test_seeds_that_are_left_out_are_in_none_of_their_arms_places():
    trained = {seed: table(trained=[0.3 + seed / 10], start=[0.5]) for seed in range(5)}
    shuffled = {seed: table(trained=[0.2], start=[0.4]) for seed in range(5)}
    names = [
        f"LwF, {arm}, phase {phase}"
        for arm in ("5 a class", "20 a class", "from random, 5 a class")
        for phase in (0, 5)
    ]
    all_of_them = dict.fromkeys(names, shuffled)
    left = without(all_of_them, {"LwF, 5 a class": [0, 4]})
    assert {name: [*of] for name, of in left.items()} == {
        name: [1, 2, 3] if name.startswith("LwF, 5 a class") else [0, 1, 2, 3, 4] for name in names
    }
    found = own(dict.fromkeys(names, trained), left, "margin")
    of_5, of_20 = found["LwF, 5 a class, phase 5"], found["LwF, 20 a class, phase 5"]
    assert (of_5.n, of_20.n) == (3, 5)
    assert of_5.mean == pytest.approx(0.2)  # seeds 1 to 3: 0.1, 0.2, 0.3
    assert names[0] not in without(all_of_them, {"LwF, 5 a class": range(5)})
    assert without(all_of_them, {}) == all_of_them


def test_what_was_left_out_is_named():
    assert left_out_in_words({}) == ""
    said = left_out_in_words({"LwF, 5 a class": [0], "LUCIR, 20 a class": [1, 2, 4]})
    assert said.endswith(
        "processors that round otherwise): LwF, 5 a class, seed 0; LUCIR, 20 a class, seeds 1, 2 and 4."
    )


def test_what_is_an_exemplars_own_is_said_of_places_with_three_seeds():
    lower, neither, two = interval([-1.0, -1.1, -0.9]), interval([-1.0, 0.0, 1.0]), interval([-1.0, -1.1])
    said = own_in_words({"a": lower, "b": neither}, {"a": neither, "b": lower})
    assert said == (
        "**Nearer to the boundary** than with another's displacement: nearer in 1 (a), farther in none; **from the "
        "mean of their class**: nearer in 1 (b), farther in none, of 2 places."
    )
    some = own_in_words({"a": lower, "c": two}, {"a": lower, "c": two})
    assert some.endswith("of 1 place. Of too few seeds for a verdict: c.")
    assert own_in_words({"c": two}, {"c": two}) == "Of too few seeds for a verdict: c."
    assert own_in_words({}, {}) == ""


def test_the_arms_of_the_control_are_those_of_the_study():
    """What is kept of displacements that were exchanged belongs to places of the study, and to the same settings."""
    study, control = (plan(*study_files(f"evidence/{name}")) for name in ("boundary", "controls"))
    exchanged = {run.arm: run.config for run in control.runs if run.keep is not None and not run.seed}
    assert list(exchanged) == ["lwf-shuffled-20", "lwf-shuffled-5", "lucir-shuffled-20", "lucir-shuffled-5"]
    trained = {run.arm: run.config for run in study.runs if not run.seed}
    for arm, config in exchanged.items():
        own_level = config.exemplar_level.model_copy(update={"displacement": "own"})
        assert config.model_copy(update={"exemplar_level": own_level}) == trained[arm.replace("shuffled", "trained")]


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


def test_places_are_of_arms_with_all_their_seeds():
    study = plan(*study_files("evidence/boundary"))
    found = read(study)
    all_of_them = places(study, found, (0, 5))
    assert len(all_of_them) == 2 * len(found)
    tables = all_of_them["LUCIR, 5 a class, phase 5"]
    assert tables.keys() == found["lucir-trained-5"].keys()
    assert all(tables[seed].equals(by_kind(of, 5)) for seed, of in found["lucir-trained-5"].items())
    one_less = {**found, "lucir-trained-5": {0: found["lucir-trained-5"][0]}}
    assert all_of_them.keys() - places(study, one_less, (0, 5)).keys() == {
        "LUCIR, 5 a class, phase 0",
        "LUCIR, 5 a class, phase 5",
    }
    assert in_words({}) == []


def test_a_phase_without_margins_is_an_error():
    without: Any = SimpleNamespace(phases={0: SimpleNamespace(margins=None)})
    for phase in (0, 5):
        with pytest.raises(KeptError, match=f"phase {phase}: its run has kept no margins"):
            by_kind(without, phase)
