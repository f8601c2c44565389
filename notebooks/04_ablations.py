# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Ablations: random, herding, mnemonics
#
# **Claim.** Whether trained exemplars beat chosen ones is a question for paired seeds and an interval. This chapter runs
# a small comparison on the spot, and then reads the committed one, which has more seeds and more arms.
#
# **Needs.** Chapter 2's run and its record.
#
# **You will see** three kinds of exemplars over three seeds, run now; the committed records with paired 95 % intervals,
# pixel displacement and cost; and what the differences are made of.

# %% tags=["parameters"]
dataset: str = "digits"
phases: int = 5  # N
profile: str = "quick"
seed: int = 0
overrides: dict = {}  # any field of a run, e.g. {"exemplars": "herding", "exemplar_level.inner_steps": 5}
params: str = ""  # a parameter file of your own, in place of params/{profile}/{dataset}-n{phases}.yaml

# %% tags=["resolve", "hide-input"]
from mnemonics_lib.edition import parameters

kinds = ("random", "herding", "mnemonics")
config = parameters.resolve(globals(), "04_ablations", [{"exemplars": kind} for kind in kinds])

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from tqdm import tqdm

from mnemonics_lib import runs
from mnemonics_lib.config import parse_config
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.intervals import interval, paired
from mnemonics_lib.paths import RUNS

figures.style()
print(cost("04_ablations", config.profile, config.dataset, config.phases))

# %% [markdown]
# ## Run now: three kinds, three seeds
#
# Everything but the exemplars is the same within a seed: first network, order of the images, crops. Runs that chapter 2
# or an earlier call left on this machine are read, not repeated.

# %%
grid = [(kind, config.seed + k) for k in range(3) for kind in kinds]
fresh: report.Evidence = {}
for kind, at in tqdm(grid, desc="runs"):
    record, _ = runs.run(config.replace(exemplars=kind, seed=at), RUNS, progress=True)
    fresh.setdefault(kind, {})[at] = record
report.summary(fresh).drop(columns="median cost (s)")

# %% mystnb={"image": {"alt": "Accuracy after each phase for random, herding and mnemonics exemplars, with 95 % bands over three seeds."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
finished = [record for by_seed in fresh.values() for record in by_seed.values()]
figures.phase_curves(finished, left)
figures.phase_curves(finished, right, key="first_classes_accuracy").set(title="first classes alone, $A_i^Z$")
left.set(title="all classes seen, $A_i$")
plt.show()

# %% [markdown]
# Three seeds allow an interval, but a wide one.
#
# ## Committed evidence
#
# `make study` runs each arm of a file in `book/studies` over its seeds and leaves one record each in `book/records`.
# The table is read from there.
#
#
# - *random*, *herding*: real images. *mnemonics*: trained from the random ones, with the settings of the parameter file.
# - *mnemonics-eq4b*: trained by the objective of Eq. 4b. *mnemonics-from-herding*: trained from herding's images.
# - *mnemonics-paper*: Eq. 7 to 9 with the paper's numbers, the rest as in the parameter file.

# %%
committed = report.evidence(config.profile, f"{config.dataset}-n{config.phases}")
report.summary(committed) if committed else "no committed records for these parameters"

# %% [markdown]
# Each dot below is one seed: an arm's average accuracy minus herding's with the same seed. The bar is the 95 % interval
# of the mean. Where it crosses zero, no difference is shown.

# %% mystnb={"image": {"alt": "Average accuracy minus that of herding, a dot per seed and a 95 % interval, for each way of making exemplars."}}
arms = [arm for arm in committed if arm != "herding"]
if "herding" in committed:
    base = report.values(committed["herding"], "average_accuracy")
    by_arm = {
        arm: {s: v - base[s] for s, v in report.values(committed[arm], "average_accuracy").items() if s in base}
        for arm in arms
    }
    figure, axis = plt.subplots(figsize=(8, 0.6 * len(arms) + 1.2), layout="constrained")
    figures.differences(by_arm, axis, {arm: figures.PALETTE.get(arm.split("-")[0], "black") for arm in arms})
    axis.set(xlabel="average accuracy minus herding (points)")
    plt.show()

# %% [markdown]
# ## Does a run here give the committed numbers?
#
# The committed records were made by the library at the commit they name. Where its source was the same as here (last
# column), the runs above should agree with those of the same seed, to rounding that differs between processors. Where it was
# not, random draws may differ, and the two agree as two seeds do.


