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
# **Claim to look into.** The paper's Figures 1 and 5 show trained exemplars on the boundaries between classes, herding's
# near their centres. A picture can mislead, so the distance is also measured.
#
# **Needs.** Chapter 2's run. Its checkpoint is read if it is there, else the run is made now.
#
# **You will see** the exemplars of both kinds, a t-SNE embedding of them among their data, and how far from their class
# centre they lie, in feature space and as the model's confidence.

# %% tags=["parameters"]
dataset: str = "digits"
phases: int = 5  # N
profile: str = "quick"
seed: int = 0
overrides: dict = {}  # any field of a run, e.g. {"exemplars": "herding", "exemplar_level.inner_steps": 5}
params: str = ""  # a parameter file of your own, in place of params/{profile}/{dataset}-n{phases}.yaml

# %% tags=["resolve", "hide-input"]
from mnemonics_lib.edition import parameters

kinds = ("herding", "mnemonics")
config = parameters.resolve(globals(), "05_visualizations", [{"exemplars": kind} for kind in kinds])

# %% tags=["hide-input"]
import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from sklearn.manifold import TSNE

from mnemonics_lib import runs
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.edition import figures
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.exemplars.margins import margins, unit_features
from mnemonics_lib.paths import RUNS

figures.style()
print(cost("05_visualizations", config.profile, config.dataset, config.phases))

# %% [markdown]
# ## The final models and memories

# %%
finished = {}
for kind in kinds:
    record, path = runs.run(config.replace(exemplars=kind), RUNS, progress=True)
    finished[kind] = runs.load_run(path)
    print(kind, f"displacement {record.displacement:.3f} std")

# %% mystnb={"image": {"alt": "One exemplar of each class: herding's real image, the real image training started from, and the trained one."}}
memory, pixels = finished["mnemonics"].exemplars, finished["mnemonics"].pixels
rows = {
    "herding": finished["herding"].exemplars.images,
    "mnemonics, start": memory.origin,
    "mnemonics, trained": memory.images,
}
first = torch.nonzero(memory.rank == 0).flatten()[:10]  # the best-ranked exemplar of up to ten classes
columns = [f"class {k}" for k in memory.labels[first]]
figures.image_grid({name: images[first] for name, images in rows.items()}, pixels, columns)
plt.show()

# %% [markdown]
# ## Among their data
#
# Features of the last model, normalised, of the training data (light) and of the exemplars (stars), up to ten classes.
# t-SNE (van der Maaten and Hinton, 2008) keeps neighbours together and little else: distances between clusters mean nothing.

# %%
data = load_dataset(config.dataset, torch.device("cpu"), config.resolution)
order = finished["mnemonics"].class_order
everything, classes = Samples.real(*data.train.of_classes(order, 0, len(order)), pixels), len(order)
shown = torch.tensor(sorted({*range(5), *range(classes - 5, classes)}))  # the first five and the last five


def at_most(samples, count):
    """The first ``count`` samples of each class that is shown."""
    index = [torch.nonzero(samples.labels == k).flatten()[:count] for k in shown]
    chosen = torch.zeros(len(samples), dtype=torch.bool)
    chosen[torch.cat(index)] = True
    return samples.where(chosen)


# %%
embedded = {}
for kind, run in finished.items():
    both = at_most(everything, 120), at_most(run.exemplars.samples(pixels), 120)
    points = torch.cat([unit_features(run.model, samples) for samples in both]).numpy()
    marks = torch.cat([samples.labels for samples in both]).numpy()
    embedded[kind] = TSNE(perplexity=30, random_state=0, init="pca").fit_transform(points), marks, len(both[0])

# %% mystnb={"image": {"alt": "t-SNE of features after the last phase, herding left and mnemonics right; stars are exemplars, numbers mark class centres."}}
figure, axes = plt.subplots(1, 2, figsize=(12, 5.4), layout="constrained")
for axis, (kind, (points, marks, count)) in zip(axes, embedded.items(), strict=True):
    figures.embedding(points, marks, np.arange(len(points)) >= count, axis, kind)
plt.show()

# %% [markdown]
# ## Measured, not seen
#
# Three numbers for each exemplar. `percentile`: its distance to the class mean in normalised feature space, as a percentile
# of the distances of the class's own training images; 0 is the centre, 100 the rim. `margin` of the model: probability of
# the right class minus the largest other; small at a boundary. `other`: distance to the nearest image of another class.


# %%
def position(run, exemplars):
    """Margin, percentile and distance to another class of every exemplar."""
    found = margins(run.model, exemplars.samples(pixels), everything)
    return pd.DataFrame({"class": exemplars.labels, **found._asdict()})


herding, trained = finished["herding"], finished["mnemonics"]
start = dataclasses.replace(memory, images=memory.origin)  # the same model, asked about what training started from
rows = {
    "herding": (herding, herding.exemplars),
    "mnemonics, start": (trained, start),
    "mnemonics, trained": (trained, memory),
}
where = pd.concat([position(*what).assign(exemplars=name) for name, what in rows.items()])
where.groupby("exemplars")[["percentile", "margin", "other"]].agg(["mean", "min", "max"]).round(2)

# %% mystnb={"image": {"alt": "Distance to the class mean as a percentile, a dot per exemplar: herding, mnemonics before and after training."}}
figure, axis = plt.subplots(figsize=(7, 2.8), layout="constrained")
colours = {name: figures.PALETTE[name.split(",")[0]] for name in rows}
sns.stripplot(where, x="percentile", y="exemplars", hue="exemplars", palette=colours, ax=axis, legend=False)
axis.set(xlabel="distance to the class mean (percentile of the class's own images)", ylabel="", xlim=(-3, 103))
plt.show()

# %% [markdown]
# Read the rows as one seed of one setting. Had training pushed the exemplars to the boundaries, the last row would lie
# to the right of the one above it, and its margins would be smaller.
