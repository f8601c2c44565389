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
from statistics import fmean

from mnemonics_lib.config import load_config
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.evidence.asked import (
    another_judge,
    in_advance,
    in_short,
    of_slices,
    one_a_class,
)
from mnemonics_lib.edition.evidence.pairs import made_again, repeats
from mnemonics_lib.edition.evidence.pairs.gains import gains
from mnemonics_lib.edition.evidence.pairs.moved import moved_in_words
from mnemonics_lib.edition.evidence.pairs.settings import OF_ONE
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

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/one_a_class", "evidence/augmented_judge", "evidence/augmented_control", "evidence/augmented_20", "evidence/augmented_others", "small/cifar100-n5", "book/paper/table2.csv"]
say(in_short.asked_in_advance(PAIRS))
say(in_short.as_large_as_the_papers(PAIRS))
say(
    in_short.beside_the_paper(
        *(pair for pair in PAIRS if pair.name == "LUCIR, 20 a class")
    )
)
SLICES = of_slices.of_shown(
    OBJECTIVE, report.evidence("small", "cifar100-n5")
)
if second := shown_in(OBJECTIVE):
    say(
        "**By the objective of Eq. 4b, 5 a class, asked in advance of new "
        f"seeds**: {second}. {of_slices.in_short(SLICES)} "
        f"{made_again.what_hangs_on_it(OBJECTIVE)} "
        f"{beside_its_cost(OBJECTIVE.pairs())}"
    )
if of_one := one_a_class.in_words(studied(OF_ONE), DOUBLING):
    say(f"{of_one} {{doc}}`where` has it by phases and classes.")
if judged := another_judge.in_words(
    studied("evidence/augmented_judge"),
    studied("evidence/augmented_control"),
):
    say(f"{judged} What led to it stands in {{doc}}`why`.")
GAINS = gains()
say(in_advance.held_together(in_advance.questions(GAINS)))
say(both_questions.in_words(BOTH))

# %% [markdown]
# Beyond what was asked in advance, exploratory, by intervals of 95 % each:


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


lines = []
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
# of its answer and of what was looked at next, and each was asked in advance of its own runs: of the objective of Eq. 4b, below, of LUCIR with 1 exemplar a class
# ({doc}`where`), and of a judge whose images are augmented ({doc}`why`). All else is
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
show(
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
    for pair in PAIRS
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
    "A whole run on one thread: the least over its "
    "seeds, since a run on a busy machine also waits. What runs share is "
    "counted in each, and machines differ, so read ratios as rough."
)
show(
    {
        "setting": pair.name + ("" if pair.finished else " (not finished)"),
        "herding (s)": f"{min(r.seconds for r in pair.second.values()):.0f}",
        "trained (s)": f"{min(r.seconds for r in pair.first.values()):.0f}",
    }
    for pair in PAIRS
)

# %% [markdown]
# ## Exercise

# %% [markdown] tags=["exercise", "minutes-10"]
# ### Exercise 8.1: together
#
# Several intervals are to hold *together* at 95 %: in at most one of twenty studies may any of them miss. Return the ends of Student's interval for
# each list of paired differences, at the level that Bonferroni's correction gives it.


# %% tags=["solution", "hide-input"]
def together(differences, level=0.95):
    """A pair (low, high) for each list of differences."""
    each = 1 - (1 - level) / len(differences)
    ends = []
    for values in differences:
        n = len(values)
        t = scipy.stats.t.ppf((1 + each) / 2, n - 1)
        half = t * np.std(values, ddof=1) / n**0.5
        ends.append((np.mean(values) - half, np.mean(values) + half))
    return ends


# %% tags=["check"]
import numpy as np
import scipy.stats

from mnemonics_lib.edition.paired.intervals import interval

(alone,) = together([[1.0, 2.0, 4.0]])
known = interval([1.0, 2.0, 4.0])
assert np.allclose(alone, (known.low, known.high))
first, second = together([[1.0, 2.0, 3.0], [91.0, 92.0, 93.0]])
assert first[1] < second[0]
assert first[1] - first[0] > 2 * (interval([1.0, 2.0, 3.0]).high - 2)
studies = np.random.default_rng(0).normal(size=(400, 8, 10))
missed = sum(
    any(low > 0 or high < 0 for low, high in together(list(study)))
    for study in studies
)
assert 8 <= missed <= 36  # of 400 studies in which there is nothing to see
