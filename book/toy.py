# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A bilevel problem in your hands
#
# Exemplars are good where a model that is trained on them does well on the data: {eq}`eq-7`. In a plane this can be seen
# whole. Below, a model takes $T$ steps of {eq}`eq-8` on a few exemplars, and each exemplar shows where {eq}`eq-9` would
# move it, through all of these steps. Everything can be changed.
#
# - **A point.** The model is a point $\theta$, and its gradient is known in closed form: the toy of {eq}`eq-toy` and
#   {eq}`eq-toy-solution`.
# - **Two classes.** The model is a linear classifier, whose gradient is computed by the backward recursion
#   {eq}`eq-backward`, here in the page. The loss is that of {eq}`eq-2`.
#
# **Needs.** {ref}`unrolling`: what is trained, and through what.

# %% tags=["hide-input"]
import json

import matplotlib.pyplot as plt
import torch
from IPython.display import HTML, display
from sklearn.datasets import make_moons
from torch import nn
from torch.nn import functional as F

from mnemonics_lib.bilevel import InnerSGD
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.edition import figures
from mnemonics_lib.edition.costs import page_cost
from mnemonics_lib.edition.shown import say
from mnemonics_lib.exemplars.selection import herd, per_class, pick_random

figures.style()

# %% tags=["remove-input"]
say(page_cost("toy"))


# %% tags=["hide-input"]
random = torch.Generator().manual_seed(4)


def heap(x, y, count, spread=0.8):
    """Points around (x, y), [count, 2]."""
    points = torch.randn(count, 2, generator=random, dtype=torch.float64)
    return points * spread + torch.tensor([x, y])


def apart(gap):
    """Two classes whose means are 2 gap apart, and their labels."""
    points = torch.cat([heap(-gap, 0, 60, 0.9), heap(gap, 0, 60, 0.9)])
    return points, torch.arange(2).repeat_interleave(60)


def crescents():
    """Two classes that no line separates, and their labels."""
    points, labels = make_moons(120, noise=0.12, random_state=1)
    points = 2 * torch.tensor(points - points.mean(axis=0))
    return points, torch.tensor(labels)


def classifier(theta):
    """The linear classifier with the rows (w_1, w_2, b)."""
    model, theta = nn.Linear(2, 2).double(), torch.as_tensor(theta)
    with torch.no_grad():
        model.weight.copy_(theta[:, :2])
        model.bias.copy_(theta[:, 2])
    return model


def trained_on(points, labels, weight_decay=1e-3):
    """The rows with the least loss, weight decay included."""
    model = classifier(torch.zeros(2, 3, dtype=torch.float64))
    sgd = torch.optim.LBFGS(
        model.parameters(), max_iter=500, line_search_fn="strong_wolfe"
    )

    def loss():
        sgd.zero_grad()
        decay = sum(p.square().sum() for p in model.parameters())
        value = (
            F.cross_entropy(model(points), labels) + weight_decay * decay
        )
        value.backward()
        return value

    sgd.step(loss)
    return torch.cat([model.weight, model.bias[:, None]], dim=1).detach()


def herding(cloud):
    """Herding's picks, one class after the other.

    Features are scaled to length one. The third one, 1000 times as large
    as the others, makes that a change of scale for the first two.
    """
    points, count = cloud["points"], len(cloud["E"])
    described = F.pad(points, (0, 1), value=1000.0)
    each = count // len(cloud["labels"].unique())
    return points[
        per_class(cloud["labels"], lambda i: herd(described[i], each))
    ]


def cloud(name, points, labels, count, starts):
    """Data, exemplars that are real points at random, and starts."""
    points = points.round(decimals=2)
    first = per_class(labels, lambda i: pick_random(count, len(i), random))
    return {
        "name": name,
        "points": points,
        "labels": labels,
        "E": points[first],
        "starts": starts(points, labels),
    }


def far_away(points, labels):
    """One start of a point."""
    return {"away from the data": torch.tensor([-4.5, -2.5]).double()}


def classifiers(points, labels):
    """Three starts of a classifier."""
    wrong = torch.tensor([[0.0, 1.0, -1.5], [0.0, -1.0, 1.5]])
    return {
        "trained on the data": trained_on(points, labels),
        "all zero": torch.zeros(2, 3, dtype=torch.float64),
        "another direction": wrong.double(),
    }


