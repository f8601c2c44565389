"""The book as a whole: what its contents name, what of it can be made here, and where numbers come from."""
