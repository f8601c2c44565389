"""How much of what exemplars move is what the optimiser does to pure noise."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

from mnemonics_lib.durable.records import Record


def noise_shares(records: Iterable[Record]) -> dict[int, float]:
    """Phase -> the share of the squared displacement of its new exemplars, mean over some runs.

    Displacements along a signal and along noise are at right angles on average, so that their squares add up.

    Args:
        records: of runs with trained exemplars; phases whose record does not say how far noise goes are left out.
    """
    shares: dict[int, list[float]] = {}
    for record in records:
        for phase, row in enumerate(record.results):
            if row.exemplars and row.exemplars.noise_displacement is not None and row.displacement_new:
                share = (row.exemplars.noise_displacement / row.displacement_new) ** 2
                shares.setdefault(phase, []).append(share)
    return {phase: fmean(of) for phase, of in sorted(shares.items())}


def in_words(by_budget: dict[str, dict[int, float]]) -> str:
    """The shares of phase 0 and of the last phase, for each number of exemplars; "" for none."""
    said = [
        f"{100 * of[min(of)]:.0f} % in phase {min(of)} and {100 * of[max(of)]:.0f} % in phase {max(of)} {budget}"
        for budget, of in by_budget.items()
        if of
    ]
    if not said:
        return ""
    return (
        "If its gradients were noise, the same optimiser would, with the same rates and in as many steps, reach "
        f"{'; '.join(said)}, of the squared displacement of new exemplars. How much the "
        "hypergradients of neighbouring outer steps have in common was not measured again."
    )
