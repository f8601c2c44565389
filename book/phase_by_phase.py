# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Phase by phase: what training changes in a run
#
# The runs of the first table of {doc}`evidence`, looked into: exemplars that are trained from herding's, and herding's, with all else equal. Did the training
# do what it was asked to do? When in a run is there a difference, on which classes, and what does fine-tuning make of it? Beside them stand the runs of
# two later questions that were asked in advance, *Eq. 4b* and *judge augmented*, whose seeds are others. What *How to read this page* says there holds here too.
#
# All of it is exploratory: 95 % each, and of twenty such intervals one is expected to miss. **Bold** is what is clear of 0.

# %% tags=["hide-input"]
from dataclasses import replace
from statistics import fmean

from mnemonics_lib.edition import figures
from mnemonics_lib.edition.by_class import arrivals, class_forgetting
from mnemonics_lib.edition.evidence.asked import in_short
from mnemonics_lib.edition.evidence.meta_loss import panel_falls
from mnemonics_lib.edition.evidence.meta_loss.fall_and_gain import (
    fall_and_gain,
    shown_beyond,
)
from mnemonics_lib.edition.evidence.pairs import repeats
from mnemonics_lib.edition.evidence.pairs.trained_once import trained_once
from mnemonics_lib.edition.evidence.regimes import (
    after_phase_1,
    both_questions,
    class_groups,
    nearest_means,
)
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.joint_flips import clear_by_chance
from mnemonics_lib.edition.paired.tally import marked, tally
from mnemonics_lib.edition.shown import arrow, displacement, say, show
from mnemonics_lib.edition.studies import paired_runs
from mnemonics_lib.edition.studies.by_phase import (
    FIRST,
    accuracies_after,
    again_in_others,
    row_by_phase,
)
from mnemonics_lib.edition.studies.studied import studied

figures.style()
PRIMARY = studied("evidence/primary")
OBJECTIVE = studied("evidence/objective")
FINISHED = [pair for pair in PRIMARY.pairs() if pair.finished]
BY_EQ_4B = [
    replace(pair, name=f"{pair.name}, 5 a class, Eq. 4b")
    for pair in OBJECTIVE.pairs()
    if pair.finished
]
WITH_5, WITH_20 = (
    [
        replace(pair, name=f"{NAMES[method]}, {m} a class, judge augmented")
        for method in ("lwf", "lucir")
        for pair in studied(f"evidence/{study}").pairs(
            f"{method}-augmented", f"{method}-herding"
        )
        if pair.finished
    ]
    for study, m in (("augmented_judge", 5), ("augmented_20", 20))
)
BY_AUGMENTED = WITH_5 + WITH_20
STUDIES = [each for each in (FINISHED, BY_EQ_4B, WITH_5, WITH_20) if each]
ALL = [pair for study in STUDIES for pair in study]
NO_FINE_TUNING = {
    pair.name: paired_runs.against_no_fine_tuning(pair) for pair in ALL
}
LAST = PRIMARY.plan.runs[0].config.phases


def pixel_trainings(records):
    """What became of exemplars, in every phase of some runs."""
    return [row.exemplars for record in records for row in record.results]


def before_and_after(parts, before, after):
    """Means of two fields."""
    return [
        fmean(getattr(part, name) for part in parts)
        for name in (before, after)
    ]


# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/augmented_judge", "evidence/augmented_20"]
BY_METHOD = {}
if not (PRIMARY.missing or OBJECTIVE.missing):
    BY_METHOD = both_questions.put_together(
        [pair for pair in FINISHED if pair.name.endswith(" 5 a class")],
        OBJECTIVE.pairs(),
    )
OF_BOTH = [
    class_groups.by_group(method, of) for method, of in BY_METHOD.items()
]
OF_EACH = [class_groups.by_group(pair.name, [pair]) for pair in ALL]

# %% [markdown]
# ## In short

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/augmented_judge", "evidence/augmented_20"]
OF_FIVE = [pair for pair in FINISHED if pair.name.endswith(" 5 a class")]
IN_PHASE_1 = []
if len(OF_FIVE) == len(OBJECTIVE.pairs()) == len(BY_EQ_4B):
    IN_PHASE_1 = after_phase_1.after_phase_1([OF_FIVE, OBJECTIVE.pairs()])
MADE_TWICE = repeats.beside(
    OF_FIVE,
    studied("evidence/controls").pairs("-trained-5$", "-herding-5$"),
    BY_EQ_4B and OBJECTIVE.pairs(),
)


