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
# **Question.** Do trained exemplars beat chosen ones? One run cannot say. It
# takes pairs of runs that differ in the exemplars alone, over several seeds,
# and an interval. The answer for these parameters stands at the end, in words
# that the numbers decide.
#
# **Needs.** The run of [chapter 2](02_global_bop.ipynb) and its record.
#
# **You will see** the kinds of exemplars run here, and compared with the
# records in `book/records`; the paired differences of those records, with 95 %
# intervals; and what the differences are made of: how far pixels moved, whether
# the loss fell, and which classes gained.

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

kinds = ("random", "herding", "mnemonics")
config = parameters.resolve(
    globals(), "04_ablations", [{"exemplars": kind} for kind in kinds]
)

# %% tags=["hide-input", "live"]
from operator import attrgetter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import pearsonr

from mnemonics_lib.durable.bar import bar
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.costs import cost
from mnemonics_lib.edition.drawn_from import drawn_from
from mnemonics_lib.edition.evidence.meta_loss import panel_rows
from mnemonics_lib.edition.finished import runs_of
from mnemonics_lib.edition.paired.difference_figures import draw_differences
from mnemonics_lib.edition.paired.intervals import interval, paired
from mnemonics_lib.edition.records.first_time import told_of
from mnemonics_lib.edition.remade import (
    remade,
    remade_in_words,
    remade_table,
)
from mnemonics_lib.edition.shown import say, show
from mnemonics_lib.edition.studies.outcome import SAID
from mnemonics_lib.paths import RECORDS, RUNS

figures.style()
say(cost("04_ablations", config, study))
runs = runs_of(study, config)  # mnemonics_lib.runs, unless a study is named

# %% tags=["hide-input", "live"]
from mnemonics_lib.edition.evidence.asked import (
    another_judge,
    front_page,
    in_advance,
)
from mnemonics_lib.edition.evidence.pairs import made_again
from mnemonics_lib.edition.evidence.pairs.gains import gains
from mnemonics_lib.edition.evidence.paper_tables import attribution
from mnemonics_lib.edition.paper import training_and_adjusting
from mnemonics_lib.edition.studies import outcome, paired_runs
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.shown_in import shown_in
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_files

# %% [markdown] tags=["once"]
# ## What the paper has
#
# The paper asks this in its Table 2: LUCIR on CIFAR-100, 20 exemplars a class, with
# weight transfer in all rows, one number each. Average accuracy (%) without adjusting
# old exemplars, and in brackets what adjusting them (Eq. 10) adds, in points. Trained
# ones start from random images:

# %% sources=["book/paper/table2.csv", "evidence/split"] tags=["hide-input", "once"]
show(training_and_adjusting.rows())
split = studied("evidence/split")
if here := training_and_adjusting.seen_here(split):
    say(
        f"{here} Exemplars start as herding's there, and it is no "
        "replication; the study is told below."
    )

# %% [markdown]
# ## Run here
#
# Three kinds of exemplars. Everything else is the same within a seed: first
# network, order of the images, crops. Where the project has records of these
# parameters, one seed is run here, to see whether they can be made again.
# Elsewhere it is three, the fewest for which this book gives an interval. Runs
# that an earlier chapter left on this machine are read, and not repeated, nor
# are those of a study that is named as a parameter.

# %% tags=["live"]
own = f"{config.profile}/{config.dataset}-n{config.phases}"
committed = report.evidence(*(study or own).split("/"))

# %%
seeds = range(config.seed, config.seed + (1 if committed else 3))
grid = [(kind, at) for at in seeds for kind in kinds]
fresh: report.Evidence = {}
for kind, at in bar(grid, desc="runs"):
    run = config.replace(exemplars=kind, seed=at)
    keep = drawn_from(run) if run == config else None  # as in chapter 2
    record, _ = runs.run(run, RUNS, keep=keep, progress=True)
    fresh.setdefault(kind, {})[at] = record

# %% tags=["hide-input"]
here = report.summary(fresh).drop(columns="median cost (s)").reset_index()
show(here)

