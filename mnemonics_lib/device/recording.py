"""What a loop needs so that neither the device waits for Python nor Python for the device."""

from __future__ import annotations

import contextvars
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

from mnemonics_lib.device.comparison import unlike

Work = Callable[[], None]

WARM = 2
"""Times that a step runs as it is before it is recorded: libraries set themselves up, an optimiser makes its state."""


WAITED = "called a synchronizing CUDA operation"
"""What PyTorch says of an operation that waits for the device, when asked to."""


class Recorder(Protocol):
    """Something that can take down what a step asks of the device, and have it done again without Python."""

    def warm(self, work: Work) -> str:
        """Do it, where it will be recorded.

        Returns:
            What of it cannot be recorded; empty for nothing.
        """
        ...

    def record(self, work: Work) -> Work:
        """Take it down without doing it; the result does it."""
        ...


class CudaGraphs:
    """CUDA graphs of one device, which share their scratch memory.

    They may, since a step leaves its results in tensors made outside of it: between two replays nothing in the scratch
    memory is of use. Steps warm up and are recorded on a stream of their own, because the default one cannot record.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream, self.pool = device, torch.cuda.Stream(device), torch.cuda.graph_pool_handle()

    def warm(self, work: Work) -> str:
        """Do it, in turn with what is asked of the present stream; what waits for the device cannot be recorded."""
        present, mode = torch.cuda.current_stream(self.device), torch.cuda.get_sync_debug_mode()
        self.stream.wait_stream(present)
        # Asked for now: a recording that fails half-way leaves streams and memory in a state not worth mending.
        with warnings.catch_warnings(record=True) as said, torch.cuda.stream(self.stream):
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                work()
            finally:
                torch.cuda.set_sync_debug_mode(mode)
                present.wait_stream(self.stream)
        waits = []
        for warning in said:
            if WAITED in str(warning.message):
                waits.append(f"{warning.message} ({warning.filename}:{warning.lineno})")
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        return "; ".join(waits)

    def record(self, work: Work) -> Work:
        """A graph of all that ``work`` launches."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
            work()
        return graph.replay


_wanted = contextvars.ContextVar("steps are recorded", default=True)


@contextmanager
def recording(wanted: bool) -> Iterator[None]:
    """Whether steps made inside the block are recorded, where they can be."""
    token = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(token)


def recorder(device: torch.device) -> Recorder | None:
    """What records steps on ``device``; None where Python is no hindrance (a CPU), and where nobody wants it."""
    return CudaGraphs(device) if device.type == "cuda" and _wanted.get() else None


class Step:
    """A piece of work that is done again and again, recorded once it is warm.

    A network of 32 layers on a hundred small images is a thousand short kernels, and Python cannot ask for them as fast
    as a GPU does them. A recording is asked for once. What is recorded must be the same each time, so ``work``

    - returns nothing: it leaves its results in tensors that it closes over, changed in place;
    - reads what varies from its arguments. Tensors are copied to where the recording reads them; all else (a learning
      rate) is part of what was recorded, and another value is another recording, as is another shape (all are kept);
    - reads no value off the device, and brings no tensor from the host.

    Work that waits for the device all the same is never recorded, and a warning says so. Where nothing records, a call
    is the plain call.

    No recording is trusted unseen. The first time that one would be replayed, it is, and then the plain call is made
    from the same start, random generators included: where the two differ (work with a generator of its own, a kernel or
    a driver with a fault), all further calls are plain ones, and a warning says so.

    Args:
        work: what to do.
        changes: gives the tensors that the work changes in place, the same ones each time.
        recorder: of the device in question; steps that share one share scratch memory. None for plain calls.
    """

    def __init__(
        self, work: Callable[..., None], changes: Callable[[], Sequence[Tensor]], recorder: Recorder | None
    ) -> None:
        self.work, self.changes, self.recorder = work, changes, recorder
        self._calls: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, tuple[list[Any], Work]] = {}

    def __call__(self, *arguments: Any) -> None:
        """Do it once with these arguments."""
        if self.recorder is None:
            self.work(*arguments)
            return
        key = tuple((a.shape, a.stride(), a.dtype) if isinstance(a, Tensor) else a for a in arguments)
        self._calls[key] += 1
        if self._calls[key] <= WARM:
            hindrance = self.recorder.warm(lambda: self.work(*arguments))
            if hindrance and self._calls[key] == WARM:  # libraries that set themselves up may wait the first time
                self._give_up(f"is not recorded and stays slow: {hindrance}")
        elif key not in self._recordings:
            self._record_and_compare(key, self.recorder, *arguments)
        else:
            self._replay(key, *arguments)

    def _record_and_compare(self, key: Hashable, recorder: Recorder, *arguments: Any) -> None:
        """Record, replay, and do it once more by the plain call from the same start, which is the one that counts."""
        kept = [a.clone() if isinstance(a, Tensor) else a for a in arguments]
        self._recordings[key] = kept, recorder.record(lambda: self.work(*kept))
        changed = self.changes()
        before = [tensor.detach().clone() for tensor in changed]
        gpus = {tensor.device for tensor in changed if tensor.is_cuda}
        with torch.random.fork_rng(gpus):  # layers that draw from torch's own generators draw the same again
            self._replay(key, *arguments)
        replayed = [tensor.detach().clone() for tensor in changed]
        with torch.no_grad():
            for tensor, was in zip(changed, before, strict=True):
                tensor.copy_(was)
        self.work(*arguments)
        difference = unlike(before, changed, replayed)
        if difference:
            self._give_up(f"is not replayed and stays slow: the replay differs from the plain call: {difference}")

    def _replay(self, key: Hashable, *arguments: Any) -> None:
        kept, replay = self._recordings[key]
        for own, given in zip(kept, arguments, strict=True):
            if isinstance(own, Tensor):
                own.copy_(given)
        replay()

    def _give_up(self, why: str) -> None:
        """From now on each call is the plain call."""
        warnings.warn(f"{getattr(self.work, '__qualname__', self.work)} {why}", stacklevel=4)
        self.recorder = None
        self._recordings.clear()
