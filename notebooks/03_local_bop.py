# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The local BOP: exemplars as parameters
#
# **Claim, tested below.** The pixels of an exemplar can be trained by gradient
# descent *through* the training of a model on them, and the gradient is exact.
#
# **Needs.** The exemplar level of [chapter 2](02_global_bop.ipynb), and the
# chain rule through a few steps of gradient descent.
#
# **You will see** the gradient through a training, as the library `higher`
# computes it, beside a closed form or finite differences; exemplars before and
# after training; and a case in which Eq. 7 asks for almost nothing.

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

trained = {"exemplars": "mnemonics"}  # whatever the run's own kind
config = parameters.resolve(globals(), "03_local_bop", [trained])
config = config.replace(**trained)

# %% tags=["hide-input", "live"]
import copy
import math

import higher
import matplotlib.pyplot as plt
import pandas as pd
import torch
from torch import nn

from mnemonics_lib import global_bop, metrics
from mnemonics_lib.bilevel import InnerSGD
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL
from mnemonics_lib.durable.bar import bar
from mnemonics_lib.edition import drawings, figures
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.finished import runs_of
from mnemonics_lib.edition.halving import halved
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.shown import say, show
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import new_exemplar_training
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import walk
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.training import Descent

figures.style()
say(cost("03_local_bop", config, study))
runs = runs_of(study, config)  # mnemonics_lib.runs, unless a study is named

# %% [markdown] tags=["slide-toy", "once"]
# ## A bilevel problem solved by hand
#
# The exemplar level has a training inside of it: what are good
# exemplars is decided by a model that was trained on them. Here is such a
# problem small enough for pen and paper. Let the model be a point
# $\theta \in \mathbb{R}^3$, the exemplars $m$ points $e_j$ with mean $\bar e$,
# and the data one point $d$. The *base level* trains $\theta$, by $T$ steps of
# gradient descent on $L = \frac{1}{2m}\sum_j \lVert\theta - e_j\rVert^2$ at rate
# $\alpha$, the *inner steps*. The *meta level* asks that the result be near the
# data: its loss is $G = \frac12\lVert\theta_T - d\rVert^2$, and a step
# of the exemplars down the gradient of that is an *outer step*. Every inner step
# shrinks the distance to $\bar e$ by the factor $1 - \alpha$, hence
#
# $$\theta_T = \bar e + (1 - \alpha)^T(\theta_0 - \bar e), \qquad
# \frac{\partial G}{\partial e_j}
# = \frac{1 - (1 - \alpha)^T}{m}\,(\theta_T - d).$$

# %% tags=["live", "once"]
m, T, alpha = 4, 10, 0.1
generator = torch.Generator().manual_seed(0)
E = torch.randn(m, 3, generator=generator, dtype=torch.float64)
d = torch.randn(3, generator=generator, dtype=torch.float64)
theta_0 = torch.randn(3, generator=generator, dtype=torch.float64)

r = (1 - alpha) ** T
theta_T = E.mean(0) + r * (theta_0 - E.mean(0))
closed_form = ((1 - r) / m * (theta_T - d)).expand(m, 3)
closed_form

# %% [markdown] tags=["once"]
# For the training of a whole network there is no such formula. So the training
# is written as a program, and the gradient, the *hypergradient*, is taken through
# the program. (A comment such as `# Eq. 8` names the equation, further down, of
# which its line is this small case.) The library
# `higher` does that: inside
# its context the temporary model `Theta_prime` is a copy of the model, every
# `inner.step` makes new parameters of it that remember how they came about, and
# `autograd` walks back through all of them.


