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
# **Claim, tested below.** Mnemonics training is an alternation: the exemplars
# of the past shape the next model, and that model shapes the exemplars that
# stand for the present. Five steps are one phase of it, and taken one by one
# they are the run that one call makes.
#
# **Needs.** [Chapter 1](01_preliminaries.ipynb): phases, and the two losses.
#
# **You will see** Eq. 4 to 6 computed by hand, the paper's Figure 2 as code,
# one step at a time, then the whole run, its record and its curves.

# %% tags=["colab", "remove-cell"]
# On Colab the project comes first, beside the torch that is there.
import sys

if "google.colab" in sys.modules:
    import os
    from importlib.metadata import version
    from subprocess import run

    url = "https://github.com/mnemonics-book/mnemonics-book"
    there, same_torch = "/content/mnemonics-book", version("torch")
    commands = [
        f"git clone -q --depth 1 -b main {url} {there}",
        f"pip install -q -e {there} torch=={same_torch}",
    ]
    for command in commands[os.path.isdir(there) :]:
        done = run(command.split(), capture_output=True, text=True)
        if done.returncode:
            said = f"{command}\n{done.stdout}{done.stderr}"
            raise RuntimeError(f"not installed, for this failed: {said}")
    sys.path.insert(0, there)

# %% tags=["parameters"]
dataset: str = "digits"
phases: int = 5  # N
profile: str = "quick"
seed: int = 0
overrides: dict = {}  # any field of a run: {"exemplars": "herding"}
params: str = ""  # a file of your own, not params/PROFILE/DATASET-nN.yaml
study: str = ""  # a study whose finished work is taken: shown/cifar100

# %% tags=["resolve", "hide-input"]
from mnemonics_lib.edition import parameters

config = parameters.resolve(globals(), "02_global_bop")

# %% tags=["hide-input", "live"]
import copy
import os

import matplotlib.pyplot as plt
import pandas as pd
import torch

from mnemonics_lib import global_bop, losses, metrics
from mnemonics_lib.edition import by_class, drawings, figures
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.drawn_from import drawn_from
from mnemonics_lib.edition.finished import runs_of
from mnemonics_lib.edition.shown import change, say, show
from mnemonics_lib.exemplars.selection import select
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.paths import ROOT, RUNS

figures.style()
say(cost("02_global_bop", config, study))
runs = runs_of(study, config)  # mnemonics_lib.runs, unless a study is named

# %% [markdown]
# The run of this chapter, field by field:

# %% tags=["hide-input", "hide-output"]
print(config.to_yaml())

# %% [markdown] tags=["slide-programme"]
# ## The programme
#
# If nothing had to be thrown away, phase $i$ would train on all that was seen:
#
# $$\Theta^*_i = \arg\min_{\Theta_i}
# \mathcal{L}_c(\Theta_i; D_{0:i-1} \cup D_i) \tag{3}$$
#
# (The loss of a set is the mean over its images.) But $D_{0:i-1}$, the data of
# phases 0 to $i-1$, is gone, and exemplars $\mathcal{E}_{0:i-1}$ stand in for
# it. Which ones? The global bilevel programme (BOP) asks for two things at once.
# The model should do well on the new data and the exemplars,
#
# $$\min_{\Theta_i} \; \mathcal{L}_c(\Theta_i;
# \mathcal{E}^*_{0:i-1} \cup D_i) \tag{4a}$$
#
# and the exemplars are to be chosen as follows. Train the model of the phase
# before, $\Theta_{i-1}$, on a set of exemplars alone. Measure its loss on what
# that phase had: the older exemplars and its own data. The best set is the one
# that leaves the smallest loss:
#
# $$\text{s.t.} \quad \mathcal{E}^*_{0:i-1} = \arg\min_{\mathcal{E}_{0:i-1}}
# \mathcal{L}_c\bigl(\Theta_{i-1}(\mathcal{E}_{0:i-1});
# \mathcal{E}_{0:i-2} \cup D_{i-1}\bigr) \tag{4b}$$
#
# $\Theta_{i-1}(\cdot)$ is that training on exemplars. In the paper it is no step
# apart: it is the *balanced fine-tuning* that ends phase $i-1$, and is to reduce
# the bias towards the classes of many images (below, in phase 1). The index is
# $i-1$ because Eq. 4b of phase $i$ is solved at the end of phase $i-1$, while
# $D_{i-1}$ is there.
#
# The programme is solved by turns. Eq. 4a is the *model level*, Eq. 4b the *exemplar
# level*. The drawing is the paper's Figure 2 in our hand. Old exemplars that were
# adjusted have a tilde; the phases between 0 and $i$ are dotted:

