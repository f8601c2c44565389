"""The edition made from runs: tables, figures, intervals, costs, and the notebooks."""
