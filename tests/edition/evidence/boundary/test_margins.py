"""Margins of exemplars: means of tables made by hand, and differences that are paired by seed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.boundary.in_words import (
    in_words,
)
from mnemonics_lib.edition.evidence.boundary.margins import (
    NEAR,
    by_kind,
    differences,
    is_herdings,
    levels,
    over,
    places,
    read,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.kept import KeptError
from tests.edition.evidence.boundary.tables import kept, seeds, table


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


def test_a_phase_without_margins_is_an_error():
    without: Any = SimpleNamespace(phases={0: SimpleNamespace(margins=None)})
    for phase in (0, 5):
        with pytest.raises(KeptError, match=f"phase {phase}: its run has kept no margins"):
            by_kind(without, phase)


def test_a_margin_of_the_bound_itself_is_not_near():
    assert by_kind(kept(trained=[NEAR, -NEAR]), 0).loc["trained", "near"] == 0


def test_differences_are_paired_by_seed():
    by_seed = {seed: table(trained=[0.5 + seed], random=[0.1 + 0.9 * seed]) for seed in range(3)}
    found = differences(by_seed, "random", "margin")
    assert found == pytest.approx({0: 0.4, 1: 0.5, 2: 0.6})
    assert levels(by_seed).loc["trained", "margin"] == pytest.approx(1.5)


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


def test_herdings_are_not_compared_where_they_are_what_trained_ones_were():
    same = seeds(trained=[0.3], start=[0.5], herding=[0.5], random=[0.1])
    other = seeds(trained=[0.3], start=[0.5], herding=[0.4], random=[0.1])
    assert is_herdings(same)
    assert not is_herdings(other)
    found = {"a": same, "b": other}
    assert list(over(found, "herding", "size")) == ["b"]
    assert list(over(found, "start", "size")) == list(over(found, "random", "size")) == ["a", "b"]
    assert over(found, "herding", "size")["b"] == interval([*differences(other, "herding", "size").values()])
