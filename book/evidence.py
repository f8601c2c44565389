# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does training exemplars help?
#
# Eq. 7 trains exemplars, here from the images that herding picks. Are they better than those? The
# studies in `book/studies/evidence` ask this of 20 classes of CIFAR-100 at a time, with small networks. This page has what was asked in advance, and how it was asked.
#
# {doc}`phase_by_phase` looks into the same runs: where in a run is a difference, and what did the training do? {doc}`where` asks of other numbers of
# exemplars, networks and starts, and {doc}`side_by_side` has all settings in one figure. {doc}`boundary` asks where trained exemplars lie, {doc}`paper_tables` has the paper's tables at this size, and {doc}`why` says
# what Eq. 7 can be expected to reward.

# %% tags=["hide-input"]
import math
from statistics import fmean, median

from mnemonics_lib.config import load_config
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.evidence.asked import (
    another_judge,
    in_advance,
    in_short,
    of_slices,
    other_ways,
    recipe_again,
)
from mnemonics_lib.edition.evidence.pairs import made_again, repeats
from mnemonics_lib.edition.evidence.pairs.gains import gains
from mnemonics_lib.edition.evidence.pairs.moved import moved_in_words
from mnemonics_lib.edition.evidence.regimes import both_questions
from mnemonics_lib.edition.evidence.regimes.fine_tuning import (
    beside_its_cost,
)
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.shown import arrow, say, show
from mnemonics_lib.edition.studies import outcome, paired_runs
from mnemonics_lib.edition.studies.by_phase import ENDS
from mnemonics_lib.edition.studies.page import (
    say_what_is_waited_for,
    show_comparisons,
)
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.shown_in import shown_in
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.paths import PARAMS

figures.style()
PRIMARY = studied("evidence/primary")
OBJECTIVE = studied("evidence/objective")
DOUBLING = studied("evidence/doubling")
PAIRS = PRIMARY.pairs()
FINISHED = [pair for pair in PAIRS if pair.finished]
BOTH = both_questions.both_questions(
    [pair for pair in PAIRS if pair.name.endswith(" 5 a class")],
    OBJECTIVE.pairs(),
)
LAST = PRIMARY.plan.runs[0].config.phases


# %% [markdown]
# ## In short

# %% [markdown]
# Each question that was asked in advance of its runs, its intervals held together at 95 %, and all of them held together (*first made*: some runs were made a second time, below):

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/one_a_class", "evidence/augmented_judge", "evidence/augmented_20", "evidence/augmented_others", "book/records/first_time.json"]
GAINS = gains()
QUESTIONS = in_advance.questions(GAINS)
SHOWN = other_ways.other_ways(QUESTIONS)
show(each.row(in_advance.level_of_all()) for each in QUESTIONS)
say(f"{in_advance.held_together(QUESTIONS)} {other_ways.in_words(SHOWN)}")
say(in_short.asked_in_advance(PAIRS))

# %% [markdown]
# Beyond what was asked in advance, exploratory:


# %% tags=["remove-input"] sources=["all"]
def as_many_bytes():
    """Arms of which 20 of herding's are as many bytes as 5 trained."""
    pairs = [
        (f"{method}-herding-20", f"{method}-trained-5")
        for method in ("lwf", "icarl", "lucir")
    ]
    return [
        (arm, minus, difference)
        for arm, minus in pairs
        if PRIMARY.plan.finished(arm, minus)
        and (difference := outcome.between(PRIMARY.plan, arm, minus))
    ]


AGAIN = recipe_again.recipe_again(GAINS)
lines = [recipe_again.in_words(AGAIN), both_questions.in_words(BOTH)]
if stored := as_many_bytes():
    lines.append(in_short.in_as_many_bytes(stored))
if counted := shown_in(DOUBLING):
    lines.append(
        f"**Twice as many of herding's, against half as many**: {counted}."
    )
if FINISHED:
    lines.append(in_short.in_time(FINISHED))
lines.append(
    in_short.other_settings(
        [gain for gain in GAINS if gain.setting.exploratory]
    )
)
say("\n".join(f"- {line}" for line in filter(None, lines)))
say_what_is_waited_for(map(plan, study_files("evidence")))

# %% [markdown]
# ## How to read this page

