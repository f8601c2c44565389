"""Table 1's question of small records: the sides of zero, the methods on each, and the paper's numbers beside them."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnemonics_lib.edition.evidence.paper_tables.with_mnemonics import (
    FirstStep,
    difference,
    first_steps,
    first_steps_in_words,
    in_paper,
    in_words,
    rows,
    signs_in_words,
    without_training,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.partners import PairError
from mnemonics_lib.edition.report import evidence
from mnemonics_lib.edition.shown import arrow
from mnemonics_lib.paths import RECORDS
from tests.made_records import write_arm

WITHOUT, ABOVE, BELOW, ACROSS = [80.0, 82.0, 84.0], [81.0, 83.1, 84.9], [79.0, 80.9, 83.1], [79.0, 82.0, 85.0]


def study(root: Path, **with_mnemonics: list[float]):
    """The arms of four methods; those with mnemonics have these accuracies, of seeds 0, 1 and 2."""
    for method, accuracies in with_mnemonics.items():
        write_arm(root / "a" / "study" / method, WITHOUT, method=method)
        write_arm(root / "a" / "study" / f"{method}-trained", accuracies, method=method, exemplars="mnemonics")
    return evidence("a", "study", root)


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (
            (ABOVE, BELOW, BELOW, ACROSS),
            "higher for LwF and lower for iCaRL and BiC, and is not shown to differ for LUCIR",
        ),
        ((BELOW, BELOW, BELOW, BELOW), "lower for LwF, iCaRL, BiC and LUCIR"),
        ((ABOVE, ABOVE, ACROSS, ACROSS), "higher for LwF and iCaRL, and is not shown to differ for BiC and LUCIR"),
    ],
)
def test_a_sentence_names_each_method_once_and_on_its_side(tmp_path, sides, said):
    records = study(tmp_path, **dict(zip(("lwf", "icarl", "bic", "lucir"), sides, strict=True)))
    accuracy, forgetting = in_words(records).split("; ")
    assert accuracy == f"average accuracy is shown to be {said}"
    assert forgetting == "forgetting is not shown to differ for LwF, iCaRL, BiC and LUCIR"


def test_herding_s_exemplars_leave_the_training_out(tmp_path):
    study(tmp_path, lwf=ABOVE, icarl=ABOVE, bic=ABOVE, lucir=ABOVE)
    for method in ("lwf", "icarl", "bic", "lucir"):
        write_arm(tmp_path / "a" / "study" / f"{method}-herding", BELOW, method=method)
    records = evidence("a", "study", tmp_path)
    assert in_words(records).startswith("average accuracy is shown to be higher for LwF, iCaRL")
    assert in_words(records, "herding").startswith("average accuracy is shown to be lower for LwF, iCaRL")
    assert without_training(records).endswith(
        f"herding's exemplars (8 intervals more): {in_words(records, 'herding')}."
    )
    for method in ("lwf", "icarl", "bic", "lucir"):
        write_arm(tmp_path / "a" / "study" / f"{method}-herding", ABOVE, method=method)
    assert without_training(evidence("a", "study", tmp_path)).endswith("the same is shown.")


def test_the_eight_intervals_hold_together(tmp_path):
    """Of 3 seeds each is an interval of 99.375 %, wider than one of 95 %."""
    ours = difference(study(tmp_path, lwf=[81.0, 83.1, 84.9]), "lwf", "average_accuracy")
    expected = interval([1.0, 1.1, 0.9], level=0.99375)
    assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))


def test_a_row_has_the_difference_the_papers_and_whether_the_signs_are_one(tmp_path):
    found = {
        (row["method"], row["number"]): row
        for row in rows(study(tmp_path, lwf=BELOW, icarl=ABOVE, bic=ACROSS, lucir=ABOVE))
    }
    assert len(found) == 8
    assert found["LwF", "average accuracy"]["here (points)"].startswith("-1.00 [")
    assert found["LwF", "average accuracy"]["sign"] == "**opposite sign**"
    icarl = found["iCaRL", "average accuracy"]
    assert icarl["here (points)"].startswith("+1.00 [")
    assert (icarl["in the paper"], icarl["sign"]) == ("+2.76", "same sign")
    assert found["BiC", "average accuracy"]["sign"] == "no difference shown"


def test_the_papers_difference_is_of_the_two_rows_of_a_method():
    assert in_paper("lucir", "average_accuracy") == pytest.approx(64.95 - 63.17)
    assert in_paper("bic", "forgetting") == pytest.approx(-9.0)


def test_runs_on_other_classes_are_no_pairs(tmp_path):
    records = study(tmp_path, lwf=ABOVE, icarl=ABOVE, bic=ABOVE, lucir=ABOVE)
    seed_1 = records["bic-trained"][1]
    records["bic-trained"][1] = seed_1.model_copy(update={"config": {**seed_1.config, "order_seed": 7}})
    with pytest.raises(PairError, match="order_seed"):
        in_words(records)


def test_signs_are_opposite_where_the_whole_interval_is(tmp_path):
    records = study(tmp_path, lwf=ABOVE, icarl=BELOW, bic=BELOW, lucir=ACROSS)
    assert signs_in_words(records) == "The paper has the opposite sign in average accuracy for iCaRL and BiC."
    records = study(tmp_path / "other", lwf=ABOVE, icarl=ABOVE, bic=ABOVE, lucir=ACROSS)
    assert signs_in_words(records) == "No sign is opposite to the paper's."


def test_in_phase_1_weight_transfer_and_fine_tuning_are_told_apart():
    """The project's, by a loop over the files."""
    (found,) = (each for each in first_steps(evidence("evidence", "table1")) if each.method == "BiC")
    transfer, tuned, knows = [], [], []
    for path in (RECORDS / "evidence" / "table1" / "bic").glob("seed-*.json"):
        plain, changed = (
            json.loads((path.parents[1] / arm / path.name).read_text())["results"][1] for arm in ("bic", "bic-herding")
        )
        transfer.append(changed["accuracy_before_finetuning"] - plain["accuracy"])
        tuned.append(changed["accuracy"] - changed["accuracy_before_finetuning"])
        knows.append([row["train_accuracy"] for row in (plain, changed)])
    assert len(transfer) == 10
    for got, expected in ((found.transfer, transfer), (found.fine_tuning, tuned)):
        assert (got.mean, got.low) == pytest.approx((interval(expected).mean, interval(expected).low))
    assert found.knows == pytest.approx(tuple(np.mean(knows, axis=0)))


def test_what_phase_1_shows_is_said_of_each_method():
    lower, higher, neither = (interval(values) for values in ([-1.0, -1.1, -0.9], [1.0, 1.1, 0.9], [-1.0, 0.0, 1.0]))
    found = [
        FirstStep("LwF", lower, higher, (91.0, 81.0)),
        FirstStep("BiC", neither, higher, (81.0, 81.0)),
        FirstStep("LUCIR", lower, neither, (75.4, 65.0)),
    ]
    assert found[0].row["training images known (%)"] == arrow(91, 81, 0)
    assert first_steps_in_words(found) == (
        "Weight transfer alone is shown to lower the accuracy of phase 1 for LwF and LUCIR; beside what it was before "
        "fine-tuning, the accuracy after it is shown to be lower in none, higher in 2 (LwF · BiC). With weight "
        "transfer networks know fewer of their training images, before they are fine-tuned, for LwF and LUCIR."
    )
    assert "for none of them;" in first_steps_in_words(found[1:2])
    assert first_steps_in_words(found[1:2]).endswith("for none.")
