"""The base of those errors of the library that a user can do something about."""

from __future__ import annotations


class ReportedError(Exception):
    """An end of the work whose message says all that its user needs: what was wrong, with what, and what is allowed.

    The command line prints the message alone, and exits with ``status``.
    """

    status = 2


class OutOfTimeError(ReportedError):
    """The time limit was reached; all that was done is kept. The message says where the run stands."""

    status = 75  # a temporary failure, as sysexits.h has it
