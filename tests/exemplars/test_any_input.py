"""Networks and images from elsewhere: what is wrong with them is named before the first outer step, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.any_model import train_exemplars
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining

LEVEL = ExemplarLevel(inner_steps=2, alpha=0.5, inner_augment=False, epochs=2, val_batch=100, beta=0.02)


def pictures(count: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count)
    return torch.rand(count, 1, 6, 6, generator=generator, dtype=dtype), torch.arange(count) % 2


def network(*layers: nn.Module) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first, norm, last = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Linear(16, 2)
    return nn.Sequential(first, norm, nn.Tanh(), *layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), last)


class Gives(nn.Module):
    """A network whose output something is made of."""

    def __init__(self, make: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.network, self.make = network(), make

    def forward(self, x: Tensor) -> Any:
        return self.make(self.network(x))


class WithFeatures(nn.Module):
    def __init__(self, classes: int = 2, shape: Callable[[Tensor], Any] = lambda x: x) -> None:
        super().__init__()
        self.backbone, self.head = nn.Sequential(nn.Flatten(), nn.Linear(36, 5), nn.Tanh()), nn.Linear(5, classes)
        self.classes, self.shape = classes, shape

    def features(self, x: Tensor) -> Tensor:
        return self.shape(self.backbone(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


IMAGES, LABELS = pictures(4)
ONE = torch.ones(1, 1, 1)
MORE, MORE_LABELS = pictures(20)
WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "nothing moves": ({"model": network().requires_grad_(False)}, ValueError, "Sequential: none of its parameters"),
    "labels without a logit": (
        {"exemplars": (IMAGES, LABELS + 1)},
        ValueError,
        "exemplars: labels 1 to 2: must be 0 to 1, as the model has 2 logits",
    ),
    "negative labels": (
        {"validation": (MORE, MORE_LABELS - 1)},
        ValueError,
        "validation: labels -1 to 0: must be 0 to 1",
    ),
    "a label that PyTorch would leave out": (
        {"validation": (MORE, MORE_LABELS.clone().fill_(-100))},
        ValueError,
        "validation: labels -100 to -100",
    ),
    "two precisions": (
        {"exemplars": pictures(4, torch.float64)},
        ValueError,
        "validation: images of type torch.float32 on cpu: must be torch.float64 on cpu",
    ),
    "another precision than the model's": (
        {"exemplars": pictures(4, torch.float64), "validation": pictures(20, torch.float64)},
        ValueError,
        "model: 0.weight is torch.float32 on cpu: must be torch.float64 on cpu",
    ),
    "half precision": (
        {"exemplars": (IMAGES.half(), LABELS)},
        ValueError,
        "type torch.float16: must be floats .* 32 or 64",
    ),
    "integers": ({"validation": (MORE.long(), MORE_LABELS)}, ValueError, "validation: images .* type torch.int64"),
    "no pixel": ({"exemplars": (IMAGES[..., :0], LABELS)}, ValueError, "at least one pixel"),
    "no validation": ({"validation": (MORE[:0], MORE_LABELS[:0])}, ValueError, "validation: images of shape"),
    "arrays": ({"exemplars": (IMAGES.numpy(), LABELS)}, ValueError, r"exemplars: \['ndarray', 'Tensor'\]: must be two"),
    "NaN": (
        {"exemplars": (IMAGES.index_fill(0, torch.tensor([2]), torch.nan), LABELS)},
        ValueError,
        "exemplars: image 2 has NaN or infinity",
    ),
    "infinity": ({"validation": (MORE / 0, MORE_LABELS)}, ValueError, "validation: image 0 has NaN or infinity"),
    "a model elsewhere": (
        {"model": network().to("meta")},
        ValueError,
        "model: 0.weight is torch.float32 on meta: must be torch.float32 on cpu",
    ),
    "labels elsewhere": (
        {"exemplars": (IMAGES, LABELS.to("meta"))},
        ValueError,
        "exemplars: labels on meta: must be on cpu",
    ),
    "images elsewhere": (
        {"validation": (MORE.to("meta"), MORE_LABELS.to("meta"))},
        ValueError,
        "validation: images of type torch.float32 on meta: must be torch.float32 on cpu",
    ),
    "pixels of three channels": (
        {"pixels": Pixels(torch.zeros(3, 1, 1), torch.ones(3, 1, 1), 255, 0, False)},
        ValueError,
        r"pixels.mean of shape \(3, 1, 1\) and type torch.float32 on cpu: must be \(1, 1, 1\)",
    ),
    "pixels of double precision": (
        {"pixels": Pixels(ONE.double(), ONE.double(), 255, 0, False), "val_augment": True},
        ValueError,
        r"pixels.mean of shape \(1, 1, 1\) and type torch.float64 on cpu: must be .* of torch.float32 on cpu",
    ),
    "a tuple": ({"model": Gives(lambda x: (x, 1))}, TypeError, "model: gives a tuple as logits"),
    "numbers without classes": ({"model": Gives(lambda x: x[:, 0])}, TypeError, r"a Tensor of shape \(4,\) as logits"),
    "a row for all": ({"model": Gives(lambda x: x.mean(0, True))}, TypeError, r"a Tensor of shape \(1, 2\) as logits"),
    "decisions": ({"model": Gives(lambda x: x.round().long())}, TypeError, "as logits: must be a float tensor"),
    "logits that are NaN": ({"model": Gives(lambda x: x / 0 * 0)}, ValueError, "model: gives logits with NaN"),
    "images of another size": (
        {"model": nn.Sequential(nn.Flatten(), nn.Linear(35, 2))},
        ValueError,
        r"model: Sequential does not take images of shape \(4, 1, 6, 6\) and type torch.float32: mat1",
    ),
    "a layer without a second derivative": (
        {"model": network(nn.Hardsigmoid())},
        TypeError,
        "model: a layer of Sequential cannot be differentiated twice",
    ),
    "an old weight_norm": (
        {"model": "weight_norm"},
        TypeError,
        "model: Sequential cannot be copied: Only Tensors created explicitly",
    ),
    "a parametrised layer that is to be fresh": (
        {"model": network(nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 1)))},
        TypeError,
        r"start = 'perturbed': 3.parametrizations.weight \(ParametrizationList\) holds what a weight is computed from",
    ),
    "features that are none": (
        {"model": WithFeatures(shape=lambda x: x[:, :, None]), "inner": "ncm"},
        TypeError,
        r"gives a Tensor of shape \(4, 5, 1\) as features",
    ),
    "a class without an exemplar": (
        {"model": WithFeatures(3), "inner": "ridge", "validation": (MORE, MORE_LABELS * 2)},
        ValueError,
        "validation: images of class 2, of which no exemplar is: exemplar_level.inner = 'ridge'",
    ),
    "a batch that lacks a class": (
        {"model": WithFeatures(), "inner": "ncm", "inner_batch": 1},
        ValueError,
        "exemplar_level.inner_batch = 1: must be 0 or at least 2",
    ),
}


def ask(engine: str = "higher", **given: Any) -> Any:
    parts: dict[str, Any] = {
        "model": network(),
        "exemplars": (IMAGES, LABELS),
        "validation": (MORE, MORE_LABELS),
        "pixels": None,
    }
    fields = {name: value for name, value in given.items() if name not in parts}
    parts |= {name: value for name, value in given.items() if name in parts}
    level = LEVEL.model_copy(update={"engine": engine, **fields})
    return train_exemplars(parts["model"], parts["exemplars"], parts["validation"], level, parts["pixels"])


def never(*arguments: Any) -> None:
    raise AssertionError("the first outer step has begun")


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("engine", ["higher", "adjoint"])
@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_is_wrong_is_named_before_the_first_step(case, engine, monkeypatch):
    given, error, message = WRONG[case]
    if given.get("model") == "weight_norm":
        given = {"model": network(nn.utils.weight_norm(nn.Conv2d(4, 4, 1)))}
    monkeypatch.setattr(ExemplarTraining, "step", never)
    with pytest.raises(error, match=message):
        ask(engine, **given)


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_it_works_the_same_where_the_caller_takes_no_gradients(engine):
    expected = ask(engine).images
    with torch.no_grad():
        assert torch.equal(ask(engine).images, expected)
    with torch.inference_mode():
        inside = ask(engine, exemplars=pictures(4), validation=pictures(20), model=network()).images
    assert torch.equal(inside.clone(), expected)


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_double_precision_throughout_is_as_good(engine):
    given = {"exemplars": pictures(4, torch.float64), "validation": pictures(20, torch.float64)}
    trained = ask(engine, model=network().double(), **given).images
    assert trained.dtype == torch.float64
    assert not torch.equal(trained, given["exemplars"][0])


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=0.3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        places = x.flatten(2).transpose(1, 2)
        return self.attention(places, places, places)[0].transpose(1, 2).reshape(x.shape)


@pytest.mark.parametrize("layer", [lambda: nn.Dropout(0.5), Attention], ids=["dropout", "attention"])
def test_with_random_layers_the_seed_decides_and_the_engines_agree(layer):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = network(layer())
    found = {}
    for engine in ("higher", "adjoint"):
        torch.manual_seed(1)
        before = torch.get_rng_state()
        one = ask(engine, model=model)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        again = ask(engine, model=model)
        assert torch.equal(one.images, again.images)
        assert one.controls == again.controls
        found[engine] = one
    steps = [run.controls["steps"]["meta_loss"] for run in found.values()]
    assert steps[0] == pytest.approx(steps[1], rel=1e-4)
    assert steps[0][0] != steps[0][1]


def test_the_panel_of_a_random_network_has_the_same_masks_before_and_after():
    """Of exemplars that do not move both are one number."""
    panel = ask(model=network(nn.Dropout(0.5)), beta=1e-30).controls["panel"]
    assert panel["before"] == panel["after"]
    assert panel["before_running"] == panel["after_running"]


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_the_network_is_not_changed_by_being_tried(engine):
    model = network(nn.Dropout(0.5))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.eval()
    ask(engine, model=model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_one_exemplar_is_enough_where_nothing_is_normalised_by_its_batch():
    assert ask(model=WithFeatures(), exemplars=(IMAGES[:1], LABELS[:1])).images.shape == (1, 1, 6, 6)


@pytest.mark.parametrize("inner", ["ncm", "ridge", "head"])
def test_other_inner_problems_pass(inner):
    assert ask(model=WithFeatures(), inner=inner).images.isfinite().all()


@pytest.mark.parametrize("axis", ["clip", "inner_augment", "val_augment"])
def test_an_axis_that_needs_to_know_the_pixels_is_refused_without_them(axis: str):
    asked: dict[str, Any] = {axis: True}
    with pytest.raises(ValueError, match=rf"^level: {axis} = True: must be False where pixels = None"):
        ask(**asked)
    zero = torch.zeros(1, 1, 1)
    ask(pixels=Pixels(zero, zero + 1, white=255, pad=1, flip=False), **asked)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(TypeError, match=r"level: dict: must be an ExemplarLevel, such as ExemplarLevel\(epochs=2\)"):
        train_exemplars(network(), (IMAGES, LABELS), (MORE, MORE_LABELS), {"epochs": 2})  # type: ignore[arg-type]
