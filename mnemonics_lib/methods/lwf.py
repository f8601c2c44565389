"""LwF (Li and Hoiem 2018) with exemplars, as the paper's Table 1 has it: CE + KD, classified by the head."""

from mnemonics_lib.methods.base import Method


class LwF(Method):
    """The defaults of :class:`~mnemonics_lib.methods.base.Method` are this method."""
