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
# **Claim, tested below.** A network that goes on to new classes with nothing
# kept of the old ones forgets them within one phase. A handful of stored
# images per class, the *exemplars*, brings much of it back, in training and in
# a fine-tuning on them alone. Whether it matters *which* images is the question
# of [chapter 4](04_ablations.ipynb).
#
# **Needs.** Some Python, and what a gradient is. Nothing to download: the
# default data set ships with scikit-learn.
#
# **You will see** the protocol by which classes arrive (section 5.1 of the
# paper), the two losses of section 3 computed by hand, a first phase trained,
# and one incremental phase run three times: without exemplars, with those that
# a rule named *herding* chooses, and with random ones.

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

kinds = ("herding", "random")  # of exemplars, whatever the run's own kind
config = parameters.resolve(
    globals(), "01_preliminaries", [{"exemplars": kind} for kind in kinds]
)

# %% tags=["hide-input", "live"]
import copy

import matplotlib.pyplot as plt
import pandas as pd
import torch

from mnemonics_lib import global_bop, losses, metrics
from mnemonics_lib.edition import brought_back, figures, report
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.finished import runs_of
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.shown import change, say, show
from mnemonics_lib.experiment import Experiment

figures.style()
say(cost("01_preliminaries", config, study))
runs = runs_of(study, config)  # mnemonics_lib.runs, unless a study is named

# %% [markdown]
# ## The stream of classes
#
# In class-incremental learning the classes do not come all at once. There are
# $N + 1$ phases. Half of the classes arrive in phase 0, the rest evenly in
# phases 1 to $N$; phase $i$ brings the training images $D_i$ of its classes,
# and only those. The order is a shuffle. With `order_seed` 1993, the default,
# the 100 classes of CIFAR-100 come in the order that all papers of this protocol
# share. From here on, a class's label is its position in the order of the run.
# `Experiment` holds what stays the same in a run: its configuration, its data,
# and the order of the classes:

# %% tags=["slide-stream"]
experiment = Experiment.of(config)
protocol, pixels = experiment.protocol, experiment.data.pixels
say(f"Class order: {', '.join(map(str, protocol.order))}.")
for i in range(config.phases + 1):
    first, last = protocol.bounds(i)
    D_i = experiment.new_data(i)
    print(f"phase {i}: classes {first} to {last - 1}, {len(D_i)} images")

# %% [markdown]
# In every epoch each image is shifted a little, at random: it is padded, and a
# *crop* of its own size is taken. Where the mirror image of a picture still
# belongs to its class, it is mirrored half of the time, too. Digits are only
# shifted, since a mirrored digit is another sign.

# %% mystnb={"image": {"alt": "Eight training images of phase 0, and the same eight augmented at random."}} tags=["hide-input", "live"]
images, labels = experiment.new_data(0).batch(torch.arange(8))
augmented = pixels.augment(images, torch.Generator().manual_seed(0))
figures.image_grid(
    {"$D_0$": images, "augmented": augmented},
    pixels,
    columns=[f"label {y}" for y in labels],
)
plt.show()

# %% [markdown] tags=["slide-cross-entropy"]
# ## The classification loss, and phase 0
#
# A network $\Theta$ answers an image $x$ with a logit $p_k(x)$ for every class
# $k$. Training lowers the softmax cross-entropy of the right one, the label $y$
# (the paper's print of it leaves the softmax out):
#
# $$\mathcal{L}_c(\Theta; x) = -\sum_k \delta_{y=k}
# \log \frac{e^{p_k(x)}}{\sum_j e^{p_j(x)}} \tag{2}$$
#
# The indicator $\delta_{y=k}$ keeps one term of the sum. For three classes:

# %% tags=["slide-cross-entropy"]
p = torch.tensor([[2.0, 0.5, -1.0]])  # logits p_k(x) of one image
y = torch.tensor([0])  # its label
by_hand = -torch.log(torch.exp(p[0, y]) / torch.exp(p[0]).sum())  # Eq. 2
library = losses.cross_entropy(p, y)
print(f"by hand {by_hand.item():.6f}, library {library.item():.6f}")
assert torch.isclose(by_hand, library)

