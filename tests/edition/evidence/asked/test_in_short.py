"""What a page comes to, in sentences: from made runs, whose numbers are known, and from a study of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.asked import in_short
from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.settings import Setting
from mnemonics_lib.edition.paired.intervals import detectable, interval
from mnemonics_lib.edition.paper.numbers import claimed_of_kind, gains_over
from mnemonics_lib.edition.studies import paired_runs as of
from mnemonics_lib.edition.studies.studied import studied


def compared(gains: Sequence[float]) -> Any:
    """A comparison that came to so many points, seed by seed."""
    differences = dict(enumerate(gains))
    return SimpleNamespace(differences=differences, level=0.95, difference=interval(list(gains)))


def pair(gains, name="LwF, 5 a class", finished=True, forgets=0.0, seconds=(2.0, 1.0)) -> Any:
    """Runs of two phases after phase 0, which differ by so many points, seed by seed, after phase 1 alone."""

    def runs(more, forgetting, time):
        return {
            seed: SimpleNamespace(
                phases=2,
                accuracy=[50.0, 50.0 + gain * more, 50.0],
                forgetting=forgetting,
                seconds=time + seed,
            )
            for seed, gain in enumerate(gains)
        }

    first, second = runs(1, forgets, seconds[0]), runs(0, 0.0, seconds[1])
    return of.PairedRuns(name, first, second, compared(gains), finished)


@cache
def primary() -> list[of.PairedRuns]:
    return studied("evidence/primary").pairs()


def test_only_finished_settings_answer_what_was_asked():
    better, unfinished = pair([1.0, 1.1, 0.9]), pair([-5.0, -5.1, -4.9], finished=False)
    said = in_short.asked_in_advance([better, unfinished])
    assert (
        "training exemplars is shown to help in the one setting. 1 of 2 settings are finished: +1.00 to +1.00" in said
    )
    nothing = in_short.asked_in_advance([unfinished])
    assert nothing.endswith("has not been compared yet. 0 of 1 settings are finished.")


@pytest.mark.parametrize(("around", "word"), [("the paper's", "holds"), ("zero", "excludes")])
def test_the_papers_number_lies_in_the_interval_or_not(around, word):
    gain = claimed_of_kind("mnemonics").avg_acc - claimed_of_kind("herding").avg_acc
    middle = gain if around == "the paper's" else 0.0
    found = pair([middle - 0.01, middle, middle + 0.01], forgets=-3.0)
    said = in_short.beside_the_paper(found)
    assert f"(one of the intervals that hold together at 95 %), which {word} {gain:+.2f}, and -3.00" in said
    forgets = claimed_of_kind("mnemonics").forgetting - claimed_of_kind("herding").forgetting
    assert f"of forgetting (95 %, exploratory), which excludes {forgets:+.2f}. It is no" in said
    assert "is not finished here" in in_short.beside_the_paper(pair([1.0, 2.0, 3.0], finished=False))


def test_intervals_that_hold_the_papers_smallest_gain_are_named_and_settings_averaged_seed_by_seed():
    smallest = min(gains_over("herding").values())
    less = [smallest + more for more in (-1.2, -0.2, 0.8)]  # on average, though not for certain
    none, some = pair([-0.01, 0.0, 0.01]), pair(less, name="LUCIR, 5 a class")
    said = in_short.as_large_as_the_papers([none, some])
    assert f"the paper has on CIFAR-100 is {smallest:+.2f} (LUCIR" in said
    assert "1 of these 2 intervals end below that; not that of LUCIR, 5 a class. Methods" in said
    assert f"seed by seed, is {interval([(smallest + more) / 2 for more in (-1.21, -0.2, 0.81)])}, and" in said
    assert "1 of these 1 intervals end below that. Methods" in in_short.as_large_as_the_papers([none])


def test_settings_are_averaged_over_the_seeds_that_all_of_them_have():
    said = in_short.as_large_as_the_papers([pair([0.0, 0.1, 0.2]), pair([0.2, 0.3, 0.4, 9.0])])
    assert f"seed by seed, is {interval([0.1, 0.2, 0.3])}, and" in said


def test_the_mean_is_told_without_icarl_too_whose_exemplars_are_those_of_lwf():
    lwf, icarl = pair([0.0, 0.1, 0.2]), pair([1.0, 1.1, 1.2], name="iCaRL, 5 a class")
    assert f"and {interval([0.0, 0.1, 0.2])} without iCaRL, whose" in in_short.as_large_as_the_papers([lwf, icarl])


def test_what_would_have_been_shown_is_told_for_the_level_of_the_intervals():
    found = pair(values := [1.0, 1.1, 0.9, 1.2])
    found.asked.level = 0.99
    at_99, at_95 = (f"{detectable(values, level):.2f}" for level in (0.99, 0.95))
    assert at_99 != at_95
    assert f"would show is {at_99} points, by" in in_short.asked_in_advance([found])


def test_before_all_settings_are_finished_nothing_is_said_of_them_together():
    assert in_short.as_large_as_the_papers([pair([0.0, 0.1]), pair([0.0, 0.1], finished=False)]) == ""
    assert in_short.as_large_as_the_papers([]) == ""


def test_a_fall_is_counted_over_the_trainings_of_all_settings():
    of_lwf, of_icarl = primary()[4], primary()[5]
    panels = [row.exemplars and row.exemplars.panel for record in of_lwf.first.values() for row in record.results]
    fell = sum(panel.after < panel.before for panel in panels if panel)
    assert f"in {fell} of {len(panels)} trainings" in in_short.loss_falls([of_lwf, of_icarl])


def test_a_difference_that_is_gone_in_the_end_is_said_to_fall():
    said = in_short.phase_by_phase([pair([1.0, 1.2, 0.9]), pair([-1.0, -1.1, -0.8], name="LUCIR, 5 a class")])
    assert "after phase 1, worse in 1 (LUCIR, 5 a class), better in 1 (LwF, 5 a class); after phase 2," in said
    assert said.endswith(
        "after phase 2, worse in none, better in none; from the one to the other falling in 1 (LwF, 5 a class), "
        "rising in 1 (LUCIR, 5 a class), of 2 settings."
    )
    assert said.startswith("**Phase by phase**, trained minus")
    assert in_short.phase_by_phase([pair([1.0, 1.2, 0.9])], "By Eq. 4b").startswith("**By Eq. 4b**, trained minus")


def test_as_many_bytes_are_of_the_methods_that_are_named():
    found = [
        ("lwf-herding-20", "lwf-trained-5", compared([4.0, 5.0, 6.0])),
        ("icarl-herding-20", "icarl-trained-5", compared([2.0, 2.0, 2.5])),
    ]
    said = in_short.in_as_many_bytes(found)
    assert "are ahead of 5 trained ones in floating point, by +5.00" in said
    assert said.index("(LwF) and +2.17") < said.index("(iCaRL).")
    assert "by 0.29 grey levels" in said


def test_as_many_bytes_are_not_said_to_be_ahead_where_one_difference_is_not_shown():
    found = [
        ("lwf-herding-20", "lwf-trained-5", compared([4.0, 5.0, 6.0])),
        ("bic-20", "bic-5", compared([-1.0, 0.0, 1.0])),
    ]
    assert "are not shown in each case to be ahead of 5 trained ones" in in_short.in_as_many_bytes(found)


def test_times_are_those_of_the_pair_in_the_middle():
    five = [pair([0.0, 0.0, 0.0], seconds=(3.0, 1.0)), pair([0.0, 0.0, 0.0], seconds=(2.0, 1.0))]
    twenty = pair([0.0, 0.0, 0.0], name="LwF, 20 a class", seconds=(9.0, 2.0))
    twenty.first[1].seconds, twenty.second[2].seconds = 180.0, 9.0
    assert in_short.in_time([*five, twenty]) == (
        "**In time**, a run with training takes 1.5 to 2.0 times as long with 5 a class and 4.5 times as long with "
        "20 a class (in the middle of the pairs of a setting; single ones, on machines that differ and had other work "
        "to do, 1.3 to 3.0 and 1.2 to 60.0)."
    )
    assert "takes 2.0 times as long with 5 a class (" in in_short.in_time(five[:1])


def claims(mean: float, finished: bool = True, adjusted: bool = False) -> Gain:
    """A gain of three seeds about a mean, which is shown where the mean is not 0; adjusted ones make no claim."""
    setting = Setting("a/study", "trained", "herding", "digits", "LwF", "5 a class", adjusted=adjusted)
    values = [mean - 0.1, mean, mean + 0.1]
    return Gain(setting, dict(enumerate(values)), interval(values), finished, 90.0, ())


def test_other_settings_are_counted_where_they_make_a_claim():
    found = [
        claims(1.0),
        claims(-1.0),
        claims(-1.0),
        claims(0.0),
        claims(1.0, finished=False),
        claims(1.0, adjusted=True),
    ]
    assert in_short.other_settings(found) == (
        "**Of 4 other settings**, exploratory and with 95 % each, trained exemplars are shown to be better in 1 and "
        "worse in 2; 0.2 would be either by chance ({doc}`side_by_side`)."
    )
    assert in_short.other_settings(found[4:]) == ""
    found[0] = replace(found[0], setting=replace(found[0].setting, study="evidence/first_classes"))
    assert "better in 1, 1 of them on data that settings had been chosen on, and worse in 2" in in_short.other_settings(
        found
    )