# %% tags=["remove-input"] sources=["evidence/primary", "paper/cifar100-n5"]
small = load_config(PARAMS / "small" / "cifar100-n5.yaml")
first, *later = (
    last - first
    for first, last in map(small.protocol().bounds, range(LAST + 1))
)
known = {
    record.results[0].train_accuracy
    for pair in PAIRS
    for record in pair.second.values()
}
known_at_paper_scale = fmean(
    run.results[0].train_accuracy
    for run in report.evidence("paper", "cifar100-n5")["lucir"].values()
)
level = small.exemplar_level
outer = {
    count: level.epochs
    * math.ceil(
        count * DATASETS[small.dataset].images_per_class / level.val_batch
    )
    for count in (first, later[0])
}
slices = PRIMARY.plan.study.slices
seeds_of = [
    sum(
        PRIMARY.plan.study.slice_of(seed) == each
        for seed in PRIMARY.plan.study.seeds_of("trained-5")
    )
    for each in slices
]
say(
    f"**The size** (`params/small`): {first + sum(later)} classes of "
    f"CIFAR-100, {first} at first and then {LAST} times {later[0]}, averaged "
    f"down to {small.resolution} × {small.resolution} pixels; a ResNet-"
    f"{small.network.depth} of width {small.network.width}, trained for "
    f"{small.training.epochs} epochs a phase. The first networks know "
    f"{min(known):.0f} to {max(known):.0f} % of their training images, one "
    f"of the paper's size {known_at_paper_scale:.1f} % ({{doc}}`results`). The seeds fall "
    f"{', '.join(map(str, seeds_of))} on the slices of classes."
)
say(
    "**The training of exemplars**: from herding's, by {eq}`eq-7`, those of "
    "new classes in the phase that brings them, old ones left as they "
    f"are, in {outer[first]} outer steps in phase 0 and {outer[later[0]]} in "
    f"later ones, by Adam with a rate of {level.beta} on the pixels, with "
    "crops in the inner loop. Temporary models start from *perturbed* "
    "networks. With 20 a class they take "
    f"{level.inner_steps} inner steps with momentum, of which the last "
    f"{level.truncate} are differentiated (*far*); with 5, eight steps, all "
    "of them differentiated (*near*). "
    + moved_in_words(
        {pair.name: [*pair.first.values()] for pair in PAIRS},
        small.dataset,
    )
)

# %% [markdown]
# *Perturbed*: part of the weights of a network that was drawn anew is mixed into the trained one ({doc}`why`).
#
# **Chosen apart from what is reported.** The search compared candidates on the first 20 classes of the order, judged on training images that were
# held out, with seeds from 100 on ({doc}`tried`). What it began with came from earlier runs that were judged on test images: the step of 0.003 on the pixels
# from runs on all classes, the near loop from a few on the first 20. Here are the other 80 classes, in four slices of 20, and test images. Each seed has
# its slice in turn, so that a difference stands on four draws of classes and not on one. An interval is about these four slices and new seeds, not
# about other classes; a table below says what each slice gave. The search saw none of these test images. Studies before it had, with LUCIR and other
# settings, adjusted exemplars among them ({doc}`cifar100`): all of them in the study `underfit`, classes 50 to 99 in `medium`, 20 to 39 in `small`, there with the other methods, too.
#
# **Paired.** Both runs of a difference have the same classes, first network, order of images, weight transfer, fine-tuning and training of
# networks, where the table, or a line below it, does not say otherwise.

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/controls"]
say(
    repeats.in_words(
        repeats.repeated(
            PAIRS,
            studied("evidence/controls").pairs("-trained-", "-herding-"),
            ENDS["average accuracy"],
        )
    )
)

# %% [markdown]
# **One question was asked in advance of all runs**: the first table, whose eight intervals hold *together* at 95 % (Bonferroni: 99.4 % each). Its study,
# `book/studies/evidence/primary.yaml`, has not changed since commit 9fd260d, and every record of it names that commit or a later one. Others came
# of its answer and of what was looked at next, and each was asked in advance of its own runs, for seeds that the runs which led to it had not: of the objective of Eq. 4b
# and of a judge whose images are augmented, both below, and of LUCIR with 1 exemplar a class ({doc}`where`), with the seeds and classes that Eq. 4b's study has.
# *All questions held together* are these and two more of that judge, which are not all answered: their number was fixed before they were. Controls, and single changes
# ({doc}`why`), were written down in advance as well, with levels of their own; they are not of trained minus herding's. All else is
# exploratory, with 95 % each: of twenty such intervals one is expected to miss, and this page asks for many. **Bold** is what is clear of 0 at the level that the text gives.
# Studies share runs. A row that repeats a comparison of the first table has its first seeds, and is no second evidence.
#
# **No difference shown is not no difference.** A true difference of any size within the interval goes with these runs. *Shown from* is the
# smallest one that a study with as many seeds and as much spread would show in four of five repetitions; it is given for what is finished.
#
# **LwF and iCaRL** train the same networks on the same exemplars, and classify in different ways: by the head, and by the nearest mean of exemplars. Their rows
# are two readings of the same training.
#
# **Counts are equal, bytes are not.** A trained exemplar is kept in floating point, a real image needs a byte for each number, so that four times as many of them fit.
# The pairs here have as many exemplars; what as many bytes would give has a section of its own.
#
# **Forgetting** is $\mathcal{A}_0^Z - \mathcal{A}_N^Z$: what the classes of phase 0 lose of their accuracy.
#
# **Every number is computed from run records.** A study that is not finished says so, and its marks are hollow; an interval of a part of its seeds is
# no verdict.

