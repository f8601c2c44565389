"""Recorded steps give what plain ones give: on a tape that replays as a CUDA graph does, and on a GPU where one is."""

from __future__ import annotations

import copy
import gc
import itertools
import warnings
import weakref
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib import training
from mnemonics_lib.bilevel import ENGINES, InnerSGD, recorded_adjoint
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel, Training
from mnemonics_lib.data.pixels import Pixels, upload
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device import recording as recording_module
from mnemonics_lib.device.deterministic import deterministic
from mnemonics_lib.device.recording import WARM, CudaGraphs, Step, recorder, recording
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loops import walk
from mnemonics_lib.methods import METHODS, method_class
from mnemonics_lib.models import build_network, transfer_weights
from tests.tape import Tape

cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: CUDA graphs are tested where one is")
OLD, ALL, SIDE = 3, 5, 8


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def tape(monkeypatch):
    """Recording by tape, wherever the library records."""
    found = Tape()
    for module in (training, recorded_adjoint):
        monkeypatch.setattr(module, "recorder", lambda device: found)
    return found


# --- the step ---------------------------------------------------------------------------------------------------------


def test_a_cpu_records_nothing_and_a_step_without_a_recorder_is_a_plain_call():
    calls: list[Any] = []
    assert recorder(torch.device("cpu")) is None
    step = Step(lambda *arguments: calls.append(arguments), list, None)
    given = torch.ones(2), 0.5
    for _ in range(WARM + 3):
        step(*given)
    assert len(calls) == WARM + 3
    assert all(own is theirs for call in calls for own, theirs in zip(call, given, strict=True))


def test_after_its_first_calls_a_step_is_replayed_with_each_calls_own_tensors():
    total, python, by = torch.zeros(3), [], Tape()

    def work(rate: float, x: Tensor, y: Tensor) -> None:
        python.append(rate)
        total.add_(rate * x.square() + y.sum())

    step, expected = Step(work, lambda: [total], by), torch.zeros(3)
    for k in range(6):
        x, y = numbers(3, seed=k), numbers(4, seed=10 + k)
        step(0.5, x, y)
        expected += 0.5 * x.square() + y.sum()
        assert torch.equal(total, expected), k  # each call counts once, the recorded one too
    assert python == [0.5] * (WARM + 2)  # to record, and to compare
    assert (by.warmed, by.recorded, by.replayed) == (WARM, 1, 6 - WARM)


def test_another_shape_dtype_layout_or_value_is_another_recording():
    total, by = torch.zeros((), dtype=torch.float64), Tape()

    def work(rate: float, x: Tensor) -> None:
        total.add_(rate * (x.double() * torch.arange(x.numel()).view(x.shape)).sum())

    step, expected = Step(work, lambda: [total], by), 0.0
    images = numbers(2, 3, 4, 4, seed=1)
    kinds = [
        (1.0, images),
        (2.0, images),
        (1.0, images[:1]),
        (1.0, images.double()),
        (1.0, images.contiguous(memory_format=torch.channels_last)),
    ]
    for rate, x in kinds * (WARM + 2):
        step(rate, x)
        expected += rate * (x.double() * torch.arange(x.numel()).view(x.shape)).sum().item()
    assert total.item() == pytest.approx(expected)
    assert (by.warmed, by.recorded, by.replayed) == (len(kinds) * WARM, len(kinds), len(kinds) * 2)


@pytest.mark.parametrize(
    "read",
    [
        lambda x: 1.0 if x.sum() > 0 else 0.0,
        lambda x: x[x > 0].sum(),
        lambda x: float(len(x.unique())),
        lambda x: torch.ones(1).repeat_interleave((x > 0).long())[0],
    ],
    ids=["value", "mask", "unique", "shape"],
)
def test_what_waits_for_the_device_is_not_recorded_and_a_warning_says_so(read):
    total, by = torch.zeros(()), Tape()

    def work(x: Tensor) -> None:
        total.add_(read(x))

    step = Step(work, lambda: [total], by)
    for _ in range(WARM - 1):
        step(torch.ones(1))
    with pytest.warns(UserWarning, match=r"work is not recorded and stays slow: .*aten\."):
        step(torch.ones(1))
    for _ in range(3):
        step(torch.ones(1))
    assert total == WARM + 3
    assert (by.warmed, by.recorded) == (WARM, 0)


