"""Rows below chance are counted, and what luck alone would give is what probability says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.meta_loss.tried_apart import below, by_luck, in_words

CHANCE = {100: -0.4, 101: -0.1}


def test_a_row_counts_where_its_mean_is_below_every_run_of_chance():
    rows = [{100: -0.5, 101: -0.4}, {100: -0.9, 101: 0.2}, {100: -0.3, 101: -0.2}, {100: -1.0, 101: -1.0, 102: 0.0}]
    assert below(rows, CHANCE) == 2


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_of_one_row_luck_has_a_quarter_whatever_its_seeds(seeds):
    """Chance is of two of its seeds; beside one seed of chance alone it has a half."""
    row = dict.fromkeys(range(seeds), 0.0)
    chance = dict.fromkeys(range(min(seeds, 2)), 0.0)
    expected = 0.25 if seeds > 1 else 0.5
    assert by_luck([row], chance).mean() == pytest.approx(expected, abs=0.01)


def test_rows_of_one_seed_below_a_run_of_chance_are_as_ranks_have_it():
    """With one seed herding's run cancels, so that the rows below chance are as many as its rank among all."""
    rows = [{0: 0.0}] * 3
    counts = np.bincount(by_luck(rows, {0: 0.0}), minlength=4)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_more_rows_are_expected_to_have_more_below_in_proportion():
    rows = [dict.fromkeys((100, 101), 0.0)] * 7
    assert by_luck(rows, CHANCE).mean() == pytest.approx(7 / 4, abs=0.02)


def test_words_have_the_count_what_luck_gives_and_the_seeds():
    rows = [{100: -0.5, 101: -0.4}, {100: -0.3, 101: -0.2, 102: 0.0}]
    luck = by_luck(rows, CHANCE)
    assert in_words(rows, CHANCE) == (
        "Of 2 rows the mean of 1 is below both runs of chance; where nothing is the matter with any, 0.5 "
        "are expected to be. Rows share herding's runs and those of chance, so that 1 or more are below in "
        f"{100 * np.mean(luck >= 1):.0f} % of such tables (of normal numbers). The harm itself is one of 2 to 3 seeds."
    )


@pytest.mark.parametrize("chance", [{100: 0.0}, {100: 0.0, 102: 0.1}, {100: 0.0, 101: 0.1, 102: 0.2}])
def test_words_are_of_two_runs_of_chance_whose_seeds_each_row_has(chance):
    with pytest.raises(ValueError, match="must be of two seeds that each row has"):
        in_words([{100: 0.0, 101: 0.0, 102: 0.0}, {100: 0.0, 101: 0.0}], chance)
