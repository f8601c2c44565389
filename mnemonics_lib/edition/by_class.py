"""What a run knows of each class after each phase, and what it forgets of each."""

from __future__ import annotations

import numpy as np

from mnemonics_lib.durable.records import Record


def class_accuracies(record: Record) -> np.ndarray:
    """The accuracy on each class after each phase, where the network chooses among all classes seen.

    Args:
        record: of a run over the phases 0 to N, with K classes in the end.

    Returns:
        Per cent [N + 1, K], classes in the order of arrival; NaN where a class has not arrived.
    """
    counts = [np.asarray(result.confusion, dtype=float) for result in record.results]
    found = np.full((len(counts), len(counts[-1])), np.nan)
    for phase, confusion in enumerate(counts):
        found[phase, : len(confusion)] = 100 * confusion.diagonal() / confusion.sum(axis=1)
    return found


def arrivals(record: Record) -> np.ndarray:
    """The phase in which each class arrived [K]."""
    seen = [len(result.confusion) for result in record.results]
    return np.searchsorted(seen, np.arange(seen[-1]), side="right")


def class_forgetting(record: Record) -> np.ndarray:
    """The accuracy on each class after the phase that brought it, minus that at the end [K], in points.

    The mean over the classes of phase 0 is the paper's forgetting rate, where each has as many test images.
    """
    found = class_accuracies(record)
    return found[arrivals(record), np.arange(found.shape[1])] - found[-1]