# %% tags=["live", "once"]
class Point(nn.Module):
    """A model that is its parameter."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(theta_0.clone())

    def forward(self):
        return self.theta


# %% tags=["slide-higher", "once"]
point, E_leaf = Point(), E.clone().requires_grad_()
sgd = torch.optim.SGD(point.parameters(), lr=alpha)
with higher.innerloop_ctx(point, sgd) as (Theta_prime, inner):
    for _ in range(T):
        L = 0.5 * (Theta_prime() - E_leaf).square().sum(1).mean()
        inner.step(L)  # Eq. 8
    G = 0.5 * (Theta_prime() - d).square().sum()  # Eq. 7a
    (unrolled,) = torch.autograd.grad(G, E_leaf)  # for Eq. 9
print(f"largest difference: {(unrolled - closed_form).abs().max():.1e}")
assert torch.allclose(unrolled, closed_form, atol=1e-12)

# %% [markdown] tags=["once"]
# The gradient is the same for every exemplar: they move together, and only
# their mean matters. It vanishes where $\theta_T$ reaches $d$. For large $T$,
# $\theta_T$ is the mean, so that the best exemplars of this toy are those whose
# mean is the data's, which is what *herding* looks for among real images. At
# $T = 10$ the best mean lies beyond $d$, seen from $\theta_0$ (Exercise 3.1).
# ([A page of the
# book](../book/toy.py) has this toy, in a plane, to be changed by hand.) From
# two opposite starts of the exemplars, $\theta_T$ must reach $d$. The exemplars
# need not end alike, for only their mean is led:

# %% tags=["live", "once"]
beta_1, paths = 2.0, {}
for name, E_now in {"start at E": E, "start at -E": -E}.items():
    distances = []
    for _ in range(60):
        theta_T = E_now.mean(0) + r * (theta_0 - E_now.mean(0))
        E_now = E_now - beta_1 * (1 - r) / m * (theta_T - d)  # Eq. 9
        distances.append((theta_T - d).norm().item())
    paths[name] = distances
assert all(distances[-1] < 1e-5 for distances in paths.values())

# %% mystnb={"image": {"alt": "Distance between the trained point and the data, falling to zero along parallel lines from two opposite starts."}} tags=["hide-input", "slide-two-starts", "once"]
figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
for name, distances in paths.items():
    axis.semilogy(distances, label=name)
axis.set(xlabel="outer step", ylabel=r"$\|\theta_T - d\|$")
axis.legend()
plt.show()

# %% [markdown] tags=["slide-eq-7"]
# ## The gradient on a network and images
#
# For exemplars the programme is Eq. 7. Choose the images so that a model
# trained on them does well on the data:
#
# $$\min_{\mathcal{E}_i} \; \mathcal{L}_c(\Theta'_i(\mathcal{E}_i); D_i)
# \tag{7a}$$
#
# $$\text{s.t.} \quad \Theta'_i(\mathcal{E}_i)
# = \arg\min_{\Theta_i} \mathcal{L}_c(\Theta_i; \mathcal{E}_i) \tag{7b}$$
#
# Eq. 7b is not solved to its end: $T$ steps of gradient descent from $\Theta_i$
# stand in for the arg min (there $\Theta_i$ only names what is minimised over), and the
# gradient is taken through these steps. The loss of Eq. 7a is the *meta loss* or,
# since its data $D_i$ are not those of the inner steps, the *validation loss*. (They
# are not held out: $\Theta_i$, where the inner steps start, was trained on them.) What
# `higher` gives must be that gradient. Finite differences check it: move the
# exemplars a little along some direction $u$, train the temporary model again,
# and see whether the validation loss changed as the gradient says.
# First a network that knows phase 0, and real exemplars of it:

# %% tags=["live"]
experiment = Experiment.of(config)
driver = runs.driver_for(experiment)  # takes a loop's steps, with a bar
pixels, D_0 = experiment.data.pixels, experiment.new_data(0)
state = global_bop.initial_state(experiment)
global_bop.model_level(experiment, state, driver)
global_bop.select_exemplars(experiment, state)
Theta_0, E_0 = state.model, state.memory  # E_0 before its training

# %% tags=["hide-input"]
picked = {
    "random": "drawn from $D_0$ at random",
    "herding": "picked from $D_0$ by herding",
}
say(
    f"Here $\\mathcal{{E}}_0$ is {E_0.per_class} real images of each "
    f"class, {picked[config.exemplar_level.init]}. From them training "
    "starts."
)

# %% [markdown]
# The base loss is that of Eq. 7b, the meta loss that of Eq. 7a. In double
# precision, with batch normalisation as in training:

# %% tags=["live"]
some = slice(None, None, max(1, len(E_0) // 20))  # 20 of them, or all
E, y_E = E_0.images[some].double(), E_0.labels[some]
x, y = D_0.batch(torch.arange(64))


def base_loss(Theta_prime, E, t):
    return cross_entropy(Theta_prime(E), y_E)  # Eq. 7b


def meta_loss(Theta_prime):
    return cross_entropy(Theta_prime(x.double()), y)  # Eq. 7a


engine = Higher(base_loss, meta_loss, InnerSGD(steps=5, alpha=0.05))
start = copy.deepcopy(Theta_0).double().train()
exact = engine(start, E).gradient

generator = torch.Generator().manual_seed(0)
directions = torch.randn((3, *E.shape), generator=generator, dtype=E.dtype)

# %% [markdown]
# A finite difference errs in three ways. The smaller $\varepsilon$, the more of
# it is rounding. The larger, the more the meta loss bends (Exercise 3.3). And
# where the input of a ReLU changes its sign, the gradient of the ReLU jumps, and
# with it the step of training: the larger $\varepsilon$, and the more ReLUs there
# are, the more often. The exact gradient is the one between these jumps. No size is the best for every
# network, so two are tried. If one of them agrees, that is enough:


# %% tags=["slide-finite-differences"]
def along(u, epsilon):
    """How fast the meta loss changes along u, from two of its values."""
    up = engine(start, E + epsilon * u).meta_loss
    down = engine(start, E - epsilon * u).meta_loss
    return ((up - down) / (2 * epsilon)).item()


sizes, rows = (1e-6, 1e-8), []
for u in directions:
    rows.append([(exact * u).sum().item(), *(along(u, e) for e in sizes)])
columns = ["gradient along u", *(f"ε = {size:.0e}" for size in sizes)]
show(pd.DataFrame(rows, columns=columns).map("{:.6e}".format))

# %% tags=["hide-input"]
errors = {
    epsilon: max(abs(row[0] - row[k]) / abs(row[0]) for row in rows)
    for k, epsilon in enumerate(sizes, start=1)
}
told = [
    f"{error:.0e} with ε = {size:.0e}" for size, error in errors.items()
]
said = f"The largest difference is, of the gradient, {' and '.join(told)}. "
longer, shorter = errors.values()
if min(longer, shorter) > 1e-3:
    said += "So neither size says whether the gradient is right."
elif longer > 1e-3:
    said += (
        "The shorter way agrees, the longer one does not: the gradient is "
        "exact, and holds over a very short way."
    )
elif shorter > 1e-3:
    said += (
        "The longer way agrees; on the shorter one rounding is too much."
    )
else:
    said += "Both agree: the gradient is exact."
say(said)

# %% [markdown] tags=["slide-outer-step"]
# ## One outer step, by hand
#
# Now as the method has it. A temporary model $\Theta'_i$ starts at $\Theta_i$,
# or near it, and takes $T$ steps on the exemplars:
#
# $$\Theta'_i \leftarrow \Theta'_i - \alpha_2 \nabla_{\Theta'}
# \mathcal{L}_c(\Theta'_i; \mathcal{E}_i) \tag{8}$$
#
# Then the exemplars follow the gradient of the validation loss through those
# steps:
#
# $$\mathcal{E}_i \leftarrow \mathcal{E}_i - \beta_1 \nabla_{\mathcal{E}}
# \mathcal{L}_c(\Theta'_i(\mathcal{E}_i); D_i) \tag{9}$$
#
# The drawing is the paper's Figure 3 in our hand: (a) for new exemplars, which
# start as a subset $S$ of $D_i$, and for old ones, (b) the step that serves both.

# %% tags=["hide-input", "slide-outer-step"]
drawings.show("local_bop")

# %% [markdown]
# The library does what these equations say, and more. Its parameters depart from
# the paper where the paper's own numbers hardly move a pixel at this size (below),
# and settle what the paper leaves open; a page of the book, *What the paper leaves
# open*, lists all of it. These points concern the step below:

# %% tags=["hide-input"]
of_paper, of_run = PAPER_EXEMPLAR_LEVEL, config.exemplar_level
inner = (of_paper.inner_steps, of_paper.alpha)
momentum, decay = of_run.inner_momentum, of_run.inner_weight_decay
departures = {}  # of where Eq. 8 starts and how it goes
if of_run.init != of_paper.init:
    departures["The start of $\\mathcal{E}_i$"] = (
        "In the paper it is a random subset of $D_i$. Here it is herding's "
        "choice."
    )
if of_run.start == "perturbed":
    departures["The start of $\\Theta'_i$"] = (
        "In the paper it is $\\Theta_i$. Here it is "
        "$(1 - \\rho)\\,\\Theta_i$ plus $\\rho$ times a network with fresh "
        "parameters, another one in each outer step, with $\\rho$ drawn "
        f"anew between 0 and {of_run.perturbation}. So exemplars are "
        "trained for models near $\\Theta_i$ and not for it alone."
    )
if (of_run.inner_steps, of_run.alpha) != inner:
    departures["The steps of Eq. 8"] = (
        f"In the paper $T = {of_paper.inner_steps}$ (epochs) and "
        f"$\\alpha_2 = {of_paper.alpha}$. Here $T = {of_run.inner_steps}$ "
        f"and $\\alpha_2 = {of_run.alpha}$."
    )
if momentum or decay:
    departures["Momentum in Eq. 8"] = (
        "The paper takes plain steps. Here they have a momentum of "
        f"{momentum} and a weight decay of {decay}."
    )
if of_run.inner_augment:
    departures["Crops"] = (
        "The paper does not say whether exemplars are augmented in Eq. 8. "
        "Here each is cropped anew in each inner step, as images are in "
        "the training of a model."
    )

# %% tags=["hide-input"]
if 0 < of_run.truncate < of_run.inner_steps:
    departures["The steps that are differentiated"] = (
        "In the paper, and in the cell below, these are all. The library's "
        "training of a run goes back through the last "
        f"{of_run.truncate} alone, and takes what was before them as given."
    )
if of_run.optimizer != "sgd":
    here = of_run.halve_every
    departures["The step on the pixels"] = (
        "In the paper it is Eq. 9 as it stands, with "
        f"$\\beta_1 = {of_paper.beta}$, halved after every "
        f"{of_paper.halve_every} epochs. Here it is Adam's, with a "
        f"learning rate of {of_run.beta} (the paper's $\\beta_1$, not "
        "Adam's coefficient of that name), "
        f"{f'halved after every {here}' if here else 'the same throughout'}"
        ", which divides the gradient of each pixel by a running mean of "
        "its size."
    )
if of_run.clip:
    departures["The range of pixels"] = (
        "The paper does not say. Here pixels beyond black or white are put "
        "back after each step."
    )
lines = [f"- **{what}.** {said}" for what, said in departures.items()]
say("\n".join(lines) or "Nothing.")

# %% [markdown]
# The library holds the training of exemplars as a loop that has not begun.
# It draws what an outer step needs: a start, mini-batches, validation data. The
# seed is that of the same training in a whole run.

# %% tags=["live"]
level = config.exemplar_level
full = level.model_copy(update={"inner": "full"})  # all of Theta' moves
seed_of_E = experiment.seed("exemplars", 0)
drawn = new_exemplar_training(Theta_0, E_0, 0, D_0, full, seed_of_E)
x, y = drawn.validation[0]  # from D_0


# %% tags=["live"]
def validation_loss(E, x, y, drawn):
    """Eq. 7a of exemplars E on images x, through T steps of Eq. 8."""
    start = drawn.temporary(0).to(E)  # Theta' before its first step
    sgd = torch.optim.SGD(
        start.parameters(),
        lr=full.alpha,  # alpha_2
        momentum=full.inner_momentum,
        weight_decay=full.inner_weight_decay,
    )
    with higher.innerloop_ctx(start, sgd) as (Theta_prime, inner):
        for minibatch in drawn.inner.draw(0, full.inner_steps):
            E_t, y_E = drawn.inner.load(E, *minibatch)  # cropped, if so set
            inner.step(cross_entropy(Theta_prime(E_t), y_E))  # Eq. 8
        return cross_entropy(Theta_prime(x.to(E)), y)  # Eq. 7a


E = E_0.images.clone().requires_grad_()
loss = validation_loss(E, x, y, drawn)
(gradient,) = torch.autograd.grad(loss, E)  # for Eq. 9
print(f"validation loss {loss.item():.6f}")
print(f"gradient per pixel {gradient.square().mean().sqrt():.3e}")

# %% [markdown] tags=["once"]
# Now the pixels move: by Eq. 9 as it stands, and by the first step of Adam,
# which divides the gradient of each pixel by its own size. Then the temporary
# model is trained once more, from the same start on the same mini-batches. A
# step $s$ is subtracted from the exemplars. If it is small, the loss should
# fall by the sum of its products with the gradient, pixel by pixel. Is it small?
# The same step is taken shortened, too, all in double precision, so that rounding
# has no part in it:

# %% tags=["live", "once"]
beta_1 = level.beta
by_hand = {
    "Eq. 9": beta_1 * gradient,
    "Adam": beta_1 * gradient / (gradient.abs() + 1e-8),  # its first step
}
E_0_double = E.detach().double()
at_first = validation_loss(E_0_double, x, y, drawn).item()
taken = {}
for name, whole in by_hand.items():
    for times in (1, 1e-3, 1e-6):
        s = times * whole.double()
        then = validation_loss(E_0_double - s, x, y, drawn).item()
        taken[name, times] = s, (gradient * s).sum().item(), at_first - then

# %% tags=["hide-input", "once"]
show(
    {
        "step on the pixels": name
        + ("" if times == 1 else f" × {times:g}"),
        "moves them by (std)": f"{s.square().mean().sqrt():.1e}",
        "the loss should fall by": f"{should:.1e}",
        "it falls by": f"{does:.1e}",
    }
    for (name, times), (s, should, does) in taken.items()
)

# %% tags=["hide-input", "once"]
apart = {
    step: abs(does / should - 1)
    for step, (_, should, does) in taken.items()
}
least = max(apart[name, 1e-6] for name in by_hand)
longer = [off for (_, times), off in apart.items() if times > 1e-6]
rise = [name for name in by_hand if taken[name, 1][2] < 0]
say(
    f"The shortest steps do what the gradient says, to {100 * least:.1g} "
    "%: it is exact."
    if least < 0.01
    else "Even the shortest steps differ from what the gradient says, by "
    f"{100 * least:.0f} %."
)
if far_off := sum(off > 0.1 for off in longer):
    say(
        f"It holds over a very short way: of the {len(longer)} longer "
        f"steps {far_off} differ from it by more than a tenth."
    )
if rise:
    say(
        f"With the whole step ({', '.join(rise)}) the loss even rises. An "
        "exact gradient does not promise that a step of this size lowers "
        "the loss from this start. Over many steps, each from another "
        "start, training may lower it all the same: "
        "[chapter 4](04_ablations.ipynb) measures whether it does."
    )

# %% [markdown] tags=["once"]
# What is in the way? A loss that bends, however strongly, changes little over a
# short enough stretch; one that jumps does not. So the way of a step is halved
# again and again, and each time the half is kept over which the loss changes
# more:

# %% tags=["live", "once"]
s, should, does = taken["Adam", 1e-3]


def loss_along(part):
    """The loss after a part of the step, from 0 to 1."""
    return validation_loss(E_0_double - part * s, x, y, drawn).item()


stretch = halved(loss_along, 20)  # mnemonics_lib.edition.halving
length = stretch.high - stretch.low  # of the way

# %% tags=["hide-input", "once"]
across = (
    f"Of Adam's step × 0.001, over which the loss changes by "
    f"{-does:+.1e}, a stretch of "
    f"{length * s.square().mean().sqrt():.0e} std is left, and over it a "
    f"change of {stretch.change:+.1e}; the gradient says "
    f"{-length * should:+.0e}. "
)
say(
    across
    + (
        "So the loss jumps there. Of what Eq. 8 computes, the gradient of "
        "a ReLU can jump, where its input changes its sign, and with it "
        "the step. How much of the change over a whole step is such jumps "
        "this does not say."
        if abs(stretch.change) > 100 * abs(length * should)
        else "So no jump was found on this way."
    )
)

# %% tags=["hide-input", "once"]
used = "Adam" if level.optimizer == "adam" else "Eq. 9"
drawn.step()  # the library's
if not (level.truncate or level.clip):
    off = (drawn.E.detach() - (E.detach() - by_hand[used])).square()
    assert off.mean().sqrt() < 0.05 * by_hand[used].square().mean().sqrt()
    say(
        f"The first step that the library takes, by {used} with a learning "
        f"rate of {beta_1}, ends at the same pixels as the one by hand."
    )

# %% [markdown]
# ## Training the exemplars of phase 0
#
# The loop repeats that step, with a new start each time. Its first loss must be
# the one above (where the settings let all of $\Theta'$ move).

# %% tags=["live"]
training = new_exemplar_training(Theta_0, E_0, 0, D_0, level, seed_of_E)
driver(training, "phase 0: exemplars")
steps = pd.DataFrame(training.log.columns(training.done))
if level.inner == "full":
    first = steps["meta_loss"][0]
    assert abs(first - loss.item()) < 1e-4 * max(1, loss.item())
every = E_0.positions(0, Theta_0.classes)
E_trained = E_0.with_images(every, training.E.detach())

# %% mystnb={"image": {"alt": "Validation loss of the temporary model, and how far the exemplars' pixels have moved, over the outer steps."}} tags=["hide-input"]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(7, 3), layout="constrained"
)
colour = figures.PALETTE["mnemonics"]
left.plot(steps["meta_loss"], lw=0.6, color="grey", label="each step")
smooth = steps["meta_loss"].rolling(10, min_periods=1).mean()
left.plot(smooth, color=colour, label="mean of 10")
left.set(xlabel="outer step", ylabel="validation loss", yscale="log")
left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
right.plot(steps["displacement"], color=colour)
right.set(xlabel="outer step", ylabel="displacement (std)")
plt.show()

# %% mystnb={"image": {"alt": "Exemplars before training, after training, and their difference."}} tags=["hide-input", "slide-trained"]
shown = slice(0, 10)
shift = E_trained.images - E_0.images
largest = shift.abs().max()
middle, half = (
    (pixels.low + pixels.high) / 2,
    (pixels.high - pixels.low) / 2,
)
rows = {
    "before training": E_0.images[shown],
    "trained": E_trained.images[shown],
    "change": (middle + half * shift / largest)[shown],
}
names = [
    f"class {k}\n({experiment.class_names[k]})"
    for k in E_0.labels[shown].tolist()
]
figures.image_grid(rows, pixels, columns=names)
plt.show()
say(
    f"In the change, white is a pixel that went up by {largest:.2f} std, "
    "black one that went down by as much, and middle grey one that stayed."
)

# %% [markdown]
# The displacement is the root mean square, over all pixels, of how far each is from
# where it started. One of 1 is one standard deviation that images are normalised
# by: on digits that of all pixels, on CIFAR-100 the constants of the public codes,
# which are three quarters of it. Always ask for the displacement: an exemplar that did not move was not trained, whatever the accuracy
# says. And the loss is that of one start and one batch, so that neighbouring
# steps differ by luck. This is the training with which a run of these parameters
# ends its phase 0, with the same seed, as in [chapter 2](02_global_bop.ipynb).
# ([Another page](../book/scrubber.py) goes through that of digits, seed 0, step by
# step.)

# %% tags=["hide-input", "slide-trained"]
say(
    f"The pixels moved by {steps['displacement'].iloc[-1]:.3f} std. Each "
    "step has another start, so that the curve of the loss does not say "
    "whether training lowers it. That is asked of the same starts, before "
    "and after, in [chapter 4](04_ablations.ipynb)."
)

# %% [markdown]
# ## Did it keep its promise?
#
# Eq. 7 promises that a model *trained on the exemplars* does well on the data.
# So train some: networks halfway between $\Theta_0$ and a fresh one, which the
# exemplars have not met, fine-tuned on them with the optimiser that ends a
# phase, for 60 passes at one rate. (A `Descent` is such a training before its first
# step, and `walk` takes its steps, as `driver` does with a bar.) Here is the test
# accuracy, from the exemplars before their training and from the trained ones:

# %% tags=["live"]
halfway = level.model_copy(
    update={"start": "perturbed", "perturbation": 0.5, "inner": "full"}
)
fitting = config.finetuning.model_copy(
    update={"epochs": 60, "milestones": []}
)
test = experiment.test_data(Theta_0.classes)


def trained_on(memory, k):
    """Test accuracy of network k, after fine-tuning on exemplars (%)."""
    Theta_prime = temporary_model(Theta_0, halfway, 1000 + k, share=1.0)

    def loss_on(E, y_E):
        return cross_entropy(Theta_prime(E), y_E)

    walk(Descent(Theta_prime, loss_on, memory.samples(pixels), fitting, k))
    confusion = metrics.confusion_matrix(
        Theta_prime.eval(), test, Theta_0.classes
    )
    return metrics.accuracy(confusion)


# %% tags=["live"]
pairs = pd.DataFrame(
    [(trained_on(E_0, k), trained_on(E_trained, k)) for k in bar(range(6))],
    columns=["before training (%)", "trained (%)"],
)
gained = interval(pairs["trained (%)"] - pairs["before training (%)"])

# %% tags=["hide-input", "slide-promise"]
show(pairs.round(1).reset_index(names="network"))
kept = {
    "higher": "Here the promise is kept",
    "lower": "Here the promise is broken",
    "no difference shown": "Here nothing is shown either way",
}
say(
    f"{kept[gained.verdict]}. Trained minus before training, in points, "
    f"with a 95 % interval over the networks: {gained}."
)

# %% [markdown]
# The validation loss that was minimised and the accuracy of a model trained
# *otherwise* on the same exemplars are two things: other steps, momentum,
# weight decay, other statistics in batch normalisation.
# [Chapter 4](04_ablations.ipynb) follows that gap through whole runs.
#
# ## What the paper's numbers do
#
# The paper steps on the pixels with SGD at $\beta_1 = 0.01$, from $\Theta_i$
# itself, with $T = 50$ and $\alpha_2 = 0.01$, for 50 epochs, and halves $\beta_1$
# after every 10 of them. Here are two epochs of it from the same exemplars, on the
# first five classes and 500 of their images, since 50 unrolled steps take memory:

# %%
E_few, D_few = E_0.of_classes(0, 5), D_0.where(D_0.labels < 5)
D_few = D_few.where(torch.arange(len(D_few)) < 500)
literal = PAPER_EXEMPLAR_LEVEL.model_copy(update={"epochs": 2})
slow = new_exemplar_training(Theta_0, E_few, 0, D_few, literal, config.seed)
driver(slow, "paper's numbers")
end = pd.DataFrame(slow.log.columns(slow.done)).iloc[-1]

# %% tags=["hide-input"]
levels = end.displacement * float(pixels.std.mean()) * pixels.white
paper = PAPER_EXEMPLAR_LEVEL
rates = [0.5 ** (k // paper.halve_every) for k in range(paper.epochs)]
whole = sum(rates) / sum(rates[: literal.epochs])
say(
    f"In these {len(slow)} outer steps, with a gradient of "
    f"{end.gradient:.1e} per pixel, pixels moved by "
    f"{end.displacement:.1e} std, which is "
    f"{levels:.1e} of one grey level (white is {pixels.white} levels above "
    f"black). The rates of all {paper.epochs} epochs, halved every "
    f"{paper.halve_every}, add up to {whole:.1f} times those of these "
    f"{literal.epochs}: over these {len(D_few)} images, with all steps in "
    f"one direction, that would make {whole * levels:.1e} of a level. On "
    "CIFAR-100 the paper's $D_0$ has 25,000 images, and an epoch "
    f"{25_000 / len(D_few):.0f} times as many steps, from other exemplars "
    "and another network: of that size this says nothing."
)

# %% [markdown]
# ## Where Eq. 7 asks for almost nothing
#
# Eq. 7 trains the temporary model on $\mathcal{E}_i$ alone and validates it on
# $D_i$ alone. When a phase brings a *single* class $c$, as every later phase of
# digits does with $N = 5$, one constant answer solves both, whatever the
# exemplars look like. If that is so, then exemplars of pure noise do nearly as
# well as real ones, and the model calls everything $c$. Eq. 4b trains on the
# exemplars of all classes, so that they compete; there the images of $c$ should
# matter.
#
# Try it: networks halfway between $\Theta_0$ and a fresh one take 50 steps on
# the exemplars of one class, or on all of them, with that class's exemplars
# real, or noise. Phase 0 has no class that came alone, so that its last one
# stands for $c$. $\Theta_0$ was trained on it, and being mixed with a fresh
# network forgets a part of that:

# %% tags=["live"]
STEPS, c = 50, Theta_0.classes - 1
D_c, of_c = D_0.where(D_0.labels == c), E_0.positions(c, c + 1)
generator = torch.Generator().manual_seed(0)
noise = torch.randn(E_0.images[of_c].shape, generator=generator)
sets = {"real": E_0, "noise": E_0.with_images(of_c, noise)}


def solved(E, y_E, k, steps=STEPS, alpha=0.05):
    """Network k after so many steps of Eq. 8 on E, as it is deployed."""
    Theta_prime = temporary_model(Theta_0, halfway, 1000 + k, share=1.0)
    sgd = torch.optim.SGD(Theta_prime.train().parameters(), lr=alpha)
    for _ in range(steps):
        sgd.zero_grad()
        cross_entropy(Theta_prime(E), y_E).backward()
        sgd.step()
    return Theta_prime.eval()


def asked(Theta_prime):
    """Loss on D_c, and of other classes' images those called c (%)."""
    counts = metrics.confusion_matrix(Theta_prime, test, Theta_0.classes)
    wrong = 100 * counts[:c, c].sum() / counts[:c].sum()
    return metrics.accuracy_and_loss(Theta_prime, D_c)[1], wrong.item()


