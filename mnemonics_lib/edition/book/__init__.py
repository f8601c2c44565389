"""The book as a whole: what its contents name, what of it can be made here, where numbers come from, and the zip."""
