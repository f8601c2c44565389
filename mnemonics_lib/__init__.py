"""Mnemonics training (Liu et al., CVPR 2020) as an exact, executable library.

Read in the order of the paper: :mod:`~mnemonics_lib.phases` (section 5.1) and :mod:`~mnemonics_lib.losses` (section 3),
:mod:`~mnemonics_lib.global_bop` (Figure 2, Eq. 4), :mod:`~mnemonics_lib.training` (Eq. 6),
:mod:`~mnemonics_lib.exemplars.mnemonics` (Eq. 7 to 9), :mod:`~mnemonics_lib.exemplars.adjustment` (Eq. 10) and
:mod:`~mnemonics_lib.bilevel.adjoint` (the gradient through Eq. 8). Every axis of a run is a field of
:class:`~mnemonics_lib.config.RunConfig`. What makes a run last (:mod:`~mnemonics_lib.durable`), what a device is asked
for (:mod:`~mnemonics_lib.device`) and what is made from finished runs (:mod:`~mnemonics_lib.edition`) stand beside the
paper, and nothing of the paper imports them, but for the one hook with which a GPU records a step.
"""

__version__ = "0.1.0"