def counted(number):
    """In how many settings trained minus herding is clear of 0."""
    said = []
    for words, pairs in (
        ("", FINISHED),
        ("by Eq. 4b ", BY_EQ_4B),
        ("with the judge's images augmented ", BY_AUGMENTED),
    ):
        if of := {pair.name: pair.difference(number) for pair in pairs}:
            counts = tally(of, "lower", "higher")
            said.append(f"{words}{counts}, of {len(of)}")
    return "; ".join(said)


lines = []
if FINISHED:
    lines += [
        in_short.loss_falls(FINISHED),
        in_short.phase_by_phase(FINISHED),
    ]
if BY_EQ_4B:
    lines.append(
        in_short.phase_by_phase(
            BY_EQ_4B, "By the objective of Eq. 4b, with seeds of its own"
        )
    )
if BY_AUGMENTED:
    lines.append(
        in_short.phase_by_phase(
            BY_AUGMENTED,
            "With the judge's images augmented, with seeds of its own",
        )
    )
if IN_PHASE_1:
    alone = after_phase_1.after_phase_1([OBJECTIVE.pairs()])
    lines.append(
        f"{after_phase_1.in_words(IN_PHASE_1, alone)} "
        f"{repeats.beside_in_words(MADE_TWICE, FIRST)}"
    )
if FINISHED:
    lines += [
        "**Fine-tuning**: trained minus herding's is, before it, "
        f"{counted(paired_runs.before_fine_tuning)}. After it, "
        f"{counted(paired_runs.after_fine_tuning)}. Trained exemplars after it against "
        "herding's before it, in the same phase: "
        + tally(
            NO_FINE_TUNING,
            "lower",
            "higher",
        )
        + f", of {len(ALL)}: where it is lower, fine-tuning on so few "
        "exemplars costs more than their training gains.",
    ]
if OF_BOTH:
    lines.append(
        class_groups.in_short(
            OF_BOTH, [of for of in OF_EACH if " 20 a class" in of.of]
        )
    )
say("\n".join(f"- {line}" for line in lines))

# %% [markdown]
# ## Did training do what it was asked to do?
#
# The *meta loss*, that of Eq. 7a, before and after, on a fixed panel: four starts that training did not have, and 512 of the training images on which its
# own loss was taken, so that it tells how well the loss was lowered, and not how well that holds for new images. With the
# statistics of each batch, as it is minimised, and with the running ones (with 5 a class a temporary model has taken eight steps, after which 43 % of these, $0.9^8$, are still
# those of the network that it was before it was perturbed, so that there this is no loss of a network as it is used); the exemplars' own loss at the
# network that they are trained for; and how far the new exemplars of a phase went, beside how far the same optimiser carries pure noise. Means over phases and seeds.
# The panel takes the inner steps of its own arm, so that rows of 20 and of 5 are not to be compared.

# %% tags=["remove-input"] sources=["evidence/primary"]
rows = []
for pair in FINISHED:
    of_arm = pixel_trainings(pair.first.values())
    panels = [each.panel for each in of_arm]
    moved = fmean(
        row.displacement_new
        for record in pair.first.values()
        for row in record.results
    )
    noise = fmean(each.noise_displacement for each in of_arm)
    rows.append(
        {
            "setting": pair.name,
            "meta loss": arrow(
                *before_and_after(panels, "before", "after")
            ),
            "with running statistics": arrow(
                *before_and_after(panels, "before_running", "after_running")
            ),
            "own loss": arrow(
                *before_and_after(
                    of_arm, "own_loss_before", "own_loss_after"
                )
            ),
            "displacement (std)": displacement(moved),
            "of noise": displacement(noise),
        }
    )
show(rows)

# %% [markdown]
# In how many trainings that loss fell; and whether a run in which it fell further is one that gained more: the correlation, over the seeds, of the fall
# (mean over phases) and the gain in average accuracy. *With both*: it fell with either kind of
# statistics. *Shown beyond* is what the correlation must exceed, on either side, for all rows to hold together at 95 %.

# %% tags=["remove-input"] sources=["evidence/primary"]

show(
    {"setting": pair.name}
    | panel_falls.fallen(pair.first.values()).row
    | {
        "fall and gain, correlation": f"{fall_and_gain(pair):+.2f}",
        "shown beyond": f"±{shown_beyond(len(pair.first), len(FINISHED)):.2f}",
    }
    for pair in FINISHED
)

# %% [markdown]
# In phase 0 and in later ones apart, iCaRL's trainings left out, which are LwF's:

