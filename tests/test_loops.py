"""A plain walk does what is left of a loop, and nothing else; loops end, and take no state but their own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, Optimisation
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loop_state import part
from mnemonics_lib.loops import Loop, LoopState, StepError, walk
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.training import Descent


class Counting:
    def __init__(self, done: int, steps: int) -> None:
        self.done, self.steps = done, steps

    def __len__(self) -> int:
        return self.steps

    def step(self) -> None:
        self.done += 1

    def state(self) -> LoopState:
        raise AssertionError("a plain walk keeps nothing")

    def load_state(self, state: LoopState) -> None:
        raise AssertionError("a plain walk goes on from nothing")


@pytest.mark.parametrize("done", [0, 1, 4, 5])
def test_it_does_the_steps_that_are_left(done):
    loop = Counting(done, 5)
    walk(loop, "any name")
    assert loop.done == 5


SPACE = Pixels(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), white=1, pad=0, flip=False)


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(features: int = 3) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(4, features), nn.Dropout(0.3), nn.Linear(features, 2))


def descent(epochs: int = 4, features: int = 3, **changes: Any) -> Descent:
    values: dict[str, Any] = {"batch_size": 4, "rate": 0.1, "milestones": [0.5], "momentum": 0.9, "augment": False}
    model, samples = network(features), Samples.learned(numbers(8, 1, 2, 2, seed=1), torch.arange(8) % 2, SPACE)
    sgd = Optimisation(epochs=epochs, **(values | changes))
    return Descent(model, lambda x, y: cross_entropy(model(x), y), samples, sgd, seed=5)


def level(**changes: Any) -> Any:
    values = {"inner_steps": 2, "epochs": 2, "adjust_epochs": 2, "val_batch": 3, "optimizer": "adam", "halve_every": 1}
    return PAPER_EXEMPLAR_LEVEL.model_copy(update=values | changes)


def training(count: int = 4, side: int = 2, **changes: Any) -> ExemplarTraining:
    images, labels = numbers(count, 1, side, 2, seed=2), torch.arange(count) % 2
    net = nn.Sequential(nn.Flatten(), nn.Linear(2 * side, 3), nn.Dropout(0.3), nn.Linear(3, 2))
    validation = Samples.learned(numbers(6, 1, side, 2, seed=3), torch.arange(6) % 2, SPACE)
    return ExemplarTraining(net, (images, labels), validation, (images[:0], labels[:0]), level(**changes), seed=6)


def adjustment(each: int = 4, parts: int = 2, **changes: Any) -> Adjustment:
    images, labels = numbers(2 * each, 1, 2, 2, seed=4), torch.arange(2).repeat_interleave(each)
    memory = ExemplarMemory.empty((1, 2, 2), torch.device("cpu")).extend(images, labels)
    return Adjustment(network(), memory, memory.splits(parts, 2), level(**changes), SPACE, seed=7)


LOOPS: dict[str, Callable[..., Loop]] = {"descent": descent, "training": training, "adjustment": adjustment}


def at(loop: Loop, step: int) -> Loop:
    for _ in range(step):
        loop.step()
    return loop


def result(loop: Any) -> list[Tensor]:
    if isinstance(loop, Descent):
        return [*loop.model.state_dict().values(), torch.tensor(loop.losses)]
    return [loop.E.detach()] if isinstance(loop, ExemplarTraining) else [loop.memory.images]


@pytest.mark.parametrize("name", sorted(LOOPS))
def test_past_its_end_a_loop_refuses_and_stays_as_it_is(name):
    loop = LOOPS[name]()
    walk(loop)
    before = [tensor.clone() for tensor in result(loop)]
    with pytest.raises(StepError, match=f"{type(loop).__name__}: all {len(loop)} steps are done"):
        loop.step()
    assert loop.done == len(loop)
    assert all(torch.equal(a, b) for a, b in zip(result(loop), before, strict=True))


@pytest.mark.parametrize("stop", [0, 1, 3])
@pytest.mark.parametrize("name", sorted(LOOPS))
def test_with_random_layers_too_the_seed_decides_and_a_loop_goes_on_to_the_same_bits(name, stop):
    """Layers draw from torch's own generators, which are none of the run's named streams."""
    torch.manual_seed(1)
    make = LOOPS[name]
    whole = make()
    first = make()
    if name == "training":  # whose network is made here
        first.model.load_state_dict(whole.model.state_dict())  # type: ignore[attr-defined]
    before = torch.get_rng_state()
    walk(whole)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    kept = copy.deepcopy(at(first, stop).state())
    torch.manual_seed(3)
    second = make()
    if name == "training":
        second.model.load_state_dict(whole.model.state_dict())  # type: ignore[attr-defined]
    second.load_state(kept)
    walk(second)
    assert all(torch.equal(a, b) for a, b in zip(result(whole), result(second), strict=True))


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_what_a_random_layer_draws_is_new_in_each_outer_step(dropout):
    """Of equal images, so that their order changes nothing, and with a beta that is as good as none."""
    images, labels = numbers(1, 1, 2, 2, seed=2).expand(6, -1, -1, -1).contiguous(), torch.zeros(6, dtype=torch.int64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(4, 16), nn.Dropout(dropout), nn.Linear(16, 2))
    still = level(epochs=2, beta=1e-30)  # two steps an epoch
    validation = Samples.learned(images, labels, SPACE)
    loop = ExemplarTraining(net, (images[:4], labels[:4]), validation, (images[:0], labels[:0]), still, seed=6)
    walk(loop)
    losses = loop.log.columns(4)
    for column in ("meta_loss", "base_loss_first", "base_loss_last"):
        assert len(set(losses[column])) == (4 if dropout else 1), column


@pytest.mark.parametrize("stop", [1, 4])
@pytest.mark.parametrize("name", sorted(LOOPS))
def test_a_state_that_lacks_a_part_is_refused_by_the_parts_name(name, stop):
    kept = copy.deepcopy(at(LOOPS[name](), stop).state())
    for key in kept:
        with pytest.raises(ValueError, match=f"^{key}: is missing in the loop's state, which has"):
            LOOPS[name]().load_state({other: value for other, value in kept.items() if other != key})
        with pytest.raises(ValueError, match=f"^{key}: is not of this loop"):
            LOOPS[name]().load_state(kept | {key: object()})
    with pytest.raises(ValueError, match="is missing in the loop's state, which has list"):
        LOOPS[name]().load_state([kept])  # type: ignore[arg-type]


@pytest.mark.parametrize("one", sorted(LOOPS))
@pytest.mark.parametrize("other", sorted(LOOPS))
def test_the_state_of_another_kind_of_loop_is_refused(one, other):
    kept = at(LOOPS[other](), 1).state()
    if one == other:
        LOOPS[one]().load_state(kept)
        return
    with pytest.raises(ValueError, match="is missing"):
        LOOPS[one]().load_state(kept)


@pytest.mark.parametrize(
    ("name", "giver", "stop", "taker", "message"),
    [
        ("descent", {"epochs": 6}, 5, {}, r"^losses: is not of this loop: 5 steps are done: must be 0 to 4"),
        ("descent", {"epochs": 2}, 2, {}, r"^optimizer: is missing"),
        ("descent", {"features": 5}, 1, {}, r"(?s)^model: is not of this loop: .*size mismatch"),
        ("descent", {"rate": 0.3}, 1, {}, r"^optimizer: is not of this loop: initial_lr = 0\.3: must be 0\.1"),
        ("descent", {"momentum": 0.5}, 1, {}, r"^optimizer: .*momentum = 0\.5: must be 0\.9"),
        ("descent", {"milestones": [0.25]}, 1, {}, r"^scheduler: is not of this loop: milestones ="),
        ("training", {"count": 6}, 1, {}, r"^images: .*shape \[6, 1, 2, 2\]: must be .* \[4, 1, 2, 2\]"),
        ("training", {"count": 1}, 1, {}, r"^images: .*shape \[1, 1, 2, 2\]"),
        ("training", {"side": 3}, 1, {}, r"^images: "),
        ("training", {"epochs": 4}, 5, {}, r"^log: is not of this loop: 5 steps are done: must be 0 to 4"),
        ("training", {"epochs": 1}, 2, {}, r"^optimizer: is missing"),
        ("training", {"optimizer": "sgd"}, 1, {}, r"^optimizer: is not of this loop: momentum = 0: must be None"),
        ("training", {"halve_every": 2}, 1, {}, r"^scheduler: is not of this loop: step_size = 2: must be 1"),
        ("adjustment", {"parts": 4}, 26, {}, r"^parts: is not of this loop: . of them: must be 1 to 2"),
        ("adjustment", {"each": 6}, 1, {}, r"^parts: .*images: is not of this loop"),
    ],
)
def test_the_state_of_a_loop_made_from_other_values_is_refused_by_the_part_that_shows_it(
    name, giver, stop, taker, message
):
    other = LOOPS[name](**giver)
    kept = copy.deepcopy(at(other, min(stop, len(other))).state())
    with pytest.raises(ValueError, match=message):
        LOOPS[name](**taker).load_state(kept)


def test_buffers_of_another_shape_and_images_of_another_type_are_refused_where_torch_takes_them():
    kept = copy.deepcopy(at(training(), 1).state())
    kept["optimizer"]["state"][0]["exp_avg"] = torch.zeros(1)
    with pytest.raises(ValueError, match=r"^optimizer: is not of this loop: .* shape \[1\]: must be"):
        training().load_state(kept)
    kept = copy.deepcopy(at(training(), 1).state())
    with pytest.raises(ValueError, match=r"^images: .*torch.float64 .*must be torch.float32"):
        training().load_state(kept | {"images": kept["images"].double()})


def test_a_part_of_eq_10_that_was_left_before_its_end_is_refused():
    kept = copy.deepcopy(at(adjustment(), 5).state())
    assert len(kept["parts"]) == 2
    early = copy.deepcopy(at(adjustment(), 1).state())
    with pytest.raises(ValueError, match="part 0 is not done, and part 1 was begun"):
        adjustment().load_state({"parts": [early["parts"][0], kept["parts"][1]]})


def test_what_goes_wrong_with_a_part_keeps_its_cause():
    with pytest.raises(ValueError, match=r"^a: is not of this loop: 'no'") as found, part({"a": 1}, "a"):
        raise KeyError("no")
    assert isinstance(found.value.__cause__, KeyError)
