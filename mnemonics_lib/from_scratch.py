"""What exemplars teach by themselves: a fresh network that is trained on them alone, and tested on real images.

Eq. 7 asks for exemplars on which a model is trained to do well on the data that they stand for. In a run their effect
is mixed with what the network knows already, with distillation and with D_i; here it is not. The paper has no such
measurement.
"""

from __future__ import annotations

from functools import partial

from mnemonics_lib import metrics
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.experiment import Experiment, fresh_network
from mnemonics_lib.loops import Walker
from mnemonics_lib.models import evaluating
from mnemonics_lib.rng import derive
from mnemonics_lib.training import Descent, classification


def accuracy_from_scratch(experiment: Experiment, phase: int, exemplars: Samples, walk: Walker) -> float:
    """Train a fresh network by Eq. 6 with the loss of Eq. 2 on exemplars alone, and test it with its own head.

    It is built like the run's own, for all classes seen, and trained like it for ``config.from_scratch`` passes. All
    that is random comes from a seed of its own, so that no number of the run depends on it.

    Args:
        experiment: of the run; its configuration must have ``from_scratch`` passes, at least one.
        phase: i, which says how many classes have been seen.
        exemplars: E_{0:i}, as they are stored.
        walk: who walks the loop, ``phase i: from scratch``.

    Returns:
        Accuracy on the test data of all classes seen, in per cent.

    Raises:
        NonFiniteError: for a loss or a score that is NaN or infinite.
    """
    config, seen, seed = experiment.config, experiment.protocol.seen(phase), experiment.seed("from scratch", phase)
    model = fresh_network(config, experiment.data.shape[0], seen, derive(seed, "network")).to(experiment.device)
    descent = Descent(
        model, partial(classification, model), exemplars, config.training_from_scratch, derive(seed, "training")
    )
    walk(descent, f"phase {phase}: from scratch")
    with evaluating(model):
        return metrics.accuracy_and_loss(model, experiment.test_data(seen))[0]
