"""Modules that every run imports and that a run of a given configuration never calls: they decide no number of it."""

from __future__ import annotations

from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable.source import Excluded

EXEMPLAR_LEVEL = tuple(
    Excluded(f"mnemonics_lib.{module}", "trains exemplars, which this run does not")
    for module in (
        "bilevel",
        "exemplars.mnemonics",
        "exemplars.adjustment",
        "exemplars.controls",
        "exemplars.temporary",
        "exemplars.outer_log",
        "exemplars.shuffled",
    )
)
"""What a run without trained or adjusted exemplars has no use for."""

SOLVERS = {
    "higher": ("bilevel.higher_engine",),
    "adjoint": tuple(
        f"bilevel.{module}"
        for module in ("recorded_adjoint", "kept_adjoint", "walk", "adjoint", "repeated", "second_order")
    ),
    "formula": ("bilevel.closed_form",),
}
"""What solves the inner problem and differentiates the solution, by the way it is done."""

AFTER_PHASE_0 = (
    Excluded("mnemonics_lib.exemplars.shuffled", "comes after the training of the exemplars"),
    Excluded("mnemonics_lib.from_scratch", "comes after the test of the phase"),
)
"""What comes after the loops that runs share, and decides nothing of them."""

ON_DISK = ("data.stored", "data.held_batches")
"""What reads pictures that stay on disk, and trains their exemplars on the host."""

NETWORKS = {True: "models.resnet", False: "models.torchvision_net"}
"""Where a network is, by whether it is the one of the paper's CIFAR experiments."""


def unused_modules(config: RunConfig) -> tuple[Excluded, ...]:
    """To be left out of the source of a run of this configuration, besides what is left out for all."""
    other_network = NETWORKS[config.network.name != "cifar_resnet"]
    left_out = [Excluded(f"mnemonics_lib.{other_network}", f"has another network than {config.network.name}")]
    if not config.facts.on_disk:
        left_out += [Excluded(f"mnemonics_lib.{module}", "is for pictures that stay on disk") for module in ON_DISK]
    if config.exemplars != "mnemonics" or config.exemplar_level.displacement == "own":
        left_out.append(Excluded("mnemonics_lib.exemplars.shuffled", "shuffles displacements, which this run does not"))
    if not config.from_scratch:
        left_out.append(Excluded("mnemonics_lib.from_scratch", "trains a fresh network, which this run does not"))
    return (*left_out, *_unused_solvers(config))


def _unused_solvers(config: RunConfig) -> tuple[Excluded, ...]:
    """Of the exemplar level all, or what solves the inner problem otherwise than this run."""
    if config.exemplars != "mnemonics" and not config.adjust:
        return EXEMPLAR_LEVEL
    level = config.exemplar_level
    way = level.engine if level.inner in ("full", "head") else "formula"
    return tuple(
        Excluded(f"mnemonics_lib.{module}", f"solves the inner problem otherwise than by {way}")
        for other, modules in SOLVERS.items()
        if other != way
        for module in modules
    )
