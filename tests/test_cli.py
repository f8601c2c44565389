"""``python -m mnemonics_lib``, as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mnemonics_lib import __main__ as cli
from mnemonics_lib import global_bop, records


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
    assert (record["exemplars"], record["seed"], record["phases"]) == ("herding", 2, 1)
    assert f"{record['average_accuracy']:.2f}" in done.stdout
    assert done.stderr == ""
    same, _ = global_bop.run(tiny.replace(phases=1, exemplars="herding", seed=2), tmp_path / "here")
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
    with pytest.raises(SystemExit) as end:
        cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--device", "abacus"])
    assert end.value.code == 2
    assert "device = 'abacus'" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_named(params, tiny, tmp_path, capsys):
    home = tmp_path / "runs" / global_bop.name_of(tiny.replace(phases=1))
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


@pytest.mark.parametrize("arguments", [[], ["run"], ["walk", "x"], ["run", "x", "--sets", "a=1"]])
def test_a_malformed_command_line_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_settings_may_be_given_one_by_one_and_the_record_goes_where_it_is_told(params, tmp_path, monkeypatch, capsys):
    asked = []

    def fake(config, directory, device, progress):
        asked.append((config, directory, device, progress))
        return {"average_accuracy": 1.0, "forgetting": 2.0, "seconds": 3.0}, tmp_path / "x" / "record.json"

    monkeypatch.setattr(global_bop, "run", fake)
    out = tmp_path / "mine"
    assert cli.main(["run", str(params), "--set", "seed=4", "--set", "budget=3", "adjust=3", "--out", str(out)]) == 0
    config, directory, device, progress = asked[0]
    assert (config.seed, config.budget, config.adjust) == (4, 3, 3)
    assert (directory, device, progress) == (out, "cpu", True)
    assert str(tmp_path / "x" / "record.json") in capsys.readouterr().out
