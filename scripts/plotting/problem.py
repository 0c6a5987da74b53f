# SPDX-License-Identifier: BSD-3-Clause
"""What went wrong, with the exit status that gmmpi itself would have (BSD's sysexits.h)."""

import argparse
import contextlib
import sys

WRONG_USAGE = 64
BAD_DATA = 65
NO_INPUT = 66
NO_OUTPUT = 73
INPUT_FAILED = 74
NO_LIBRARY = 69


class Problem(Exception):
    """An error for the user: one line, "FILE: what is wrong; what to do about it"."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


@contextlib.contextmanager
def reading_data():
    """What is wrong with a file of data may be that gmmpi alone reads its kind: a Problem of bad data says what helps then."""
    try:
        yield
    except Problem as problem:
        if problem.status != BAD_DATA:
            raise
        raise Problem(BAD_DATA, "%s; what gmmpi reads and this script does not, gmmpi convert turns into a file for it" % problem)


def warn(message):
    """A line for the user, as gmmpi's own warnings are."""
    print("gmmpi warning: %s" % message, file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """An argument parser that reports wrong usage as gmmpi does."""

    def error(self, message):
        raise Problem(WRONG_USAGE, "%s; try --help" % message)


def leave_on_problem(name, main):
    """Runs main() and ends the program with its status; a Problem becomes one line on standard error."""
    try:
        main()
    except Problem as problem:
        print("gmmpi %s: %s" % (name, problem), file=sys.stderr)
        sys.exit(problem.status)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(0)
