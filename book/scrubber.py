# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Training exemplars, step by step
#
# A trained exemplar is an image whose pixels were parameters. From outside one sees its beginning, its end and an accuracy, and from
# these it cannot be told whether the image changed at all, whether it still changes, and what the loss had to do with it.
# Here are two runs in which every step can be looked at.
#
# An *outer step* takes the exemplars $\mathcal{E}_i$ as they are and does three things:
#
# 1. A temporary model starts near $\Theta_i$, at another place each time, and takes $T$ steps of {eq}`eq-8` on the exemplars alone.
# 2. The loss of the result on $D_i$ is noted: the validation loss, {eq}`eq-7a`. It says how good *these* exemplars are to train on, from
#    *this* start.
# 3. All pixels of all exemplars move against the gradient of that loss, through the $T$ steps: {eq}`eq-9`.
#
# **Needs.** {ref}`unrolling`, where these steps are taken by hand.

# %% tags=["hide-input"]
import json
from statistics import fmean

import matplotlib.pyplot as plt
import torch
from IPython.display import HTML, display
from scipy.stats import spearmanr

from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition import figures, kept_figures
from mnemonics_lib.edition.beside_noise import beside_noise
from mnemonics_lib.edition.costs import page_cost
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.scrubber import scrubbed
from mnemonics_lib.edition.shown import change, say
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.kept import Snapshots, read_kept
from mnemonics_lib.paths import STUDIES

figures.style()

# %% tags=["remove-input"]
say(page_cost("scrubber"))


# %% tags=["hide-input"]
runs = {run.arm: run for run in plan(STUDIES / "shown/scrubber.yaml").runs}
records = {arm: read_record(run.files[0]) for arm, run in runs.items()}
kept = {arm: read_kept(run.files[1]) for arm, run in runs.items()}
plain, faster = "mnemonics", "mnemonics-faster"
config = runs[plain].config
pixels = load_dataset(config.dataset, torch.device("cpu")).pixels
steps = {
    arm: scrubbed(record, kept[arm], pixels)
    for arm, record in records.items()
}
early, late = steps[plain]
fast_early, fast_late = steps[faster]


def training(arm, phase):
    """What the record has of the training of a phase's exemplars."""
    return records[arm].results[phase].exemplars


# %% tags=["hide-input"]
level, fast = config.exemplar_level, runs[faster].config.exemplar_level
start = kept[plain].phases[0].snapshots
per_class = len(early["names"]) // len(set(early["names"]))
size = sum(run.files[1].stat().st_size for run in runs.values()) / 1000
assert level.optimizer == "adam"
assert level.start == "perturbed"
assert not level.clip
assert fast.clip
assert level.model_copy(update={"beta": fast.beta, "clip": True}) == fast
assert start.steps.tolist() == list(range(len(early["meta_loss"]) + 1))
say(
    "**What the record is.** Two runs of one study, "
    "`book/studies/shown/scrubber.yaml`: scikit-learn's digits, N = "
    f"{config.phases}, seed {config.seed}, {NAMES[config.method]} with "
    f"{per_class} exemplars of each class, which start as real images "
    f"picked at random; $T = {level.inner_steps}$ inner steps with "
    f"$\\alpha_2 = {level.alpha}$; {len(early['meta_loss'])} outer steps "
    "in each phase, taken by Adam.\n\n"
    "- *Settings of chapter 3*: those of "
    f"`params/quick/digits-n5.yaml`, with a learning rate of {level.beta} "
    "for the pixels (the paper's $\\beta_1$, not Adam's coefficient of that "
    "name). These, and the seed, are those of the training that chapter 3 "
    "shows. It was made apart from it; rounding, which training magnifies, "
    "makes single losses differ by several times.\n"
    f"- *Larger steps*: a learning rate of {fast.beta}, and after each step "
    "pixels beyond black or white are put back to black or white "
    "(`exemplar_level.clip`). It is here because the eye can follow it, "
    "and is no recommendation.\n\n"
    f"Kept are all {len(early['names'])} exemplars of phase 0 and the "
    f"{len(late['names'])} new ones of phase {late['phase']}, after every "
    f"outer step, as images of 256 grey levels, {size:.0f} kB for both "
    "runs. In the first run a pixel may leave the range of real images, "
    "and is then shown as black or white: of what moves there the pictures "
    "show a part, and the curve of the displacement all."
)

