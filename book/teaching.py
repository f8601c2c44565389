# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Teach from it
#
# For whoever gives a lecture, a week of a course, or a reading group on this material. The lecture comes with slides and a
# notebook to step through; both are made from cells of the chapters, and so is the table below.
#
# **For whom.** Master's students, doctoral students and engineers who have trained a network before.
#
# **What they need.** Python and PyTorch at the level of a training loop; gradients, the chain rule, cross-entropy. For chapter 4:
# what a mean and a standard deviation are. Nothing on incremental learning.
#
# **What they can do at the end:**
#
# - say what is forgotten in class-incremental learning, and measure it;
# - write a bilevel programme down, and tell which level asks what of whom ({eq}`eq-4`, {eq}`eq-7`);
# - differentiate through a training loop, and test that gradient;
# - read a comparison of two methods: pairs, seeds, intervals, and what was not shown;
# - name two reasons why a gradient that is right may gain nothing.

# %% [markdown]
# ## Ninety minutes
#
# `make deck` writes `build/deck/index.html`, slides that open in a browser without a network: arrow keys to go on, `S` for a
# second window with the speaker's notes (what to say, what to ask, and what to expect for an answer) and a clock, `?print-pdf` behind the address to print them. Beside it lies
# `lecture.ipynb`, the cells of the slides in their order with all that they need to run; `make lecture` opens it. Each part of it
# begins with an empty namespace, so that you may begin, or begin again, with any part.
#
# Within a part all cells are run, in their order: also those of slides that are not marked, and those between slides, for later
# cells need what they make. The marked slides are those whose cells are run while the class looks; the others can be run before. What
# the cells of a slide took is said with those before it that are not shown.

# %% tags=["hide-input"] sources=["book/lecture.yaml", "book/records/lecture.json"]
from statistics import mean

from mnemonics_lib.edition.deck.plan import read_plan
from mnemonics_lib.edition.deck.rehearsal import measured, told
from mnemonics_lib.edition.deck.teaching import (
    exercise_rows,
    lecture_rows,
    read_sources,
    spare_in_words,
)
from mnemonics_lib.edition.report import evidence
from mnemonics_lib.edition.shown import say, show

plan, notebooks, run = read_plan(), read_sources(), measured()
begins = 0
for part in plan.parts:
    end = begins + part.minutes
    say(f"**{part.title}**, minutes {begins} to {end}")
    show(lecture_rows(plan, part, notebooks, run["seconds"]))
    begins = end

# %% tags=["hide-input"]
if run["seconds"]:
    by_part = [
        sum(run["seconds"].get(slide.name, 0) for slide in part.slides)
        for part in plan.parts
    ]
    slowest = max(range(len(by_part)), key=by_part.__getitem__)
    say(
        f"The {len(plan.slides)} slides take {plan.planned} minutes. All cells "
        f"of the lecture, run from top to bottom, took {sum(by_part):.0f} s "
        f"{told(run)}; the longest part, *{plan.parts[slowest].title}*, took "
        f"{by_part[slowest]:.0f} s."
    )
else:
    say("What the cells take was not measured yet: `make rehearse`.")
if spare := spare_in_words(plan):
    say(f"{spare} Part 5 needs nothing of part 4.")
arms = evidence("quick", "digits-n5")
say(
    "Chapter 2 makes a whole run, which part 5 shows too. Where it is finished "
    "it is read, and `make deck` leaves it so; a machine that was only given "
    "the slides and their notebook makes it in part 2, once, which took "
    f"{arms['mnemonics'][0].seconds:.0f} s when its record was made. So run "
    "all cells on the machine of the class beforehand."
)

# %% tags=["hide-input"]
opening, first, second, third, fourth, *_ = (p.minutes for p in plan.parts)
(programme,) = (each for each in plan.slides if each.name == "programme")
say(
    "**With half the time.** The opening with parts 1 and 2, "
    f"{opening + first + second} minutes, for those who are new to the "
    f"subject. For those who are not, the slide *{programme.title}* of part 2, "
    "whose Eq. 4b part 3 compares with, and then parts 3 and 4, "
    f"{programme.minutes + third + fourth} minutes. In a reading group, let "
    "each participant take one part."
)

# %% [markdown]
# ## One week
#
# Five days of about four hours: an hour and a half to read and run a chapter, one for exercises, one for a project, and half an hour
# in which each group shows its own in five minutes. The projects are small enough for that, and each is worth a longer one.
#
# | day | read and run | exercises | project |
# |---|---|---|---|
# | 1 | [Forgetting, and a few exemplars](quick/digits-n5/01_preliminaries.ipynb), {doc}`../method/notation` | [1.1 to 1.3](#all-exercises) | *How few?* Run `params/quick/digits-n5.yaml` with `--set exemplars=herding budget=1`, then with larger budgets, and plot forgetting against the budget. |
# | 2 | [Models and exemplars in turn](quick/digits-n5/02_global_bop.ipynb), {doc}`../method/baselines` | [2.1 to 2.3](#all-exercises) | *Search instead of training.* Draw many random sets of exemplars, keep the one with the smallest number of {eq}`eq-4b`, and see whether it also forgets less. |
# | 3 | [Exemplars as parameters](quick/digits-n5/03_local_bop.ipynb), {doc}`toy`, {doc}`engines` | [3.1 to 3.4](#all-exercises) | *A gradient of your own.* Write the hypergradient of logistic regression in the plane, without `higher`, and test it by finite differences. |
# | 4 | [Random, herding, mnemonics](quick/digits-n5/04_ablations.ipynb), {doc}`evidence`, {doc}`where` | [4.1 to 4.3, 8.1, 23.1](#all-exercises) | *A study.* Write a study of two arms and three seeds that answers one question ({doc}`../reproduce`, *Studies*). Say before it runs what would count as an answer. |
# | 5 | [Where trained exemplars lie](quick/digits-n5/05_visualizations.ipynb), {doc}`boundary`, {doc}`why`, {doc}`tried` | [5.1 to 5.3, 13.1](#all-exercises) | *Your own.* {doc}`own_pictures` or {doc}`own_method`; then five minutes for each group, as on the other days, with an interval in every claim. |

