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

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

place = TemporaryDirectory()
pictures = (
    Path(place.name) / "pictures"
)  # put the path of your own folder here

# %% [markdown]
# So that this page runs without one, it makes a folder: scikit-learn's digits as files. Leave the cell out for your own.

# %% tags=["hide-input"]
import numpy as np
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
for number, (image, digit) in enumerate(zip(images, digits, strict=True)):
    name = NAMES[digit]
    (pictures / name).mkdir(parents=True, exist_ok=True)
    grey = Image.fromarray(
        (image.reshape(8, 8) * 255 / 16).astype(np.uint8)
    )
    grey.resize((32, 32)).save(pictures / name / f"{number}.png")

# %% [markdown]
# ## What is there
#
# Before anything runs, look at the folder. What cannot be read is named and counted, and so are pictures that are tested on
# and trained on at once, and files that are no pictures:
#
# ```sh
# python -m mnemonics_lib check-data folder --root pictures --size 8 --grey
# ```
#
# prints what this cell prints:

# %%
import textwrap

from mnemonics_lib.inspection.of_folder import inspect_folder, lines

report = inspect_folder(pictures, size=8, grey=True)
for line in lines(report):
    print(textwrap.fill(line, width=76, subsequent_indent="  "))

# %% [markdown]
# ## From the folder to a result
#
# Eight lines. `look_at` counts the classes and their pictures; that description stands in the configuration, and a run on a
# folder that has changed since is refused. The rest is taken from the quick setting of the digits with $N = 1$, which suits
# a few small pictures: five classes, and then five more. Digits may not be mirrored (`flip=False`); most other things may. For photographs, begin with
# `params/small/cifar100-n5.yaml` and `size=32`, with `grey` left out.

# %%
from mnemonics_lib.config import load_config
from mnemonics_lib.data.folder import look_at
from mnemonics_lib.exemplars.files import save_png
from mnemonics_lib.paths import PARAMS
from mnemonics_lib.runs import load_run, run

folder = look_at(pictures, size=8, grey=True, flip=False)
quick = load_config(PARAMS / "quick" / "digits-n1.yaml")
config = quick.replace(dataset="folder", folder=folder)
record, path = run(config, Path(place.name) / "runs")
finished = load_run(path)
order, names = finished.class_order, finished.dataset_names
learned = pictures.parent / "exemplars"
save_png(finished.exemplars, finished.pixels, learned, order, names)

# %% [markdown]
# The phase curve, and who is taken for whom in the end. Classes stand in the order in which they came:

# %% mystnb={"image": {"alt": "Accuracy after each phase on the pictures, and a confusion matrix with the names of the classes."}}
import matplotlib.pyplot as plt

from mnemonics_lib.edition import figures

figures.style()
figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
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

# %% mystnb={"image": {"alt": "The learned exemplars beside the pictures that they started from, one column for each class."}}
memory = finished.exemplars
best = memory.rank == 0
rows = {"picture": memory.origin[best], "learned": memory.images[best]}
figures.image_grid(rows, finished.pixels, names)
plt.show()

# %% [markdown]
# What the last network says of a few pictures:

# %%
import torch

from mnemonics_lib.data.pictures import read_picture

some = [
    sorted((pictures / name).iterdir())[0] for name in ("three", "eight")
]
raw = torch.stack([read_picture(file, size=8, grey=True) for file in some])
finished.predict(raw).names

# %%
place.cleanup()
