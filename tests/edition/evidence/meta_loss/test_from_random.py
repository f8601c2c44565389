"""Exemplars trained from random images beside herding's: the right pairs, and words that follow from the numbers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from scipy import stats

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.meta_loss import from_random
from mnemonics_lib.edition.evidence.meta_loss.from_random import (
    AGAINST,
    Judged,
    in_words,
    judged,
    of_records,
    over_its_start,
    shortly,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.report import differences, evidence


@pytest.fixture(scope="module")
def arms() -> tuple[dict[int, Record], ...]:
    """Those of LwF, from the project's records."""
    of = evidence("evidence", "from_random")
    return tuple(of[f"lwf-{arm}"] for arm in ("trained-from-random", "trained", "herding"))


def changed(runs: dict[int, Record], change: Callable[[dict[str, Any]], None]) -> dict[int, Record]:
    """The same runs with something else in their first phase."""
    made = {}
    for seed, record in runs.items():
        fields = record.model_dump()
        change(fields["results"][0])
        made[seed] = Record.model_validate(fields)
    return made


def test_loss_and_accuracy_are_of_the_seeds_that_share_their_first_network(arms):
    of_random, from_herding, herding = arms
    found, over_trained = judged("LwF", *arms)
    seeds = [
        seed
        for seed, record in herding.items()
        if record.results[0].train_loss == of_random[seed].results[0].train_loss
    ]
    assert 0 < len(seeds) < len(herding)  # two were made on another processor
    for how, suffix in (("statistics of each batch", ""), ("running statistics", "_running")):
        trained, untrained = (
            [getattr(runs[seed].results[0].exemplars.panel, f"{when}{suffix}") for seed in seeds]
            for runs, when in ((of_random, "after"), (from_herding, "before"))
        )
        students = stats.ttest_rel(trained, untrained).confidence_interval(0.95)
        assert (found.losses[how].low, found.losses[how].high) == pytest.approx((students.low, students.high)), how
        after = [getattr(from_herding[seed].results[0].exemplars.panel, f"after{suffix}") for seed in seeds]
        students = stats.ttest_rel(trained, after).confidence_interval(0.95)
        of_both = over_trained.losses[how]
        assert (of_both.low, of_both.high) == pytest.approx((students.low, students.high)), how
    accuracies = [of_random[seed].average_accuracy - herding[seed].average_accuracy for seed in seeds]
    assert found.average.mean == pytest.approx(sum(accuracies) / len(seeds))
    phase_1 = [of_random[seed].accuracy[1] - herding[seed].accuracy[1] for seed in seeds]
    assert found.after_first.mean == pytest.approx(sum(phase_1) / len(seeds))
    more = [of_random[seed].average_accuracy - from_herding[seed].average_accuracy for seed in seeds]
    assert over_trained.average.mean == pytest.approx(sum(more) / len(seeds))
    assert (found.against, over_trained.against) == tuple(AGAINST)


def test_the_records_have_both_methods(arms):
    found = of_records()
    assert found[:2] == judged("LwF", *arms)
    assert [each.method for each in found[2:]] == ["LUCIR", "LUCIR"]


def test_before_all_runs_of_the_study_are_there_nothing_is_compared(monkeypatch):
    monkeypatch.setattr(from_random, "studied", lambda name: SimpleNamespace(missing=True))
    assert of_records() == []
    assert in_words([]) == ""


def test_a_lower_loss_with_a_lower_accuracy_speaks_against_eq_7(arms):
    of_random, from_herding, herding = arms

    def raise_loss(phase_0: dict[str, Any]) -> None:
        phase_0["exemplars"]["panel"]["after"] += 9

    found, over_trained = judged("LwF", *arms)
    said = in_words([found, over_trained])
    by_batch, running = found.losses.values()
    assert f"as it is minimised, differs by {by_batch:.3f} (LwF), and by running ones by {running:.3f} (LwF)." in said
    first, average = found.after_first.without_n, found.average.without_n
    assert f"differs by {first} points (LwF), and the average accuracy by {average} points (LwF): a lower" in said
    assert f"from herding's, the loss differs by {over_trained.by_minimised:.3f} (LwF), and" in said
    assert f"accuracy by {over_trained.average.without_n} points (LwF): of two trained sets" in said
    assert in_words(judged("LwF", changed(of_random, raise_loss), from_herding, herding)) == ""


LOWER, NEITHER, HIGHER = (interval(values) for values in ([-3.0, -2.0, -2.5], [-1.0, 0.0, 1.0], [3.0, 2.0, 2.5]))


@pytest.mark.parametrize("average", [LOWER, NEITHER, HIGHER], ids=str)
@pytest.mark.parametrize("loss", [LOWER, NEITHER, HIGHER], ids=str)
def test_two_verdicts_that_are_equal_otherwise_do_not(loss, average):
    found = made("LwF", 0, loss, average)
    assert found.contradicts is (loss is average is LOWER)