# %% [markdown]
# In phase 0 this loss is all there is, so phase 0 is ordinary training, which
# is `model_level`. `state` is what passes from phase to phase: the network, the
# memory of exemplars, the results so far. `driver` takes the steps of a training
# loop and shows how far it is. At the end of every phase `select_exemplars` puts
# images into the memory; below we empty it again, and fill it in two ways.

# %% tags=["slide-phase-0"]
driver = runs.driver_for(experiment)
state = global_bop.initial_state(experiment)
row = global_bop.model_level(experiment, state, driver)  # Theta_0
global_bop.select_exemplars(experiment, state)
row |= global_bop.evaluate(experiment, state)
loss = row["training_loss"]  # of each epoch
print(f"loss {loss[0]:.3f} -> {loss[-1]:.3f}")
print(f"test accuracy A_0 = {row['accuracy']:.1f} %")

# %% [markdown] tags=["slide-distillation"]
# ## The distillation loss
#
# What should hold the network back from forgetting, when the images of old
# classes are gone? One answer is the old network itself. The new one is asked
# to answer about the $K$ old classes as $\Theta_{i-1}$, its teacher, does. The
# distillation loss compares two softmaxes over the old classes:
#
# $$\mathcal{L}_d(\Theta_i; \Theta_{i-1}; x)
# = -\sum_{k=1}^{K} \hat\pi_k(x) \log \pi_k(x) \tag{1a}$$
#
# $$\hat\pi_k(x) = \frac{e^{\hat p_k(x)/\tau}}{\sum_j e^{\hat p_j(x)/\tau}},
# \qquad \pi_k(x) = \frac{e^{p_k(x)/\tau}}{\sum_j e^{p_j(x)/\tau}} \tag{1b}$$
#
# Hats are the teacher's. A temperature $\tau > 1$ lets the small answers speak,
# and they carry what the teacher knows beyond the label: which other classes an
# image resembles. Here is what $\Theta_0$ says about one of its images.

# %% tags=["slide-distillation"]
teacher = copy.deepcopy(state.model).eval()
with torch.no_grad():
    p_hat = teacher(images[:1])
for tau in (1.0, config.training.temperature, 8.0):
    pi_hat = torch.softmax(p_hat / tau, dim=1)[0]
    print(f"tau = {tau}: pi_hat =", *(f"{value:.2f}" for value in pi_hat))

# %% [markdown]
# The new network has more classes than the teacher. The loss compares only
# those that the teacher knows. In place of a new network's logits, here are
# random numbers, one class more than the teacher has:

# %%
tau, K = config.training.temperature, p_hat.shape[1]
generator = torch.Generator().manual_seed(1)
p = torch.randn(1, K + 1, generator=generator)  # one class more
pi_hat = torch.softmax(p_hat / tau, dim=1)  # Eq. 1b
pi = torch.softmax(p[:, :K] / tau, dim=1)
by_hand = -(pi_hat * pi.log()).sum()  # Eq. 1a
library = losses.distillation(p, p_hat, tau)
print(f"by hand {by_hand.item():.6f}, library {library.item():.6f}")
assert torch.isclose(by_hand, library)

# %% [markdown]
# ## One incremental phase, with nothing kept
#
# With LwF (*learning without forgetting*, the plainest of the paper's four
# methods), phase 1 trains $\Theta_1$ on both losses at once. iCaRL does the same,
# and BiC with other weights; LUCIR has other terms in the place of the second.
# $\Theta_1$ starts from $\Theta_0$, which stays beside it as the teacher
# ([chapter 2](02_global_bop.ipynb) writes the sum out, Eq. 5). First with an empty
# memory: all that the network is told about the old classes is what the teacher
# makes of new images.