ONE, LABELS = torch.zeros(60, dtype=torch.int64), [0, 0, 0, 1, 1, 1]
two_heaps = torch.cat([heap(-0.5, 2.2, 30, 0.5), heap(3.0, -1.0, 30, 0.5)])
DATA = {
    "point": {
        "clouds": [
            cloud("one heap", heap(1.5, 0.8, 60), ONE, 4, far_away),
            cloud("two heaps", two_heaps, ONE, 4, far_away),
        ],
        "situation": {
            "labels": [0] * 4,
            "T": 10,
            "alpha": 0.1,
            "beta": 2.0,
        },
    },
    "classes": {
        "clouds": [
            cloud("classes that overlap", *apart(1.0), 3, classifiers),
            cloud("classes apart", *apart(2.6), 3, classifiers),
            cloud("two crescents", *crescents(), 3, classifiers),
        ],
        "situation": {"labels": LABELS, "T": 8, "alpha": 1.0, "beta": 4.0},
    },
}

# %% tags=["hide-input"]


class Point(nn.Module):
    """A model that is its parameter."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(theta.clone())

    def forward(self):
        return self.theta


def of_point(cloud, E, T=10, alpha=0.1):
    """Eq. 7 to 9 by `Higher`, which must agree with the closed form."""
    d = cloud["points"].mean(dim=0)
    (theta_0,) = cloud["starts"].values()
    engine = Higher(
        lambda theta, E, t: 0.5 * (theta() - E).square().sum(1).mean(),
        lambda theta: 0.5 * (theta() - d).square().sum(),
        InnerSGD(T, alpha),
    )
    found, r, e = engine(Point(theta_0), E), (1 - alpha) ** T, E.mean(dim=0)
    theta_T = e + r * (theta_0 - e)
    closed_form = ((1 - r) / len(E) * (theta_T - d)).expand(len(E), 2)
    assert torch.allclose(found.gradient, closed_form, rtol=1e-9)
    return found, theta_T


def of_classes(cloud, E, start="trained on the data", T=8, alpha=1.0):
    """Eq. 7 to 9 by `Higher`, through every step."""
    x, y, labels = cloud["points"], cloud["labels"], torch.tensor(LABELS)
    engine = Higher(
        lambda model, E, t: F.cross_entropy(model(E), labels),
        lambda model: F.cross_entropy(model(x), y),
        InnerSGD(T, alpha),
    )
    return engine(classifier(cloud["starts"][start]), E)


def by_eq_9(step, E, beta, count):
    """Exemplars after so many steps of Eq. 9."""
    for _ in range(count):
        E = E - beta * step(E).gradient
    return E


def own_gradient(cloud, E):
    """Length of the gradient of the exemplars' loss, on trained theta."""
    model = classifier(cloud["starts"]["trained on the data"])
    loss = F.cross_entropy(model(E), torch.tensor(LABELS))
    parts = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([part.flatten() for part in parts]).norm().item()


heap_of_one, heaps = DATA["point"]["clouds"]
overlap, separate, moons = DATA["classes"]["clouds"]

# %% [markdown]
# ## Try it

# %% tags=["hide-input", "widget-figure"] mystnb={"image": {"alt": "Two pictures of a plane. Left, a path leads from a start towards four exemplars among real points, and stops before the mean of the data; an arrow at each exemplar points the same way, onwards. Right, points of two classes, three exemplars of each with an arrow, and the nearly equal boundaries of a classifier before and after training on the exemplars."}}


def arrows(axis, E, gradient, scale):
    """Against the gradient, from each exemplar."""
    axis.quiver(
        *E.T, *(-scale * gradient.T), angles="xy", scale_units="xy",
        scale=1, width=0.006, zorder=4,
    )  # fmt: skip


figure, (left, right) = plt.subplots(
    1, 2, figsize=(7.4, 3.2), layout="constrained", sharex=True, sharey=True
)
E, (theta_0,) = heap_of_one["E"], heap_of_one["starts"].values()
step, _ = of_point(heap_of_one, E)
path = torch.stack(
    [theta_0, *(of_point(heap_of_one, E, T=t)[1] for t in range(1, 11))]
)
left.scatter(*heap_of_one["points"].T, s=8, alpha=0.4)
left.plot(*path.T, "o-", color="black", ms=3, lw=1, label="θ₀ to θ_T")
left.plot(*heap_of_one["points"].mean(dim=0), "kx", ms=9, mew=3, label="d")
left.scatter(*E.T, s=60, color="C0", edgecolor="black", label="exemplars")
arrows(left, E, step.gradient, scale=2)
left.set_title(f"a point: meta loss {step.meta_loss:.4f}, arrows × 2")
left.legend(loc="lower right")

