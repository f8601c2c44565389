"""What trainings came to is told from what they minimise to what was gained, and no conclusion goes beyond that."""

from types import SimpleNamespace

import pytest

from mnemonics_lib.edition.evidence.meta_loss.asked_and_got import asked_and_got
from mnemonics_lib.edition.evidence.meta_loss.first_fall import DEPLOYED, MINIMISED, RISES, FirstFall
from mnemonics_lib.edition.paired.intervals import interval

CONCLUSION = "that is not shown to be what the accuracy depends on"


def pair(falls, gains, name="LwF, 5 a class", moved=0.03):
    """Runs of one training each: how far the loss fell, and what the run gained, seed by seed."""
    first = {}
    for seed, fall in enumerate(falls):
        panel = SimpleNamespace(before=1.0, after=1.0 - fall, before_running=1.0, after_running=1.0 + fall)
        of = SimpleNamespace(panel=panel, noise_displacement=0.016)
        rows = [SimpleNamespace(exemplars=of, displacement_new=moved), SimpleNamespace(exemplars=None)]
        first[seed] = SimpleNamespace(results=rows, method="lwf")
    asked = SimpleNamespace(differences=dict(enumerate(gains)), difference=interval(gains))
    return SimpleNamespace(name=name, first=first, asked=asked)


def of_phase_0(falls, gains, slices=None):
    """What training did in phase 0, likewise, and what was gained after phase 1."""
    by_seed = dict(enumerate(falls))
    changes = {MINIMISED: by_seed, DEPLOYED: by_seed, RISES: by_seed}
    return FirstFall("LwF", "5 a class", changes, dict(enumerate(gains)), slices or dict.fromkeys(by_seed, 0))


FALLS, NOTHING = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.5, -0.5, 0.4, -0.4, 0.5, -0.5]


def test_without_finished_settings_nothing_is_said():
    assert asked_and_got([], []) == []


FIRST = [of_phase_0(FALLS, NOTHING)]


def test_where_the_loss_fell_and_nothing_was_gained_that_is_the_conclusion():
    pairs = [pair(FALLS, NOTHING), pair(FALLS, NOTHING, "LUCIR", moved=0.041)]
    lowered, deployed, moved, goes, so = asked_and_got(pairs, FIRST)
    assert lowered.endswith(
        "in 12 of 12 trainings of the first question, on average by 35 % with 5 a class and 35 % with LUCIR."
    )
    assert "with 5 a class, n = 6, by +0.350 nat, which is shown for LwF, and" in deployed
    assert "by 0.030 to 0.041 std in a training" in moved
    assert "carry them 0.016 along pure noise" in moved
    assert "over methods -0.29 [" in goes
    assert ", within slices -0.29 [" in goes
    assert "By method, within slices: LwF -0.29 with 5 a class. Gains vary when a seed is run again, too" in goes
    assert "above 0 in none of 2 settings, and below in none." in goes
    assert CONCLUSION in so


@pytest.mark.parametrize(
    ("falls", "gains"),
    [
        (FALLS, [1.0, 2.0, 3.1, 4.0, 5.0, 6.0]),  # the gain goes with the fall
        (FALLS, [-1.0, -2.0, -3.1, -4.0, -5.0, -6.0]),  # the loss of accuracy goes with it
        (FALLS, [2.5, 1.5, 0.5, -0.5, -1.5, -2.5]),  # likewise, around zero
        (FALLS, [3.0, 3.1, 2.9, 3.0, 3.1, 2.9]),  # shown to gain
        (FALLS, [-3.0, -3.1, -2.9, -3.0, -3.1, -2.9]),  # shown to lose
        ([-0.1, -0.2, 0.3, 0.4, 0.5, 0.6], NOTHING),  # the loss rose in a third
    ],
)
def test_otherwise_there_is_no_conclusion(falls, gains):
    assert not any(CONCLUSION in sentence for sentence in asked_and_got([pair(falls, gains)], FIRST))


@pytest.mark.parametrize("sign", [1, -1])
def test_nor_is_there_one_where_the_gain_after_phase_1_goes_with_the_fall_in_phase_0(sign):
    first = [of_phase_0(FALLS, [sign * gain for gain in (1.5, 1.5, 3.5, 3.5, 5.5, 5.5)])]
    assert not any(CONCLUSION in sentence for sentence in asked_and_got([pair(FALLS, NOTHING)], first))


def test_nor_is_there_one_where_it_does_within_slices_of_classes():
    falls, gains = [1.0, 6.0, 2.0, 7.0, 3.0, 8.0], [3.0, 2.0, 4.0, 3.0, 5.0, 4.0]
    hidden = [of_phase_0(falls, gains, {seed: seed % 2 for seed in range(6)})]
    *_, goes = asked_and_got([pair(FALLS, NOTHING)], hidden)
    assert "within slices +1.00 [+1.00, +1.00]" in goes
    *_, so = asked_and_got([pair(FALLS, NOTHING)], [of_phase_0(falls, gains)])
    assert CONCLUSION in so


def test_cells_in_which_the_gain_goes_with_the_fall_are_named():
    up, down = pair(FALLS, [1.0, 2.0, 3.1, 4.0, 5.0, 6.0], "up"), pair(FALLS, [6.0, 5.0, 4.1, 3.0, 2.0, 1.0], "down")
    *_, goes = asked_and_got([up, down], FIRST)
    assert "above 0 in 1 (up) of 2 settings, and below in 1 (down)." in goes
