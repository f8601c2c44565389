# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Engines: the gradient through training, in the memory of one step
#
# **Claim.** The gradient of {eq}`eq-9` can be computed by walking back through the $T$ inner steps with the graph of a
# single step in memory. It is the gradient that unrolling with `higher` {cite}`grefenstette2019higher` gives, up to
# rounding: to some $10^{-6}$ in single precision on a CPU. On a GPU whose convolutions are TF32's they differ
# by some per cent at a fresh ResNet-8, and by as much as the gradient is long at a fresh ResNet-32 with $T = 50$ ([below](#what-tf32-does-to-the-gradient)).
#
# **Needs.** {ref}`unrolling`: the recursions {eq}`eq-forward` and {eq}`eq-backward`, and the product {eq}`eq-hvp`.
#
# **You will see** where the memory of `higher` goes, the backward recursion with momentum and weight decay, a toy with
# three parameters stepped through number by number, both engines on a network, and what they take in memory and time.
# At the end: truncation, the memory guard, and inner problems that need no unrolling.

# %% tags=["hide-input"]
import inspect
import textwrap

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.func import grad
from torch.nn import functional as F

from mnemonics_lib.bilevel import (
    ENGINES,
    InnerSGD,
    graph_size,
    local_program,
)
from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.kept_adjoint import KeptAdjoint
from mnemonics_lib.bilevel.second_order import BatchNorm
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.benchmarks import (
    hypergradient,
    projection,
    rates,
    tf32,
)
from mnemonics_lib.edition.benchmarks.hypergradient_figure import (
    hypergradient_figure,
)
from mnemonics_lib.edition.benchmarks.hypergradient_table import (
    hypergradient_table,
    refusal,
)
from mnemonics_lib.edition.benchmarks.rows import (
    benchmark,
    files,
    named,
    not_measured,
)
from mnemonics_lib.edition.costs import page_cost
from mnemonics_lib.edition.names import span
from mnemonics_lib.edition.records.source import same_source
from mnemonics_lib.edition.shown import say, show
from mnemonics_lib.inspection.held import held
from mnemonics_lib.inspection.operations import Operations
from mnemonics_lib.models import build_network

figures.style()

# %% tags=["remove-input"]
say(page_cost("engines"))


# %% tags=["hide-input"]
def vector(values):
    """A vector as text."""
    return (
        "("
        + ", ".join(f"{value:+.4f}" for value in values.flatten().tolist())
        + ")"
    )


# %% [markdown]
# ## Where the memory goes
#
# Let $F(e) = G(\theta_T(e))$ as in {ref}`unrolling`. Its derivative needs $H_t$ and $B_t$ at every $\theta_t$, and
# they come from the *graph* of step $t$: all activations of the network on the exemplars, forwards and backwards.
# `higher` makes the graphs on the way forward, and uses the first of them last. So all $T$ of them are in memory when
# the way back begins.
#
# The forward recursion {eq}`eq-forward` keeps no graphs. But it carries $J_t$, one row per parameter and one column
# per pixel. {eq}`eq-backward` carries a vector $v$, the *adjoint state*: the derivative of $F$ with respect to
# $\theta_{t+1}$. On the way back, a step asks for two things:
#
# - one Hessian-vector product $H_t v$ and one mixed product $B_t^\top v$, which {eq}`eq-hvp` gets from a single
#   backward pass;
# - the graph of step $t$, and of no other. It is a function of $\theta_t$ and $e$ alone, so it can be made again from
#   $\theta_t$.
#
# Hence the second engine, `adjoint`: walk forward and store $\theta_0, \dots, \theta_T$, parameters only. Then for
# $t = T-1, \dots, 0$ make the graph of step $t$ again, take the two products, and let the graph go. The memory is that
# of one graph and $T$ parameter vectors. The price is that every step is computed twice. One condition comes with it:
# step $t$ must come out the same the second time. Random crops and mini-batches do, because they are drawn beforehand,
# from a seed and $t$. The masks of dropout do, because the state of PyTorch's random generators is noted before each
# step on the way forwards and set again on the way back, by `replay` in the code below. What differs all the same is
# refused: both losses of a step are compared.
#
# ## With momentum and weight decay
#
# SGD with momentum $\mu$ and weight decay $w$ has two states, $\theta_t$ and a buffer $b_t$ with $b_0 = 0$:
#
# $$
# \begin{aligned}
# b_{t+1} &= \mu\, b_t + \nabla_\theta L(\theta_t, e) + w\, \theta_t, \\
# \theta_{t+1} &= \theta_t - \alpha\, b_{t+1}.
# \end{aligned}
# $$
#
# So there are two adjoint states. Let $v$ be the derivative of $F$ with respect to $\theta_{t+1}$, and $u$ the one
# with respect to $b_{t+1}$. Ask of each quantity where it goes:
#
# - $b_{t+1}$ enters $\theta_{t+1}$ with the factor $-\alpha$, and $b_{t+2}$ with the factor $\mu$. Its derivative is
#   $-\alpha v$, plus $\mu$ times the $u$ of the step after.
# - $e$ enters step $t$ through $b_{t+1}$ only, with $B_t$.
# - $\theta_t$ enters $\theta_{t+1}$ as it is, and $b_{t+1}$ with $H_t + w I$.
#
# Start with $v = \nabla G(\theta_T)$, $u = 0$ and $g = 0$; for $t = T-1, \dots, 0$, in this order,
#
# $$
# u \leftarrow \mu\, u - \alpha\, v, \qquad
# g \leftarrow g + B_t^\top u, \qquad
# v \leftarrow v + H_t\, u + w\, u .
# $$
#
# With $\mu = w = 0$ it is $u = -\alpha v$, and {eq}`eq-backward` is back. The code, `bilevel.adjoint.Adjoint`, is this, with a
# dictionary from a parameter's name to its tensor for each of $\theta$, $b$, $g$, $v$ and $u$. Both products of a step come from one
# backward pass through $\langle g, u \rangle$, where $g$ is now the gradient of the base loss, and `dE` is what was $g$ above:

# %% tags=["remove-input"]
say(f"```python\n{textwrap.dedent(inspect.getsource(Adjoint.__call__))}```")

# %% [markdown]
# The engine that runs call `adjoint` is `bilevel.recorded_adjoint.RecordedAdjoint`: the same recursion with tensors that are made once
# and steps that a GPU can replay. The tests hold the two together, bit for bit where the order of operations is the same.
#
# On a CPU with memory to spare another class takes its place, `bilevel.kept_adjoint.KeptAdjoint`. It keeps each graph on the way
# forward, as `higher` does, and computes nothing twice. Its gradient is that of `RecordedAdjoint` to the bit, so no result depends on
# how much memory was free. Below it is called `adjoint, kept`.

# %% [markdown]
# ## A toy, step by step
#
# A classifier of points in the plane: two weights and a bias, $\theta \in \mathbb{R}^3$, with the logit
# $z(x) = \theta_1 x_1 + \theta_2 x_2 + \theta_3$ and the logistic loss $\log(1 + e^{-y z(x)})$ for labels $y = \pm 1$.
# Two exemplars, one per class, and four points as validation data. Unlike that of {eq}`eq-toy`, this loss is not
# quadratic: $H_t$ and $B_t$ change from step to step, so each must be taken at its own $\theta_t$.


# %%
def logistic(logits, labels):
    """Mean of log(1 + exp(-y z))."""
    return F.softplus(-labels * logits).mean()


def logit(theta, points):
    """z(x)."""
    return points @ theta[:2] + theta[2]


def numbers(*values):
    """In double precision."""
    return torch.tensor(values, dtype=torch.float64)


e, e_labels = numbers([1.0, 0.4], [-0.5, 0.8]), numbers(1, -1)
data = numbers([1.5, 1.0], [0.3, 1.6], [-0.6, -0.4], [-1.4, 0.5])
data_labels = numbers(1, 1, -1, -1)
theta_0, alpha, T = numbers(0.2, -0.3, 0.1), 1.0, 4


def base(theta, e):
    """L: the base-level loss."""
    return logistic(logit(theta, e), e_labels)


def meta(theta):
    """G: the validation loss."""
    return logistic(logit(theta, data), data_labels)


# %% [markdown]
# **Forward**, {eq}`eq-unroll`. What is kept is this table's second column.

# %%
thetas = [theta_0]
for t in range(T):
    thetas.append(thetas[t] - alpha * grad(base)(thetas[t], e))

# %% tags=["remove-input"]
show(
    {
        "$t$": t,
        r"$\theta_t$": vector(theta),
        r"$L(\theta_t, e)$": f"{base(theta, e):.4f}",
        r"$G(\theta_t)$": f"{meta(theta):.4f}",
    }
    for t, theta in enumerate(thetas)
)

# %% [markdown]
# **The matrices**, written out, which only a toy allows. The columns of $B_t$ belong to the coordinates of the first
# exemplar, then of the second.

# %%
H, B = [], []
for theta in thetas[:T]:
    (along, across), _ = hessian(base, (theta, e))
    H.append(along)
    B.append(across.reshape(3, 4))


# %% tags=["remove-input"]
def matrix(values):
    """A matrix in LaTeX."""
    lines = [
        " & ".join(f"{round(value, 3) + 0.0:.3f}" for value in line)
        for line in values.tolist()
    ]  # no "-0.000"
    return r"\begin{pmatrix}" + r" \\ ".join(lines) + r"\end{pmatrix}"