# %% [markdown]
# ## Trained from herding minus herding
#
# Four methods, with weight transfer and fine-tuning; 20 exemplars a class, the paper's number, and 5. BiC holds out some of them for its bias: it
# trains with 18, and with 4. Forgetting is exploratory. Arms are named after the method, the exemplars and their number a class: `lwf-trained-20` minus `lwf-herding-20` is
# the setting *LwF, 20 a class*.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy, and in forgetting, between trained exemplars and herding's, for four methods and two budgets, a dot per seed."}} sources=["evidence/primary"]
show_comparisons(PRIMARY)

# %% tags=["remove-input"] sources=["book/records/first_time.json", "evidence/primary"]
say(made_again.in_words(PRIMARY))

# %% [markdown]
# The accuracies themselves, in %, with herding's exemplars → with trained ones, means over seeds; and the last phase, which many papers report
# instead of the average (95 % each, exploratory):

# %% tags=["remove-input"] sources=["evidence/primary"]


def accuracies(pairs):
    """Rows with the accuracies of both runs, and with the last phase's."""
    return [
        {
            "setting": pair.name,
            "seeds": len(pair.first),
            "average": arrow(*pair.means(lambda r: r.average_accuracy), 1),
            "last phase": arrow(*pair.means(paired_runs.final_accuracy), 1),
            "last phase, trained minus herding": marked(
                pair.difference(paired_runs.final_accuracy)
            )
            + ("" if pair.finished else " (not finished)"),
        }
        for pair in pairs
    ]


show(accuracies(PAIRS))

# %% [markdown]
# Beside the paper's numbers:

# %% tags=["remove-input"] sources=["evidence/primary", "book/paper/table2.csv"]
say(in_short.as_large_as_the_papers(PAIRS))
say(
    in_short.beside_the_paper(
        *(pair for pair in PAIRS if pair.name == "LUCIR, 20 a class")
    )
)

# %% [markdown]
# The average accuracy by slice of classes:

# %% tags=["remove-input"] sources=["evidence/primary"]


def by_slice(pair, study):
    """Mean difference in average accuracy for each slice of classes."""
    of = {tuple(each): [] for each in slices}
    for seed, value in pair.asked.differences.items():
        of[tuple(study.plan.study.slice_of(seed))].append(value)
    return {
        f"classes {first}–{last - 1}": f"{fmean(values):+.2f}"
        if values
        else "–"
        for (first, last), values in of.items()
    }


show({"setting": pair.name} | by_slice(pair, PRIMARY) for pair in FINISHED)

# %% [markdown]
# ## The objective of Eq. 4b, asked in advance
#
# With {eq}`eq-7` a temporary model sees the exemplars of the new classes alone, and is judged by these classes alone. In phase 0 they are all
# the classes there are, and in a later phase here they are two. With 5 a class LwF and LUCIR were ahead after phase 1, whose fine-tuning is mostly on exemplars of
# phase 0; in the end neither is shown to be, and a fall is shown for LwF alone ({doc}`phase_by_phase`, *When?*). So the search was taken up again, on its own classes and images ({doc}`tried`, *Tried afterwards*). Where
# all exemplars take part in Eq. 8 and old ones in the judge, with all classes alike, LwF and LUCIR gained somewhat more there on average, though not in
# every seed. That is the objective of {eq}`eq-4b`
# ({ref}`eq7-or-eq4b`). The judge of all classes by itself had done as well there, and was not asked of new seeds.
#
# Here it is asked of all four methods, with 5 a class, seeds that the primary study had not, and all else as there. The study,
# `book/studies/evidence/objective.yaml`, was committed before any of its runs was made. Its four intervals of average accuracy hold together at 95 %. What
# led to it had been seen on test images of the same slices of classes, with other seeds.

