"""The error of data that no run can use."""

from __future__ import annotations


class DataError(RuntimeError):
    """A data set that is not there, is damaged, or is not what its facts say. The message names what and what to do."""