# %% [markdown]
# ## Try it

# %% tags=["hide-input", "widget-figure"] mystnb={"image": {"alt": "Ten exemplars of five digits in columns: at the start, after 10, 20 and 40 outer steps of the run with larger steps, and what has changed. Most digits can still be made out, while grey noise grows around and within them."}} sources=["shown/scrubber"]


def some_of(found, stops):
    """The snapshots of some stops."""
    return Snapshots(found.images[stops], found.steps[stops], found.labels)


shown = kept[faster].phases[0].snapshots
figure = kept_figures.snapshots(some_of(shown, [0, 10, 20, 40]))
for axis, name in zip(figure.axes, fast_early["names"], strict=False):
    axis.title.set_text(f"{axis.get_title()}\n({name})")
figure.suptitle("larger steps, phase 0")
plt.show()

# %% tags=["hide-input", "widget-figure"] mystnb={"image": {"alt": "Two plots over the outer steps of phase 0. Left, the validation losses of both runs, which jump up and down from step to step, with a dashed line, the exemplars' loss at the start of each step, that jumps as they do, and a diamond at either end. Right, the displacements of both runs, which grow fast at first and ever more slowly, and a dashed level."}} sources=["shown/scrubber"]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(7, 3.4), layout="constrained"
)
both = {"settings of chapter 3": early, "larger steps": fast_early}
for (name, found), colour in zip(both.items(), ("C0", "0.6"), strict=True):
    left.semilogy(found["meta_loss"], color=colour, label=name)
    right.plot(found["displacement"], color=colour, label=name)
ends, total = early["panel"], len(early["meta_loss"])
dashed = {"color": "C1", "linestyle": "--"}
first_loss, noise_at_end = early["first_loss"], early["noise_displacement"]
of_first = {"color": "C1", "label": "chapter 3's panel"}
left.semilogy(first_loss, **dashed, lw=1, label="chapter 3's, before Eq. 8")
left.plot([0, total], ends, "D", mfc="white", **of_first)
right.axhline(
    noise_at_end, **dashed, label="chapter 3's by noise, at the end"
)
left.set(xlabel="outer steps done", ylabel="loss")
right.set(xlabel="outer steps done", ylabel="displacement (std)")
for axis in (left, right):
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=8)
plt.show()

# %% tags=["remove-input"]
written = json.dumps(
    {
        "settings of chapter 3": steps[plain],
        "larger steps": steps[faster],
    }
)
display(
    HTML(
        '<div class="widget scrubber" id="scrubber">'
        "<noscript>With JavaScript, every step can be looked at.</noscript>"
        f'<script type="application/json">{written}</script></div>'
    )
)

# %% [markdown]
# Move the slider with the mouse or a finger, or with the arrow keys, *Home* and *End* once it has the focus. In the row of changes, orange
# pixels are brighter than at the start and blue ones darker. With "change × 10" they have their full colour from a tenth of the way
# between black and white on. A loss belongs to the exemplars that are shown: the next step follows its gradient.
# *Displacement* is the root-mean-square distance of the pixels from where they started; 1 std is one of the standard deviations that images are normalised by.
#
# ## What to watch

# %% tags=["hide-input"]


def largest(arm, phase):
    """The largest change of a pixel that is shown, in per cent."""
    found = kept[arm].phases[phase].snapshots
    return 100 * kept_figures.largest_change(found)


