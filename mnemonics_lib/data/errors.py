"""The error of data that no run can use."""

from __future__ import annotations

from mnemonics_lib.errors import ReportedError


class DataError(ReportedError, RuntimeError):
    """A data set that is not there, is damaged, or is not what its facts say. The message names what and what to do."""
