"""What a loop needs so that neither the device waits for Python nor Python for the device."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

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


def recorder(device: torch.device) -> Recorder | None:
    """What records steps on ``device``; None where Python is no hindrance (a CPU)."""
    return CudaGraphs(device) if device.type == "cuda" else None


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

    Args:
        work: what to do.
        recorder: of the device in question; steps that share one share scratch memory. None for plain calls.
    """

    def __init__(self, work: Callable[..., None], recorder: Recorder | None) -> None:
        self.work, self.recorder = work, recorder
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
                name = getattr(self.work, "__qualname__", self.work)
                warnings.warn(f"{name} is not recorded and stays slow: {hindrance}", stacklevel=2)
                self.recorder = None
            return
        if key not in self._recordings:
            kept = [a.clone() if isinstance(a, Tensor) else a for a in arguments]
            self._recordings[key] = kept, self.recorder.record(lambda: self.work(*kept))
        kept, replay = self._recordings[key]
        for own, given in zip(kept, arguments, strict=True):
            if isinstance(own, Tensor):
                own.copy_(given)
        replay()
