"""A plain walk does what is left of a loop, and nothing else."""

from __future__ import annotations

import pytest

from mnemonics_lib.loops import LoopState, walk


class Counting:
    def __init__(self, done: int, steps: int) -> None:
        self.done, self.steps = done, steps

    def __len__(self) -> int:
        return self.steps

    def step(self) -> None:
        self.done += 1

    def state(self) -> LoopState:
        raise AssertionError("a plain walk keeps nothing")

    def load_state(self, state: LoopState) -> None:
        raise AssertionError("a plain walk goes on from nothing")


@pytest.mark.parametrize("done", [0, 1, 4, 5])
def test_it_does_the_steps_that_are_left(done):
    loop = Counting(done, 5)
    walk(loop, "any name")
    assert loop.done == 5