E, x, y = overlap["E"], overlap["points"], overlap["labels"]
step = of_classes(overlap, E)
for k, marker in enumerate("os"):
    look = {"color": f"C{k}", "marker": marker}
    right.scatter(*x[y == k].T, s=8, alpha=0.4, **look)
    own = E[torch.tensor(LABELS) == k]
    right.scatter(*own.T, s=60, edgecolor="black", zorder=3, **look)
arrows(right, E, step.gradient, scale=20)
start = overlap["starts"]["trained on the data"]
model, height = classifier(start), torch.tensor([-4.0, 4.0])
sgd = torch.optim.SGD(model.parameters(), lr=1.0)
for _ in range(8):
    sgd.zero_grad()
    F.cross_entropy(model(E), torch.tensor(LABELS)).backward()
    sgd.step()
end = torch.cat([model.weight, model.bias[:, None]], dim=1).detach()
for theta, line, name in ((start, "--", "at θ₀"), (end, "-", "at θ_T")):
    w_1, w_2, b = theta[1] - theta[0]
    right.plot(-(b + w_2 * height) / w_1, height, "k" + line, label=name)
right.set_title(f"two classes: meta loss {step.meta_loss:.4f}, arrows × 20")
right.set(xlim=(-6, 6), ylim=(-4, 4))
right.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
written = json.dumps(DATA, default=torch.Tensor.tolist)
display(
    HTML(
        '<div class="widget toy" id="toy">'
        "<noscript>With JavaScript, this figure can be changed.</noscript>"
        f'<script type="application/json">{written}</script></div>'
    )
)

# %% [markdown]
# ## What to try
#
# Each begins with *Reset*. The numbers were computed with the library's engine `higher` when this page was made; the widget computes its
# own.
#
# ### A point


# %% tags=["hide-input"]
E, d = heap_of_one["E"], heap_of_one["points"].mean(dim=0)
trained = by_eq_9(lambda E: of_point(heap_of_one, E)[0], E, 2.0, 60)
further = (trained.mean(dim=0) - theta_0).norm() / (d - theta_0).norm()
at = {T: of_point(heap_of_one, trained, T)[0].meta_loss for T in (10, 50)}
assert at[10] < 1e-9
assert trained.mean(dim=0)[0] > heap_of_one["points"][:, 0].max()
assert torch.allclose(trained - E, (trained - E)[0].expand(4, 2))
say(
    "1. **Run.** All arrows are the same, as {eq}`eq-toy-solution` says, so "
    "the exemplars move as one body and keep their shape. They stop where "
    "$\\theta_T = d$. Their mean is then not $d$: it lies "
    f"{further:.2f} times as far from $\\theta_0$, because ten steps of "
    "{eq}`eq-8` do not go all the way.\n"
    "2. **Run, then pull $T$ to 50.** The meta loss rises from 0 to "
    f"{at[50]:.2f}: exemplars are made for the training that they are "
    "measured by, and are wrong for a longer one. *Run* again mends it."
)

# %% tags=["hide-input"]
herded = herding(heap_of_one)
losses = {
    (name, T): of_point(heap_of_one, points, T)[0].meta_loss.item()
    for name, points in (("herding", herded), ("random", E))
    for T in (10, 50)
}
still, end = of_point(heap_of_one, E, T=10, alpha=2.0)
fixed, one = of_point(heap_of_one, E, T=1, alpha=1.0)
gone, far = of_point(heap_of_one, E, T=10, alpha=2.1)
assert still.gradient.norm() < 1e-9
assert torch.allclose(end, theta_0)
assert torch.allclose(one, E.mean(dim=0))
say(
    "3. **Start from herding, and pull $T$.** Herding matches the mean, "
    "which is right where training goes on to its end: at $T = 50$ the meta "
    f"loss is {losses['herding', 50]:.4f}, and "
    f"{losses['random', 50]:.4f} for the first exemplars. At $T = 10$ the "
    "mean that is wanted lies beyond all data, as 1 shows: "
    f"{losses['herding', 10]:.2f} and {losses['random', 10]:.2f}.\n"
    "4. **Pull $\\alpha$.** At 1 a single step reaches the exemplars' mean. "
    "At 2 the steps go to and fro between two places: after an even number "
    "of them $\\theta_T = \\theta_0$ whatever the exemplars are, and there "
    "is no gradient. Above 2 each step leads further away; at 2.1, ten "
    f"steps end {(far - E.mean(dim=0)).norm():.1f} from the exemplars' "
    f"mean, from which they began {(theta_0 - E.mean(dim=0)).norm():.1f} away."
)