# %% mystnb={"image": {"alt": "Accuracy after each phase for random, herding and mnemonics exemplars, over all classes seen and over the first."}} tags=["hide-input"]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(7, 3.6), layout="constrained", sharey=True
)
finished = [record for of in fresh.values() for record in of.values()]
joint = list(committed.get(report.JOINT, {}).values())
figures.phase_curves(finished, left, bound=joint)
figures.phase_curves(
    finished, right, key="first_classes_accuracy", bound=joint
)
left.set(title="all classes seen, $A_i$")
right.set(title="first classes alone, $A_i^Z$")
right.get_legend().remove()
plt.show()
if joint:
    say(
        f"Dashed: the mean of {len(joint)} records of *joint* training, on "
        "all images seen so far. It is the upper bound."
    )

# %% [markdown]
# ## The records
#
# `make study` makes each arm of a study, a file in `book/studies`, over its
# seeds, and leaves one record each in `book/records`. They were made by the
# library at the commit that they name. Where its source is still the same, a
# run here differs from the record of the same seed by rounding alone. On the
# same kind of processor that is nothing. On another one it is magnified by
# thousands of steps of training, and can end as far away as another seed does,
# or farther. So beside each difference stands the standard deviation over the
# seeds of its arm:

# %% sources=["here", "records"] tags=["hide-input"]
# None where the runs above were taken from these records.
found = [] if study else remade(fresh, committed)
if found:
    show(remade_table(found))
    for sentence in remade_in_words(found):
        say(sentence)
elif study:
    say("The runs above are those records.")
else:
    say("There are no records of these very runs.")

# %% [markdown]
# All arms of the study, with the mean over seeds and the half-width of its 95 %
# interval. A mean here is over all seeds of its arm, and a difference, below, over
# those that two arms have in common. Where the runs of both arms were made twice,
# with the same settings and seeds, the difference has the mean of each run's two
# average accuracies, and all other numbers are of the second time. So a difference
# need not be that of the means.

# %% tags=["hide-input", "live"]
evidence = committed if "herding" in committed else fresh
start = config.exemplar_level.init  # of trained exemplars
MADE = {
    "joint": "none: trained on all images seen so far, the upper bound",
    "random": "real images, drawn",
    "herding": "real images, chosen one after the other",
    "mnemonics": f"trained from those of *{start}*, by these parameters",
    "mnemonics-from-herding": "trained from those of *herding*",
    "mnemonics-adjust": "trained, and the old ones adjusted (Eq. 10)",
    "herding-adjust": "herding, and the old ones adjusted (Eq. 10)",
    "mnemonics-eq4b": "trained by the objective of Eq. 4b",
    "mnemonics-paper": "trained by Eq. 7 to 9 with the paper's numbers",
    "herding-bfloat16": "herding, with networks trained in half precision "
    "(does that change the result?)",
}
lines = [f"- *{arm}*: {MADE[arm]}" for arm in MADE if arm in evidence]
say(";\n".join(lines) + ".")

# %% sources=["records"] tags=["hide-input", "slide-arms"]
of_study = (study or own) if evidence is committed else ""
show(report.summary(evidence, of_study).reset_index())

# %% tags=["remove-input"]
if twice := told_of(of_study):
    say(twice)

# %% [markdown]
# ## Paired differences
#
# Each dot is one seed: an arm's average accuracy minus herding's with the same
# seed. The bar is the 95 % interval of the mean. Where it crosses zero, no
# difference is shown.

# %% mystnb={"image": {"alt": "Average accuracy minus that of herding, a dot per seed and a 95 % interval, for each way of making exemplars."}} sources=["records"] tags=["hide-input", "slide-paired"]
arms = [
    arm for arm in evidence if report.comparable(evidence, arm, "herding")
]
arms.remove("herding")
over_herding = {
    arm: report.differences(
        evidence, arm, "herding", "average_accuracy", of_study
    )
    for arm in arms
}
colours = {
    arm: figures.PALETTE.get(arm.split("-")[0], "black") for arm in arms
}
figure, axis = plt.subplots(
    figsize=(7, 0.6 * len(arms) + 1.2), layout="constrained"
)
draw_differences(over_herding, axis, colours)
axis.set(xlabel="average accuracy minus herding (points)")
plt.show()

