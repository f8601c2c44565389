"""The temporary model for networks that are not ours."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.exemplars.temporary import reinitialised, temporary_model


def level(**changes: Any) -> ExemplarLevel:
    return ExemplarLevel(**(PAPER_EXEMPLAR_LEVEL.model_dump() | changes))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2))
    net.train()(torch.randn(16, 1, 8, 8))
    return net


def test_fresh_parameters_are_drawn_from_the_seed_and_buffers_and_frozen_ones_stay():
    net = network()
    net[0].requires_grad_(False)
    generator = torch.random.get_rng_state()
    one, same, other = reinitialised(net, 1), reinitialised(net, 1), reinitialised(net, 2)
    assert torch.equal(torch.random.get_rng_state(), generator)
    assert torch.equal(one[4].weight, same[4].weight)  # type: ignore[index]
    assert not torch.equal(one[4].weight, other[4].weight)  # type: ignore[index]
    for name in ("0.weight", "0.bias", "1.running_mean", "1.running_var"):
        assert torch.equal(one.state_dict()[name], net.state_dict()[name]), name
    assert not one[0].weight.requires_grad  # type: ignore[index]


def test_a_perturbed_start_of_any_network_lies_between_it_and_a_fresh_one():
    net = network()
    temporary, fresh = temporary_model(net, level(start="perturbed", perturbation=0.5), 3, 0.4), reinitialised(net, 3)
    for t, ours, new in zip(temporary.parameters(), net.parameters(), fresh.parameters(), strict=True):
        torch.testing.assert_close(t, 0.8 * ours + 0.2 * new)


@pytest.mark.parametrize(("inner", "moves"), [("full", {"backbone", "head"}), ("head", {"head"})])
def test_what_moves_in_the_inner_problem_is_all_of_it_or_the_head(inner: str, moves: set[str]):
    net = nn.Sequential()
    net.add_module("backbone", nn.Sequential(nn.Flatten(), nn.Linear(4, 3)))
    net.add_module("head", nn.Linear(3, 2))
    temporary = temporary_model(net, level(inner=inner), 0, 1.0)
    assert {name.partition(".")[0] for name, of in temporary.named_parameters() if of.requires_grad} == moves
    assert all(of.requires_grad for of in net.parameters())


class OwnScale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.layer = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.scale * x.flatten(1))


class SaysHow(OwnScale):
    def reinitialised(self, seed: int) -> SaysHow:
        fresh = copy.deepcopy(self)
        with torch.no_grad():
            fresh.scale.fill_(float(seed))
        return fresh


def test_a_part_that_cannot_be_initialised_anew_is_named():
    with pytest.raises(TypeError, match=r"start = 'perturbed': the model \(OwnScale\) has parameters but no reset"):
        temporary_model(OwnScale(), level(start="perturbed"), 0, 1.0)
    with pytest.raises(TypeError, match=r"perturbed': 1 \(OwnScale\)"):
        temporary_model(nn.Sequential(nn.Linear(4, 4), OwnScale()), level(start="perturbed"), 0, 1.0)
    assert temporary_model(OwnScale(), level(start="theta"), 0, 1.0)(torch.ones(1, 4)).shape == (1, 2)
    assert temporary_model(SaysHow(), level(start="perturbed", perturbation=1.0), 7, 1.0).get_parameter("scale") == 7


@pytest.mark.parametrize("start", ["theta", "perturbed"])
@pytest.mark.parametrize("share", [-0.1, 1.5, math.nan])
def test_a_share_that_is_none_is_refused(start, share):
    with pytest.raises(ValueError, match=f"share = {share}: must be 0 to 1"):
        temporary_model(network(), level(start=start, perturbation=0.5), 0, share)


def test_the_mode_of_the_network_is_not_changed():
    net = network().eval()
    assert temporary_model(net, level(batch_norm="batch"), 0, 0.0).training
    assert not net.training


def test_attention_is_as_fresh_as_a_new_layer():
    torch.manual_seed(3)
    net = nn.Sequential(nn.MultiheadAttention(8, 2), nn.Linear(8, 2))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(7.0)
    fresh = reinitialised(net, 1)
    for name, parameter in fresh.named_parameters():
        assert not (parameter == 7).any(), name
    assert not fresh.get_parameter("0.out_proj.bias").any()  # as PyTorch makes it, though its layer draws one
    assert not fresh.get_parameter("0.in_proj_bias").any()
    bound = (6 / (8 + 3 * 8)) ** 0.5
    weight = fresh.get_parameter("0.in_proj_weight")
    assert 0.9 * bound < weight.abs().max() <= bound
    assert torch.equal(weight, reinitialised(net, 1).get_parameter("0.in_proj_weight"))


def test_a_weight_that_is_computed_from_others_cannot_be_drawn_anew_and_is_named():
    for norm in (nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm):
        net = nn.Sequential(nn.Linear(4, 4), norm(nn.Linear(4, 2)))
        before = net(torch.ones(1, 4))
        with pytest.raises(TypeError, match=r"1\.parametrizations\.weight \(ParametrizationList\) holds what a weight"):
            reinitialised(net, 0)
        torch.testing.assert_close(net(torch.ones(1, 4)), before)
        assert temporary_model(net, level(start="theta"), 0, 1.0)(torch.ones(1, 4)).shape == (1, 2)


def test_the_global_generator_is_left_where_it_was_whatever_draws():
    net = nn.Sequential(nn.MultiheadAttention(8, 2), nn.Linear(8, 2))
    before = torch.get_rng_state()
    reinitialised(net, 5)
    assert torch.equal(torch.get_rng_state(), before)
