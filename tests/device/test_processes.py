"""Runs in two processes of torchrun on a CPU, against one process; and how they end."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from torch import Tensor, nn

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.data.batches import Share
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device import group, torchrun
from mnemonics_lib.device.processes import ALONE, ShareOfLoss, processes
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.methods import method_class
from mnemonics_lib.methods.lucir import LUCIR
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.runs import load_run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TWO = ["--standalone", "--nproc-per-node=2"]
OURS, PLAIN = "mnemonics_lib.device.torchrun", "torch.distributed.run"


def begun(*arguments: str, by: str = OURS) -> subprocess.Popen[str]:
    """Python with two processes of something."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", by, *TWO, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit status, what was printed and what was said; a hang is a failure."""
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        for one in (*psutil.Process(process.pid).children(recursive=True), process):
            one.kill()
        pytest.fail(f"hangs: {process.communicate()}")
    assert not psutil.pid_exists(process.pid)
    return process.returncode, out, err


def run_command(config: RunConfig, folder: Path, *more: str) -> list[str]:
    """The arguments of Python for a run, which are torchrun's too."""
    folder.mkdir(exist_ok=True)
    params = folder / "params.yaml"
    params.write_text(config.to_yaml())
    return ["-m", "mnemonics_lib", "run", str(params), "--out", str(folder / "runs"), *more]


@pytest.fixture(scope="module")
def config(tiny_values) -> RunConfig:
    """Every part of a run, where batch statistics play no part, in a network that learns without them."""
    running = {
        "weight_transfer": True,
        "phases": 1,
        "network": {"depth": 8, "width": 16},
        "training": {"epochs": 4, "milestones": [0.5], "batch_norm": "running", "rate": 0.1, "batch_size": 32},
        "finetuning": {"epochs": 2, "milestones": [0.5], "batch_norm": "running", "rate": 0.05},
    }
    return parse_config(tiny_values | running)


@pytest.fixture(scope="module")
def alone(config, tmp_path_factory) -> Path:
    """The record of the run by one process."""
    return runs.run(config, tmp_path_factory.mktemp("alone"))[1]


def assert_close(one: Path, other: Path) -> None:
    """Two records of the same run, of which one process made one and two made the other.

    Only the order differs in which float32 numbers are added: 6e-8 of each sum, so the first epoch is the same to 1e-6.
    SGD through ReLUs makes that larger. In one process, a start of this run whose parameters were changed by 1.2e-7 of
    themselves ended 2e-3 of the length of all parameters away, with training losses that differed by up to 2e-3 and
    accuracies by 1.2; a few times as much is allowed. What is exact is shown in double precision below.
    """
    first, second = read_record(one), read_record(other)
    assert first.results[0].training_loss[0] == pytest.approx(second.results[0].training_loss[0], rel=1e-6)
    assert first.results[0].training_loss[0] > 2 * first.results[0].training_loss[-1]  # it learns
    for mine, others in zip(first.results, second.results, strict=True):
        assert mine.training_loss == pytest.approx(others.training_loss, rel=0.02)
        assert mine.finetuning_loss == pytest.approx(others.finetuning_loss, rel=0.05)
        assert mine.accuracy == pytest.approx(others.accuracy, abs=5)
        assert mine.exemplars_per_class == others.exemplars_per_class
    models = [load_run(path).model for path in (one, other)]
    vectors = [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in models]
    assert (vectors[0] - vectors[1]).norm() < 0.01 * vectors[0].norm()


# --- one mini-batch, share by share -----------------------------------------------------------------------------------


OLD, NEW = 4, 3


def of_method(name: str, grey: Pixels) -> tuple[IncrementalNet, Any]:
    """A network in double precision, its running statistics in use, and the loss of a method in a second phase."""
    model = build_network(8, 4, 1, OLD, seed=3, head="cosine" if name == "lucir" else "linear").double()
    model.train()(torch.randn(32, 1, 8, 8, generator=torch.Generator().manual_seed(1)).double())
    teacher = copy.deepcopy(model).eval().requires_grad_(False)
    model.grow(OLD + NEW, seed=4)
    method = method_class(name)(0.5, 2.0)
    if isinstance(method, LUCIR):  # which would imprint, in float32
        method.old, method.weight = OLD, 3.0
    else:
        none = torch.zeros(0, dtype=torch.int64)
        method.begin_phase(model, OLD, Samples.learned(torch.zeros(0, 1, 8, 8), none, grey))
    return model.eval(), partial(method.loss, model, teacher)


def gradient(model: nn.Module, value: Tensor) -> Tensor:
    """[parameters]."""
    found = torch.autograd.grad(value, [p for p in model.parameters() if p.requires_grad])
    return torch.cat([g.flatten() for g in found])