say(
    "\n\n".join(
        f"$$\\small H_{t} = {matrix(H[t])}, \\; B_{t} = {matrix(B[t])}$$"
        for t in range(T)
    )
)

# %% [markdown]
# **Backward**, {eq}`eq-backward`. Each row begins with the $v$ it is given; $g$ is what has come together after it.
# Both products use that same $v$.

# %%
v, g, walked = grad(meta)(thetas[T]), numbers(0, 0, 0, 0), []
for t in reversed(range(T)):
    Hv, Bv = H[t] @ v, B[t].T @ v
    g = g - alpha * Bv
    walked.append((t, v, Hv, Bv, g))
    v = v - alpha * Hv

# %% tags=["remove-input"]
show(
    {
        "$t$": t,
        "$v$": vector(v),
        "$H_t v$": vector(Hv),
        r"$B_t^\top v$": vector(Bv),
        "$g$ after": vector(g),
    }
    for t, v, Hv, Bv, g in walked
)

# %% [markdown]
# The last $g$ is $\nabla F$: the first two numbers for the first exemplar, the others for the second. Downhill is the
# other way (arrows enlarged):

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two exemplars and four data points in the plane, the lines where the classifier is undecided at each inner step, and an arrow at each exemplar against its gradient."}}
figure, axis = plt.subplots(figsize=(6, 4.2), layout="constrained")
horizontal = torch.linspace(-2, 2.2, 2, dtype=torch.float64)
for t, theta in enumerate(thetas):
    line = -(theta[0] * horizontal + theta[2]) / theta[1]
    axis.plot(
        horizontal,
        line,
        color="black",
        alpha=0.15 + 0.85 * t / T,
        lw=1,
        label=f"undecided, $t$ = {t}",
    )
for label, colour in ((1, "#d55e00"), (-1, "#332288")):
    of_data, of_e = data[data_labels == label], e[e_labels == label]
    axis.scatter(
        *of_data.T.numpy(),
        color=colour,
        s=24,
        label=f"data, $y$ = {label:+d}",
    )
    star = {"s": 160, "marker": "*", "edgecolors": "black", "zorder": 3}
    axis.scatter(
        *of_e.T.numpy(),
        color=colour,
        label=f"exemplar, $y$ = {label:+d}",
        **star,
    )
