# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do trained exemplars lie on the boundaries?
#
# The paper says that trained exemplars lie on the boundaries between classes, and shows it by maps of one run (its Figures 1 and 5). {doc}`Chapter 5
# <quick/digits-n5/05_visualizations>` draws them too. Here it is asked in numbers, over seeds, of the runs of {doc}`evidence`: 20 classes of CIFAR-100,
# exemplars trained from herding's, and from random images as in the paper. {doc}`evidence` says in *How to read this page* what its settings are, and how they were chosen:
# with 5 exemplars a class their training has another inner loop (*near*) than with 20 (*far*), so that the two differ in more than number.

# %% tags=["hide-input"] sources=["evidence/boundary"]
from collections import defaultdict

import matplotlib.pyplot as plt

from mnemonics_lib.edition import figures, kept_figures, report
from mnemonics_lib.edition.evidence.boundary import (
    displacement,
    in_words,
    margins,
)
from mnemonics_lib.edition.evidence.boundary.margins import COMPARED
from mnemonics_lib.edition.paired.difference_figures import draw_differences
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.shown import say, show
from mnemonics_lib.edition.studies.page import say_what_is_there
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_files

figures.style()
STUDY = plan(*study_files("evidence/boundary"))
CONTROLS = plan(*study_files("evidence/controls"))
LAST = STUDY.runs[0].config.phases
kept = margins.read(STUDY)
places = margins.places(STUDY, kept, (0, LAST))
say_what_is_there(STUDY)

# %% [markdown]
# ## In short
#
# A *place* is a setting after phase 0, or after the last one. The *margin* of an exemplar is the probability of its own class minus that of the best other one, 0
# on the boundary. Means over exemplars are compared seed by seed; after *before training* stands the same of the images that they were trained from. A place is counted where
# its interval of 95 % is clear of 0, and a side that is not named has none:

# %% tags=["remove-input"] sources=["evidence/boundary"]
say("\n".join(f"- {line}" for line in in_words.in_words(places)))
if places:
    counted = in_words.intervals(places)
    say(
        f"That is {counted} intervals, none asked for in advance; some "
        f"{0.05 * counted:.0f} are expected clear of 0 where there is "
        "nothing. Places share networks and classes. "
        f"{in_words.strict(places)} "
        "Seeds have one of four slices of 20 classes in turn, so that all "
        "that is said of the last phase's two new ones stands on eight."
    )

# %% [markdown]
# ## What is measured
#
# The margin is that of the network after the phase. It is below 0 on
# the wrong side of the boundary, so that its size tells near from far, which is how the paper words its claim. We took the size for *nearer* and *farther* after
# records of this study had been seen; before that it was the margin with its sign, which asks whether an exemplar went towards another class, or over to
# it. Both are told.
#
# *Rank in its class* is the percentage of the training images of its class that lie closer to the mean of the class than the exemplar does. A random image has 50, and a larger
# number is farther from the mean. *To another class* is the distance of its normalised features to the nearest training image of another class. All are
# means over the exemplars of the new classes of a phase, ten in phase 0 and two in the last.
#
# What training does to an exemplar is the difference to what it was, the *start*. In phase 0 the network has not been trained on exemplars yet. In the
# last one it has been, on the trained ones for 40 passes of fine-tuning and not on the others, which alone brings their margins up. That works against
# *nearer* for those on the right side, and for it on the wrong one. *herding* is picked by the features of the network after the phase: after phase 0 that is where training from herding's starts; later it need not be, since fine-tuning has changed them.

# %% tags=["remove-input"] mystnb={"image": {"alt": "How much nearer to the boundary trained exemplars lie than what they were, than herding's and than random images: differences in the size of the margin, a dot per seed, in twelve places."}} sources=["evidence/boundary"]
figure, axes = plt.subplots(
    1, 3, figsize=(7.4, 6.4), layout="constrained", sharey=True
)
names = {
    "start": "what they were",
    "herding": "herding's",
    "random": "random",
}
for axis, (minus, name) in zip(axes, names.items(), strict=True):
    draw_differences(
        {
            place.replace(", phase", "\nphase"): margins.differences(
                tables, minus, "size"
            )
            for place, tables in places.items()
        },
        axis,
        defaultdict(lambda: figures.PALETTE["mnemonics"]),
    )
    axis.set(title=f"minus {name}")
