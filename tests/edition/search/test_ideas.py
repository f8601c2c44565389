"""What was tried by itself, what only together with more, and with which budget nothing of it."""

import json

import pytest

from mnemonics_lib.edition.search.ideas import DROPPED, IDEAS, dropped, not_tried

FROZEN = "convolutions frozen before $\\mathcal{E}_0$ is trained"
ANCHOR = "the exemplars' own loss as an anchor"


def run(x=None, budget=20, method="lucir", settings=None, **fields):
    return {"tried": "a", "budget": budget, "method": method, "set": settings or {}, "x": x or {}, **fields}


@pytest.fixture
def records(tmp_path):
    def of(*runs):
        (tmp_path / "search.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
        return tmp_path

    return of


def test_what_was_tried_with_one_budget_is_open_with_the_other(records):
    folder = records(run({"anchor": 1.0}, budget=5), run({"half": True}))
    assert set(IDEAS) - set(not_tried(5, folder)) == {ANCHOR}
    assert set(IDEAS) - set(not_tried(20, folder)) == {"half real exemplars"}


def test_runs_made_afterwards_count(records):
    assert ANCHOR not in not_tried(20, records(run({"anchor": 1.0}, script="later.py")))


def test_an_idea_with_another_change_is_not_tried_but_one_with_another_loop_is(records):
    loop = {"exemplar_level.inner_steps": 40, "exemplar_level.alpha": 0.02}
    frozen = run({"transfer_first": True}, settings=loop | {"exemplar_level.objective": "eq4b"})
    left = not_tried(20, records(frozen, run({"anchor": 1.0}, settings=loop)))
    assert FROZEN in left
    assert "Eq. 4b" in left
    assert ANCHOR not in left


@pytest.mark.parametrize(
    ("x", "settings", "idea"),
    [
        ({}, {"exemplar_level.inner": "ncm"}, "the inner problem `ncm`"),
        ({"labels": {"from": "own", "lr": 0, "replay": True}}, {}, "labels softened by the network that chose the"),
        ({"labels": {"from": "one-hot", "lr": 0.05, "replay": True}}, {}, "labels learned with the pixels"),
        ({}, {"adjust": 2}, "old exemplars adjusted"),
        ({"adjustment": True, "anchor": 1.0}, {"adjust": 2}, "an anchor in the adjustment"),
    ],
)
def test_an_idea_is_known_by_all_that_it_changes(x, settings, idea, records):
    tried = set(IDEAS) - set(not_tried(20, records(run(x, settings=settings), run())))
    assert [name for name in tried if name.startswith(idea)] == [*tried]
    assert tried


def test_what_was_dropped_is_said_to_be_open_where_it_was_only_tried_with_more(records):
    together = run({"transfer_first": True, "half": True})
    folder = records(together, run({"anchor": 1.0}), run({"anchor": 1.0}, method="lwf", budget=5))
    assert dropped(folder) == (
        "So what else was tried is not in the library. Tried in Eq. 7 with nothing else changed but the inner loop: "
        f"{ANCHOR} (LwF, 5 a class, and LUCIR, 20 a class). Tried only together with other changes, which their rows "
        f"name, so that it is open what Eq. 7 gains or loses by them alone: {FROZEN} (LUCIR, 20 a class); half real "
        "exemplars (LUCIR, 20 a class)."
    )
    alone = dropped(records(together, run({"transfer_first": True}), run({"half": True})))
    assert "together" not in alone
    assert f"{FROZEN} (LUCIR, 20 a class)" in alone


def test_what_was_tried_afterwards_is_not_what_the_search_dropped(records):
    assert ANCHOR not in dropped(records(run(), run({"anchor": 1.0}, script="later.py")))


def test_all_that_was_dropped_is_asked_of_every_budget():
    assert DROPPED.items() <= IDEAS.items()