downhill = -g.reshape(2, 2).numpy()
longest = (downhill**2).sum(1).max() ** 0.5
arrows = {
    "angles": "xy",
    "scale_units": "xy",
    "scale": longest / 0.6,
    "width": 0.006,
}
axis.quiver(*e.T.numpy(), *downhill.T, **arrows, zorder=4)
axis.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-2, 2.2), ylim=(-1.5, 2.2))
axis.legend(fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# **Is it right?** Four other ways to the same four numbers: the forward recursion {eq}`eq-forward` with its $J_T$, the
# two engines, and central differences of $F$, for which the toy is trained anew. A fifth line checks {eq}`eq-hvp`: the
# products of the table from one backward pass each, without a matrix.


# %%
class Toy(nn.Module):
    """The classifier as a module, as engines take it."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(theta_0.clone())

    def forward(self, x):
        """[n, 2] -> [n]."""
        return logit(self.theta, x)


def by_engine(name, **sgd):
    """The gradient with respect to e, as a vector of four numbers."""
    engine = ENGINES[name](
        lambda classifier, images, t: logistic(
            classifier(images), e_labels
        ),
        lambda classifier: logistic(classifier(data), data_labels),
        InnerSGD(T, alpha, **sgd),
    )
    return engine(Toy(), e).gradient.flatten()


def trained(e):
    """F(e)."""
    theta = theta_0
    for _ in range(T):
        theta = theta - alpha * grad(base)(theta, e)
    return meta(theta)


# %%
J, identity = numbers([0] * 4, [0] * 4, [0] * 4), torch.eye(3)
for t in range(T):
    J = (identity - alpha * H[t]) @ J - alpha * B[t]

epsilon, central = 1e-5, []
for i in range(4):
    step = numbers(0, 0, 0, 0)
    step[i] = epsilon
    step = step.reshape(2, 2)
    central.append((trained(e + step) - trained(e - step)) / (2 * epsilon))

one_pass = []
for t, v, Hv, Bv, _ in walked:
    theta, points = (
        thetas[t].clone().requires_grad_(),
        e.clone().requires_grad_(),
    )
    (slope,) = torch.autograd.grad(
        base(theta, points), theta, create_graph=True
    )
    q = slope @ v
    along, across = torch.autograd.grad(q, (theta, points))
    one_pass += [
        (along - Hv).abs().max(),
        (across.flatten() - Bv).abs().max(),
    ]

# %% tags=["remove-input"]
ways = {
    r"forward recursion, $J_T^\top \nabla G(\theta_T)$": J.T
    @ grad(meta)(thetas[T]),
    "engine `higher`": by_engine("higher"),
    "engine `adjoint`": by_engine("adjoint"),
    f"central differences, $\\epsilon$ = {epsilon:g}": torch.stack(central),
}
rows = [
    {
        "": way,
        "gradient": vector(found),
        "largest difference to $g$": f"{(found - g).abs().max():.1e}",
    }
    for way, found in ways.items()
]
last = (
    "$H_t v$ and $B_t^\\top v$ by one pass each",
    "",
    f"{max(one_pass):.1e}",
)
show([*rows, dict(zip(rows[0], last, strict=True))])
assert all(
    torch.allclose(found, g, rtol=0, atol=1e-9) for found in ways.values()
)
assert max(one_pass) < 1e-14

# %% [markdown]
# **Momentum and weight decay.** The recursion with $u$, on the same toy. The trajectory is another one, so its
# matrices are as well.


# %%
def by_recursion(mu, w):
    """The gradient by the recursion with two adjoint states."""
    thetas, b = [theta_0], numbers(0, 0, 0)
    for t in range(T):
        b = mu * b + grad(base)(thetas[t], e) + w * thetas[t]
        thetas.append(thetas[t] - alpha * b)
    v, u, g = grad(meta)(thetas[T]), numbers(0, 0, 0), numbers(0, 0, 0, 0)
    for t in reversed(range(T)):
        (H, B), _ = hessian(base, (thetas[t], e))
        u = mu * u - alpha * v
        g = g + B.reshape(3, 4).T @ u
        v = v + H @ u + w * u
    return g


# %% tags=["remove-input"]
rows = []
for mu, w in ((0.0, 0.0), (0.9, 0.0), (0.0, 0.1), (0.9, 0.1)):
    ours = by_recursion(mu, w)
    apart = {
        name: (by_engine(name, momentum=mu, weight_decay=w) - ours)
        .abs()
        .max()
        .item()
        for name in ENGINES
    }
    assert max(apart.values()) < 1e-12
    rows.append(
        {r"$\mu$": mu, "$w$": w, "$g$": vector(ours)}
        | {
            f"largest difference to `{name}`": f"{value:.1e}"
            for name, value in apart.items()
        }
    )
show(rows)

# %% [markdown]
# ## The same on a network
#
# A ResNet-8 with batch normalisation in its training mode, ten images of 8 × 8 pixels in five classes, all of them
# random numbers: only the arithmetic is looked at. The difference is relative, in the Euclidean norm. *Held* is what
# automatic differentiation keeps for later at the fullest moment, counted while the engine runs; the trajectory of
# `adjoint` is counted with it.

# %% tags=["hide-input"]
WAYS = {**ENGINES, "adjoint, kept": KeptAdjoint}
images = torch.randn(
    10, 1, 8, 8, generator=torch.Generator().manual_seed(1)
)
validation = torch.randn(
    20, 1, 8, 8, generator=torch.Generator().manual_seed(2)
)
network = build_network(8, 4, 1, 5, seed=0).train()


def on_network(name, steps, dtype=torch.float32):
    """The gradient that an engine computes on the network."""
    engine = WAYS[name](
        lambda classifier, exemplars, t: F.cross_entropy(
            classifier(exemplars), torch.arange(10) % 5
        ),
        lambda classifier: F.cross_entropy(
            classifier(validation.to(dtype)), torch.arange(20) % 5
        ),
        InnerSGD(steps, alpha=0.05),
    )
    return engine(network.to(dtype), images.to(dtype)).gradient


rows = []
for steps in (1, 5, 20):
    row = {"$T$": steps}
    for dtype, words in (
        (torch.float64, "double"),
        (torch.float32, "single"),
    ):
        theirs, ours = (
            on_network("higher", steps, dtype),
            on_network("adjoint", steps, dtype),
        )
        row[f"difference, {words} precision"] = (
            f"{(ours - theirs).norm() / theirs.norm():.1e}"
        )
        assert torch.equal(on_network("adjoint, kept", steps, dtype), ours)
    for name in WAYS:
        with held() as memory:
            on_network(name, steps)
        row[f"held by `{name}` (MiB)"] = f"{memory.most / 2**20:.2f}"
    rows.append(row)
show(rows)

# %% [markdown]
# Both engines add up the same numbers, in another order, so rounding is all that differs.
#
# ## What a step costs
#
# Count in units of one pass of all convolutions over the exemplars. A forward pass is 1. Its gradient is 2: each
# convolution returns one gradient for its input and one for its kernel. The second derivative is 6. Going back through
# those 2 takes 4: their results depend on the slopes that came in (by both, so 2), on the kernel (1) and on the input
# (1). Then back through the forward pass, 2 as before.
#
# | per inner step | `higher` | `adjoint` | `adjoint, kept` |
# |---|---|---|---|
# | forward and gradient, to walk forward | | 1 + 2 | |
# | forward and gradient, with their graph | 1 + 2 | 1 + 1 | 1 + 2 |
# | second derivative | 6 | 6 | 6 |
# | **passes** | **9** | **11** | **9** |
# | **memory** | **$T$ graphs** | **1 graph and $T$ parameter vectors** | **$T$ graphs** |
#
# The second time `adjoint` needs no gradient of a kernel: of those the graph is differentiated, and the values were used
# on the way forward. It should still be slower, by about a fifth. It need not be, for two reasons.
#
# The first is *how* the second derivative is computed. PyTorch's formulas for it are general. For a convolution, one
# term of it is a convolution with whole images as kernels, which takes a CPU longer than one with small kernels. For
# batch normalisation it is a chain of operations, most of which read and write all activations. `bilevel.second_order`
# writes both layers out by hand, and `adjoint` uses them. A convolution is bilinear in its input and its kernel, so
# its second derivative consists of the convolutions that the forward pass and the first derivative have. In batch
# normalisation the terms are sums over a channel, and multiples of the input, the slopes and the direction. The
# module's tests put both layers to `gradgradcheck`, PyTorch's comparison of second derivatives with finite
# differences, and compare them with PyTorch's own.
#
# The second is memory itself. The system hands out memory page by page, when a page is first touched, and that takes
# time. $T$ graphs touch more pages than one graph does.
#
# Counted on the network above, as what one more inner step adds:


# %% tags=["hide-input"]
def counted(name, steps):
    """Operations of one hypergradient."""
    with Operations() as count:
        on_network(name, steps)
    return count


with Operations() as forward, torch.no_grad():
    network.float()(images)


def norm_operations(normalise):
    """Operations on whole activations in the second derivative."""
    x, *affine = (
        torch.randn(*shape, requires_grad=True)
        for shape in ((8, 4, 8, 8), (4,), (4,))
    )
    slopes = torch.randn(8, 4, 8, 8, requires_grad=True)
    first = torch.autograd.grad(
        normalise(x, *affine), (x, *affine), slopes, create_graph=True
    )
    with Operations(x.numel()) as count:
        torch.autograd.grad(
            first,
            (slopes, x, affine[0]),
            [torch.ones_like(of) for of in first],
        )
    return count.large


norms = {  # by the first word of the name
    "higher": norm_operations(
        lambda x, weight, bias: F.batch_norm(
            x, None, None, weight, bias, True
        )
    ),
    "adjoint": norm_operations(
        lambda x, weight, bias: BatchNorm.apply(x, weight, bias, 1e-5)
    ),
}
rows = []
for name in WAYS:
    one, two = counted(name, 1), counted(name, 2)
    passes = (
        two.multiplications - one.multiplications
    ) / forward.multiplications
    rows.append(
        {
            "engine": f"`{name}`",
            "passes of all convolutions": f"{passes:.2f}",
            "largest convolution kernel": f"{two.kernel} × {two.kernel}",
            "operations on whole activations, batch normalisation": norms[
                name.partition(",")[0]
            ],
        }
    )
show(rows)

# %% [markdown]
# The last column is for the second derivative of one layer. The passes are counted in multiplications. They differ from
# the whole numbers at the first layer, where some passes need no gradient for the images, and, with PyTorch's formulas,
# at layers with a stride.
#
# ## Memory and time, measured

# %% tags=["remove-input"] sources=["book/records/bench/hypergradient*.json"]
measured = benchmark("hypergradient")
if measured:
    bench = hypergradient.measurements(measured)
    rounds = span(bench["rounds"].dropna(), "{:.0f}")
    say(
        f"Measured on: {hypergradient.machines(measured)}. *Seconds* are those of one hypergradient, the median of "
        f"{rounds} rounds. *Peak memory* is above what was in use before, in MiB ($2^{{20}}$ bytes). Each measurement "
        f"has a process of its own. The numbers are those of {named(files('hypergradient'))}."
    )
else:
    say(not_measured("hypergradient"))

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two panels per network, against the number T of inner steps: peak memory, and seconds, one line per engine and number of exemplars. Open markers are predictions of runs that were refused."}} sources=["book/records/bench/hypergradient*.json"]
if measured:
    hypergradient_figure(bench)
    plt.show()

# %% tags=["remove-input"] sources=["book/records/bench/hypergradient*.json"]
if measured:
    caption = "Both axes of each panel are logarithmic. Vertical bars run from the fastest to the slowest round."
    if refusal(bench):
        caption += (
            " **Open markers** were not run: the memory guard refused to start them. They stand at the peak that it "
            "predicted, and have no time."
        )
    say(caption)
    say("\n".join(f"- {text}" for text in hypergradient.findings(bench)))

# %% tags=["remove-input"] sources=["book/records/bench/hypergradient*.json"]
if measured:
    for (device, name), found in bench.groupby(
        ["device", "network"], sort=False
    ):
        say(f"**{name}**, {device}")
        show(hypergradient_table(found))
    say(
        "Ratios are `adjoint` over `higher`; *kept* is `adjoint` where it keeps its graphs."
    )
    if refusal(bench):
        say(
            "A refused run has its predicted peak in brackets. What the guard said to the first of them:"
        )
        say(f"> {refusal(bench)}")

# %% [markdown]
# ## What TF32 does to the gradient
#
# NVIDIA's GPUs since Ampere compute convolutions in float32 with inputs that are rounded to TF32, a significand of 11 bits for 24. That can be done
# on a CPU, too: `bench tf32` rounds the inputs of every convolution, in both engines and in all derivatives, and compares
# gradients. Relative differences of the engines to one another, without and with that, and, where it was measured, on a GPU; of `adjoint`
# with it to float32's gradient; and the cosine of these two. Two networks are fresh, with random images; the last is the network
# of phase 0 on digits, with real exemplars.

# %% tags=["remove-input"] sources=["book/records/bench/tf32.json", "book/records/bench/hypergradient-cuda.json"]
emulated, on_gpu = benchmark("tf32"), benchmark("hypergradient-cuda")
if emulated:
    show(tf32.tf32_table(emulated, on_gpu))
    say(tf32.explains_the_gpu(emulated, on_gpu))
    say(tf32.at_a_trained_network(emulated))
    say(tf32.at_a_fresh_deep_network(emulated))
else:
    say(not_measured("tf32"))

# %% [markdown]
# ## The model level, measured
#
# Images per second of training with {eq}`eq-6`, 50 classes, batches of 128. *Ours* draws raw bytes from memory,
# normalises, crops and mirrors them on the device. It runs alone, as in phase 0, and with a teacher, as in later
# phases; in single precision and in bfloat16. *Usual* is what public class-incremental code does: a `DataLoader` with
# two workers over PIL images and torchvision's transforms. *Bare* is the ceiling of plain PyTorch: images that lie
# normalised in memory, no augmentation. They took turns; of two epochs of *ours*, the second counts.

# %% tags=["remove-input"] sources=["book/records/bench/training*.json"]
if measured := benchmark("training"):
    show(rates.training_table(measured))
else:
    say(not_measured("training"))

# %% [markdown]
# ### Does accuracy hold in bfloat16?
#
# With `training.precision` set to `bfloat16`, the backbone computes on numbers with 8 significant bits instead of 24.
# Weights, their updates, the heads and the losses stay in single precision: with 8 bits, the cosines that LUCIR
# compares would lie 1/256 apart. Average accuracy in per cent, difference in points, paired by seed, with 95 %
# intervals. Where an interval holds 0 no difference was seen, and its ends say how large one could have been. On
# digits, fine-tuning is in bfloat16 too. The last column counts the pairs that the same library made; in the others the
# run in single precision is older:

# %% tags=["remove-input"] sources=["quick/digits-n5", "small/cifar100-n5"]
PAIRS = {
    "digits, LwF, herding": ("quick", "digits-n5", "herding"),
    "CIFAR-100, 20 classes, 16 × 16, LUCIR": (
        "small",
        "cifar100-n5",
        "lucir",
    ),
}
rows = []
for words, (profile, name, arm) in PAIRS.items():
    found, low = report.evidence(profile, name), f"{arm}-bfloat16"
    if report.comparable(found, low, arm):
        seeds = sorted(found[low].keys() & found[arm].keys())
        single, rounded = (
            sum(found[of][seed].average_accuracy for seed in seeds)
            / len(seeds)
            for of in (arm, low)
        )
        rows.append(
            {
                "N = 5": words,
                "seeds": len(seeds),
                "float32": f"{single:.2f}",
                "bfloat16": f"{rounded:.2f}",
                "difference": str(
                    report.difference(found, low, arm, "average_accuracy")
                ),
                "pairs of one source": sum(
                    same_source(found[low][seed], found[arm][seed])
                    for seed in seeds
                ),
            }
        )
if rows:
    show(rows)

# %% [markdown]
# ## Evaluation and features, measured
#
# Images per second through a network without a gradient, part by part. On a CPU what one layer hands to the next should
# stay in the cache, so *ours* are parts of 65,536 pixels: 64 images of 32 × 32, and never more than 1,024. Scores and
# features are the same bits in parts of either size. On a GPU parts have 1,024 images.

# %% tags=["remove-input"] sources=["book/records/bench/inference*.json"]
if measured := benchmark("inference"):
    show(rates.inference_table(measured))
else:
    say(not_measured("inference"))

# %% [markdown]
# ## Reading pictures, measured
#
# Pictures of ImageNet stay on disk. Pictures per second from files to normalised batches of 224 × 224, with a process
# for each core: *random views* as a training epoch has them, *middles* as evaluation has them. *Ours* is what a run
# does: the processes hand on bytes, which are normalised on the device. On a CPU evaluation computes in parts of one such
# picture, hence the row of its own. *Usual* is torchvision's `ImageFolder` with a `DataLoader` and the transforms of
# PyTorch's example for ImageNet. Both read the same files, in turn; these were in the system's cache, so no disk is
# measured.

# %% tags=["remove-input"] sources=["book/records/bench/input*.json"]
if measured := benchmark("input"):
    show(rates.input_table(measured))
    say(rates.input_sentences(measured))
else:
    say(not_measured("input"))

# %% [markdown]
# ## A run at the paper's scale, projected
#
# `dry-run` takes a few steps of each kind that a run has, with its network and on random pixels of its size, and
# multiplies their time by how often the run takes them, which its configuration says. Where a whole step has no room or
# would take too long, a part of it is measured and scaled by its images. Where the processes read ahead, the longer of
# reading and computing counts; in the meta loss of {eq}`eq-9` a step waits for its pictures, so both do. The controls are
# solutions of the inner problem, of which each counts as a whole outer step, so their line is a bound.

# %% tags=["remove-input"] sources=["book/records/bench/dry-run-*.json"]
projected = projection.projections()
for found in projected:
    say(projection.title(found))
    show(projection.parts_table(found))
    say(projection.remarks(found))
if not projected:
    say(not_measured("dry-run-*"))

# %% [markdown]
# ## On a GPU: recorded steps
#
# A step of a small network is many short kernels, and Python cannot ask for them as fast as a GPU does them. So
# the two loops that cost most are made of *steps* (`device.Step`): functions that return nothing and leave their results
# in tensors, changed in place. After two plain calls a step is recorded as a CUDA graph, and from then on asked for once instead of kernel
# by kernel. The model level has one such step. The engine `adjoint` has three: forwards, validate, backwards; it is made
# once and keeps them, and its tensors, from one outer step to the next.
#
# What is recorded must not change and must not wait. Orders, batches and crops are drawn on the host, for an epoch or
# for all $T$ inner steps at once, and travel in one transfer without waiting. Losses are summed, and the log of the
# outer steps is written, on the device; an epoch and an outer step are looked at once, at their end, for a number that
# is none. A learning rate is part of the recording: when it drops, a step is recorded
# anew.
#
# No recording is trusted unseen. At its first use it is replayed, then the plain call is made from the same start, and
# the two results are compared; where they differ, plain calls go on and a warning says so. `--no-record` does without
# recordings altogether.
#
# On a CPU a step is a plain call. Tests stand in for the graph there: a tape takes down the tensor operations of a
# step and does them again, without Python, on the tensors of that time. Training and exemplars then come out bit for
# bit as without. Where there is a GPU, the same tests run on real graphs.

# %% tags=["remove-input"] sources=["book/records/bench/hypergradient*.json"]
if not on_gpu:
    say(
        "**Engines have not been measured on a GPU yet**: no speed of theirs on one is known."
    )

# %% [markdown]
# ## When it still does not fit: truncation
#
# The field `exemplar_level.truncate` $= k$ differentiates through the last $k$ inner steps alone and takes
# $\theta_{T-k}$ as given. In {eq}`eq-backward` this means to stop after $k$ rounds. So the truncated gradients of the
# toy are the rows of its backward table, and both engines must return them:

# %% tags=["hide-input"]
rows = []
for keep, (_, _, _, _, part) in enumerate(walked, start=1):
    apart = max(
        (by_engine(name, truncate=keep) - part).abs().max().item()
        for name in ENGINES
    )
    assert apart < 1e-12
    cosine = F.cosine_similarity(part, g, dim=0)
    difference = (part - g).norm() / g.norm()
    rows.append(
        {
            "$k$": keep,
            "truncated gradient": vector(part),
            "relative difference to all steps": f"{difference:.2f}",
            "cosine to all steps": f"{cosine:.3f}",
            "engines, largest difference": f"{apart:.1e}",
        }
    )
show(rows)

# %% [markdown]
# A truncated gradient is another gradient: what the exemplars did to the first $T - k$ steps is left out. With
# `higher`, the memory is that of $k$ graphs, and a step left out costs 3 passes instead of 9. With `adjoint`, it is
# that of one graph as before, and such a step costs 3 instead of 11. The code shown above keeps all $T$ parameter
# vectors all the same; `RecordedAdjoint`, which runs use, keeps the last $k$ alone.
#
# ## The memory guard
#
# Before a local BOP starts, `bilevel.guard` probes a few images and measures what one step keeps; from that the engine predicts
# its peak for $T$, the batch and the validation data of the configuration. If that is more than what is free, the
# run stops there with an error. It names what would fit: the other engine, the longest truncation, the largest batch
# of exemplars per inner step (`exemplar_level.inner_batch`). The last two change the result, so none of them is chosen
# for you.
#
# Where a run fits easily the guard lets `adjoint` keep its graphs: if they take no more than half of what is free, and of
# that no more than the share of the machine's cores that the run computes on, since other runs may want the rest.
#
# What it predicts at the paper's scale: a ResNet-32 on images of 32 × 32 pixels, $T = 50$, 20 exemplars for each of 50
# classes. The paper does not state the validation batch; 128 images are taken.

# %% tags=["hide-input"]
paper_network = build_network(32, 16, 3, 50, seed=0).train()
some = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(3))
SETTINGS = {
    "`higher`": {"engine": "higher"},
    "`higher`, the last 5 steps": {"engine": "higher", "truncate": 5},
    "`higher`, 100 exemplars per inner step": {
        "engine": "higher",
        "inner_batch": 100,
    },
    "`adjoint`": {"engine": "adjoint"},
    "`adjoint`, 100 exemplars per inner step": {
        "engine": "adjoint",
        "inner_batch": 100,
    },
}
some_labels = torch.arange(4)
rows = []
for words, changes in SETTINGS.items():
    level = PAPER_EXEMPLAR_LEVEL.model_copy(update=changes)
    engine = local_program(
        lambda exemplars, t: (exemplars, some_labels),
        lambda classifier: F.cross_entropy(classifier(some), some_labels),
        level,
    )
    graph = graph_size(paper_network, some, engine)
    predicted = engine.peak_bytes(
        graph, batch=level.inner_batch or 1000, validation=128
    )
    rows.append(
        {"engine": words, "predicted peak (GB)": f"{predicted / 1e9:,.1f}"}
    )
show(rows)

# %% [markdown]
# ## Other inner problems
#
# An engine differentiates through steps of SGD. What these steps move, and whether there are any, is the *inner
# problem*, the field `exemplar_level.inner`:
#
# | `inner` | what is fitted to the exemplars | how |
# |---|---|---|
# | `full` | every trainable parameter | $T$ steps of {eq}`eq-8`, as in the paper; either engine |
# | `head` | the last layer; the rest of $\Theta'_i$ stays as it starts | the same steps and engines |
# | `ncm` | the last layer: each class's mean feature, compared by its cosine | a formula, no steps |
# | `ridge` | the last layer: a ridge regression from features to classes | a linear system, no steps |
#
# With `head`, $v$ has the size of the last layer, and the pixels are reached through first derivatives of the network
# only. With `ncm` and `ridge` there is no unrolling at all: the formula is differentiated as it stands, and $T$,
# $\alpha_2$, truncation and the engine play no part. All three solve a smaller problem than
# {eq}`eq-7b`: only with `full` do the exemplars change the features. `ncm` classifies as the authors' released code does, by the cosine to class means
# ({doc}`../method/open_points`). Its loss is theirs in phase 0 alone, with `start: theta`, `batch_norm: running`, `val_augment: true` and
# `inner_augment: false`: in later phases theirs has fixed means of the old classes, too, and images of theirs.
#
# {doc}`../extend` says what another engine has to bring.

# %% [markdown]
# ## Exercise

# %% [markdown] tags=["exercise", "minutes-15"]
# ### Exercise 17.1: fewer kept, some taken twice
#
# Going back through $T$ steps needs $\theta_t$ before each of them. Keep every $c$-th alone, $\theta_0, \theta_c, \theta_{2c}, \ldots$, and take the
# steps of a stretch again when the walk comes to it; what was kept stays. Return how many parameter vectors are in memory at most. Which $c$ needs
# the fewest?


# %% tags=["solution", "hide-input"]
def held(T, c):
    """The kept ones, and the others of the longest stretch."""
    return -(-T // c) + min(c, T) - 1


# %% tags=["check"]
def walked(T, c):
    """The same by walking: what is in memory, stretch by stretch."""
    kept = set(range(0, T, c))
    stretches = [set(range(at, min(at + c, T))) for at in kept]
    return max(len(kept | stretch) for stretch in stretches)


for T in range(1, 30):
    for c in range(1, T + 1):
        assert held(T, c) == walked(T, c)
assert held(50, 1) == 50  # nothing is taken twice
fewest = min(range(1, 101), key=lambda c: held(100, c))
assert (fewest, held(100, fewest)) == (10, 19)  # the root of T
