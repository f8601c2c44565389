"""Settings of the book, and what training gains in each: the difference of two runs that are alike but for it."""
