"""The table puts the engines side by side, and says what was refused and what was not measured."""

import pytest

from mnemonics_lib.edition.benchmarks.hypergradient import KEPT, BenchmarkError, measurements
from mnemonics_lib.edition.benchmarks.hypergradient_table import hypergradient_table, refusal
from tests.edition.benchmarks.made import refused, row


def test_a_row_has_both_engines_and_their_ratios():
    rows = [row("higher", seconds=2.0, peak=1400.0), row("adjoint", seconds=1.5, peak=140.0), row(KEPT, seconds=1.0)]
    assert hypergradient_table(measurements(rows)) == [
        {
            "exemplars": "10",
            "$T$": "10",
            "memory ratio": "0.10",
            "time ratio": "0.75",
            "relative difference": "2.0e-07",
            "`higher` (MiB)": "1,400",
            "`adjoint` (MiB)": "140",
            "kept (MiB)": "100",
            "`higher` (s)": "2",
            "`adjoint` (s)": "1.5",
            "kept (s)": "1",
        }
    ]


def test_a_refused_run_has_its_predicted_peak_in_brackets_and_no_ratio():
    (found,) = hypergradient_table(measurements([refused("higher"), row("adjoint")]))
    assert found["`higher` (MiB)"] == "refused (9,000)"
    assert found["`adjoint` (MiB)"] == "100"
    assert [found[column] for column in ("memory ratio", "time ratio", "`higher` (s)", "kept (MiB)")] == ["–"] * 4


def test_rows_are_ordered_by_exemplars_and_steps():
    rows = [row("adjoint", steps, exemplars=many) for many in (40, 10) for steps in (50, 5)]
    found = [(line["exemplars"], line["$T$"]) for line in hypergradient_table(measurements(rows))]
    assert found == [("10", "5"), ("10", "50"), ("40", "5"), ("40", "50")]


@pytest.mark.parametrize("setting", [{"torch": "2.0"}, {"threads": 9}, {"device": "cuda"}, {"network": "another"}])
def test_a_table_is_of_one_setting_alone(setting):
    rows = measurements([row("higher"), row("adjoint", 50, **setting)])
    with pytest.raises(BenchmarkError, match=f"{next(iter(setting))} = .*: must be one in a table"):
        hypergradient_table(rows)


def test_the_first_refusal_is_told_in_the_guards_words():
    rows = [row("adjoint"), refused("higher"), refused("higher", 50, refused="another")]
    assert refusal(measurements(rows)) == "needs 9 GB"
    assert refusal(measurements(rows[:1])) is None
