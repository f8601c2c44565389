"""What a finished study shows, in a line."""

from __future__ import annotations

import pytest

from mnemonics_lib.config import write_yaml
from mnemonics_lib.edition.studies.outcome import comparisons
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.edition.studies.shown_in import shown_in
from mnemonics_lib.edition.studies.studied import Studied
from tests.made_records import write_arm

ARMS = {
    "lwf-near-5": [71.0, 71.1, 72.9],
    "lwf-herding-5": [70.0, 70.0, 72.0],
    "lwf-far-5": [69.0, 68.8, 71.0],
    "own": [60.0, 60.0, 60.0],
}


def read(of: Plan) -> Studied:
    """A study that lies elsewhere than the project's."""
    return Studied(of, {}, comparisons(of))


@pytest.fixture
def planned(tmp_path) -> Plan:
    """Three seeds of four arms, each compared with herding's."""
    path = tmp_path / "study.yaml"
    arms = {arm: {"set": {"method": "lwf", "exemplars": "random"}} for arm in ARMS}
    compare = [{"arm": arm, "minus": "lwf-herding-5"} for arm in ARMS if arm != "lwf-herding-5"]
    path.write_text(
        write_yaml({"title": "t", "params": "quick/digits-n5", "seeds": 3, "arms": arms, "compare": compare})
    )
    found = plan(path)
    for arm, accuracies in ARMS.items():
        write_arm(found.records / arm, accuracies, method="lwf")
    return found


def test_those_that_are_asked_about_are_counted_and_named(planned):
    said = shown_in(read(planned), "near|far", "herding")
    assert said.startswith(
        "worse in 1 (LwF: far-5 − herding-5), better in 1 (LwF: near-5 − herding-5), of 2 comparisons (-1.07 to +1.00"
    )
    assert said.endswith("; 95 % each, n = 3)")
    assert "worse in 2 (LwF: far-5 − herding-5 · own − lwf-herding-5)" in shown_in(read(planned))


def test_what_was_to_hold_together_is_called_so(planned):
    text = planned.path.read_text().replace("minus: lwf-herding-5", "minus: lwf-herding-5\n  together: true")
    planned.path.write_text(text)
    again = plan(planned.path)
    assert shown_in(read(again), "near").endswith("; 95 % together, n = 3)")


def test_another_level_than_95_is_said(planned):
    text = planned.path.read_text().replace("minus: lwf-herding-5", "minus: lwf-herding-5\n  level: 0.9")
    planned.path.write_text(text)
    assert shown_in(read(plan(planned.path)), "near").endswith("; 90 % each, n = 3)")
    planned.path.write_text(text.replace("level: 0.9", "level: 0.9\n  together: true"))
    assert shown_in(read(plan(planned.path)), "near").endswith("; 90 % together, n = 3)")


def test_less_forgetting_is_not_counted_as_worse(planned):
    planned.path.write_text(
        planned.path.read_text() + "- arm: lwf-near-5\n  minus: lwf-herding-5\n  field: forgetting\n"
    )
    again = plan(planned.path)
    assert len(comparisons(again)) == 4
    assert shown_in(read(again)) == shown_in(read(planned))


def test_a_study_that_is_not_finished_says_nothing(planned):
    (planned.records / "own" / "seed-2.json").unlink()
    again = plan(planned.path)
    assert shown_in(read(again), "near") == ""


def test_to_ask_about_nothing_is_an_error(planned):
    for asked in (("nothing",), ("near", "nothing")):
        with pytest.raises(ValueError, match="at least one interval"):
            shown_in(read(planned), *asked)


def test_comparisons_of_two_levels_are_not_counted_together(planned):
    text = planned.path.read_text().replace("minus: lwf-herding-5", "minus: lwf-herding-5\n  level: 0.9", 1)
    planned.path.write_text(text)
    again = plan(planned.path)
    with pytest.raises(ValueError, match=r"levels = \[0.9, 0.95\]: comparisons that are counted together"):
        shown_in(read(again))