# %% [markdown]
# That compares ways to fill a memory. What *training* does is seen against the
# images that it started from, and what *adjusting* old exemplars (Eq. 10) does
# against the same without it:

# %% sources=["records"] tags=["hide-input", "slide-training"]
STARTS = {
    "mnemonics": config.exemplar_level.init,
    "mnemonics-eq4b": "random",
    "mnemonics-paper": "random",
    "mnemonics-from-herding": "herding",
}
WITHOUT = {"mnemonics-adjust": "mnemonics", "herding-adjust": "herding"}
trained, adjusted = (
    {
        arm: other
        for arm, other in pairs.items()
        if report.comparable(evidence, arm, other)
    }
    for pairs in (STARTS, WITHOUT)
)
pairs = trained | adjusted
for field in ("average_accuracy", "forgetting"):
    found = {
        arm: report.difference(evidence, arm, other, field, of_study)
        for arm, other in pairs.items()
    }
    show(
        {
            "exemplars": arm,
            "minus": pairs[arm],
            "what differs": "training" if arm in trained else "adjusting",
            f"{field.replace('_', ' ')} (points)": str(difference),
            "verdict": SAID[difference.verdict],
        }
        for arm, difference in found.items()
    )

# %% [markdown]
# ## What moves, and does it help?
#
# Displacement says how far trained exemplars went from their start. What that
# was worth is the accuracy of the run minus that of a run which keeps the start.
# If moving further helped, the dots would rise to the right.

# %% mystnb={"image": {"alt": "Difference to the images that training started from against displacement of the exemplars, a dot per run of each mnemonics arm."}} sources=["records"] tags=["hide-input", "live"]
moved = [arm for arm in arms if arm.startswith("mnemonics")]
points = pd.DataFrame(
    [
        (arm, evidence[arm][at].displacement, difference)
        for arm, start in trained.items()
        for at, difference in report.differences(
            evidence, arm, start, "average_accuracy", of_study
        ).items()
    ],
    columns=["arm", "displacement", "difference"],
)
figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
for (arm, dots), marker in zip(
    points.groupby("arm"), "osD^v", strict=False
):
    axis.scatter(
        dots["displacement"],
        dots["difference"],
        marker=marker,
        facecolor="none" if arm != "mnemonics" else colours[arm],
        edgecolor=colours[arm],
        label=arm,
    )
axis.axhline(0, color="black", lw=1)
axis.set(xlabel="displacement (std)", ylabel="points over their start")
axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
plt.show()

# %% tags=["hide-input"]
if len(points) > 3:
    r = pearsonr(points["displacement"], points["difference"])
    low, high = r.confidence_interval()
    way = (
        "are shown to rise"
        if low > 0
        else "are shown to fall"
        if high < 0
        else "are not shown to rise or to fall"
    )
    say(
        f"They {way}: the correlation is {r.statistic:+.2f}, with a 95 % "
        f"interval from {low:+.2f} to {high:+.2f}, as if all runs were "
        "independent. It is of the runs of all arms together, which differ "
        "in more than how far they went."
    )

# %% [markdown]
# ## Does training lower the loss that it minimises?
#
# The loss of one outer step is that of one random start and batch, so two steps
# cannot be compared. Each record therefore holds the validation loss on a fixed
# *panel*: four starts and up to 512 images, the same before and after training
# (one start where all are $\Theta_i$ itself, as for *mnemonics-paper*).
# It is taken twice. Once batch normalisation has its means and variances from the
# validation batch; that is what training minimises. And once it has the running
# ones, with which a network is deployed. Beside it stands how far the new
# exemplars went, and how far the same optimiser would have carried them along
# *noise*: random gradients of the same root mean square. After minus before, over
# the seeds of each arm, and mean displacements, for the first phase and the last;
# the other rows are folded.
#
# Below 0 in the first column of losses: training lowered what it minimises. Below 0
# in the second: that holds by running statistics, too. After $T$ inner steps a
# share of $0.9^T$ of these is still that of $\Theta_i$ from before it was perturbed,
# and misfits: where the inner loop is short, the second column has that in it.

