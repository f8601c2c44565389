"""Identity and environment of a run."""

from __future__ import annotations

import dataclasses
import gc
import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError

from mnemonics_lib.data.batches import Share
from mnemonics_lib.data.dataset import Dataset, load_dataset
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.split import Split
from mnemonics_lib.device.processes import Several, together
from mnemonics_lib.device.processor import processor_name
from mnemonics_lib.durable import provenance
from mnemonics_lib.durable.provenance import (
    Environment,
    Identity,
    data_digest,
    environment,
    library_versions,
    source_digest,
)
from mnemonics_lib.durable.source import EXCLUDED, Excluded
from mnemonics_lib.methods import METHODS, MethodInfo, method_class
from mnemonics_lib.methods.base import Method

# -- source ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a module of a user's, registers the method in it as another process would, and gives its class."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def register(text: str, **facts: bool) -> type:
        (tmp_path / "own_mine.py").write_text(text)
        monkeypatch.delitem(sys.modules, "own_mine", raising=False)
        monkeypatch.setitem(METHODS, "mine", MethodInfo("own_mine:Mine", **facts))  # type: ignore[arg-type]
        return method_class("mine")

    return register


MINE = (
    "from mnemonics_lib.methods.base import Method\nWEIGHT = 1.0\nclass Mine(Method):\n    def f(self): return WEIGHT\n"
)


def test_each_method_of_the_library_has_a_source_of_its_own():
    digests = {name: source_digest(method_class(name)) for name in METHODS}
    assert len(set(digests.values())) == len(METHODS)
    assert digests == {name: source_digest(method_class(name)) for name in METHODS}


def test_a_number_beside_an_own_method_makes_another_source(own):
    before = source_digest(own(MINE))
    assert source_digest(own(MINE.replace("1.0", "0.001"))) != before
    assert source_digest(own(MINE + "# done\n")) == before


def test_the_librarys_modules_that_an_own_method_uses_make_its_source(own, monkeypatch):
    asked: set[str] = set()

    def library_source(roots: list[str], excluded: tuple[Excluded, ...]) -> str:
        assert excluded == EXCLUDED + left_out
        asked.update(roots)
        return "library"

    monkeypatch.setattr(provenance, "library_source", library_source)
    left_out = (Excluded("mnemonics_lib.bench", "is not called"),)
    mine = own("from mnemonics_lib.methods.bic import BiC\nclass Mine(BiC): ...\n")
    source_digest(mine, ["mnemonics_lib.rng"], left_out)
    assert asked - {"mnemonics_lib", "mnemonics_lib.methods"} == {"mnemonics_lib.rng", "mnemonics_lib.methods.bic"}


def test_what_a_registration_says_makes_another_source(own):
    before = source_digest(own(MINE))
    assert source_digest(own(MINE, holds_out=True)) != before
    assert source_digest(own(MINE, holds_out=False)) == before  # as it is anyway


def test_another_root_makes_another_source():
    lwf = method_class("lwf")
    assert source_digest(lwf, ["mnemonics_lib.rng"]) != source_digest(lwf)
    with pytest.raises(ValueError, match=r"root = 'mnemonics_lib\.none'"):
        source_digest(lwf, ["mnemonics_lib.none"])


def test_a_method_without_text_is_never_the_same():
    namespace: dict[str, type] = {}
    exec("class Mine:\n    def f(self): return 1\n", namespace)
    assert source_digest(namespace["Mine"]) != source_digest(namespace["Mine"])


# -- data ------------------------------------------------------------------------------------------------------------


def dataset() -> Dataset:
    def split(n: int) -> Split:
        return Split(torch.arange(n * 8, dtype=torch.uint8).reshape(n, 2, 2, 2), torch.arange(n))

    pixel = torch.full((2, 1, 1), 0.5)
    return Dataset(split(5), split(3), Pixels(pixel, pixel / 2, white=16, pad=1, flip=False))


def test_equal_data_have_one_digest():
    assert data_digest(dataset()) == data_digest(dataset())
    digits = load_dataset("digits", torch.device("cpu"))
    assert data_digest(digits) != data_digest(load_dataset("digits", torch.device("cpu"), 4))
    copy = Dataset(digits.train.to(torch.device("cpu")), digits.test, digits.pixels)
    assert data_digest(digits) == data_digest(copy)


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("images", lambda images: images.index_fill(0, torch.tensor([1]), 7)),
        ("images", lambda images: images.mT.contiguous()),
        ("images", lambda images: images.reshape(-1, 2, 4, 1)),
        ("images", lambda images: images.view(torch.int8)),
        ("labels", lambda labels: labels.flip(0)),
        ("labels", lambda labels: labels.int()),
    ],
)
def test_any_image_label_shape_or_kind_makes_other_data(part, field, change):
    data = dataset()
    split = getattr(data, part)
    other = dataclasses.replace(split, **{field: change(getattr(split, field))})
    assert data_digest(dataclasses.replace(data, **{part: other})) != data_digest(data)