# %% tags=["remove-input"] sources=["evidence/primary"]
show(
    {"exemplars": budget, "trainings of": phase} | found.row
    for budget in ("20 a class", "5 a class")
    for phase, found in panel_falls.fallen_by_phase(
        trained_once(
            [pair for pair in FINISHED if pair.name.endswith(f", {budget}")]
        )
    ).items()
)

# %% [markdown]
# ## What do the networks know?
#
# Training images of each phase that its network classifies correctly, in %, in the runs with herding's exemplars,
# before they are fine-tuned; means over seeds. Of later phases these are the new images and the exemplars.

# %% tags=["remove-input"] sources=["evidence/primary"]
show(
    {"setting": pair.name}
    | {
        f"phase {phase}": f"{fmean(r.results[phase].train_accuracy for r in pair.second.values()):.0f}"
        for phase in range(LAST + 1)
    }
    for pair in FINISHED
)

# %% [markdown]
# ## When?
#
# The accuracy after each phase, trained minus herding's, and how it changes from phase to phase: the mean slope of a straight line through
# the later phases of each seed. 95 % each, exploratory. Phase 0 is in the average accuracy too, and there both runs are equal but for iCaRL. By {eq}`eq-4b` old
# exemplars take part in Eq. 8, and old classes in the judge, from phase 1 on; in phase 0 the two objectives are one.

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/augmented_judge", "evidence/augmented_20"]
chance = clear_by_chance(
    [
        [of for pair in study for of in accuracies_after(pair).values()]
        for study in STUDIES
    ]
)
say(
    f"Of {chance.of} differences {chance.clear} are clear of 0, where "
    f"{chance.expected:.1f} are expected by chance. They depend on one "
    "another; with the signs of whole seeds at random, as where training "
    f"does nothing, as many or more are so in {100 * chance.p:.1f} % of "
    "draws."
)
show({"setting": pair.name} | row_by_phase(pair) for pair in ALL)

# %% [markdown]
# ## After phase 1
#
# What phase 1 has of training is mostly the exemplars of phase 0: its model level trains on them and on new images, and ten of the twelve classes that its
# fine-tuning has are theirs. In phase 0 both objectives are one, so that the runs of the two studies, whose seeds differ, are put together: the difference in phase 1 before
# fine-tuning, what fine-tuning adds to it, and after it. LwF and iCaRL have networks and exemplars in common: LwF classifies by the network's
# outputs, iCaRL by the nearest mean of a class's exemplars, which herding chose near the mean of the class. 95 % each, exploratory:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective"]
show(each.row for each in IN_PHASE_1)

# %% [markdown]
# Some pairs of the primary study were made a second time, for the study of controls, on a processor that rounds otherwise, so that their first networks
# are others. Both makings of these seeds, and all seeds of both studies as above and with the mean of the two. 95 % each, exploratory:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/controls"]
show(each.row for each in MADE_TWICE)

# %% [markdown]
# What makes iCaRL's difference another one than LwF's, which has the same networks? Training moves exemplars, and with them the means by which iCaRL
# classifies; or else features are worse for the nearest mean. LwF's runs of five seeds were made again up to phase 1, and those of ten seeds
# more once it had been decided what was to be asked of them; their networks were tested by the head and by the nearest of three means of each class: of its exemplars, of the images that these were before they were trained, and of all its
# training images, which a learner in phases no longer has. Trained minus herding's, 95 % each, exploratory:

# %% tags=["remove-input"] sources=["book/records/means.json"]
by_means = nearest_means.measured()
show(each.row for each in by_means)
say(nearest_means.in_words(by_means, nearest_means.asked_again()))

# %% [markdown]
# Two more studies have the comparison for LwF and LUCIR, which had been seen to gain there: on the classes of the search, with seeds of their own, where settings were chosen;
# and without weight transfer, with the first seeds of the primary study, whose networks and exemplars of phase 0 are the same ones. The difference
# after phase 1, after the last phase, and in the average, in each of them; and of the primary study and that of the search's classes together, whose runs
# have nothing in common. 95 % each, exploratory:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/first_classes", "evidence/transfer"]
REPEATED_IN = {
    "the classes of the search": studied("evidence/first_classes"),
    "without weight transfer": studied("evidence/transfer"),
    "by Eq. 4b": OBJECTIVE,
}
if not any(study.missing for study in REPEATED_IN.values()):
    in_others = again_in_others(
        OF_FIVE,
        {
            words: study.pairs("-trained$", "-herding$")
            for words, study in REPEATED_IN.items()
        },
    )
    show(each.row for each in in_others)

