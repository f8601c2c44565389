"""LUCIR (Hou et al. 2019): its numbers, imprinting by a slow second reading, and what trains when."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mnemonics_lib import global_bop
from mnemonics_lib.config import ConfigError
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars import mnemonics
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import fresh_state
from mnemonics_lib.methods.lucir import LUCIR
from mnemonics_lib.models import CosineHead, IncrementalNet, ResNet, build_network, transfer_weights
from mnemonics_lib.phases import PhaseProtocol
from mnemonics_lib.training import Descent

OLD, NEW = 3, 2


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def grown(seed: int = 4) -> IncrementalNet:
    """A network with a cosine head for three old classes and two new ones, its running statistics in use."""
    model = build_network(8, 4, 1, OLD, seed, "cosine")
    model.train()(numbers(64, 1, 8, 8, seed=1))
    model.grow(OLD + NEW, seed=9)
    with torch.no_grad():
        head(model).sigma.fill_(7.0)
        weights(model)[0].mul_(torch.tensor([[0.3], [1.0], [2.5]]))  # so that rows have norms of their own
    return model.eval()


def head(model: IncrementalNet) -> CosineHead:
    assert isinstance(model.head, CosineHead)
    return model.head


def weights(model: IncrementalNet) -> list[torch.Tensor]:
    """The rows of each block, oldest first."""
    return [parameter for name, parameter in head(model).named_parameters() if name.endswith("weight")]


def rows(model: IncrementalNet) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in weights(model)]


@pytest.fixture
def new(pixels) -> Samples:
    """D_i: uneven numbers of both new classes, of one channel, in a pixel space that would crop and flip."""
    raw = torch.randint(256, (21, 1, 8, 8), generator=torch.Generator().manual_seed(2)).to(torch.uint8)
    labels = OLD + (torch.arange(21) % 3 == 0).long()
    space = Pixels(pixels.mean[:1], pixels.std[:1], pixels.white, pixels.pad, pixels.flip)
    return Samples.real(raw, labels, space)


@pytest.mark.parametrize(
    ("phases", "first", "last"),
    [(5, 5 * math.sqrt(5), 15.0), (10, 15.811388, 21.794495), (25, 25.0, 35.0)],
)
def test_lambda_grows_with_the_share_of_old_classes_as_on_cifar100(grey, phases, first, last):
    protocol, found = PhaseProtocol(list(range(100)), phases), []
    for phase in range(1, phases + 1):
        old, seen = protocol.seen(phase - 1), protocol.seen(phase)
        model = build_network(8, 1, 1, old, 0, "cosine")
        model.grow(seen, 0)
        images, labels = torch.zeros(seen - old, 1, 8, 8, dtype=torch.uint8), torch.arange(old, seen)
        method = LUCIR(0.5, 2.0)
        method.begin_phase(model, old, Samples.real(images, labels, grey))
        found.append(method.weight)
        assert found[-1] == pytest.approx(5 * math.sqrt(old / (seen - old)))
    assert found[0] == pytest.approx(first)
    assert found[-1] == pytest.approx(last)
    assert found == sorted(found)


def test_imagenet_s_lambda_is_twice_cifar_s_and_comes_from_the_configuration(tiny, grey):
    config = tiny.replace(method="lucir", training={"lambda_base": 10.0})
    method = fresh_state(config, config.protocol(), (1, 8, 8), torch.device("cpu")).method
    model = build_network(8, 1, 1, 4, 0, "cosine")
    model.grow(5, 0)
    images, labels = torch.zeros(1, 1, 8, 8, dtype=torch.uint8), torch.tensor([4])
    method.begin_phase(model, 4, Samples.real(images, labels, grey))
    assert isinstance(method, LUCIR)
    assert method.weight == pytest.approx(10 * math.sqrt(4 / 1))


def test_new_rows_are_imprinted_with_the_mean_unit_feature_and_the_mean_norm_of_old_rows(new):
    model = grown()
    before, norms = rows(model), []
    for row in before[0].double().numpy():
        norms.append(np.sqrt((row**2).sum()))
    expected = []
    for k in range(OLD, OLD + NEW):
        features = []
        for raw, label in zip(new.raw, new.labels.tolist(), strict=True):
            if label == k:
                image = (raw.float() / 255 - 0.3) / 0.2  # the fixture's pixel space, not augmented
                with torch.no_grad():
                    feature = model.features(image[None])[0].double().numpy()  # in evaluation mode
                features.append(feature / np.sqrt((feature**2).sum()))
        mean = np.mean(features, axis=0)
        expected.append(mean / np.sqrt((mean**2).sum()) * np.mean(norms))
    model.train()
    LUCIR(0.5, 2.0).begin_phase(model, OLD, new)
    after = rows(model)
    assert torch.equal(after[0], before[0])
    np.testing.assert_allclose(after[1].numpy(), np.stack(expected), rtol=2e-5, atol=2e-6)
    torch.testing.assert_close(after[1].norm(dim=1), before[0].norm(dim=1).mean().expand(NEW))
    assert not torch.allclose(after[1], before[1], atol=0.05)


@pytest.mark.parametrize("training", [True, False])
def test_imprinting_leaves_the_mode_the_statistics_and_the_backbone_alone(new, training):
    model = grown().train(training)
    before = copy.deepcopy(model.state_dict())
    LUCIR(0.5, 2.0).begin_phase(model, OLD, new)
    assert all(module.training is training for module in model.modules())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"head.blocks.1.weight"}
    assert all(parameter.grad is None for parameter in model.parameters())


def test_imprinting_leaves_a_backbone_in_evaluation_mode_in_a_model_that_trains(new):
    model = grown().train()
    model.backbone.eval()
    before = [module.training for module in model.modules()]
    assert set(before) == {True, False}
    LUCIR(0.5, 2.0).begin_phase(model, OLD, new)
    assert [module.training for module in model.modules()] == before


def test_imprinting_is_the_same_before_and_after_weight_transfer(new):
    plain, transferred = grown(), grown()
    transfer_weights(transferred)  # as model_level does it: before begin_phase, at scale 1
    for model in (plain, transferred):
        LUCIR(0.5, 2.0).begin_phase(model, OLD, new)
    torch.testing.assert_close(rows(plain)[1], rows(transferred)[1])


def begun(new: Samples) -> tuple[LUCIR, IncrementalNet, IncrementalNet]:
    """The method in the first step of a phase, Theta_i and its teacher, which differ."""
    method, model = LUCIR(0.5, 2.0), grown()
    teacher = build_network(8, 4, 1, OLD, 5, "cosine").eval().requires_grad_(False)
    method.begin_phase(model, OLD, new)
    return method, model, teacher


def test_the_loss_is_ce_plus_lambda_less_forget_plus_margin_ranking_of_cosines_without_sigma(new):
    method, model, teacher = begun(new)
    images, labels = numbers(6, 1, 8, 8, seed=6), torch.tensor([0, 4, 2, 3, 1, 4])
    with torch.no_grad():
        f, g = model.features(images).double().numpy(), teacher.features(images).double().numpy()
    w = torch.cat(rows(model)).double().numpy()

    def unit(v):
        return v / np.sqrt((v**2).sum(axis=1, keepdims=True))

    cosines = unit(f) @ unit(w).T
    powers = np.exp(7.0 * cosines)
    ce = -np.log((powers / powers.sum(axis=1, keepdims=True))[range(6), labels.numpy()]).mean()
    less_forget = np.mean([1 - unit(f)[i] @ unit(g)[i] for i in range(6)])  # samples of new classes too
    pairs = [
        max(0.0, 0.5 - cosines[i, y] + cosines[i, k])
        for i, y in enumerate(labels.tolist())
        if y < OLD
        for k in range(OLD, OLD + NEW)
    ]
    assert less_forget > 0.01
    assert np.mean(pairs) > 0.01
    value = method.loss(model, teacher, images, labels).item()
    assert value == pytest.approx(ce + 5 * math.sqrt(3 / 2) * less_forget + np.mean(pairs), rel=1e-4)


def test_a_batch_without_old_samples_has_no_margin_loss(new):
    method, model, teacher = begun(new)
    images, labels = numbers(4, 1, 8, 8, seed=6), torch.tensor([3, 4, 4, 3])
    features, old_features = model.features(images), teacher.features(images)
    ce = F.cross_entropy(model.head(features), labels)
    less_forget = (1 - F.cosine_similarity(features, old_features)).mean()
    torch.testing.assert_close(method.loss(model, teacher, images, labels), ce + method.weight * less_forget)


def test_the_teachers_head_plays_no_part(new):
    method, model, teacher = begun(new)
    images, labels = numbers(6, 1, 8, 8, seed=6), torch.tensor([0, 4, 2, 3, 1, 4])
    value = method.loss(model, teacher, images, labels)
    teacher.head = nn.Identity()  # type: ignore[assignment]
    assert torch.equal(method.loss(model, teacher, images, labels), value)
    with torch.no_grad():
        next(teacher.backbone.parameters()).mul_(-1)
    assert not torch.equal(method.loss(model, teacher, images, labels), value)  # but its features do


def test_the_temperature_and_lambda_of_eq_5_play_no_part(new):
    _, model, teacher = begun(new)
    images, labels = numbers(6, 1, 8, 8, seed=6), torch.tensor([0, 4, 2, 3, 1, 4])
    values = []
    for lam, temperature in ((0.5, 2.0), (0.1, 9.0)):
        method = LUCIR(lam, temperature)
        method.begin_phase(model, OLD, new)
        values.append(method.loss(model, teacher, images, labels).item())
    assert values[0] == values[1]


def test_gradients_reach_new_rows_sigma_and_backbone_but_neither_old_rows_nor_the_teacher(new):
    method, model, teacher = begun(new)
    method.loss(model, teacher, numbers(6, 1, 8, 8, seed=6), torch.tensor([0, 4, 2, 3, 1, 4])).backward()
    assert weights(model)[0].grad is None
    moved = [weights(model)[1], head(model).sigma, *model.backbone.parameters()]
    assert all(p.grad is not None and p.grad.any() for p in moved)
    assert all(p.grad is None for p in teacher.parameters())


@pytest.fixture
def config(tiny):
    return tiny.replace(method="lucir", exemplars="random")


def test_old_rows_keep_their_bits_while_a_phase_trains_and_all_rows_move_in_balanced_finetuning(config):
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    for phase in range(4):
        assert state.phase == phase
        before = rows(state.model)
        global_bop.model_level(experiment, state)
        after, sigma = rows(state.model), head(state.model).sigma.item()
        assert len(after) == phase + 1
        if phase:
            assert all(torch.equal(a, b) for a, b in zip(before, after[:-1], strict=True))
        global_bop.select_exemplars(experiment, state)
        global_bop.balanced_finetuning(experiment, state)
        if phase:
            finetuned = rows(state.model)
            assert not any(torch.equal(a, b) for a, b in zip(after, finetuned, strict=True))
            assert sigma != head(state.model).sigma.item()
        state.phase += 1


def test_new_rows_leave_where_they_were_imprinted_while_a_phase_trains(config, monkeypatch):
    experiment = Experiment.of(config.replace(phases=1))
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    seen = []

    def spy(model, *arguments):
        seen.append(rows(model))
        return Descent(model, *arguments)

    monkeypatch.setattr(global_bop, "Descent", spy)
    global_bop.model_level(experiment, state)
    (start,), end = seen, rows(state.model)
    assert torch.equal(start[0], end[0])
    assert not torch.allclose(start[1], end[1], atol=1e-3)


def test_all_rows_of_a_temporary_model_train(config, monkeypatch):
    experiment = Experiment.of(config.replace(exemplars="mnemonics", adjust=2, budget=4))
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    seen = []
    start = temporary_model

    def spy(model, *arguments):
        temporary = start(model, *arguments)
        assert isinstance(temporary, IncrementalNet)
        seen.append([w.requires_grad for w in weights(temporary)])
        return temporary

    monkeypatch.setattr(mnemonics, "temporary_model", spy)
    global_bop.run_phase(experiment, state)
    assert seen
    assert all(flags == [True, True] for flags in seen)


@pytest.mark.parametrize("finetune", [False, True])
def test_every_phase_freezes_all_but_its_own_rows_whatever_trained_before(config, finetune, monkeypatch):
    experiment = Experiment.of(config.replace(finetune=finetune, exemplars="random", weight_transfer=True))
    state = global_bop.initial_state(experiment)
    free = []

    def spy(model, loss, samples, settings, *rest):
        free.append((settings is experiment.config.training, [w.requires_grad for w in weights(model)]))
        return Descent(model, loss, samples, settings, *rest)

    monkeypatch.setattr(global_bop, "Descent", spy)
    for _ in range(4):
        global_bop.run_phase(experiment, state)
    assert [flags for level, flags in free if level] == [
        [True],
        [False, True],
        [False] * 2 + [True],
        [False] * 3 + [True],
    ]
    assert [flags for level, flags in free if not level] == ([[True] * 2, [True] * 3, [True] * 4] if finetune else [])


def test_the_margin_losss_old_classes_are_those_of_the_phase(config):
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    for _ in range(3):
        global_bop.run_phase(experiment, state)
    method = state.method
    assert isinstance(method, LUCIR)
    assert method.old == 6
    assert method.weight == pytest.approx(5 * math.sqrt(6))


def test_a_linear_head_is_refused_and_the_cosine_head_is_lucirs_own(tiny):
    with pytest.raises(ConfigError, match=r"network\.head = 'linear': must be cosine for lucir"):
        tiny.replace(method="lucir", network={"head": "linear"})
    own, named = tiny.replace(method="lucir"), tiny.replace(method="lucir", network={"head": "cosine"})
    assert own.head == named.head == "cosine"
    model = global_bop.initial_state(Experiment.of(own)).model
    assert isinstance(model.head, CosineHead)
    assert isinstance(model.backbone, ResNet)
    assert [block.last_relu for block in model.backbone.blocks] == [True, True, False]
    assert model.backbone.features == 16


@pytest.mark.parametrize("finetune", [False, True])
def test_a_run_that_stopped_between_two_phases_goes_on_as_if_it_had_not(config, finetune, reloaded):
    # Which rows are frozen is not in a checkpoint: the next phase must find out by itself.
    config = config.replace(
        exemplars="mnemonics", adjust=2, finetune=finetune, exemplar_level={"start": "theta", "adjust_epochs": 1}
    )
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    for _ in range(3):
        global_bop.run_phase(experiment, state)
    resumed = reloaded(experiment, state)
    for each in (state, resumed):
        global_bop.run_phase(experiment, each)
    assert resumed.results[3] == state.results[3]
    assert all(torch.equal(a, b) for a, b in zip(rows(state.model), rows(resumed.model), strict=True))
    assert torch.equal(resumed.memory.images, state.memory.images)
