"""Data sets as resident tensors, their pixel space and augmentation.

Nothing is imported here: the configuration needs :mod:`mnemonics_lib.data.info` alone, in a fraction of a second.
"""
