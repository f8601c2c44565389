"""Eq. 4b and its judge alone, beside each other."""

import json

import pytest

from mnemonics_lib.durable.records import RecordError
from mnemonics_lib.edition.search.judges import judges_in_words
from mnemonics_lib.edition.search.runs import EQ4B, HERDING, JUDGE, NEAR


def written(folder, lwf, lucir=None, without=""):
    """A record in which herding has 50, and the judge alone and Eq. 4b have so much more; by seed."""
    runs = []
    for method, (judge, eq4b) in {"lwf": lwf, "lucir": lucir or lwf}.items():
        gains = {HERDING: [0.0, 0.0], NEAR: [0.5, -0.25], JUDGE: judge, EQ4B: eq4b}
        runs += [
            {"tried": tried, "method": method, "budget": 5, "held_out": 0.2, "seed": seed, "accuracy": [50 + gain]}
            for tried, of in gains.items()
            if tried != without
            for seed, gain in enumerate(of)
        ]
    (folder / "search.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    return folder


def test_both_are_told_with_what_they_gained_over_herding(tmp_path):
    said = judges_in_words(5, written(tmp_path, ([1.0, 2.0], [-1.0, 2.0]), ([0.0, 1.0], [1.0, 2.0])))
    assert (
        "the judge of all classes alone, with the training of Eq. 7, LUCIR +0.50 (1 of 2), LwF +1.50 (2 of 2)" in said
    )
    assert (
        "exemplars in the training, LUCIR +1.50 (2 of 2), LwF +0.50 (1 of 2); Eq. 7 with the near loop, LUCIR" in said
    )
    assert "over the seeds of both: LUCIR +1.00, LwF -1.00. So neither came out above the other" in said


@pytest.mark.parametrize(
    ("judge", "eq4b", "said"),
    [
        ([1.0, 2.0], [2.0, 2.0], "So Eq. 4b came out above the judge alone with both methods."),
        ([2.0, 2.0], [2.0, 1.0], "So the judge alone came out above Eq. 4b with both methods."),
        ([1.0, 9.0], [1.0], "So neither came out above the other with both methods."),
    ],
)
def test_which_came_out_above_is_of_the_seeds_of_both(judge, eq4b, said, tmp_path):
    assert judges_in_words(5, written(tmp_path, (judge, eq4b))).endswith(said)


def test_what_has_no_runs_is_an_error(tmp_path):
    with pytest.raises(RecordError, match="has no run with"):
        judges_in_words(5, written(tmp_path, ([1.0], [1.0]), without=EQ4B))
