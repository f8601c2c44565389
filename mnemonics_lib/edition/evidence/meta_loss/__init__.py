"""Whether training lowers the loss of Eq. 7, what that does to exemplars, and what a fall of that loss is worth."""