# %% tags=["hide-input"]
took = {
    arm: mean(record.seconds for record in arms[arm].values())
    for arm in ("herding", "mnemonics")
}
say(
    f"For day 4: a run of `quick/digits-n5` took {took['herding']:.0f} s with "
    f"herding, and {took['mnemonics']:.0f} s with training (means over the "
    "committed records)."
)

# %% [markdown]
# Exercises 12.1 ({doc}`tiny_imagenet`) and 17.1 ({doc}`engines`) belong to no day: they are for whoever is done early.
#
# For day 2: a set of your own gets into a run in the place of the one that was chosen. Take chapter 2 with
# `overrides = {"exemplars": "herding"}`, so that nothing trains the exemplars, down to where `eq_4b` is defined. There `state` is as
# phase 0 left it. Let `E_0` have as many images of each class as the memory has, by class, as `select` returns them; then
#
# ```python
# trial = copy.deepcopy(state)  # one for each set
# index = trial.memory.positions(0, trial.model.classes)
# trial.memory = trial.memory.with_images(index, E_0)
# global_bop.run_phase(experiment, trial)  # phase 1
# accuracy = trial.results[-1]["first_classes_accuracy"]
# ```
#
# takes phase 1 with it, and the last number says how much is left of the first classes: compare it with that of herding's own set.

# %% [markdown]
# ## All exercises
#
# Minutes are estimates, for someone who has read the chapter. Each exercise has a check that fails until the answer is right, and a
# solution, folded, below it in the book.

# %% tags=["hide-input"]
show(exercise_rows())

# %% [markdown]
# **Copies to be solved.** `make students` writes the notebooks, and of the other pages in this table the exercises alone, to `build/students`, with names, arguments and docstrings of the
# functions and nothing else in them; each call makes them anew from the chapters. `.venv/bin/python -m jupyterlab build/students` opens them. What
# is handed in is a notebook that runs from
# top to bottom: its checks are the marks. The solutions are in the book, one click away, so ask for a sentence on each answer.

# %% [markdown]
# ## What is often misunderstood
#
# | what is said | where the book answers |
# |---|---|
# | To distil, one needs images of the old classes. | [The distillation loss](quick/digits-n5/01_preliminaries.ipynb#the-distillation-loss): the teacher is asked about the new ones, too. |
# | A gradient through training is an approximation. | [The gradient on a network and images](quick/digits-n5/03_local_bop.ipynb#the-gradient-on-a-network-and-images): it is exact, and tested. A truncated one is not; see the last exercise of chapter 3. |
# | Eq. 7 is Eq. 4b for one phase. | [Where Eq. 7 asks for almost nothing](quick/digits-n5/03_local_bop.ipynb#where-eq-7-asks-for-almost-nothing): the table there puts noise beside real images. |
# | The exemplars moved, so they were trained. | [Does training lower the loss that it minimises?](quick/digits-n5/04_ablations.ipynb#does-training-lower-the-loss-that-it-minimises): noise of the same size would move them, too. |
# | The loss fell, so the accuracy rises. | [Did it keep its promise?](quick/digits-n5/03_local_bop.ipynb#did-it-keep-its-promise) and {doc}`why` |
# | With mnemonics minus without is what training exemplars gains. | [What "with mnemonics" changes](quick/digits-n5/04_ablations.ipynb#what-with-mnemonics-changes-on-cifar-100): four things change at once. |
# | It was better in my run. | [Paired differences](quick/digits-n5/04_ablations.ipynb#paired-differences): one seed is one dot. |
# | The interval crosses zero, so there is no difference. | [Paired differences](quick/digits-n5/04_ablations.ipynb#paired-differences): none is *shown*. |
# | In the map they lie on the boundary. | [Measured, not seen](quick/digits-n5/05_visualizations.ipynb#measured-not-seen): t-SNE keeps neighbours, and no distances. |

# %% [markdown]
# ## The toy in class
#
# The page {doc}`toy` needs a browser and nothing else: send the file around, or let two share a screen. What works in five minutes:
#
# 1. *A point*: everyone drags one exemplar and says beforehand which way the arrows of the *others* will turn. They all turn alike: only the mean
#    counts.
# 2. $T$ at 1, then at 50. The share of the exemplars in $\theta_T$ is $1 - (1 - \alpha)^T$: with one step the model hardly feels them.
# 3. $\alpha$ at 2, with $T$ even: the gradient is zero. Ask why, before anyone computes.
# 4. *Two classes*: start from herding, run, and look where the exemplars go. Then start the model at *another direction* and compare.
#
# All of it can be done from the keyboard, and a screen reader is told the numbers.

# %% [markdown]
# ## To take along
#
# `make dist` packs the book, the notebooks, the students' copies, the slides and the parameter files into one zip. It opens on any
# machine, from a folder or a stick: begin with its `index.html`.
