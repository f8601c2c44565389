"""Two studies put together: every run once, at the level of all methods, and nothing before all of it is there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.regimes.both_questions import (
    LATER,
    Both,
    both_questions,
    in_words,
    put_together,
)
from mnemonics_lib.edition.evidence.regimes.class_groups import later_classes
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns, difference_of_all
from mnemonics_lib.edition.studies.studied import studied


def pair(name: str, seeds: range, gain: float, finished: bool = True) -> Any:
    """Runs that differ by about the gain in accuracy, by twice that in forgetting, and by more on a later class."""

    def runs(more: float) -> dict[int, Any]:
        return {
            seed: SimpleNamespace(
                average_accuracy=50 + more * (gain + 0.01 * seed),
                forgetting=9 + 2 * more * gain,
                phases=1,
                results=[SimpleNamespace(confusion=of) for of in ([[7]], [[7, 0], [50 - 10 * more * gain, 50]])],
            )
            for seed in seeds
        }

    return PairedRuns(name, runs(1), runs(0), SimpleNamespace(), finished)  # type: ignore[arg-type]


def test_all_runs_of_both_studies_count_once_at_the_level_of_all_methods():
    first, second = studied("evidence/primary"), studied("evidence/objective")
    found = both_questions([of for of in first.pairs() if of.name.endswith(" 5 a class")], second.pairs())
    assert [each.method for each in found] == ["LwF", "iCaRL", "BiC", "LUCIR"]
    values = []
    for study, arms in ((first, ("lucir-trained-5", "lucir-herding-5")), (second, ("lucir-trained", "lucir-herding"))):
        trained, herding = (study.records[arm] for arm in arms)
        values += [trained[seed].average_accuracy - herding[seed].average_accuracy for seed in trained]
    low, high = stats.ttest_1samp(values, 0).confidence_interval(1 - 0.05 / 4)
    of_lucir = found[3].differences["average accuracy"]
    assert (of_lucir.mean, of_lucir.low, of_lucir.high) == pytest.approx((np.mean(values), low, high))
    assert found[3].row["seeds"] == "20"
    together = put_together([of for of in first.pairs() if of.name.endswith(" 5 a class")], second.pairs())
    later = difference_of_all(together["LUCIR"], later_classes, 1 - 0.05 / 4)
    assert found[3].differences[LATER] == later


def test_a_row_and_the_sentence_say_for_which_methods_it_is_shown():
    found = both_questions(
        [pair("LwF, 5 a class", range(3), 0.0), pair("LUCIR, 5 a class", range(3), 1.0)],
        [pair("LUCIR", range(3, 6), 1.0), pair("LwF", range(3, 6), -0.05)],
    )
    assert found[1].row["average accuracy (points)"].startswith("**+1.02 [")
    assert list(found[0].row) == [
        "method",
        "seeds",
        "average accuracy (points)",
        "forgetting (points)",
        "accuracy on later classes (points)",
    ]
    said = in_words(found)
    assert (
        "average accuracy is shown to be lower in none, higher in 1 (LUCIR); forgetting, which is of phase 0's classes "
        "alone, is shown to be lower in none, higher in 1 (LUCIR); on the classes that came later, trained minus "
        "herding's accuracy is +5.56 [+5.56, +5.56] (LUCIR). They"
    ) in said
    assert "the 2 intervals of each number hold together at 95 %" in said


def test_later_classes_are_told_of_methods_alone_of_which_something_is_shown():
    three = {words: interval([0.9, 1.0, 1.1]) for words in ("average accuracy", "forgetting", LATER)}
    nothing = {words: interval([-1.0, 0.0, 1.0]) for words in three}
    forgets_less = {**nothing, "forgetting": interval([-1.1, -1.0, -0.9]), LATER: interval([-2.1, -2.0, -1.9])}
    said = in_words([Both("LwF", nothing), Both("iCaRL", forgets_less), Both("LUCIR", three)])
    later = f"{forgets_less[LATER].without_n} (iCaRL) and {three[LATER].without_n} (LUCIR)"
    assert f"; on the classes that came later, trained minus herding's accuracy is {later}. They" in said
    assert "on the classes that came later" not in in_words([Both("LwF", nothing)])


def test_before_all_runs_are_there_nothing_is_put_together():
    unfinished = both_questions(
        [pair("LwF, 5 a class", range(3), 0.0)], [pair("LwF", range(3, 6), 0.0, finished=False)]
    )
    assert unfinished == []
    assert in_words(unfinished) == ""


def test_a_seed_of_both_studies_and_other_methods_are_refused():
    with pytest.raises(ValueError, match=r"LwF: seeds \[2\] are in both studies"):
        both_questions([pair("LwF, 5 a class", range(3), 0.0)], [pair("LwF", range(2, 6), 0.0)])
    with pytest.raises(ValueError, match=r"methods = \['LwF'\] and \['BiC'\]: must be the same"):
        both_questions([pair("LwF, 5 a class", range(3), 0.0)], [pair("BiC", range(3, 6), 0.0)])
