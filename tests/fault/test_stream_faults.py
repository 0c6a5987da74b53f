# SPDX-License-Identifier: BSD-3-Clause
"""Points that are streamed from a disk that fails, or from a file that changes, while the fit goes on: the job ends with one
message and a checkpoint, from which it goes on when the file is whole again, to the model of a job that nothing happened to."""

import os
import shutil
import tempfile
import unittest

import numpy as np

import faults
import harness
from running import Running, failing

N, D, K, RANKS = 300_000, 16, 3, 2
OPTIONS = ["-k", K, "--tol", "0", "--max-iter", "40", "--no-coarse-to-fine", "--init", "random_from_data", "--accelerate", "none"]


class StreamFaults(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-stream-faults-")
        cls.data = os.path.join(cls.shared, "x.npy")
        faults.make_points(cls.data, N, d=D, k=K)
        cls.whole = os.path.join(cls.shared, "whole.npy")
        shutil.copy(cls.data, cls.whole)
        model = os.path.join(cls.shared, "m.h5")
        # The smallest limit, in steps of 10 MB, that is not refused.
        for limit in range(60, 1000, 10):
            cls.limit = ["--memory-limit", f"{limit}M"]
            run = harness.gmmpi("fit", cls.data, *OPTIONS, "--max-iter", 1, "-o", model, *cls.limit, ranks=RANKS)
            if run.returncode != 71:
                break
        assert run.returncode == 0 and "it streams them" in run.stderr, run.stderr
        assert harness.gmmpi("fit", cls.data, *OPTIONS, "-o", model, ranks=RANKS).returncode == 0
        with open(model, "rb") as file:
            cls.expected = file.read()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def words(self, *more):
        return ["fit", self.data, *OPTIONS, "-o", self.path("m.h5"), "--log", self.path("log.csv"), *more]

    def assert_goes_on(self, errors):
        self.assertRegex(errors, "gmmpi warning: the fit so far is kept in .*m.h5.checkpoint; .*--restart auto")
        iterations = self.bytes_of("log.csv").count(b"\n") - 2
        self.assertGreaterEqual(iterations, 1)
        run = self.succeed(*self.words("--restart", "auto"), ranks=3)
        self.assertRegex(run.stderr, "goes on after iteration [1-9]")
        self.assertTrue(self.bytes_of("m.h5") == self.expected)

    def test_disk_that_fails(self):
        size = os.path.getsize(self.data)
        # What is in the middle of a rank's rows stays in memory from one pass to the next.
        for rank, byte in ((0, size // 50), (1, size - size // 50)):
            with self.subTest(rank=rank):
                run = self.fail_with(74, r"x.npy: reading .*failed.*Input/output error", *self.words(*self.limit), ranks=RANKS,
                                     env=failing("x.npy", "read", byte=byte, skip=4, rank=rank))
                self.assert_goes_on(run.stderr)
                os.unlink(self.path("log.csv"))

    def test_disk_that_fails_at_once(self):
        self.fail_with(74, "x.npy: reading .*failed.*Input/output error", *self.words(*self.limit), ranks=RANKS,
                       env=failing("x.npy", "read", byte=os.path.getsize(self.data) // 2))
        self.assertEqual(os.listdir(self.folder), [])

    def test_prediction(self):
        with open(self.path("m.h5"), "wb") as file:
            file.write(self.expected)
        self.write("old.h5", "kept")
        words = ["predict", self.path("m.h5"), self.data, "-o", self.path("old.h5")]
        self.fail_with(74, "x.npy: reading .*failed", *words, *self.limit, ranks=RANKS,
                       env=failing("x.npy", "read", byte=os.path.getsize(self.data) // 5, skip=1, rank=0))
        self.assertEqual(self.bytes_of("old.h5"), b"kept")

    def harm_while_it_runs(self, harm):
        job = Running(harness.command(RANKS, *self.words(*self.limit, "--max-iter", 100000)), dict(os.environ),
                             self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        job.until(lambda: os.path.exists(self.path("log.csv")) and self.bytes_of("log.csv").count(b"\n") > 3, "rows")
        harm()
        self.assertEqual(job.wait(), 65, job.errors())
        shutil.copy(self.whole, self.data)
        return job.errors()

    def test_file_that_is_cut_off(self):
        errors = self.harm_while_it_runs(lambda: os.truncate(self.data, os.path.getsize(self.data) // 2))
        self.assertEqual(len(harness.own_lines(errors)), 1, errors)
        self.assertIn("the fit so far is kept in", errors)

    def test_file_that_changes(self):
        def change():
            with open(self.data, "r+b") as file:
                file.seek(os.path.getsize(self.data) // 2)
                file.write(np.float64(0.5).tobytes())

        errors = self.harm_while_it_runs(change)
        self.assertRegex(harness.own_lines(errors)[0], "x.npy: has changed since it was read first")


if __name__ == "__main__":
    unittest.main()
