# SPDX-License-Identifier: BSD-3-Clause
"""A rank that is no longer heard of: the others wait for it, but not for ever (--stall-seconds)."""

import os
import signal
import time
import unittest

import h5py

import harness
from faults import make_points
from running import Running

STALL = 3
RANKS = 3
WITHOUT_END = 10_000_000


class Stall(harness.Case):
    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data, 60_000)

    def rows(self):
        try:
            return self.bytes_of("log.csv").count(b"\n") - 1
        except OSError:
            return 0

    def words(self, iterations):
        return ["fit", self.data, "-k", "4", "--tol", "0", "--max-iter", iterations, "-q", "-o"]

    def running_job(self, *more):
        """A job without end, in the middle."""
        words = harness.command(RANKS, *self.words(WITHOUT_END), self.path("model.h5"), "--log", self.path("log.csv"),
                                "--stall-seconds", STALL, *more)
        job = Running(words, dict(os.environ), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        job.until(lambda: self.rows() > 10, "rows")
        return job

    def assert_goes_on(self):
        """To the model of a job that nothing happened to."""
        with h5py.File(self.path("model.h5.checkpoint"), "r") as checkpoint:
            # A row may be written before the next model is made.
            self.assertGreaterEqual(checkpoint["climber_0/iteration"][()], self.rows() - 1)
        words = self.words(self.rows() + 10)
        self.succeed(*words, self.path("model.h5"), "--restart", "auto", ranks=RANKS - 1)
        self.succeed(*words, self.path("undisturbed.h5"), "--checkpoint", "none")
        self.assertEqual(self.bytes_of("model.h5"), self.bytes_of("undisturbed.h5"))

    def assert_says(self, job, pattern):
        self.assertEqual(job.wait(), 75, job.errors())
        lines = harness.own_lines(job.errors())
        self.assertEqual(len(lines), 1, job.errors())
        self.assertRegex(lines[0], pattern)

    def test_a_rank_is_lost(self):
        job = self.running_job()
        os.kill(job.ranks()[2], signal.SIGSTOP)
        self.assert_says(job, r"model\.h5\.checkpoint: rank 0 has waited too long for the others \(--stall-seconds 3\), "
                              r".*; go on with --restart auto$")
        self.assert_goes_on()

    def test_rank_0_is_lost(self):
        """It saves nothing any more, and another one speaks."""
        job = self.running_job("--checkpoint-every", "1")
        os.kill(job.ranks()[0], signal.SIGSTOP)
        self.assert_says(job, r"model\.h5\.checkpoint: rank 1 has waited too long for the others .*; go on with --restart auto$")
        self.assert_goes_on()

    def test_without_checkpoints(self):
        job = self.running_job("--checkpoint", "none")
        os.kill(job.ranks()[1], signal.SIGSTOP)
        self.assert_says(job, r"model\.h5: rank 0 has waited too long .*; there are no checkpoints, start again$")

    def test_a_suspended_job_is_not_lost(self):
        job = self.running_job()
        ranks = job.ranks()
        for number, pause in ((signal.SIGSTOP, STALL + 2), (signal.SIGCONT, 0)):
            for pid in ranks:
                os.kill(pid, number)
            time.sleep(pause)
        rows = self.rows()
        job.until(lambda: self.rows() > rows + 50, "more rows")
        os.kill(ranks[0], signal.SIGUSR1)
        self.assert_says(job, "stopped by SIGUSR1")
        self.assert_goes_on()


if __name__ == "__main__":
    unittest.main()
