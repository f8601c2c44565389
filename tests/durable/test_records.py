"""Run records: complete, checked, written whole, equal for equal runs, small and readable."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mnemonics_lib.durable import compact
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.records import (
    OlderRecordError,
    Record,
    RecordError,
    Steps,
    canonical,
    checksum,
    parse_record,
    read_record,
    same_outcome,
    write_record,
)
from mnemonics_lib.exemplars import outer_log
from mnemonics_lib.paths import RECORDS

COMMITTED = sorted(RECORDS.glob("*/*/*/seed-*.json"))

COLUMNS = ("meta_loss", "base_loss_first", "base_loss_last", "gradient", "displacement", "farthest", "outside")
TRAINING: dict[str, Any] = {"steps": {name: [0.5, 0.25] for name in COLUMNS}, "panel": None, "noise_displacement": None}
PHASE: dict[str, Any] = {
    "accuracy": 90.0,
    "first_classes_accuracy": 90.0,
    "train_accuracy": 99.0,
    "train_loss": 0.25,
    "accuracy_before_finetuning": None,
    "displacement_new": 0.5,
    "displacement": 0.5,
    "outside": 0.0,
    "exemplars_per_class": 2,
    "exemplar_bytes": 512,
    "method": {"alpha": 0.9},
    "training_loss": [2.0, 1.0],
    "finetuning_loss": [],
    "exemplars": TRAINING,
    "adjustment": None,
    "confusion": [[9, 1], [1, 9]],
    "concerns": [],
}
HERE = {"threads": 1, "device": "cpu", "versions": {"torch": "2"}}
RECORD: dict[str, Any] = {
    "version": 3,
    "dataset": "digits",
    "resolution": 0,
    "profile": "quick",
    "phases": 1,
    "method": "lwf",
    "head": "linear",
    "exemplars": "mnemonics",
    "adjust": 0,
    "recipe": "paper",
    "weight_transfer": False,
    "finetune": True,
    "budget": 2,
    "budget_rule": "per_class",
    "storage": "float32",
    "seed": 0,
    "accuracy": [90.0, 80.0],
    "first_classes_accuracy": [90.0, 70.0],
    "average_accuracy": 85.0,
    "forgetting": 20.0,
    "displacement": 0.5,
    "exemplar_bytes": 512,
    "seconds": 3.0,
    "phase_seconds": [1.0, 2.0],
    "peak_memory_mb": 100.0,
    "code": {"commit": "abc", "dirty": False, "source": "def"},
    "environments": [HERE],
    **HERE,
    "identity": {"config": "a", "data": "b", "source": "c"},
    "config_digest": "0",
    "config": {"seed": 0, "training": {"milestones": [0.5]}},
    "class_order": [1, 0],
    "results": [PHASE, PHASE | {"accuracy": 80.0, "first_classes_accuracy": 70.0}],
}

# method.md section 6: the names at the record's top level.
NAMES = {
    *("dataset", "profile", "phases", "method", "exemplars", "adjust", "recipe", "weight_transfer", "finetune"),
    *("budget", "seed", "accuracy", "first_classes_accuracy", "average_accuracy", "forgetting"),
    *("device", "seconds", "peak_memory_mb", "code", "versions"),
}


@pytest.fixture
def record() -> Record:
    return parse_record(RECORD, "it")


def changed(**fields: Any) -> dict[str, Any]:
    """The record with other values of its own."""
    return RECORD | fields


def with_phase(**fields: Any) -> dict[str, Any]:
    """The record with other values in its first phase."""
    return RECORD | {"results": [PHASE | fields, RECORD["results"][1]]}


def with_steps(**columns: Any) -> dict[str, Any]:
    """The record with other columns in the log of its first phase."""
    return with_phase(exemplars=TRAINING | {"steps": TRAINING["steps"] | columns})


def test_every_name_of_the_specification_is_required():
    assert {name for name, field in Record.model_fields.items() if field.is_required()} >= NAMES


# --- what is read is what was written --------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_written(tmp_path, record):
    path = tmp_path / "deep" / "er" / "record.json"
    write_record(path, record)
    assert read_record(path) == record
    assert record.model_dump() == RECORD
    assert json.loads(path.read_text()) == RECORD | {
        "checksum": checksum(record)
    }  # nothing in it is large enough to be packed
    assert [p.name for p in path.parent.iterdir()] == ["record.json"]  # nothing temporary stays


finite = st.floats(allow_nan=False, allow_infinity=False)
single = st.floats(allow_nan=False, allow_infinity=False, width=32)
percent = st.floats(0, 100)
lengths = st.sampled_from([0, 1, 16, 17, 130])
counts = st.sampled_from([9, 255, 256, 65536, 2**63])


@st.composite
def phases(draw: st.DrawFn) -> dict[str, Any]:
    """Results of a phase, with lists and matrices on both sides of what is written out."""
    steps, epochs, classes, most = draw(lengths), draw(lengths), draw(st.integers(1, 20)), draw(counts)
    some = draw(st.lists(finite, min_size=epochs, max_size=epochs))
    row = st.lists(st.integers(0, most), min_size=classes, max_size=classes)
    column = st.lists(single, min_size=steps, max_size=steps)
    panel = dict(
        zip(("before", "after", "before_running", "after_running"), draw(st.tuples(*[single] * 4)), strict=True)
    )
    training = {"steps": {name: draw(column) for name in COLUMNS}, "panel": panel, "noise_displacement": draw(single)}
    if draw(st.booleans()):  # as in a record from before there were these
        training |= {"own_loss_before": draw(single), "own_loss_after": draw(single)}
    return PHASE | {
        "training_loss": some,
        "displacement": draw(finite),
        "exemplars": training,
        "confusion": draw(st.lists(row, min_size=classes, max_size=classes)),
    }


@given(phases(), percent)
def test_every_number_of_a_record_comes_back_exactly(tmp_path_factory, phase, accuracy):
    results = [phase | {"accuracy": accuracy}, RECORD["results"][1]]
    values = RECORD | {"average_accuracy": (accuracy + 80.0) / 2, "accuracy": [accuracy, 80.0], "results": results}
    path = tmp_path_factory.getbasetemp() / "exact.json"
    write_record(path, parse_record(values, "it"))
    # repr, because 0.0 == -0.0 and True == 1
    assert repr(read_record(path).model_dump()) == repr(parse_record(values, "it").model_dump())
    assert read_record(path).model_dump() == values


def test_logs_are_float32_and_everything_else_is_float64():
    log = TRAINING | {"steps": TRAINING["steps"] | {"meta_loss": [0.1, 1 / 3]}}
    found = parse_record(with_phase(exemplars=log, displacement=0.1), "it")
    assert found.results[0].exemplars
    assert found.results[0].exemplars.steps.meta_loss == torch.tensor([0.1, 1 / 3]).tolist() != [0.1, 1 / 3]
    assert found.results[0].displacement == 0.1


def test_a_record_without_the_exemplars_own_losses_has_the_checksum_that_it_had_before_there_were_any():
    older = parse_record(with_phase(exemplars=TRAINING), "it")
    training = older.results[0].exemplars
    assert training
    assert training.own_loss_before is training.own_loss_after is None
    assert b"own_loss" not in canonical(older)
    newer = parse_record(with_phase(exemplars=TRAINING | {"own_loss_before": 0.5, "own_loss_after": 0.0}), "it")
    assert b'"own_loss_after":0.0,"own_loss_before":0.5' in canonical(newer)
    assert checksum(newer) != checksum(older)


def test_a_record_without_an_accuracy_from_scratch_has_the_checksum_that_it_had_before_there_was_one(tmp_path, record):
    assert record.results[0].from_scratch_accuracy is None
    assert record.model_dump() == RECORD
    assert b"from_scratch" not in canonical(record)
    assert record.results[0].fields() == PHASE | {"from_scratch_accuracy": None}
    newer = parse_record(with_phase(from_scratch_accuracy=0.0), "it")
    assert b'"from_scratch_accuracy":0.0' in canonical(newer)
    assert checksum(newer) != checksum(record)
    write_record(tmp_path / "record.json", newer)
    assert read_record(tmp_path / "record.json") == newer
    with pytest.raises(RecordError, match=r"from_scratch_accuracy = 100\.5"):
        parse_record(with_phase(from_scratch_accuracy=100.5), "it")


def test_the_log_of_outer_steps_is_kept_as_the_columns_that_are_logged(record):
    assert tuple(Steps.model_fields) == outer_log.COLUMNS
    assert record.results[0].exemplars.steps.columns() == TRAINING["steps"]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", sorted(set(RECORD) - {"version"}))
def test_a_missing_field_is_named_with_the_file(tmp_path, field):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({key: value for key, value in RECORD.items() if key != field}))
    with pytest.raises(
        RecordError, match=rf"record\.json: {field} is missing(.|\n)*; delete it and make the run again$"
    ):
        read_record(path)


@pytest.mark.parametrize("field", sorted(set(RECORD) - {"version"}))
def test_a_field_of_another_type_is_named_with_its_value(tmp_path, field):
    path = tmp_path / "record.json"
    for value in (7.5 if isinstance(RECORD[field], (str, dict)) else "seven", {"so": "much"}):
        path.write_text(json.dumps(RECORD | {field: value}))
        if field in ("config", "versions") and isinstance(value, dict):
            continue
        with pytest.raises(RecordError, match=rf"record\.json: {field}( = |\.\w+).*"):
            read_record(path)


@pytest.mark.parametrize("field", ["phases", "budget", "adjust", "seed"])
def test_true_is_not_a_number(field):
    with pytest.raises(RecordError, match=f"it: {field} = True: must be a valid integer"):
        parse_record(changed(**{field: True}), "it")


@pytest.mark.parametrize("field", ["accuracy", "first_classes_accuracy"])
@pytest.mark.parametrize("values", [[], [90.0], [90.0, 80.0, 70.0], [90.0, 101.0], [-1.0, 1.0]])
def test_there_is_one_accuracy_in_per_cent_for_each_phase(field, values):
    with pytest.raises(RecordError, match=rf"{field} = .*must be 2 numbers in 0\.\.100"):
        parse_record(changed(**{field: values}), "it")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "word for a number": (changed(accuracy=[90.0, "80"]), r"accuracy\.1 = '80': must be a valid number"),
    "NaN": (changed(accuracy=[90.0, math.nan]), r"accuracy\.1 = nan: must be a finite number"),
    "infinity": (changed(forgetting=math.inf), r"forgetting = inf: must be a finite number"),
    "NaN in a phase": (with_phase(displacement=math.nan), r"results\.0\.displacement = nan: must be a finite number"),
    "NaN in a log": (
        with_steps(gradient=[0.0, math.nan]),
        r"results\.0\.exemplars\.steps\.gradient\.1 = nan: must be a finite number",
    ),
    "NaN in the configuration": (changed(config={"rate": math.nan}), r"config = .*must be plain JSON"),
    "too large for a log": (
        with_steps(outside=[1e39, 0.0]),
        r"results\.0\.exemplars\.steps\.outside\.0 = 1e\+39: must be a number that float32 has",
    ),
    "columns of two lengths": (with_steps(outside=[0.0]), r"results\.0\.exemplars\.steps\.lengths = .*must be equal"),
    "a field too many": (changed(acuracy=1), r"acuracy = 1: no field of a record has this name"),
    "one too many in a phase": (with_phase(note=""), r"results\.0\.note = '': no field of a record has this name"),
    "matrix not square": (with_phase(confusion=[[1, 2]]), r"results\.0\.confusion = .*: must be a square matrix"),
    "negative count": (with_phase(confusion=[[-1]]), r"results\.0\.confusion\.0\.0 = -1: must be greater"),
    "share of a count": (with_phase(confusion=[[0.5]]), r"results\.0\.confusion\.0\.0 = 0\.5: must be a valid integer"),
    "accuracy of no phase": (with_phase(accuracy=91.0), r"accuracy = \[90\.0, 80\.0\]: must be that of the results"),
    "phases too few": (changed(results=[PHASE]), r"results has length 1: must be 2"),
    "a class twice": (changed(class_order=[1, 1]), r"class_order = \[1, 1\]: must name each class once"),
    "another processor": (changed(processor="a 286"), r"environments\.0 = .*: must be the record's own"),
    "another environment": (changed(threads=2), r"environments\.0 = .*: must be the record's own"),
    "another average": (changed(average_accuracy=500.0), r"average_accuracy = 500\.0: must be 85\.0, which the phases"),
    "another forgetting": (changed(forgetting=2.0), r"forgetting = 2\.0: must be 20\.0"),
    "another displacement": (changed(displacement=0.0), r"displacement = 0\.0: must be 0\.5"),
    "other bytes": (changed(exemplar_bytes=1), r"exemplar_bytes = 1: must be 512"),
    "other seconds": (changed(seconds=9.0), r"seconds = 9\.0: must be 3\.0"),
    "code without a word": (changed(code={}), r"code\.commit is missing"),
    "no environment": (changed(environments=[]), r"environments = \[\]"),
    "a method's word": (
        with_phase(method={"alpha": "big"}),
        r"results\.0\.method\.alpha = 'big': must be a valid number",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_no_record_has_is_refused_by_name(case):
    values, message = WRONG[case]
    with pytest.raises(RecordError, match=f"^it: {message}"):
        parse_record(values, "it")


GOOD = compact.pack(torch.zeros(50, 50, dtype=torch.uint8).numpy())
DAMAGED = {
    "another word": "zip " + GOOD,
    "another type": GOOD.replace("uint8", "int8"),
    "another shape": GOOD.replace("50x50", "50x51"),
    "cut": GOOD[:-8],
    "one letter": GOOD[:-9] + ("0" if GOOD[-9] != "0" else "1") + GOOD[-8:],
    "no base85": GOOD[:-4] + '"' + GOOD[-3:],
    "nothing": "",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_matrix_is_named(damage):
    parse_record(with_phase(confusion=GOOD), "it")
    with pytest.raises(RecordError, match=r"^it: results\.0\.confusion = .*: must (be numbers|hold)"):
        parse_record(with_phase(confusion=DAMAGED[damage]), "it")


def test_nan_in_a_packed_column_is_named():
    column = compact.pack(torch.full((70,), math.nan).numpy())
    with pytest.raises(RecordError, match=r"steps\.gradient\.0 = nan: must be a finite number"):
        parse_record(with_steps(gradient=column), "it")


@pytest.mark.parametrize(
    "values",
    [
        with_phase(confusion=[[1] * 100] * 99),
        with_phase(training_loss=["x"] * 1000),
        changed(class_order=[1] * 5000),
        changed(accuracy=[1.0] * 5000),
        changed(version="9" * 10**6),
    ],
    ids=["matrix", "many", "order", "accuracy", "version"],
)
def test_a_message_stays_short_however_large_the_value(values):
    with pytest.raises(RecordError) as caught:
        parse_record(values, "it")
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize("version", [1, 2, 4, "3", None, True, "missing"])
def test_a_record_of_another_version_is_refused_and_told_how_to_get_one_of_this(version):
    values = changed(version=version)
    if version == "missing":
        del values["version"]
        version = 1
    with pytest.raises(RecordError, match=rf"it: version = {version!r}: must be 3 .*delete it and make the run again"):
        parse_record(values, "it")


@pytest.mark.parametrize(("version", "older"), [(2, True), (4, False), ("3", False)])
def test_only_one_of_an_older_version_is_what_a_run_may_replace(version, older):
    with pytest.raises(RecordError) as refused:
        parse_record(changed(version=version), "it")
    assert isinstance(refused.value, OlderRecordError) is older


def test_an_outcome_is_the_same_by_its_numbers_where_it_is_known_what_it_is_of(record):
    said = parse_record(with_phase(concerns=["a pixel moved far"]), "it")
    slow = parse_record(changed(seconds=30.0, phase_seconds=[10.0, 20.0]), "it")
    assert same_outcome(record, said)
    assert same_outcome(record, slow)
    assert not same_outcome(record, parse_record(with_phase(train_loss=0.5), "it"))
    assert not same_outcome(record, parse_record(changed(identity=RECORD["identity"] | {"data": "e"}), "it"))
    old = parse_record(changed(identity=None), "it")
    assert not same_outcome(old, old)


@given(st.integers(0, 2**40), st.integers(0, 7))
def test_a_flipped_bit_is_noticed_unless_every_value_is_the_same(tmp_path_factory, place, bit):
    record = parse_record(with_phase(confusion=GOOD), "it")
    path = tmp_path_factory.getbasetemp() / "flipped.json"
    write_record(path, record)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    with contextlib.suppress(RecordError):
        assert read_record(path) == record  # a space that became a tab


def test_a_number_that_was_changed_by_hand_is_noticed(tmp_path, record):
    path = tmp_path / "record.json"
    write_record(path, record)
    path.write_text(path.read_text().replace('"train_loss": 0.25', '"train_loss": 0.125', 1))
    with pytest.raises(
        RecordError, match=r"record\.json: checksum = '\w+': must be '\w+': it was changed or damaged; del"
    ):
        read_record(path)


def test_how_a_record_is_laid_out_does_not_count(tmp_path, record):
    path = tmp_path / "record.json"
    write_record(path, record)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=3))
    assert read_record(path) == record


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", "\xff"])
def test_a_file_that_is_no_record_is_named(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(RecordError, match=r"record\.json"):
        read_record(path)
    with pytest.raises(RecordError, match=r"none\.json"):
        read_record(tmp_path / "none.json")


@pytest.mark.parametrize("wrong", [{"average_accuracy": math.nan}, {"seed": "0"}, {"results": []}])
def test_a_copy_that_no_record_may_be_is_not_written_and_the_old_record_stays(tmp_path, record, wrong):
    path = tmp_path / "record.json"
    write_record(path, record)
    before = path.read_bytes()
    with pytest.raises(RecordError, match=f"record\\.json: {next(iter(wrong))}"):
        write_record(path, record.model_copy(update=wrong))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "checkpoint.pt"
    write_atomically(path, lambda file: file.write(b"old"))

    def half(file):
        file.write(b"ne")
        file.flush()
        assert path.read_bytes() == b"old"  # not touched before the new one is whole
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, half)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


# --- equal for equal runs --------------------------------------------------------------------------------------------


def another(value: Any) -> Any:
    """A value of the same type that is not the same."""
    if isinstance(value, BaseModel):
        (name, first), *_ = dict(value).items()
        return value.model_copy(update={name: another(first)})
    if isinstance(value, bool):
        return not value
    if isinstance(value, (list, dict)):
        return type(value)()
    if value is None:  # of a field that older records do not have
        return ["a name"]
    return value + (1 if isinstance(value, (int, float)) else "x")


def test_the_canonical_form_ignores_time_and_memory_and_nothing_else(record):
    volatile: dict[str, Any] = {"seconds": 9.0, "phase_seconds": [4.0, 5.0], "peak_memory_mb": 9.0}
    assert canonical(record.model_copy(update=volatile)) == canonical(record)
    backwards = {key: RECORD[key] for key in reversed(RECORD)}
    assert canonical(parse_record(backwards, "it")) == canonical(record)
    for field, value in dict(record).items():
        other = "a 286" if field == "processor" else another(value)
        assert other != value
        equal = canonical(record.model_copy(update={field: other})) == canonical(record)
        assert equal is (field in volatile), field


def test_the_canonical_form_does_not_depend_on_how_numbers_are_packed(record):
    assert b"zlib85" not in canonical(parse_record(with_phase(confusion=GOOD), "it"))


def test_a_mean_may_differ_in_its_last_digit_as_other_versions_of_python_add(record):
    """From 3.12 on, Python's ``sum`` of floats has no rounding errors of its own."""
    other = math.nextafter(85.0, 86.0)
    assert parse_record(RECORD | {"average_accuracy": other}, "it").average_accuracy == other
    with pytest.raises(RecordError, match=r"average_accuracy = 85\.0000001: must be 85\.0, which the phases"):
        parse_record(RECORD | {"average_accuracy": 85.0000001}, "it")