# %% tags=["hide-input", "slide-alternation"]
drawings.show("global_bop")

# %% [markdown]
# Phase 0 has no exemplars yet and no teacher, and is done in one call.
# `Experiment` is what stays the same in a run: configuration, data, and which
# classes arrive when. `state` is all that passes from one phase to the next.

# %% tags=["live"]
experiment = Experiment.of(config)
driver = runs.driver_for(experiment)  # takes the steps of a training loop
state = global_bop.initial_state(experiment)
global_bop.run_phase(experiment, state, driver)
A_0 = state.results[0]["accuracy"]
print(f"A_0 = {A_0:.2f} % on {state.model.classes} classes")
print(f"{len(state.memory)} exemplars kept")

# %% [markdown]
# ## What Eq. 4b asks of exemplars
#
# Eq. 4b gives every set of exemplars a number. Take $i = 1$. No exemplars are
# older than $\mathcal{E}_0$, so the number is the loss on $D_0$ of $\Theta_0$
# after training on $\mathcal{E}_0$ (which a run leaves out in phase 0, where there
# are no old classes to balance). Small is good: learning from the exemplars
# has not led the network away from what it knew. With a few steps of gradient
# descent:

# %% tags=["live"]
D_0 = experiment.new_data(0)


def eq_4b(E_0, y, steps=20, alpha=0.05):
    """L_c(Theta_0(E_0); D_0), with Theta_0(E_0) after some steps."""
    theta = copy.deepcopy(state.model).train()
    for _ in range(steps):
        theta.zero_grad()
        losses.cross_entropy(theta(E_0), y).backward()
        with torch.no_grad():
            for parameter in theta.parameters():
                if parameter.grad is not None:  # else it is frozen
                    parameter -= alpha * parameter.grad
    return metrics.accuracy_and_loss(theta.eval(), D_0)[1]


# %% [markdown]
# Which images are chosen changes that number. Here are herding's choice and
# three random ones of the same size. The first row is $\Theta_0$ as it is,
# without any step. The random sets differ among themselves, so that one of
# herding's says little about herding:

# %% tags=["slide-eq-4b"]
model = state.model.eval()
count = max(1, config.quota(model.classes)[0])  # exemplars of a class
values = [("none: no step", metrics.accuracy_and_loss(model, D_0)[1])]
for k, rule in enumerate(["herding", "random", "random", "random"]):
    generator = torch.Generator().manual_seed(k)
    with torch.no_grad():
        E_0, y = select(D_0, count, rule, model.features, generator)
    values.append((rule, eq_4b(E_0, y)))
show({"exemplars": rule, "Eq. 4b": f"{v:.4f}"} for rule, v in values)

# %% tags=["hide-input"]
none, *sets = [number for _, number in values]
if none < min(sets):
    say(
        "The smallest number is that of no step: this network was trained "
        "on all of $D_0$, and steps on a few of its images lead it away. "
        "So by this number exemplars from which nothing is learned would "
        "be better than these, though the next phase needs some that "
        "teach. "
        "[What Eq. 7 rewards](../book/why.py) follows that up, in theory "
        "and in the runs."
    )
elif none < max(sets):
    say(
        "Of some of these sets the steps have led the network away from "
        "what it knew, and of others they have taught it something. What "
        "a network that has seen its data can still learn from exemplars, "
        "[What Eq. 7 rewards](../book/why.py) asks."
    )