# %% tags=["live"]
found = {}
for which, where in {"of c alone": of_c, "of all": slice(None)}.items():
    for name, memory in sets.items():
        E, y_E = memory.images[where], memory.labels[where]
        values = pd.DataFrame([asked(solved(E, y_E, k)) for k in range(4)])
        found[which, name] = values.median()

# %% tags=["hide-input", "slide-nothing-asked"]
show(
    {
        "exemplars": which,
        "those of c are": name,
        "loss on $D_c$": f"{loss_on_c:.3f}",
        "images of other classes called c (%)": f"{wrong:.0f}",
    }
    for (which, name), (loss_on_c, wrong) in found.items()
)
costs = {
    which: found[which, "noise"][0] - found[which, "real"][0]
    for which in ("of c alone", "of all")
}
alone, among = costs.values()
more = "more" if abs(among) > abs(alone) else "no more"
say(
    "Medians over four networks. Noise in the place of real images changes "
    f"the loss on $D_c$ by {alone:+.3f} where the class is alone, and by "
    f"{among:+.3f} where all compete: the images matter {more} where "
    "classes compete."
)

# %% tags=["hide-input"]
called = [found["of c alone", name][1] for name in sets]
say(
    f"Where the class is alone, {called[0]:.0f} % of other classes' images "
    f"are called $c$ with real exemplars of it and {called[1]:.0f} % with "
    "noise: "
    + (
        "in both cases the median is near to the constant answer."
        if min(called) > 75
        else "not in both is the median near to the constant answer."
    )
)
remains = {name: found["of c alone", name][0] for name in sets}
if max(remains.values()) > math.log(2):  # half, as a probability of c
    say(
        f"But the constant answer was not reached here in {STEPS} steps: "
        f"with the exemplars of $c$ alone a loss of {remains['real']:.3f} "
        f"is left with real ones and of {remains['noise']:.3f} with noise, "
        "where that answer would bring it near 0. So the table shows the "
        "way there, and not its end, of which the argument speaks."
    )

