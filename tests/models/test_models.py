"""Networks: the published sizes, a second reading of the forward pass, heads and their growth, and weight transfer."""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from mnemonics_lib.models import (
    HEADS,
    CosineHead,
    Head,
    IncrementalNet,
    LinearHead,
    ResNet,
    TransferConv2d,
    build_network,
    network,
    transfer_weights,
)
from mnemonics_lib.models.resnet import BasicBlock
from mnemonics_lib.rng import seeded


def small(seed: int, classes: int = 3, head: str = "linear") -> IncrementalNet:
    return build_network(8, 4, 1, classes, seed, head)


def numbers(count: int, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


def rows(head: nn.Module) -> torch.Tensor:
    """The weights of all blocks, [classes, d]."""
    assert isinstance(head, Head)
    return torch.cat([block.get_parameter("weight").detach() for block in head.blocks])


@pytest.fixture(params=sorted(HEADS))
def net(request):
    """A small network whose batch norms have left their initial state."""
    model = small(seed=1, head=request.param)
    generator = torch.Generator().manual_seed(2)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                assert tensor is not None
                tensor.data.uniform_(0.5, 1.5, generator=generator)
    return model.eval()


def convolutions(depth: int, channels: int, width: int) -> list[tuple[int, int, int, int]]:
    """Inputs, outputs, kernel size and divisor of the image's side, of each convolution that the paper describes."""
    n, found = (depth - 2) // 6, [(channels, width, 3, 1)]
    for stage in range(3):
        outputs = width * 2**stage
        for block in range(n):
            inputs = outputs // 2 if stage and not block else outputs
            found += [(inputs, outputs, 3, 2**stage), (outputs, outputs, 3, 2**stage)]
            if inputs != outputs:
                found.append((inputs, outputs, 1, 2**stage))
    return found


def size(depth: int, channels: int, width: int) -> int:
    return sum(i * o * k * k + 2 * o for i, o, k, _ in convolutions(depth, channels, width))  # and batch norm's two


def products(depth: int, channels: int, width: int, side: int) -> int:
    return sum(i * o * k * k * (side // d) ** 2 for i, o, k, d in convolutions(depth, channels, width))


def measured(model: nn.Module, channels: int, side: int) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, channels, side, side))
    flops = counter.get_total_flops()
    assert flops % 2 == 0  # a multiplication and an addition each
    return flops // 2


def test_resnet_32_has_the_published_size():
    backbone = ResNet(32)
    assert sum(p.numel() for p in backbone.parameters()) == size(32, 3, 16) == 466_256
    assert backbone.features == 64
    assert sum(isinstance(m, nn.Conv2d) for m in backbone.modules()) == 31 + 2  # and a shortcut at each change of shape


def test_resnet_32_takes_the_published_number_of_multiply_adds():
    # First layer 442,368; then ten layers of 2,359,296; then nine of those after one of half, and a 1x1, twice.
    by_hand = 442_368 + 10 * 2_359_296 + 2 * (1_179_648 + 9 * 2_359_296 + 131_072)
    assert by_hand == products(32, 3, 16, 32) == 69_124_096
    assert measured(ResNet(32), 3, 32) == by_hand
    assert round(by_hand / 1e6, 2) == 69.12
    assert measured(transfer_weights(ResNet(32)), 3, 32) == by_hand
    # The classifier of 50 classes is 64 products each.
    assert measured(build_network(32, 16, 3, 50, 0), 3, 32) == by_hand + 64 * 50


@pytest.mark.parametrize(("depth", "channels", "width", "side"), [(8, 1, 8, 8), (8, 3, 16, 16), (20, 3, 16, 32)])
def test_other_depths_are_of_the_same_family(depth, channels, width, side):
    backbone = ResNet(depth, channels, width)
    assert sum(p.numel() for p in backbone.parameters()) == size(depth, channels, width)
    assert measured(backbone, channels, side) == products(depth, channels, width, side)
    assert sum(isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3) for m in backbone.modules()) == depth - 1
    assert backbone.features == 4 * width
    assert [name for name, _ in backbone.named_children()] == [name for name, _ in ResNet(32).named_children()]


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