@pytest.mark.parametrize(
    "change", [{"mean": torch.zeros(2, 1, 1)}, {"std": torch.ones(2, 1, 1)}, {"white": 255}, {"pad": 2}, {"flip": True}]
)
def test_another_pixel_space_makes_other_data(change):
    data = dataset()
    other = dataclasses.replace(data, pixels=dataclasses.replace(data.pixels, **change))
    assert data_digest(other) != data_digest(data)


def test_images_in_another_order_in_memory_are_the_same():
    data = dataset()
    strided = Split(data.train.images.mT.contiguous().mT, data.train.labels)
    assert not strided.images.is_contiguous()
    assert data_digest(dataclasses.replace(data, train=strided)) == data_digest(data)


def test_data_are_read_once_and_forgotten_with_their_object(monkeypatch):
    data = dataset()
    digest = data_digest(data)
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "describe_plain", None)
        assert data_digest(data) == digest
    number = id(data)
    del data
    gc.collect()
    assert provenance._digests[number][0]() is None


def test_data_of_an_unknown_kind_are_refused():
    data = dataset()
    odd = dataclasses.replace(data, test=Split(data.test.images, object()))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"test\.labels = <object.*must be a tensor, a number or a string"):
        data_digest(odd)


# -- identity and environment ----------------------------------------------------------------------------------------


def test_an_identity_is_equal_by_its_three_digests_and_does_not_change():
    identity = Identity(config="a", data="b", source="c")
    assert identity == Identity.model_validate({"config": "a", "data": "b", "source": "c"})
    for field in ("config", "data", "source"):
        assert identity != identity.model_copy(update={field: "d"})
    with pytest.raises(ValidationError, match="frozen"):
        identity.source = "d"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="config"):
        Identity.model_validate({"data": "b", "source": "c"})


def test_an_environment_is_what_a_run_is_made_under():
    now = environment("cpu")
    assert now == environment(torch.device("cpu"))
    assert (now.threads, now.device) == (torch.get_num_threads(), "cpu")
    assert set(now.versions) == {"python", "torch", "torchvision", "higher", "numpy", "scikit-learn"}
    assert now.versions == library_versions()
    assert torch.__version__.startswith(now.versions["torch"])
    assert Environment.model_validate_json(now.model_dump_json()) == now


def test_an_environment_names_the_processor_where_it_computes(monkeypatch):
    assert environment("cpu").processor == processor_name()
    monkeypatch.setattr(provenance, "device_name", lambda device: "cuda (H100)")
    assert environment("cuda").processor is None


def test_an_environment_from_before_is_written_as_it_was():
    before = {"threads": 1, "device": "cpu", "versions": {"torch": "2"}}
    assert Environment.model_validate(before).model_dump() == before


def test_what_is_shared_does_not_say_on_which_processor():
    one = environment("cpu")
    other, silent = (one.model_copy(update={"processor": name}) for name in ("a 286", None))
    assert one != other
    assert one.on_any_processor() == other.on_any_processor() == silent


def test_the_number_of_threads_is_read_each_time():
    assert environment("cpu").threads == 1
    try:
        torch.set_num_threads(2)
        assert environment("cpu").threads == 2
    finally:
        torch.set_num_threads(1)


def test_the_number_of_processes_is_written_down_where_there_were_several():
    alone = environment("cpu")
    assert alone.processes == 1
    assert "processes" not in alone.model_dump()  # as in older records, whose checksum knows nothing of it
    with together(Several(Share(1, 3), torch.device("cpu"))):
        three = environment("cpu")
    assert three.model_dump() == {**alone.model_dump(), "processes": 3}
    assert Environment(**three.model_dump()) == three
    assert environment("cpu") == alone


def test_a_method_of_the_library_is_described_without_loading_the_others():
    code = (
        "import sys; from mnemonics_lib.durable.provenance import source_digest; from mnemonics_lib.methods import *; "
        "from mnemonics_lib import methods; source_digest(methods.method_class('lwf')); "
        "print('mnemonics_lib.methods.bic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
    assert issubclass(method_class("lwf"), Method)