# %% [markdown]
# The last column is what Eq. 7 does not see: a network that called everything
# $c$ would be useless, and have a small loss on $D_c$. The field
# `exemplar_level.objective` names the two programmes, `eq7` and `eq4b`.

# %% [markdown]
# ## Adjusting old exemplars
#
# Old classes have no data left. So the exemplars validate one another: split
# them into class-balanced parts $A$ and $B$, train $A$ with $B$ as validation
# data, then $B$ with the adjusted $A$:
#
# $$\mathcal{E}^A \leftarrow \mathcal{E}^A - \beta_2 \nabla_{\mathcal{E}^A}
# \mathcal{L}_c(\Theta'_i(\mathcal{E}^A); \mathcal{E}^B) \tag{10a}$$
#
# $$\mathcal{E}^B \leftarrow \mathcal{E}^B - \beta_2 \nabla_{\mathcal{E}^B}
# \mathcal{L}_c(\Theta'_i(\mathcal{E}^B); \mathcal{E}^A) \tag{10b}$$
#
# Phase 1 has not been run here: $\Theta_0$ stands for $\Theta_i$, and
# $\mathcal{E}_0$ before its training for $\mathcal{E}_{0:i-1}$. Here is one step of
# each, by the library and then by hand, from the same starts on the same mini-batches.
# With so large a $\beta_2$ the pixels move far enough for the two to be compared:

