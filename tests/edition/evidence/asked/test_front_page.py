"""Sentences of the front page, for every outcome that records may have."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.asked.front_page import (
    answer_in_words,
    as_the_paper_starts,
    forgets,
)
from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.settings import Setting
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

LOWER, HIGHER, NEITHER, FEW = [-1.0, -1.1, -1.2], [1.0, 1.1, 1.2], [-1.0, 0.1, 1.0], [-1.0]


def gain(values=NEITHER, knows=90.0, data="digits", start="herding", finished=True, adjusted=True):
    setting = Setting("a/study", "trained", "herding", data, "LwF", "5 a class", start=start, adjusted=adjusted)
    return Gain(setting, dict(enumerate(values)), interval(values), finished, knows, ())


def asked(values, detail="5 a class", finished=True):
    found = gain(values, adjusted=False, finished=finished)
    return replace(found, setting=replace(found.setting, detail=detail))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            [asked(NEITHER), asked(NEITHER, "20 a class")],
            "**On 20 classes of CIFAR-100 at a time, training the exemplars that herding chose, 5 or 20 a class, by "
            "Eq. 7 with settings that a search had found, the *recipe*, "
            "is not shown to help, nor to harm.** 2 settings were asked about first, in "
            "advance: four methods, each with 5 exemplars a class and with 20, the paper's number, each on four such "
            "sets of classes. All are finished. Trained exemplars are shown to be better than herding's in none of "
            "them and worse in none; average accuracies differ by +0.03 to +0.03 points, with intervals that reach "
            "from -2.45 to +2.52.",
        ),
        (
            [asked(HIGHER), asked(LOWER, "20 a class")],
            "a class, by Eq. 7 with settings that a search had found, the *recipe*, "
            "is shown to help in 1 and to harm in 1 of 2 settings.**",
        ),
        ([asked(HIGHER), asked(LOWER)], "are shown to be better than herding's in 1 of them and worse in 1; average"),
        (
            [asked(HIGHER), asked(HIGHER, finished=False), asked(NEITHER, "20 a class", finished=False)],
            "**So far, on 20 classes of CIFAR-100 at a time, training the exemplars that herding chose, 5 or 20 a "
            "class, by Eq. 7 with settings that a search had found, the *recipe*, "
            "is shown to help in the one setting.** 3 settings",
        ),
        (
            [asked(HIGHER), asked(HIGHER, finished=False), asked(NEITHER, "20 a class", finished=False)],
            "Finished are 1 of the 2 with 5 a class and 0 of the 1 with 20 a class. Trained",
        ),
        ([asked(HIGHER, finished=False)], "in none of them and worse in none."),
    ],
)
def test_the_answer_says_what_is_there_and_what_it_shows(found, words):
    assert words in answer_in_words(found)


def a_study(compared: dict, missing: int = 0, finished: bool = True) -> Any:
    """Compared arms -> values of the difference in average accuracy."""
    found = [
        (arm, minus, SimpleNamespace(field="average_accuracy", difference=interval(values)))
        for (arm, minus), values in compared.items()
    ]
    return SimpleNamespace(missing=missing, compared=found, plan=SimpleNamespace(finished=lambda *_: finished))


def test_where_the_paper_starts_herding_s_and_the_start_itself_are_told_apart():
    beside = {
        ("lwf-trained-from-random", "lwf-herding"): LOWER,
        ("lwf-trained-from-random", "lwf-trained"): HIGHER,
        ("lucir-trained-from-random", "lucir-herding"): NEITHER,
    }
    start = {
        ("lucir-trained-from-random-20", "lucir-random-20"): HIGHER,
        ("lucir-trained-from-random-5", "lucir-random-5"): LOWER,
    }
    said = as_the_paper_starts(a_study(beside), a_study(start, missing=3))
    assert "against herding's, worse in 1 (LwF), better in none (LwF -1.10 [" in said
    assert "and LUCIR +0.03 [" in said
    assert "against the random images that they were, worse in none, better in 1 (LUCIR) (LUCIR +1.10 [" in said
    assert said.endswith(", LwF not finished; 95 % each, exploratory).")
    assert "that they were" not in as_the_paper_starts(a_study(beside), a_study(start, finished=False))
    assert as_the_paper_starts(a_study(beside, missing=1), a_study(start)) == ""


def test_forgetting_has_the_paper_s_numbers_and_those_of_the_settings():
    def pair(name: str, changes: list[float], finished: bool = True) -> Any:
        first, second = (
            {seed: SimpleNamespace(forgetting=30.0 + more * change) for seed, change in enumerate(changes)}
            for more in (1, 0)
        )
        return PairedRuns(name, first, second, None, finished)  # type: ignore[arg-type]

    pairs = [pair("LwF, 5 a class", LOWER), pair("BiC, 5 a class", NEITHER)]
    said = forgets(pairs)
    assert "by -7.24, -8.83, -10.11 points ($N$ = 5, 10, 25, Table 2). In the 2 settings" in said
    assert "less in 1 (LwF, 5 a class), more in none, by differences from -1.10 to +0.03 points" in said
    assert said.endswith("exploratory); with the 2 held together, less in 1 (LwF, 5 a class), more in none.")
    narrowly = [pair(f"LwF, {m} a class", [-0.7, -1.0, -1.3]) for m in range(20)]
    assert forgets(narrowly).count("less in 20, more in none") == 1
    assert forgets(narrowly).endswith("with the 20 held together, less in none, more in none.")
    assert forgets([*pairs, pair("LUCIR, 5 a class", LOWER, finished=False)]) == ""
