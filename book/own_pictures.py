# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own pictures
#
# From a folder of pictures to a phase curve, a confusion matrix and a folder of learned exemplars. Any folder will do that
# has a folder of pictures for each class: of any size and number, grey or in colour. If it has `train/` and `val/` (or `test/`) with
# the class folders in them, these are used. Otherwise a fifth of each class is held out to test on, once: the choice is kept
# in a file in the folder.
#
# For your own, put two paths into this cell: that of the pictures, and that of a new folder for what the page makes, the run and
# the learned exemplars. As it stands both are in a temporary folder, which the last cell deletes; of yours it deletes nothing.
#
# **Needs.** {doc}`chapter 2 <quick/digits-n5/02_global_bop>`, for what a phase and its numbers are.

# %% tags=["remove-input"]
from mnemonics_lib.edition.costs import page_cost
from mnemonics_lib.edition.shown import say

say(page_cost("own_pictures"))

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

place = TemporaryDirectory()
pictures = Path(place.name) / "pictures"  # or the path of yours
results = Path(place.name) / "results"  # or a new folder, to keep
size, grey = 8, True  # pixels of a side, and no colours

# %% [markdown]
# So that this page runs without pictures of yours, it makes a folder: half of scikit-learn's digits as files. Leave this cell out for
# your own. All others run as they stand; what to set for photographs is said before the run.

# %% tags=["hide-input"]
from PIL import Image
from sklearn.datasets import load_digits

NAMES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
]
images, digits = load_digits(return_X_y=True)
half = zip(images[::2], digits[::2], strict=True)
for number, (image, digit) in enumerate(half):
    name = NAMES[digit]
    (pictures / name).mkdir(parents=True, exist_ok=True)
    levels = (image.reshape(8, 8) * 255 / 16).astype(np.uint8)
    picture = Image.fromarray(levels).resize((32, 32))
    picture.save(pictures / name / f"{number}.png")

# %% [markdown]
# ## What is there
#
# Before anything runs, look at the folder. What cannot be read is named and counted, and so are pictures that are tested on
# and trained on at once, and files that are no pictures:
#
# ```sh
# .venv/bin/python -m mnemonics_lib check-data folder --root pictures \
#     --size 8 --grey
# ```
#
# prints what this cell prints, after the folder's path; below it stands the section of a parameter file that describes the folder:

# %%
import textwrap

from mnemonics_lib.inspection.of_folder import inspect_folder, lines

report = inspect_folder(pictures, size=size, grey=grey)
for line in lines(report):
    print(textwrap.fill(line, width=76, subsequent_indent="  "))

# %% [markdown]
# ## From the folder to a result
#
# A few lines. `look_at` counts the classes and their pictures; that description stands in the configuration, and a run on a
# folder that has changed since is refused. The rest is taken from the quick setting of the digits with $N = 1$, which suits
# a few small pictures: one half of the classes, and then the other. Digits may not be mirrored (`flip=False`); most other things may.
#
# **For photographs**, set `size, grey = 32, False` above, leave `flip` out, and begin with the small setting of CIFAR-100:
#
# ```python
# folder = look_at(pictures, size=size, grey=grey)
# small = load_config(PARAMS / "small" / "cifar100-n1.yaml")
# config = small.replace(dataset="folder", folder=folder, classes=[])
# ```
#
# - It takes all classes (`classes=[]`), however many there are. For more phases than one add `phases=3, uneven=True`, with any
#   number up to that of the classes after phase 0. Of 2 or 3 classes the first half is one class alone, from which phase 0 has
#   nothing to learn; with 3 of them `first_share=0.67` makes it two.
# - Of every class it keeps 20 exemplars (`budget`), and must find as many pictures to train on. With up to 5 the exemplar level has
#   other numbers; the head of the parameter file says which.
# - It averages the pictures to 16 × 16. `resolution=0` leaves them at `size`, for about four times the work.
# - How long it takes depends on how many pictures there are. To know before, write `config.to_yaml()` into a file, and give that
#   to `.venv/bin/python -m mnemonics_lib dry-run`.

# %%
from mnemonics_lib.config import load_config
from mnemonics_lib.data.folder import look_at
from mnemonics_lib.exemplars.files import save_png
from mnemonics_lib.paths import PARAMS
from mnemonics_lib.runs import load_run, run

folder = look_at(pictures, size=size, grey=grey, flip=False)
quick = load_config(PARAMS / "quick" / "digits-n1.yaml")
config = quick.replace(dataset="folder", folder=folder)
record, path = run(config, results / "runs")
finished = load_run(path)
order, names = finished.class_order, finished.dataset_names
learned = results / "exemplars"
save_png(finished.exemplars, finished.pixels, learned, order, names)

# %% [markdown]
# The phase curve, and who is taken for whom in the end. Classes stand in the order in which they came:

# %% mystnb={"image": {"alt": "Accuracy after each phase on the pictures, and a confusion matrix with the names of the classes."}} sources=["here", "params/quick/digits-n1.yaml"]
import matplotlib.pyplot as plt

from mnemonics_lib.edition import figures

figures.style()
figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.4), layout="constrained")
left, right = axes
figures.phase_curves([record], left)
confusion = record.results[-1].confusion
figures.confusion(confusion, right, "after the last phase")
names = finished.class_names
right.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90)
right.set_yticks(np.arange(len(names)) + 0.5, names, rotation=0)
plt.show()

# %% [markdown]
# The learned exemplars, a folder for each class, which any program can show and any trainer can read ({doc}`/extend`):

# %%
files = sorted(learned.rglob("*.png"))[:4]
[str(file.relative_to(learned)) for file in files]

# %% mystnb={"image": {"alt": "The learned exemplars beside the pictures that they started from, one column for each class."}} sources=["here", "params/quick/digits-n1.yaml"]
memory = finished.exemplars
best = memory.rank == 0
rows = {"picture": memory.origin[best], "learned": memory.images[best]}
figures.image_grid(rows, finished.pixels, names)
plt.show()

# %% [markdown]
# What the last network says of two pictures that it was not trained on, of the first class that came and of the last:

# %%
import torch

from mnemonics_lib.data.folder import pictures_of
from mnemonics_lib.data.pictures import read_picture

_, tested = pictures_of(folder)
some = [tested.files[name][0] for name in (names[0], names[-1])]
raw = torch.stack([read_picture(file, size, grey) for file in some])
said = finished.predict(raw).names
[(file.parent.name, name) for file, name in zip(some, said, strict=True)]

# %% [markdown]
# Called again on the same folder the page reads the run that is finished, and trains nothing. The learned exemplars are written to a
# new folder or an empty one: delete or move those of the last call first.

# %%
place.cleanup()  # the temporary folder, and nothing else