# %% sources=["records"] tags=["hide-input", "live"]
rows = panel_rows.panel_rows(evidence, moved)
SHOWN = ["mnemonics", "mnemonics-from-herding", "mnemonics-paper"]
ends = panel_rows.at_the_ends(rows, SHOWN) or rows
show(each.row for each in ends)

# %% mystnb={"code_prompt_show": "Show the other rows", "code_prompt_hide": "Hide the other rows"} sources=["records"] tags=["remove-input", "hide-output"]
if rest := [each for each in rows if each not in ends]:
    show(each.row for each in rest)

# %% tags=["hide-input", "slide-own-loss"]
say(panel_rows.in_words(rows))

# %% [markdown]
# ## Who pays?
#
# The differences that training and adjusting make at the end of the run, for the
# classes of phase 0 and for those that came later. Do exemplars that protect the
# one cost the other?


# %% sources=["records"] tags=["hide-input"]
def late(record):
    """Accuracy on the classes after phase 0, at the end of the run (%)."""
    counts = np.array(record.results[-1].confusion)
    first = len(record.results[0].confusion)
    return 100 * counts.diagonal()[first:].sum() / counts[first:].sum()


def early(record):
    """Accuracy on the classes of phase 0, at the end of the run (%)."""
    return record.first_classes_accuracy[-1]


parts = {"first classes": early, "later classes": late}
found = {
    arm: {
        words: paired(
            *(
                {at: part(record) for at, record in evidence[of].items()}
                for of in (arm, other)
            )
        )
        for words, part in parts.items()
    }
    for arm, other in pairs.items()
}
show(
    {"exemplars": arm, "minus": pairs[arm]}
    | {f"{words} (points)": str(of) for words, of in by_part.items()}
    for arm, by_part in found.items()
)
traded = [
    arm
    for arm, by_part in found.items()
    if {of.verdict for of in by_part.values()} == {"lower", "higher"}
]
say(
    "That one part is shown to gain and the other to lose is so for "
    + (" and ".join(f"*{arm}*" for arm in traded) or "none of them")
    + "."
)

# %% [markdown]
# ## With more classes in a phase, or fewer
#
# $N$ decides how many classes arrive together. With one class in a phase Eq. 7
# asks for almost nothing ([chapter 3](03_local_bop.ipynb)); with several they
# must be told apart. So does training help more with a smaller $N$? The records
# of this data set, trained minus the images that training started from:

# %% sources=["all"] tags=["hide-input"]
gained = {}  # seed -> difference
for folder in (RECORDS / config.profile).glob(f"{config.dataset}-n*"):
    n = int(folder.name.rpartition("-n")[2])
    other = report.evidence(config.profile, folder.name)
    for arm, start in STARTS.items():
        if report.comparable(other, arm, start):
            gained[arm, n] = report.differences(
                other,
                arm,
                start,
                "average_accuracy",
                f"{config.profile}/{folder.name}",
            )
gained = dict(sorted(gained.items()))
if gained:
    show(
        {
            "exemplars": arm,
            "N": n,
            "minus": STARTS[arm],
            "average accuracy (points)": str(found),
            "verdict": SAID[found.verdict],
        }
        for (arm, n), by_seed in gained.items()
        for found in [interval(list(by_seed.values()))]
    )
else:
    say(
        "The studies beside these parameters have no records of such pairs."
    )

# %% sources=["all"] tags=["hide-input"]
unknown = dict.fromkeys(arm for arm, _ in gained if arm not in evidence)
for arm in unknown:
    say(f"(*{arm}*: {MADE[arm]}.)")
for arm in dict.fromkeys(arm for arm, _ in gained):
    few, many = (
        end(n for of, n in gained if of == arm) for end in (min, max)
    )
    if few < many:
        found = paired(gained[arm, few], gained[arm, many])
        say(
            f"- *{arm}*: what training adds with $N = {few}$, minus what "
            f"it adds with $N = {many}$, is {found} points: "
            f"{SAID[found.verdict]}."
        )