def images(count: int, old: int) -> tuple[Tensor, Tensor]:
    """``count`` images, new classes first, as a mini-batch has them; the last ``old`` are of old classes."""
    x = torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(count)).double()
    return x, torch.cat([OLD + torch.arange(count - old) % NEW, torch.arange(old) % OLD])


def mean_of_shares(model: nn.Module, loss: Any, of: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """What the processes would come to: the mean of their values and of their gradients."""
    values, gradients = [], []
    for number in range(of):
        share = Share(number, of)
        values.append(ShareOfLoss(model, loss, share)(share.take(x), y))
        gradients.append(gradient(model, values[-1]))
    return torch.stack(values).mean(), torch.stack(gradients).mean(dim=0)


@pytest.mark.parametrize(("count", "of"), [(12, 2), (11, 2), (7, 3), (2, 5), (1, 2)])
@pytest.mark.parametrize("name", ["lwf", "icarl", "bic", "finetune"])
def test_the_mean_over_the_processes_is_that_of_the_mini_batch(name, count, of, grey):
    model, loss = of_method(name, grey)
    x, y = images(count, count // 3)
    whole = loss(x, y)
    value, slope = mean_of_shares(model, loss, of, x, y)
    assert value.item() == pytest.approx(whole.item(), rel=1e-12)
    torch.testing.assert_close(slope, gradient(model, whole), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("count", "old"), [(12, 4), (8, 8), (8, 0)])
def test_that_of_lucir_too_where_the_shares_have_as_many_images_of_old_classes(count, old, grey):
    model, loss = of_method("lucir", grey)
    x, y = images(count, old)
    whole = loss(x, y)
    value, slope = mean_of_shares(model, loss, 2, x, y)
    assert value.item() == pytest.approx(whole.item(), rel=1e-12)
    torch.testing.assert_close(slope, gradient(model, whole), rtol=1e-10, atol=1e-12)


def test_elsewhere_lucirs_margin_is_weighted_by_the_sizes_of_the_shares(grey):
    model, loss = of_method("lucir", grey)
    x, y = images(11, 4)  # shares of 6 and 5 images, of which 2 and 2 are of old classes
    parts = [(x[number::2], y[number::2]) for number in range(2)]
    expected = sum(len(labels) / 11 * loss(part, labels) for part, labels in parts)
    value, slope = mean_of_shares(model, loss, 2, x, y)
    assert value.item() == pytest.approx(expected.item(), rel=1e-12)
    torch.testing.assert_close(slope, gradient(model, expected), rtol=1e-10, atol=1e-12)
    apart = (slope - gradient(model, loss(x, y))).norm() / slope.norm()
    assert 1e-6 < apart < 0.1  # and that is not the mini-batch's


# --- two processes ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """What the trainings of ``shared_work.py`` have written down."""
    folder = tmp_path_factory.mktemp("trained")
    status, _, err = ended(begun(str(HERE / "shared_work.py"), str(folder)))
    assert status == 0, err
    return folder


def parameters(found: dict[str, Any]) -> dict[str, Tensor]:
    return {name: value for name, value in found["model"].items() if "running" not in name and "tracked" not in name}


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("name", ["odd", "one", "even"])
def test_two_processes_train_as_one_does(trained, name, epoch):
    one, *two = (torch.load(trained / f"{name}-running-{epoch}-{by}.pt") for by in ("alone", 0, 1))
    for found in two:
        assert found["losses"] == pytest.approx(one["losses"], rel=1e-5)  # which are summed in float32
        assert torch.equal(found["crops"], one["crops"])  # and so would anything that is drawn later
        for key, value in one["model"].items():  # of 15 digits
            torch.testing.assert_close(found["model"][key], value, rtol=1e-9, atol=1e-11, msg=key)


@pytest.mark.parametrize("name", ["odd", "even"])
def test_with_batch_statistics_both_end_with_the_same_parameters_and_others_than_one_process(trained, name):
    one, first, second = (torch.load(trained / f"{name}-batch-2-{by}.pt") for by in ("alone", 0, 1))
    assert first["losses"] == second["losses"]
    mine, others = parameters(first), parameters(second)
    assert all(torch.equal(mine[key], others[key]) and mine[key].isfinite().all() for key in mine)
    assert any(not torch.allclose(mine[key], value) for key, value in parameters(one).items())
    statistics = "backbone.bn1.running_mean"  # of each process's own share
    assert not torch.equal(first["model"][statistics], second["model"][statistics])


def test_a_run_in_two_processes_is_that_of_one_and_leaves_one_record(config, alone, tmp_path):
    status, out, err = ended(begun(*run_command(config, tmp_path), by=PLAIN))
    assert status == 0, err
    (path,) = tmp_path.rglob("record.json")
    assert out.count("record: ") == out.count("phase  classes") == 1
    assert err == ""
    record = read_record(path)
    assert record.processes == 2
    assert [environment.processes for environment in record.environments] == [2]
    assert record.identity == read_record(alone).identity
    assert sorted(file.name for file in path.parent.iterdir()) == ["checkpoint.pt", "lock", "record.json"]
    assert_close(alone, path)


def test_a_run_goes_on_with_another_number_of_processes(config, alone, tmp_path):
    """Phase 0 by one process, two epochs of phase 1 by two, the rest by one."""
    command = run_command(config, tmp_path)

    def enough(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run(config, tmp_path / "runs", each_phase=enough)
    status, out, err = ended(begun(*command, "--minutes", "0"))
    assert status == 75
    assert err == ("time limit reached in phase 1: model: 1 of 4 steps are done; the same command goes on from there\n")
    assert "record" not in out
    record, path = runs.run(config, tmp_path / "runs")
    assert [environment.processes for environment in record.environments] == [1, 2]
    assert_close(alone, path)


def test_of_a_run_that_diverges_it_is_said_once(config, tmp_path):
    bad = config.replace(training={"rate": 1e9}, exemplars="random", finetune=False)
    status, _, err = ended(begun(*run_command(bad, tmp_path)))
    assert status == 3
    (line,) = err.splitlines()
    assert line.startswith("diverged: phase 0: model: step ")
    assert len(list(tmp_path.rglob("diverged.json"))) == 1


def test_a_refused_setting_is_said_once(config, tmp_path):
    status, out, err = ended(begun(*run_command(config, tmp_path, "--set", "training.rate=fast")))
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert "training.rate = 'fast': must be a valid number" in line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("number", [0, 1])
def test_what_one_process_comes_upon_in_the_middle_of_a_step_is_said_once_and_ends_both(number, tmp_path):
    status, _, err = ended(begun(str(HERE / "shared_work.py"), str(tmp_path), str(number)))
    assert (status, err) == (17, f"process {number}: cannot be read\n")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def long(config) -> RunConfig:
    """A run that is still going on whenever it is looked at."""
    return config.replace(training={"epochs": 100_000}, exemplars="random", finetune=False)


def when_training(process: subprocess.Popen[str], folder: Path) -> dict[str, psutil.Process]:
    """The processes of a run by their numbers, once it has begun to train."""
    wait_until(lambda: list(folder.rglob("model-*.lock")), process)
    children = [each for each in psutil.Process(process.pid).children() if "RANK" in each.environ()]
    found = {each.environ()["RANK"]: each for each in children}
    before = sum(found["1"].cpu_times()[:2])  # which has nothing to do but to take steps
    wait_until(lambda: sum(found["1"].cpu_times()[:2]) > before + 0.5, process)
    return found


def wait_until(true: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 100
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "no training begins"
        time.sleep(0.1)


def test_a_process_that_is_killed_ends_the_run(long, tmp_path):
    process = begun(*run_command(long, tmp_path))
    when_training(process, tmp_path)["1"].kill()
    status, _, err = ended(process)
    assert status == 128 + signal.SIGKILL
    assert "process 1 was killed by SIGKILL; what was done before is kept" in err
    assert "Traceback" not in err


def test_a_polite_kill_lets_the_run_write_what_it_has_and_end_all_processes(long, tmp_path):
    process = begun(*run_command(long, tmp_path))
    running = when_training(process, tmp_path)
    process.terminate()
    status, _, err = ended(process)
    assert status == 128 + signal.SIGTERM
    assert err.count("stopped by SIGTERM in phase 0: model: ") == 1
    assert len(list(tmp_path.rglob("unfinished.pt"))) == 1
    assert not any(each.is_running() for each in running.values())


# --- by itself --------------------------------------------------------------------------------------------------------


def test_a_process_that_is_alone_sends_and_waits_for_nothing():
    assert processes() is ALONE
    with group.taking_part("cpu"):
        assert processes() is ALONE
    assert not torchrun.started_together()


@pytest.mark.parametrize("variables", [{"WORLD_SIZE": "4"}, {"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "1"}])
def test_what_a_batch_system_sets_or_one_process_of_torchrun_is_alone_too(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert not torchrun.started_together()
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert torchrun.started_together()


@pytest.mark.parametrize(
    ("kind", "count", "gpus", "wrong"), [("cuda", 3, 2, True), ("cuda", 2, 2, False), ("cpu", 9, 0, False)]
)
def test_more_processes_than_gpus_are_refused_in_one_line(monkeypatch, kind, count, gpus, wrong):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    said = group._wrong_with(kind, count)
    assert said == (
        "device = 'cuda': 3 processes for 2 GPUs: must be one process a GPU (--nproc-per-node)" if wrong else ""
    )


def test_an_error_of_the_project_is_no_process_that_has_ended():
    """Whatever is in its words, such as a folder of igloos."""
    assert not group.lost(DataError("pictures/igloo/1.png: cannot be read"))
    assert group.lost(RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer"))
    assert not group.lost(RuntimeError("mat1 and mat2 must have the same dtype"))