def test_a_linear_heads_logits_are_products_and_a_bias():
    head, x = LinearHead(16, 3), numbers(5, 16)
    head.grow(5, seed=1)
    bias = torch.cat([block.get_parameter("bias") for block in head.blocks])
    torch.testing.assert_close(head(x), x @ rows(head).T + bias)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 6), st.floats(0.1, 40), st.integers(0, 2**20))
def test_a_cosine_heads_logits_are_the_scaled_cosines_of_the_angles(n, d, classes, sigma, seed):
    head, x = CosineHead(d, classes), 10 * numbers(n, d, seed=seed)
    head.grow(classes + 2, seed)
    with torch.no_grad():
        head.sigma.fill_(sigma)
        logits = head(x)
        expected = [[sigma * float(f @ w) / (float(f.norm()) * float(w.norm())) for w in rows(head)] for f in x]
        torch.testing.assert_close(logits, torch.tensor(expected), rtol=1e-4, atol=1e-4)
        assert logits.abs().max() <= sigma * (1 + 1e-5)  # bounded, whatever the features
        torch.testing.assert_close(head(1000 * x), logits, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(head.cosines(x) * sigma, logits)


def test_a_cosine_head_reaches_its_bounds_and_learns_its_scale():
    head = CosineHead(4, 3)
    assert head.sigma.item() == 1
    x = torch.stack([3 * rows(head)[1], -3 * rows(head)[1]])
    assert head(x)[:, 1].tolist() == pytest.approx([1, -1])
    head(x)[0].sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in head.parameters())


