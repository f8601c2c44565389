"""Whether two runs that train the first network in the same way came to the same one.

They do on one machine. Another kind of processor rounds otherwise, and training amplifies that: then the two runs
differ before the arms do, and the difference of such a pair has that difference in it, too.
"""

from __future__ import annotations

from pydantic import ValidationError

from mnemonics_lib.config import RunConfig, phase_zero
from mnemonics_lib.durable.records import Record


def apart(one: Record, other: Record) -> bool:
    """Whether Theta_0 is trained in the same way in both, and has another training loss.

    It is not asked of runs that train it differently, nor where a record does not say: of a method that is not
    registered here, and from before records had this loss.
    """
    losses = [record.results[0].train_loss for record in (one, other)]
    if None in losses or losses[0] == losses[1]:
        return False
    try:
        first, second = (phase_zero.of_model(RunConfig.model_validate(record.config)) for record in (one, other))
    except ValidationError:
        return False
    return first == second
