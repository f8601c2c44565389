# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A method of your own
#
# A method is one class. This page writes one, runs it, and compares it with LwF: *weight aligning* {cite}`zhao2020wa`. After a
# phase, the head's rows of new classes tend to be longer than the old ones, and win for that alone. Weight aligning
# multiplies them by the ratio of the mean lengths,
#
# $$\hat{w}_k = \gamma\, w_k \;\; (k \text{ new}), \qquad
# \gamma = \frac{\operatorname{mean}_{j \text{ old}} \lVert w_j \rVert}{\operatorname{mean}_{j \text{ new}} \lVert w_j \rVert},$$
#
# and trains as LwF does. So the loss is inherited, and one hook is written: `end_phase`, called when a phase's network is
# trained.
#
# **Needs.** {doc}`chapter 2 <quick/digits-n5/02_global_bop>`, for the order in which things happen in a phase; {doc}`../extend` lists the hooks.

# %% tags=["remove-input"]
from mnemonics_lib.edition.costs import page_cost
from mnemonics_lib.edition.shown import say

say(page_cost("own_method"))

# %%
import torch

from mnemonics_lib.methods import METHODS, MethodInfo
from mnemonics_lib.methods.base import Method


class WeightAligning(Method):
    """Zhao et al. 2020: CE + KD, then the newest rows are scaled.

    They get the mean length of the older ones.
    """

    @torch.no_grad()
    def end_phase(self, model, held_out):
        """Scale the newest rows; a second call finds gamma = 1."""
        *old, new = model.head.rows()
        if old:  # phase 0 has nothing to align
            new *= (
                torch.cat(old).norm(dim=1).mean() / new.norm(dim=1).mean()
            )


METHODS["wa"] = MethodInfo("__main__:WeightAligning", heads=("linear",))

# %% [markdown]
# The `MethodInfo` tells the configuration what to refuse: here, a cosine head, whose rows have no length that counts.
#
# In this kernel, and in no other, it is now a method like any other. For parameter files and the command line to know it, the class
# must stand in the library, in a file of its own such as `mnemonics_lib/methods/wa.py`, and the entry in the registry,
# `METHODS` in `mnemonics_lib/methods/__init__.py`, with that path:
#
# ```python
# "wa": MethodInfo(
#     "mnemonics_lib.methods.wa:WeightAligning", heads=("linear",)
# ),
# ```
#
# and a test of it in `tests/methods/` ({doc}`/extend`). Here the kernel's own will do:

# %% sources=["here", "params/quick/digits-n1.yaml"]
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from mnemonics_lib.config import load_config
from mnemonics_lib.edition.shown import show
from mnemonics_lib.paths import PARAMS
from mnemonics_lib.runs import run

base = load_config(
    PARAMS / "quick" / "digits-n1.yaml", preset="lwf"
).replace(budget=4)
with (
    TemporaryDirectory() as directory
):  # phase 0 is shared: trained for the first of each seed
    rows = [
        dict(
            run(base.replace(method=method, seed=seed), Path(directory))[0]
        )
        for seed in range(3)
        for method in ("lwf", "wa")
    ]
table = pd.DataFrame(rows).pivot_table(
    index="seed", columns="method", values="average_accuracy"
)
show(table.round(1).reset_index())

# %% tags=["hide-input"]
from mnemonics_lib.edition.paired.intervals import paired
from mnemonics_lib.edition.studies.outcome import SAID

found = paired(dict(table["wa"]), dict(table["lwf"]))
say(
    f"Weight aligning minus LwF, seed by seed: {found.without_n} points "
    f"(95 %, exploratory), {SAID[found.verdict]}. That is in one setting, "
    "with three seeds; why was not looked into."
)

# %% [markdown]
# Average accuracy (%) on digits, $N = 1$, 4 herding exemplars per class, no balanced fine-tuning. Run when the
# book was made. In this setting five classes follow on five, where the paper of weight aligning has many.
#
# ## The other hooks
#
# | hook | called | who uses it |
# |---|---|---|
# | `begin_phase(model, old, new)` | before training; `model` has rows for the new classes | LUCIR imprints and freezes rows, BiC hands its correction to the teacher |
# | `loss(model, teacher, images, labels)` | every batch of phases 1 to $N$ | all |
# | `teach(teacher, images)` | by the inherited loss, and by BiC's own | BiC corrects its teacher |
# | `end_training(model)` | after training, before the exemplar level | LUCIR lets all rows train |
# | `end_phase(model, held_out)` | at the end of a phase, before its test (and before fine-tuning, on copies) | BiC fits its two scalars |
# | `report()` | after it, for the record | BiC's two scalars |
# | `scorer(model, exemplars)` | to classify | iCaRL's nearest mean, BiC's correction |
# | `state()`, `load_state(state)` | at a checkpoint | BiC |
#
# Phase 0 is plain cross-entropy for every method, so that those with the same head share it. BiC, which holds out some
# exemplars, has a phase 0 of its own.
#
# ## Exercise

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 23.1: one cause
#
# A comparison has one cause where its two runs differ in one field of the configuration. Return the names of the fields in which two
# nested dictionaries differ, such as `training.rate`, in alphabetical order.


# %% tags=["solution", "hide-input"]
def what_differs(one, other):
    """Sorted names, with a dot between a section and its field."""
    found = []
    for name in one.keys() | other.keys():
        a, b = one.get(name), other.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            found += [f"{name}.{field}" for field in what_differs(a, b)]
        elif a != b:
            found.append(name)
    return sorted(found)


# %% tags=["check"]
from mnemonics_lib.config import load_config
from mnemonics_lib.paths import PARAMS

one = load_config(PARAMS / "quick" / "digits-n1.yaml")
other = one.replace(budget=3, exemplar_level={"alpha": 0.1}, seed=7)
found = what_differs(one.model_dump(), other.model_dump())
assert found == ["budget", "exemplar_level.alpha", "seed"]
assert what_differs(one.model_dump(), one.model_dump()) == []
assert what_differs({"a": 1}, {}) == ["a"]
assert what_differs({}, {"a": 1}) == ["a"]
deep = [{"a": {"b": {"c": value, "d": 0}}} for value in (1, 2)]
assert what_differs(*deep) == ["a.b.c"]
