"""``python -m mnemonics_lib``, as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from mnemonics_lib import __main__ as cli
from mnemonics_lib import runs
from mnemonics_lib.config import load_config
from mnemonics_lib.config.presets import PRESETS
from mnemonics_lib.data import cifar100
from mnemonics_lib.data.dataset import LOADERS
from mnemonics_lib.durable import records
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file
from mnemonics_lib.errors import OutOfTimeError
from mnemonics_lib.kept import Keep, read_kept
from tests.made_records import write_arm


@pytest.fixture
def params(tiny, tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace(phases=1).to_yaml())
    return path


def test_a_run_prints_where_its_record_is_and_the_record_is_the_same_as_from_python(root, params, tiny, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mnemonics_lib", "run", str(params), "--set", "exemplars=herding", "seed=2"]
    done = subprocess.run(
        [*command, "--quiet", "--out", "runs"], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("record: ")]
    record = records.read_record(tmp_path / line.removeprefix("record: "))
    assert (record.exemplars, record.seed, record.phases) == ("herding", 2, 1)
    assert f"{record.average_accuracy:.2f}" in done.stdout
    assert done.stderr == ""
    same, _ = runs.run(tiny.replace(phases=1, exemplars="herding", seed=2), tmp_path / "here")
    assert records.canonical(same) == records.canonical(record)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["exemplar=herding"], ["exemplar = 'herding'", "did you mean exemplars"]),
        (["phases=3"], ["phases = 3", "1, 5"]),
        (["training.rate=fast"], ["training.rate = 'fast'", "number"]),
        (["seed"], ["KEY=VALUE"]),
    ],
)
def test_a_bad_setting_ends_with_status_2_and_the_reason_before_anything_runs(params, tmp_path, capsys, settings, said):
    assert cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--set", *settings]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    for words in said:
        assert words in printed.err
    assert not (tmp_path / "runs").exists()


def test_a_missing_parameter_file_ends_with_status_2(tmp_path, capsys):
    assert cli.main(["run", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_named(params, tmp_path, capsys):
    for device in ("abacus", "cuda:77", "meta", ""):
        assert cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--device", device]) == 2
        assert f"device = {device!r}: must be a device" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_damaged_checkpoint_is_named(params, tiny, tmp_path, capsys):
    home = tmp_path / "runs" / runs.name_of(tiny.replace(phases=1))
    home.mkdir(parents=True)
    (home / "checkpoint.pt").write_bytes(b"not a checkpoint")
    assert cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--quiet"]) == 2
    assert str(home / "checkpoint.pt") in capsys.readouterr().err


def test_the_record_is_copied_where_asked(params, tmp_path, capsys):
    copy = tmp_path / "evidence" / "seed-0.json"
    arguments = ["run", str(params), "--out", str(tmp_path / "runs"), "--quiet", "--set", "exemplars=random"]
    assert cli.main([*arguments, "--copy", str(copy)]) == 0
    (original,) = (tmp_path / "runs").rglob("record.json")
    assert copy.read_bytes() == original.read_bytes()


def test_what_is_to_be_kept_is_kept_beside_the_record_and_copied_beside_its_copy(params, tmp_path, capsys):
    (tmp_path / "keep.yaml").write_text("phases: [0]\nembedding: false\n")
    copy = tmp_path / "evidence" / "seed-0.json"
    keep = ["--keep", str(tmp_path / "keep.yaml"), "steps=2", "--keep", "classes=1"]
    arguments = ["run", str(params), "--out", str(tmp_path / "runs"), "--quiet", "--copy", str(copy), *keep]
    assert cli.main(arguments) == 0
    (original,) = (tmp_path / "runs").rglob("kept.safetensors")
    assert f"kept: {original}\n" in capsys.readouterr().out
    assert copy.with_suffix(".safetensors").read_bytes() == original.read_bytes()
    found = read_kept(original)
    assert found.keep == Keep(phases=[0], embedding=False, steps=2, classes=1)
    assert found.identity == records.read_record(copy).identity
    assert sorted(path.name for path in copy.parent.iterdir()) == ["seed-0.json", "seed-0.safetensors"]


@pytest.fixture
def copied(params, tmp_path):
    """A command that makes a run, copies its record and keeps nothing; and the copy, after its first call."""
    copy = tmp_path / "evidence" / "seed-0.json"
    settings = ["--quiet", "--set", "exemplars=random"]
    command = ["run", str(params), "--out", str(tmp_path / "runs"), *settings, "--copy", str(copy)]
    assert cli.main(command) == 0
    return command, copy


KEEP = ["--keep", "phases=0", "classes=1", "embedding=false"]


@pytest.mark.filterwarnings("ignore::mnemonics_lib.runs.RunWarning")
@pytest.mark.parametrize("keep", [[], KEEP], ids=["alone", "keeping"])
def test_a_copy_of_the_same_run_stays_with_the_time_that_it_took_elsewhere(copied, keep):
    command, copy = copied
    there = records.read_record(copy)
    elsewhere = there.model_copy(
        update={"peak_memory_mb": 7.0, "results": [row.model_copy(update={"concerns": ["x"]}) for row in there.results]}
    )
    records.write_record(copy, elsewhere)
    before = copy.read_bytes()
    assert cli.main([*command, *keep]) == 0
    assert copy.read_bytes() == before
    kept = copy.with_suffix(".safetensors")
    assert kept.exists() == bool(keep)
    if keep:
        assert read_kept(kept).identity == there.identity


@pytest.mark.filterwarnings("ignore::mnemonics_lib.runs.RunWarning")
@pytest.mark.parametrize("keep", [[], KEEP], ids=["alone", "keeping"])
def test_a_copy_of_the_same_run_that_came_out_otherwise_is_neither_replaced_nor_paired(copied, keep, capsys):
    command, copy = copied
    there = records.read_record(copy)
    first, *rest = there.results
    results = [first.model_copy(update={"train_loss": 0.5}), *rest]
    gpu = {"device": "cuda (H100)", "processor": None}
    environments = [there.environments[0].model_copy(update=gpu)]
    records.write_record(copy, there.model_copy(update={"results": results, "environments": environments, **gpu}))
    before = copy.read_bytes()
    assert cli.main([*command, *keep]) == 2
    said = capsys.readouterr().err
    assert (
        f"copy = {copy}: holds a record of this run that came out otherwise where it was made, on cuda (H100)" in said
    )
    assert copy.read_bytes() == before
    assert not copy.with_suffix(".safetensors").exists()
    copy.unlink()  # as it says
    assert cli.main([*command, *keep]) == 0
    assert records.canonical(records.read_record(copy)) == records.canonical(there)
    assert copy.with_suffix(".safetensors").exists() == bool(keep)


def test_a_copy_of_another_run_is_replaced(copied, tmp_path):
    command, copy = copied
    before = copy.read_bytes()
    assert cli.main([*command, "--set", "seed=1"]) == 0
    assert records.read_record(copy).seed == 1
    copy.write_text("no record")
    assert cli.main(command) == 0
    assert copy.read_bytes() == before


def test_to_keep_without_a_word_is_to_keep_the_defaults(params, tmp_path, monkeypatch):
    asked = []

    def fake(*given, keep, **named):
        asked.append(keep)
        sys.exit("asked")

    monkeypatch.setattr(runs, "run", fake)
    for words in ([], ["--keep"], ["--keep", "phases=0,1", "classes=2"]):
        with pytest.raises(SystemExit, match="asked"):
            cli.main(["run", str(params), "--out", str(tmp_path / "runs"), *words])
    assert asked == [None, Keep(), Keep(phases=[0, 1], classes=2)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--keep", "phase=0"],
            "keep: phase = 0: unknown key (did you mean phases?); allowed: phases, classes, exemplars, images, steps, "
            "spacing, embedding, points, margins\n",
        ),
        (
            ["--keep", "phases=0,5"],
            "keep.phases = [0, 5]: must be 0 to 1, the phases of this run, or -1 for its last\n",
        ),
        (
            ["--keep", "--preset", "joint"],
            "keep: exemplars = 'none': must be a run with exemplars, or there is nothing to keep\n",
        ),
        (
            ["--keep", "--copy", "x.safetensors"],
            "copy = x.safetensors: must not end in .safetensors, where the copy of what is kept goes\n",
        ),
    ],
    ids=["field", "phase", "exemplars", "copy"],
)
def test_what_cannot_be_kept_ends_with_status_2_and_the_reason(params, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", str(params), "--out", "runs", "--quiet", *words]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", said)
    assert not list(tmp_path.rglob("*.pt"))


@pytest.mark.parametrize("arguments", [[], ["run"], ["walk", "x"], ["run", "x", "--sets", "a=1"]])
def test_a_malformed_command_line_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_settings_may_be_given_one_by_one_and_the_record_goes_where_it_is_told(params, tmp_path, monkeypatch, capsys):
    asked = []

    def fake(config, directory, device, progress, minutes, record_steps, each_phase, keep):
        assert keep is None
        asked.append((config, directory, device, progress))
        return SimpleNamespace(average_accuracy=1.0, forgetting=2.0, seconds=3.0), tmp_path / "x" / "record.json"

    monkeypatch.setattr(runs, "run", fake)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    out = tmp_path / "mine"
    assert cli.main(["run", str(params), "--set", "seed=4", "--set", "budget=3", "adjust=3", "--out", str(out)]) == 0
    config, directory, device, progress = asked[0]
    assert (config.seed, config.budget, config.adjust) == (4, 3, 3)
    assert (directory, device, progress) == (out, "cpu", True)
    assert str(tmp_path / "x" / "record.json") in capsys.readouterr().out


def test_config_prints_a_parameter_file_that_gives_the_same_configuration(params, tmp_path, capsys):
    assert cli.main(["config", str(params), "--set", "seed=7", "training.epochs=3"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    again = tmp_path / "again.yaml"
    again.write_text(printed.out)
    assert load_config(again) == load_config(params, ["seed=7", "training.epochs=3"])
    assert load_config(again) != load_config(params)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_goes_between_the_file_and_the_settings(tiny, tmp_path, capsys, name):
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace(budget=4).to_yaml())
    assert cli.main(["config", str(path), "--set", "seed=7", "--preset", name, "--set", "finetune=false"]) == 0
    again = tmp_path / "again.yaml"
    again.write_text(capsys.readouterr().out)
    expected = tiny.replace(budget=4).preset(name).replace(seed=7, finetune=False)
    assert load_config(again) == expected
    assert (expected.method, expected.exemplars) == (PRESETS[name]["method"], PRESETS[name]["exemplars"])


def test_a_run_with_a_preset_is_that_of_the_preset(params, tiny, tmp_path, capsys):
    out = tmp_path / "runs"
    assert cli.main(["run", str(params), "--preset", "finetune", "--out", str(out), "--quiet"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("record: ")]
    record = records.read_record(line.removeprefix("record: "))
    assert record.config == tiny.replace(phases=1).preset("finetune").model_dump()


@pytest.mark.parametrize("command", ["run", "config"])
def test_an_unknown_preset_ends_with_status_2_and_those_there_are(params, tmp_path, capsys, command):
    with pytest.raises(SystemExit) as end:
        cli.main([command, str(params), "--preset", "table3"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("table3", *PRESETS))


@pytest.mark.parametrize("command", ["run", "config"])
def test_a_preset_that_does_not_fit_the_file_ends_with_status_2_and_the_reason(tiny, tmp_path, capsys, command):
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace(network={"head": "linear"}).to_yaml())
    out = ["--out", str(tmp_path / "runs")] if command == "run" else []
    assert cli.main([command, str(path), "--preset", "lucir", *out]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "network.head = 'linear'" in printed.err
    assert not (tmp_path / "runs").exists()


def test_config_does_not_need_the_data(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    params = root / "params" / "small" / "cifar100-n5.yaml"
    assert cli.main(["config", str(params), "--preset", "lucir-with-mnemonics"]) == 0
    assert "dataset: cifar100" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [[], ["run"], ["config"], ["report"], ["compare"], ["bench"]])
def test_there_is_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*command, "--help"])
    assert end.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_a_run_prints_a_row_per_phase_and_a_resumed_one_the_finished_rows_first(params, tmp_path, capsys):
    arguments = ["run", str(params), "--out", str(tmp_path / "runs"), "--set", "exemplars=random", "phases=5"]
    assert cli.main([*arguments, "--minutes", "0"]) == OutOfTimeError.status
    capsys.readouterr()
    printed = []
    for _ in range(2):
        assert cli.main(arguments) == 0
        printed.append(capsys.readouterr().out.splitlines())
    header, *rows = printed[0][:7]
    assert header.split()[:3] == ["phase", "classes", "A_i"]
    assert [row.split()[:2] for row in rows] == [[str(phase), str(5 + phase)] for phase in range(6)]
    assert printed[0][7].startswith("average accuracy ")
    assert printed[1] == printed[0]
    assert cli.main([*arguments, "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == printed[0][7:]


@pytest.fixture
def arms(tmp_path):
    return write_arm(tmp_path / "study" / "fast", [81.0, 84.0, 87.0], budget=3), write_arm(
        tmp_path / "study" / "slow", [80.0, 82.0, 84.0, 86.0]
    )


def test_report_prints_a_table_or_writes_it(arms, tmp_path, capsys):
    study = arms[0].parent
    assert cli.main(["report", str(study)]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["study", "arm", "seed"]
    assert "budget" in header.split()
    assert [row.split()[1:3] for row in rows] == [["fast", s] for s in "012"] + [["slow", s] for s in "0123"]
    for ending, read in ((".csv", pd.read_csv), (".parquet", pd.read_parquet)):
        out = tmp_path / "tables" / f"t{ending}"
        assert cli.main(["report", str(study), "--by", "phase", "--all-fields", "--out", str(out)]) == 0
        assert capsys.readouterr().out == f"table: {out}, 42 rows\n"
        table = read(out)
        assert len(table) == 42
        assert {"training.rate", "exemplar_level.engine", "accuracy"} < set(table)


def test_compare_prints_writes_and_draws(arms, tmp_path, capsys):
    out, plot = tmp_path / "pairs.csv", tmp_path / "pairs.svg"
    files = ["--out", str(out), "--plot", str(plot)]
    assert cli.main(["compare", *map(str, arms), "--level", "0.9", *files]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "mean difference +2.00, 90 % interval [+0.31, +3.69], pairs: 3" in printed.out  # 2.920 / sqrt(3)
    assert "seeds of slow without a partner: 3" in printed.out
    assert "settings that differ: budget = 3 and 2" in printed.out
    assert list(pd.read_csv(out)["difference"]) == [1.0, 2.0, 3.0]
    assert "<title>average accuracy: fast minus slow</title>" in plot.read_text()


def test_compare_warns_of_other_source_and_names_folders_of_one_name_by_their_paths(arms, tmp_path, capsys):
    other = write_arm(tmp_path / "other" / "slow", [80.0], source="b" * 64)
    assert cli.main(["compare", str(other), str(arms[1])]) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith("warning: made by different source, bbbbbbbbbb and aaaaaaaaaa: ")
    assert printed.out.startswith(f"average_accuracy (%): {other} (arm) minus {arms[1]} (baseline)\n")


def status_of(arguments):
    try:
        return cli.main(arguments)
    except SystemExit as end:  # argparse's own
        return end.code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "none"], "none: no such file or folder, seen from "),
        (["report", "study", "--out", "study"], "file = 'study': its name must end in .csv or .parquet"),
        (["compare", "study", "study/slow"], "seed = 0 in both: an arm has one record a seed"),
        (
            ["compare", "study/fast", "study/slow", "--field", "speed"],
            "field = 'speed': must be one of average_accuracy",
        ),
        (["compare", "study/fast", "study/slow", "--level", "95"], "level = '95': must be a number between 0 and 1"),
        (["compare", "study/fast", "study/slow", "--level", "nan"], "level = 'nan': must be a number between 0 and 1"),
        (["compare", "study/fast", "study/slow", "--plot", "x.gif"], "must end in .svg or .png or .pdf"),
    ],
)
def test_what_report_and_compare_refuse_ends_with_status_2_and_the_reason(
    arms, tmp_path, monkeypatch, capsys, arguments, said
):
    monkeypatch.chdir(tmp_path)
    assert status_of(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(arms, tmp_path, capsys):
    (tmp_path / "folder.csv").mkdir()
    assert cli.main(["report", str(tmp_path / "none"), "--out", str(tmp_path / "folder.csv")]) == cli.NO_FILE
    assert "folder.csv: is a folder" in capsys.readouterr().err


def test_the_command_line_of_records_needs_no_torch_before_it_reads_them(root):
    script = (
        "import sys\nfrom mnemonics_lib import __main__ as cli\n"
        "for command in ('report', 'compare'):\n"
        "    try:\n        cli.main([command, 'a', 'b', '--out', 'c.txt'])\n    except SystemExit:\n        pass\n"
        "print(sorted({'torch', 'pandas', 'matplotlib', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_data_that_are_not_there_end_with_status_2_and_what_to_do(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(LOADERS, "cifar100", lambda: cifar100.load(download=False))
    params = root / "params" / "small" / "cifar100-n5.yaml"
    assert cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "data" / "cifar-100-python" / "train") in said
    assert "Traceback" not in said


def test_a_damaged_shared_file_is_named(params, tmp_path, capsys):
    out = tmp_path / "runs"
    arguments = ["run", str(params), "--out", str(out), "--quiet", "--set", "exemplars=random"]
    assert cli.main(arguments) == 0
    (model,) = (out / "phase-0").glob("model-*.pt")
    model.write_bytes(model.read_bytes()[:1000])
    assert cli.main([*arguments, "phases=5"]) == 2
    assert str(model) in capsys.readouterr().err


def test_a_run_stops_after_a_phase_and_goes_on_from_there(params, tmp_path, capsys):
    command = ["run", str(params), "--set", "exemplars=random", "--out", str(tmp_path / "runs")]
    assert cli.main([*command, "--stop-after", "0"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[:2]] == ["phase", "0"]
    assert said[2:] == ["stopped after phase 0; the same command without --stop-after goes on"]
    assert not list(tmp_path.rglob("record.json"))
    assert cli.main([*command, "--stop-after", "0", "--quiet"]) == 0  # it is done: nothing more is
    assert not list(tmp_path.rglob("record.json"))
    assert cli.main(command) == 0
    (path,) = tmp_path.rglob("record.json")
    straight, _ = runs.run(load_config(params, ["exemplars=random"]), tmp_path / "straight")
    assert records.canonical(records.read_record(path)) == records.canonical(straight)


def test_a_run_that_stops_after_its_last_phase_is_finished(params, tmp_path, capsys):
    copy = tmp_path / "copy.json"
    command = ["run", str(params), "--set", "exemplars=random", "--out", str(tmp_path / "runs"), "--copy", str(copy)]
    assert cli.main([*command, "--stop-after", "1"]) == 0
    assert "record: " in capsys.readouterr().out
    (path,) = tmp_path.rglob("record.json")
    assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("given", ["6", "-1", "x", "1.5"])
def test_a_phase_that_the_run_does_not_have_is_refused_before_it_begins(params, tmp_path, capsys, given):
    command = ["run", str(params), "--out", str(tmp_path / "runs"), f"--stop-after={given}"]
    with pytest.raises(SystemExit) as ended:
        sys.exit(cli.main(command))  # what is no number ends in argparse, which exits itself
    assert ended.value.code == 2
    assert "stop-after" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_study_says_what_is_there_and_what_came_out(capsys):
    assert cli.main(["study", "quick/digits-n1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("quick/digits-n1: Digits, N = 1, kinds of exemplars")
    assert ("What is missing" in said) == bool(plan(study_file("quick/digits-n1")).missing)
    assert cli.main(["study", "quick/digits-n7"]) == 2
    assert "study = 'quick/digits-n7': no such file or study; there are evidence/" in capsys.readouterr().err
