"""Exemplars: the memory, their selection, and their training by the local bilevel programme."""
