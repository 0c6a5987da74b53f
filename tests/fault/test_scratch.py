# SPDX-License-Identifier: BSD-3-Clause
"""What is kept of a streamed subsample in --scratch is a help that may fail at any time: when the disk is full, fails, or gives
other bytes back the fit goes on to the same model, says so once, and leaves nothing behind."""

import os
import shutil
import signal
import tempfile
import unittest

import faults
import harness
from running import Running, failing
import streaming

N, D, K, RANKS = 400_000, 16, 4, 2
OPTIONS = ["-k", K, "--tol", "0", "--max-iter", "2", "--init", "random", "--accelerate", "none"]
UNNAMED = " (deleted)"  # how the names of files end that have none


class Scratch(streaming.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-scratch-")
        cls.data = os.path.join(cls.shared, "x.npy")
        faults.make_points(cls.data, N, d=D, k=K)
        cls.model = os.path.join(cls.shared, "m.h5")
        run = harness.gmmpi("fit", cls.data, *OPTIONS, "-o", cls.model)
        assert run.returncode == 0, run.stderr
        with open(cls.model, "rb") as file:
            cls.expected = file.read()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def setUp(self):
        super().setUp()
        self.scratch = self.path("scratch")
        os.mkdir(self.scratch)
        if os.statvfs(self.scratch).f_files == 0 or self.scratch.startswith("/dev/shm"):
            self.skipTest("temporary folders are in memory here")

    def words(self, *more):
        return ["fit", self.data, *OPTIONS, "-o", self.path("s.h5"), "--scratch", self.scratch, *more]

    def assert_goes_on(self, pattern, **fault):
        run, _ = self.streaming(*self.words(), ranks=RANKS, env=failing(UNNAMED, **fault))
        warnings = [line for line in run.stderr.splitlines() if line.startswith("gmmpi warning: ")]
        self.assertEqual(len(warnings), 1, run.stderr)
        self.assertRegex(warnings[0], pattern)
        self.assertTrue(self.bytes_of("s.h5") == self.expected)
        self.assertEqual(os.listdir(self.scratch), [])

    def test_full_disk(self):
        kept = "a subsample of the points cannot be kept there .No space left on device.; .*--scratch"
        for skip, rank in ((0, None), (3, 1)):
            self.assert_goes_on(kept, call="write", does="ENOSPC", skip=skip, rank=rank)

    def test_disk_that_fails(self):
        self.assert_goes_on("cannot be kept there .Input/output error.", call="write", skip=2, rank=0)
        self.assert_goes_on("part of a subsample was kept there, but Input/output error; it is read from the data again",
                            call="read", byte=3_000_000, rank=1)

    def test_bytes_that_change(self):
        self.assert_goes_on("part of a subsample was kept there, but it gave back other bytes than were written", call="read", does="FLIP",
                            byte=3_000_000, rank=1)

    def test_killed(self):
        limit = self.lasting_limit(*self.words("--max-iter", 0), ranks=RANKS)
        job = Running(harness.command(RANKS, *self.words("--max-iter", 10_000, "--memory-limit", limit)), dict(os.environ),
                             self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        job.until(lambda: any(self.keeps_something(pid) for pid in job.ranks()), "something is kept")
        for pid in job.ranks():
            os.kill(pid, signal.SIGKILL)
        job.wait()
        self.assertEqual(os.listdir(self.scratch), [])

    @staticmethod
    def keeps_something(pid):
        try:
            links = [f"/proc/{pid}/fd/{name}" for name in os.listdir(f"/proc/{pid}/fd")]
            return any("/scratch/" in os.readlink(link) and os.stat(link).st_size > 0 for link in links)
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
