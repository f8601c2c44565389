# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Preliminaries: what is forgotten, and what a few exemplars bring back
#
# **Claim.** A network that goes on to new classes with nothing kept of the old ones forgets them within one phase. A
# handful of stored images per class brings much of it back. (Whether it matters *which* images: chapter 4.)
#
# **Needs.** Nothing to download: the default data set ships with scikit-learn.
#
# **You will see** the phase protocol of section 5.1, the two losses of section 3 written out and checked, a first
# phase trained, and one incremental phase run twice: without and with exemplars.

# %% tags=["parameters"]
dataset: str = "digits"
phases: int = 5  # N
profile: str = "quick"
seed: int = 0
overrides: dict = {}  # any field of a run, e.g. {"exemplars": "herding", "exemplar_level.inner_steps": 5}
params: str = ""  # a parameter file of your own, in place of params/{profile}/{dataset}-n{phases}.yaml

# %% tags=["resolve", "hide-input"]
from mnemonics_lib.edition import parameters

kinds = ("herding", "random")  # what this chapter keeps, whatever the run's own kind
config = parameters.resolve(globals(), "01_preliminaries", [{"exemplars": kind} for kind in kinds])

# %% tags=["hide-input"]
import copy

import matplotlib.pyplot as plt
import pandas as pd
import torch

from mnemonics_lib import global_bop, losses, metrics, runs
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.experiment import Experiment

figures.style()
print(cost("01_preliminaries", config.profile, config.dataset, config.phases))

# %% [markdown]
# ## The stream of classes
#
# There are $N + 1$ phases. Half of the classes arrive in phase 0, the rest evenly in phases 1 to $N$. The order is a
# shuffle; with `order_seed` 1993, the default, the one that all papers of this protocol share. From here on, a class's label
# is its position in that order.

# %%
experiment = Experiment.of(config)
protocol, pixels = experiment.protocol, experiment.data.pixels
print("class order:", protocol.order)
for phase in range(config.phases + 1):
    first, last = protocol.bounds(phase)
    count = len(experiment.new_data(phase))
    print(f"phase {phase}: positions {first} to {last - 1}, {count} training images, {last} classes seen")

# %% mystnb={"image": {"alt": "Eight training images of phase 0, and the same eight shifted at random."}}
images, labels = experiment.new_data(0).batch(torch.arange(8))
augmented = pixels.augment(images, torch.Generator().manual_seed(0))
figures.image_grid({"$D_0$": images, "augmented": augmented}, pixels, columns=[f"label {y}" for y in labels])
plt.show()

# %% [markdown]
# ## Phase 0 and the classification loss
#
# Phase 0 is ordinary training with the softmax cross-entropy, Eq. 2 of the paper (its print leaves the softmax out):
#
# $$\mathcal{L}_c(\Theta; x) = -\sum_k \delta_{y=k} \log \frac{e^{p_k(x)}}{\sum_j e^{p_j(x)}}$$
#
# Written out for three classes, against the library:

# %%
p = torch.tensor([[2.0, 0.5, -1.0]])  # logits p_k(x), K + M = 3
y = torch.tensor([0])
by_hand = -torch.log(torch.exp(p[0, 0]) / torch.exp(p[0]).sum())
print(f"by hand {by_hand:.6f}, library {losses.cross_entropy(p, y):.6f}")
assert torch.isclose(by_hand, losses.cross_entropy(p, y))

# %%
walk = runs.driver_for(experiment)  # does the steps of a training, with a progress bar; what runs share is made once
state = global_bop.initial_state(experiment)
row = global_bop.model_level(experiment, state, walk)
global_bop.select_exemplars(experiment, state)
row |= global_bop.evaluate(experiment, state)
losses_of_epochs = row["training_loss"]
print(f"loss {losses_of_epochs[0]:.3f} -> {losses_of_epochs[-1]:.3f}, test accuracy A_0 = {row['accuracy']:.1f} %")

# %% [markdown]
# ## Distillation
#
# To keep what $\Theta_{i-1}$ knew, the new model is asked to give the same answers about the $K$ old classes, Eq. 1:
#
# $$\mathcal{L}_d = -\sum_{k=1}^{K} \hat\pi_k(x) \log \pi_k(x), \qquad
# \hat\pi_k(x) = \frac{e^{\hat p_k(x)/\tau}}{\sum_j e^{\hat p_j(x)/\tau}}$$
#
# A temperature $\tau > 1$ lets the small answers speak. What the teacher says about one image it has just seen:

# %%
teacher = copy.deepcopy(state.model).eval()
with torch.no_grad():
    p_hat = teacher(images[:1])
for tau in (1.0, config.training.temperature, 8.0):
    print(f"tau = {tau}: pi_hat =", torch.softmax(p_hat[0] / tau, dim=0).numpy().round(3))