# %% [markdown]
# The exemplar level asks for the set with the smallest number of all, and
# allows images that no one ever took: it moves their pixels. How it does that
# is [chapter 3](03_local_bop.ipynb). First the other level.
#
# ## What the model level minimises
#
# $\Theta_1$ starts from $\Theta_0$, with new rows in its classifier. Eq. 4a has
# the classification loss alone. A few exemplars beside many new images do not
# hold the old classes by that, so the paper minimises a sum of two losses. One
# asks for the right label, the other for the teacher's answers on old classes,
# and $\lambda$ weighs them:
#
# $$\begin{aligned}
# \mathcal{L}_{all} = {} &\lambda\, \mathcal{L}_c(\Theta_i;
# \mathcal{E}_{0:i-1} \cup D_i) \cr
# {} + {} &(1 - \lambda)\, \mathcal{L}_d(\Theta_i; \Theta_{i-1};
# \mathcal{E}_{0:i-1} \cup D_i)
# \end{aligned} \tag{5}$$
#
# In training, each mini-batch is drawn at random from the union of both. Here
# are the losses on the first images of $D_1$ alone:

# %%
lam, tau = config.training.lam, config.training.temperature
theta = copy.deepcopy(state.model).train()
theta.grow(experiment.protocol.seen(1), seed=0)  # rows for new classes
x, y = experiment.new_data(1).batch(torch.arange(64))  # of D_1
with torch.no_grad():
    p_hat = state.model(x)  # the teacher's logits
p = theta(x)
L_c, L_d = losses.cross_entropy(p, y), losses.distillation(p, p_hat, tau)
L_all = lam * L_c + (1 - lam) * L_d  # Eq. 5
print(
    f"L_c {L_c.item():.3f}, L_d {L_d.item():.3f}, L_all {L_all.item():.3f}"
)
assert torch.isclose(L_all, losses.model_level(p, y, p_hat, lam, tau))

# %% [markdown]
# Training goes down its gradient, one mini-batch after the other:
#
# $$\Theta_i \leftarrow \Theta_i - \alpha_1 \nabla_\Theta
# \mathcal{L}_{all} \tag{6}$$
#
# As printed this is a plain step, and the cell takes it with a small rate. The
# paper (section 5.1) and the library take it with a momentum of 0.9 and a weight
# decay of 0.0005:

# %%
alpha_1 = 0.01
L_all.backward()
with torch.no_grad():
    for parameter in theta.parameters():
        if parameter.grad is not None:
            parameter -= alpha_1 * parameter.grad  # Eq. 6
    p = theta(x)
lower = losses.model_level(p, y, p_hat, lam, tau).item()
print(f"L_all of these images after one step: {lower:.3f}")

# %% tags=["hide-input"]
sgd = config.training
say(
    f"One step, and their loss {change(L_all.item(), lower, 3)}. The run "
    f"of this chapter begins with $\\alpha_1 = {sgd.rate}$, momentum "
    f"{sgd.momentum} and weight decay {sgd.weight_decay}."
)

# %% [markdown]
# Methods differ here. LwF and iCaRL minimise Eq. 5 as it stands. So does BiC, but
# with $\lambda = M / (K + M)$, where $M$ classes are new, and with a teacher whose
# logits are corrected. LUCIR keeps $\mathcal{L}_c$, and has other terms in the
# place of $\mathcal{L}_d$. The library asks the method of the run.
#
# ## Phase 1, step by step
#
# A phase of the paper's Figure 2 is five calls: `model_level`,
# `select_exemplars`, `exemplar_level`, `balanced_finetuning` and `finish_phase`.
# The three that the drawing numbers are the first, the third and the fourth.
# Between them `evaluate` looks at the network, and changes nothing.
#
# **Model level** (Eq. 4a, by Eq. 6 on the method's loss). $\Theta_1$ is trained
# on $D_1$ and $\mathcal{E}_0$, with $\Theta_0$ as the teacher. Then real images
# of the new classes are chosen: some methods classify by them, and the training
# of exemplars starts from them.

# %% tags=["slide-five-calls"]
level = global_bop.model_level(experiment, state, driver)
global_bop.select_exemplars(experiment, state)
row = global_bop.evaluate(experiment, state)