# %% tags=["slide-nothing-kept"]
without = copy.deepcopy(state)
without.phase, without.memory = 1, state.memory.shrink(0)
global_bop.model_level(experiment, without, driver)
test, classes = experiment.test_data(protocol.seen(1)), protocol.seen(1)
bare = metrics.confusion_matrix(without.model.eval(), test, classes)

# %% tags=["hide-input", "slide-nothing-kept"]
first = protocol.seen(0)  # classes of phase 0


def on_old(confusion):
    """Accuracy on the classes of phase 0 (%)."""
    return metrics.accuracy(confusion, first)


knew = row["accuracy"]
say(
    "With nothing kept, the accuracy on the old classes "
    f"{change(knew, on_old(bare))} % in one phase; on all classes it is "
    f"{metrics.accuracy(bare):.1f} %."
)

# %% [markdown]
# Does the new network no longer know the old classes, or is it the new ones that
# are in the way? Let the logits of the $K$ old classes compete alone:

# %% tags=["slide-nothing-kept"]
alone = metrics.confusion_matrix(
    lambda x: without.model(x)[:, :first],  # K logits
    experiment.test_data(first),
    first,
)
say(brought_back.lost_to_new(knew, on_old(bare), on_old(alone)))

# %% [markdown]
# Eq. 1 compares answers among the $K$ old classes alone, and on new images alone. It
# does not say how large a new class's logit may be beside the old ones. All images
# of this phase are of new classes, so Eq. 2 rewards that logit, and nothing in the
# loss opposes it. (What LUCIR has in the place of Eq. 1 compares features, and not
# logits.)

# %% [markdown]
# ## The same phase, with exemplars
#
# Now the memory $\mathcal{E}_0$ holds a few real images of each class. *Herding*
# chooses them greedily, so that the mean feature of those chosen stays close to
# the mean of the class. An image's *feature* is the vector that the network
# hands to its last layer, divided by its length. *Random* draws them. They join
# $D_1$ in training. At the end of the phase the network is fine-tuned on
# exemplars alone, those of the new classes included, so that every class has
# the same number of images. In the paper that belongs to "with mnemonics"; plain
# LwF has no such step. It is here because it is part of what exemplars can do:
# the table has the accuracy before it and after it.

# %% tags=["live"]
memories = {}
for kind in kinds:
    chosen = copy.deepcopy(state)
    chosen.memory = state.memory.shrink(0)
    with_kind = Experiment.of(config.replace(exemplars=kind))
    global_bop.select_exemplars(with_kind, chosen)
    memories[kind] = chosen.memory

# %% mystnb={"image": {"alt": "The first ten exemplars that herding chose in phase 0, and the first ten of a random choice."}} tags=["hide-input", "slide-exemplars"]
shown = {kind: memory.images[:10] for kind, memory in memories.items()}
figures.image_grid(shown, pixels, size=0.7)
plt.show()

# %% tags=["live"]
before, after = {}, {}  # the balanced fine-tuning
for kind, memory in memories.items():
    kept = copy.deepcopy(state)
    kept.phase, kept.memory = 1, memory
    with_kind = Experiment.of(config.replace(exemplars=kind))
    global_bop.model_level(with_kind, kept, driver)
    before[kind] = metrics.confusion_matrix(
        kept.model.eval(), test, classes
    )
    global_bop.select_exemplars(with_kind, kept)
    global_bop.balanced_finetuning(with_kind, kept, driver)
    after[kind] = metrics.confusion_matrix(kept.model.eval(), test, classes)

# %% tags=["hide-input", "slide-with-exemplars"]
show(
    {
        "exemplars": kind,
        "old classes, before fine-tuning (%)": f"{on_old(b):.1f}",
        "after it (%)": "–" if b is bare else f"{on_old(after[kind]):.1f}",
        "all classes (%)": f"{metrics.accuracy(after.get(kind, bare)):.1f}",
    }
    for kind, b in [("none", bare), *before.items()]
)

