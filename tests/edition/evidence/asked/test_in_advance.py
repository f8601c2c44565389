"""The questions that were asked in advance: each by itself, with its first runs, and with all held together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.asked.in_advance import (
    WORDS,
    Question,
    held_together,
    level_of_all,
    of_all,
    questions,
)
from mnemonics_lib.edition.evidence.pairs.gains import Gain, gains
from mnemonics_lib.edition.evidence.pairs.settings import AGAIN, Setting, settings
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.studied import studied

CLEAR, NARROWLY, NOTHING = [9.9, 10.0, 10.1], [1.5, 2.5, 3.3, 2.6], [-1.0, 0.0, 1.0]


def gain(values: list[float], method: str = "LwF", detail: str = "5 a class", level: float = 0.95) -> Gain:
    setting = Setting("a/study", f"{method}-{detail}", "herding", "data", method, detail, level=level)
    return Gain(setting, dict(enumerate(values)), interval(values, level), True, 90.0, ())


@pytest.fixture(scope="module")
def of_project() -> list[Gain]:
    return gains()


def test_a_question_says_what_is_shown_by_itself_and_what_hangs_on_its_first_runs():
    narrow = gain(NARROWLY)
    asked = Question("this", [narrow, gain(NOTHING, "BiC")], {narrow.setting.arm: interval([-9.0, 0.0, 9.1])})
    assert asked.row(0.95) == {
        "asked in advance": "this",
        "trained − herding (points)": "+0.00 to +2.48",
        "shown": "**better: LwF**",
        "with the runs as first made": "none",
        "all questions held together": "**better: LwF**",
    }
    assert asked.row(0.9999)["all questions held together"] == "none"


def test_settings_of_one_method_are_told_apart_and_both_verdicts_are_named():
    asked = Question("this", [gain(CLEAR), gain([-each for each in CLEAR], detail="20 a class")], {})
    row = asked.row(0.95)
    assert row["shown"] == "**better: LwF, 5 a class**; **worse: LwF, 20 a class**"
    assert row["with the runs as first made"] == "no run was made again"
    assert Question("one", [gain(CLEAR)], {}).row(0.95)["trained − herding (points)"] == "+10.00"


def test_the_intervals_of_all_questions_are_as_long_as_their_number_asks():
    first, *words = WORDS.values()
    few = [Question(first, [gain(NARROWLY)], {}), *(Question(each, [gain(CLEAR, "BiC")], {}) for each in words)]
    narrow, wide = (interval(NARROWLY, level).verdict for level in (0.95, level_of_all()))
    assert (narrow, wide) == ("higher", "no difference shown")
    assert held_together(few[:1] + few[-1:]).startswith(
        f"The {of_all()} intervals of all questions of trained minus herding's that were asked in advance, of which 2 "
        f"are answered, held together at 95 %, {100 - 5 / of_all():.2f} % each, show trained exemplars to be worse in "
        "none, better in 1 (BiC, 5 a class)."
    )
    assert "that were asked in advance held together at 95 %" in held_together(few)
    assert held_together([]) == ""


def test_all_questions_are_those_that_some_study_asks_answered_or_not():
    assert of_all() == sum(setting.study in WORDS and setting.asked for setting in settings()) == 19
    assert level_of_all() == pytest.approx(1 - 0.05 / 19)


def test_what_a_study_has_beside_its_question_is_no_answer_to_it(of_project: list[Gain]):
    beside = [each for each in of_project if not each.setting.asked]
    assert {each.setting.arm for each in beside} == {"lucir-trained", "lwf-trained"}
    assert not {id(each) for of in questions(of_project) for each in of.gains} & {id(each) for each in beside}


def test_questions_without_an_answer_are_named():
    *answered, last = (Question(words, [gain(CLEAR)], {}) for words in WORDS.values())
    assert held_together(answered).endswith(f" Asked, and not answered yet: {last.words}.")
    assert "not answered" not in held_together([*answered, last])


def test_the_project_s_are_in_the_order_in_which_they_were_asked(of_project: list[Gain]):
    asked = questions(of_project)
    answered = [
        words
        for study, words in WORDS.items()
        if any(each.setting.study == study and each.setting.asked and each.finished for each in of_project)
    ]
    assert [each.words for each in asked] == answered
    assert [len(each.gains) for each in asked[:3]] == [8, 4, 1]
    trained, herding = (
        {seed: record.average_accuracy for seed, record in studied("evidence/one_a_class").records[arm].items()}
        for arm in ("trained", "herding")
    )
    differences = [trained[seed] - herding[seed] for seed in trained]
    found = stats.ttest_1samp(differences, 0).confidence_interval(level_of_all())
    assert (found.low > 0) == ("better" in asked[2].row(level_of_all())["all questions held together"])


def test_one_that_is_not_finished_is_left_out(of_project: list[Gain]):
    left = [
        replace(each, finished=False) if each.setting.arm == "bic-trained" and each.setting.study == AGAIN else each
        for each in of_project
    ]
    _, in_part, *_ = questions(left)
    assert ([each.setting.method for each in in_part.gains], in_part.waiting) == (["LwF", "iCaRL", "LUCIR"], ["BiC"])
    assert in_part.row(0.95)["shown"] == "**better: LUCIR** (BiC: not finished)"
    assert f"{in_part.words} (BiC)" in held_together(questions(left))
    none = [each for each in left if each.setting.study != AGAIN]
    assert in_part.words not in [each.words for each in questions(none)]
    of_first = [replace(each, finished=False) if each.setting.arm == "bic-trained-5" else each for each in of_project]
    assert questions(of_first)[0].waiting == ["BiC, 5 a class"]


def test_with_the_first_runs_is_what_the_page_of_the_study_says(of_project: list[Gain]):
    by_eq_4b = questions(of_project)[1]
    once = by_eq_4b.first["lucir-trained"]
    assert f"{once.mean:+.2f} [{once.low:+.2f}, {once.high:+.2f}]" == "+0.73 [-0.01, +1.47]"
