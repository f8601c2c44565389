"""The sets of exemplars that are compared, and the map of them: every point has its own class, kind and place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mnemonics_lib import global_bop, runs
from mnemonics_lib.exemplars.margins import unit_features
from mnemonics_lib.exemplars.selection import herd
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State
from mnemonics_lib.kept import embedding as module
from mnemonics_lib.kept.sets import Arrived, together
from tests.kept.conftest import KEEP


@pytest.fixture(scope="module")
def ended(config, whole) -> tuple[Experiment, State]:
    """The run after its last phase, read back."""
    return Experiment.of(config), runs.load_run(whole[1]).state


def test_herding_picks_by_the_features_of_the_model_as_it_is_now(ended):
    experiment, state = ended
    found, real = Arrived(experiment, state, 0).exemplars()["herding"], experiment.new_data(0)
    for k in range(5):
        images = real.where(real.labels == k).all()[0]
        with torch.no_grad():
            chosen = herd(state.model.eval().features(images), 2)
        assert torch.equal(found.images[found.labels == k], images[chosen])


def test_random_picks_are_real_images_of_their_class_and_the_same_at_every_look(ended):
    experiment, state = ended
    all_classes, two = Arrived(experiment, state, 0), Arrived(experiment, state, 0, classes=2)
    for found in (all_classes.exemplars()["random"], all_classes.data(6)):
        assert found.labels.tolist() == [k for k in range(5) for _ in range(len(found) // 5)]
        for image, k in zip(found.images, found.labels, strict=True):
            of_class = all_classes.real.where(all_classes.real.labels == k).all()[0]
            assert (of_class == image).flatten(1).all(dim=1).sum() >= 1
    assert not torch.equal(all_classes.exemplars()["random"].images, all_classes.data(2).images)
    for kind, found in two.exemplars().items():
        assert torch.equal(found.images, all_classes.exemplars()[kind].images[:4]), kind


def test_random_picks_of_a_phase_are_the_same_after_it_and_after_later_ones(config):
    experiment, looks = Experiment.of(config), []
    for state in global_bop.phases(experiment, global_bop.initial_state(experiment)):
        arrived = Arrived(experiment, state, 0)
        looks.append({"data": arrived.data(6), "random": arrived.exemplars()["random"]})
    after_0, after_1 = looks
    for kind, found in after_0.items():
        assert torch.equal(found.labels, after_1[kind].labels), kind
        assert torch.equal(found.images, after_1[kind].images), kind


def test_data_are_as_many_of_each_class_as_the_smallest_has(ended):
    arrived = Arrived(ended[0], ended[1], 0)
    counts = torch.bincount(arrived.real.labels).tolist()
    assert torch.bincount(arrived.data(1000).labels).tolist() == [min(counts)] * 5


def test_every_point_of_a_map_is_the_feature_of_its_own_image(ended, monkeypatch):
    """With a map that shows the first two features as they are."""
    experiment, state = ended
    monkeypatch.setattr(module, "two_dimensions", lambda features: {"PCA": features[:, :2]})
    table = module.embedding(experiment, state, 1, KEEP)
    assert table["class"].unique().tolist() == [0, 1, 5, 6]
    for k in (0, 1, 5, 6):
        arrived = Arrived(experiment, state, 0 if k < 5 else 1)
        for kind, samples in ({"data": arrived.data(6)} | arrived.exemplars()).items():
            expected = unit_features(state.model, samples.where(samples.labels == k))[:, :2]
            found = table[(table["class"] == k) & (table.kind == kind)][["x", "y"]].to_numpy()
            assert found == pytest.approx(expected.numpy(), abs=1e-5), (k, kind)
    starts, trained = (table[table.kind == kind][["x", "y"]].to_numpy() for kind in ("start", "trained"))
    assert np.abs(starts - trained).max() > 1e-3


def test_no_more_points_of_a_kind_than_asked_for(ended, monkeypatch):
    monkeypatch.setattr(module, "two_dimensions", lambda features: {"PCA": features[:, :2]})
    table = module.embedding(ended[0], ended[1], 1, KEEP.model_copy(update={"points": 1}))
    assert (table.groupby(["class", "kind"]).size() == 1).all()


def test_maps_keep_clusters_apart_and_do_not_draw_from_the_global_generators():
    features = np.random.default_rng(0).normal(size=(60, 8))
    features[:30] += 8
    before: Any = np.random.get_state()  # noqa: NPY002
    found = module.two_dimensions(features)
    after: Any = np.random.get_state()  # noqa: NPY002
    assert (after[1] == before[1]).all()
    assert tuple(found) == module.MAPS
    for name, points in found.items():
        one, other = points[:30], points[30:]
        apart = np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
        assert apart > 2 * max(one.std(), other.std()), name
        assert np.array_equal(points, module.two_dimensions(features)[name])
    centred = features - features.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    assert np.abs(found["PCA"]) == pytest.approx(np.abs(u[:, :2] * s[:2]))


def test_together_keeps_kinds_beside_images(ended):
    sets = Arrived(ended[0], ended[1], 1).exemplars()
    samples, kinds = together(sets)
    assert kinds == [kind for kind in sets for _ in range(10)]
    assert torch.equal(samples.images[kinds.index("trained") :], sets["trained"].images)
