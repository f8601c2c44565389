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
# **Claim.** The pixels of an exemplar can be trained by gradient descent *through* the training of a model on them, and
# the gradient is exact.
#
# **Needs.** Chapter 2's exemplar level. A little calculus: the chain rule through a few steps of gradient descent.
#
# **You will see** a toy problem whose hypergradient is known in closed form, `higher` agreeing with it, the same on a
# network and images against finite differences, exemplars before and after training, and a case that cannot work.

# %% tags=["parameters"]
dataset: str = "digits"
phases: int = 5  # N
profile: str = "quick"
seed: int = 0
overrides: dict = {}  # any field of a run, e.g. {"exemplars": "herding", "exemplar_level.inner_steps": 5}
params: str = ""  # a parameter file of your own, in place of params/{profile}/{dataset}-n{phases}.yaml

# %% tags=["resolve", "hide-input"]
from mnemonics_lib.edition import parameters

trained = {"exemplars": "mnemonics"}  # what this chapter opens, whatever the run's own kind
objectives = [trained | {"exemplar_level": {"objective": name}} for name in ("eq7", "eq4b")]
config = parameters.resolve(globals(), "03_local_bop", [trained, *objectives]).replace(**trained)

# %% tags=["hide-input"]
import copy

import higher
import matplotlib.pyplot as plt
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from mnemonics_lib import global_bop, metrics, runs
from mnemonics_lib.bilevel import InnerSGD
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL
from mnemonics_lib.edition import drawings, figures
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.intervals import interval
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import new_exemplar_training
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import walk
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.rng import derive
from mnemonics_lib.training import Descent

figures.style()
print(cost("03_local_bop", config.profile, config.dataset, config.phases))

# %% [markdown]
# ## A bilevel problem solved by hand
#
# Let the "model" be a point $\theta \in \mathbb{R}^3$, the exemplars $m$ points $e_j$, and the data one point $d$. Base
# level: descend on $\frac{1}{2m}\sum_j \lVert\theta - e_j\rVert^2$. Meta level: $\frac12\lVert\theta_T - d\rVert^2$.
# Each base step contracts towards the mean $\bar e$, so
#
# $$\theta_T = \bar e + (1 - \alpha)^T(\theta_0 - \bar e), \qquad
# \frac{\partial \mathcal{L}}{\partial e_j} = \frac{1 - (1 - \alpha)^T}{m}\,(\theta_T - d).$$

# %%
m, T, alpha = 4, 10, 0.1
generator = torch.Generator().manual_seed(0)
e, d, theta_0 = (torch.randn(*n, 3, generator=generator, dtype=torch.float64) for n in ((m,), (), ()))

theta_T = e.mean(0) + (1 - alpha) ** T * (theta_0 - e.mean(0))
closed_form = ((1 - (1 - alpha) ** T) / m * (theta_T - d)).expand(m, 3)
closed_form

# %% [markdown]
# Now the same with `higher`, which turns the training of a module into a differentiable program: every
# `inner.step` makes new parameters that remember how they came about.


