"""Where a run's numbers come from: what it is a run of, and what it was made under.

The identity says what a run is: with another one it is another run, and is made again. The environment says under what
it was made. Another number of threads or another torch changes the last digits, and with them the run, but a record
that was made under the old ones stays true: so the environment is written down beside the identity, not into it.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
import weakref
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from mnemonics_lib.data.dataset import Dataset
from mnemonics_lib.device.memory import device_name
from mnemonics_lib.device.processes import processes
from mnemonics_lib.device.processor import processor_name
from mnemonics_lib.durable.own_method import describe_method
from mnemonics_lib.durable.source import EXCLUDED, ROOTS, Excluded, library_source
from mnemonics_lib.durable.syntax import sha256
from mnemonics_lib.durable.values import describe_plain
from mnemonics_lib.methods import METHODS, MethodInfo

PACKAGES = ("torch", "torchvision", "higher", "numpy", "scikit-learn")
"""Packages that decide the numbers of a run."""


class Identity(BaseModel):
    """What a run is a run of; two runs with one identity are the same one.

    Attributes:
        config: digest of its configuration.
        data: :func:`data_digest` of its data set, at the resolution it is loaded at.
        source: :func:`source_digest` of its method.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    config: str
    data: str
    source: str


class Environment(BaseModel):
    """What a run was made under.

    Attributes:
        threads: of torch on the CPU; None where an old record does not say.
        device: as :func:`mnemonics_lib.device.memory.device_name` has it.
        versions: of Python and of ``PACKAGES``, by name.
        processes: that trained the model together; written down only where there were several.
        processor: as :func:`mnemonics_lib.device.processor.processor_name` has it; None on an accelerator, and where an
            old record does not say.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    threads: int | None
    device: str
    versions: dict[str, str]
    processes: int = Field(default=1, ge=1)
    processor: str | None = None

    @model_serializer(mode="wrap")
    def _as_ever(self, values: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, of which records and shared phases that are older know nothing."""
        since = {"processes": 1, "processor": None}
        return {name: value for name, value in values(self).items() if name not in since or value != since[name]}

    def on_any_processor(self) -> Environment:
        """The same without the processor, for what is shared and goes on across processors.

        What two runs have in common is to be the same in both, on whatever machines they are made.
        """
        return self.model_copy(update={"processor": None})


def environment(device: torch.device | str) -> Environment:
    """What a run on a device is made under now."""
    return Environment(
        threads=torch.get_num_threads(),
        device=device_name(torch.device(device)),
        versions=library_versions(),
        processes=processes().count,
        processor=processor_name() if torch.device(device).type == "cpu" else None,
    )


def library_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the numbers, by name."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def source_digest(method_cls: type, roots: Iterable[str] = ROOTS, unused: tuple[Excluded, ...] = ()) -> str:
    """SHA-256 (hex) of the source a run with a method is made by.

    It covers the modules of the library that the run uses, a user's own method with all that it depends on, and what
    its registration says of it (``holds_out`` decides numbers). Ask before the run starts, and keep the answer: what is
    edited later does not take part in the run, and an own method may change what it consists of. For a method that
    cannot be described (:func:`~mnemonics_lib.durable.own_method.describe_method` says why) no two answers are equal.

    Args:
        method_cls: the class of the run's method, of the library or of the user's own.
        roots: modules of the library that every run uses.
        unused: what this run leaves out, besides :data:`~mnemonics_lib.durable.source.EXCLUDED`.

    Raises:
        ValueError: for a root that is no module of the library.
    """
    method = describe_method(method_cls)
    library = library_source([*roots, *method.library], excluded=EXCLUDED + unused)
    return sha256([library, method.digest, _registration(method_cls)])


def _registration(method_cls: type) -> list[dict[str, str]]:
    """What is registered of a class and differs from the defaults, for each name that it is registered under."""
    fields = [field for field in dataclasses.fields(MethodInfo) if field.name != "path"]
    found = []
    for info in METHODS.values():
        module, _, name = info.path.partition(":")
        if getattr(sys.modules.get(module), name, None) is method_cls:
            values = {field.name: getattr(info, field.name) for field in fields}
            found.append(
                {field.name: ascii(values[field.name]) for field in fields if values[field.name] != field.default}
            )
    return sorted(found, key=sha256)


_digests: dict[int, tuple[weakref.ref[Dataset], str]] = {}


def data_digest(dataset: Dataset) -> str:
    """SHA-256 (hex) of a data set as it is loaded: images and labels of both splits, and the pixel space.

    It is computed once for each object (0.3 s for CIFAR-100), since no run writes to its data.

    Args:
        dataset: on any device; its digest is the same on all.

    Raises:
        TypeError: for a field that is neither a tensor nor a plain value.
    """
    known = _digests.get(id(dataset))
    if known and known[0]() is dataset:  # an id is given again when its object is gone
        return known[1]
    described = {}
    for part in ("train", "test", "pixels"):
        content = getattr(dataset, part)
        for field in dataclasses.fields(content):
            value = getattr(content, field.name)
            # Of pictures on disk their names and sizes stand for what is in them.
            described[f"{part}.{field.name}"] = text = describe_plain(getattr(value, "fingerprint", value))
            if text is None:
                raise TypeError(f"{part}.{field.name} = {value!r}: must be a tensor, a number or a string")
    digest = sha256(described)
    _digests[id(dataset)] = weakref.ref(dataset), digest
    return digest