# %%
beta_2 = 10.0
plain = {"optimizer": "sgd", "beta": beta_2, "clip": False, "truncate": 0}
single = {"adjust_epochs": 1, "val_batch": len(E_0), "val_augment": False}
level_10 = full.model_copy(update={**plain, **single})
if E_0.per_class >= 2:
    A, B = E_0.splits(2, Theta_0.classes)  # positions of their exemplars
    both = Adjustment(Theta_0, E_0, [A, B], level_10, pixels, config.seed)
    walk(both)  # the library's step on A, and then on B
    of_A, of_B = both.trainings

# %%
if E_0.per_class >= 2:
    E_A, y_A = E_0.images[A].requires_grad_(), E_0.labels[A]
    E_B, y_B = E_0.images[B].requires_grad_(), E_0.labels[B]
    G = validation_loss(E_A, E_B.detach(), y_B, of_A)
    (g_A,) = torch.autograd.grad(G, E_A)
    E_A = E_A.detach() - beta_2 * g_A  # Eq. 10a
    G = validation_loss(E_B, E_A, y_A, of_B)
    (g_B,) = torch.autograd.grad(G, E_B)
    E_B = E_B.detach() - beta_2 * g_B  # Eq. 10b
    for E_k, g_k, of_k in ((E_A, g_A, of_A), (E_B, g_B, of_B)):
        step, apart = beta_2 * g_k.norm(), (of_k.E.detach() - E_k).norm()
        print(f"a step of {step:.2g}, {apart:.0e} from the library's")
        assert apart < 0.05 * step