# %% [markdown] tags=["once"]
# ## What "with mnemonics" changes, on CIFAR-100
#
# The paper's "with mnemonics" changes four things at once: exemplars are
# trained, old ones adjusted, convolutions keep their kernels of phase 0 and
# learn one factor for each pair of an input and an output channel (*weight
# transfer*), and each phase ends with a balanced fine-tuning. Here they are made
# one after the other, on 20 classes of CIFAR-100 at a time, with 20 exemplars a
# class, from the records of `book/studies/evidence/split.yaml`. A cell is what a
# change adds to the one before it, 95 % each, and bold where it is clear of 0.
# Another order would share the whole out otherwise, where changes depend on one
# another. Of forgetting less is better:

# %% sources=["evidence/split"] tags=["hide-input", "slide-cifar", "once"]
split = studied("evidence/split")
for field in ("average_accuracy", "forgetting"):
    say(f"Differences in {field.replace('_', ' ')}, in points:")
    show(attribution.rows(split, attrgetter(field)))

# %% [markdown] tags=["once"]
# What does training alone do? Each run starts from herding's exemplars, and is
# compared with a run that keeps them. What was asked first, and what came of it:

# %% sources=["evidence/primary"] tags=["hide-input", "live", "once"]
all_gains = gains()  # one for each setting of the book
first_asked = [each for each in all_gains if each.setting.asked_in_advance]
say(front_page.answer_in_words(first_asked))

# %% [markdown] tags=["once"]
# The list says for each of the eight pairs whether a difference in average accuracy
# is shown. The level of each interval is such that all eight hold together at 95 %.
# What is not finished has no verdict. [Does training exemplars
# help?](../book/evidence.py), a page of the book, has more of them:

# %% sources=["evidence/primary"] tags=["hide-input", "slide-eight-pairs", "once"]
primary = plan(*study_files("evidence/primary"))
lines = outcome.in_short(
    primary,
    outcome.comparisons(primary),
    named=lambda arm, _: paired_runs.cell(arm),
)
say("\n".join(f"- {line}" for line in lines))

# %% [markdown] tags=["once"]
# Eq. 7 trains and judges by the new classes alone. The same question with 5 a class,
# by the objective of Eq. 4b, where old exemplars and old classes take part, was asked
# in advance of runs with other seeds. Its four intervals hold together at 95 %:

# %% sources=["evidence/objective"] tags=["hide-input", "once"]
objective = studied("evidence/objective")
if second := shown_in(objective):
    say(f"- {second}. {made_again.what_hangs_on_it(objective)}")

# %% [markdown] tags=["once"]
# By the recipe of these runs, Eq. 7a judges exemplars by real images as they are, and
# networks are trained on augmented ones. A later question, asked in advance of seeds of
# its own, was whether training helps where the judge's images are augmented, too, with
# 5 a class:

# %% sources=["evidence/augmented_judge", "evidence/augmented_20"] tags=["hide-input", "once"]
judged = studied("evidence/augmented_judge")
if third := shown_in(judged, "-augmented$", "-herding$"):
    say(f"- {third}.")
if fourth := another_judge.with_20(studied("evidence/augmented_20")):
    say(f"- {fourth}")

# %% [markdown] tags=["once"]
# Whoever asks often enough will see a difference by chance. So here are all questions
# of trained exemplars against herding's that were asked in advance, these and others,
# with intervals that hold together at 95 %. [Why](../book/why.py) a change of the judge
# could matter, and a control of it, has a page of its own:

# %% sources=["evidence/primary", "evidence/objective", "evidence/one_a_class", "evidence/augmented_judge", "evidence/augmented_20", "evidence/augmented_others"] tags=["hide-input", "slide-eight-pairs", "once"]
say(in_advance.held_together(in_advance.questions(all_gains)))

# %% [markdown]
# ## The answer, for these parameters

# %% tags=["hide-input"]
asked = dict.fromkeys(trained.items(), "from which it was trained")
asked |= dict.fromkeys(adjusted.items(), "the same without adjusting")
asked |= {
    (arm, "herding"): "the usual choice"
    for arm in ("mnemonics", "random")
    if arm in arms and (arm, "herding") not in asked
}
for (arm, other), what in asked.items():
    found = report.difference(
        evidence, arm, other, "average_accuracy", of_study
    )
    say(
        f"- *{arm}* minus *{other}*, {what}, in points of average "
        f"accuracy: {found}; {SAID[found.verdict]}."
    )

