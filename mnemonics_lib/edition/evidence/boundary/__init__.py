"""Where exemplars lie between the classes, over seeds: the claim of the paper's Figures 1 and 5 in numbers."""
