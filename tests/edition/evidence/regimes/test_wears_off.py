"""Gains that wear off faster with the epochs: by hand, and what is said where a verdict hangs on something."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.regimes.wears_off import (
    asked_in_advance,
    in_words,
    processors,
    wears_off,
    whose_runs,
)
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import studied
from tests.made_records import made

EPOCHS = (2, 4, 8, 16)
SEEDS = 4


def pairs(slope: Callable[[float, int], float]) -> list[PairedRuns]:
    """Of a number of doublings and a seed, gains that change by the slope from phase to phase, in three phases."""

    def runs(doublings: float, more: int) -> dict[int, Any]:
        return {
            seed: SimpleNamespace(
                phases=3, accuracy=[70.0, *(50 + more * (5 + phase * slope(doublings, seed)) for phase in (1, 2, 3))]
            )
            for seed in range(SEEDS)
        }

    asked: Any = SimpleNamespace()
    return [PairedRuns(f"{n} epochs", runs(math.log2(n), 1), runs(math.log2(n), 0), asked, True) for n in EPOCHS]


def test_the_slope_over_phases_changes_by_so_much_for_twice_the_epochs():
    found = wears_off(pairs(lambda doublings, seed: -(0.1 + 0.01 * seed) * doublings))
    of_seeds = [-0.1, -0.11, -0.12, -0.13]
    assert found.looked_at == 5
    for each, level in (
        (found.found, 0.95),
        (found.held_together, 0.99),
        *((of, 0.95) for of in found.without.values()),
    ):
        expected = interval(of_seeds, level)
        assert (each.mean, each.low, each.high) == pytest.approx((expected.mean, expected.low, expected.high))
    assert found.by_scatter.high - found.by_scatter.low == pytest.approx(0, abs=1e-9)  # the lines are straight
    assert [*found.without] == [*EPOCHS]
    last, of_last = found.last_phase
    assert last == 3
    assert of_last.mean == pytest.approx(3 * -0.115)
    assert (found.hangs_on, found.a_hint) == ([], False)
    said = in_words(found)
    assert said.startswith("The gain is shown to wear off faster over the phases of a run the longer networks are")
    assert "by -0.115 [-0.136, -0.094], n = 4, for twice the epochs, and what is gained after phase 3 by -0.3" in said
    assert "of 5 slopes over the epochs that were looked at" in said
    assert "hangs on" not in said
    assert "hint" not in said


def test_a_change_that_one_number_of_epochs_makes_is_a_hint():
    def only_at_16(doublings: float, seed: int) -> float:
        return (-2.0 if doublings == 4 else 0.0) + 0.001 * seed * doublings + 0.02 * (-1) ** seed * (doublings == 2)

    found = wears_off(pairs(only_at_16))
    assert found.found.verdict == "lower"
    assert found.without[16].verdict == "no difference shown"
    assert (found.hangs_on, found.a_hint) == ([16], True)
    said = in_words(found)
    assert said.startswith("The gain seems to wear off faster over")
    assert f"numbers of epochs: {found.without[16].mean:+.3f} [{found.without[16].low:+.3f}, " in said
    assert "] without 16 epochs. The slopes of 4 seeds can" in said
    assert said.endswith("So it is a hint, and no finding.")


CLEAR, NOTHING = Interval(0.2, 0.1, 0.3, 4), Interval(0.2, -0.1, 0.5, 4)


@pytest.mark.parametrize("way", ["held_together", "by_scatter", "by_means"])
def test_a_verdict_that_another_interval_does_not_have_is_a_hint(way: str):
    sure = replace(
        wears_off(pairs(lambda doublings, seed: doublings + 0.01 * seed)),
        found=CLEAR,
        held_together=CLEAR,
        by_scatter=CLEAR,
        by_means=CLEAR,
        without={2: CLEAR, 4: CLEAR},
    )
    assert in_words(sure).startswith("The gain is shown to wear off more slowly over the phases")
    changes: Mapping[str, Any] = {way: NOTHING}
    assert in_words(replace(sure, **changes)).endswith("So it is a hint, and no finding.")


def test_where_nothing_is_shown_nothing_is_tried_on_it():
    found = replace(wears_off(pairs(lambda doublings, seed: 0.1 * seed * doublings)), found=NOTHING)
    assert not found.a_hint
    said = in_words(found)
    assert said.startswith(
        "The gain is not shown to wear off faster or more slowly over the phases of a run the longer"
    )
    assert said.endswith("(of the average, after each phase, and this).")


@pytest.mark.parametrize(
    ("found", "by_scatter", "does"),
    [
        (Interval(-0.2, -0.3, -0.1, 4), Interval(-0.2, -0.25, -0.15, 4), True),
        (Interval(-0.2, -0.3, -0.1, 4), Interval(-0.2, -0.5, 0.1, 4), False),
        (Interval(-0.2, -0.5, 0.1, 4), Interval(-0.2, -0.3, -0.1, 4), False),
        (CLEAR, CLEAR, False),  # It wears off more slowly, which is not what was asked.
    ],
)
def test_a_question_asked_in_advance_needs_both_intervals_below_0(found: Interval, by_scatter: Interval, does: bool):
    of = replace(wears_off(pairs(lambda doublings, seed: -doublings)), found=found, by_scatter=by_scatter)
    said = asked_in_advance(of)
    assert (". It does: *points a phase*" in said) == does
    assert (". It is not shown to: *points a phase*" in said) != does
    ends = f"[{by_scatter.low:+.3f}, {by_scatter.high:+.3f}]"
    assert f"changes by {found:.3f}, for twice the epochs, and by the scatter the interval is {ends}." in said


def on(processor: str | None, accuracy: float) -> Record:
    record = made(0, accuracy)
    return record.model_copy(
        update={"environments": [each.model_copy(update={"processor": processor}) for each in record.environments]}
    )


def of_records(records: Mapping[str, Record], apart: tuple[int, ...] = ()) -> Any:
    return SimpleNamespace(
        records={arm: {0: record} for arm, record in records.items()},
        compared=[("", "", SimpleNamespace(apart=apart))],
        plan=SimpleNamespace(name="evidence/primary"),
    )


FIVE = {"epochs=2-trained": on("A", 50.0), "epochs=5-trained": on("A", 60.0)}


def test_runs_of_another_study_are_said_to_be_its():
    own = {**FIVE, "epochs=60-trained": on(None, 70.0)}
    assert processors(of_records(own)) == {2: {"A"}, 5: {"A"}, 60: {None}}
    other = of_records({"lwf-trained-5": on(None, 70.0), "lwf-herding-5": on(None, 71.0)})
    assert whose_runs(of_records(own), other) == (
        "The runs of 60 epochs are those of `evidence/primary`; their records name no processor, unlike the rest. The "
        "two runs of each pair share their first network."
    )
    said = whose_runs(of_records(own, apart=(0,)), of_records({"lwf-trained-5": on(None, 71.0)}))
    assert said == (
        "The runs of 60 epochs have records that name no processor, unlike the rest. Not all pairs share their first "
        "network."
    )


def test_another_processor_is_said_and_one_for_all_is_not():
    other = of_records({})
    assert whose_runs(of_records({**FIVE, "epochs=60-trained": on("B", 70.0)}), other).startswith(
        "The runs of 60 epochs have records that name other processors, unlike the rest."
    )
    assert whose_runs(of_records(FIVE), other) == ""


def test_of_the_project_runs_of_60_epochs_are_the_primary_studys():
    study = studied("evidence/epochs")
    assert [epochs for epochs, names in processors(study).items() if None in names] == [60]
    assert "60 epochs are those of `evidence/primary`" in whose_runs(study, studied("evidence/primary"))