# %% [markdown]
# The library repeats such steps, first on $A$ and then on $B$, with the optimiser
# that trains new exemplars:

# %%
if E_0.per_class >= 2:
    adjustment = Adjustment(
        Theta_0, E_0, [A, B], level, pixels, config.seed
    )
    driver(adjustment, "adjustment")
    moved_by = adjustment.memory.displacement(torch.cat([A, B]))
    print(f"A holds {len(A)}, B {len(B)} exemplars")
    print(f"displacement {moved_by:.3f} std")

# %% [markdown]
# Whether that helps, and whom, is another question:
# [chapter 4](04_ablations.ipynb) and [Results](../book/results.py) ask it on
# digits, and the studies `split` and `table2` of [the
# paper's tables](../book/paper_tables.py) on CIFAR-100.

# %% [markdown] tags=["once"]
# ## Exercises

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 3.1: the best mean
#
# In the toy at the top, which mean $\bar e$ of the exemplars makes the meta
# loss zero? Solve for it, at a finite $T$.


# %% tags=["solution", "hide-input"]
def best_mean(theta_0, d, alpha, T):
    """The mean of exemplars from which T steps lead to d exactly."""
    r = (1 - alpha) ** T
    return (d - r * theta_0) / (1 - r)


# %% tags=["check"]
generator = torch.Generator().manual_seed(0)
at_first, goal = torch.randn(2, 3, generator=generator, dtype=torch.float64)
mean, theta = best_mean(at_first, goal, alpha=0.1, T=10), at_first
for _ in range(10):
    theta = theta - 0.1 * (theta - mean)  # Eq. 8
