# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Mnemonics Training, executed
#
# This is an open, executable edition of *Mnemonics Training: Multi-Class Incremental Learning without Forgetting*
# {cite}`liu2020mnemonics`. As far as we could find, no public code runs the procedure of that paper, the authors' own included. This one
# does, and says what came of it, mostly at sizes that a laptop allows.
#
# A classifier learns classes in *phases*, the first of which is phase 0. Of the images of past phases it keeps a few for each class, the
# *exemplars*. *Herding* is the usual rule that picks them; the paper trains their pixels, through an *inner loop* that trains a model on them.
# LwF, iCaRL, BiC and LUCIR are four methods of learning in phases that it adds this to.

# %% tags=["remove-input"]
from statistics import fmean

import matplotlib.pyplot as plt
import yaml
from IPython.display import Markdown, display

from mnemonics_lib import __version__
from mnemonics_lib.durable.commit import code_version, short_commit
from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.evidence import (
    both_questions,
    in_short,
    made_again,
    with_mnemonics,
)
from mnemonics_lib.edition.evidence.from_random import over_its_start
from mnemonics_lib.edition.evidence.front_page import (
    asked_again_in_words,
    differ_in_more,
    know_as_much,
)
from mnemonics_lib.edition.evidence.gain_figure import (
    claims,
    gain_figure,
    known_figure,
)
from mnemonics_lib.edition.evidence.gains import gains
from mnemonics_lib.edition.evidence.moved import moved_in_words
from mnemonics_lib.edition.paired.answer import answer, extent
from mnemonics_lib.edition.paper.numbers import claimed, gains_over_herding
from mnemonics_lib.edition.shown import say
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_files
from mnemonics_lib.paths import ROOT

figures.style()
found = gains()
asked = [gain for gain in found if gain.setting.asked_in_advance]
again = [gain for gain in found if gain.setting.asked_again]
others = [gain for gain in found if gain not in (*asked, *again)]


finished = [gain for gain in asked if claims(gain)]
of_budget = {
    budget: [
        claims(gain) for gain in asked if gain.setting.detail == budget
    ]
    for budget in ("5 a class", "20 a class")
}


def counted(of, verdict, named=True):
    """How many settings have a verdict, and which."""
    which = [
        gain.setting.words.removeprefix("CIFAR-100: 20 classes; ")
        for gain in of
        if claims(gain) and gain.interval.verdict == verdict
    ]
    names = f" ({' · '.join(which)})" if which and named else ""
    return f"{len(which) or 'none'}{names}"


intervals = [gain.interval for gain in finished]
so_far = "" if len(finished) == len(asked) else " so far"
say(
    f"**The answer{so_far}: on 20 classes of CIFAR-100 at a time, training the exemplars "
    f"that herding chose {answer(intervals)}.** "
    f"{len(asked)} settings were asked about in advance: four methods, each "
    "with 5 exemplars a class and with 20, the paper's number, each on four "
    "such sets of classes. "
    + (
        "Finished are "
        + " and ".join(
            f"{sum(claimed_of)} of the {len(claimed_of)} with {budget}"
            for budget, claimed_of in of_budget.items()
        )
        if so_far
        else "All are finished"
    )
    + f". Trained exemplars are shown to be better than herding's in "
    f"{counted(asked, 'higher')} of them and worse in "
    f"{counted(asked, 'lower')}"
    + (
        f"; average accuracies differ by {extent(intervals)}."
        if intervals
        else "."
    )
)
primary = studied("evidence/primary").pairs()
say(in_short.as_large_as_the_papers(primary))
objective = studied("evidence/objective")
if second := asked_again_in_words(again):
    say(f"{second} {made_again.what_hangs_on_it(objective)}")
both = both_questions.both_questions(
    [pair for pair in primary if pair.name.endswith(" 5 a class")],
    objective.pairs(),
)
say(both_questions.in_words(both))

# %% tags=["remove-input"] sources=["evidence/primary"]
say(
    moved_in_words(
        {pair.name: [*pair.first.values()] for pair in primary}, "cifar100"
    )
)

# %% tags=["remove-input"] mystnb={"image": {"alt": "Gain in average accuracy of exemplars trained from herding's over herding's, with intervals: a row for each data set, method and number of exemplars."}} sources=["all", "book/records/first_time.json"]
gain_figure([gain for gain in found if gain.setting.asks_of_training])
plt.show()

