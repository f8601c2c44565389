"""How many exemplars a class has. Without torch, because the configuration checks budgets with it."""

from __future__ import annotations

from typing import Literal

BudgetRule = Literal["per_class", "total"]


def quota(budget: int, rule: BudgetRule, classes: int, holds_out: bool) -> tuple[int, int]:
    """Exemplars of each class: to train on, and held out for the method.

    Args:
        budget: what there is, of each class or of all together.
        rule: "per_class": the budget is each class's own. "total": the classes seen share it evenly, rounded down, so
            that a class's share shrinks from phase to phase.
        classes: number of classes seen.
        holds_out: whether the method holds out a tenth of them, rounded up (BiC, section 4.2 of Wu et al. 2019).
    """
    each = budget if rule == "per_class" else budget // classes
    held_out = -(-each // 10) if holds_out else 0
    return each - held_out, held_out