assert torch.allclose(theta, goal)

# %% [markdown] tags=["exercise", "minutes-25"]
# ### Exercise 3.2: back through the steps
#
# Let the base loss be $L = \frac12 (\theta - e)^\top H (\theta - e)$ with a
# symmetric $H$, so that a step is
# $\theta \leftarrow \theta - \alpha H (\theta - e)$. Given the gradient $v$ of
# the meta loss $G$ at $\theta_T$, return the gradient of $G$ with respect
# to $e$, without storing any $\theta_t$.
#
# Hint: begin with the last step. It has $\theta_{T-1}$ and $e$ as its inputs; by
# the chain rule $v$ times its derivative by each is what each gets of the
# gradient. What $\theta_{T-1}$ gets is the $v$ of the step before. (*Equations*, a
# page of the book, has this for any base loss, as Eq. M6.)


# %% tags=["solution", "hide-input"]
def back(v, H, alpha, T):
    """dG/de [n], from v = dG/dtheta_T [n] and H [n, n]."""
    # No theta_t is needed, because L is quadratic: a step's derivative by
    # theta is I - alpha H, and by e alpha H, wherever it is taken. For a
    # network both change from step to step, so that theta_t must be kept
    # or computed again (Exercise 17.1).
    g = torch.zeros_like(v)
    for _ in range(T):
        g = g + alpha * H @ v  # what this step took from e
        v = v - alpha * H @ v  # what it passed on from theta
    return g


