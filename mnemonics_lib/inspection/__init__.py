"""``check-data`` and ``dry-run``: what is there of a data set, and what a run on it will take."""
