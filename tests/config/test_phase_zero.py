"""Which fields phase 0 depends on: those that change it, and no others."""

from __future__ import annotations

import pytest

from mnemonics_lib.config import phase_zero


@pytest.mark.parametrize(
    "changes",
    [
        {"phases": 1},
        {"method": "finetune", "exemplars": "none", "finetune": False},
        {"finetuning": {"epochs": 3}},
        {"training": {"lam": 0.9}},
        {"budget": 3},
        {"adjust": 2},
        {"weight_transfer": True},
        {"from_scratch": 3},
        {"profile": "other"},
    ],
)
def test_theta_0_does_not_depend_on_what_comes_later(tiny, changes):
    assert phase_zero.of_model(tiny.replace(**changes)) == phase_zero.of_model(tiny)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"resolution": 4},
        {"order_seed": 1},
        {"first_share": 0.2, "phases": 1},
        {"network": {"width": 3}},
        {"method": "lucir"},  # whose head is another
        {"method": "bic", "budget": 4},  # which holds images out
        {"training": {"epochs": 3}},
    ],
)
def test_theta_0_depends_on_its_data_network_and_schedule(tiny, changes):
    assert phase_zero.of_model(tiny.replace(**changes)) != phase_zero.of_model(tiny)


def test_e_0_depends_on_the_exemplar_level_and_the_budget(tiny):
    for later in ({"adjust_epochs": 3}, {"displacement": "shuffled"}):
        assert phase_zero.of_exemplars(tiny.replace(exemplar_level=later)) == phase_zero.of_exemplars(tiny)
    assert phase_zero.of_exemplars(tiny.replace(from_scratch=3)) == phase_zero.of_exemplars(tiny)
    for changes in ({"exemplar_level": {"beta": 0.5}}, {"budget": 3}):
        assert phase_zero.of_exemplars(tiny.replace(**changes)) != phase_zero.of_exemplars(tiny)
