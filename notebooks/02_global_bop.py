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
phases: int = 5  # N
profile: str = "quick"
seed: int = 0
overrides: dict = {}  # any field of a run, e.g. {"exemplars": "herding", "exemplar_level.inner_steps": 5}
params: str = ""  # a parameter file of your own, in place of params/{profile}/{dataset}-n{phases}.yaml

# %% tags=["resolve", "hide-input"]
from mnemonics_lib.edition import parameters

config = parameters.resolve(globals(), "02_global_bop")

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd

from mnemonics_lib import global_bop, metrics, runs
from mnemonics_lib.edition import drawings, figures, report
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.paths import RUNS

figures.style()
print(cost("02_global_bop", config.profile, config.dataset, config.phases))
print(config.to_yaml())

# %% [markdown]
# ## Phase 0
#
# The global programme, Eq. 4, asks for the model that does best given the exemplars, where the exemplars are those that
# did best for the model before:
#
# $$\min_{\Theta_i} \mathcal{L}_c(\Theta_i; \mathcal{E}^*_{0:i-1} \cup D_i) \quad \text{s.t.} \quad
# \mathcal{E}^*_{0:i-1} = \arg\min_{\mathcal{E}_{0:i-1}}
# \mathcal{L}_c(\Theta_{i-1}(\mathcal{E}_{0:i-1}); \mathcal{E}_{0:i-2} \cup D_{i-1})$$
#
# It is solved by turns. The drawing is the paper's Figure 2 in our hand; the phases between 0 and $i$ are dotted:

# %% tags=["hide-input"]
drawings.show("global_bop")

# %% [markdown]
# `Experiment` is what stays the same in a run: configuration, data, and which classes arrive when.
# `State` is all that passes from one phase to the next: the model $\Theta$, the memory $\mathcal{E}$, and the results so
# far. `walk` does the steps of every training loop. Phase 0 has an empty memory and no teacher; `run_phase` is all of it at
# once.

# %%
experiment = Experiment.of(config)
walk = runs.driver_for(experiment)
state = global_bop.initial_state(experiment)
global_bop.run_phase(experiment, state, walk)
print(
    f"A_0 = {state.results[0]['accuracy']:.2f} % on {state.model.classes} classes, {len(state.memory)} exemplars kept"
)

# %% [markdown]
# ## Phase 1, step by step
#
# **Model level.** $\Theta_1$ starts from $\Theta_0$, which also stays as the teacher, and takes steps on the new data $D_1$
# and the exemplars $\mathcal{E}_0$ (Eq. 5 and 6):
#
# $$\Theta_i \leftarrow \Theta_i - \alpha_1 \nabla_\Theta
# \bigl(\lambda \mathcal{L}_c + (1 - \lambda) \mathcal{L}_d\bigr)$$

# %%
level = global_bop.model_level(experiment, state, walk)
global_bop.select_exemplars(experiment, state)  # real images of the new classes: some methods classify by them
row = global_bop.evaluate(experiment, state)
losses = level["training_loss"]
print(f"loss {losses[0]:.3f} -> {losses[-1]:.4f}, {level['train_accuracy']:.1f} % of the training images right")
print(f"accuracy {row['accuracy']:.1f} % on all classes seen, {row['first_classes_accuracy']:.1f} % on the first ones")

# %% [markdown]
# **Exemplar level.** The images just chosen are where training starts: through a temporary model (Eq. 9), and old ones are
# adjusted (Eq. 10) if `adjust` says so. Chapter 3 opens this box.

# %%
trained = global_bop.exemplar_level(experiment, state, walk)["exemplars"]
steps = pd.DataFrame(trained["steps"] if trained else [{"exemplars": "chosen, not trained"}])
steps.iloc[:: max(1, len(steps) // 6)]

# %% [markdown]
# **Balanced fine-tuning** evens out the number of images per class: $\Theta_1$ is fine-tuned on $\mathcal{E}_{0:1}$
# alone. **Test**: what did it change?

# %%
global_bop.balanced_finetuning(experiment, state, walk)
global_bop.finish_phase(experiment, state)  # what the method does last, such as BiC's second stage
row = global_bop.evaluate(experiment, state)
print(f"accuracy {row['accuracy']:.1f} % on all classes seen, {row['first_classes_accuracy']:.1f} % on the first ones")

# %% [markdown]
# ## The whole run
#
# `run` repeats these steps for every phase, writes a checkpoint after each, and leaves one JSON record. Stop it and call
# it again: it goes on after the last finished phase. Call it when it is finished, and it returns the record.

# %%
record, path = runs.run(config, RUNS, progress=True)
print("record:", path.relative_to(RUNS.parent.parent))
assert record.results[1].confusion == row["confusion"]  # the same phase 1 as step by step

# %%
table = pd.DataFrame([result.model_dump() for result in record.results])[
    ["accuracy", "first_classes_accuracy", "displacement_new", "displacement", "outside", "exemplar_bytes"]
]
table.rename_axis("phase").round(3)

# %% [markdown]
# The average accuracy is the mean over the $N + 1$ phases, phase 0 included, and the forgetting rate is
# $\mathcal{F} = \mathcal{A}_0^Z - \mathcal{A}_N^Z$: what the first classes lost.

# %%
print(f"average accuracy {record.average_accuracy:.2f} %, forgetting {record.forgetting:.2f} %")
assert record.average_accuracy == metrics.average_accuracy(record.accuracy)
assert record.forgetting == metrics.forgetting(record.first_classes_accuracy)

# %% mystnb={"image": {"alt": "Left: accuracy after each phase on all classes seen and on the first classes. Right: confusion matrix after the last phase."}}
colour = figures.PALETTE.get(config.exemplars, "tab:green")  # a run without exemplars has none of its own
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left.plot(record.accuracy, "o-", color=colour, label="all classes seen, $A_i$")
left.plot(record.first_classes_accuracy, "s--", color="black", label="first classes, $A_i^Z$")
left.set(xlabel="phase i", ylabel="accuracy (%)", xticks=range(config.phases + 1), ylim=(0, 101))
left.legend()
figures.confusion(record.results[-1].confusion, right, f"after phase {config.phases}")
plt.show()

# %% [markdown]
# Off the diagonal, look at the columns of the latest classes: they collect what earlier classes lose. One seed of one
# setting; chapter 4 compares kinds of exemplars over seeds.
#
# ## The run again, later
#
# A finished run is read back in three lines, without the data set: its model, its exemplars, and one row per phase.

# %%
finished = runs.load_run(path)
model, memory = finished.model, finished.exemplars
finished.results[["accuracy", "first_classes_accuracy", "exemplars_per_class", "exemplar_bytes"]].round(2)

# %% [markdown]
# ## Four methods on CIFAR-100 without ours, and LUCIR with ours
#
# The same flow on 20 classes of CIFAR-100 at laptop size, from the committed records. *Without ours*: herding. *With
# ours*: trained exemplars, old ones adjusted, weight transfer, balanced fine-tuning. In the middle the last two alone, with
# herding's exemplars: what changes from there to the right is the exemplars' own doing.

# %% mystnb={"image": {"alt": "Accuracy after each phase on CIFAR-100: four methods without ours, LUCIR with transfer and fine-tuning alone, and with ours."}}
cifar = report.evidence("small", "cifar100-n5")
figures.variants(cifar, {"accuracy": "accuracy, classes seen (%)"})
plt.show()
