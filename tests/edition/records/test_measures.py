"""Every number of a record can be asked for by its name, and no other."""

import pytest

from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable.phase_rows import phase_rows
from mnemonics_lib.durable.records import PhaseResult, Record
from mnemonics_lib.edition.records.measures import FORMS, OF_PHASE, OF_RUN, MeasureError, measure, rows_of, unit
from tests.made_records import made


def numbers(model) -> set[str]:
    return {
        name
        for name, field in model.model_fields.items()
        if "float" in str(field.annotation) or field.annotation is int
    }


def single(names: set[str], record) -> set[str]:
    return {name for name in names if isinstance(getattr(record, name), int | float | None)}


def test_the_measured_numbers_of_records_are_all_there():
    record = made()
    settings = {*RunConfig.model_fields, "version", "processes"}
    assert set(OF_RUN) == single(numbers(Record), record) - settings
    assert set(OF_PHASE) == single(numbers(PhaseResult), record.results[1]) - {"method"} | {"seconds"}


def test_a_number_of_a_run_and_of_a_phase():
    record = made(accuracy=81.5)
    assert measure(record, "average_accuracy") == measure(record, "accuracy[3]") == 81.5
    assert measure(record, "seconds[5]") == 1.0
    assert measure(record, "exemplar_bytes[0]") == record.results[0].exemplar_bytes
    assert (unit("forgetting"), unit("displacement_new[2]"), unit("exemplars_per_class[1]")) == ("%", "std", "")
    assert FORMS.keys() <= {*OF_RUN.values(), *OF_PHASE.values()}


def test_what_a_fresh_network_learned_is_measured_or_not_and_says_so():
    record = made()
    with pytest.raises(MeasureError, match=r"^field = 'from_scratch_accuracy\[1\]': was not measured in this run$"):
        measure(record, "from_scratch_accuracy[1]")
    results = [result.model_copy(update={"from_scratch_accuracy": 42.5}) for result in record.results]
    assert measure(record.model_copy(update={"results": results}), "from_scratch_accuracy[1]") == 42.5
    assert unit("from_scratch_accuracy[1]") == "%"


def test_rows_have_phase_classes_seen_and_seconds():
    rows = rows_of(made())
    assert [(row["phase"], row["classes_seen"], row["seconds"]) for row in rows] == [(i, 5 + i, 1.0) for i in range(6)]
    assert phase_rows([], []) == []


@pytest.mark.parametrize(
    "field",
    ["x", "", "accuracy", "accuracy[-1]", "accuracy[]", "accuracy[1", "config", "seed", "seconds[1][2]", "a[1]"],
)
def test_an_unknown_name_is_refused_with_those_there_are(field):
    for asked in (lambda: measure(made(), field), lambda: unit(field)):
        with pytest.raises(MeasureError) as caught:
            asked()
        assert str(caught.value).startswith(f"field = {field!r}: must be one of average_accuracy, forgetting, ")
        assert "accuracy[i]" in str(caught.value)


def test_a_phase_that_is_not_there_and_a_number_that_was_not_measured():
    with pytest.raises(MeasureError, match=r"^field = 'accuracy\[6\]': must be of a phase in 0\.\.5$"):
        measure(made(), "accuracy[6]")
    with pytest.raises(
        MeasureError, match=r"^field = 'accuracy_before_finetuning\[0\]': was not measured in this run$"
    ):
        measure(made(), "accuracy_before_finetuning[0]")