# %% [markdown]
# Each mark is a mean over seeds of paired runs that differ in the training of the exemplars alone, with its interval: 95 % each, and for the
# settings that were asked about in advance 95 % together, those of 20 classes of CIFAR-100 with four methods and two numbers of exemplars, and apart from them the four by Eq. 4b. LwF and iCaRL are two readings of the same
# training. Digits' runs were made twice, and count with the mean of both. Full marks are those that the words count. Hollow ones make no claim: their study is not finished, or there are fewer than three seeds.

# %% tags=["remove-input"] sources=["all", "book/records/first_time.json"]
seen = sum(
    claims(gain)
    and gain.interval.verdict == "higher"
    and gain.setting.chosen_on_its_data
    for gain in others
)
chosen_on = (
    f", {seen} of them on data that settings had been chosen on,"
    if seen
    else ""
)
say(
    f"In {sum(map(claims, others))} other settings, not corrected for their "
    "number, and some with recipes that were replaced since or chosen on the "
    "same test images, trained exemplars are shown to be better in "
    f"{counted(others, 'higher')}{chosen_on} and worse in {counted(others, 'lower')}; "
    "no difference is shown in "
    f"{counted(others, 'no difference shown', named=False)}. Of so many intervals of 95 % "
    f"{0.05 * sum(map(claims, others)):.1f} are expected to be clear of 0 by chance. "
    "What is still to be measured stands in `book/records/WANTED.md`. What is not shown may be there, smaller than a study of so many seeds "
    "can show."
)
say(
    differ_in_more(
        [gain for gain in found if not gain.setting.asks_of_training]
    )
    + f" {over_its_start()} ({{doc}}`cifar100`)"
)

# %% [markdown]
# The same, against how much of its own training data the first network of a run knows. Settings differ in more than that; LwF with 5 exemplars a
# class and 2 to 60 epochs varies the epochs of all phases, and nothing else.

# %% tags=["remove-input"] mystnb={"image": {"alt": "The same gains against the share of its training images that the network of phase 0 classifies correctly."}} sources=["all", "book/records/first_time.json"]
known_figure([gain for gain in found if gain.setting.asks_of_training])
plt.show()

# %% tags=["remove-input"] sources=["all", "book/records/first_time.json"]
full = report.evidence("paper", "cifar100-n5")["lucir"]
known = fmean(run.results[0].train_accuracy for run in full.values())
say(
    f"At the paper's scale the first network knows {known:.1f} %, with "
    f"{len(full)} seed{'s' * (len(full) != 1)} ({{doc}}`results`). "
    + know_as_much(
        [gain for gain in found if gain.setting.asks_of_training], known
    )
)

# %% [markdown]
# In the figures, the inner loop has 8 steps on CIFAR-100 and Tiny-ImageNet where nothing else is said, and 80 where *far* is said, which replaced it for more than 5 exemplars a class
# ({doc}`tried`); on digits it has 10. *No transfer*: convolutions are trained on in later phases. *Larger steps*: Adam's rate on the pixels is 0.01 for 0.003. *The
# classes of the search*: those that settings were chosen on. Settings for digits were
# chosen on the test images of the runs that are shown ({doc}`results`), the others
# mostly apart from what is reported ({doc}`tried`). {doc}`why` asks what could decide, {doc}`evidence` has what is measured so far, {doc}`where` asks of other settings.
#
# ## The question
#
# A classifier learns classes in phases. After each phase the training images are thrown away, except a few *exemplars* per class.
# The next phase trains on its own images and these exemplars, and the classifier tends to forget what it can no longer see. So it
# matters which images are kept.
#
# The usual answer, herding, keeps real images whose mean is close to the class mean {cite}`welling2009herding,rebuffi2017icarl`. The
# paper proposes to *train* the exemplars: treat their pixels as parameters, train a temporary model on them, measure that model on
# the real images, and move the pixels along the gradient of that measurement, through the whole training of the temporary model.

# %% tags=["remove-input"] sources=["book/paper/table2.csv", "evidence/table1"]
of_training = gains_over_herding()
say(
    "The paper's tables give this alone, all else equal, "
    + ", ".join(f"{gain:+.2f}" for gain in of_training.values())
    + " points of average accuracy over herding's exemplars (LUCIR on "
    "CIFAR-100, $N$ = 5, 10, 25, Table 2). The larger gains of its Table 1 "
    "are of four changes at once: weight transfer, fine-tuning and the "
    "adjustment of old exemplars come with it."
)
if not plan(*study_files("evidence/table1")).missing:
    table_1 = report.evidence("evidence", "table1")
    say(
        "With three of the four at once, all but the adjustment, against none "
        "of them, on 20 classes of CIFAR-100 with 20 exemplars a class, by "
        "intervals that hold together at 95 %: "
        f"{with_mnemonics.in_words(table_1)}. "
        f"{with_mnemonics.without_training(table_1)} In the paper, with all "
        "four, each of the methods gains average accuracy and forgets less "
        "({doc}`paper_tables`)."
    )

