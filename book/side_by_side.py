# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # All settings, side by side
#
# Every setting of this book in which exemplars that were trained from herding's are compared with herding's, all else equal. {doc}`evidence` has what was asked
# in advance, {doc}`where` the studies that ask of other settings, {doc}`cifar100` and {doc}`tiny_imagenet` older ones.

# %% tags=["remove-input"] mystnb={"image": {"alt": "Gain in average accuracy of exemplars trained from herding's over herding's, with intervals: a row for each data set, method and number of exemplars."}} sources=["all", "book/records/first_time.json"]
from statistics import fmean

import matplotlib.pyplot as plt

from mnemonics_lib.edition import figures, report
from mnemonics_lib.edition.evidence.meta_loss.from_random import (
    over_its_start,
)
from mnemonics_lib.edition.evidence.pairs.gain_figure import (
    gain_figure,
    known_figure,
)
from mnemonics_lib.edition.evidence.pairs.gains import gains
from mnemonics_lib.edition.evidence.pairs.side_by_side import (
    differ_in_more,
    know_as_much,
    others_in_words,
)
from mnemonics_lib.edition.shown import say

figures.style()
found = gains()
of_training = [gain for gain in found if gain.setting.asks_of_training]
gain_figure(of_training)
plt.show()

# %% [markdown]
# Each mark is a mean over seeds of paired runs that differ in the training of the exemplars alone, with its interval: 95 % each, and for the
# settings that were asked about in advance 95 % together, those with four methods and two numbers of exemplars, and apart from them the four by
# Eq. 4b; LUCIR with 1 a class was asked about by itself. LwF and iCaRL train the same network and differ only in how it classifies. Digits' runs were made twice, and count with the mean of both. Full marks are
# those that the words count. Hollow ones make no claim: their study is not finished, or there are fewer than three seeds.
#
# The inner loop has 8 steps on CIFAR-100 and Tiny-ImageNet where nothing else is said, and 80 where *far* is said, which replaced it for more than 5 exemplars a class
# ({doc}`tried`); on digits it has 10. *No transfer*: convolutions are trained on in later phases. *Larger steps*: Adam's rate on the pixels is 0.01 for 0.003. *The
# classes of the search*: those that settings were chosen on. Settings for digits were
# chosen on the test images of the runs that are shown ({doc}`results`), the others
# mostly apart from what is reported ({doc}`tried`).

# %% tags=["remove-input"] sources=["all", "book/records/first_time.json"]
say(others_in_words([gain for gain in found if gain.setting.exploratory]))

# %% [markdown]
# ## Settings that differ in more than training
#
# Here the difference to herding's holds more than training: exemplars began as random images, as in the paper, or old ones are adjusted, too. All marks
# are hollow, since none says what training does by itself.

# %% tags=["remove-input"] mystnb={"image": {"alt": "The same for settings whose exemplars were trained from random images, or whose old exemplars are adjusted: a row for each, most of them below 0."}} sources=["all", "book/records/first_time.json"]
differ = [gain for gain in found if not gain.setting.asks_of_training]
gain_figure(differ)
plt.show()
say(f"{differ_in_more(differ)} {over_its_start()} ({{doc}}`cifar100`)")

# %% [markdown]
# ## Against how much the networks know
#
# The same gains against how much of its own training data the first network of a run knows. Settings differ in more than that; LwF with 5 exemplars a
# class and 2 to 60 epochs varies the epochs of all phases, and nothing else ({doc}`where`).

# %% tags=["remove-input"] mystnb={"image": {"alt": "The same gains against the share of its training images that the network of phase 0 classifies correctly."}} sources=["all", "book/records/first_time.json"]
known_figure(of_training)
plt.show()

# %% tags=["remove-input"] sources=["all", "book/records/first_time.json"]
full = report.evidence("paper", "cifar100-n5")["lucir"]
known = fmean(run.results[0].train_accuracy for run in full.values())
say(
    f"At the paper's scale the first network knows {known:.1f} %, with "
    f"{len(full)} seed{'s' * (len(full) != 1)} ({{doc}}`results`). "
    + know_as_much(of_training, known)
)
