"""Several processes that take the steps of a loop together, each on its share of every mini-batch.

The first of them is the run: it alone decides, keeps files and prints. The others have nothing of their own. When the
first begins a loop that can be shared, it sends them what the loop is made of and how far it is; at each of its steps
they take the same step on their copy. All draw the same mini-batches from the same random streams, so the mini-batches
are those of one process, and the state of such a loop is the same however many processes there are.

What is equal to one process, up to the order in which numbers are added, and what is not:

- A loss that is a mean over images has the value and the gradient of the whole mini-batch, whatever the sizes of the
  shares (cross-entropy, distillation, LUCIR's less-forget constraint).
- LUCIR's margin ranking loss is a mean over the images of *old classes* among them. Each process takes it over those of
  its share, and these means are weighted by the sizes of the shares. Where the mini-batch has images in the order real
  ones, exemplars, the shares' numbers of exemplars differ by at most one; where they are equal in equal shares, so is
  the gradient, and elsewhere it is nearly.
- Batch statistics (``batch_norm = batch``) are those of a share, and the running statistics are the first process's.
  With ``batch_norm = running`` neither plays a part.
- Layers that draw random numbers (dropout) draw others in each process.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mnemonics_lib.data.batches import WHOLE, Share

LossFunction = Callable[[Tensor, Tensor], Tensor]


class SharedLoop(Protocol):
    """A loop that several processes can take steps of together; its class is called with ``values`` to make another.

    Attributes:
        model: what is trained.
        loss: of images and labels.
    """

    model: nn.Module
    loss: LossFunction

    def values(self) -> tuple[Any, ...]:
        """What it is made of."""
        ...

    def state(self) -> dict[str, Any]:
        """How far it is."""
        ...


class Alone:
    """The one process of an ordinary run: nothing is sent, and nothing is waited for."""

    count, share = 1, WHOLE
    names: tuple[int, ...] = ()

    def join(self, loop: SharedLoop) -> LossFunction:
        """The loss of the loop's next step: its own."""
        return loop.loss

    def leave(self, loop: SharedLoop) -> LossFunction:
        """The loss of a loop that is done: its own."""
        return loop.loss

    def mean(self, value: Tensor) -> Tensor:
        """Over all processes: the value itself."""
        return value


class Several(Alone):
    """One process of several.

    Args:
        share: its number, and how many there are.
        device: where it computes.
        group: in which gradients are averaged.

    Attributes:
        count: how many there are.
        names: what tells its random streams from those of the first.
    """

    def __init__(self, share: Share, device: torch.device, group: distributed.ProcessGroup | None = None) -> None:
        self.share, self.count, self.device, self.group = share, share.of, device, group
        self.names = (share.number,) if share.number else ()
        self._loop: SharedLoop | None = None
        self._own: LossFunction
        self._shared: LossFunction

    @property
    def first(self) -> bool:
        """Whether it is the run."""
        return self.share.number == 0

    def join(self, loop: SharedLoop) -> LossFunction:
        """All processes are to take the next step of a loop.

        Returns:
            The loss of it, for images of this share and labels of the whole mini-batch: its mean over the processes is
            that of the mini-batch, and ``backward`` averages its gradient.
        """
        new = self._loop is not loop
        if self.first:
            if new:
                tell("loop", (type(loop), loop.values(), loop.state()))
            tell("step")
        if new:
            self._loop, self._own = loop, loop.loss
            self._shared = _averaged(ShareOfLoss(loop.model, loop.loss, self.share), self.group)
        return self._shared

    def leave(self, loop: SharedLoop) -> LossFunction:
        """The loss that a loop had before it was shared; it is done, and its parameters are its own again."""
        assert self._loop is loop, "a loop that has joined"
        self._loop, self._shared = None, self._own
        return self._own

    def mean(self, value: Tensor) -> Tensor:
        """Over all processes, in each of them; in place."""
        distributed.all_reduce(value, group=self.group)
        return value.div_(self.count)


def _averaged(loss: ShareOfLoss, group: distributed.ProcessGroup | None) -> DistributedDataParallel:
    """A loss whose ``backward`` averages the gradients of all processes; they begin with the first one's parameters."""
    with warnings.catch_warnings():
        # Nothing reads the others' buffers, which are running statistics: none are sent at each step. What newer
        # versions of PyTorch ask for in place of this option, older ones do not have.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated")
        return DistributedDataParallel(loss, process_group=group, broadcast_buffers=False)


class ShareOfLoss(nn.Module):
    """A loss on one share of a mini-batch, weighted so that its mean over the processes is that of the mini-batch.

    Args:
        model: that the loss closes over; its parameters are those of this module.
        loss: of images and labels, a mean over the images.
        share: of this process.
    """

    def __init__(self, model: nn.Module, loss: LossFunction, share: Share) -> None:
        super().__init__()
        self.model, self.loss, self.share = model, loss, share

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Images of the share [s, c, h, w], labels of the whole mini-batch [b] -> scalar."""
        share, all_images = self.share, len(labels)
        return self.loss(images, share.take(labels)) * (share.of * share.size(all_images) / all_images)


ALONE = Alone()

_present = ContextVar[Alone]("processes that take steps together", default=ALONE)


@contextmanager
def together(several: Alone) -> Iterator[None]:
    """Loops made inside the block are those of several processes."""
    token = _present.set(several)
    try:
        yield
    finally:
        _present.reset(token)


def processes() -> Alone:
    """Those that take the steps of a loop that is made now."""
    return _present.get()


def tell(word: str, content: Any = None) -> None:
    """From the first process to all others, wherever the tensors in ``content`` are."""
    file = io.BytesIO()
    torch.save(content, file)
    distributed.broadcast_object_list([word, file.getvalue()], src=0)


def told(device: torch.device) -> tuple[str, Any]:
    """What the first process tells the others next, its tensors of a GPU on ``device``; waits for it."""
    said: list[Any] = [None, None]
    distributed.broadcast_object_list(said, src=0)
    # From a process of the same run, so that whole objects are read: a model, a loss, a data set.
    return said[0], torch.load(io.BytesIO(said[1]), map_location=_placed_on(device), weights_only=False)


def _placed_on(device: torch.device) -> Callable[[Any, str], Any]:
    """Where what was sent goes: of the host to the host, where exemplars may be for want of room; of a GPU here."""

    def placed(storage: Any, place: str) -> Any:
        return storage if place == "cpu" else torch.serialization.default_restore_location(storage, str(device))

    return placed
