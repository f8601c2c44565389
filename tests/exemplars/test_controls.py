"""The controls of a training: a fixed panel that can be compared, and the displacement of pure noise."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars import controls as module
from mnemonics_lib.exemplars import mnemonics
from mnemonics_lib.exemplars.controls import controls, noise_displacement, own_loss, panel
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.loops import walk
from mnemonics_lib.models import build_network

PLAIN: dict[str, Any] = PAPER_EXEMPLAR_LEVEL.model_dump() | {
    "epochs": 3,
    "inner_steps": 2,
    "alpha": 0.1,
    "beta": 0.05,
    "optimizer": "adam",
    "val_batch": 10,
    "halve_every": 0,
}


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def training(grey, **changes) -> ExemplarTraining:
    model = build_network(8, 2, 1, 2, seed=3)
    model.train()(numbers(32, 1, 8, 8, seed=9))
    data = Samples.learned(numbers(20, 1, 8, 8, seed=2), torch.arange(20) % 2, grey)
    images, labels = numbers(6, 1, 8, 8, seed=1), torch.arange(6) % 2
    level = ExemplarLevel(**(PLAIN | changes))
    return ExemplarTraining(model, (images, labels), data, (images[:0], labels[:0]), level, seed=0)


def test_the_panel_is_the_loss_of_a_model_trained_on_the_exemplars(grey):
    """Without a perturbation there is one start: an ordinary training by hand gives both numbers."""
    made = training(grey)
    model = copy.deepcopy(made.model).train()
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        sgd.zero_grad()
        F.cross_entropy(model(made.start), torch.arange(6) % 2).backward()
        sgd.step()
    x, y = numbers(20, 1, 8, 8, seed=2), torch.arange(20) % 2
    with torch.no_grad():
        running = F.cross_entropy(model.eval()(x), y).item()
        batch = F.cross_entropy(model.train()(x), y).item()
    assert panel(made, made.start) == pytest.approx((batch, running), rel=1e-5)
    assert batch != pytest.approx(running, rel=1e-3)


@pytest.mark.parametrize("changes", [{}, {"start": "perturbed"}, {"inner": "head"}, {"inner": "ncm"}], ids=str)
def test_the_panel_is_fixed_and_asking_changes_nothing(grey, changes):
    made = training(grey, **changes)
    before = copy.deepcopy(made.model.state_dict())
    first = panel(made, made.start)
    torch.manual_seed(5)
    assert panel(made, made.start) == first
    assert all(torch.equal(value, before[name]) for name, value in made.model.state_dict().items())
    assert torch.equal(made.E, made.start)
    assert panel(made, made.start + 1) != first
    other = training(grey, **changes)
    walk(other)
    untouched = training(grey, **changes)
    walk(untouched)
    panel(untouched, untouched.start)
    assert torch.equal(untouched.E, other.E)


def test_perturbed_starts_of_a_panel_are_spread_evenly_and_none_that_the_exemplars_were_trained_for(grey, monkeypatch):
    """Starts or mini-batches that a training has had would judge it by what it was fitted to."""
    made = training(grey, start="perturbed", inner_batch=2)
    starts, batches, draw = list[tuple[int, float]](), list[int](), made.inner.draw

    def noted(model, level, seed, share):
        starts.append((seed, share))
        return temporary_model(model, level, seed, share)

    def drawn(step, count):
        batches.append(step)
        return draw(step, count)

    for where in (module, mnemonics):
        monkeypatch.setattr(where, "temporary_model", noted)
    monkeypatch.setattr(made.inner, "draw", drawn)
    panel(made, made.start)
    of_panel = starts.copy()
    for step in range(len(made)):
        made.temporary(step)
    assert [share for _, share in of_panel] == [0.125, 0.375, 0.625, 0.875]
    assert len({seed for seed, _ in starts}) == 4 + len(made)
    assert len(set(batches)) == 4
    assert not set(batches) & set(range(len(made)))


def test_a_panel_of_perturbed_starts_is_the_mean_over_them(grey, monkeypatch):
    made, losses, meta_loss = training(grey, start="perturbed"), list[float](), ExemplarTraining.meta_loss

    def noted(self, *arguments):
        losses.append(meta_loss(self, *arguments).item())
        return torch.tensor(losses[-1])

    monkeypatch.setattr(ExemplarTraining, "meta_loss", noted)
    found = panel(made, made.start)
    running, batch = losses[::2], losses[1::2]
    assert len(set(losses)) == 8
    assert found == pytest.approx((sum(batch) / 4, sum(running) / 4))


def test_controls_have_the_panel_before_and_after_with_either_kind_of_statistics(grey):
    made = training(grey)
    walk(made)
    before, after = panel(made, made.start), panel(made, made.E.detach())
    due = {"before": before[0], "before_running": before[1], "after": after[0], "after_running": after[1]}
    assert controls([made])["panel"] == pytest.approx(due)
    assert before[0] != pytest.approx(before[1], rel=1e-3)


def test_what_is_measured_afterwards_is_of_the_images_that_storage_gives_back(grey):
    made = training(grey, beta=0.3)
    walk(made)
    kept = grey.normalise(grey.quantise(made.E.detach()))
    found = controls([made], lambda E, pixels: pixels.normalise(pixels.quantise(E)))
    assert found["own_loss_after"] == own_loss(made, kept) != own_loss(made, made.E.detach())
    assert (found["panel"]["after"], found["panel"]["after_running"]) == panel(made, kept)
    as_they_are = controls([made])
    assert found["own_loss_before"] == as_they_are["own_loss_before"]
    assert found["panel"]["before"] == as_they_are["panel"]["before"]


def test_noise_is_projected_where_the_training_projects(grey):
    """Steps of Adam far larger than the range: each pixel of the noise ends at the one or the other end of its room."""
    made = training(grey, clip=True, beta=100.0, epochs=1)
    made.E.data.copy_(grey.clip(made.E.detach()))
    made.start = made.E.detach().clone()
    walk(made)
    room = torch.stack([grey.low - made.start, grey.high - made.start]).abs()
    found = noise_displacement(made)
    least, most = room.amin(dim=0), room.amax(dim=0)
    assert least.square().mean().sqrt() <= found <= most.square().mean().sqrt()
    free = training(grey, beta=100.0, epochs=1)
    walk(free)
    assert noise_displacement(free) > 10 * found


def test_training_lowers_the_panels_loss(grey):
    made = training(grey, epochs=30)
    walk(made)
    found = controls([made])["panel"]
    assert found["after"] < found["before"]


def test_controls_of_several_trainings_are_their_logs_in_turn_and_means(grey):
    one, other = training(grey), training(grey, beta=0.01)
    for made in (one, other):
        walk(made)
    both, first, second = controls([one, other]), controls([one]), controls([other])
    assert {name: values[:6] for name, values in both["steps"].items()} == first["steps"]
    assert {name: values[6:] for name, values in both["steps"].items()} == second["steps"]
    for name in ("before", "after", "before_running", "after_running"):
        assert both["panel"][name] == pytest.approx((first["panel"][name] + second["panel"][name]) / 2)
    for name in ("own_loss_before", "own_loss_after"):
        assert both[name] == pytest.approx((first[name] + second[name]) / 2)
    squares = [found["noise_displacement"] ** 2 for found in (first, second)]
    assert both["noise_displacement"] == pytest.approx((sum(squares) / 2) ** 0.5)


def test_the_own_loss_is_that_of_the_exemplars_at_the_model_itself_in_evaluation_mode(grey):
    made = training(grey, beta=1.0)
    walk(made)
    before = copy.deepcopy(made.model.state_dict())
    made.model.train()
    with torch.no_grad():
        logits = [copy.deepcopy(made.model).eval()(images) for images in (made.start, made.E)]
    by_hand = [-torch.log_softmax(of, dim=1)[range(6), torch.arange(6) % 2].mean().item() for of in logits]
    found = controls([made])
    assert [found["own_loss_before"], found["own_loss_after"]] == pytest.approx(by_hand, rel=1e-6)
    assert by_hand[0] != pytest.approx(by_hand[1], rel=1e-3)
    assert made.model.training  # as it was
    assert all(torch.equal(value, before[name]) for name, value in made.model.state_dict().items())


def test_exemplars_that_do_not_move_are_not_asked_about(grey):
    """The old exemplars of objective eq4b take part in the training, and are none of those trained."""
    made = training(grey)
    more = ExemplarTraining(
        made.model, (made.start, torch.arange(6) % 2), made.samples, (made.start[:2] + 3, torch.ones(2).long()),
        made.level, 0,
    )  # fmt: skip
    assert own_loss(more, more.start) == own_loss(made, made.start)


def test_noise_goes_as_far_as_a_random_walk(grey):
    """SGD along independent normal steps of size beta g: after n of them the distance is beta g sqrt(n)."""
    made = training(grey, optimizer="sgd", beta=0.5, epochs=50)
    made.log.rows[:, 3] = 0.2
    made._done = 100
    made.start = torch.zeros(100, 1, 8, 8)
    assert noise_displacement(made) == pytest.approx(0.5 * 0.2 * 100**0.5, rel=0.05)


def test_adam_moves_along_noise_whatever_its_size(grey):
    distances = []
    for size in (1e-6, 1e-2):
        made = training(grey, epochs=50)
        made.log.rows[:, 3], made._done = size, 100
        distances.append(noise_displacement(made))
    assert distances[0] == pytest.approx(distances[1], rel=0.05)
    assert distances[0] > 0.1


def test_noise_follows_the_schedule_of_beta(grey):
    made = training(grey, optimizer="sgd", beta=1.0, epochs=50, halve_every=1)
    made.log.rows[:, 3], made._done = 1.0, 100
    made.start = torch.zeros(100, 1, 8, 8)
    # Two steps a pass at 1, 1/2, 1/4, ...: the variances add up to 2 / (1 - 1/4).
    assert noise_displacement(made) == pytest.approx((8 / 3) ** 0.5, rel=0.05)