# %%
tau = config.training.temperature
p = torch.randn(1, p_hat.shape[1] + 1, generator=torch.Generator().manual_seed(1))  # one class more than the teacher
pi_hat, pi = torch.softmax(p_hat / tau, 1), torch.softmax(p[:, :-1] / tau, 1)
by_hand = -(pi_hat * pi.log()).sum()
print(f"by hand {by_hand:.6f}, library {losses.distillation(p, p_hat, tau):.6f}")
assert torch.isclose(by_hand, losses.distillation(p, p_hat, tau))

# %% [markdown]
# ## One incremental phase, with nothing kept
#
# Phase 1 trains $\Theta_1$, from $\Theta_0$ and with it as the teacher, on Eq. 5:
# $\mathcal{L}_{all} = \lambda \mathcal{L}_c + (1 - \lambda) \mathcal{L}_d$. First with an empty memory: all the network
# is told about the old classes is the teacher's opinion of new images.

# %%
without = copy.deepcopy(state)
without.phase = 1
without.memory = state.memory.shrink(0)
global_bop.model_level(experiment, without, walk)
test = experiment.test_data(protocol.seen(1))
bare = metrics.confusion_matrix(without.model.eval(), test, without.model.classes)
print(f"old classes: {metrics.accuracy(bare, protocol.seen(0)):.1f} %, all: {metrics.accuracy(bare):.1f} %")

# %% [markdown]
# ## The same phase, with exemplars
#
# The memory $\mathcal{E}_0$ now holds a few real images of each class, chosen by herding: greedily, so that the mean
# feature of the chosen ones stays close to the class mean. They join $D_1$ in training, and the balanced fine-tuning
# that ends a phase uses them alone.

# %% mystnb={"image": {"alt": "Herding exemplars of each class in phase 0, and a random choice beside them."}}
rows = {}
for kind in kinds:
    chosen = copy.deepcopy(state)
    chosen.memory = state.memory.shrink(0)
    global_bop.select_exemplars(Experiment.of(config.replace(exemplars=kind)), chosen)
    rows[kind] = chosen.memory
figures.image_grid({kind: memory.images[:10] for kind, memory in rows.items()}, pixels, size=0.7)
plt.show()

# %%
confusions = {}
for kind, memory in rows.items():
    kept = copy.deepcopy(state)
    kept.phase, kept.memory = 1, memory
    with_kind = Experiment.of(config.replace(exemplars=kind))
    global_bop.model_level(with_kind, kept, walk)
    counts = metrics.confusion_matrix(kept.model.eval(), test, kept.model.classes)
    print(f"{kind}, before fine-tuning: old classes {metrics.accuracy(counts, protocol.seen(0)):.1f} %")
    global_bop.select_exemplars(with_kind, kept)
    global_bop.balanced_finetuning(with_kind, kept, walk)
    confusions[kind] = metrics.confusion_matrix(kept.model.eval(), test, kept.model.classes)
    old, both = (metrics.accuracy(confusions[kind], n) for n in (protocol.seen(0), None))
    print(f"{kind}, after it: old classes {old:.1f} %, all {both:.1f} %")

# %% mystnb={"image": {"alt": "Confusion matrices after phase 1: without exemplars, with herding exemplars, with random ones."}}
figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
figures.confusion(bare, axes[0], "no exemplars")
for axis, (kind, counts) in zip(axes[1:], confusions.items(), strict=True):
    figures.confusion(counts, axis, kind)
plt.show()

# %% [markdown]
# The left matrix is catastrophic forgetting. The others differ only in which real images were kept.
#
# ## Four baselines at a larger scale
#
# The paper plugs its exemplars into four methods, which differ in what they minimise and in how they classify: LwF (the
# losses above), iCaRL (the same, classified by the nearest mean of exemplars), BiC (a bias correction fitted on held-out
# exemplars) and LUCIR (a cosine head, a constraint on features, margins). 20 classes of CIFAR-100 at laptop size, 10 in
# phase 0 and 2 in each of 5 phases, 20 herding exemplars per class, read from the committed records:

# %% mystnb={"image": {"alt": "Accuracy after each phase on CIFAR-100 for LwF, iCaRL, BiC and LUCIR: all classes seen, and the first ten."}}
cifar = report.evidence("small", "cifar100-n5")
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharey=True)
for axis, key, title in zip(
    axes, ("accuracy", "first_classes_accuracy"), ("classes seen", "first classes"), strict=True
):
    figures.method_curves(report.curves(cifar, "", key), axis, title)
axes[0].set(ylabel="accuracy (%)")
axes[1].legend()
plt.show()

# %%
baselines = {field: report.table_1(cifar, field)["without ours"] for field in ("average_accuracy", "forgetting")}
pd.DataFrame(baselines).rename(columns=lambda name: name.replace("_", " ") + " (%)")

# %% [markdown]
# The results part has the settings, the number of seeds and the paper's values. The rest of the book asks whether exemplars
# that are *trained*, rather than chosen, do better.
