"""Networks: the published sizes, a second reading of the forward pass, growth, and weight transfer."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mnemonics_lib.config import Network
from mnemonics_lib.models import IncrementalNet, ResNet, TransferConv2d, build_network, transfer_weights
from mnemonics_lib.models.resnet import BasicBlock

SMALL = Network(depth=8, width=4)


def numbers(count: int, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def net():
    """A small network whose batch norms have left their initial state."""
    model = build_network(SMALL, 1, 3, seed=1)
    generator = torch.Generator().manual_seed(2)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                assert tensor is not None
                tensor.data.uniform_(0.5, 1.5, generator=generator)
    return model.eval()


def test_resnet_32_has_the_published_size():
    backbone = ResNet(32)
    assert sum(p.numel() for p in backbone.parameters()) == 466_256
    assert backbone.features == 64
    products = []
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda m, _, out: products.append(out[0].numel() * m.weight[0].numel()))
    backbone(torch.zeros(1, 3, 32, 32))
    assert len(products) == 31 + 2  # 3x3 convolutions, and a 1x1 shortcut at each change of shape
    assert round(sum(products) / 1e6, 2) == 69.12


@pytest.mark.parametrize("depth", [8, 14])
def test_the_forward_pass_is_that_of_the_papers_resnet(depth):
    backbone = ResNet(depth, 1, 2).eval()
    values, x = backbone.state_dict(), numbers(3, 1, 8, 8)

    def step(x, conv, bn, stride):
        w = values[f"{conv}.weight"]
        x = F.conv2d(x, w, stride=stride, padding=(w.shape[-1] - 1) // 2)
        stats = (values[f"{bn}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *stats)

    expected = step(x, "conv1", "bn1", 1).relu()
    per_stage = (depth - 2) // 6
    for k in range(3 * per_stage):
        stride = 2 if k in (per_stage, 2 * per_stage) else 1
        y = step(expected, f"blocks.{k}.conv1", f"blocks.{k}.bn1", stride).relu()
        y = step(y, f"blocks.{k}.conv2", f"blocks.{k}.bn2", 1)
        if stride == 2:
            expected = step(expected, f"blocks.{k}.shortcut.0", f"blocks.{k}.shortcut.1", 2)
        expected = (expected + y).relu()
    torch.testing.assert_close(backbone(x), expected.flatten(2).mean(2))


def test_digits_become_features_and_logits_of_the_right_shape(net):
    x = numbers(5, 1, 8, 8)
    assert net.features(x).shape == (5, 16)
    assert net(x).shape == (5, 3)
    assert net.classes == 3
    torch.testing.assert_close(net(x), net.features(x) @ net.head.weight.T + net.head.bias)


def test_without_the_last_relu_features_can_be_negative():
    x = numbers(20, 1, 8, 8)
    assert (ResNet(8, 1, 4)(x) >= 0).all()
    assert (ResNet(8, 1, 4, last_relu=False)(x) < 0).any()
    assert [b.last_relu for b in ResNet(14, 1, 4, last_relu=False).blocks if isinstance(b, BasicBlock)] == (
        [True] * 5 + [False]
    )


@pytest.mark.parametrize("depth", [2, 7, 9, 33])
def test_a_depth_that_is_not_6n_plus_2_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth = {depth}.*6n"):
        ResNet(depth)


def test_convolutions_start_kaiming_normal_by_fan_out():
    weight = build_network(Network(depth=8, width=32), 3, 2, seed=0).state_dict()["backbone.blocks.2.conv2.weight"]
    assert weight.std().item() == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.02)


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules hold equal parameters and buffers."""
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_the_seed_alone_decides_the_parameters():
    torch.manual_seed(1)
    first = build_network(SMALL, 1, 3, seed=5)
    torch.manual_seed(2)
    assert same(build_network(SMALL, 1, 3, seed=5), first)
    assert not same(build_network(SMALL, 1, 3, seed=6), first)


def test_building_growing_and_reinitialising_leave_the_global_generator_alone():
    state = torch.random.get_rng_state()
    model = build_network(SMALL, 1, 3, seed=5)
    model.grow(4, seed=1)
    model.reinitialised(2)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_growing_keeps_the_old_classes_and_everything_before_the_head(net):
    x, before = numbers(4, 1, 8, 8), copy.deepcopy(net)
    with torch.no_grad():
        old = net(x)
        net.grow(5, seed=3)
        new = net(x)
    assert new.shape == (4, 5)
    torch.testing.assert_close(new[:, :3], old, rtol=0, atol=1e-6)
    assert torch.equal(net.head.weight[:3], before.head.weight)
    assert torch.equal(net.head.bias[:3], before.head.bias)
    assert same(net.backbone, before.backbone)
    assert net.head.weight[3:].abs().min() > 0
    assert all(p.requires_grad for p in net.head.parameters())