# %% mystnb={"image": {"alt": "Confusion matrices after phase 1: without exemplars, with herding exemplars, with random ones."}} tags=["hide-input", "slide-with-exemplars"]
figure, axes = plt.subplots(1, 3, figsize=(7.6, 3), layout="constrained")
figures.confusion(bare, axes[0], "no exemplars")
for axis, kind in zip(axes[1:], kinds, strict=True):
    figures.confusion(after[kind], axis, kind).set_ylabel("")
plt.show()

# %% [markdown]
# The row *none* is not fine-tuned, since there is nothing to fine-tune it on.
# Rows of a matrix are true classes, columns answers. Without exemplars, look for
# rows of old classes whose answers have moved to the columns of new ones. Did
# the claim hold? *Much* is more than half of what was lost:

# %% tags=["hide-input"]
left = on_old(bare)
say(f"- {brought_back.forgets(knew, left)}")
for kind in kinds:
    trained = on_old(before[kind])
    tuned = on_old(after[kind]) if config.finetune else None
    told = brought_back.brings_back(kind, knew, left, trained, tuned)
    say(f"- {told}")

# %% tags=["hide-input"]
if config.weight_transfer:
    rows_stay = (
        ", and LUCIR freezes what the head has of old classes"
        if config.method == "lucir"
        else ""
    )
    say(
        "In this run weight transfer keeps the kernels of phase 0"
        f"{rows_stay}, so that a phase has less to forget by, and "
        "fine-tuning on few exemplars moves what the phase had kept. What "
        "each does over seeds, a page asks "
        "([the paper's tables](../book/paper_tables.py))."
    )

# %% [markdown] tags=["once"]
# ## Four methods at a larger scale
#
# The paper plugs its exemplars into four methods. They differ in what they
# minimise and in how they classify: LwF has the losses above; iCaRL has them
# too, and classifies by the nearest mean of exemplars; BiC corrects the bias
# towards new classes with two numbers, fitted on exemplars held out; LUCIR has
# a cosine head (a logit is the cosine between the feature and a vector of the
# class, times one scale that is learned), a constraint on features, and margins.
# Here they are on 20 classes of CIFAR-100 at a time at laptop size, 10 in phase 0
# and 2 in each of 5 phases, with 20 herding exemplars per class and *without* the
# fine-tuning above, from the records in `book/records` (a page of the book, [the
# paper's tables on 20 classes](../book/paper_tables.py), has these methods with it,
# too). *Average accuracy* is the mean over all phases, phase 0 included.
# *Forgetting* is the accuracy on the classes of phase 0 after that phase, minus the
# one after the last. A band is a 95 % interval over seeds, which have one of four
# sets of classes in turn. Dashed is joint training, on all images of
# all classes seen:

# %% mystnb={"image": {"alt": "Accuracy after each phase on CIFAR-100 for LwF, iCaRL, BiC and LUCIR: all classes seen, and the first ten."}} sources=["evidence/table1"] tags=["hide-input", "slide-four-methods", "once"]
cifar = report.evidence("evidence", "table1")
figure, axes = plt.subplots(
    1, 2, figsize=(7, 3.6), layout="constrained", sharey=True
)
fields = {
    "accuracy": "classes seen",
    "first_classes_accuracy": "first classes",
}
for axis, (field, title) in zip(axes, fields.items(), strict=True):
    figures.method_curves(report.curves(cifar, "", field), axis, title)
axes[0].set(ylabel="accuracy (%)")
axes[1].legend()
plt.show()

# %% sources=["evidence/table1"] tags=["hide-input", "once"]
measured = {"average_accuracy": "%", "forgetting": "points"}
baselines = {
    f"{field.replace('_', ' ')} ({unit})": report.table_1(cifar, field)[
        "without mnemonics"
    ]
    for field, unit in measured.items()
}
baselines["seeds"] = {name: len(cifar[arm]) for arm, name in NAMES.items()}
show(pd.DataFrame(baselines).reset_index(names="method"))

# %% [markdown]
# All exemplars so far are real images. The rest of the book asks whether
# exemplars that are *trained* do better. [Chapter 2](02_global_bop.ipynb) has
# the programme as a whole, [chapter 3](03_local_bop.ipynb) the training of the
# exemplars.

