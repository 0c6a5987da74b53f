# SPDX-License-Identifier: BSD-3-Clause
"""What went wrong, as exceptions, and what is in doubt, as warnings.

Every exception of the library is a :class:`Error` and, besides, the built-in exception that one would expect. Its
``status`` is the program's exit status (docs/exit-status.md), its ``place`` the row or line it is about, from 1, or 0.
"""

try:
    from sklearn.exceptions import ConvergenceWarning, NotFittedError
except ImportError:

    class ConvergenceWarning(UserWarning):
        """The fit ended before it converged."""

    class NotFittedError(ValueError, AttributeError):
        """The estimator has not been fitted."""


class FitWarning(UserWarning):
    """Something happened on the way of a fit that one should know: a collapse, a repair, a spurious model,
    a doubtful reading of a file."""


class Error(Exception):
    """What the library refused or failed at."""

    status = 70

    def __init__(self, message, place=0):
        super().__init__(message)
        self.place = place

    def __reduce__(self):
        return (type(self), (str(self), self.place))


class WrongUsage(Error, ValueError):
    """A value out of range, or a contradiction."""

    status = 64


class BadData(Error, ValueError):
    """What the data or a file hold cannot be used."""

    status = 65


class NoInput(Error, FileNotFoundError):
    """A file that is missing or may not be read."""

    status = 66

    def __str__(self):
        return self.args[0]


class Internal(Error, RuntimeError):
    """A fault of the library."""

    status = 70


class NoMemory(Error, MemoryError):
    """More memory is needed than there is."""

    status = 71


class NoOutput(Error, OSError):
    """A file that cannot be written."""

    status = 73

    def __str__(self):
        return self.args[0]


class InputFailed(Error, OSError):
    """A file that failed while it was read."""

    status = 74

    def __str__(self):
        return self.args[0]


STOPPED = 75
BY_STATUS = {kind.status: kind for kind in (WrongUsage, BadData, NoInput, Internal, NoMemory, NoOutput, InputFailed)}


def raise_status(status, message, place=0):
    """Raises the exception of a status of the library that is not 0."""
    raise BY_STATUS.get(status, Internal)(message, place)
