"""Mnemonics training (Liu et al., CVPR 2020) as an exact, executable library.

Read in the order of the paper: :mod:`~mnemonics_lib.phases` and :mod:`~mnemonics_lib.losses` (section 3),
:mod:`~mnemonics_lib.global_bop` (4.1, 4.2), :mod:`~mnemonics_lib.exemplars.mnemonics` and
:mod:`~mnemonics_lib.bilevel` (4.3). Every axis of a run is a field of :class:`~mnemonics_lib.config.RunConfig`.
"""

__version__ = "0.1.0"