# %% tags=["hide-input", "slide-five-calls"]
loss = level["training_loss"]  # of each epoch
say(
    f"In {len(loss)} epochs the loss {change(loss[0], loss[-1], 3)}; at "
    f"the end {level['train_accuracy']:.1f} % of the training images are "
    f"right. On test images the accuracy is {row['accuracy']:.1f} % over "
    f"all classes seen and {row['first_classes_accuracy']:.1f} % over the "
    "first ones."
)

# %% [markdown]
# **Exemplar level** (Eq. 4b, by Eq. 9 and 10). The images just chosen are
# trained, through the training of a *temporary model*, which starts near
# $\Theta_1$ and is thrown away afterwards. Old ones are adjusted, if the field
# `adjust` says so (what this run does stands below). What is minimised is Eq. 7,
# which from phase 1 on asks for less than Eq. 4b: it leaves the old classes out
# ([chapter 3](03_local_bop.ipynb)).
# Below are some of its steps on the pixels, its *outer steps*. For each of them a
# temporary model is trained from start to end; the steps of that training are
# *inner* ones. The outer step uses how the *validation loss* of Eq. 7, at the end
# of it, depends on the pixels. *Gradient per pixel* and *moved* are root mean
# squares over all pixels: of that gradient, and of how far each pixel is from
# where it started, in the standard deviations that images are normalised by (std).
# Each step has another start and other images, so that the losses of two rows
# are not to be compared:

# %% tags=["slide-five-calls"]
trained = global_bop.exemplar_level(experiment, state, driver)["exemplars"]

# %% tags=["hide-input"]
columns = {
    "meta_loss": "validation loss (7a)",
    "gradient": "gradient per pixel",
    "displacement": "new ones moved so far (std)",
}
if trained:
    steps = pd.DataFrame(trained["steps"]).rename_axis("outer step")
    every = max(1, len(steps) // 6)
    rows = sorted({*range(0, len(steps), every), len(steps) - 1})
    few = steps.iloc[rows].rename(columns=columns)
    show(few[list(columns.values())].map("{:.2e}".format).reset_index())
    say(
        f"Each row is one step, counted from 0. Of the {len(steps)} steps "
        f"one in {every} is shown, and the last."
        if every > 1
        else "Each row is one step, counted from 0; there are "
        f"{len(steps)}."
    )
else:
    say("In this run exemplars are chosen, and not trained.")
adjusted = (
    f"Old exemplars are adjusted, in {config.adjust} parts"
    if config.adjust
    else "Old exemplars stay as they are (`adjust` is 0)"
)
transferred = (
    "convolutions keep their kernels of phase 0 and learn factors of them "
    "(`weight_transfer`)"
    if config.weight_transfer
    else "there is no weight transfer: convolutions are trained as always"
)
say(f"{adjusted}, and {transferred}. The paper does both.")

# %% [markdown]
# **Balanced fine-tuning.** The phase's own images were many and the exemplars
# few. Now $\Theta_1$ is fine-tuned on $\mathcal{E}_{0:1}$ alone, which has the
# same number of exemplars for every class: it becomes the
# $\Theta_1(\mathcal{E}_{0:1})$ of Eq. 4b, as phase 2 has it. The loss is Eq. 2
# alone, without the teacher, whatever the method; the paper does not name it.
# **Finish** is what the method does last: BiC fits the two numbers that correct its
# bias.

# %% tags=["slide-five-calls"]
global_bop.balanced_finetuning(experiment, state, driver)
global_bop.finish_phase(experiment, state)
before, row = row, global_bop.evaluate(experiment, state)

# %% tags=["hide-input", "slide-five-calls"]
names = {
    "accuracy": "all classes",
    "first_classes_accuracy": "the first ones",
}
for field, classes in names.items():
    changed = change(before[field], row[field])
    say(f"- On {classes} the accuracy {changed} %.")

# %% [markdown]
# ## The whole run
#
# `run` repeats these steps for every phase and leaves one JSON record. It
# writes a checkpoint after each phase. Stop it and call it again: it goes on
# from there. Call it when it is finished, and it returns the record. Of phase 1,
# taken step by step above and by `run` here, the confusion matrices must be the
# same:

# %% tags=["live"]
keep = drawn_from(config)  # what the figures of chapter 5 need
record, path = runs.run(config, RUNS, keep=keep, progress=True)
print("record:", os.path.relpath(path, ROOT))
assert record.results[1].confusion == row["confusion"]

# %% [markdown] tags=["slide-two-numbers"]
# Two numbers sum a run up. The average accuracy is the mean over all $N + 1$
# phases. The forgetting rate is what the first classes lost,
#
# $$\bar{\mathcal{A}} = \frac{1}{N+1} \sum_{i=0}^N \mathcal{A}_i, \qquad
# \mathcal{F} = \mathcal{A}_0^Z - \mathcal{A}_N^Z,$$
#
# where $\mathcal{A}_i$ is the accuracy after phase $i$ on all classes seen, and
# $\mathcal{A}_i^Z$ on those of phase 0 (the network still chooses among all).

# %% tags=["slide-two-numbers"]
A, A_Z = record.accuracy, record.first_classes_accuracy  # one a phase
print(f"average accuracy {sum(A) / len(A):.2f} %")
print(f"forgetting {A_Z[0] - A_Z[-1]:.2f} points")
assert record.average_accuracy == metrics.average_accuracy(A)
assert record.forgetting == metrics.forgetting(A_Z)

# %% mystnb={"image": {"alt": "Left: accuracy after each phase on all classes seen and on the first classes. Right: confusion matrix after the last phase."}} tags=["hide-input", "slide-curves"]
colour = figures.PALETTE.get(config.exemplars, "tab:green")
figure, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.8), layout="constrained"
)
left.plot(A, "o-", color=colour, label="all classes seen, $A_i$")
left.plot(A_Z, "s--", color="black", label="first classes, $A_i^Z$")
left.set(xlabel="phase i", ylabel="accuracy (%)", ylim=(0, 101))
left.set_xticks(range(config.phases + 1))
left.legend()
last = record.results[-1].confusion
figures.confusion(last, right, f"after phase {config.phases}")
plt.show()