# %% [markdown]
# ### Two classes

# %% tags=["hide-input"]
E, trained_start = overlap["E"], "trained on the data"


def meta_loss_at_start(cloud, start):
    """Loss on the data before the first step of Eq. 8."""
    model = classifier(cloud["starts"][start])
    return F.cross_entropy(model(cloud["points"]), cloud["labels"]).item()


before = of_classes(overlap, E)
after_run = by_eq_9(lambda E: of_classes(overlap, E), E, 4.0, 300)
after = of_classes(overlap, after_run)
known = of_classes(separate, separate["E"])
longest = [
    found.gradient.norm(dim=1).max().item() for found in (before, known)
]
assert after.meta_loss < meta_loss_at_start(overlap, trained_start)
assert own_gradient(overlap, after_run) < 0.1 * own_gradient(overlap, E)
say(
    "5. **Run.** $\\theta_0$ has nearly the least loss on the data, "
    f"{meta_loss_at_start(overlap, trained_start):.4f}, and eight steps on "
    "the exemplars lead away from it: their own gradient there has length "
    f"{own_gradient(overlap, E):.4f}. {{eq}}`eq-9` takes that gradient away: "
    f"where the run ends it is {own_gradient(overlap, after_run):.4f}, and "
    f"the meta loss has gone from {before.meta_loss:.4f} to "
    f"{after.meta_loss:.4f}. Exemplars whose own gradient is 0 leave the "
    "model where it is. Here that is best for {eq}`eq-7`, because the "
    "model starts at its best place on the data.\n"
    "6. **Data: classes apart.** A classifier that knows its data learns "
    "almost nothing from real points: the gradient of {eq}`eq-9` is small, "
    f"the longest {longest[1]:.5f}, {longest[0] / longest[1]:,.0f} times "
    "shorter than before, and at this $\\beta$ they hardly move "
    "({doc}`why` trains such points with Adam). The arrows are only drawn "
    "longer."
)

# %% tags=["hide-input"]
other = "another direction"
made_for_other = by_eq_9(
    lambda E: of_classes(overlap, E, other), E, 4.0, 300
)
found = {
    "first": of_classes(overlap, E, other).meta_loss,
    "trained": of_classes(overlap, made_for_other, other).meta_loss,
    "elsewhere": of_classes(overlap, made_for_other).meta_loss,
}
moved = E.clone()
moved[0] = torch.tensor([2.5, 0.0])
wrong_side = of_classes(overlap, moved)
best = classifier(trained_on(overlap["points"], overlap["labels"], 0))
least = F.cross_entropy(best(overlap["points"]), overlap["labels"])
assert found["trained"] - least < 1e-4
assert found["elsewhere"] > meta_loss_at_start(overlap, trained_start)
assert wrong_side.gradient[0, 0] > 0  # Eq. 9 moves it to the left
say(
    "7. **Start: another direction, and Run.** The boundary of this start is "
    f"wrong, with a loss of {meta_loss_at_start(overlap, other):.2f}. Eight "
    "steps on real points turn it round, to "
    f"{found['first']:.4f}; on trained ones they reach "
    f"{found['trained']:.4f}, as good as a line can be. Now choose the start "
    "that was trained on the data: the same exemplars take it away from "
    f"there, to {found['elsewhere']:.4f}. They are good for the start that "
    "they were made for.\n"
    "8. **Drag a round exemplar among the squares.** At (2.5, 0), the first "
    f"one raises the meta loss from {before.meta_loss:.3f} to "
    f"{wrong_side.meta_loss:.3f}, and its arrow points back."
)

# %% [markdown]
# What this leaves out: images have more dimensions than exemplars can fill, networks are not linear, and what {eq}`eq-7` rewards in one
# phase may not help the next. {doc}`why` goes on from here, {doc}`engines` has the recursion step by step,
# {doc}`quick/digits-n5/03_local_bop` does the same with images, and {doc}`scrubber` shows every step of it.