def test_new_rows_come_from_the_seed(net):
    one, same_seed, other = (copy.deepcopy(net) for _ in range(3))
    one.grow(5, seed=3)
    same_seed.grow(5, seed=3)
    other.grow(5, seed=4)
    assert same(one, same_seed)
    assert not torch.equal(one.head.weight[3:], other.head.weight[3:])


def test_a_head_cannot_shrink(net):
    with pytest.raises(ValueError, match=r"classes = 2.*3"):
        net.grow(2, seed=0)


def test_a_reinitialised_copy_is_as_fresh_as_a_new_network_and_leaves_the_original(net):
    before = copy.deepcopy(net)
    fresh = net.reinitialised(7)
    assert same(net, before)
    assert same(net.reinitialised(7), fresh)
    assert not torch.equal(fresh.head.weight, net.head.weight)
    new = build_network(SMALL, 1, 3, seed=0)
    for (name, p), q in zip(fresh.named_parameters(), new.parameters(), strict=True):
        assert p.shape == q.shape
        if "bn" in name or "shortcut.1" in name:
            assert torch.equal(p, q)  # batch norm starts at 1 and 0
        else:
            assert not torch.equal(p, dict(net.named_parameters())[name])


def transferred(model: IncrementalNet) -> list[TransferConv2d]:
    return [m for m in model.modules() if isinstance(m, TransferConv2d)]


def test_at_scale_1_weight_transfer_changes_nothing(net):
    x = numbers(6, 1, 8, 8)
    moved = copy.deepcopy(net)
    transfer_weights(moved)
    assert torch.equal(moved(x), net(x))
    assert torch.equal(moved.train()(x), net.train()(x))
    assert not any(type(m) is nn.Conv2d for m in moved.modules())


def test_resnet_32_learns_53808_scales():
    backbone = transfer_weights(ResNet(32))
    scales = [p for name, p in backbone.named_parameters() if name.endswith("scale")]
    assert sum(p.numel() for p in scales) == 53_808
    assert all((p == 1).all() for p in scales)
    others = [name for name, _ in backbone.named_parameters() if not name.endswith("scale")]
    assert all("bn" in name or "shortcut.1" in name for name in others)  # what is left to learn besides the head


def test_each_filter_plane_is_multiplied_by_its_own_scale():
    source = nn.Conv2d(3, 2, 3, stride=2, padding=1, bias=False)
    layer = TransferConv2d(source)
    layer.scale.data.uniform_(-2, 2)
    x, expected = numbers(4, 3, 6, 6), torch.zeros(4, 2, 3, 3)
    for o in range(2):
        for i in range(3):
            plane = F.conv2d(x[:, i : i + 1], source.weight[o : o + 1, i : i + 1], stride=2, padding=1)
            expected[:, o] += layer.scale[o, i, 0, 0] * plane[:, 0]
    torch.testing.assert_close(layer(x), expected)


def test_a_training_step_moves_the_scales_and_freezes_w(net):
    transfer_weights(net)
    layers = transferred(net)
    weights, scales = [m.weight.clone() for m in layers], [m.scale.detach().clone() for m in layers]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        F.cross_entropy(net.train()(numbers(6, 1, 8, 8)), torch.tensor([0, 1, 2, 0, 1, 2])).backward()
        optimizer.step()
    assert all(torch.equal(m.weight, w) for m, w in zip(layers, weights, strict=True))
    assert not any(torch.equal(m.scale, s) for m, s in zip(layers, scales, strict=True))


def test_transferring_twice_keeps_the_learned_scales(net):
    transfer_weights(net)
    for layer in transferred(net):
        layer.scale.data.uniform_(0.5, 2)
    before, layers = copy.deepcopy(net), transferred(net)
    transfer_weights(net)
    assert same(net, before)
    assert all(a is b for a, b in zip(transferred(net), layers, strict=True))


def test_the_frozen_weights_are_saved_with_the_model(net):
    transfer_weights(net)
    other = transfer_weights(build_network(SMALL, 1, 3, seed=99))
    other.load_state_dict(net.state_dict())
    x = numbers(3, 1, 8, 8)
    assert torch.equal(other.eval()(x), net.eval()(x))


def test_a_transferred_convolution_does_not_share_memory_with_its_source():
    source = nn.Conv2d(1, 1, 3, bias=False)
    layer = TransferConv2d(source)
    before = layer.weight.clone()
    source.weight.data.zero_()
    assert torch.equal(layer.weight, before)


def test_a_convolution_with_a_bias_is_refused():
    with pytest.raises(ValueError, match="bias"):
        TransferConv2d(nn.Conv2d(1, 1, 3))


def test_a_reinitialised_transferred_network_keeps_w_and_has_scale_1(net):
    transfer_weights(net)
    for layer in transferred(net):
        layer.scale.data.uniform_(0.5, 2)
    for fresh, ours in zip(transferred(net.reinitialised(1)), transferred(net), strict=True):
        assert torch.equal(fresh.weight, ours.weight)
        assert (fresh.scale == 1).all()
