"""What stays the same during a run: its configuration, its data and which classes arrive when."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.batches import refuse_batches_of_one, refuse_shares_of_one
from mnemonics_lib.data.checks import require_labels, require_raw
from mnemonics_lib.data.dataset import Dataset, load_dataset
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import Raw
from mnemonics_lib.data.wording import listed
from mnemonics_lib.device.processes import processes
from mnemonics_lib.exemplars.selection import per_class, pick_random
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.phases import PhaseProtocol
from mnemonics_lib.rng import derive, stream


def fresh_network(config: RunConfig, channels: int, classes: int, seed: int) -> IncrementalNet:
    """An untrained network of the configured kind, with the head in use, for ``classes`` classes.

    Args:
        config: of the run.
        channels: of an image.
        classes: of the head.
        seed: of all parameters.

    Raises:
        ValueError: for images that the network does not take.
    """
    network = config.network
    return build_network(network.depth, network.width, channels, classes, seed, config.head, network.name)


@dataclass(frozen=True)
class Experiment:
    """One run's fixed parts.

    Attributes:
        config: every axis.
        data: the data set, whole and on ``device``, or as pictures that stay on the disk.
        protocol: which classes arrive in which phase.
        device: where everything is computed.
    """

    config: RunConfig
    data: Dataset
    protocol: PhaseProtocol
    device: torch.device

    def __post_init__(self) -> None:
        """Check that the protocol is one of these data; one look at the labels.

        Raises:
            ValueError: for images or labels of another type or shape, for a class order that names classes of which
                there are no images, and for images on another kind of device.
        """
        for name in ("train", "test"):
            split = getattr(self.data, name)
            require_raw(f"data.{name}.images", split.images, self.data.shape)
            require_labels(f"data.{name}.labels", split.labels, len(split.images))
            unknown = sorted(set(self.protocol.order) - set(split.classes()))
            if unknown:
                raise ValueError(
                    f"protocol.order: names {listed(unknown)}: must be classes of which data.{name} has images"
                )
            if split.images.device.type != self.device.type:
                raise ValueError(f"data.{name}: on {split.images.device}: must be on {self.device}, the experiment's")

    @classmethod
    def of(cls, config: RunConfig, device: torch.device | str = "cpu") -> Experiment:
        """Load the data and derive the class order.

        Raises:
            DataError: for data that cannot be read, or are not what is declared of them.
            ConfigError: where the data have a batch of one image, of which the configuration alone could not know; and
                where one of several processes would have only one of a batch.
        """
        device, protocol = torch.device(device), config.protocol()
        data = load_dataset(config.dataset, device, config.resolution, config.folder)
        found = cls(config, data, protocol, device)
        refuse_batches_of_one(config, found.class_sizes)
        if (count := processes().count) > 1:
            refuse_shares_of_one(config, found.class_sizes, count)
        return found

    @property
    def class_sizes(self) -> list[int]:
        """Training images of each class in use, in order of arrival."""
        order = self.protocol.order
        return torch.bincount(self.data.train.labels, minlength=max(order) + 1)[order].tolist()

    @property
    def class_names(self) -> list[str]:
        """What the data set calls the classes in use, in order of arrival."""
        return [self.data.names[class_id] if self.data.names else str(class_id) for class_id in self.protocol.order]

    def new_data(self, phase: int) -> Samples:
        """D_i, without the images that the method holds out."""
        return self._parts(phase)[0]

    def held_out(self, phase: int) -> Samples:
        """The images of D_i that the method holds out, in order of rank; none but for BiC."""
        return self._parts(phase)[1]

    def _parts(self, phase: int) -> tuple[Samples, Samples]:
        whole = self._samples(*self.protocol.new_data(self.data.train, phase))
        count = self.config.quota(self.protocol.seen(phase))[1]
        if not count:
            return whole, whole.where(torch.zeros_like(whole.labels, dtype=torch.bool))
        labels, generator = whole.labels.cpu(), stream(self.config.seed, "held-out", phase)
        chosen = per_class(labels, lambda of_class: pick_random(count, len(of_class), generator))
        rest = torch.ones(len(labels), dtype=torch.bool)
        rest[chosen] = False
        chosen, rest = chosen.to(self.device), rest.to(self.device)
        held_out = Samples.real(whole.raw[chosen], whole.labels[chosen], self.data.pixels)
        return whole.where(rest), held_out

    def seen_data(self, phase: int) -> Samples:
        """D_{0:i}, which only joint training keeps."""
        return self._samples(*self.protocol.seen_data(self.data.train, phase))

    def test_data(self, classes: int) -> Samples:
        """Test data of the first ``classes`` classes of the order."""
        return self._samples(*self.data.test.of_classes(self.protocol.order, 0, classes))

    def _samples(self, raw: Raw, labels: Tensor) -> Samples:
        return Samples.real(raw, labels, self.data.pixels)

    def seed(self, *names: str | int) -> int:
        """A seed of its own for each purpose."""
        return derive(self.config.seed, *names)
