"""The edition made from runs: tables, figures, intervals, costs, and the notebooks.

``records`` reads them, ``paired`` compares two arms seed by seed, and ``studies`` plans many runs and says what came of
them; ``search``, ``claims``, ``evidence`` and ``paper`` are what pages say of them. ``notebooks`` runs a notebook,
``finished`` gives it work that a study has done, ``forked_kernels`` starts it sooner; ``book``, ``deck`` and ``batch``
make the whole, ``measure_costs`` says what it takes, and ``dist`` packs it. What pages import most lies beside
them: ``figures``, ``report``, ``shown``, ``names``.
"""

import warnings

# Python says of a line of `higher` that it is doubtful, when it compiles it for the first time. In a notebook, which
# imports this package first, that would stand in red under the imports.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=r".*\bhigher\b")
