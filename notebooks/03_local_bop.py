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
import copy
from dataclasses import asdict

import higher
import matplotlib.pyplot as plt
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from mnemonics_lib import config as configuration
from mnemonics_lib import figures, global_bop, metrics
from mnemonics_lib.bilevel import hypergradient
from mnemonics_lib.costs import cost
from mnemonics_lib.exemplars.mnemonics import adjust_exemplars, train_exemplars
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.statistics import interval
from mnemonics_lib.training import train

config = configuration.from_parameters(globals())
figures.style()
print(cost("03_local_bop", profile, dataset, phases))

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
# $\Theta_0$ is trained and exemplars are chosen. A closed form is out of reach, but finite differences are not: change
# one pixel by $\pm\epsilon$, train the temporary model again, compare the validation loss. In double precision, with
# batch normalisation as in training:

# %%
setting = global_bop.Setting.of(config)
state = global_bop.initial_state(setting)
global_bop.model_level(setting, state, progress=True)
state.memory = global_bop.select_exemplars(setting, state)

# %%
theta = copy.deepcopy(state.model).double().train()
E, labels = state.memory.images.double(), state.memory.labels
D, y = (part[:64] for part in setting.new_data(0))


def base_loss(temporary, exemplars, t):
    return cross_entropy(temporary(exemplars), labels)  # Eq. 7b


def meta_loss(temporary):
    return cross_entropy(temporary(D.double()), y)  # Eq. 7a


exact = hypergradient(theta, E, base_loss, meta_loss, steps=5, alpha=0.05)

# %%
epsilon, pixel = 1e-4, (0, 0, E.shape[2] // 2, E.shape[3] // 2)
shifted = []
for sign in (1, -1):
    moved = E.clone()
    moved[pixel] += sign * epsilon
    shifted.append(hypergradient(theta, moved, base_loss, meta_loss, steps=5, alpha=0.05).meta_loss)
numeric = (shifted[0] - shifted[1]) / (2 * epsilon)
print(f"exact {exact.gradient[pixel]:.8e}, finite difference {numeric:.8e}")
assert abs(exact.gradient[pixel] - numeric) < 1e-5 * abs(numeric) + 1e-12

# %% [markdown]
# ## Training the exemplars of phase 0
#
# Eq. 9, repeated: a temporary model, $T$ steps on the exemplars, the loss on $D_0$, its gradient in the pixels.

# %%
before = state.memory
after, log = train_exemplars(
    state.model,
    before,
    0,
    setting.new_data(0),
    config.exemplar_level,
    setting.data.pixels,
    setting.seed("exemplars", 0),
    progress="exemplars",
)
steps = pd.DataFrame(map(asdict, log))
steps.iloc[[0, len(steps) // 2, -1]].style.format("{:.1e}")

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
pixels = setting.data.pixels
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
    train(model, lambda x, y: cross_entropy(model(x), y), memory.images, memory.labels, short, pixels, seed=k)
    return metrics.accuracy(metrics.confusion_matrix(model.eval(), *setting.test_data(0), model.classes))


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
# With the paper's optimiser of the pixels, SGD at $\beta = 0.01$, the first ten steps from the same start:

# %%
literal = configuration.PAPER_EXEMPLAR_LEVEL.model_copy(
    update={"epochs": 2, "inner_steps": config.exemplar_level.inner_steps}
)
_, slow = train_exemplars(
    state.model, before, 0, setting.new_data(0), literal, setting.data.pixels, setting.seed("sgd")
)
print(
    f"mean-loss gradient per pixel {slow[-1].gradient:.1e}; moved {slow[-1].displacement:.1e} std in {len(slow)} steps"
)

# %% [markdown]
# ## Where Eq. 7 has nothing to say
#
# Eq. 7 trains the temporary model on $\mathcal{E}_i$ alone and judges it on $D_i$ alone. When a phase brings a *single*
# class, "always answer this class" solves the base problem for any exemplars, and the meta level has next to nothing to
# improve. Eq. 4b, read literally, has no such gap: the model is trained on all exemplars and judged on $D_i$ and the old
# exemplars. `exemplar_level.objective` names the two readings. Started from $\Theta_0$, one class alone and among others:

# %%
images_0, labels_0 = setting.new_data(0)
last = state.model.classes - 1
alone = images_0[labels_0 == last], labels_0[labels_0 == last]
for objective in ("eq7", "eq4b"):
    level = config.exemplar_level.model_copy(update={"objective": objective, "start": "theta", "epochs": 2})
    _, short = train_exemplars(state.model, before, last, alone, level, setting.data.pixels, setting.seed(objective))
    first = short[0]
    print(f"{objective}: validation loss {first.meta_loss:.1e}, gradient per pixel {first.gradient:.1e}")

# %% [markdown]
# ## Adjusting old exemplars
#
# Old classes have no data left, so Eq. 10 lets the exemplars judge each other: split them into class-balanced parts $A$
# and $B$, train $A$ with $B$ as validation data, then $B$ with $A$.

# %%
if budget >= 2:
    parts = before.splits(2, state.model.classes)
    adjusted, log = adjust_exemplars(
        state.model, before, state.model.classes, 2, config.exemplar_level, setting.data.pixels, setting.seed("adjust"),
        progress="adjust",
    )  # fmt: skip
    print(f"A holds {len(parts[0])}, B {len(parts[1])}; displacement {adjusted.displacement(torch.cat(parts)):.3f} std")