def made(method, against, loss, average, first=None):
    losses = {"statistics of each batch": loss, "running statistics": HIGHER}
    return Judged(method, [*AGAINST][against], losses, first or average, average)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ((LOWER, LOWER), "Eq. 7 prefers the less accurate as well."),
        ((LOWER, NEITHER), "Eq. 7 prefers the less accurate one for LwF."),
        ((HIGHER, NEITHER), "Eq. 7 is not shown to prefer the less accurate one."),
    ],
)
def test_two_trained_sets_are_told_apart_from_an_untrained_one(losses, words):
    found = [
        made(method, against, LOWER if against == 0 else loss, LOWER)
        for method, loss in zip(("LwF", "LUCIR"), losses, strict=True)
        for against in (0, 1)
    ]
    assert in_words(found).endswith(words)
    assert in_words([made("LwF", 0, NEITHER, LOWER), made("LwF", 1, LOWER, LOWER)]) == ""


def test_shortly_methods_are_named_whose_lower_loss_does_not_suffice():
    bic = [made("BiC", 0, LOWER, LOWER), made("BiC", 1, LOWER, LOWER)]
    against = [*bic, made("LwF", 0, LOWER, LOWER), made("LUCIR", 0, LOWER, NEITHER)]
    said = shortly(against)
    assert said.startswith("**A lower loss does not suffice** for BiC and LwF: exemplars")
    assert "as it is minimised (BiC · LwF; with running statistics none). After phase 1 the accuracy of" in said
    assert (
        f"by {LOWER.without_n} points (BiC) and {LOWER.without_n} points (LwF), which is shown to be lower for" in said
    )
    assert "Their average accuracy is lower (BiC and LwF), but has exemplars of later phases in it" in said
    assert shortly([made("LwF", 0, NEITHER, LOWER), made("LwF", 1, LOWER, LOWER)]) == shortly([]) == ""


def test_what_is_not_shown_after_phase_1_is_a_hint():
    lwf, lucir = made("LwF", 0, LOWER, LOWER), made("LUCIR", 0, LOWER, LOWER, NEITHER)
    assert shortly([lucir]).startswith("A hint that a lower loss does not suffice: exemplars")
    assert "which is shown to be lower for none. Their average accuracy is lower (LUCIR)" in shortly([lucir])
    assert shortly([lwf, lucir]).startswith("**A lower loss does not suffice** for LwF: exemplars")
    assert "which is shown to be lower for LwF. Their average accuracy is lower (LwF and LUCIR)" in shortly(
        [lwf, lucir]
    )
    assert "a lower meta loss is not shown to go with a lower accuracy there. In the average" in in_words([lucir])
    assert "is shown not to be enough for a higher accuracy there for LwF. In" in in_words([lwf, lucir])


def test_runs_without_a_common_first_network_are_no_pairs(arms):
    of_random, from_herding, herding = arms

    def another(phase_0: dict[str, Any]) -> None:
        phase_0["train_loss"] += 1

    for others in ((changed(from_herding, another), herding), (from_herding, changed(herding, another))):
        with pytest.raises(ValueError, match="LUCIR: no seed whose runs share"):
            judged("LUCIR", of_random, *others)
    with pytest.raises(ValueError, match="no seed"):
        judged("LUCIR", {}, from_herding, herding)


def test_a_record_without_a_panel_is_named(arms):
    of_random, from_herding, herding = arms

    def bare(phase_0: dict[str, Any]) -> None:
        phase_0["exemplars"] = None

    with pytest.raises(ValueError, match="lwf, seed 2: its record has no panel"):
        judged("LwF", changed(of_random, bare), from_herding, herding)


def test_against_their_start_exemplars_of_digits_are_as_the_results_have_them():
    of = {}
    for n in (5, 1):
        arms = evidence("quick", f"digits-n{n}")
        of[n] = interval([*differences(arms, "mnemonics", "random", "average_accuracy", f"quick/digits-n{n}").values()])
    said = over_its_start()
    assert f"began with: digits, N = 5 {of[5]}; digits, N = 1 {of[1]}" in said


def test_on_cifar_100_only_finished_pairs_are_told(monkeypatch: pytest.MonkeyPatch):
    class Unfinished:
        def finished(self, *arms: str) -> bool:
            return False

    class Finished(Unfinished):
        def finished(self, *arms: str) -> bool:
            return arms == ("lucir-trained-from-random-20", "lucir-random-20")

    monkeypatch.setattr(from_random, "between", lambda *of: SimpleNamespace(difference=interval([1.0, 2.0, 3.0])))
    monkeypatch.setattr(from_random, "plan", lambda file: Unfinished())
    assert "CIFAR-100" not in over_its_start()
    monkeypatch.setattr(from_random, "plan", lambda file: Finished())
    assert over_its_start().endswith(f"; CIFAR-100, LUCIR, 20 a class {interval([1.0, 2.0, 3.0])}.")
