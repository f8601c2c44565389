"""The fields that phase 0 depends on: runs that agree in them share Theta_0, and where exemplars are trained E_0."""

from __future__ import annotations

from typing import Any

from mnemonics_lib.config.run import RunConfig


def of_model(config: RunConfig) -> dict[str, Any]:
    """What Theta_0 depends on, as JSON values: not on N, and of the method on its head and what it holds out."""
    protocol = config.protocol()
    seen = protocol.seen(0)
    return {
        **{name: getattr(config, name) for name in ("dataset", "resolution", "seed")},
        "classes": protocol.order[:seen],
        "network": config.network.model_dump() | {"head": config.head},
        "schedule": config.training.model_dump(exclude={"lam", "temperature", "lambda_base"}),
        "held_out": config.quota(seen)[1],
    }


def of_exemplars(config: RunConfig) -> dict[str, Any]:
    """What the training of E_0 depends on beside Theta_0.

    Of the exemplar level these are all fields but what is for old classes, and what is done with exemplars when their
    training is over.
    """
    level = config.exemplar_level.model_dump(exclude={"adjust_epochs", "displacement"})
    return {"quota": config.quota(config.protocol().seen(0)), "level": level}
