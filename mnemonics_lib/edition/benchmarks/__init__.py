"""What the book says of the benchmarks in ``book/records/bench``: tables, figures, and sentences by their numbers."""
