"""What the page with a slider over the outer steps shows of a run, as plain values that a script can read."""

from __future__ import annotations

import base64
import math
from typing import TypedDict

from torch import Tensor

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.durable.records import Record
from mnemonics_lib.kept import Kept, Snapshots


class Scrubbed(TypedDict):
    """The training of one phase's exemplars by Eq. 9, step by step.

    Where the slider stops, the exemplars were kept; the numbers are there for every outer step. A loss belongs to the
    exemplars that it was computed with: ``meta_loss[k]`` is that of the exemplars after k steps, which the step after
    them follows, so that there is none for the last exemplars. ``displacement[k]`` is that of the same exemplars.

    Attributes:
        phase: i.
        steps: outer steps done at each stop, ascending, 0 first.
        shape: height, width and channels of an image.
        names: what the data set calls the class of each exemplar, [n].
        images: as they are shown, bytes [stops, n, h, w, c] in base64, 0 black and 255 white.
        moved: root-mean-square distance of each shown image from the first stop's, in std,
            [stops][n]. Pixels beyond black or white are shown as black or white, so that the exemplars themselves
            have gone at least as far.
        magnification: of changes; see :func:`magnification`.
        meta_loss: Eq. 7a, for 0 to total - 1 steps done.
        first_loss: of the exemplars themselves at the start of the temporary model, before its first step of Eq. 8,
            likewise; as that step has it, with the statistics of the batch.
        displacement: root-mean-square distance of all pixels of all exemplars of the phase from where they started, in
            standard deviations, for 0 to total steps done.
        noise_displacement: what pure noise in the place of the gradient gives at the end; None where not measured, and
            where pixels are clipped, as in older records those moved by noise are not.
        panel: Eq. 7a for starts and images that are the same before the training and after it; None where not measured.
    """

    phase: int
    steps: list[int]
    shape: tuple[int, int, int]
    names: list[str]
    images: str
    moved: list[list[float]]
    magnification: float
    meta_loss: list[float]
    first_loss: list[float]
    displacement: list[float]
    noise_displacement: float | None
    panel: tuple[float, float] | None


def scrubbed(record: Record, kept: Kept, pixels: Pixels) -> list[Scrubbed]:
    """Every phase of which a run has kept its exemplars while they were trained.

    Args:
        record: of the run, of a version that names its classes.
        kept: what the same run has kept.
        pixels: those of its data.

    Raises:
        ValueError: when the two are of different runs.
    """
    if kept.identity != record.identity:
        raise ValueError(f"kept.identity = {kept.identity}: must be that of the record, {record.identity}")
    assert record.class_names is not None
    clipped, found = record.config["exemplar_level"]["clip"], []
    for phase, of_phase in kept.phases.items():
        training, snapshots = record.results[phase].exemplars, of_phase.snapshots
        if training is None or snapshots is None:
            continue
        log = training.steps
        _, _, channels, height, width = snapshots.images.shape
        found.append(
            Scrubbed(
                phase=phase,
                steps=snapshots.steps.tolist(),
                shape=(height, width, channels),
                names=[record.class_names[label] for label in snapshots.labels.tolist()],
                images=base64.b64encode(snapshots.images.movedim(2, -1).numpy().tobytes()).decode(),
                moved=moved(snapshots, pixels).tolist(),
                magnification=magnification(snapshots),
                meta_loss=list(log.meta_loss),
                first_loss=list(log.base_loss_first),
                displacement=[0.0, *log.displacement],
                noise_displacement=None if clipped else training.noise_displacement,
                panel=None if training.panel is None else (training.panel.before, training.panel.after),
            )
        )
    return found


def moved(snapshots: Snapshots, pixels: Pixels) -> Tensor:
    """How far each image is from what it was at first, root-mean-square in standard deviations, [steps, n]."""
    shown = snapshots.images.double() / 255
    return ((shown - shown[0]) / pixels.std.double()).square().mean(dim=(2, 3, 4)).sqrt()


def magnification(snapshots: Snapshots) -> float:
    """A factor for changes that makes small ones visible: 1, 2 or 5 times a power of ten, and at least 1.

    It is the largest with which no more than a twentieth of the pixels that have changed at the last stop have changed
    by more than from black to white.
    """
    shown = snapshots.images.double()
    changes = (shown[-1] - shown[0]).abs()
    changes = changes[changes > 0]
    if not len(changes):
        return 1.0
    most = 255 / float(changes.kthvalue(len(changes) - len(changes) // 20).values)
    power = 10.0 ** math.floor(math.log10(most))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= most)
