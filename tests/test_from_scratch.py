"""A fresh network on the exemplars alone: what it is trained and tested on, and that nothing else depends on it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from mnemonics_lib import from_scratch, global_bop, runs
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.durable import records
from mnemonics_lib.durable.driver import Driver
from mnemonics_lib.durable.signals import StoppedError
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import Loop, walk
from mnemonics_lib.models import CosineHead, LinearHead, build_network
from mnemonics_lib.training import Descent

NAMES = ["phase 0: from scratch", "phase 1: from scratch"]


def made(config: RunConfig) -> tuple[Experiment, global_bop.State, dict[str, Descent]]:
    """A run, and the loops of its fresh networks by their names."""
    experiment, loops = Experiment.of(config), {}

    def looking(loop: Loop, name: str) -> None:
        walk(loop, name)
        if "from scratch" in name:
            assert isinstance(loop, Descent)
            loops[name] = loop

    state = global_bop.initial_state(experiment)
    for _ in global_bop.phases(experiment, state, looking):
        pass
    return experiment, state, loops


@pytest.mark.parametrize(("method", "head"), [("lwf", LinearHead), ("lucir", CosineHead)])
def test_each_phase_trains_a_fresh_network_on_its_exemplars_alone_and_tests_it(tiny, method, head):
    changes: dict[str, Any] = {"training": {"epochs": 3, "batch_size": 7, "milestones": [0.5]}, "weight_transfer": True}
    config = tiny.replace(method=method, phases=1, budget=3, from_scratch=4, **changes)
    experiment, state, loops = made(config)
    assert list(loops) == NAMES
    for phase, (loop, row) in enumerate(zip(loops.values(), state.results, strict=True)):
        classes = (5, 10)[phase]
        assert loop.sgd == config.training.model_copy(update={"epochs": 4})
        assert loop.batches.samples.labels.tolist() == [k for k in range(classes) for _ in range(3)]
        model: Any = loop.model
        assert isinstance(model.head, head)
        assert model.classes == classes
        images, labels = experiment.test_data(classes).all()
        with torch.no_grad():
            right = model.eval()(images).argmax(1) == labels
        assert row["from_scratch_accuracy"] == pytest.approx(100 * right.double().mean().item())
    assert len({loop.seed for loop in loops.values()}) == 2
    # The exemplars of the last phase, as they are kept and not as they were selected.
    assert torch.equal(loops[NAMES[1]].batches.samples.all()[0], state.memory.images)
    assert not torch.equal(state.memory.images, state.memory.origin)


def test_it_is_plain_classification_from_a_fresh_start(tiny):
    """With one pass of a single batch, that is one step of SGD by hand."""
    training = {"augment": False, "weight_decay": 0.0, "momentum": 0.0, "rate": 0.5}
    experiment = Experiment.of(tiny.replace(from_scratch=1, training=training))
    images, labels = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(1)), torch.arange(6) % 5
    exemplars, loops = Samples.learned(images, labels, experiment.data.pixels), list[Any]()
    begun = list[Any]()

    def looking(loop: Any, name: str) -> None:
        begun.append({name: value.clone() for name, value in loop.model.state_dict().items()})
        loops.append(loop)
        walk(loop, name)

    found = [from_scratch.accuracy_from_scratch(experiment, 0, exemplars, looking) for _ in range(2)]
    assert found[0] == found[1]
    assert all(torch.equal(begun[0][name], begun[1][name]) for name in begun[0])
    by_hand = build_network(8, 4, 1, 5, seed=0)
    by_hand.load_state_dict(begun[0])
    F.cross_entropy(by_hand.train()(images), labels).backward()
    with torch.no_grad():
        for parameter in by_hand.parameters():
            assert parameter.grad is not None
            parameter.sub_(parameter.grad, alpha=0.5)
    for name, value in loops[0].model.named_parameters():
        torch.testing.assert_close(value, by_hand.get_parameter(name), rtol=1e-4, atol=1e-6)
    # Not the network that the run begins with, nor that of another seed.
    other = Experiment.of(tiny.replace(from_scratch=1, training=training, seed=1))
    from_scratch.accuracy_from_scratch(other, 0, exemplars, looking)
    of_run = global_bop.initial_state(experiment).model.state_dict()
    for different in (of_run, begun[2]):
        assert not torch.equal(begun[0]["head.blocks.0.weight"], different["head.blocks.0.weight"])


@pytest.mark.parametrize("changes", [{"method": "bic", "budget": 4}, {"adjust": 2, "storage": "uint8"}], ids=str)
def test_no_other_number_of_the_run_depends_on_it(tiny, changes):
    config = tiny.replace(phases=1, **changes)
    (_, off, none), (_, on, loops) = made(config), made(config.replace(from_scratch=2))
    assert (list(none), list(loops)) == ([], NAMES)
    assert [row.pop("from_scratch_accuracy") for row in off.results] == [None, None]
    assert all(0 <= row.pop("from_scratch_accuracy") <= 100 for row in on.results)
    assert on.results == off.results
    assert torch.equal(on.memory.images, off.memory.images)
    ours, theirs = on.model.state_dict(), off.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_asking_moves_no_generator_and_leaves_the_state_alone(small):
    experiment = Experiment.of(small.replace(from_scratch=1))
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    state.phase = 0  # asked once more
    drawn, last = torch.get_rng_state(), state.last
    again = global_bop.learn_from_scratch(experiment, state)
    assert again == {"from_scratch_accuracy": state.results[0]["from_scratch_accuracy"]}
    assert torch.equal(torch.get_rng_state(), drawn)
    assert state.last == last


class StoppingDriver(Driver):
    """Is told to stop after the second epoch of the fresh network of phase 1, as by Ctrl-C."""

    def _keep(self, loop, name, ear):
        if name == NAMES[1] and loop.done == 2:
            ear.heard = 2
        super()._keep(loop, name, ear)


def test_a_run_that_is_stopped_on_the_way_goes_on_to_the_same_bits(tiny, tmp_path, monkeypatch):
    config = tiny.replace(phases=1, from_scratch=4)
    whole, _ = runs.run(config, tmp_path / "whole")
    assert all(result.from_scratch_accuracy is not None for result in whole.results)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "Driver", StoppingDriver)
        with pytest.raises(StoppedError, match=r"in phase 1: from scratch: 2 of 4 steps are done"):
            runs.run(config, tmp_path / "parts")
    epochs, descend = [], Descent.step

    def counting(self):
        epochs.append(self.done)
        descend(self)

    monkeypatch.setattr(Descent, "step", counting)
    resumed, _ = runs.run(config, tmp_path / "parts")
    assert epochs == [2, 3]  # and of no other loop
    assert records.canonical(resumed) == records.canonical(whole)
