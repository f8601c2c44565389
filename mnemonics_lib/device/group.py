"""The processes that torchrun has started: they meet, the first does the work, and all end together.

What the others do in between is :func:`follow`: they wait to be told of a loop, and take its steps.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import NoReturn

import torch
from torch import distributed
from torch.distributed import DistBackendError, ProcessGroup
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from mnemonics_lib.data.batches import Share
from mnemonics_lib.device.deterministic import deterministic
from mnemonics_lib.device.processes import Several, tell, together, told
from mnemonics_lib.divergence import NonFiniteError
from mnemonics_lib.errors import ReportedError

PATIENCE = timedelta(days=365)
"""How long a process waits for another: the first may train exemplars for days while the others have nothing to do. One
that has ended is noticed at once."""

ENDED = "mnemonics_lib: ended"
"""Where the first process to end leaves its exit status for the others. It may end in the middle of a step, when they
wait for its gradients, so that it could tell them nothing."""

CPU = torch.device("cpu")

Work = Callable[[], int]
"""Returns an exit status."""


class ProcessesError(ReportedError, ValueError):
    """Processes that cannot work together. The message says why."""


class LostProcessError(ReportedError, RuntimeError):
    """Another process of the run has ended, so this one cannot go on."""

    status = 1


_store: Store | None = None
"""What the processes that have met can leave for one another; None in a process that is alone."""


def lead_or_follow(work: Work, ended: Callable[[Work], int]) -> int:
    """Do some work in the first process, while the others take the steps that they are told of; for all processes.

    Args:
        work: what the first process does.
        ended: does what it is given, and makes an exit status of each error that a user is told of, once that is said.

    Returns:
        The exit status. It is the first's in all processes, unless another one could not go on.
    """
    global _store
    _store, number, count = next(rendezvous("env://", timeout=PATIENCE))
    distributed.init_process_group("gloo", store=_store, rank=number, world_size=count, timeout=PATIENCE)
    status = 1  # of an error that nobody expects, which Python shows
    try:
        status = ended(_following if number else work)
    except SystemExit as end:  # of the command line's own, and from taking_part
        status = end.code if isinstance(end.code, int) else 1
        raise
    finally:
        if not _store.check([ENDED]):
            _store.set(ENDED, str(status))
    return status


def _following() -> int:
    """Follow the first process until it has ended, whose exit status is returned."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the first hears them too, and ends the work where it can go on
        signal.signal(number, lambda *_: None)
    warnings.simplefilter("ignore")  # the first says them
    try:
        with deterministic():
            follow()
    except RuntimeError as error:
        if not lost(error):
            raise
    return _status_of_the_others()


def _status_of_the_others() -> int:
    """What another process has ended with, if it could say so."""
    assert _store is not None  # they have met
    return int(_store.get(ENDED)) if _store.check([ENDED]) else LostProcessError.status


def follow() -> NoReturn:
    """Take the steps that the first process tells of.

    Raises:
        RuntimeError: as soon as another process has ended; all end that way.
    """
    several = loop = None
    while True:
        word, content = told(several.device if several else CPU)
        if word == "device":
            several, _ = _meet_on(content)
        elif word == "loop":
            assert several is not None  # it is told first
            kind, values, state = content
            with together(several):
                loop = kind(*values)
            loop.load_state(state)
        else:
            assert loop is not None
            with suppress(NonFiniteError):  # the first has come upon it too, and ends the run
                loop.step()


@contextmanager
def taking_part(device: str) -> Iterator[None]:
    """For the length of the block all processes take the steps of loops together; for the first one.

    A process that is alone does the block as it is.

    Args:
        device: cpu; or cuda, of which each process takes a GPU of its own.

    Raises:
        ProcessesError: for another device, and more processes on a machine than it has GPUs.
        LostProcessError: where another process has ended before it could say why.
        SystemExit: where it has said so, with its exit status.
    """
    if _store is None:
        yield
        return
    if device not in ("cpu", "cuda"):
        count = distributed.get_world_size()
        raise ProcessesError(f"device = {device!r}: must be cpu or cuda, of which each of {count} processes takes one")
    try:
        tell("device", device)
        several, problem = _meet_on(device)
        if problem:
            raise ProcessesError(problem)
        with warnings.catch_warnings(), together(several):
            # Of 1x1 kernels, whose strides say the same either way.
            warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
            yield
    except RuntimeError as error:
        if not lost(error):
            raise
        if _store.check([ENDED]):
            raise SystemExit(_status_of_the_others()) from None
        raise LostProcessError("another process of this run has ended; what was done before is kept") from error


def _meet_on(kind: str) -> tuple[Several, str]:
    """Take a device in each process; returns what is wrong with that in any of them, or nothing."""
    share = Share(distributed.get_rank(), distributed.get_world_size(), int(os.environ["LOCAL_WORLD_SIZE"]))
    problems = [""] * share.of
    distributed.all_gather_object(problems, _wrong_with(kind, share.here))
    problem = next(filter(None, problems), "")
    if kind != "cuda" or problem:
        return Several(share, CPU), problem
    device = torch.device(kind, int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(device)
    group = distributed.new_group(backend="nccl")
    assert isinstance(group, ProcessGroup)  # which all processes are of
    return Several(share, device, group), problem


def _wrong_with(kind: str, processes: int) -> str:
    """What keeps the processes of this machine from having a device each; nothing where they can."""
    if kind != "cuda" or processes <= (gpus := torch.cuda.device_count()):
        return ""
    return f"device = {kind!r}: {processes} processes for {gpus} GPUs: must be one process a GPU (--nproc-per-node)"


def lost(error: RuntimeError) -> bool:
    """Whether an error comes from another process having ended; gloo's have no class of their own."""
    if isinstance(error, ReportedError):  # which names a file, a field or a class, in whatever words
        return False
    return isinstance(error, DistBackendError) or "gloo" in str(error)
