"""BiC (Wu et al. 2019): its scalars by independent optimisers, its losses by hand, its images that are held out."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from mnemonics_lib import global_bop, runs
from mnemonics_lib.config import ConfigError
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.mnemonics import new_exemplar_training
from mnemonics_lib.exemplars.selection import select
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.methods.bic import PENALTY, BiC, correct, fit
from mnemonics_lib.models import build_network
from mnemonics_lib.training import Descent


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# --- the correction and its fit --------------------------------------------------------------------------------------


def test_the_correction_is_alpha_o_plus_beta_on_new_classes_alone():
    logits = torch.tensor([[1.0, -2.0, 3.0, -4.0], [0.0, 5.0, -1.0, 2.0]])
    expected = [[1.0, -2.0, 0.5 * 3 - 0.25, 0.5 * -4 - 0.25], [0.0, 5.0, 0.5 * -1 - 0.25, 0.5 * 2 - 0.25]]
    assert correct(logits, 0.5, -0.25, 2).tolist() == expected
    assert torch.equal(correct(logits, 1.0, 0.0, 2), logits)
    assert torch.equal(correct(logits, 9.0, 9.0, 4), logits)  # no class is new
    assert torch.equal(correct(logits, 2.0, 1.0, 0), 2 * logits + 1)  # all are


def problem(seed: int, n: int, old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that favours the new classes, and labels that it does not predict perfectly."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % (old + new)
    logits = generator.normal(size=(n, old + new))
    logits[np.arange(n), labels] += 1.5
    logits[:, old:] += generator.uniform(0, 3)
    return logits, labels


def objective(scalars: np.ndarray, logits: np.ndarray, labels: np.ndarray, first: int) -> float:
    alpha, beta = scalars
    corrected = logits.copy()
    corrected[:, first:] = alpha * logits[:, first:] + beta
    return float(-np.log(softmax(corrected)[np.arange(len(labels)), labels]).mean() + 0.1 * beta**2 / 2)


problems = st.tuples(st.integers(0, 2**20), st.integers(40, 120), st.integers(1, 6), st.integers(1, 4))


@given(problems)
def test_the_fit_is_an_independent_optimisers(shape):
    logits, labels = problem(*shape)
    first = shape[2]
    found = minimize(
        objective, [1.0, 0.0], (logits, labels, first), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-13}
    )
    assume(found.x[0] < 20)  # else the samples can be separated, and there is no optimum to agree on
    mine = np.array(fit(torch.from_numpy(logits), torch.from_numpy(labels), first))
    np.testing.assert_allclose(mine, found.x, atol=1e-4)
    assert objective(mine, logits, labels, first) <= found.fun + 1e-9


@given(problems)
def test_the_gradient_is_zero_at_the_fit_penalty_included(shape):
    logits, labels = problem(*shape)
    first = shape[2]
    alpha, beta = fit(torch.from_numpy(logits), torch.from_numpy(labels), first)
    corrected = logits.copy()
    corrected[:, first:] = alpha * logits[:, first:] + beta
    excess = softmax(corrected)
    excess[np.arange(len(labels)), labels] -= 1  # p - onehot
    assert (excess[:, first:] * logits[:, first:]).sum(axis=1).mean() == pytest.approx(0, abs=1e-6)
    assert excess[:, first:].sum(axis=1).mean() + 0.1 * beta == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_beta_alone_has_the_closed_form_of_a_penalised_logit(share):
    # Two classes, all logits 0: alpha has no effect, and sigmoid(beta) - share + 0.1 beta = 0.
    labels = torch.tensor([1] * round(10 * share) + [0] * round(10 * (1 - share)))
    alpha, beta = fit(torch.zeros(10, 2), labels, 1)
    expected = brentq(lambda b: 1 / (1 + math.exp(-b)) - share + 0.1 * b, -10, 10)
    assert alpha == 1.0
    assert beta == pytest.approx(expected, abs=1e-6)
    assert PENALTY == 0.1


def test_the_fit_recovers_scalars_that_were_planted():
    # Labels drawn from the softmax of corrected logits; the penalty pulls beta alone towards 0.
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20000, 6, dtype=torch.float64, generator=generator)
    for alpha, beta in [(0.5, 0.0), (1.6, 0.0), (0.5, -0.6), (0.4, 0.6)]:
        labels = torch.multinomial(torch.softmax(correct(logits, alpha, beta, 4), 1), 1, generator=generator)[:, 0]
        found = fit(logits, labels, 4)
        assert found == pytest.approx((alpha, beta), abs=0.02 if beta == 0 else 0.4)
        assert beta == 0 or 0.4 < found[1] / beta < 1


@pytest.mark.parametrize("spread", [1e-3, 1.0, 100.0])
def test_samples_that_can_be_separated_give_finite_scalars(spread):
    logits = spread * torch.tensor([[1.0, 0.0, -2.0], [0.0, 1.0, -2.0], [0.0, 0.0, 3.0]])
    alpha, beta = fit(logits, torch.tensor([0, 1, 2]), 2)
    assert math.isfinite(alpha)
    assert math.isfinite(beta)
    assert alpha > 0


# --- the losses ------------------------------------------------------------------------------------------------------


def carried(taught: tuple[float, float, int]) -> BiC:
    """The method as the phase before left it."""
    method = BiC(lam=0.9, temperature=3.0)  # Eq. 5's lambda is not BiC's
    method.alpha, method.beta, method.first = taught
    return method


def nothing(grey) -> Samples:
    return Samples.real(torch.empty(0, 1, 8, 8, dtype=torch.uint8), torch.empty(0, dtype=torch.int64), grey)


@pytest.mark.parametrize("taught", [(0.5, -0.7, 2), (1.0, 0.0, 0)])
def test_the_loss_weighs_distillation_by_the_share_of_old_classes_with_a_corrected_teacher(grey, taught):
    model, teacher = build_network(8, 4, 1, 6, 3).eval(), build_network(8, 4, 1, 4, 8).eval()
    method = carried(taught)
    method.begin_phase(model, 4, nothing(grey))
    images, labels = numbers(5, 1, 8, 8, seed=6), torch.tensor([0, 5, 2, 3, 4])
    with torch.no_grad():
        p, p_hat = model(images).double().numpy(), teacher(images).double().numpy()
    alpha, beta, first = taught
    p_hat[:, first:] = alpha * p_hat[:, first:] + beta
    ce = -np.log(softmax(p)[range(5), labels.numpy()]).mean()
    kd = -(softmax(p_hat / 3) * np.log(softmax(p[:, :4] / 3))).sum(axis=1).mean()
    value = method.loss(model, teacher, images, labels).item()
    assert value == pytest.approx(2 / 6 * ce + 4 / 6 * kd, rel=1e-5)
    raw = -(softmax(teacher(images).detach().numpy() / 3) * np.log(softmax(p[:, :4] / 3))).sum(axis=1).mean()
    assert bool(abs(raw - kd) > 1e-3) is (taught[0] != 1.0)  # the correction matters


def test_the_students_logits_are_not_corrected_in_training(grey):
    model, teacher = build_network(8, 4, 1, 6, 3).eval(), build_network(8, 4, 1, 4, 8).eval()
    images, labels = numbers(5, 1, 8, 8, seed=6), torch.tensor([0, 5, 2, 3, 4])
    method = carried((0.5, -0.7, 2))
    method.begin_phase(model, 4, nothing(grey))
    before = method.loss(model, teacher, images, labels)
    method.alpha, method.beta = 7.0, 7.0
    assert torch.equal(method.loss(model, teacher, images, labels), before)


def test_the_teacher_gets_no_gradient(grey):
    model, teacher = build_network(8, 4, 1, 6, 3).eval(), build_network(8, 4, 1, 4, 8).eval()
    method = carried((0.5, -0.7, 2))
    method.begin_phase(model, 4, nothing(grey))
    method.loss(model, teacher, numbers(5, 1, 8, 8, seed=6), torch.tensor([0, 5, 2, 3, 4])).backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(p.grad is not None for p in model.parameters())


def test_a_phase_begins_without_a_correction_of_its_own_and_phase_0_never_has_one(grey):
    method, model = BiC(0.5, 2.0), build_network(8, 4, 1, 6, 3).eval()
    held_out = Samples.real(torch.zeros(6, 1, 8, 8, dtype=torch.uint8), torch.arange(6), grey)
    method.end_phase(model, held_out)  # phase 0
    images = numbers(5, 1, 8, 8, seed=6)
    assert (method.alpha, method.beta) == (1.0, 0.0)
    assert torch.equal(method.scorer(model, nothing(grey))(images), model(images))
    method = carried((0.5, -0.7, 2))
    method.begin_phase(model, 4, nothing(grey))
    assert (method.alpha, method.beta, method.first) == (1.0, 0.0, 4)
    assert method.taught == (0.5, -0.7, 2)


def test_only_the_newest_classes_are_corrected_at_test(grey):
    model, method = build_network(8, 4, 1, 6, 3).eval(), BiC(0.5, 2.0)
    method.alpha, method.beta, method.first = 0.5, -0.7, 4
    images = numbers(5, 1, 8, 8, seed=6)
    scores, logits = method.scorer(model, nothing(grey))(images), model(images)
    assert torch.equal(scores[:, :4], logits[:, :4])
    torch.testing.assert_close(scores[:, 4:], 0.5 * logits[:, 4:] - 0.7)


# --- held-out images -------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tiny):
    return tiny.replace(method="bic", exemplars="random", budget=20)


def as_bytes(experiment, images: torch.Tensor) -> list[bytes]:
    return [image.numpy().tobytes() for image in experiment.data.pixels.quantise(images)]


@pytest.fixture
def trained(monkeypatch):
    """Every sample that any loop of the library draws from, by phase."""
    used: list[Samples] = []

    def spy_train(model, loss, samples, *rest):
        used.append(samples)
        return Descent(model, loss, samples, *rest)

    def spy_exemplars(model, memory, first, data, *rest):
        used.append(data)
        return new_exemplar_training(model, memory, first, data, *rest)

    def spy_select(samples, *rest):
        used.append(samples)
        return select(samples, *rest)

    monkeypatch.setattr(global_bop, "Descent", spy_train)
    monkeypatch.setattr(global_bop, "new_exemplar_training", spy_exemplars)
    monkeypatch.setattr(global_bop, "select", spy_select)
    return used


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exemplars": "herding", "budget": 2},
        {"exemplars": "mnemonics", "budget": 3, "weight_transfer": True, "adjust": 2},
        {"exemplars": "random", "budget": 60, "budget_rule": "total"},
    ],
    ids=["random", "herding", "with-mnemonics", "total"],
)
def test_held_out_images_are_real_balanced_and_never_trained_on(config, trained, changes):
    config = config.replace(**changes, exemplar_level={"adjust_epochs": 1})
    experiment = Experiment.of(config)
    state, ever = global_bop.initial_state(experiment), set()
    for phase in range(config.phases + 1):
        global_bop.run_phase(experiment, state)
        seen = experiment.protocol.seen(phase)
        to_train, room = config.quota(seen)
        assert Counter(state.held_out.labels.tolist()) == dict.fromkeys(range(seen), room)  # old and new alike
        assert Counter(state.memory.labels.tolist()) == dict.fromkeys(range(seen), to_train)
        raw, labels = experiment.protocol.seen_data(experiment.data.train, phase)
        real: dict[int, set[bytes]] = {k: set() for k in range(seen)}
        for image, label in zip(raw, labels.tolist(), strict=True):
            real[label].add(image.numpy().tobytes())
        kept = as_bytes(experiment, state.held_out.images)
        assert all(image in real[k] for image, k in zip(kept, state.held_out.labels.tolist(), strict=True))
        assert len(set(kept)) == len(kept)
        # On the grid of whole grey levels, bit for bit: nothing has moved them.
        pixels = experiment.data.pixels
        assert torch.equal(state.held_out.images, pixels.normalise(pixels.quantise(state.held_out.images)))
        ever |= set(kept)
    assert not ever & set(as_bytes(experiment, state.memory.origin))
    assert trained
    for samples in trained:
        assert not ever & {image.numpy().tobytes() for image in samples.raw}
        if config.exemplars != "mnemonics":
            assert not ever & set(as_bytes(experiment, samples.images))
    # All other real images are trained on.
    everything = {image.numpy().tobytes() for samples in trained for image in samples.raw}
    assert everything == {image.numpy().tobytes() for image in experiment.data.train.images} - ever


def test_held_out_images_stay_the_same_from_phase_to_phase(config):
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    before = state.held_out.images
    for _ in range(config.phases + 1):
        global_bop.run_phase(experiment, state)
        assert torch.equal(state.held_out.images[: len(before)], before)
        assert len(state.held_out) > len(before)
        before = state.held_out.images


def test_with_a_fixed_total_the_held_out_part_shrinks_to_its_first_ranks(config):
    config = config.replace(budget=60, budget_rule="total")
    experiment = Experiment.of(config)
    state, sizes = global_bop.initial_state(experiment), []
    for phase in range(config.phases + 1):
        before = state.held_out
        global_bop.run_phase(experiment, state)
        sizes.append((state.memory.per_class, state.held_out.per_class))
        assert len(state.memory) + len(state.held_out) <= 60
        old = state.held_out.positions(0, experiment.protocol.seen(phase - 1) if phase else 0)
        assert torch.equal(state.held_out.images[old], before.images[before.rank < sizes[-1][1]])
    # 60 over 5, 6, ..., 10 classes is 12, 10, 8, 7, 6, 6, of which a tenth, rounded up, is held out.
    assert sizes == [(10, 2), (9, 1), (7, 1), (6, 1), (5, 1), (5, 1)]


@pytest.mark.parametrize(
    ("budget", "held_out"), [(2, 1), (3, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (30, 3), (31, 4), (100, 10)]
)
def test_a_tenth_of_the_budget_is_held_out_rounded_up(config, budget, held_out):
    assert config.replace(budget=budget).quota(7) == (budget - held_out, held_out)
    assert config.replace(budget=budget, method="icarl").quota(7) == (budget, 0)


def test_a_budget_of_one_leaves_nothing_to_train_on(config):
    with pytest.raises(ConfigError, match="budget = 1: must be at least 2 for bic"):
        config.replace(budget=1)
    with pytest.raises(ConfigError, match="budget = 19: must be at least 20 for bic"):
        config.replace(budget=19, budget_rule="total")


def test_another_seed_holds_out_other_images_and_other_methods_hold_out_none(config):
    one, same, other, lwf = (
        Experiment.of(c) for c in (config, config, config.replace(seed=1), config.replace(method="lwf"))
    )
    for phase in (0, 3):
        assert torch.equal(one.held_out(phase).raw, same.held_out(phase).raw)
        assert not torch.equal(one.held_out(phase).raw, other.held_out(phase).raw)
        assert len(lwf.held_out(phase)) == 0
        assert len(one.new_data(phase)) + len(one.held_out(phase)) == len(lwf.new_data(phase))


# --- stage 2 in a run ------------------------------------------------------------------------------------------------


@pytest.fixture
def after_three_phases(config):
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    for _ in range(4):
        global_bop.run_phase(experiment, state)
    assert isinstance(state.method, BiC)
    return experiment, state


def test_stage_2_fits_the_finished_network_on_the_held_out_images_and_changes_nothing_else(after_three_phases):
    experiment, state = after_three_phases
    method, model, before = state.method, state.model.eval(), copy.deepcopy(state.model.state_dict())
    with torch.no_grad():
        logits = model(state.held_out.images)
    found = (method.alpha, method.beta)
    assert found == pytest.approx(fit(logits, state.held_out.labels, 7), abs=1e-4)  # fine-tuned, in evaluation mode
    assert method.first == 7
    assert found != (1.0, 0.0)
    method.end_phase(model, state.held_out.samples(experiment.data.pixels))
    assert (method.alpha, method.beta) == found  # from 1 and 0 again, not from the last fit
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(not module.training for module in model.modules())


def test_the_fit_sees_neither_the_training_data_nor_the_exemplars_but_the_held_out_images(after_three_phases):
    experiment, state = after_three_phases
    found, accuracy = (state.method.alpha, state.method.beta), state.results[-1]["accuracy"]
    spoilt = dataclasses.replace(experiment.data.train, images=16 - experiment.data.train.images)
    other = dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, train=spoilt))
    memory = state.memory
    state.memory = memory.with_images(memory.positions(0, 8), torch.zeros_like(memory.images))
    state.phase, state.last = before = 3, (3, "balanced_finetuning")  # as it was when phase 3 was about to end
    row = global_bop.finish_phase(other, state) | global_bop.evaluate(other, state)
    assert (state.method.alpha, state.method.beta) == found
    assert row["accuracy"] == accuracy
    held_out = state.held_out
    state.held_out = held_out.with_images(held_out.positions(0, 8), held_out.images.flip(0))
    state.phase, state.last = before
    global_bop.finish_phase(experiment, state)
    assert (state.method.alpha, state.method.beta) != found


def test_the_reported_accuracy_is_that_of_the_corrected_head(after_three_phases):
    experiment, state = after_three_phases
    images, labels = experiment.test_data(8).all()
    with torch.no_grad():
        logits = state.model.eval()(images).numpy().copy()
    logits[:, 7:] = np.float32(state.method.alpha) * logits[:, 7:] + np.float32(state.method.beta)
    accuracy = 100 * (logits.argmax(axis=1) == labels.numpy()).mean()
    assert state.results[-1]["accuracy"] == pytest.approx(accuracy)


def test_the_teacher_of_a_phase_is_corrected_as_the_phase_before_was_tested(after_three_phases):
    experiment, state = after_three_phases
    images = experiment.test_data(8).all()[0][:20]
    with torch.no_grad():
        tested = state.method.scorer(state.model, nothing(experiment.data.pixels))(images)
        teacher = copy.deepcopy(state.model)
        state.model.grow(9, 0)
        state.method.begin_phase(state.model, 8, experiment.new_data(4))
        assert torch.equal(state.method.teach(teacher, images), tested)


def test_a_checkpoint_carries_the_correction_and_the_held_out_images(after_three_phases, reloaded):
    experiment, state = after_three_phases
    resumed = reloaded(experiment, state)
    assert isinstance(resumed.method, BiC)
    assert (
        resumed.method.state()
        == state.method.state()
        == {
            "alpha": state.method.alpha,
            "beta": state.method.beta,
            "first": 7,
        }
    )
    assert torch.equal(resumed.held_out.images, state.held_out.images)
    assert torch.equal(resumed.held_out.labels, state.held_out.labels)
    for each in (state, resumed):
        global_bop.run_phase(experiment, each)
    assert resumed.results[4] == state.results[4]
    assert (resumed.method.taught, resumed.method.state()) == (state.method.taught, state.method.state())


def test_a_finished_run_read_back_predicts_with_the_correction(config, tmp_path):
    config = config.replace(phases=1)
    record, path = runs.run(config, tmp_path)
    run = runs.load_run(path)
    experiment = Experiment.of(config)
    test = experiment.test_data(10)
    assert isinstance(run.state.method, BiC)
    assert run.state.method.alpha != 1.0
    predicted = run.predict(test.raw).positions
    assert 100 * (predicted == test.labels).float().mean().item() == pytest.approx(record.accuracy[-1])


def test_held_out_images_count_in_the_bytes_of_the_memory(config):
    for exemplars, storage, each in (("random", "float32", 4), ("mnemonics", "uint8", 1)):
        experiment = Experiment.of(config.replace(exemplars=exemplars, storage=storage, phases=1))
        state = global_bop.initial_state(experiment)
        global_bop.run_phase(experiment, state)
        assert state.results[0]["exemplar_bytes"] == 5 * 64 * (18 * each + 2)
