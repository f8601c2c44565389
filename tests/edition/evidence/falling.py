"""Runs whose panel's loss fell by so much, as far as what reads them looks."""

from types import SimpleNamespace


def run(*pairs, method="lwf", classes=(20, 40)):
    """A record whose panel's loss went from the first of each pair to the second, in one phase after the other."""
    panels = [SimpleNamespace(before=a, after=b, before_running=b, after_running=a) for a, b in pairs]
    rows = [SimpleNamespace(exemplars=SimpleNamespace(panel=panel)) for panel in panels]
    return SimpleNamespace(
        results=[*rows, SimpleNamespace(exemplars=None)], method=method, config={"classes": [*classes]}
    )


def pair(falls, gains, name="LwF, 5 a class", method="lwf", slices=1):
    """Runs in which the loss fell and the accuracy grew by so much, seed by seed, on so many slices of classes."""
    first = {
        seed: run((1.0, 1.0 - fall), method=method, classes=(20 * (seed % slices), 20 * (seed % slices) + 20))
        for seed, fall in enumerate(falls)
    }
    return SimpleNamespace(name=name, first=first, asked=SimpleNamespace(differences=dict(enumerate(gains))))
