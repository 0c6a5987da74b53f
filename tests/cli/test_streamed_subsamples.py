# SPDX-License-Identifier: BSD-3-Clause
"""Default fits of points that are many times larger than --memory-limit leaves room for: subsamples are streamed too, kept in
--scratch or not, with missing values or without, and no bit of any result tells."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import h5py
import numpy as np

import harness
from running import Running, holding
import streaming

N, D, K = 300_000, 16, 4
OPTIONS = ("-k", K, "--max-iter", 3)


def make_points():
    generator = np.random.default_rng(7)
    centres = 0.8 * generator.normal(size=(K, D))
    return centres[generator.integers(K, size=N)] + generator.normal(size=(N, D))


class StreamedSubsamples(streaming.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-subsamples-")
        points = make_points()
        np.save(os.path.join(cls.shared, "x.npy"), points)
        virtual = h5py.VirtualLayout(shape=points.shape, dtype=points.dtype)
        for i, rows in enumerate(np.array_split(np.arange(N), 3)):
            np.save(os.path.join(cls.shared, f"part-{i}.npy"), points[rows])
            with h5py.File(os.path.join(cls.shared, f"part-{i}.h5"), "w") as file:
                file["points"] = points[rows]
            virtual[rows[0]:rows[-1] + 1] = h5py.VirtualSource(f"part-{i}.h5", "points", shape=(len(rows), D))
        with h5py.File(os.path.join(cls.shared, "virtual.h5"), "w", libver="latest") as file:
            file.create_virtual_dataset("points", virtual)
        cls.holes = points.copy()
        cls.holes[np.arange(0, N, 7), np.arange(0, N, 7) % D] = np.nan
        cls.holes[100_000:190_000, 3] = np.nan
        np.save(os.path.join(cls.shared, "holes.npy"), cls.holes)
        cls.expected = {}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def data(self, name="x.npy"):
        return os.path.join(self.shared, name)

    def resident(self, name="x.npy", *options):
        """The bytes of the model and the labels of a run that holds all points."""
        if (name, options) not in self.expected:
            run = self.succeed("fit", self.data(name), *OPTIONS, *options, "-o", self.path("m.h5"), "--labels", self.path("l.h5"))
            self.assertNotIn("streams", run.stderr)
            self.expected[name, options] = self.bytes_of("m.h5"), self.bytes_of("l.h5")
        return self.expected[name, options]

    def assert_same(self, expected, name, *options, ranks=None, threads=1, env=None):
        """The smallest limit leaves a few MB: less than a tenth of the points, and less than half of the finest subsample."""
        with self.subTest(name=name, ranks=ranks, options=options):
            run, _ = self.streaming("fit", self.data(name), *OPTIONS, *options, "--threads", threads, "-o", self.path("s.h5"),
                                    "--labels", self.path("sl.h5"), ranks=ranks, env=env)
            self.assertIn("and subsamples of more than", run.stderr)
            model, labels = expected
            self.assertTrue(self.bytes_of("s.h5") == model)
            self.assertTrue(self.bytes_of("sl.h5") == labels)
            return [line for line in run.stderr.splitlines() if line.startswith("gmmpi warning: ") and "converged" not in line]

    def test_any_source(self):
        expected = self.resident()
        self.assert_same(expected, "x.npy", threads=2)
        self.assert_same(expected, "part-*.npy", ranks=2)
        self.assert_same(expected, "part-*.h5", ranks=3)
        self.assert_same(expected, "virtual.h5:/points", ranks=2)

    def test_single_precision(self):
        precision = ("--precision", "single")
        self.assert_same(self.resident("x.npy", *precision), "x.npy", *precision, ranks=2)

    def test_scratch(self):
        """Where it is no disk there is one warning, and else there is none; nothing is left in it."""
        expected = self.resident()
        disk = self.path("scratch")
        os.mkdir(disk)
        self.write("file", "")
        on_disk = subprocess.run(["stat", "-f", "-c", "%T", disk], capture_output=True, text=True).stdout.strip() != "tmpfs"
        if on_disk:
            self.assertEqual(self.assert_same(expected, "x.npy", "--scratch", disk, ranks=2), [])
        self.assertEqual(self.assert_same(expected, "x.npy", "--scratch", "none", ranks=2), [])
        self.assertEqual(os.listdir(disk), [])
        places = [(self.path("file"), "Not a directory", ("--scratch", self.path("file")), None)]
        if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK):
            places.append(("/dev/shm", "it is in memory", (), {"TMPDIR": "/dev/shm"}))
        for place, why, options, env in places:
            warnings = self.assert_same(expected, "x.npy", *options, ranks=3, env=env)
            self.assertEqual(len(warnings), 1, warnings)
            self.assertRegex(warnings[0], rf"{place}: a subsample of the points cannot be kept there \({why}\); .*--scratch")

    def test_stopped_on_a_streamed_subsample(self):
        """Goes on under another limit and at another number of ranks, or holding all points."""
        options = ("--init", "random", "--accelerate", "none", "--tol", "1e-9")
        model, labels = self.resident("x.npy", *options)
        words = ("fit", self.data(), *OPTIONS, *options, "-o", self.path("s.h5"), "--labels", self.path("sl.h5"))
        limit = self.lasting_limit(*words, "--checkpoint", "none", "--max-iter", 0, ranks=2)
        for streams in (True, False):
            job = Running(harness.command(2, *words, "--checkpoint-every", "1", "--memory-limit", limit),
                          dict(os.environ, **holding("s.h5.checkpoint", "rename", times=0)), self.path("errors.txt"))
            self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
            held = job.until_held()
            while not self.is_on_a_quarter():
                os.kill(held, signal.SIGCONT)
                held = job.until_held()
            os.kill(held, signal.SIGUSR1)
            job.let_go(held)
            self.assertEqual(job.wait(), 75, job.errors())
            self.assertIn("with subsamples still in use", job.errors())
            if streams:
                run, _ = self.streaming(*words, "--restart", "auto")
                self.assertIn("and subsamples of more than", run.stderr)
            else:
                self.succeed(*words, "--restart", "auto", ranks=3)
            self.assertTrue(self.bytes_of("s.h5") == model)
            self.assertTrue(self.bytes_of("sl.h5") == labels)

    def is_on_a_quarter(self):
        """Says the checkpoint that the fit is in the middle of its finest subsample?"""
        if not os.path.exists(self.path("s.h5.checkpoint")):
            return False
        with h5py.File(self.path("s.h5.checkpoint"), "r") as checkpoint:
            return checkpoint["climber_0/level"][()] == 1 and checkpoint["climber_0/iteration"][()] >= 2

    def test_dropped_rows(self):
        drop = ("--missing", "drop")
        expected = self.resident("holes.npy", *drop)
        with h5py.File(self.path("l.h5")) as file:
            rows = file["rows"][...]
        np.testing.assert_array_equal(rows, 1 + np.flatnonzero(~np.isnan(self.holes).any(axis=1)))
        for ranks in (None, 2, 3):
            self.assert_same(expected, "holes.npy", *drop, ranks=ranks)
        with open(self.path("model.h5"), "wb") as file:
            file.write(expected[0])
        words = ("predict", self.path("model.h5"), self.data("holes.npy"), *drop, "--log-density", "-o")
        self.succeed(*words, self.path("held.h5"))
        self.streaming(*words, self.path("streamed.h5"), ranks=3)
        self.assertTrue(self.bytes_of("streamed.h5") == self.bytes_of("held.h5"))

    def test_labels_of_dropped_rows(self):
        """Labels are those of the rows that are left; the first M-step is from them, so that the model is known."""
        whole = ~np.isnan(self.holes).any(axis=1)
        labels = np.random.default_rng(3).integers(2, size=N)
        labels[~whole] = 99
        np.save(self.path("labels.npy"), labels)
        options = ("-k", 2, "--missing", "drop", "--init", self.path("labels.npy"), "--max-iter", 0, "--no-coarse-to-fine")
        self.streaming("fit", self.data("holes.npy"), *options, "-o", self.path("s.h5"), ranks=2)
        with h5py.File(self.path("s.h5")) as file:
            for k in range(2):
                chosen = self.holes[whole & (labels == k)]
                self.assertAlmostEqual(file["weights"][k], len(chosen) / whole.sum(), places=12)
                np.testing.assert_allclose(file["means"][k], chosen.mean(axis=0), atol=1e-12)

    def test_memory_stays_below_the_limit(self):
        for name, options in (("x.npy", ()), ("holes.npy", ("--missing", "drop", "--scratch", "none"))):
            run, limit = self.streaming("fit", self.data(name), *OPTIONS, *options, "-o", self.path("s.h5"), "--json")
            self.assertLess(int(run.stdout.split('"peak_memory":')[1].split(",")[0]), limit)


if __name__ == "__main__":
    unittest.main()