axes[0].tick_params(axis="y", labelsize=9)
axes[1].set(xlabel="size of the margin, trained minus other (left: nearer)")
plt.show()

# %% [markdown]
# Each panel has a scale of its own. Where training began with herding's of the same network, after phase 0, the first two hold the same numbers, and the table
# minus herding's below leaves these places out.
#
# ## In numbers
#
# Trained minus each other kind, with 95 % each over seeds; bold where the interval is clear of 0. Networks know most of the images that training
# began with, and herding had picked them for a mean near that of the class, so that many a change may lower a margin and lead away from the mean: the next section has a control.


# %% tags=["remove-input"] sources=["evidence/boundary"]
DIGITS = {
    "size": 3,
    "near": 1,
    "margin": 3,
    "wrong": 1,
    "percentile": 1,
    "other": 3,
}


def show_places(found):
    """A row for each place, of intervals by column and place; its seeds."""
    show(
        {"place": place}
        | {
            margins.NUMBERS[column]: marked(found[column][place], digits)
            for column, digits in DIGITS.items()
        }
        for place in found["size"]
    )
    counts = [each.n for each in found["size"].values()]
    if len(set(counts)) == 1:
        say(f"Seeds of each row: {counts[0]}.")
    elif counts:
        say(f"Seeds, row by row: {', '.join(map(str, counts))}.")


for minus, name in COMPARED.items():
    say(f"Minus {name}:")
    show_places(
        {column: margins.over(places, minus, column) for column in DIGITS}
    )

# %% [markdown]
# ## What a displacement of this size does by itself
#
# The control is the displacement that another exemplar of the same phase has learned (*shuffled*, a study of {doc}`where`): as large, and of no use where
# it lies now, if what is learned is an exemplar's own. What training did, minus what that did, by seed, with 95 % each. The two runs of a seed are of two studies, and a seed counts where both
# have the same first network, by its training loss. Intervals of few seeds are wide, and what they do not show may still be there.

# %% tags=["remove-input"] sources=["evidence/boundary", "evidence/controls"]
alike = displacement.first_networks(
    *(
        report.evidence("evidence", name)
        for name in ("boundary", "controls")
    )
)
shuffled = displacement.without(
    margins.places(CONTROLS, margins.read(CONTROLS), (0, LAST)), alike
)
found = {
    column: displacement.own(places, shuffled, column) for column in DIGITS
}
say(displacement.alike_in_words(alike))
if waiting := displacement.waited_for(STUDY, CONTROLS):
    say(f"*Not all runs are there of {'; '.join(waiting)}.*")
if found["size"]:
    show_places(found)
    said = displacement.own_in_words(found)
    beyond = displacement.beyond_the_control(
        margins.over(places, "start", "size"), found["size"]
    )
    say(f"{said} {beyond}")

# %% [markdown]
# ## The means of each kind
#
# The numbers themselves, means over exemplars and seeds; *within 0.2 of 0* is the share with a margin of less than 0.2 on either side. Where exemplars began as
# herding's of the same network, there is no row *start*:

# %% tags=["remove-input", "hide-output"] mystnb={"code_prompt_show": "Show the means of each kind", "code_prompt_hide": "Hide the means of each kind"} sources=["evidence/boundary"]
rows = []
for place, tables in places.items():
    levels = margins.levels(tables)
    if margins.is_herdings(tables):
        levels = levels.drop("start")
    for kind, numbers in levels.iterrows():
        rows.append(
            {"place": place, "kind": kind}
            | {
                words: f"{numbers[column]:.{DIGITS[column]}f}"
                for column, words in margins.NUMBERS.items()
            }
        )
show(rows)

# %% [markdown]
# ## The maps
#
# The exemplars among their data, early and late, as in the paper's Figures 1 and 5: LUCIR with 20 a class from herding's, the first classes of phase 0, at
# $\Theta_0$ and at $\Theta_5$, of seed 0. The panels of a row share one map. The rows are two maps, since features of two networks have no axes in
# common. A map keeps neighbours together, and its distances are not to be read.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Random, herding's and trained exemplars among the data of three classes, after phase 0 and after phase 5, LUCIR, seed 0."}} sources=["evidence/boundary"]
seed_0 = kept.get("lucir-trained-20", {}).get(0)
if seed_0:
    maps = {phase: of.embedding for phase, of in seed_0.phases.items()}
    kinds = ("random", "herding", "trained")
    kept_figures.embeddings(maps, kinds, classes=range(3))
    plt.show()