# %% [markdown]
#
# ## Three ways in
#
# ::::{grid} 1 1 3 3
# :gutter: 2
#
# :::{grid-item-card} Learn the method
# :link: quick/digits-n5/01_preliminaries
# :link-type: doc
# Five notebooks, from forgetting to trained exemplars, on data that need no download. Each runs alone, in minutes. They need some
# Python and the chain rule.
# :::
#
# :::{grid-item-card} Judge the evidence
# :link: evidence
# :link-type: doc
# Paired seeds, intervals, misses as plainly as hits, and what is still to be measured. For who works in continual learning and wants to know what holds.
# :::
#
# :::{grid-item-card} Run it yourself
# :link: ../reproduce
# :link-type: doc
# One command makes every notebook and this book. Methods, engines, your own pictures and your own network are a few lines each.
# :::
# ::::
#
# ## What this book can and cannot say
#
# - The gradient of {eq}`eq-9` is the exact one, but for rounding: on a CPU it is tested against finite differences, a closed form and a second engine. Where *far* is said
#   it goes back through the last ten of 80 inner steps, and no further, on purpose. {doc}`../method/open_points` says what the public code does instead. The exemplars of
#   Tiny-ImageNet were trained on a GPU, which rounds convolutions to TF32; how far that moved their gradient was not measured ({doc}`engines`).
# - What is reported are small runs, with other optimisers of the pixels, starts and inner loops than the paper's, with whose numbers the
#   pixels hardly move on digits.
# - The five notebooks were run with the **quick** profile: small residual networks {cite}`he2016resnet` on scikit-learn's 8 × 8
#   digits {cite}`pedregosa2011sklearn,alpaydin1998digits`. They show how the method works, and whether it helps *there*.
# - CIFAR-100 {cite}`krizhevsky2009cifar` and Tiny-ImageNet are here at laptop size: fewer classes, smaller images and networks.
#   None of it confirms or refutes the paper's numbers, which are for full size.
# - Every result is read from the record of a run. None is typed by hand.

# %% tags=["remove-input"] sources=["paper/cifar100-n5", "book/paper/table1.csv"]
say(
    "At the paper's full size there is LUCIR *without* its exemplars, "
    f"CIFAR-100, $N = 5$, with {len(full)} seed{'s' * (len(full) != 1)}: an "
    "average accuracy of "
    f"{fmean(run.average_accuracy for run in full.values()):.2f} %, "
    f"{claimed('lucir').avg_acc:.2f} % in the paper, and a forgetting rate of "
    f"{fmean(run.forgetting for run in full.values()):.2f} % where the paper "
    f"has {claimed('lucir').forgetting:.2f} ({{doc}}`results`)."
)

# %% [markdown]
# ## How to cite
#
# Cite the paper, and this edition where you use it, with the commit that this page was made from: records are added between versions. The
# address in the entry is where the repository will be; it is not public yet, and there is no archived copy.

# %% tags=["remove-input"]
citation = yaml.safe_load(
    (ROOT / "CITATION.cff").read_text(encoding="utf-8")
)
date = citation["date-released"]
commit = short_commit(**code_version())
display(
    Markdown(
        f"""```bibtex
@software{{mnemonics_executed,
  title   = {{{citation["title"]}}},
  author  = {{{{{citation["authors"][0]["name"]}}}}},
  year    = {{{date.year}}},
  date    = {{{date.isoformat()}}},
  version = {{{__version__}}},
  note    = {{commit {commit or "unknown"}}},
  url     = {{{citation["repository-code"]}}},
}}
@inproceedings{{liu2020mnemonics,
  title     = {{Mnemonics Training: Multi-Class Incremental Learning
               without Forgetting}},
  author    = {{Liu, Yaoyao and Su, Yuting and Liu, An-An and
               Schiele, Bernt and Sun, Qianru}},
  booktitle = {{CVPR}},
  year      = {{2020}},
}}
```"""
    )
)