# %% [markdown]
# ## Before and after fine-tuning
#
# *Fine-tuning* is on these exemplars alone. The accuracy of herding's runs before it → after it, in %, in phase 1 and as a mean over the phases that have it; what it adds there; and
# trained minus herding before it and after it, over the same phases. The last column sets fine-tuning on trained exemplars against no fine-tuning at all in that phase:
# where it is below 0, what training gains is less than what fine-tuning on so few exemplars costs. (Networks before fine-tuning come from
# networks that were fine-tuned in the phase before.) 95 % each, exploratory:


# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/augmented_judge", "evidence/augmented_20"]
def levels(records, number_before, number_after):
    """Means of two accuracies over some runs, as an arrow (%)."""
    return arrow(
        *(
            fmean(map(number, records))
            for number in (number_before, number_after)
        ),
        1,
    )


rows = []
for pair in ALL:
    of_herding = interval(
        [paired_runs.by_fine_tuning(r) for r in pair.second.values()]
    )
    rows.append(
        {
            "setting": pair.name,
            "herding's, phase 1": levels(
                pair.second.values(),
                paired_runs.before_in_phase_1,
                lambda r: r.accuracy[1],
            ),
            "herding's, all phases": levels(
                pair.second.values(),
                paired_runs.before_fine_tuning,
                paired_runs.after_fine_tuning,
            ),
            "fine-tuning adds": marked(of_herding),
            "trained − herding before it": marked(
                pair.difference(paired_runs.before_fine_tuning)
            ),
            "and after it": marked(
                pair.difference(paired_runs.after_fine_tuning)
            ),
            "trained after it − herding before it": marked(
                NO_FINE_TUNING[pair.name]
            ),
        }
    )
show(rows)

# %% [markdown]
# ## New classes or old ones?
#
# Forgetting counts the classes of phase 0 alone. Here are three groups: the ten classes of phase 0; those of the *phases between*, which came after it and before
# the phase; and the two that the phase brought. The accuracy on each after the phase, mean over the phases from 1 on that have it, trained minus herding's; on all that came after
# phase 0, *later classes*; and the difference on phase 0's minus that on these. 95 % each, exploratory:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective", "evidence/augmented_judge", "evidence/augmented_20"]
show(each.row for each in OF_EACH)

# %% [markdown]
# With 5 a class, the runs of both studies, which have no seed in common, as if of one:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective"]
show(each.row for each in OF_BOTH)

# %% [markdown]
# And of the same runs the difference on the classes of phase 0 after each phase:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective"]
along = {
    method: class_groups.first_classes_after(of)
    for method, of in BY_METHOD.items()
}
show(
    {"setting": method}
    | {
        f"after phase {phase}": marked(each)
        for phase, each in found.items()
    }
    for method, found in along.items()
)
if along:
    say(class_groups.lasting(along))

# %% [markdown]
# By {eq}`eq-7` a phase's exemplars are judged by its new classes alone. Does it favour these over older ones more than {eq}`eq-4b` does? The differences of the primary
# study minus those of the study of Eq. 4b, whose seeds are others, by Welch's intervals, 95 % each, exploratory:

# %% tags=["remove-input"] sources=["evidence/primary", "evidence/objective"]
show(
    class_groups.apart(method, *of).row for method, of in BY_METHOD.items()
)

# %% [markdown]
# ## Who is forgotten?
#
# The accuracy that the classes of a phase lose between that phase and the end of the run, in points, with herding's
# exemplars → with trained ones; means over seeds. The classes of phase 0 are ten, those of a later phase two.

# %% tags=["remove-input"] sources=["evidence/primary"]
rows = []
for pair in FINISHED:
    lost = [
        [(class_forgetting(r), arrivals(r)) for r in of.values()]
        for of in (pair.second, pair.first)
    ]
    rows.append(
        {"setting": pair.name}
        | {
            f"of phase {phase}": arrow(
                *(
                    fmean(each[came == phase].mean() for each, came in of)
                    for of in lost
                ),
                digits=1,
            )
            for phase in range(LAST)
        }
    )
show(rows)

# %% [markdown]
# Forgetting is $\mathcal{A}_0^Z - \mathcal{A}_N^Z$, what the classes of phase 0 lose. It falls as well where they are known less well at first, and
# iCaRL classifies with means of exemplars from phase 0 on. Trained minus herding's, 95 %, exploratory:

# %% tags=["remove-input"] sources=["evidence/primary"]
show(
    {"setting": pair.name}
    | {
        f"of phase 0, after phase {phase}": marked(
            pair.difference(
                lambda record, at=phase: record.first_classes_accuracy[at]
            )
        )
        for phase in (0, LAST)
    }
    for pair in FINISHED
)
