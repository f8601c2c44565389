# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Visualisations: where trained exemplars lie
#
# **Claim, tested below.** The paper's Figures 1 and 5 show trained exemplars on
# the boundaries between classes, and herding's near their centres. A picture can
# mislead, so the distance is also measured, and the answer stands at the end.
#
# **Needs.** The run of [chapter 2](02_global_bop.ipynb), which keeps what the
# figures need. Where it is not there yet, it is made here.
#
# **You will see** exemplars while they are trained, a t-SNE map of random,
# herding's and trained ones among their data, early and late, and how near to
# another class each of them lies.

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
config = parameters.resolve(globals(), "05_visualizations", [trained])
config = config.replace(**trained)

# %% tags=["hide-input", "live"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from mnemonics_lib.edition import figures, kept_figures
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.evidence.boundary.margins import NEAR
from mnemonics_lib.edition.finished import runs_of
from mnemonics_lib.edition.shown import say, show
from mnemonics_lib.kept import Keep, read_kept
from mnemonics_lib.paths import RUNS

figures.style()
say(cost("05_visualizations", config, study))
runs = runs_of(study, config)  # mnemonics_lib.runs, unless a study is named

# %% [markdown]
# ## A run that keeps what figures need
#
# A record holds numbers. With `keep`, a run also leaves a small file beside it:
# exemplars of a few classes while they are trained, a map of exemplars among
# their data, and where each exemplar lies. Here of the first phase and of the
# last:

# %% tags=["live"]
early, late = 0, config.phases
keep = Keep(phases=[early, late])  # of three classes, ten steps of each
record, path = runs.run(config, RUNS, keep=keep, progress=True)
kept_path = runs.kept_beside(path)
kept = read_kept(kept_path)
print(f"{kept_path.stat().st_size / 1000:.0f} kB kept")

# %% [markdown]
# ## Exemplars while they are trained
#
# The first two exemplars of each of the first classes, over the outer steps of
# Eq. 9 in phase 0, and below what has changed from the first to the last,
# magnified. It is the change on a screen: a pixel that became darker than black or
# lighter than white looks the same as before:

