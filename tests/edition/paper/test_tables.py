"""A number stands beside the paper's where its run is the paper's experiment, and nowhere else."""

import json

import pytest

from mnemonics_lib.config import load_config
from mnemonics_lib.edition.paper.tables import Cell, beside, table_1, table_2
from mnemonics_lib.paths import PARAMS
from tests.made_records import write_arm


@pytest.fixture
def records(tmp_path):
    """Writes an arm of the paper's parameter file: a preset, and what is set on top of it."""

    def write(arm, preset, accuracies, *sets):
        config = load_config(PARAMS / "paper" / "cifar100-n5.yaml", list(sets), preset=preset).model_dump(
            exclude={"seed"}
        )
        write_arm(tmp_path / "paper" / "cifar100-n5" / arm, accuracies, **json.loads(json.dumps(config)))
        return tmp_path

    return write


def ours(cells):
    return {(*dict(cell.row).values(), cell.phases): cell.ours for cell in cells if cell.ours}


def test_a_preset_is_its_cell_of_table_1(records):
    records("a", "lucir", [62.0])
    place = records("b", "bic-with-mnemonics", [50.0, 52.0, 54.0])
    found = ours(table_1(place))
    assert found.keys() == {("CIFAR-100", "LUCIR", "no", 5), ("CIFAR-100", "BiC", "yes", 5)}
    assert found["CIFAR-100", "LUCIR", "no", 5] == "62.0"
    assert found["CIFAR-100", "BiC", "yes", 5].startswith("52.0 ± ")


def test_a_preset_is_its_cell_of_table_2(records):
    records("a", "table2-random-no-adjust", [62.0])
    place = records("b", "table2-mnemonics", [64.0])
    assert ours(table_2(place)) == {
        ("CIFAR-100", "random", "no", 5): "62.0",
        ("CIFAR-100", "mnemonics", "yes", 5): "64.0",
    }


def test_lucir_with_mnemonics_is_a_cell_of_both_tables(records):
    place = records("a", "lucir-with-mnemonics", [64.0])
    assert ours(table_1(place)) == {("CIFAR-100", "LUCIR", "yes", 5): "64.0"}
    assert ours(table_2(place)) == {("CIFAR-100", "mnemonics", "yes", 5): "64.0"}


@pytest.mark.parametrize(
    "change",
    [
        "exemplar_level.init=herding",
        "exemplar_level.epochs=10",
        "training.precision=bfloat16",
        "budget=5",
        "finetune=false",
    ],
)
def test_another_experiment_is_no_cell_of_the_paper(records, change):
    place = records("a", "lucir-with-mnemonics", [64.0], change)
    assert ours([*table_1(place), *table_2(place)]) == {}


def test_the_engine_makes_no_other_experiment(records):
    place = records("a", "lucir-with-mnemonics", [64.0], "exemplar_level.engine=higher")
    assert len(ours(table_1(place))) == 1


def test_which_seeds_were_run_makes_no_other_experiment(records):
    place = records("a", "lucir-with-mnemonics", [64.0, 66.0])
    (place / "paper" / "cifar100-n5" / "a" / "seed-0.json").unlink()
    assert ours(table_1(place)) == {("CIFAR-100", "LUCIR", "yes", 5): "66.0"}


def test_without_records_the_tables_are_the_papers(tmp_path):
    first, second = table_1(tmp_path), table_2(tmp_path)
    assert (len(first), len(second)) == (72, 36)
    assert ours([*first, *second]) == {}


def test_a_table_has_a_column_for_each_n_and_its_data_sets_together():
    one, two = (("dataset", "ImageNet"), ("method", "LwF")), (("dataset", "CIFAR-100"), ("method", "LwF"))
    found = beside([Cell(one, 5, 50.0, None), Cell(two, 5, 49.59, "47.0"), Cell(two, 10, 46.98, None)])
    assert found.fillna("").to_dict("records") == [
        {"dataset": "CIFAR-100", "method": "LwF", "N = 5": "49.59 \\| 47.0", "N = 10": "46.98"},
        {"dataset": "ImageNet", "method": "LwF", "N = 5": "50.00", "N = 10": ""},
    ]
