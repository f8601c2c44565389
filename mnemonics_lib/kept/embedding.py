"""Exemplars among their data in two dimensions, as in the paper's Figures 1 and 5."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from mnemonics_lib.config.keep import Keep
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.margins import unit_features
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State
from mnemonics_lib.kept.sets import Arrived, together

MAPS = ("PCA", "t-SNE")
"""Linear, in which distances mean something; and van der Maaten and Hinton's of 2008, which the paper shows, and which
keeps neighbours together and little else."""


def embedding(experiment: Experiment, state: State, phase: int, keep: Keep) -> pd.DataFrame:
    """Real training images of a few classes and all kinds of exemplars of them, in one common map of either kind.

    The classes are the first of phase 0 and the first of this phase: the paper's Figure 1 shows the same ones early and
    late. What is embedded are normalised features of Theta_i as it is after the phase, in evaluation mode.

    Args:
        experiment: of the run.
        state: after the phase; it is not changed.
        phase: i.
        keep: how many classes of either phase, and points of each class and kind.

    Returns:
        One row for each point of each map: ``class`` (position), ``kind`` (one of
        :data:`mnemonics_lib.kept.sets.KINDS`), ``map`` (one of :data:`MAPS`), ``x`` and ``y``.
    """
    parts = []
    for arrival in sorted({0, phase}):
        arrived = Arrived(experiment, state, arrival, keep.classes)
        sets = {"data": arrived.data(keep.points)} | arrived.exemplars()
        samples, kinds = together({kind: _at_most(samples, keep.points) for kind, samples in sets.items()})
        parts.append((unit_features(state.model, samples), samples.labels, kinds))
    features = torch.cat([part[0] for part in parts]).double().cpu().numpy()
    points = pd.DataFrame(
        {
            "class": torch.cat([part[1] for part in parts]).cpu().numpy(),
            "kind": [kind for part in parts for kind in part[2]],
        }
    )
    maps = [points.assign(map=name, x=at[:, 0], y=at[:, 1]) for name, at in two_dimensions(features).items()]
    return pd.concat(maps, ignore_index=True)


def _at_most(samples: Samples, most: int) -> Samples:
    """The first ``most`` of each class."""
    chosen = torch.zeros_like(samples.labels, dtype=torch.bool)
    for k in samples.labels.unique():
        chosen[torch.nonzero(samples.labels == k).flatten()[:most]] = True
    return samples.where(chosen)


def two_dimensions(features: np.ndarray) -> dict[str, np.ndarray]:
    """Features [n, d] in two dimensions by every map, [n, 2]; the same ones give the same points."""
    from sklearn.decomposition import PCA  # seconds to import, which a run that keeps nothing need not wait for
    from sklearn.manifold import TSNE

    pca = PCA(2, svd_solver="full").fit_transform(features)
    # "exact", because the quicker way adds in whatever order its threads come.
    tsne = TSNE(perplexity=min(30.0, (len(features) - 1) / 3), init="pca", method="exact", random_state=0)
    return dict(zip(MAPS, (pca, tsne.fit_transform(features)), strict=True))