first, last = early["displacement"][1], early["displacement"][-1]
half = next(k for k, d in enumerate(early["displacement"]) if d > last / 2)
assert abs(first / level.beta - 1) < 0.02
straight = len(early["meta_loss"]) * level.beta
say(
    "1. **Whether it moves.** In the first run hardly so that the eye "
    "could see it: no picture shows a change of more than "
    f"{largest(plain, 0):.0f} % of the way from black to white, and the "
    f"displacement is {last:.3f} std. That is why the book gives the "
    "displacement wherever exemplars are trained. With larger steps it is "
    f"{fast_early['displacement'][-1]:.2f} std, and up to "
    f"{largest(faster, 0):.0f} %.\n"
    f"2. **How it moves.** The first step moves the pixels by {first:.4f} "
    "std, which is the learning rate: Adam's first step has that size, "
    f"whatever the gradient. Half of the way is done after {half} of "
    f"{len(early['meta_loss'])} steps. Steps of that size that all agreed "
    f"would have led to {straight:.1f} std, these to "
    f"{100 * last / straight:.0f} % of that."
)

# %% tags=["hide-input"]
noise = {each["phase"]: each["noise_displacement"] for each in steps[plain]}
ratio = early["displacement"][-1] / noise[0]
so_far = beside_noise(early["displacement"][-1], noise[0])
like_noise = f"{so_far} noise would have taken them"
luck = spearmanr(early["meta_loss"], early["first_loss"]).statistic
losses = early["meta_loss"]
quarter = len(losses) // 4
before, after = early["panel"]
say(
    "3. **Whether the gradient led it.** The dashed line among the "
    "displacements is where the same optimiser takes pixels that follow "
    f"pure noise in place of the gradient: {noise[0]:.3f} std at the end. "
    f"The exemplars of the first run went {like_noise} ({ratio:.2f} "
    "times). A distance does not show that what was learnt is of use; the "
    "loss must.\n"
    "4. **What the loss says.** It jumps, by up to "
    f"{max(losses) / min(losses):.0f} times, because each step has a start "
    "of its own: where the exemplars' loss at that start, before the first "
    "step of Eq. 8, is high (the dashed line among the losses), so is the "
    f"validation loss at the end (rank correlation {luck:.2f}). The mean "
    "over a quarter of the steps "
    f"{change(fmean(losses[:quarter]), fmean(losses[-quarter:]), 3)} from "
    "the first quarter to the last, with other starts in each. The two "
    "diamonds compare like with like, the same few starts and the same images "
    f"before and after: there the loss {change(before, after, 4)}."
)

# %% tags=["hide-input"]
panels = {
    (name, found["phase"]): change(*found["panel"], 4)
    for name, both in steps.items()
    for found in both
}
own = training(faster, 0)
gained = [found["panel"][0] - found["panel"][1] for found in (early, late)]
assert len(set(late["names"])) == 1
assert own.own_loss_after > own.own_loss_before
assert abs(gained[1]) < 0.2 * gained[0]
assert fast_early["displacement"][-1] > 5 * early["displacement"][-1]
moved = {
    name: found["displacement"][-1]
    for name, found in (("early", early), ("late", late))
}
say(
    "5. **Larger steps.** Choose that run, and go to the end: most digits "
    "can still be made out, under something that looks like noise. For the "
    "network whose exemplars they are they have become harder: their own "
    "loss at $\\Theta_0$ "
    f"{change(own.own_loss_before, own.own_loss_after, 3)}. On the fixed "
    f"panel the loss {panels[faster, 0]}; in the first run it "
    f"{panels[plain, 0]}.\n"
    f"6. **Phase {late['phase']}, a single class.** There a constant "
    "answer solves Eq. 7, whatever the exemplars look like ({doc}`chapter 3 "
    "<quick/digits-n5/03_local_bop>` tries it). The panel has next to "
    f"nothing to gain: in the first run it {panels[plain, late['phase']]}. "
    f"The pixels move all the same, by {moved['late']:.3f} std against "
    f"{moved['early']:.3f} std in phase 0: "
    "Adam divides a gradient by its own size, however small it is."
)

# %% [markdown]
# What this leaves out: one seed of each run says nothing about which is better, a loss on $D_i$ is not an accuracy, and neither says what
# happens to the classes in later phases. {doc}`quick/digits-n5/03_local_bop` takes the first of these steps by hand, {doc}`toy` has a
# problem with few enough numbers to move them yourself, and {doc}`why` works out which exemplars make the loss of such a step small.
