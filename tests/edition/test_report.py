"""Tables come from the records on disk, compared seed by seed."""

import pytest

from mnemonics_lib.durable.records import Record, RecordError, read_record, write_record
from mnemonics_lib.edition import report
from mnemonics_lib.edition.paired.partners import PairError
from mnemonics_lib.edition.records.arms import ArmError
from mnemonics_lib.edition.records.first_time import first_time
from mnemonics_lib.paths import RECORDS

ACCURACY = {"herding": [80.0, 82.0, 84.0], "mnemonics": [81.0, 84.0, 87.0], "lonely": [90.0]}


def with_average(record: Record, seed: int, value: float) -> Record:
    """A record whose every phase had this accuracy and took a sixth of as many seconds."""
    results = [result.model_copy(update={"accuracy": value, "displacement": 0.1}) for result in record.results]
    same = [value] * len(results)
    changes = {"seed": seed, "accuracy": same, "average_accuracy": sum(same) / len(same), "displacement": 0.1}
    seconds = {"phase_seconds": [value, *[0.0] * (len(results) - 1)], "seconds": value}
    return record.model_copy(update={**changes, **seconds, "results": results})


@pytest.fixture
def records(tmp_path):
    record = read_record(RECORDS / "quick" / "digits-n5" / "herding" / "seed-0.json")
    for arm, values in ACCURACY.items():
        for seed, value in enumerate(values, start=7 if arm == "lonely" else 0):
            path = tmp_path / "quick" / "digits-n5" / arm / f"seed-{seed}.json"
            write_record(path, with_average(record, seed, value))
    return tmp_path


def test_evidence_is_by_arm_and_seed(records):
    found = report.evidence("quick", "digits-n5", records)
    assert {arm: list(by_seed) for arm, by_seed in found.items()} == {
        "herding": [0, 1, 2],
        "lonely": [7],
        "mnemonics": [0, 1, 2],
    }
    assert report.evidence("quick", "digits-n1", records) == {}


def test_shared_seeds_are_those_of_every_arm(records):
    found = report.evidence("quick", "digits-n5", records)
    assert {arm: list(of) for arm, of in report.shared(found).items()} == {"herding": [], "lonely": [], "mnemonics": []}
    del found["lonely"], found["herding"][0]
    assert {arm: list(of) for arm, of in report.shared(found).items()} == {"herding": [1, 2], "mnemonics": [1, 2]}
    assert report.shared({}) == {}


def test_no_folder_of_records_is_an_error_and_not_no_records(tmp_path):
    with pytest.raises(RecordError, match=r"none: no such folder, seen from .*; the project has the committed records"):
        report.evidence("quick", "digits-n5", tmp_path / "none")


def test_an_arm_of_two_settings_is_no_evidence(records):
    arm = records / "quick" / "digits-n5" / "herding"
    record = read_record(arm / "seed-2.json")
    write_record(arm / "seed-3.json", record.model_copy(update={"seed": 3, "config": {**record.config, "budget": 3}}))
    with pytest.raises(ArmError) as caught:
        report.evidence("quick", "digits-n5", records)
    assert str(caught.value) == (
        f"{arm / 'seed-0.json'} and {arm / 'seed-3.json'}: budget = 2 and 3: must be equal within an arm, "
        "whose records may differ in seed and classes alone"
    )


def test_the_summary_compares_the_same_seeds(records):
    rows: dict = report.summary(report.evidence("quick", "digits-n5", records)).to_dict("index")
    assert rows["mnemonics"]["minus herding"].startswith("+2.00 [")
    assert rows["herding"]["minus herding"] == rows["lonely"]["minus herding"] == "–"
    assert rows["herding"]["average accuracy (%)"] == "82.0 ± 5.0"  # 4.303 * 2 / sqrt(3)
    assert rows["lonely"]["average accuracy (%)"] == "90.0"
    assert rows["mnemonics"]["median cost (s)"] == "84"


def test_a_broken_record_is_not_passed_over(records):
    (records / "quick" / "digits-n5" / "herding" / "seed-1.json").write_text("{}")
    with pytest.raises(RecordError, match=r"seed-1\.json"):
        report.evidence("quick", "digits-n5", records)


@pytest.fixture
def table(records):
    """Two methods of Table 1: LwF with all three variants over three seeds, BiC without mnemonics and with one seed."""
    made = {
        "lwf": [20.0, 21.0, 25.0],
        "lwf-transfer": [30.0, 30.0, 33.0],
        "lwf-with-mnemonics": [31.0, 33.0, 32.0],
        "bic": [40.0],
    }
    record = read_record(RECORDS / "quick" / "digits-n5" / "herding" / "seed-0.json")
    for arm, values in made.items():
        for seed, value in enumerate(values):
            path = records / "small" / "x" / arm / f"seed-{seed}.json"
            write_record(path, with_average(record, seed, value))
    return report.evidence("small", "x", records)