# --- small and readable ----------------------------------------------------------------------------------------------


def test_there_are_committed_records():
    assert len(COMMITTED) > 100


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: "-".join(path.parts[-4:]))
def test_a_committed_record_reads_is_small_and_short(path):
    record, text = read_record(path), path.read_text()
    phases = record.phases + 1
    # The counts of fifty classes and more, and the logs of two trainings a phase, are what takes the most.
    many, long, twice = len(record.class_order) >= 50, phases > 6, record.exemplars == "mnemonics" and record.adjust > 0
    assert len(text) <= max(42_000 if twice else 40_000 if many else 35_000, 6_500 * phases if long else 0)
    assert text.count("\n") <= 200 + (60 if long or twice else 50) * phases
    lines = text.splitlines()
    assert max(len(line) for line in lines if "zlib85" not in line) < 1500
    # What the file holds is what the model says, with every number packed or not as it would be today.
    assert compact.to_text(record.model_dump(mode="json")).count("\n") == len(lines) - 1  # the checksum's


def test_all_committed_records_together_are_small():
    assert sum(path.stat().st_size for path in COMMITTED) / len(COMMITTED) < 20_000


def test_a_changed_number_changes_one_line(tmp_path, record):
    other = parse_record(with_steps(gradient=[0.5, 0.125]), "it")
    texts = []
    for one in (record, other):
        write_record(tmp_path / "record.json", one)
        texts.append((tmp_path / "record.json").read_text().splitlines())
    differing = [lines for lines in zip(*texts, strict=True) if lines[0] != lines[1]]
    *differing, checksums = differing
    assert all('"checksum": ' in line for line in checksums)
    assert [(a.strip(), b.strip()) for a, b in differing] == [('"gradient": [0.5, 0.25],', '"gradient": [0.5, 0.125],')]