# %% sources=["evidence/primary"] tags=["hide-input"]
primary = plan(*study_files("evidence/primary"))
mine = config.replace(exemplars="mnemonics").in_effect()
same = {run.arm for run in primary.runs if run.config.in_effect() == mine}
for arm, _, found in outcome.comparisons(primary):
    if arm in same and found.field == "average_accuracy":
        say(
            f"This run is one of {found.difference.n} that the study "
            f"`{primary.name}` has of such a pair, on other classes, too: "
            f"trained minus herding is {found.difference} there, "
            f"{SAID[found.difference.verdict]} "
            "([Does training exemplars help?](../book/evidence.py))."
        )

# %% [markdown] tags=["once"]
# ## Exercises

# %% [markdown] tags=["exercise", "minutes-15"]
# ### Exercise 4.1: a paired interval
#
# Two arms were run with the same seeds. Return the mean of their $n$ differences
# and the two ends of its 95 % t interval. These are
# $t_{0.975,\,n-1}\; s / \sqrt{n}$ away from it, with the standard deviation $s$ of
# the differences, the one with $n - 1$ below the sum of squares
# (`scipy.stats.t.ppf` has the factor).


# %% tags=["solution", "hide-input"]
def paired_interval(first, second):
    """Mean, low and high of first minus second, arrays of n >= 3."""
    from scipy import stats

    differences = np.asarray(first) - np.asarray(second)
    n, mean = len(differences), differences.mean()
    error = differences.std(ddof=1) / np.sqrt(n)
    half = stats.t.ppf(0.975, n - 1) * error
    return mean, mean - half, mean + half


# %% tags=["check"]
one, other = [61.0, 64.0, 59.5, 62.0], [60.2, 63.5, 59.9, 60.0]
right = paired(dict(enumerate(one)), dict(enumerate(other)))
expected = (right.mean, right.low, right.high)
assert np.allclose(paired_interval(one, other), expected)

# %% [markdown] tags=["exercise", "minutes-15"]
# ### Exercise 4.2: what pairing is worth
#
# Values of two arms with the same seed have a correlation of $\rho$, and both
# have the same spread. How many times as many seeds would unpaired arms need,
# for an interval as narrow? Assume many seeds, so that the factor $t$ is the same
# for both.


# %% tags=["solution", "hide-input"]
def times_as_many(rho):
    """Seeds without pairing over seeds with it."""
    return 1 / (1 - rho)  # var(a - b) is 2 s^2 (1 - rho), and not 2 s^2


# %% tags=["check"]
rng = np.random.default_rng(0)
shared, a, b = rng.normal(size=(3, 200_000))
a, b = 3 * shared + a, 3 * shared + b  # a correlation of 0.9
unpaired = a.var() + b.var()
assert abs(times_as_many(0.9) / (unpaired / (a - b).var()) - 1) < 0.02

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 4.3: eight intervals together
#
# Eight intervals are to hold *together* with 95 %, whatever their dependence.
# The chance that any of them misses is at most the sum of theirs. Return the
# level that each must have.


# %% tags=["solution", "hide-input"]
def level_of_each(together, count):
    """Bonferroni's level of one of several intervals."""
    return 1 - (1 - together) / count


# %% tags=["check"]
rng = np.random.default_rng(0)
draws = rng.normal(size=(4000, 8, 10))  # nothing but noise around zero
level = level_of_each(0.95, 8)
assert abs(level_of_each(0.9, 4) - 0.975) < 1e-9
wide = [
    all(i.low < 0 < i.high for i in (interval(x, level) for x in of))
    for of in draws[:400]
]
narrow = [
    all(i.low < 0 < i.high for i in (interval(x, 0.95) for x in of))
    for of in draws[:400]
]
assert np.mean(wide) > 0.92
assert np.mean(narrow) < 0.75
