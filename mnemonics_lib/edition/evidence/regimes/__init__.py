"""Where training helps: by exemplars a class, epochs, classes, making, and from one phase to the next."""
