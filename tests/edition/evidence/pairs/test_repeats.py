"""What two makings of the same runs differ in: from differences made by hand, and those of the project."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnemonics_lib.edition.evidence.pairs.repeats import Repeated, beside, beside_in_words, in_words, repeated
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.by_phase import ENDS
from mnemonics_lib.edition.studies.studied import studied

AVERAGE = ENDS["average accuracy"]


def test_spreads_are_those_of_a_seed_and_of_seeds():
    found = Repeated("x", {0: 1.0, 1: 3.0, 2: 2.0}, {0: 2.0, 1: 1.0, 2: 2.0})
    assert found.both == {0: 1.5, 1: 2.0, 2: 2.0}
    assert found.of_one_seed == pytest.approx(np.sqrt((1 + 4 + 0) / 3 / 2))
    assert found.over_seeds == pytest.approx(np.sqrt((1.0 + 1 / 3) / 2))


def test_makings_that_only_repeat_chance_spread_as_much_within_a_seed_as_over_seeds():
    generator = np.random.default_rng(0)
    first, second = (dict(enumerate(generator.normal(size=2000))) for _ in range(2))
    found = Repeated("x", first, second)
    assert found.of_one_seed == pytest.approx(1, abs=0.05)
    assert found.over_seeds == pytest.approx(1, abs=0.05)


def test_copies_do_not_count_and_one_run_made_again_alone_neither(primary_study, controls_study):
    assert repeated(primary_study.pairs(), primary_study.pairs(), AVERAGE) == []
    (pair,) = (pair for pair in primary_study.pairs() if pair.name == "LwF, 5 a class")
    (again,) = controls_study.pairs("^lwf-trained-5$", "-herding-")
    half = replace(again, second=pair.second)
    assert repeated([pair], [half], AVERAGE) == []
    (found,) = repeated([pair], [again], AVERAGE)
    assert set(found.first) == {0, 1, 2, 3, 4}
    for seed in found.first:
        assert found.first[seed] == pair.first[seed].average_accuracy - pair.second[seed].average_accuracy
        assert found.second[seed] == again.first[seed].average_accuracy - again.second[seed].average_accuracy


def test_a_row_has_both_makings_and_what_all_seeds_give_with_their_mean(primary_study, controls_study):
    (pair,) = (pair for pair in primary_study.pairs() if pair.name == "LwF, 5 a class")
    (again,) = controls_study.pairs("^lwf-trained-5$", "-herding-")
    more = studied("evidence/objective").pairs("^lwf-")
    found = beside([pair], [again], more)
    assert [each.words for each in found] == list(ENDS)
    once, twice = (each.differences(AVERAGE) for each in (pair, again))
    both = [(once[seed] + twice[seed]) / 2 if seed < 5 else once[seed] for seed in once]
    further = [*more[0].differences(AVERAGE).values()]
    told = found[-1]
    assert told.first == interval([once[seed] for seed in range(5)])
    assert told.second == interval([twice[seed] for seed in range(5)])
    assert told.once == interval([*once.values(), *further])
    assert told.both == interval([*both, *further])
    assert list(told.row.values())[-1] == told.both.without_n
    assert [*told.row][-2] == "all seeds, n = 20"
    assert beside([replace(pair, name="LwF, 20 a class")], [again], more) == []
    said = beside_in_words(found, "average accuracy")
    assert said.startswith("Of LwF, 5 a class, 5 pairs were made twice")
    assert f"there it is {told.first.without_n} the first time and {told.second.without_n} the second" in said
    assert said.endswith(f"over all 20 seeds, with the mean of both makings, {told.both.without_n}.")
    assert beside_in_words([], "average accuracy") == ""


def test_of_too_few_seeds_nothing_is_said():
    found = Repeated("x", {0: 1.0, 1: 3.0}, {0: 2.0, 1: 1.0})
    assert in_words([found]) == in_words([]) == ""


def test_a_seed_decides_little_where_half_of_the_variance_is_there_without_it():
    first = {seed: float(seed) for seed in range(5)}
    same = Repeated("same", first, {seed: value + 0.1 for seed, value in first.items()})
    other = Repeated("other", first, dict(enumerate([4.0, 0.0, 1.0, 3.0, 2.0])))
    assert in_words([same]).endswith("0 % of the variance over seeds is there when one and the same seed is run "
        "again, as far as so few can tell.")  # fmt: skip
    assert "(same, 5 seeds)" in in_words([same, other])
    assert in_words([other]).endswith("have little more in common than those of two seeds.")
    assert not in_words([same, other]).endswith("two seeds.")