# %% tags=["remove-input"] sources=["evidence/objective", "small/cifar100-n5", "book/records/first_time.json"]
SLICES = of_slices.of_shown(
    OBJECTIVE, report.evidence("small", "cifar100-n5")
)
if second := shown_in(OBJECTIVE):
    say(
        f"It came to: {second}. {of_slices.in_short(SLICES)} "
        f"{made_again.what_hangs_on_it(OBJECTIVE)} "
        f"{beside_its_cost(OBJECTIVE.pairs())}"
    )

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy and in forgetting between exemplars trained by Eq. 4b and herding's, 5 a class, four methods, a dot per seed."}} sources=["evidence/objective"]
show_comparisons(OBJECTIVE)

# %% tags=["remove-input"] sources=["book/records/first_time.json", "evidence/objective"]
say(made_again.in_words(OBJECTIVE))

# %% [markdown]
# The average accuracy by slice of classes:

# %% tags=["remove-input"] sources=["evidence/objective"]
show(
    {"method": pair.name} | by_slice(pair, OBJECTIVE)
    for pair in OBJECTIVE.pairs()
    if pair.finished
)

# %% tags=["remove-input"] sources=["evidence/objective", "small/cifar100-n5"]
say(of_slices.in_words(SLICES, "`small`"))

# %% [markdown]
# That they be made again was decided when the intervals with the first ones had been seen, LUCIR's just across 0 among them. It had been done in the primary
# study before, and it was done here for every pair, of all methods, whose first networks differed. With them LwF's and iCaRL's intervals are shorter:
# networks that began apart differ by more than their exemplars.
#
# The two studies have no seed in common. Each is of ten seeds a method, too few for what is as small as here, so that they are put together below, as if training had
# been the same in both. Both had been seen before. Which of the two objectives gains more is not asked by it: their seeds differ.
# Forgetting counts the classes of phase 0 alone; *later classes* are all that came after it, the phase's own among them, mean over the phases from 1 on
# ({doc}`phase_by_phase`, *New classes or old ones?*, has them apart).

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective"]
if BOTH:
    show(each.row for each in BOTH)

# %% [markdown]
# ## The judge's images augmented, asked in advance
#
# The *judge* is what Eq. 7a measures a temporary model by: real images, here those of the phase's classes. Networks are trained on shifted and mirrored images, and the
# recipe's judge sees them as they are: the very images that the network has learned by heart. In a study of single changes ({doc}`why`, *Do start and judge decide?*) training
# was ahead of the recipe with augmented ones, for both methods it asked of, by intervals that hold 0. So it was asked of new seeds, 5 a class, with herding's for a control, before any of these runs was made
# (`book/studies/evidence/augmented_judge.yaml`): with this judge training helps where the interval over herding's lies above 0, two held together. For a run by it,
# give `--recipe tuned --set exemplar_level.val_augment=true`.

# %% tags=["remove-input"] sources=["evidence/augmented_judge", "evidence/augmented_control"]
AUGMENTED = studied("evidence/augmented_judge")
CONTROL = studied("evidence/augmented_control")
if judged := another_judge.in_words(AUGMENTED, CONTROL):
    say(f"{judged} {another_judge.at_last(AUGMENTED)}")

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy and in forgetting between exemplars that augmented images judged and herding's, and between them and those of the recipe, for LwF and LUCIR, a dot per seed."}} sources=["evidence/augmented_judge"]
show_comparisons(AUGMENTED)

# %% [markdown]
# The accuracies themselves, and the last phase's, as above (95 % each, exploratory):

# %% tags=["remove-input"] sources=["evidence/augmented_judge"]
show(accuracies(AUGMENTED.pairs("-augmented$", "-herding$")))

# %% [markdown]
# The control, written down when that had been seen, and before any run of its own was made (`book/studies/evidence/augmented_control.yaml`). It has the same runs and, beside them, *shuffled*: each
# exemplar gets what training changed in another one. Since the runs are the same, chance that lifted them above herding's lifts them above these, too.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy between exemplars with their own displacements and with another one's, and between these and herding's, for LwF and LUCIR, a dot per seed."}} sources=["evidence/augmented_control"]
show_comparisons(CONTROL)

# %% [markdown]
# Two more questions were written down when 5 a class had been answered, before any of their runs was made, and with seeds that no other study had: the same two
# methods with 20 a class, and the other two with 5.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy and in forgetting between exemplars that augmented images judged and herding's, with 20 a class, and for two more methods, as far as their runs are there."}} sources=["evidence/augmented_20", "evidence/augmented_others"]
AUGMENTED_20 = studied("evidence/augmented_20")
say(another_judge.with_20(AUGMENTED_20))
show_comparisons(AUGMENTED_20)
show(
    accuracies(
        pair
        for pair in AUGMENTED_20.pairs("-augmented$", "-herding$")
        if pair.finished
    )
)
show_comparisons(studied("evidence/augmented_others"))

