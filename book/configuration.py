# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Configuration
#
# Every field of a run, read from the model that checks it (`mnemonics_lib.config.RunConfig`). A parameter file or
# `--set` gives the value; an unknown field, a wrong type or a value outside the allowed range is an error that names
# the field. The defaults are the embedded quick setting. The paper's numbers are in the descriptions.
#
# What a parameter file does not name has its default, also in a section that it names in part: `training: {epochs: 9}` and
# nothing else under `training` is nine epochs at the default rate. `--set`, a notebook's `overrides` and
# `RunConfig.replace` change what they name and leave the rest as the file has it. Of several `--set` that name one field
# the last counts; a mapping of overrides that names a field twice is refused.
#
# Files are YAML 1.2: `010` is ten, `1e-3` a number, `no` a word and `2020-01-01` too. Anchors, aliases, tags and a header
# of another version are refused, and so are a key that stands twice, more than 16 levels and more than 100,000 letters;
# `<<` merges nothing.
#
# Some values are refused for what they lead to. Batch normalisation with a batch's own statistics (`batch_norm: batch`)
# needs two images in every batch, in every loop of every phase: among them one new class with one exemplar,
# `val_batch: 1`, and an odd number of images with `batch_size: 2`. Where it is the data set that knows how many images a
# phase has, that is said when it is loaded, before anything is trained. A perturbed start needs `batch_norm: batch` in
# the exemplar level: running statistics are those of the network before it was mixed with a fresh one.

# %% tags=["hide-input"]
from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition.field_table import field_table, sections
from mnemonics_lib.edition.shown import say

# %% [markdown]
# ## The run

# %% tags=["remove-input"]
say(field_table(RunConfig))

# %% [markdown]
# ## Sections
#
# Fields of a section are nested in YAML, and dotted in `--set training.rate=0.05`.

# %% tags=["remove-input"]
for name, about, section in sections(RunConfig):
    say(f"**`{name}`**: {about}")
    say(field_table(section, f"{name}."))
