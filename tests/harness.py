# SPDX-License-Identifier: BSD-3-Clause
"""What the command-line tests share: running gmmpi alone or under mpirun, and temporary folders."""

import atexit
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import unittest

GMMPI = os.environ.get("GMMPI", "gmmpi")
MPIRUN = os.environ.get("GMMPI_MPIRUN", "mpirun")
SOURCE = os.environ.get("GMMPI_SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MALL = os.path.join(SOURCE, "data", "mall_customers.csv")
PATIENCE = 600  # seconds after which a program counts as hung; nothing else depends on it

_sessions = None  # a folder; its path is short, as sockets in it must be
_session_numbers = itertools.count()


def session_folder():
    """A folder for Open MPI's session, of one launch alone: several that share one find it being made or removed. It need not be
    there yet, and is gone when the tests are done."""
    global _sessions
    if _sessions is None:
        _sessions = tempfile.mkdtemp(prefix="gm-", dir="/tmp")
        atexit.register(shutil.rmtree, _sessions, ignore_errors=True)
    return os.path.join(_sessions, str(next(_session_numbers)))


def mpirun(ranks):
    """The words that start a program on so many ranks."""
    return [MPIRUN, "--mca", "orte_tmpdir_base", session_folder(), "--oversubscribe", "-n", str(ranks)]


def command(ranks, *arguments):
    """The words that start gmmpi with `arguments`; ranks=None starts it without mpirun."""
    words = [] if ranks is None else mpirun(ranks)
    return words + [GMMPI] + [str(argument) for argument in arguments]


def gmmpi(*arguments, ranks=None, timeout=PATIENCE, env=None, cwd=None, **options):
    """Runs gmmpi to its end: a CompletedProcess with text output."""
    environment = dict(os.environ, **(env or {}))
    return subprocess.run(command(ranks, *arguments), capture_output=True, text=True, timeout=timeout,
                          env=environment, cwd=cwd, **options)


def own_lines(output):
    """The lines of an error output that are gmmpi's own error messages."""
    return [line for line in output.splitlines() if line.startswith("gmmpi: ")]


class Case(unittest.TestCase):
    """A test with a temporary folder, self.path(name) in it, and checks of how a run ended."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="gmmpi test ")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", newline="") as file:
            file.write(text)
        return self.path(name)

    def bytes_of(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def succeed(self, *arguments, **options):
        run = gmmpi(*arguments, **options)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def fail_with(self, status, pattern, *arguments, **options):
        """gmmpi must leave with `status` and exactly one message that matches `pattern`."""
        run = gmmpi(*arguments, **options)
        self.assertEqual(run.returncode, status, run.stderr)
        lines = own_lines(run.stderr)
        self.assertEqual(len(lines), 1, run.stderr)
        self.assertRegex(lines[0], pattern)
        return run

    def summary(self, *arguments, **options):
        """The JSON object that a successful run with --json prints."""
        return json.loads(self.succeed(*arguments, "--json", **options).stdout)
