"""torchrun, which starts a run in several processes; here also with the exit status of the run.

    python -m mnemonics_lib.device.torchrun --standalone --nproc-per-node=2 -m mnemonics_lib run quick/digits-n5

takes what torchrun takes. torchrun itself ends with status 1 and a page of text, however its processes ended; this ends
with the status of the one that ended first, and says a word where that one could say none.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence


def started_together() -> bool:
    """Whether torchrun has started this process as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ["WORLD_SIZE"]) > 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run torchrun with these arguments; returns the exit status."""
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.disable(logging.CRITICAL)  # what there is to say, the run says itself
    options = run.get_args_parser().parse_args(sys.argv[1:] if arguments is None else list(arguments))
    try:
        run.run(options)
    except ChildFailedError as error:
        rank, first = error.get_first_failure()
        return status_of(rank, first.exitcode)
    except SignalException as stop:
        return 128 + stop.sigval
    return 0


def status_of(rank: int, code: int) -> int:
    """The exit status for a process that has ended; of one that was killed it is said."""
    if code >= 0:
        return code
    name = signal.Signals(-code).name
    print(f"process {rank} was killed by {name}; what was done before is kept", file=sys.stderr)
    return 128 - code


if __name__ == "__main__":
    sys.exit(main())