def test_table_1_has_a_row_for_every_method_and_dashes_for_what_was_not_run(table):
    rows = report.table_1(table)
    assert list(rows.index) == ["LwF", "iCaRL", "BiC", "LUCIR"]
    assert list(rows.columns) == list(report.VARIANTS.values())
    cells: dict = rows.to_dict("index")
    assert cells["LwF"]["without mnemonics"] == "22.0 ± 6.6"  # 4.303 * sqrt(7) / sqrt(3)
    assert cells["BiC"]["without mnemonics"] == "40.0"
    assert cells["BiC"]["with mnemonics"] == cells["LUCIR"]["without mnemonics"] == "–"


def test_curves_are_means_over_seeds_of_the_methods_that_were_run(table):
    found = report.curves(table, "")
    assert {method: [phase.mean for phase in phases] for method, phases in found.items()} == {
        "lwf": [22.0] * 6,
        "bic": [40.0] * 6,
    }
    assert found["lwf"] == [report.over_seeds(table["lwf"], "average_accuracy")] * 6
    assert [phase.mean for phase in report.curves(table, "-with-mnemonics")["lwf"]] == [32.0] * 6


def test_the_upper_bound_stands_beside_every_variant(table):
    bounded = table | {"joint": table["bic"]}
    for suffix in report.VARIANTS:
        assert [phase.mean for phase in report.curves(bounded, suffix)["joint"]] == [40.0] * 6
    assert list(report.curves(bounded, "")) == ["lwf", "bic", "joint"]


def test_differences_are_of_the_seeds_that_both_arms_have(records):
    found = report.evidence("quick", "digits-n5", records)
    del found["herding"][1]
    assert report.differences(found, "mnemonics", "herding", "average_accuracy") == {0: 1.0, 2: 3.0}
    assert report.difference(found, "mnemonics", "herding", "average_accuracy").mean == 2.0
    assert report.differences(found, "mnemonics", "lonely", "average_accuracy") == {}


def test_runs_of_one_seed_that_are_no_pair_are_not_subtracted(records):
    found = report.evidence("quick", "digits-n5", records)
    record = found["herding"][1]
    found["herding"][1] = record.model_copy(update={"config": {**record.config, "order_seed": 7}})
    with pytest.raises(PairError, match=r"^mnemonics, seed 1 and herding, seed 1: order_seed = 1993 and 7: must be"):
        report.difference(found, "mnemonics", "herding", "average_accuracy")


def test_of_runs_made_twice_a_difference_is_that_of_the_means():
    """By numbers of the project's own records, whose first making lies in a file of its own."""
    study = "quick/digits-n1"
    found, then = report.evidence("quick", "digits-n1"), first_time(study)
    told = report.differences(found, "mnemonics-from-herding", "herding", "average_accuracy", study)
    assert len(told) == 10
    for seed, value in told.items():
        mine, other = (
            (then[arm][seed] + found[arm][seed].average_accuracy) / 2 for arm in ("mnemonics-from-herding", "herding")
        )
        assert value == pytest.approx(mine - other)
    now = report.differences(found, "mnemonics-from-herding", "herding", "average_accuracy")
    assert told != now
    assert report.difference(found, "mnemonics-from-herding", "herding", "average_accuracy", study).mean == (
        pytest.approx(sum(told.values()) / 10)
    )


@pytest.mark.parametrize(
    ("arm", "other", "field"),
    [
        ("mnemonics-adjust", "mnemonics", "average_accuracy"),
        ("mnemonics", "mnemonics-adjust", "average_accuracy"),
        ("mnemonics", "herding", "forgetting"),
    ],
)
def test_what_was_made_once_is_told_as_it_is(arm, other, field):
    study = "quick/digits-n1"
    found = report.evidence("quick", "digits-n1")
    assert report.differences(found, arm, other, field, study) == report.differences(found, arm, other, field)


def test_the_summary_has_those_differences():
    study = "quick/digits-n5"
    found = report.evidence("quick", "digits-n5")
    row: dict = report.summary(found, study).to_dict("index")["mnemonics"]
    assert str(row["minus herding"]) == str(report.difference(found, "mnemonics", "herding", "average_accuracy", study))


def test_the_summary_says_which_arm_has_another_basis_than_the_others():
    found = report.evidence("quick", "digits-n5")
    rows: dict = report.summary(found, "quick/digits-n5").to_dict("index")
    marked = {arm for arm, row in rows.items() if row["minus herding"].endswith(" (made once)")}
    assert marked == set(rows) - set(first_time("quick/digits-n5"))
    assert "mnemonics-adjust" in marked
    once: dict = report.summary(found).to_dict("index")
    assert not [row for row in once.values() if "made once" in row["minus herding"]]