# %% [markdown]
# In the matrix, which classes collect what others lose? Of all wrong answers:

# %% tags=["hide-input"]
counts = torch.tensor(last)
wrong = (counts - torch.diag(counts.diagonal())).sum(0)  # per answer
first = experiment.protocol.seen(0)
new = len(counts) - first
if wrong.sum():
    share = 100 * wrong[first:].sum() / wrong.sum()
    say(
        f"{share:.0f} % are the name of one of the {new} classes that came "
        f"after phase 0; if all {len(counts)} classes drew errors alike, "
        f"that would be {100 * new / len(counts):.0f} %."
    )
else:
    say("There are none.")

# %% [markdown]
# And who forgets? The accuracy on each class, in the order in which they came,
# after each phase:

# %% mystnb={"image": {"alt": "A heat map: a row for each class in the order of arrival, a column for each phase, and in each cell the accuracy on that class, which is blank before it arrives."}} tags=["hide-input"]
figure, axis = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
figures.class_accuracies(by_class.class_accuracies(record), axis)
plt.show()

# %% tags=["hide-input"]
lost = by_class.class_forgetting(record)
came, most = by_class.arrivals(record), lost.argmax()
say(
    f"Class {most} has lost the most since the phase that brought it, "
    f"{lost[most]:.0f} points. The classes of phase 0 have lost "
    f"{lost[came == 0].mean():.0f} on average."
)
between = (came > 0) & (came < came.max())
if between.any():
    say(
        "Those of later phases, the last one left out, have lost "
        f"{lost[between].mean():.0f}."
    )

# %% [markdown]
# One seed of one setting: [chapter 4](04_ablations.ipynb) compares kinds of
# exemplars over seeds.

# %% [markdown] tags=["once"]
# In the paper a method "with mnemonics" differs from the same one without in
# several things at once. [Chapter 4](04_ablations.ipynb) takes them one after the
# other, on CIFAR-100.