def test_the_last_relu_is_there_for_a_linear_head_and_not_for_a_cosine_head():
    x = numbers(20, 1, 8, 8)
    for name, negative in (("linear", False), ("cosine", True)):
        for net in (small(seed=1, head=name), build_network(14, 4, 1, 3, 1, name)):
            assert bool((net.features(x) < 0).any()) is negative
    assert set(HEADS) == {"linear", "cosine"}


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
    weight = build_network(8, 32, 3, 2, seed=0).state_dict()["backbone.blocks.2.conv2.weight"]
    assert weight.std().item() == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.02)


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules hold equal parameters and buffers."""
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_the_seed_alone_decides_the_parameters():
    torch.manual_seed(1)
    first = small(seed=5)
    torch.manual_seed(2)
    assert same(small(seed=5), first)
    assert not same(small(seed=6), first)


def test_building_growing_and_reinitialising_leave_the_global_generator_alone():
    state = torch.random.get_rng_state()
    model = small(seed=5)
    model.grow(4, seed=1)
    model.reinitialised(2)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_reinitialising_keeps_the_generator_of_the_device_that_the_network_is_on(monkeypatch):
    model, asked = small(seed=5).to("meta"), []

    def spy(seed: int, device: torch.device | None = None) -> AbstractContextManager[None]:
        asked.append((seed, device))
        return seeded(seed)

    monkeypatch.setattr(network, "seeded", spy)
    model.reinitialised(2)
    assert asked == [(2, torch.device("meta"))]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_reinitialising_leaves_a_gpus_global_generator_alone():
    model = small(seed=5).cuda()
    state = torch.cuda.get_rng_state()
    model.reinitialised(2)
    assert torch.equal(torch.cuda.get_rng_state(), state)


def test_growing_keeps_the_old_classes_and_everything_before_the_head(net):
    x, before = numbers(4, 1, 8, 8), copy.deepcopy(net)
    with torch.no_grad():
        old = net(x)
        net.grow(5, seed=3)
        new = net(x)
    assert new.shape == (4, 5)
    assert torch.equal(new[:, :3], old)
    kept = net.head.state_dict()
    assert all(torch.equal(kept[name], value) for name, value in before.head.state_dict().items())
    assert same(net.backbone, before.backbone)
    assert rows(net.head)[3:].abs().min() > 0
    assert all(p.requires_grad for p in net.head.parameters())
    assert net.classes == net.head.classes == 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", sorted(HEADS))
@pytest.mark.parametrize("width", [2, 16])
def test_over_many_growths_and_batch_sizes_old_logits_keep_every_bit(name, width, dtype):
    model = build_network(8, width, 1, 5, seed=3, head=name).to(dtype).eval()
    inputs = {n: numbers(n, 1, 8, 8, seed=n).to(dtype) for n in (1, 2, 3, 7, 64, 129)}
    with torch.no_grad():
        before = {n: model(x) for n, x in inputs.items()}
        for step, classes in enumerate([6, 7, 10, 10, 26, 100]):
            model.grow(classes, seed=step)
            for n, x in inputs.items():
                now = model(x)
                assert now.shape == (n, classes)
                assert now.dtype == dtype
                assert torch.equal(now[:, : before[n].shape[1]], before[n]), (classes, n)
                before[n] = now


@pytest.mark.parametrize("head", ["linear", "cosine"])
def test_under_autocast_the_backbone_rounds_and_the_head_does_not(head):
    net = build_network(8, 4, 1, 3, seed=1, head=head).eval()
    net.grow(5, seed=2)
    images = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    exact = net.features(images)
    with torch.autocast("cpu", torch.bfloat16):
        features, logits = net.features(images), net(images)
        assert net.backbone(images).dtype == torch.bfloat16
    assert features.dtype == logits.dtype == torch.float32
    assert 1e-4 < (features - exact).norm() / exact.norm() < 0.05
    assert torch.equal(logits, net.head(features))  # which is computed outside


def test_growing_by_nothing_adds_nothing(net):
    before = copy.deepcopy(net)
    net.grow(3, seed=9)
    assert same(net, before)


def test_freezing_old_rows_leaves_the_newest_block_to_train_and_can_be_undone(net):
    net.grow(5, seed=1)
    net.grow(6, seed=2)
    before = [rows(net.head)[k].clone() for k in range(6)]

    def step() -> list[bool]:
        optimizer = torch.optim.SGD(net.head.parameters(), lr=0.5, weight_decay=0.1)
        optimizer.zero_grad()
        F.cross_entropy(net(numbers(12, 1, 8, 8)), torch.arange(12) % 6).backward()
        optimizer.step()
        moved = [not torch.equal(row, old) for row, old in zip(rows(net.head), before, strict=True)]
        before[:] = [row.clone() for row in rows(net.head)]
        return moved

    net.head.freeze_old()
    assert step() == [False] * 5 + [True]
    net.head.freeze_old(False)
    assert step() == [True] * 6
    net.head.freeze_old()
    net.grow(7, seed=3)
    net.head.freeze_old()
    assert [p.requires_grad for block in net.head.blocks for p in block.parameters()][-1]
    assert not any(p.requires_grad for block in list(net.head.blocks)[:-1] for p in block.parameters())


def test_imprinted_rows_point_along_the_means_and_are_as_long_as_the_old_ones_on_average():
    head = CosineHead(6, 4)
    head.grow(7, seed=1)
    with torch.no_grad():
        for block in head.blocks:
            weight = block.get_parameter("weight")
            weight.mul_(torch.rand(len(weight), 1) + 0.5)
    head.grow(9, seed=2)
    old, means = rows(head)[:7].clone(), 5 * numbers(2, 6, seed=4)
    head.imprint(means)
    assert torch.equal(rows(head)[:7], old)
    length = sum(float(row.norm()) for row in old) / 7
    for row, mean in zip(rows(head)[7:], means, strict=True):
        assert row.norm().item() == pytest.approx(length, rel=1e-5)
        assert F.cosine_similarity(row, mean, dim=0).item() == pytest.approx(1, abs=1e-6)
        torch.testing.assert_close(head.cosines(3 * mean[None])[0, 7:].max(), torch.tensor(1.0))
    assert all(p.requires_grad for p in head.parameters())


@pytest.mark.parametrize("shape", [(1, 6), (3, 6), (2, 1), (2, 5)])
def test_means_that_are_not_one_for_each_new_row_are_refused_and_not_broadcast(shape):
    head = CosineHead(6, 4)
    with pytest.raises(ValueError, match=r"means of shape \[4, 6\] for 1 blocks"):
        head.imprint(torch.ones(4, 6))
    head.grow(6, seed=1)
    before = rows(head).clone()
    with pytest.raises(ValueError, match=r"means of shape .* for 2 blocks: must be \[2, 6\]"):
        head.imprint(torch.ones(shape))
    assert torch.equal(rows(head), before)


def test_new_rows_come_from_the_seed(net):
    one, same_seed, other = (copy.deepcopy(net) for _ in range(3))
    one.grow(5, seed=3)
    same_seed.grow(5, seed=3)
    other.grow(5, seed=4)
    assert same(one, same_seed)
    assert not torch.equal(rows(one.head)[3:], rows(other.head)[3:])


def test_a_head_cannot_shrink(net):
    with pytest.raises(ValueError, match=r"classes = 2.*3"):
        net.grow(2, seed=0)


def test_a_reinitialised_copy_is_as_fresh_as_a_new_network_and_leaves_the_original(net):
    before = copy.deepcopy(net)
    fresh = net.reinitialised(7)
    assert same(net, before)
    assert same(net.reinitialised(7), fresh)
    assert not torch.equal(rows(fresh.head), rows(net.head))
    new = small(seed=0, head="cosine" if isinstance(net.head, CosineHead) else "linear")
    for (name, p), q in zip(fresh.named_parameters(), new.parameters(), strict=True):
        assert p.shape == q.shape
        if "bn" in name or "shortcut.1" in name or "sigma" in name:
            assert torch.equal(p, q)  # batch norm starts at 1 and 0, a cosine head's scale at 1
        else:
            assert not torch.equal(p, dict(net.named_parameters())[name])


@pytest.mark.parametrize("transferred", [False, True])
def test_what_is_frozen_of_a_backbone_of_torchvision_stays_frozen_in_a_reinitialised_copy(transferred):
    model = build_network(18, 8, 3, 2, seed=0, name="resnet18")
    if transferred:
        transfer_weights(model)
    model.backbone.requires_grad_(False)
    fresh = model.reinitialised(7)
    trainable = [name for name, value in fresh.named_parameters() if value.requires_grad]
    assert trainable == [name for name, value in model.named_parameters() if value.requires_grad]
    assert all(name.startswith("head") for name in trainable)


def test_a_reinitialised_copy_keeps_buffers_and_what_is_frozen(net):
    net.grow(5, seed=1)
    net.head.freeze_old()
    if isinstance(net.head, CosineHead):
        net.head.sigma.data.fill_(3.0)
        net.head.sigma.requires_grad_(False)
    net.backbone.bn1.bias.requires_grad_(False)
    ours, fresh = dict(net.named_parameters()), dict(net.reinitialised(7).named_parameters())
    kept = {name for name, p in ours.items() if torch.equal(p, fresh[name])}
    assert {name for name, p in ours.items() if not p.requires_grad} == kept
    assert [p.requires_grad for p in fresh.values()] == [p.requires_grad for p in ours.values()]
    assert all(torch.equal(b, dict(net.named_buffers())[name]) for name, b in net.reinitialised(7).named_buffers())
    for name in kept:
        assert fresh[name].data_ptr() != ours[name].data_ptr()  # a copy


def channels_last(model: nn.Module) -> list[bool]:
    """Of each weight in which the order of axes shows."""
    weights = [p for m in model.modules() for p in (*m.parameters(recurse=False), *m.buffers(recurse=False))]
    return [w.is_contiguous(memory_format=torch.channels_last) for w in weights if w.dim() == 4]


@pytest.mark.parametrize("name", sorted(HEADS))
def test_convolution_weights_lie_channels_last_and_stay_so(name, tmp_path):
    model = build_network(8, 8, 3, 2, 0, name)
    assert channels_last(model) == [True] * 9
    kept = [copy.deepcopy(model), model.reinitialised(1), transfer_weights(copy.deepcopy(model))]
    again = build_network(8, 8, 3, 2, 1, name)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    again.load_state_dict(torch.load(tmp_path / "model.pt"))
    model.grow(3, seed=1)
    for other in (*kept, again, model):
        assert all(channels_last(other))
        assert len(channels_last(other)) >= 9
    contiguous = copy.deepcopy(kept[0]).to(memory_format=torch.contiguous_format)
    x = numbers(4, 3, 8, 8)
    torch.testing.assert_close(contiguous(x), kept[0](x))  # a layout, not another network


@pytest.mark.parametrize("width", [1, 2, 4, 7, 8, 16])
def test_gradients_are_right_at_any_width(width):
    """Narrow ones lie otherwise: channels-last, a library went wrong at them on machines without AVX-512."""
    net = build_network(8, width, 3, 5, 0).train()
    assert all(channels_last(net)) is (width >= 8)
    images, labels = numbers(16, 3, 8, 8), torch.arange(16) % 5
    gradients = []
    for model, x in ((net, images), (copy.deepcopy(net).double(), images.double())):
        loss = nn.functional.cross_entropy(model(x), labels)
        gradients.append(torch.cat([g.flatten().double() for g in torch.autograd.grad(loss, [*model.parameters()])]))
    assert (gradients[0] - gradients[1]).norm() / gradients[1].norm() < 1e-4


def transferred(model: IncrementalNet) -> list[TransferConv2d]:
    return [m for m in model.modules() if isinstance(m, TransferConv2d)]


@pytest.mark.parametrize(
    "axes",
    [
        {"stride": 2, "padding": 1},
        {"stride": (1, 3), "padding": (2, 0)},
        {"dilation": 2, "padding": 2},
        {"padding": "same", "dilation": (1, 2)},
        {"padding": "valid"},
        {"groups": 2, "padding": 1},
        {"groups": 4, "stride": 2},
        {"kernel_size": (1, 5)},
        {"kernel_size": 1, "stride": 2, "groups": 4},
    ],
    ids=str,
)
def test_any_convolution_without_a_bias_can_be_transferred(axes):
    source = nn.Conv2d(4, 8, **{"kernel_size": 3, "bias": False, **axes})
    layer, x = TransferConv2d(source), numbers(5, 4, 9, 9)
    assert torch.equal(layer(x), source(x))
    assert layer.scale.shape == (8, 4 // source.groups, 1, 1)
    with torch.no_grad():
        layer.scale.uniform_(-2, 2)
        scaled = copy.deepcopy(source)
        scaled.weight.mul_(layer.scale)
    torch.testing.assert_close(layer(x), scaled(x))
    layer(x).square().sum().backward()
    assert layer.scale.grad is not None
    assert layer.scale.grad.abs().min() > 0
    assert [name for name, _ in layer.named_parameters()] == ["scale"]


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_other_than_zeros_is_kept_or_refused(mode):
    source = nn.Conv2d(2, 3, 3, padding=1, padding_mode=mode, bias=False)
    x = numbers(2, 2, 5, 5)
    try:
        layer = TransferConv2d(source)
    except ValueError as error:
        assert mode in str(error)  # noqa: PT017
    else:
        assert torch.equal(layer(x), source(x))


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
    other = transfer_weights(small(seed=99, head="cosine" if isinstance(net.head, CosineHead) else "linear"))
    other.load_state_dict(net.state_dict())
    x = numbers(3, 1, 8, 8)
    assert torch.equal(other.eval()(x), net.eval()(x))


def test_a_transferred_convolution_does_not_share_memory_with_its_source():
    source = nn.Conv2d(1, 1, 3, bias=False)
    layer = TransferConv2d(source)
    before = layer.weight.clone()
    source.weight.data.zero_()
    assert torch.equal(layer.weight, before)


def test_a_reinitialised_transferred_network_keeps_w_and_has_scale_1(net):
    transfer_weights(net)
    for layer in transferred(net):
        layer.scale.data.uniform_(0.5, 2)
    for fresh, ours in zip(transferred(net.reinitialised(1)), transferred(net), strict=True):
        assert torch.equal(fresh.weight, ours.weight)
        assert (fresh.scale == 1).all()


@pytest.mark.parametrize(
    ("classes", "head", "message"),
    [
        (0, "linear", "classes = 0: must be at least 1"),
        (-2, "cosine", "classes = -2: must be at least 1"),
        (3, "round", "head = 'round': must be one of linear, cosine"),
    ],
)
def test_a_network_without_classes_or_with_an_unknown_head_is_refused(classes, head, message):
    with pytest.raises(ValueError, match=message):
        IncrementalNet(ResNet(8, 1, 4), classes, head)
