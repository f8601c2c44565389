"""Rows of the benchmark of hypergradients, made for tests."""


def row(engine, steps=10, *, seconds=1.0, peak=100.0, predicted=110.0, **other):
    """One measurement: by default of ResNet-8 with 10 exemplars, on one thread of a CPU."""
    return {
        "network": "ResNet-8, 8 x 8",
        "engine": engine,
        "T": steps,
        "exemplars": 10,
        "seconds": seconds,
        "low": seconds * 0.9,
        "high": seconds * 1.1,
        "rounds": 4,
        "peak_mb": peak,
        "rel_diff": 0.0 if engine == "higher" else 2e-7,
        "refused": None,
        "predicted_mb": predicted,
        "threads": 1,
        "device": "cpu",
        "torch": "2.14.1",
    } | other


def refused(engine, steps=10, **other):
    """A run that the memory guard did not start: it has a predicted peak, and its words."""
    nothing = dict.fromkeys(("seconds", "low", "high", "rounds", "peak_mb", "rel_diff"))
    return row(engine, steps) | nothing | {"refused": "needs 9 GB", "predicted_mb": 9000.0} | other