# %% [markdown]
# ## The run again, later
#
# A finished run is read back without the data set: its network, its exemplars,
# and a row of numbers for each phase.

# %%
finished = runs.load_run(path)
model, memory = finished.model, finished.exemplars

# %% tags=["hide-input"]
show(
    {
        "phase": result.Index,
        "accuracy (%)": f"{result.accuracy:.1f}",
        "first classes (%)": f"{result.first_classes_accuracy:.1f}",
        "exemplars a class": result.exemplars_per_class,
        "all in memory moved (std)": f"{result.displacement:.2f}",
    }
    for result in finished.results.itertuples()
)

# %% [markdown] tags=["once"]
# ## Exercises

# %% [markdown] tags=["exercise", "minutes-20"]
# ### Exercise 2.1: what Eq. 5 does to a logit
#
# Work out the gradient of $\mathcal{L}_{all}$ for one image with respect to its
# logits $p$. The first $K$ classes are old, $M$ are new, and all are in
# $\mathcal{L}_c$.


# %% tags=["solution", "hide-input"]
def gradient_of_all(p, y, p_hat, lam, tau):
    """Gradient [K + M] of Eq. 5; p has K + M logits, p_hat has K."""
    # Of L_c: by p_k the logarithm of the softmax of class y has the
    # derivative [k = y] - softmax_k. L_c is minus it, so that softmax
    # minus one-hot is left.
    # Of L_d: the same with pi_hat in the place of the one-hot, since its
    # numbers sum to 1, too. pi is a softmax of p / tau, hence 1 / tau.
    # New logits are not in L_d: their part is 0.
    K = len(p_hat)
    of_c = torch.softmax(p, dim=0)
    of_c[y] -= 1
    of_d = torch.zeros_like(p)
    pi, pi_hat = (torch.softmax(z / tau, dim=0) for z in (p[:K], p_hat))
    of_d[:K] = (pi - pi_hat) / tau
    return lam * of_c + (1 - lam) * of_d


# %% tags=["check"]
generator = torch.Generator().manual_seed(0)
p_hat = torch.randn(4, generator=generator, dtype=torch.float64)
p = torch.randn(6, generator=generator, dtype=torch.float64)
leaf = p.clone().requires_grad_()
loss = losses.model_level(
    leaf[None], torch.tensor([5]), p_hat[None], 0.3, 2.0
)
(right,) = torch.autograd.grad(loss, leaf)
assert torch.allclose(gradient_of_all(p, 5, p_hat, 0.3, 2.0), right)

# %% [markdown] tags=["exercise", "minutes-5"]
# ### Exercise 2.2: how few the old ones are
#
# A phase brings $M$ classes of $n$ images each; of $K$ old classes the memory
# has $b$ exemplars each. Which share of the images that the model level draws
# are of old classes? Return it as a number from 0 to 1.


# %% tags=["solution", "hide-input"]
def share_of_old(M, n, K, b):
    """The share of exemplars among the images of a phase."""
    return K * b / (K * b + M * n)


# %% tags=["check"]
# CIFAR-100, N = 5, phase 1: 10 new classes of 500, 50 old ones with 20 each
assert abs(share_of_old(10, 500, 50, 20) - 1 / 6) < 1e-12
assert share_of_old(10, 500, 50, 500) > share_of_old(10, 500, 50, 20)

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 2.3: a memory that does not grow
#
# With a fixed total, the memory is shared evenly by all classes seen, and the
# share is rounded down. Half of the classes arrive in phase 0, the rest evenly
# in phases 1 to $N$. Return the exemplars of a class after each phase.


# %% tags=["solution", "hide-input"]
def exemplars_per_class(total, classes, N):
    """A list of N + 1 numbers; classes is divisible by 2 N."""
    first = classes // 2
    seen = [first + i * (classes - first) // N for i in range(N + 1)]
    return [total // each for each in seen]


# %% tags=["check"]
assert exemplars_per_class(2000, 100, 5) == [40, 33, 28, 25, 22, 20]
assert exemplars_per_class(2000, 100, 10)[-1] == 20
