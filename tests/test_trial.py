"""A network that a run would end with is refused before anything is trained."""

from __future__ import annotations

import pytest
import torch

from mnemonics_lib import runs, training
from mnemonics_lib.data import dataset
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.data.split import Split
from mnemonics_lib.trial import UnfitNetworkError


@pytest.fixture
def coloured(monkeypatch, tiny):
    """Four classes of coloured noise of 32 x 32, in the place of digits, and a run on a network of torchvision."""

    def split(each: int, seed: int) -> Split:
        generator = torch.Generator().manual_seed(seed)
        labels = torch.arange(4).repeat(each)
        noise = torch.randint(80, (len(labels), 3, 32, 32), generator=generator)
        return Split((50 * labels[:, None, None, None] + noise).to(torch.uint8), labels)

    info = DatasetInfo(classes=4, images_per_class=6, shape=(3, 32, 32), white=255, pad=2, flip=True)
    monkeypatch.setitem(dataset.LOADERS, "digits", lambda: (split(6, 0), split(2, 1)))
    monkeypatch.setitem(DATASETS, "digits", info)
    dataset._load.cache_clear()
    yield tiny.replace(phases=2, network={"name": "resnet18"}, exemplar_level={"inner_steps": 1, "beta": 0.001})
    dataset._load.cache_clear()


# A network knows these few images of noise by heart: its panels begin at no loss, and runs say that they rose.
@pytest.mark.filterwarnings("ignore::mnemonics_lib.runs.RunWarning")
@pytest.mark.parametrize("method", ["bic", "lucir"])
def test_the_paper_s_network_for_imagenet_runs_with_every_method(coloured, tmp_path, method):
    config = coloured.replace(method=method, phases=1, weight_transfer=True, finetune=True, adjust=2, budget=4)
    record, path = runs.run(config, tmp_path)
    assert record.displacement > 0
    found = runs.load_run(path)
    assert found.model.backbone.features == 512
    assert len(found.predict(dataset.load_dataset("digits", torch.device("cpu")).test.images).names) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": {"name": "mobilenet_v3_small"}}, "its exemplars cannot be trained: model: a layer of"),
        (
            {"network": {"name": "mobilenet_v3_small"}, "exemplars": "herding", "adjust": 2, "budget": 4},
            "its exemplars cannot be trained: model: a layer of",  # of Eq. 10, hours after the first phase
        ),
        ({"network": {"name": "vit_b_32"}}, "network.name = 'vit_b_32': does not take images of 3 x 32 x 32: "),
        ({"network": {"name": "resnet19"}}, "network.name = 'resnet19': must be cifar_resnet, or"),
    ],
)
def test_what_a_network_cannot_do_is_said_before_anything_is_trained(coloured, tmp_path, monkeypatch, changes, message):
    monkeypatch.setattr(training.Descent, "step", lambda self: pytest.fail("trained"))
    with pytest.raises(UnfitNetworkError) as refused:
        runs.run(coloured.replace(**changes), tmp_path)
    assert message in str(refused.value)


def test_a_network_without_second_derivatives_may_run_with_real_exemplars(coloured, tmp_path):
    config = coloured.replace(network={"name": "mobilenet_v3_small"}, exemplars="herding")
    record, _ = runs.run(config, tmp_path)
    assert len(record.accuracy) == 3
