"""The edition made from runs: tables, figures, intervals, costs, and the notebooks."""

import warnings

# Python says of a line of `higher` that it is doubtful, when it compiles it for the first time. In a notebook, which
# imports this package first, that would stand in red under the imports.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=r".*\bhigher\b")
