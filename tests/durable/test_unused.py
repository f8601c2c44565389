"""What a configuration never calls does not count for its records; what it calls does."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mnemonics_lib import runs
from mnemonics_lib.bilevel import inner
from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable import shared
from mnemonics_lib.durable.source import EXCLUDED, PACKAGE, ROOTS, modules_used
from mnemonics_lib.durable.unused import AFTER_PHASE_0, EXEMPLAR_LEVEL, NETWORKS, ON_DISK, SOLVERS, unused_modules
from mnemonics_lib.errors import OutOfTimeError

OF_ADJOINT = ["adjoint", "kept_adjoint", "recorded_adjoint", "repeated", "second_order", "walk"]
ENGINES = {"higher_engine", *OF_ADJOINT, "closed_form"}


def used(**changes) -> set[str]:
    """The modules of a run, without the package's name."""
    config = RunConfig().replace(**changes)
    names = modules_used(ROOTS, excluded=EXCLUDED + unused_modules(config))
    return {name.removeprefix("mnemonics_lib.") for name in names}


@pytest.mark.parametrize("exemplars", ["herding", "random", "none"])
def test_a_run_that_trains_no_exemplars_does_not_depend_on_how_they_are_trained(exemplars):
    found = used(exemplars=exemplars, finetune=exemplars != "none")
    assert not any(name.startswith("bilevel") for name in found)
    assert not found & {"exemplars.mnemonics", "exemplars.controls", "exemplars.temporary"}
    assert {"training", "global_bop", "exemplars.selection", "exemplars.memory", "models.heads", "losses"} <= found


@pytest.mark.parametrize(
    ("changes", "engines"),
    [
        ({"exemplars": "mnemonics"}, ["higher_engine"]),
        ({"exemplars": "herding", "adjust": 2}, ["higher_engine"]),
        ({"exemplar_level": {"engine": "adjoint"}}, OF_ADJOINT),
        ({"exemplar_level": {"inner": "head", "engine": "adjoint"}}, OF_ADJOINT),
        ({"exemplar_level": {"inner": "ncm"}}, ["closed_form"]),
        ({"exemplar_level": {"inner": "ridge", "engine": "adjoint"}}, ["closed_form"]),
    ],
    ids=str,
)
def test_a_run_that_trains_exemplars_depends_on_its_own_engine_alone(changes, engines):
    found = used(**changes)
    assert {name.removeprefix("bilevel.") for name in found} & ENGINES == set(engines)
    assert {"exemplars.mnemonics", "exemplars.controls", "bilevel.inner", "training"} <= found


@pytest.mark.parametrize(
    ("changes", "shuffles"),
    [
        ({}, False),
        ({"exemplar_level": {"displacement": "shuffled"}}, True),
        ({"exemplar_level": {"displacement": "shuffled"}, "exemplars": "herding", "adjust": 2}, False),
        ({"exemplar_level": {"displacement": "shuffled"}, "exemplars": "herding"}, False),
    ],
    ids=str,
)
def test_a_run_depends_on_the_shuffling_of_displacements_where_it_shuffles(changes, shuffles):
    assert ("exemplars.shuffled" in used(**changes)) is shuffles


def test_no_loop_that_runs_share_depends_on_what_comes_after_it(monkeypatch):
    later = RunConfig().replace(exemplar_level={"displacement": "shuffled"}, from_scratch=1)
    assert shared.exemplars_source(later) == shared.exemplars_source(RunConfig())
    seen: list[str] = []

    def look(roots: Any, excluded: Any) -> str:
        seen.extend(modules_used(roots, excluded=excluded))
        return ""

    monkeypatch.setattr(shared, "library_source", look)
    shared.model_source()
    shared.exemplars_source(later)
    assert {"mnemonics_lib.training", "mnemonics_lib.exemplars.mnemonics"} < set(seen)
    assert not {"mnemonics_lib.exemplars.shuffled", "mnemonics_lib.from_scratch"} & set(seen)


@pytest.mark.parametrize("passes", [0, 1])
def test_a_run_depends_on_how_a_fresh_network_is_trained_where_it_trains_one(passes):
    assert ("from_scratch" in used(from_scratch=passes)) is (passes > 0)


OF_DISK = {"data.stored", "data.held_batches"}


@pytest.mark.parametrize(
    ("changes", "network", "on_disk"),
    [
        ({}, "models.resnet", False),
        ({"dataset": "cifar100", "network": {"name": "resnet18"}}, "models.torchvision_net", False),
        ({"dataset": "imagenet", "network": {"name": "resnet18"}}, "models.torchvision_net", True),
    ],
)
def test_a_run_depends_on_its_own_network_and_on_where_its_pictures_are(changes, network, on_disk):
    found = used(**changes)
    assert found & {"models.resnet", "models.torchvision_net"} == {network}
    assert found & OF_DISK == (OF_DISK if on_disk else set())
    assert {"data.samples", "data.streamed", "data.batches", "models.network"} <= found


def test_no_run_in_memory_enters_what_is_left_out_of_its_source(tiny, tmp_path):
    """Every function that it calls, by the profiler: trained and adjusted exemplars, and a run that goes on."""
    entered: set[str] = set()

    def note(frame: Any, event: str, _: object) -> None:
        if event == "call":
            entered.add(frame.f_globals.get("__name__", ""))

    config = tiny.replace(exemplars="mnemonics", adjust=2, finetune=True, weight_transfer=True, phases=1)
    config = config.replace(exemplar_level={"start": "perturbed"})
    sys.setprofile(note)
    try:
        with pytest.raises(OutOfTimeError):
            runs.run(config, tmp_path, minutes=0)
        runs.run(config, tmp_path)
    finally:
        sys.setprofile(None)
    assert {"mnemonics_lib.data.samples", "mnemonics_lib.data.held", "mnemonics_lib.exemplars.mnemonics"} <= entered
    assert not entered & {entry.module for entry in unused_modules(config)}


def test_every_module_that_is_named_is_there():
    entries = EXEMPLAR_LEVEL + AFTER_PHASE_0
    others = [*ON_DISK, *NETWORKS.values(), *(m for of in SOLVERS.values() for m in of)]
    named = [entry.module for entry in entries] + [f"mnemonics_lib.{module}" for module in others]
    for name in named:
        path = PACKAGE.joinpath(*name.split(".")[1:])
        assert path.is_dir() or path.with_suffix(".py").exists(), name


def test_every_engine_of_the_library_is_named():
    for name, engine in inner.ENGINES.items():
        assert engine.__module__.removeprefix("mnemonics_lib.") in SOLVERS[name]