def test_what_waits_the_first_time_alone_is_recorded():
    total, by, first = torch.zeros(()), Tape(), [True]

    def work(x: Tensor) -> None:
        if first.pop() if first else False:
            total.item()
        total.add_(x.sum())

    step = Step(work, lambda: [total], by)
    for _ in range(WARM + 2):
        step(torch.ones(1))
    assert total == WARM + 2
    assert (by.recorded, by.replayed) == (1, 2)


class Faulty(Tape):
    """A recorder whose replays do something else than what was recorded."""

    def __init__(self, fault: Any) -> None:
        super().__init__()
        self.fault = fault

    def record(self, work: Any) -> Any:
        replay = super().record(work)
        return lambda: self.fault(replay)


FAULTS: dict[str, Any] = {
    "nothing": lambda replay, total: None,
    "twice": lambda replay, total: (replay(), replay()),
    "off": lambda replay, total: (replay(), total[1].add_(1)),
    "not a number": lambda replay, total: (replay(), total[0].fill_(torch.nan)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_recording_that_does_something_else_is_found_out_at_first_use_and_the_plain_call_counts(name):
    total, expected = torch.zeros(3), torch.zeros(3)
    by = Faulty(lambda replay: FAULTS[name](replay, total))

    def work(x: Tensor) -> None:
        total.add_(x)

    step = Step(work, lambda: [total], by)
    for k in range(WARM):
        step(numbers(3, seed=k))
    with pytest.warns(
        UserWarning, match=r"work is not replayed and stays slow: .* differs from the plain call: tensor 0"
    ):
        step(numbers(3, seed=WARM))
    for k in range(WARM + 1, 8):
        step(numbers(3, seed=k))
    for k in range(8):
        expected += numbers(3, seed=k)
    assert torch.equal(total, expected)
    assert by.recorded == 1


def test_work_that_draws_from_torchs_own_generator_draws_on_as_plain_calls_do(recwarn):
    total, expected, by = torch.zeros(50), torch.zeros(50), Tape()

    def work(x: Tensor) -> None:
        total.add_(F.dropout(x, 0.5))

    step = Step(work, lambda: [total], by)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for _ in range(WARM + 3):
            step(torch.ones(50))
        torch.manual_seed(3)
        for _ in range(WARM + 3):
            expected += F.dropout(torch.ones(50), 0.5)
    assert torch.equal(total, expected)
    assert by.replayed == 3
    assert not recwarn.list


def test_work_with_a_generator_of_its_own_is_found_out():
    total, own = torch.zeros(50), torch.Generator().manual_seed(1)

    def work(x: Tensor) -> None:
        total.add_(x * torch.rand(50, generator=own))

    step = Step(work, lambda: [total], Tape())
    for _ in range(WARM):
        step(torch.ones(50))
    with pytest.warns(UserWarning, match="work is not replayed"):
        step(torch.ones(50))


def test_each_recording_is_compared_once_and_only_then():
    asked, total = [], torch.zeros(2)

    def changes() -> list[Tensor]:
        asked.append(1)
        return [total]

    def work(rate: float, x: Tensor) -> None:
        total.add_(rate * x)

    step = Step(work, changes, Tape())
    for rate in (1.0, 2.0, 1.0, 2.0):
        for _ in range(WARM + 3):
            step(rate, torch.ones(2))
    assert len(asked) == 2


def test_recording_can_be_turned_off(monkeypatch):
    graphs: Any = Tape()
    monkeypatch.setattr(recording_module, "CudaGraphs", lambda device: graphs)
    gpu = torch.device("cuda")
    assert recorder(gpu) is graphs
    with recording(False):
        assert recorder(gpu) is None
        with recording(True):
            assert recorder(gpu) is graphs
    assert recorder(gpu) is graphs


def test_what_was_drawn_arrives_step_by_step():
    columns = [[torch.arange(n) + 10 * n for n in (2, 3, 2)], [numbers(n, 3, seed=n) for n in (2, 3, 2)]]
    found = upload(columns, torch.device("cpu"))
    assert len(found) == 3
    for step, row in enumerate(found):
        assert all(torch.equal(own, column[step]) for own, column in zip(row, columns, strict=True))


# --- the model level --------------------------------------------------------------------------------------------------


def samples(device: str = "cpu") -> Samples:
    """Real images and exemplars; sixty in all."""
    half = torch.full((1, 1, 1), 0.5, device=device)
    raw = torch.randint(17, (50, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    labels = torch.cat([torch.arange(50) % (ALL - OLD) + OLD, torch.arange(10) % OLD])
    pixels = Pixels(half, half / 2, white=16, pad=1, flip=True)
    return Samples(raw.to(device), numbers(10, 1, SIDE, SIDE, seed=2).to(device), labels.to(device), pixels)


def trained(method: str, device: str = "cpu", **changes: Any) -> tuple[list[float], dict[str, Tensor]]:
    """Losses and the network after the model level of a phase, with batches of 20 and 19."""
    settings = Training(**{"epochs": 7, "batch_size": 20, "milestones": [0.4, 0.8], **changes})
    part = samples(device).where(torch.arange(60, device=device) != 7)
    net = build_network(8, 4, 1, OLD, seed=3, head=METHODS[method].heads[0]).to(device)
    net.train()(numbers(32, 1, SIDE, SIDE, seed=9).to(device))
    teacher = copy.deepcopy(net).eval().requires_grad_(False)
    if method == "lwf":
        transfer_weights(net)
    net.grow(ALL, seed=4)
    way = method_class(method)(settings.lam, settings.temperature)
    way.begin_phase(net, OLD, part.where(part.labels >= OLD))
    descent = training.Descent(net, lambda x, y: way.loss(net, teacher, x, y), part, settings, seed=5)
    walk(descent)
    return descent.losses, net.state_dict()


CASES = [
    *(({"method": method}) for method in ("lwf", "bic", "lucir")),
    {"method": "lwf", "augment": False, "momentum": 0.0},
    {"method": "lwf", "batch_norm": "running"},
    {"method": "lucir", "precision": "bfloat16"},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_recorded_training_is_plain_training_bit_for_bit(case, tape, monkeypatch):
    history, state = trained(**case)
    assert (tape.warmed, tape.recorded, tape.replayed) == (11, 4, 10)  # three rates, two sizes
    monkeypatch.setattr(training, "recorder", lambda device: None)
    plain_history, plain = trained(**case)
    assert history == plain_history
    assert all(torch.equal(state[name], plain[name]) for name in plain)


# --- the exemplar level -----------------------------------------------------------------------------------------------

LABELS = torch.arange(8) % ALL
INNER_SGD = [
    InnerSGD(4, 0.1),
    InnerSGD(1, 0.1),
    InnerSGD(5, 0.1, momentum=0.9, weight_decay=0.05, truncate=3),
]


def base_loss(classifier: Any, images: Tensor, chosen: Tensor) -> Tensor:
    return F.cross_entropy(classifier(images.index_select(0, chosen)), LABELS[chosen])


def meta_loss(classifier: Any, images: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(classifier(images), labels)


def network(kind: str, seed: int) -> Any:
    model = build_network(8, 2, 1, OLD, seed=seed, head="cosine" if kind == "cosine" else "linear")
    model.grow(ALL, seed=seed + 50)
    if kind == "cosine":
        model.head.freeze_old()
    if kind == "transferred":
        transfer_weights(model)
    if kind == "head":
        model.backbone.requires_grad_(False)
    model.train()(numbers(32, 1, SIDE, SIDE, seed=seed))  # running statistics of its own
    return model.double().train(kind != "running")


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
@pytest.mark.parametrize("sgd", INNER_SGD, ids=["plain", "one step", "everything"])
@pytest.mark.parametrize("kind", ["linear", "cosine", "transferred", "head", "running"])
def test_an_engine_that_is_asked_again_answers_for_what_it_is_asked(kind, sgd, recorded, tape, monkeypatch):
    """Another model, other exemplars, mini-batches and validation images (in another number too) at each outer step."""
    if not recorded:
        monkeypatch.setattr(recorded_adjoint, "recorder", lambda device: None)
    engine, last = ENGINES["adjoint"](base_loss, meta_loss, sgd), None
    for step in range(2 * WARM + 4):
        model = network(kind, seed=step)
        images, count = numbers(8, 1, SIDE, SIDE, seed=30 + step).double(), 12 + step % 2
        minibatches = [
            (torch.randperm(8, generator=torch.Generator().manual_seed(10 * step + t))[:6],) for t in range(5)
        ]
        validation = numbers(count, 1, SIDE, SIDE, seed=step).double(), torch.arange(count) % ALL
        asked = model, images, minibatches, validation
        before = copy.deepcopy(model.state_dict())
        found, expected = engine(*asked), ENGINES["higher"](base_loss, meta_loss, sgd)(*asked)
        assert ((found.gradient - expected.gradient).norm() / expected.gradient.norm()).item() <= 1e-10
        assert found.meta_loss.item() == pytest.approx(expected.meta_loss.item(), rel=1e-10)
        assert found.base_losses.tolist() == pytest.approx(expected.base_losses.tolist(), rel=1e-10)
        assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
        if last is not None:  # what it answered before is still what it was
            assert torch.equal(*last)
        last = found.gradient, found.gradient.clone()
        model.train(not model.training)  # what becomes of a model afterwards is no matter of the engine's
        model.grow(ALL + 1, seed=0)
    if recorded:
        assert tape.recorded == 4  # forwards, validate for either number, backwards
        assert tape.warmed == 4 * WARM


def test_an_engine_takes_its_tensors_and_recordings_with_it(tape):
    """At once, not when garbage is collected: on a GPU the next recording's memory would not be there yet."""
    minibatches = [(torch.arange(8),)] * 4
    validation = numbers(9, 1, SIDE, SIDE, seed=1).double(), torch.arange(9) % ALL
    engine: Any = ENGINES["adjoint"](base_loss, meta_loss, INNER_SGD[0])
    gc.disable()
    try:
        kept = []
        for count in (8, 10):  # the second is another walk
            for _ in range(WARM + 1):
                images = numbers(count, 1, SIDE, SIDE, seed=2).double()
                engine(network("linear", seed=1), images, minibatches, validation)
            kept += [weakref.ref(of) for of in (engine._walk, *engine._steps)]
        assert [ref() is None for ref in kept] == [True] * 4 + [False] * 4
        del engine
        assert all(ref() is None for ref in kept)
    finally:
        gc.enable()


def test_an_engine_that_is_asked_about_something_else_starts_anew(tape):
    engine = ENGINES["adjoint"](base_loss, meta_loss, INNER_SGD[0])
    minibatches = [(torch.arange(8),)] * 4
    validation = numbers(9, 1, SIDE, SIDE, seed=1).double(), torch.arange(9) % ALL
    kinds = ("linear", "head", "linear", "running", "cosine", "transferred", "linear")  # neighbours differ in little
    for count, kind in itertools.product((8, 10), kinds):
        asked = network(kind, seed=1), numbers(count, 1, SIDE, SIDE, seed=2).double(), minibatches, validation
        found, expected = engine(*asked), ENGINES["higher"](base_loss, meta_loss, INNER_SGD[0])(*asked)
        assert found.gradient.shape == expected.gradient.shape
        assert ((found.gradient - expected.gradient).norm() / expected.gradient.norm()).item() <= 1e-10


AXES: dict[str, dict[str, Any]] = {
    "paper": {},
    "mini-batches, crops": {"inner_batch": 5, "inner_augment": True, "val_augment": True},
    "tuned": {"start": "perturbed", "optimizer": "adam", "inner_augment": True, "clip": True},
    "head": {"inner": "head", "batch_norm": "running"},
}


def optimised(device: str = "cpu", **changes: Any) -> tuple[Tensor, dict[str, list[float]]]:
    """Eight outer steps, with validation batches of two sizes."""
    axes = PAPER_EXEMPLAR_LEVEL.model_dump() | {"engine": "adjoint", "inner_steps": 3, "alpha": 0.1, "val_batch": 15}
    settings, part = ExemplarLevel(**(axes | {"halve_every": 0, "epochs": 4} | changes)), samples(device)
    context = part.images[:4], part.labels[50:54]
    net = build_network(8, 4, 1, ALL, seed=3).to(device)
    images, labels = numbers(8, 1, SIDE, SIDE, seed=6).to(device), torch.arange(8, device=device) % (ALL - OLD) + OLD
    validation = part.where((part.labels >= OLD) & (torch.arange(60, device=device) < 29))
    outer = ExemplarTraining(net, (images, labels), validation, context, settings, seed=8)
    walk(outer)
    return outer.E.detach(), outer.log.columns(outer.done)


@pytest.mark.parametrize("changes", AXES.values(), ids=list(AXES))
def test_recorded_outer_steps_are_the_plain_ones(changes, tape, monkeypatch):
    images, log = optimised(**changes)
    assert tape.replayed > tape.warmed
    monkeypatch.setattr(recorded_adjoint, "recorder", lambda device: None)
    plain, plain_log = optimised(**changes)
    assert torch.equal(images, plain)
    assert log == plain_log
    assert len(log["meta_loss"]) == 8


# --- on a GPU ---------------------------------------------------------------------------------------------------------


class Counted(CudaGraphs):
    """CUDA graphs, counted: a test whose steps were never replayed has tested nothing."""

    replayed = 0

    def record(self, work: Any) -> Any:
        replay = super().record(work)

        def counting() -> None:
            Counted.replayed += 1
            replay()

        return counting


@pytest.fixture
def graphs(monkeypatch):
    """Recording by counted graphs; a step that is not recorded is an error."""
    monkeypatch.setattr(Counted, "replayed", 0)
    for module in (training, recorded_adjoint):
        monkeypatch.setattr(module, "recorder", Counted)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*is not re(corded|played)")
        with deterministic():
            yield Counted


@cuda
def test_a_graph_adds_what_the_plain_call_adds(graphs):
    device = torch.device("cuda")
    total, expected = torch.zeros(3, device=device), torch.zeros(3, device=device)

    def work(rate: float, x: Tensor) -> None:
        total.add_(rate * x)

    step = Step(work, lambda: [total], graphs(device))
    for k in range(6):
        x = numbers(3, seed=k).to(device)
        step(0.5, x)
        expected += 0.5 * x
        assert torch.equal(total, expected)
    assert graphs.replayed == 6 - WARM


@cuda
def test_on_a_gpu_what_waits_is_not_recorded_and_goes_on():
    total = torch.zeros((), device="cuda")

    def work(x: Tensor) -> None:
        total.add_(1.0 if x.sum() > 0 else 0.0)

    step = Step(work, lambda: [total], CudaGraphs(torch.device("cuda")))
    for _ in range(WARM - 1):
        step(torch.ones(1, device="cuda"))
    with pytest.warns(UserWarning, match="work is not recorded and stays slow"):
        step(torch.ones(1, device="cuda"))
    for _ in range(3):
        step(torch.ones(1, device="cuda"))
    assert total.item() == WARM + 3
    assert not step._recordings


@cuda
@pytest.mark.parametrize("kind", ["linear", "cosine", "transferred", "head", "running"])
def test_replayed_graphs_give_the_gradient_of_higher_in_double_precision(kind, graphs):
    known = LABELS.cuda()

    def base(classifier: Any, images: Tensor, chosen: Tensor) -> Tensor:
        return F.cross_entropy(classifier(images.index_select(0, chosen)), known[chosen])

    engine = ENGINES["adjoint"](base, meta_loss, INNER_SGD[2])
    for step in range(4):
        minibatches = [(torch.randperm(8, generator=torch.Generator().manual_seed(t))[:6].cuda(),) for t in range(5)]
        validation = numbers(12, 1, SIDE, SIDE, seed=step).double().cuda(), (torch.arange(12) % ALL).cuda()
        images = numbers(8, 1, SIDE, SIDE, seed=step).double().cuda()
        asked = network(kind, seed=step).cuda(), images, minibatches, validation
        found, expected = engine(*asked), ENGINES["higher"](base, meta_loss, INNER_SGD[2])(*asked)
        assert ((found.gradient - expected.gradient).norm() / expected.gradient.norm()).item() <= 1e-9
    assert graphs.replayed > 0


@cuda
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_training_by_graphs_is_plain_training_to_rounding(case, graphs, monkeypatch):
    history, state = trained(device="cuda", rate=0.01, **case)
    assert graphs.replayed == 10
    monkeypatch.setattr(training, "recorder", lambda device: None)
    plain_history, plain = trained(device="cuda", rate=0.01, **case)
    tolerance = 0.02 if case.get("precision") == "bfloat16" else 1e-3
    assert history == pytest.approx(plain_history, rel=tolerance)
    for name, value in plain.items():
        assert (state[name] - value).double().norm() <= tolerance * value.double().norm() + 1e-6, name


@cuda
@pytest.mark.parametrize("changes", AXES.values(), ids=list(AXES))
def test_outer_steps_by_graphs_are_the_plain_ones_to_rounding(changes, graphs, monkeypatch):
    images, log = optimised(device="cuda", **changes)
    assert graphs.replayed > 0
    monkeypatch.setattr(recorded_adjoint, "recorder", lambda device: None)
    plain, plain_log = optimised(device="cuda", **changes)
    assert (images - plain).norm() <= 0.01 * plain.norm()
    assert log["meta_loss"] == pytest.approx(plain_log["meta_loss"], rel=0.01)
