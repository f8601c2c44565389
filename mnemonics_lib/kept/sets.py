"""The sets of exemplars that are compared: the run's own, before and after training, and two kinds of real images."""

from __future__ import annotations

import torch
from torch import Tensor

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.selection import select
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State
from mnemonics_lib.models import IncrementalNet, evaluating
from mnemonics_lib.rng import stream

KINDS = ("data", "random", "herding", "start", "trained")
"""Real images; exemplars picked from them at random and by herding; and the run's own, as the real images that they
were at the start of their training, and as they are now: trained by Eq. 9 and, in later phases, Eq. 10."""


class Arrived:
    """Classes of a run that arrived in one phase, looked at after the same one or a later one.

    Nothing of the run is changed: picks are made by random streams of their own, which depend on the phase of arrival,
    so that later looks pick the same images at random. Herding picks by the features of Theta_i as it is now.

    Args:
        experiment: of the run.
        state: after a phase.
        phase: in which the classes arrived.
        classes: the first so many of them; None for all.
    """

    def __init__(self, experiment: Experiment, state: State, phase: int, classes: int | None = None) -> None:
        self.experiment, self.state, self.phase = experiment, state, phase
        self.first, self.last = experiment.protocol.bounds(phase)
        if classes is not None:
            self.last = min(self.last, self.first + classes)
        everything = experiment.new_data(phase)
        self.real = everything.where(everything.labels < self.last)

    def exemplars(self) -> dict[str, Samples]:
        """Exemplars by kind, as many of each class as the memory has, by class and then by rank.

        ``start`` and ``trained`` are there where the run trains its exemplars.
        """
        count, pixels = self.state.memory.per_class, self.experiment.data.pixels
        found = {rule: self._picked(rule, rule, count) for rule in ("random", "herding")}
        if self.experiment.config.exemplars == "mnemonics":
            own = self.state.memory.of_classes(self.first, self.last)
            found |= {"start": Samples.learned(own.origin, own.labels, pixels), "trained": own.samples(pixels)}
        return found

    def data(self, count: int) -> Samples:
        """At most ``count`` real images of each class, at random, as many of each."""
        images = torch.bincount(self.real.labels)[self.first :]
        return self._picked("data", "random", min(count, int(images.min())))

    def _picked(self, kind: str, rule: str, count: int) -> Samples:
        model: IncrementalNet = self.state.model

        @torch.no_grad()
        def features(images: Tensor) -> Tensor:
            return model.features(images)

        with evaluating(model):
            generator = stream(self.experiment.config.seed, "kept", kind, self.phase)
            images, labels = select(self.real, count, rule, features, generator)
        return Samples.learned(images, labels, self.experiment.data.pixels)


def together(sets: dict[str, Samples]) -> tuple[Samples, list[str]]:
    """All sets one after the other, and the kind of each image."""
    images, labels = (torch.cat(parts) for parts in zip(*(samples.all() for samples in sets.values()), strict=True))
    (pixels, *_) = (samples.pixels for samples in sets.values())
    kinds = [kind for kind, samples in sets.items() for _ in range(len(samples))]
    return Samples.learned(images, labels, pixels), kinds
