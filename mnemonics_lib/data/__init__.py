"""Data sets, as tensors or as pictures that stay on the disk, their pixel space and augmentation.

Nothing is imported here: what the configuration needs of it does without torch, and is there in a fraction of a second.
"""