# %% [markdown] tags=["once"]
# ## Exercises

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 1.1: the floor of the distillation loss
#
# $\mathcal{L}_d$ does not reach zero, not even for a student that answers as
# its teacher does. How low can it get for one image, and for which students?
# Return the lowest value, from the teacher's logits $\hat p$ and $\tau$.


# %% tags=["solution", "hide-input"]
def floor_of_distillation(p_hat, tau):
    """The smallest value of Eq. 1a; p_hat has shape [K]."""
    # L_d = H(pi_hat) + KL(pi_hat || pi): the entropy of the teacher's
    # answer, which no student changes, and a divergence that is never
    # negative, and 0 only where pi is pi_hat. So a student reaches the
    # floor whose logits are the teacher's, or those plus one constant.
    pi_hat = torch.softmax(p_hat / tau, dim=0)
    return -(pi_hat * pi_hat.log()).sum()  # H(pi_hat)


# %% tags=["check"]
shares = torch.tensor([0.5, 0.25, 0.125, 0.125])  # pi_hat of the teacher
teacher_says = 2.0 * shares.log()
floor = floor_of_distillation(teacher_says, tau=2.0)
assert torch.isclose(floor, 1.75 * torch.tensor(2.0).log())
for k in range(20):  # no other student does better
    generator = torch.Generator().manual_seed(k)
    student = torch.randn(1, 4, generator=generator)
    assert losses.distillation(student, teacher_says[None], 2.0) > floor

# %% [markdown] tags=["exercise", "minutes-20"]
# ### Exercise 1.2: herding
#
# Choose `count` of $n$ feature vectors greedily: each pick brings the mean of
# those chosen so far as close as possible to the mean of all. No vector is
# picked twice, and of two that are equally good the first is. The vectors have
# length one already. Return their indices, in the order of the picks.


# %% tags=["solution", "hide-input"]
def herding(features, count):
    """Indices of the picks; features has shape [n, d]."""
    mean, chosen = features.mean(dim=0), []
    for _ in range(count):
        # With each as the next:
        sums = features[chosen].sum(dim=0) + features
        distance = (mean - sums / (len(chosen) + 1)).norm(dim=1)
        distance[chosen] = torch.inf  # none is picked twice
        chosen.append(int(distance.argmin()))
    return chosen


# %% tags=["check"]
from mnemonics_lib.exemplars.selection import herd

generator = torch.Generator().manual_seed(0)
vectors = torch.randn(50, 8, generator=generator, dtype=torch.float64)
vectors = torch.nn.functional.normalize(vectors, dim=1)
assert list(herding(vectors, 10)) == herd(vectors, 10).tolist()
few = [[1.0, 0.0], [0.6, 0.8], [0.6, -0.8]]  # the last two are equally good
assert list(herding(torch.tensor(few).double(), 3)) == [0, 1, 2]

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 1.3: the nearest mean
#
# iCaRL does not ask the classifier. The mean feature of a class is divided by
# its length, and so is the feature of an image; the answer is the class whose
# mean is nearest. Return the classes of a batch of features from inner products
# alone, without computing a distance. Why is that the same?


# %% tags=["solution", "hide-input"]
def nearest_mean(features, means):
    """Classes [n]; features [n, d] and means [C, d] have length one."""
    # |f - m|^2 = |f|^2 + |m|^2 - 2 f.m, which is 2 - 2 f.m for vectors of
    # length one: the largest product has the smallest distance.
    return (features @ means.T).argmax(dim=1)


# %% tags=["check"]
generator = torch.Generator().manual_seed(1)
means = torch.nn.functional.normalize(
    torch.randn(6, 8, generator=generator), dim=1
)
seen = torch.nn.functional.normalize(
    torch.randn(40, 8, generator=generator), dim=1
)
distances = torch.cdist(seen, means)
assert torch.equal(nearest_mean(seen, means), distances.argmin(dim=1))
