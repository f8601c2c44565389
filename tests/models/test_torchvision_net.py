"""Networks of torchvision as backbones: torchvision's numbers, and all that the method asks of a network."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor
from torchvision import models

from mnemonics_lib.bilevel.inner import ENGINES
from mnemonics_lib.bilevel.problem import Hypergradient, InnerSGD
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import TransferConv2d, build_network, transfer_weights
from mnemonics_lib.models.torchvision_net import TorchvisionBackbone, names
from mnemonics_lib.rng import seeded

RESNETS = ("resnet18", "resnet50")
SOME = ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "densenet121", "vgg11", "googlenet")


def images(count: int = 4, size: int = 32) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("name", SOME)
def test_features_and_the_last_layer_of_torchvision_are_its_logits(name):
    extra = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
    with seeded(3):
        whole = models.get_model(name, weights=None, **extra).eval()
    with seeded(3):
        ours = TorchvisionBackbone(name).eval()
    last = [part for part in whole.modules() if isinstance(part, torch.nn.Linear)][-1]
    assert ours.features == last.in_features
    with torch.no_grad():
        assert torch.equal(last(ours(images())), whole(images()))


@pytest.mark.parametrize("name", RESNETS)
def test_a_cosine_head_s_features_are_those_before_the_last_relu(name):
    with seeded(3):
        closed = TorchvisionBackbone(name).eval()
    with seeded(3):
        opened = TorchvisionBackbone(name, last_relu=False).eval()
    maps: list[Tensor] = []
    opened.net.get_submodule("layer4").register_forward_hook(lambda module, given, map_: maps.append(map_))
    with torch.no_grad():
        features = opened(images(size=64))
        assert torch.equal(maps[0].relu().mean(dim=(2, 3)), closed(images(size=64)))
    assert features.min() < 0 < features.max()
    assert opened.state_dict().keys() == closed.state_dict().keys()


@pytest.mark.parametrize("head", ["linear", "cosine"])
def test_it_grows_and_the_same_seed_gives_the_same_network(head):
    one, other, another = (build_network(0, 0, 3, 5, seed, head, "resnet18").eval() for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(another.parameters()))
    with torch.no_grad():
        before = one(images())
        one.grow(8, seed=4)
        assert torch.equal(one(images())[:, :5], before)
    assert one.classes == 8


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "mobilenet_v3_small"])
def test_transferred_weights_start_as_the_identity_and_stay(name):
    model = build_network(0, 0, 3, 5, 1, "linear", name).eval()
    with torch.no_grad():
        before = model(images(2))
    transfer_weights(model)
    with torch.no_grad():
        assert torch.allclose(model(images(2)), before, atol=1e-6)
    parts = [part for part in model.modules() if isinstance(part, TransferConv2d)]
    assert parts
    trained = {name for name, _ in model.named_parameters()}
    for part in parts:
        assert part.scale.requires_grad
        assert (part.bias is None) == (name == "resnet18") or name == "mobilenet_v3_small"
    assert not any(name.endswith("conv1.weight") for name in trained)
    if name == "vgg11":
        assert sum(name.endswith(".bias") for name in trained) == len(parts) + 3  # and two linear layers and the head


@pytest.mark.parametrize("transferred", [False, True])
def test_a_fresh_copy_keeps_what_is_frozen_and_what_was_measured_and_draws_the_rest(transferred):
    model = build_network(0, 0, 3, 5, 1, "linear", "resnet18")
    model(images())  # moves the running statistics
    if transferred:
        transfer_weights(model)
    kept = copy.deepcopy(model.state_dict())
    fresh, again = model.reinitialised(7), model.reinitialised(7)
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    buffers = dict(model.named_buffers())
    for name, value in fresh.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
        if name in buffers:
            assert torch.equal(value, kept[name]), name
    drawn = [name for name, value in fresh.named_parameters() if not torch.equal(value, kept[name])]
    assert "head.blocks.0.weight" in drawn
    assert ("backbone.net.layer1.0.conv1.weight" in drawn) != transferred
    wide = [value for value in fresh.state_dict().values() if value.dim() == 4]
    assert all(value.is_contiguous(memory_format=torch.channels_last) for value in wide)


def test_a_fresh_copy_of_transferred_weights_is_the_identity_without_biases():
    model = build_network(0, 0, 3, 5, 1, "linear", "vgg11")
    transfer_weights(model)
    parts = [part for part in model.reinitialised(7).modules() if isinstance(part, TransferConv2d)]
    assert parts
    for part in parts:
        assert torch.equal(part.scale, torch.ones_like(part.scale))
        assert part.bias is not None
        assert not part.bias.any()


def test_both_engines_give_the_gradient_of_finite_differences():
    model = build_network(0, 0, 3, 3, 2, "linear", "resnet18").double().train()
    for part in list(model.modules()):
        for name, child in part.named_children():
            if isinstance(child, torch.nn.ReLU):
                setattr(part, name, torch.nn.Softplus())  # no kinks, which differences would step over
    exemplars, labels = images(6).double(), torch.arange(3).repeat(2)
    data = images(6).flip(0).double(), torch.tensor([1, 2, 0]).repeat(2)

    def hypergradient(engine: str, at: Tensor) -> Hypergradient:
        made = ENGINES[engine](
            lambda classifier, inputs, t: cross_entropy(classifier(inputs), labels),
            lambda classifier: cross_entropy(classifier(data[0]), data[1]),
            InnerSGD(2, 0.01),
        )
        return made(model, at.clone().requires_grad_())

    found = {engine: hypergradient(engine, exemplars).gradient for engine in ENGINES}
    assert torch.allclose(found["higher"], found["adjoint"], rtol=1e-7, atol=1e-12)
    direction = torch.randn(exemplars.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ends = [hypergradient("adjoint", exemplars + step * direction).meta_loss.item() for step in (1e-6, -1e-6)]
    slope = (ends[0] - ends[1]) / 2e-6
    assert (found["adjoint"] * direction).sum().item() == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "channels", "message"),
    [
        ("resnet19", 3, "network.name = 'resnet19': must be cifar_resnet, or a classifier of torchvision: alexnet, "),
        ("squeezenet1_1", 3, "network.name = 'squeezenet1_1': must be a network that ends in a linear layer"),
        ("resnet18", 1, "network.name = 'resnet18': must be cifar_resnet for images of 1 channels"),
        ("fcn_resnet50", 3, "network.name = 'fcn_resnet50': must be cifar_resnet, or"),
    ],
)
def test_a_network_that_does_not_serve_is_refused(name, channels, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # its whole message is compared
        build_network(8, 8, channels, 5, 0, "linear", name)
    assert str(refused.value).startswith(message)


def test_every_classifier_of_torchvision_is_known():
    assert {"resnet18", "vit_b_16", "convnext_tiny", "efficientnet_b0", "regnet_y_400mf"} <= set(names())
    assert not {"fcn_resnet50", "r3d_18", "raft_small"} & set(names())
