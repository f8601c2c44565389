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

# %% tags=["hide-input"]
import copy
import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from sklearn.manifold import TSNE
from torch.nn import functional as F

from mnemonics_lib import config as configuration
from mnemonics_lib import figures, global_bop
from mnemonics_lib.costs import cost
from mnemonics_lib.paths import RUNS

config = configuration.from_parameters(globals())
figures.style()
print(cost("05_visualizations", profile, dataset, phases))

# %% [markdown]
# ## The final models and memories

# %%
states = {}
for kind in ("herding", "mnemonics"):
    run = config.replace(exemplars=kind)
    global_bop.run(run, RUNS, progress=True)
    setting = global_bop.Setting.of(run)
    states[kind] = global_bop.load_state(setting, RUNS)
    print(kind, f"displacement {states[kind].memory.displacement(torch.arange(len(states[kind].memory))):.3f} std")

# %% mystnb={"image": {"alt": "One exemplar of each class: herding's real image, the real image training started from, and the trained one."}}
memory = states["mnemonics"].memory
rows = {
    "herding": states["herding"].memory.images,
    "mnemonics, start": memory.origin,
    "mnemonics, trained": memory.images,
}
first = slice(0, 10 * budget, budget)  # the first exemplar of up to ten classes
columns = [f"class {k}" for k in memory.labels[first]]
figures.image_grid({name: images[first] for name, images in rows.items()}, setting.data.pixels, columns)
plt.show()

# %% [markdown]
# ## Among their data
#
# Features of the last model, normalised, of all training data of the classes seen (light) and of the exemplars (stars).
# t-SNE (van der Maaten and Hinton, 2008) keeps neighbours together and little else: distances between clusters mean nothing.

# %%
images, labels = setting.protocol.seen_data(setting.data.train, phases)
images = setting.data.pixels.normalise(images)


@torch.no_grad()
def unit_features(model, batch):
    """Normalised features [n, d] in evaluation mode."""
    return F.normalize(model.eval().features(batch), dim=1)


embedded = {}
for kind, state in states.items():
    everything = torch.cat([images, state.memory.images])
    points = unit_features(state.model, everything).cpu().numpy()
    embedded[kind] = TSNE(perplexity=30, random_state=0, init="pca").fit_transform(points)

# %% mystnb={"image": {"alt": "t-SNE of features after the last phase, herding left and mnemonics right; stars are exemplars, numbers mark class centres."}}
figure, axes = plt.subplots(1, 2, figsize=(12, 5.4), layout="constrained")
for axis, (kind, points) in zip(axes, embedded.items(), strict=True):
    memory = states[kind].memory
    classes = torch.cat([labels, memory.labels]).numpy()
    figures.embedding(points, classes, np.arange(len(points)) >= len(labels), axis, kind)
plt.show()

# %% [markdown]
# ## Measured, not seen
#
# Two numbers for each exemplar. *Distance to the class mean* in normalised feature space, as a percentile of the
# distances of the class's own training images: 0 is the centre, 100 the rim. *Margin* of the model: probability of the
# right class minus the largest other; small at a boundary.


# %%
@torch.no_grad()
def position(state):
    """Percentile of the distance to the class mean, and the margin, of every exemplar."""
    memory, out = state.memory, []
    features, ours = unit_features(state.model, images), unit_features(state.model, memory.images)
    probability = torch.softmax(state.model(memory.images), dim=1)
    for k in range(state.model.classes):
        mean = features[labels == k].mean(dim=0)
        spread = (features[labels == k] - mean).norm(dim=1)
        for feature, p in zip(ours[memory.labels == k], probability[memory.labels == k], strict=True):
            percentile = 100 * (spread < (feature - mean).norm()).float().mean().item()
            other = torch.cat([p[:k], p[k + 1 :]]).max()
            out.append({"class": k, "percentile": percentile, "margin": (p[k] - other).item()})
    return pd.DataFrame(out)


start = copy.deepcopy(states["mnemonics"])  # the same model, asked about the images that training started from
start.memory = dataclasses.replace(start.memory, images=start.memory.origin)
rows = {"herding": states["herding"], "mnemonics, start": start, "mnemonics, trained": states["mnemonics"]}
where = pd.concat([position(state).assign(exemplars=name) for name, state in rows.items()])
where.groupby("exemplars")[["percentile", "margin"]].agg(["mean", "min", "max"]).round(2)

# %% mystnb={"image": {"alt": "Distance to the class mean as a percentile, a dot per exemplar: herding, mnemonics before and after training."}}
figure, axis = plt.subplots(figsize=(7, 2.8), layout="constrained")
colours = {name: figures.PALETTE[name.split(",")[0]] for name in rows}
sns.stripplot(where, x="percentile", y="exemplars", hue="exemplars", palette=colours, ax=axis, legend=False)
axis.set(xlabel="distance to the class mean (percentile of the class's own images)", ylabel="", xlim=(-3, 103))
plt.show()

# %% [markdown]
# Read the rows as one seed of one setting. Had training pushed the exemplars to the boundaries, the last row would lie
# to the right of the one above it, and its margins would be smaller.