# %% [markdown]
# With 20 a class the difference of LUCIR has a control, too, written down when it had been seen, and before any run of its own was made
# (`book/studies/evidence/augmented_20_control.yaml`): the recipe as it was, with the same seeds, and each exemplar with another one's displacement.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy, LUCIR, 20 a class, between exemplars that augmented images judged and those of the recipe, and those with another one's displacement, as far as their runs are there."}} sources=["evidence/augmented_20_control"]
show_comparisons(studied("evidence/augmented_20_control"))

# %% [markdown]
# The study has the recipe as it was beside it, so that the first question's comparison is there once more, with 5 a class and other seeds. Nobody had asked for it, and both
# sets of seeds had been seen when they were put together (points, 95 % each, exploratory):

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/augmented_judge"]
show(each.row for each in AGAIN)

# %% [markdown]
# ## What is shown, looked at in other ways
#
# Each difference that its own question shows: with the intervals of all questions held together; with the slices of classes as a draw; by the signs of the seeds
# alone, which suppose no normal distribution (*p* is the share of all ways to turn signs round in which the mean is as far from 0 or farther); and slice by slice (points).

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/one_a_class", "evidence/augmented_judge", "evidence/augmented_20", "evidence/augmented_others"]
show(each.row for each in SHOWN)
show(each.row_of_slices for each in SHOWN)

# %% [markdown]
# ## As many bytes
#
# Real images, a byte for each number, in as many bytes as trained ones in floating point take: 20 a class of herding's minus 5 a class trained, of the
# same method, seed and classes. BiC is left out: it holds some images out, so that its bytes are not equal. 95 % each, exploratory. Trained exemplars that are
# rounded to bytes, of which as many would fit as of real ones, were not tried; training moves them by less than three grey levels of 255.

# %% tags=["remove-input"] sources=["evidence/primary"]
show(
    {
        "method": NAMES[arm.split("-")[0]],
        "herding's 20 − trained 5 (points)": str(each.difference),
    }
    for arm, minus, each in as_many_bytes()
)
if unlike := outcome.first_networks(as_many_bytes()):
    say(unlike)

# %% [markdown]
# ## A yardstick: twice as many
#
# What twice as many of herding's exemplars are worth is a yardstick for better ones: trained images that gain as much do the work of twice
# their number. It is no bound. And it is not of images alone: fine-tuning takes 40 passes in batches of up to 128, so that from 5 to 10 a class the
# steps double in four of five phases, and from 10 to 20 they grow one and a half to two times.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Differences in average accuracy between herding's exemplars and half as many of them."}} sources=["evidence/doubling"]
show_comparisons(DOUBLING, told=[PRIMARY])

# %% [markdown]
# ## What it costs

# %% tags=["remove-input"] sources=["evidence/primary"]
say(
    "How many times as long as its partner with herding's exemplars a whole "
    "run on one thread takes, over the pairs of a setting. What runs share "
    "is counted in each. Seconds are not told: the pairs were made on "
    "machines that differ and had other work to do, so that not even two "
    "rows can be compared by them; a run alone takes minutes."
)
show(
    {"setting": pair.name + ("" if pair.finished else " (not finished)")}
    | {
        words: f"{number(in_short.times_as_long(pair)):.1f}"
        for words, number in (
            ("in the middle", median),
            ("least", min),
            ("most", max),
        )
    }
    for pair in PAIRS
)

# %% [markdown]
# ## Exercise

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 8.1: eight at once
#
# Eight intervals of 95 % each are looked at, and nothing is there to be found. How many of them miss on average, that is, do not hold 0? And how
# likely is it that at least one does, if they were independent? Return both, for any level and any number of intervals.


# %% tags=["solution", "hide-input"]
def misses(level, count):
    """How many miss on average, and the chance of one or more."""
    # Means add up, whatever the intervals have to do with each other; that
    # none misses has the product of the chances only if they are independent.
    return count * (1 - level), 1 - level**count


# %% tags=["check"]
import numpy as np

from mnemonics_lib.edition.paired.intervals import interval

assert np.allclose(misses(0.5, 2), (1.0, 0.75))
mean, chance = misses(0.95, 8)
studies = np.random.default_rng(0).normal(size=(500, 8, 10))
verdicts = [[interval(x).verdict for x in study] for study in studies]
missed = (np.array(verdicts) != "no difference shown").sum(axis=1)
assert abs(missed.mean() - mean) < 0.1  # of noise around zero
assert abs((missed > 0).mean() - chance) < 0.07
