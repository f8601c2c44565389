"""A line per phase: one header, aligned columns, standard output, also while a progress bar is shown."""

from tqdm import tqdm

from mnemonics_lib.edition.phase_lines import COLUMNS, PhaseLines

ROW = {
    "phase": 0,
    "classes_seen": 5,
    "accuracy": 99.3288,
    "first_classes_accuracy": 99.3288,
    "train_accuracy": 100.0,
    "accuracy_before_finetuning": None,
    "displacement_new": 0.12187,
    "seconds": 7.08,
    "confusion": [[1]],
}


def test_one_header_and_a_line_per_row(capsys):
    lines = PhaseLines()
    lines(ROW)
    lines({**ROW, "phase": 10, "accuracy_before_finetuning": 50.0, "displacement_new": 0.0, "seconds": 12345.6})
    header, first, second = capsys.readouterr().out.splitlines()
    assert header == "  ".join(column.title for column in COLUMNS)
    assert first.split() == ["0", "5", "99.33", "99.33", "100.00", "-", "0.122", "7.1"]
    assert second.split() == ["10", "5", "99.33", "99.33", "100.00", "50.00", "0", "12345.6"]
    assert len(header) == len(first) == len(second)
    end = header.index("A_i^Z (%)") + len("A_i^Z (%)")
    assert first[:end].endswith("99.33")


def test_a_number_that_is_not_there_is_a_dash(capsys):
    PhaseLines()({"phase": 0})
    assert capsys.readouterr().out.splitlines()[1].split() == ["0", *"-------"]


def test_a_progress_bar_is_left_on_its_own_line(capsys):
    with tqdm(total=3, desc="phase 0: model", leave=False) as bar:
        bar.update()
        PhaseLines()(ROW)
    printed = capsys.readouterr()
    assert "phase 0: model" in printed.err
    assert "phase 0: model" not in printed.out
    assert all(line.lstrip()[0] in "p0" for line in printed.out.splitlines())