# %%
def same_run(one, other):
    """Whether two records are of one configuration (a field younger than a record has its default there)."""
    return parse_config(one.config) == parse_config(other.config)


rows = [
    (kind, at, record.average_accuracy, other.average_accuracy, report.same_source(record, other))
    for kind, by_seed in fresh.items()
    for at, record in by_seed.items()
    if (other := committed.get(kind, {}).get(at)) and same_run(record, other)
]
pd.DataFrame(rows, columns=["exemplars", "seed", "here", "committed", "same source"]).round(2)

# %% [markdown]
# ## What moves, and does it help?
#
# Displacement says how far trained exemplars went from the images they started from. If moving further helped, the dots
# would rise to the right.

# %% mystnb={"image": {"alt": "Difference to herding against displacement of the exemplars, a dot per run of each mnemonics arm."}}
moved = [arm for arm in arms if arm.startswith("mnemonics")]
if "herding" in committed and moved:
    points = pd.DataFrame(
        [
            {"arm": arm, "displacement": committed[arm][s].displacement, "difference": value}
            for arm in moved
            for s, value in by_arm[arm].items()
        ]
    )
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    sns.scatterplot(points, x="displacement", y="difference", hue="arm", style="arm", palette="colorblind", ax=axis)
    axis.axhline(0, color="black", lw=1)
    axis.set(xlabel="displacement (std)", ylabel="points over herding")
    axis.legend(title="", bbox_to_anchor=(1, 1), loc="upper left")
    plt.show()

# %% [markdown]
# ## Does training lower the loss it minimises?
#
# The loss of one outer step is that of one random start and batch, so two steps cannot be compared. Each record therefore
# holds the validation loss on a *fixed panel*: four starts and up to 512 images, the same before and after training. It is
# taken twice: with the statistics of the validation batch, which is what training minimises, and with the running statistics
# that a model is tested with. Beside it stands how far the new exemplars went, and how far the same optimiser would have carried
# them along *noise* of the same size: a displacement no larger than that needs no useful gradient. After minus before, over the
# seeds of each arm (below zero is better), and mean displacements:

# %%
rows = [
    (arm, phase, p.after - p.before, p.after_running - p.before_running, result.displacement_new, x.noise_displacement)
    for arm in moved
    for record in committed[arm].values()
    for phase, result in enumerate(record.results)
    if (x := result.exemplars) and (p := x.panel)
]
columns = ["arm", "phase", "loss, batch statistics", "loss, running statistics", "displacement (std)", "noise (std)"]
panel = pd.DataFrame(rows, columns=columns).groupby(["arm", "phase"])
changes = panel[columns[2:4]].agg(lambda values: f"{interval(values):.3f}") if rows else "no committed records"
changes.join(panel[columns[4:]].mean().round(3)) if rows else changes

# %% [markdown]
# ## Who pays?
#
# The same differences, at the end of the run, for the first classes and for those that came later. Do exemplars that
# protect the one cost the other?


# %%
def late(record):
    """Accuracy on the classes that came after phase 0, at the end of the run."""
    counts = np.array(record.results[-1].confusion)
    first = len(record.results[0].confusion)
    return 100 * counts.diagonal()[first:].sum() / counts[first:].sum()


def early(record):
    """Accuracy on the classes of phase 0, at the end of the run."""
    return record.first_classes_accuracy[-1]


table = {
    arm: {
        name: paired(*({s: part(r) for s, r in committed[a].items()} for a in (arm, "herding")))
        for name, part in (("first classes", early), ("later classes", late))
    }
    for arm in arms
    if "herding" in committed
}
pd.DataFrame(table).T if table else "no committed records for these parameters"

# %% [markdown]
# ## Where the gain of "with ours" comes from, on CIFAR-100
#
# "With ours" changes three things at once: the exemplars, weight transfer and balanced fine-tuning. The records of
# 20 classes (`params/small`) split it in two steps: from herding alone to herding with transfer and fine-tuning, and from
# there to trained and adjusted exemplars. Average accuracy in points, one column per step:

# %%
cifar = report.evidence("small", "cifar100-n5")
report.steps(cifar)

# %% [markdown]
# Forgetting, likewise (negative is better):

# %%
report.steps(cifar, "forgetting")