# %% mystnb={"image": {"alt": "Exemplars of the first classes over the outer steps of their training, and the magnified change between the first and the last."}} tags=["hide-input"]
snapshots = kept.phases[early].snapshots
last = len(snapshots.steps) - 1
few = sorted({k * last // 4 for k in range(5)})  # of those that are kept
kept_figures.snapshots(
    snapshots._replace(
        images=snapshots.images[few], steps=snapshots.steps[few]
    ),
    record.class_names or (),
)
plt.show()
largest = kept_figures.largest_change(snapshots)
say(
    "In the change, white is a pixel that went up by "
    f"{100 * largest:.0f} % of the range from black to white, black one "
    "that went down by as much, and middle grey one that stayed."
)

# %% [markdown]
# ## Among their data, early and late
#
# One map for each of two moments: features of the network after phase 0 above,
# and after the last phase below, of the same first classes. In a row all three
# panels are the same map. The rows are two maps, since the features of two
# networks have no axes in common: who is near whom can be compared between
# them, and where they are cannot. Light dots are training images, stars are
# exemplars: random ones, herding's, and those that were trained. t-SNE (van der
# Maaten and Hinton, 2008) keeps neighbours together and little else, so that
# distances between clusters mean nothing.

# %% mystnb={"image": {"alt": "t-SNE maps of three classes after the first phase and after the last one: training images, and random, herding's and trained exemplars as stars."}} tags=["hide-input", "slide-maps"]
kept_figures.embeddings(
    {phase: kept.phases[phase].embedding for phase in (early, late)},
    kinds=("random", "herding", "trained"),
    classes=range(3),
)
plt.show()

# %% [markdown]
# ## Measured, not seen
#
# Three numbers of each exemplar of the classes that came with the phase, at the
# network after it (so the two phases have different classes, and as many
# exemplars as the table says):
#
# - its *margin*: the probability of its own class minus the largest other one,
#   which is 0 on a boundary;
# - its *distance* to the nearest training image of another class, of all seen so
#   far, in normalised feature space (to measure, old data may be looked at; to
#   train, they may not);
# - its *percentile*: the share of its class's training images that lie nearer to
#   their mean in that space; 0 is as near as the nearest of them, 100 farther out
#   than all.

# %% [markdown]
# *start* is what the trained ones were before. *random* and *herding* are picked
# for this comparison: at random by another draw than the run's, and by herding
# with the features of the network after the phase. After the last phase that
# network has been fine-tuned on the trained exemplars of this run and not on
# the others, which by itself would make it surer of them.

# %% tags=["hide-input", "slide-measured"]
NUMBERS = {
    "margin": "margin",
    "other": "distance",
    "percentile": "percentile",
}
ORDER = ["random", "herding", "start", "trained"]
where = pd.concat(
    kept.phases[phase].margins.assign(phase=phase)
    for phase in (early, late)
)
by_kind = where.groupby(["phase", "kind"])
means, counts = by_kind[list(NUMBERS)].mean(), by_kind.size()
show(
    {
        "after phase": phase,
        "exemplars": f"{counts[phase, kind]} {kind}",
        "margin": f"{means.loc[(phase, kind), 'margin']:.3f}",
        "distance": f"{means.loc[(phase, kind), 'other']:.3f}",
        "percentile": f"{means.loc[(phase, kind), 'percentile']:.0f}",
    }
    for phase in (early, late)
    for kind in ORDER
)

# %% mystnb={"image": {"alt": "Margin, distance to another class and percentile of random, herding's and trained exemplars and of what training started from, after the first and the last phase."}} tags=["hide-input"]
figure, axes = plt.subplots(1, 3, figsize=(7, 3.8), layout="constrained")
dots = {"x": "kind", "hue": "phase", "order": ORDER, "dodge": True}
np.random.seed(0)  # noqa: NPY002  # seaborn strews the dots by it
for axis, (column, words) in zip(axes, NUMBERS.items(), strict=True):
    sns.stripplot(where, y=column, palette="colorblind", ax=axis, **dots)
    axis.set(xlabel="", ylabel=words)
    axis.tick_params(axis="x", rotation=30)
    axis.get_legend().remove()
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(
    handles, labels, title="after phase", loc="outside upper right", ncols=2
)
plt.show()

# %% tags=["hide-input"]
if config.exemplar_level.init == "herding":
    say(
        "Here training starts from herding's choice. It is made before the "
        "fine-tuning that ends a phase, and phase 0 has none. So *start* "
        f"and *herding* are the same images after phase {early}, and need "
        f"not be after phase {late}, where the network has changed since."
    )

# %% [markdown]
# ## The answer, for this run
#
# Do trained exemplars lie nearer to another class than others? Then margin and
# distance are smaller. (The margin has a sign here: far on the wrong side is near
# to another class, and far from the boundary. Over several seeds
# [a page of the book](../book/boundary.py) tells both.) Trained minus each other kind,
# means over the exemplars of the table above:

# %% tags=["hide-input"]
minus = {
    (phase, kind): means.loc[(phase, "trained")] - means.loc[(phase, kind)]
    for phase in (early, late)
    for kind in ("start", "herding", "random")
}
show(
    {
        "after phase": phase,
        "trained minus": kind,
        "margin": f"{of['margin']:+.3f}",
        "distance": f"{of['other']:+.3f}",
    }
    for (phase, kind), of in minus.items()
)
nearer = [
    f"after phase {phase} than *{kind}*"
    for (phase, kind), of in minus.items()
    if of["margin"] < 0 and of["other"] < 0
]
say(
    "Both are smaller "
    + (", ".join(nearer) if nearer else "in no row")
    + f". These are {counts[early, 'trained']} exemplars of a kind after "
    f"phase {early}, {counts[late, 'trained']} after phase {late}, and one "
    "run: an order among them is no result."
)

# %% [markdown]
# Nearer is not *on* a boundary, where the margin is 0. Let an exemplar be *near*
# one if its margin is between -0.2 and 0.2 (margins go from -1 to 1), and let
# the claim hold if more than half of the trained ones are. Both numbers are our
# choice. The claim as it is worded:

# %% tags=["hide-input"]
near = (
    100
    * (where["margin"].abs() < NEAR)
    .groupby([where["phase"], where["kind"]])
    .mean()
)
for phase in (early, late):
    told = {
        kind: f"a mean margin of {means.loc[(phase, kind), 'margin']:.3f}, "
        f"{near[phase, kind]:.0f} % of them within {NEAR} of a boundary"
        for kind in ("trained", "herding")
    }
    on_it = near[phase, "trained"] > 50
    say(
        f"- After phase {phase} the trained exemplars have "
        f"{told['trained']}; herding's have {told['herding']}, and a mean "
        f"percentile of {means.loc[(phase, 'herding'), 'percentile']:.0f}. "
        + (
            "Most trained ones lie near a boundary: the claim holds here."
            if on_it
            else "Most trained ones do not lie near a boundary: the claim "
            "does not hold here."
        )
    )

# %% [markdown]
# These are means over the exemplars of one run, of one seed, and make no claim
# about others. [On the boundaries?](../book/boundary.py), a page of
# the book, asks the same on CIFAR-100, over seeds and with intervals.

# %% [markdown] tags=["once"]
# ## Exercises

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 5.1: the margin
#
# Return the margin of each image of a batch: the probability of its own class
# minus that of the best other one.


# %% tags=["solution", "hide-input"]
def margin(logits, labels):
    """Margins [n]; logits [n, C], labels [n], both tensors."""
    pi = logits.softmax(dim=1)
    own = pi.gather(1, labels[:, None])[:, 0]
    others = pi.scatter(1, labels[:, None], 0.0).amax(dim=1)
    return own - others


# %% tags=["check"]
import torch

logits = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, -9.0], [0.0, 4.0, 0.0]])
found = margin(logits, torch.tensor([0, 1, 0]))
e = torch.e
assert abs(found[0] - (e - 1) / (e + 2)) < 1e-6
assert abs(found[1]) < 1e-6  # on a boundary
assert -1 < found[2] < -0.9

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 5.2: the percentile
#
# How far is a point from its class's mean, among the points of the class?
# Return the share of them that are nearer to the mean than it is, in per cent.


