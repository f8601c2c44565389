# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The global BOP: models and exemplars in turn
#
# **Claim.** Mnemonics training is an alternation: the exemplars of the past shape the next model, and that model shapes
# the exemplars that stand for the present. Five library calls are one phase of it.
#
# **Needs.** Chapter 1's protocol and losses.
#
# **You will see** the paper's Figure 2 as code, one step at a time, then the whole run, its record, and its curves.

# %% tags=["parameters"]
dataset: str = "digits"
profile: str = "quick"
phases: int = 5  # N
order_seed: int = 1993
method: str = "lwf"
exemplars: str = "mnemonics"
budget: int = 2  # exemplars per class
adjust: int = 0  # k parts for Eq. 10; 0 is off
weight_transfer: bool = False
finetune: bool = True
seed: int = 0
network: dict = {}  # an empty section takes the library's defaults
training: dict = {}
exemplar_level: dict = {}
finetuning: dict = {}

# %%
import matplotlib.pyplot as plt
import pandas as pd

from mnemonics_lib import config as configuration
from mnemonics_lib import figures, global_bop, metrics
from mnemonics_lib.costs import cost
from mnemonics_lib.paths import RUNS

config = configuration.from_parameters(globals())
figures.style()
print(cost("02_global_bop", profile, dataset, phases))
print(config.to_yaml())

# %% [markdown]
# ## Phase 0, step by step
#
# The global programme ({eq}`eq-4a`, {eq}`eq-4b`) asks for the model that does best given the exemplars, where the
# exemplars do best given the previous model. It is solved by turns. `State` is all that passes from one phase to the
# next: the model $\Theta$, the memory $\mathcal{E}$, and the results so far.

# %%
setting = global_bop.Setting.of(config)
state = global_bop.initial_state(setting)

# %% [markdown]
# **Model level.** $\Theta_i \leftarrow \Theta_i - \alpha_1 \nabla_\Theta \mathcal{L}_{all}$ ({eq}`eq-6`) on $D_i$ and
# what is in memory. In phase 0 the memory is empty and there is no teacher.

# %%
losses = global_bop.model_level(setting, state, progress=True)
print(f"training loss {losses[0]:.3f} -> {losses[-1]:.4f} in {len(losses)} epochs")

# %% [markdown]
# **Exemplar level.** Real images are chosen to start from; then they are trained through a temporary model
# ({eq}`eq-9`). Chapter 3 opens this box.

# %%
state.memory = global_bop.select_exemplars(setting, state)
log = global_bop.exemplar_level(setting, state, progress=True)
steps = pd.DataFrame(log["exemplar_steps"])
steps.iloc[:: max(1, len(steps) // 6)].style.format("{:.1e}") if len(steps) else "exemplars are chosen, not trained"

# %% [markdown]
# **Balanced fine-tuning** evens out the number of images per class. Phase 0 is balanced already, so nothing happens
# here; from phase 1 on, $\Theta_i$ is fine-tuned on $\mathcal{E}_{0:i}$ alone.

# %%
assert global_bop.balanced_finetuning(setting, state) == []

# %% [markdown]
# **Test** on all classes seen so far.

# %%
row = global_bop.evaluate(setting, state)
print(f"A_0 = {row['accuracy']:.2f} % on {state.model.classes} classes")

# %% [markdown]
# ## The whole run
#
# `run` repeats these steps for every phase, writes a checkpoint after each, and leaves one JSON record. Stop it and call
# it again: it goes on after the last finished phase. Call it when it is finished, and it returns the record.

# %%
record, path = global_bop.run(config, RUNS, progress=True)
print("record:", path.relative_to(RUNS.parent.parent))

# %%
table = pd.DataFrame(record["results"])[
    ["accuracy", "first_classes_accuracy", "displacement_new", "displacement", "outside", "exemplar_bytes"]
]
table.rename_axis("phase").round(3)

# %% [markdown]
# The average accuracy is the mean over the $N + 1$ phases, phase 0 included, and the forgetting rate is
# $\mathcal{F} = \mathcal{A}_0^Z - \mathcal{A}_N^Z$: what the first classes lost.

# %%
print(f"average accuracy {record['average_accuracy']:.2f} %, forgetting {record['forgetting']:.2f} %")
assert record["average_accuracy"] == metrics.average_accuracy(record["accuracy"])
assert record["forgetting"] == metrics.forgetting(record["first_classes_accuracy"])

# %% mystnb={"image": {"alt": "Left: accuracy after each phase on all classes seen and on the first classes. Right: confusion matrix after the last phase."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left.plot(record["accuracy"], "o-", color=figures.PALETTE["mnemonics"], label="all classes seen, $A_i$")
left.plot(record["first_classes_accuracy"], "s--", color="black", label="first classes, $A_i^Z$")
left.set(xlabel="phase i", ylabel="accuracy (%)", xticks=range(phases + 1), ylim=(0, 101))
left.legend()
figures.confusion(record["results"][-1]["confusion"], right, f"after phase {phases}")
plt.show()

# %% [markdown]
# Off the diagonal, look at the columns of the latest classes: they collect what earlier classes lose. One seed of one
# setting; chapter 4 compares kinds of exemplars over seeds.