# %%
class Point(nn.Module):
    """A model that is its parameter."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(theta_0.clone())

    def forward(self):
        return self.theta


# %%
point, images = Point(), e.clone().requires_grad_()
with higher.innerloop_ctx(point, torch.optim.SGD(point.parameters(), lr=alpha)) as (temporary, inner):
    for _ in range(T):
        inner.step(0.5 * (temporary() - images).square().sum(1).mean())  # Eq. 8
    (unrolled,) = torch.autograd.grad(0.5 * (temporary() - d).square().sum(), images)  # Eq. 9
print("largest difference:", f"{(unrolled - closed_form).abs().max():.1e}")
assert torch.allclose(unrolled, closed_form, atol=1e-12)

# %% [markdown]
# The gradient moves every exemplar in the same direction, and vanishes when the mean reaches $d$ (for large $T$). In
# this toy the best exemplars are those whose mean is the data's mean: exactly what *herding* looks for among real
# images. Two opposite starts must therefore end with the same mean:

# %% mystnb={"image": {"alt": "Distance between the trained point and the data, falling to zero along the same line from two opposite starts."}}
figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
for name, start in {"start at e": e, "start at -e": -e}.items():
    points, distances = start.clone(), []
    for _ in range(60):
        theta_T = points.mean(0) + (1 - alpha) ** T * (theta_0 - points.mean(0))
        points = points - 2.0 * (1 - (1 - alpha) ** T) / m * (theta_T - d)  # Eq. 9
        distances.append((theta_T - d).norm().item())
    axis.semilogy(distances, label=name)
axis.set(xlabel="outer step", ylabel=r"$\|\theta_T - d\|$")
axis.legend()
plt.show()

# %% [markdown]
# ## The same on a network and images
#
# For exemplars the program is Eq. 7: choose the images so that a model trained on them does well on the data,
#
# $$\min_{\mathcal{E}_i} \mathcal{L}_c(\Theta'_i(\mathcal{E}_i); D_i) \qquad \text{s.t.} \quad
# \Theta'_i(\mathcal{E}_i) = \arg\min_{\Theta_i} \mathcal{L}_c(\Theta_i; \mathcal{E}_i).$$
#
# A closed form is out of reach, but finite differences are not: move the exemplars a little along some direction $u$,
# train the temporary model again, and compare the validation loss with the gradient along $u$. In double precision, with
# batch normalisation as in training:

# %%
experiment = Experiment.of(config)
driver = runs.driver_for(experiment)  # walks a loop with a progress bar
pixels = experiment.data.pixels
state = global_bop.initial_state(experiment)
global_bop.model_level(experiment, state, driver)
global_bop.select_exemplars(experiment, state)

# %%
theta = copy.deepcopy(state.model).double().train()
E, labels = state.memory.images[:40].double(), state.memory.labels[:40]
D, y = experiment.new_data(0).batch(torch.arange(64))


def base_loss(temporary, exemplars, t):
    return cross_entropy(temporary(exemplars), labels)  # Eq. 7b


def meta_loss(temporary):
    return cross_entropy(temporary(D.double()), y)  # Eq. 7a


hypergradient = Higher(base_loss, meta_loss, InnerSGD(steps=5, alpha=0.05))
exact = hypergradient(theta, E)

# %%
epsilon, rows = 1e-6, []
for k in range(4):
    u = torch.randn(E.shape, generator=torch.Generator().manual_seed(k), dtype=torch.float64)
    up, down = (hypergradient(theta, E + sign * epsilon * u).meta_loss for sign in (1, -1))
    rows.append(((exact.gradient * u).sum().item(), (up - down).item() / (2 * epsilon)))
pd.DataFrame(rows, columns=["gradient along u", "finite difference"]).style.format("{:.6e}").set_uuid("differences")

# %% [markdown]
# ## One outer step, by hand
#
# A temporary model $\Theta'_i$ starts near $\Theta_i$ and takes $T$ steps on the exemplars, Eq. 8:
#
# $$\Theta'_i \leftarrow \Theta'_i - \alpha_2 \nabla_{\Theta'} \mathcal{L}_c(\Theta'_i; \mathcal{E}_i).$$
#
# Then the exemplars follow the gradient of the validation loss through those steps, Eq. 9:
#
# $$\mathcal{E}_i \leftarrow \mathcal{E}_i - \beta_1 \nabla_{\mathcal{E}} \mathcal{L}_c(\Theta'_i(\mathcal{E}_i); D_i).$$
#
# The drawing is the paper's Figure 3 in our hand: (a) for new and for old exemplars, (b) the step that serves both.

# %% tags=["hide-input"]
drawings.show("local_bop")

# %%
level, before, seed_0 = config.exemplar_level, state.memory, experiment.seed("exemplars", 0)
data = experiment.new_data(0)
training = new_exemplar_training(state.model, before, 0, data, level, seed_0)  # a loop, at its beginning
D, y = training.validation[0]  # what the first outer step validates on
full = level.model_copy(update={"inner": "full"})  # Eq. 8 as the paper has it: every parameter takes the steps
temporary_start = temporary_model(state.model, full, derive(seed_0, "start", 0), training.shares[0])

# %%
images = before.images.clone().requires_grad_()
sgd = torch.optim.SGD(
    temporary_start.parameters(), level.alpha, level.inner_momentum, weight_decay=level.inner_weight_decay
)
with higher.innerloop_ctx(temporary_start, sgd) as (temporary, inner):
    for minibatch in training.inner.draw(0, level.inner_steps):
        inputs, targets = training.inner.load(images, *minibatch)
        inner.step(cross_entropy(temporary(inputs), targets))  # Eq. 8
    loss = cross_entropy(temporary(D), y)  # Eq. 7a
    (gradient,) = torch.autograd.grad(loss, images)  # what Eq. 9 steps along
print(f"validation loss {loss.item():.6f}, gradient per pixel {gradient.square().mean().sqrt():.3e}")

# %% [markdown]
# ## Training the exemplars of phase 0
#
# The loop `training` repeats that step. Its first one must be the one above (where the inner problem is Eq. 8's):

# %%
driver(training, "exemplars")
after = before.with_images(before.positions(0, state.model.classes), training.E.detach())
steps = pd.DataFrame(training.log.columns(training.done))
if level.inner == "full":
    assert abs(steps["meta_loss"][0] - loss.item()) < 1e-4 * max(1, loss.item())
steps.iloc[[0, len(steps) // 2, -1]].style.format("{:.1e}").set_uuid("steps")

# %% mystnb={"image": {"alt": "Validation loss of the temporary model, and how far the exemplars' pixels have moved, over the outer steps."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
left.plot(steps["meta_loss"], lw=0.6, color="grey")
left.plot(steps["meta_loss"].rolling(10, min_periods=1).mean(), color=figures.PALETTE["mnemonics"], label="mean of 10")
left.set(xlabel="outer step", ylabel="validation loss", yscale="log")
left.legend()
right.plot(steps["displacement"], color=figures.PALETTE["mnemonics"])
right.set(xlabel="outer step", ylabel="displacement (std)")
plt.show()

# %% mystnb={"image": {"alt": "Exemplars before training, after training, and their difference."}}
shown = slice(0, 10)
change = after.images - before.images
grey = (pixels.low + pixels.high) / 2 + (pixels.high - pixels.low) / 2 * change / change.abs().max()
rows = {"before": before.images[shown], "after": after.images[shown], "change": grey[shown]}
figures.image_grid(rows, pixels, columns=[f"class {k}" for k in before.labels[shown]])
plt.show()
print(f"the change is shown enlarged: white and black are {change.abs().max():.2f} std up and down")

# %% [markdown]
# A displacement of 1 would be one standard deviation of the data's pixels. Always ask for it: an exemplar that did not
# move was not trained, whatever the accuracy says.
#
# ## Did it keep its promise?
#
# Eq. 7 promises that a model *trained on the exemplars* does well on the data. So train some: networks halfway between
# $\Theta_0$ and a fresh one, which the exemplars have not seen, fine-tuned on them as the phase loop would. Test accuracy
# on all images of these classes, from the exemplars before and after their training:


# %%
def trained_on(memory, k):
    """Test accuracy of a network unknown to the exemplars, after fine-tuning on them."""
    model = state.model.reinitialised(1000 + k)
    with torch.no_grad():
        for parameter, ours in zip(model.parameters(), state.model.parameters(), strict=True):
            parameter.lerp_(ours, 0.5)
    short = config.finetuning.model_copy(update={"epochs": 60, "milestones": []})
    walk(Descent(model, lambda x, y: cross_entropy(model(x), y), memory.samples(pixels), short, seed=k))
    return metrics.accuracy(metrics.confusion_matrix(model.eval(), experiment.test_data(model.classes), model.classes))


pairs = pd.DataFrame(
    [(trained_on(before, k), trained_on(after, k)) for k in tqdm(range(6))], columns=["before", "after"]
)
print("after minus before:", interval(pairs["after"] - pairs["before"]))
pairs.round(1)

# %% [markdown]
# The validation loss that was minimised and the accuracy of a model trained *otherwise* on the same exemplars are two
# things: other steps, momentum, weight decay, other statistics in batch normalisation. Chapter 4 follows that gap through
# whole runs.
#
# ## What the paper's numbers do
#
# The paper steps on the pixels with SGD at $\beta_1 = 0.01$, from $\Theta_i$ itself, $T = 50$ and $\alpha_2 = 0.01$. A few
# such steps from the same start (on the first five classes and 500 of their images: 50 unrolled steps take memory):

# %%
few, data_of_few = before.of_classes(0, 5), data.where(data.labels < 5)
data_of_few = data_of_few.where(torch.arange(len(data_of_few)) < 500)
literal = PAPER_EXEMPLAR_LEVEL.model_copy(update={"epochs": 2})
slow = new_exemplar_training(state.model, few, 0, data_of_few, literal, seed_0)
driver(slow, "paper's numbers")
end = pd.DataFrame(slow.log.columns(slow.done)).iloc[-1]
print(f"gradient per pixel {end.gradient:.1e}; moved {end.displacement:.1e} std in {len(slow)} steps")

# %% [markdown]
# ## Where Eq. 7 has little to say
#
# Eq. 7 trains the temporary model on $\mathcal{E}_i$ alone and validates it on $D_i$ alone. When a phase brings a *single*
# class, one constant answer solves both, whatever the exemplars look like. Eq. 4b trains on all exemplars and validates
# on $D_i$ and the old exemplars, so that the classes compete. `exemplar_level.objective` names the two (`eq4b` still moves
# $\mathcal{E}_i$ alone). One class by itself, and the same class among the others, over a few perturbed starts:

# %%
last = state.model.classes - 1
alone = data.where(data.labels == last)
for objective in ("eq7", "eq4b"):
    one_class = level.model_copy(update={"objective": objective, "epochs": 8})
    short = new_exemplar_training(state.model, before, last, alone, one_class, seed_0)
    driver(short, objective)
    table = pd.DataFrame(short.log.columns(short.done)).median()
    print(f"{objective}: median validation loss {table.meta_loss:.1e}, gradient per pixel {table.gradient:.1e}")

# %% [markdown]
# ## Adjusting old exemplars
#
# Old classes have no data left, so Eq. 10 lets the exemplars validate one another: split them into class-balanced parts $A$
# and $B$, train $A$ with $B$ as validation data, then $B$ with the adjusted $A$:
#
# $$\mathcal{E}^A \leftarrow \mathcal{E}^A - \beta_2 \nabla_{\mathcal{E}^A} \mathcal{L}_c(\Theta'_i(\mathcal{E}^A); \mathcal{E}^B),
# \qquad \mathcal{E}^B \leftarrow \mathcal{E}^B - \beta_2 \nabla_{\mathcal{E}^B} \mathcal{L}_c(\Theta'_i(\mathcal{E}^B); \mathcal{E}^A).$$

# %%
if before.per_class >= 2:
    parts = before.splits(2, state.model.classes)
    adjustment = Adjustment(state.model, before, parts, level, pixels, experiment.seed("adjust"))
    driver(adjustment, "adjustment")
    moved = adjustment.memory.displacement(torch.cat(parts))
    print(f"A holds {len(parts[0])}, B {len(parts[1])}; displacement {moved:.3f} std")