# %% tags=["solution", "hide-input"]
def percentile(point, points):
    """From 0 to 100; point [d], points [n, d]."""
    mean = points.mean(dim=0)
    nearer = (points - mean).norm(dim=1) < (point - mean).norm()
    return 100 * nearer.double().mean().item()


# %% tags=["check"]
generator = torch.Generator().manual_seed(0)
cloud = torch.randn(1000, 3, generator=generator) + 3
assert percentile(cloud.mean(dim=0), cloud) == 0
assert percentile(cloud.mean(dim=0) + 100, cloud) == 100
line = torch.tensor([[0.0], [1.0], [5.0]])  # their mean is 2
found = torch.tensor([float(percentile(point, line)) for point in line])
assert torch.allclose(found, torch.tensor([100 / 3, 0.0, 200 / 3]))

# %% [markdown] tags=["exercise", "minutes-15"]
# ### Exercise 5.3: a linear map
#
# t-SNE bends space. A principal component analysis does not. It subtracts the
# mean of the points, and finds two directions, at right angles to one another, in
# which they vary most, in the first one most of all. Return the coordinates of
# each point along the two. (These directions are the first two rows of the third
# factor that `torch.linalg.svd` returns for the centred points.)


# %% tags=["solution", "hide-input"]
def principal_components(points):
    """The first two, [n, 2]; points [n, d]."""
    centred = points - points.mean(dim=0)
    # Its rows are directions, the one of the largest variance first.
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:2].T


# %% tags=["check"]
from mnemonics_lib.kept.embedding import two_dimensions

cloud = torch.randn(
    60, 5, generator=torch.Generator().manual_seed(1)
).double()
ours = principal_components(cloud)
theirs = torch.from_numpy(two_dimensions(cloud.numpy())["PCA"])
assert torch.allclose(ours.abs(), theirs.abs())  # a direction has no sign