# %% tags=["check"]
generator = torch.Generator().manual_seed(0)
A = torch.randn(4, 4, generator=generator, dtype=torch.float64)
H = A @ A.T / 4
theta, goal, e = torch.randn(3, 4, generator=generator, dtype=torch.float64)
e_leaf = e.clone().requires_grad_()
for _ in range(7):
    theta = theta - 0.1 * H @ (theta - e_leaf)
meta = 0.5 * (theta - goal).square().sum()
(right,) = torch.autograd.grad(meta, e_leaf)
assert torch.allclose(back((theta - goal).detach(), H, 0.1, 7), right)

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 3.3: a better finite difference
#
# The difference that `along` takes, of values $\varepsilon$ to either side, has
# an error of nearly $c\,\varepsilon^2$, with a $c$ that does not depend on
# $\varepsilon$. Take two of them, of $\varepsilon$ and of $\varepsilon / 2$, and
# combine them so that this error goes. Halving $\varepsilon$ should then leave a
# sixteenth of what is left.


# %% tags=["solution", "hide-input"]
def better_difference(f, x, epsilon):
    """An estimate of f'(x), from four values of f."""

    def central(h):
        return (f(x + h) - f(x - h)) / (2 * h)

    # The error of the second is a fourth of that of the first.
    return (4 * central(epsilon / 2) - central(epsilon)) / 3


# %% tags=["check"]
import math

errors = [
    abs(better_difference(math.sin, 1.0, epsilon) - math.cos(1.0))
    for epsilon in (1e-1, 5e-2)
]
assert 15.5 < errors[0] / errors[1] < 16.5
# Of x^5 at 1 it is 5 - epsilon^4 / 4:
assert abs(better_difference(lambda x: x**5, 1.0, 1.0) - 4.75) < 1e-12

# %% [markdown] tags=["exercise", "minutes-15"]
# ### Exercise 3.4: when training is truncated
#
# To save work, only the last $k$ of $T$ steps are differentiated. In the toy at
# the top, which share of the true hypergradient is left?


# %% tags=["solution", "hide-input"]
def share_kept(alpha, T, k):
    """Truncated over true hypergradient of the toy, from 0 to 1."""
    return (1 - (1 - alpha) ** k) / (1 - (1 - alpha) ** T)


# %% tags=["check"]
e_leaf = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
gradients = {}
for k in (3, 10):
    theta = torch.tensor(0.5, dtype=torch.float64)
    for t in range(10):
        e_of_step = e_leaf if t >= 10 - k else e_leaf.detach()
        theta = theta - 0.2 * (theta - e_of_step)
    (gradients[k],) = torch.autograd.grad(theta, e_leaf)
assert abs(share_kept(0.2, 10, 3) - gradients[3] / gradients[10]) < 1e-12
