"""``python -m mnemonics_lib check-data``: what is there of a data set, and what a run on it will take."""
