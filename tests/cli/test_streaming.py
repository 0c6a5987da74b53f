# SPDX-License-Identifier: BSD-3-Clause
"""Points that do not fit into --memory-limit are streamed, and no bit of any result tells."""

import json
import os
import resource
import shutil
import signal
import tempfile
import unittest

import h5py
import numpy as np

import harness
from running import Running, holding
import streaming

N, D, K = 120_000, 16, 3


def make_points():
    """Clusters far enough apart that few iterations find them."""
    generator = np.random.default_rng(5)
    centres = 4.0 * generator.normal(size=(K, D))
    return centres[generator.integers(K, size=N)] + generator.normal(size=(N, D))


class Streaming(streaming.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-streaming-")
        points = make_points()
        np.save(os.path.join(cls.shared, "x.npy"), points)
        np.save(os.path.join(cls.shared, "columns.npy"), np.asfortranarray(points))
        with h5py.File(os.path.join(cls.shared, "x.h5"), "w") as file:
            file.create_dataset("contiguous", data=points)
            file.create_dataset("chunked", data=points, chunks=(3000, 5))
            file.create_dataset("packed", data=points, chunks=(5000, D), compression="gzip", compression_opts=1)
        cls.models = {}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def data(self, name="x.npy"):
        return os.path.join(self.shared, name)

    def resident(self, *options):
        """The bytes of the model and the labels of a run that holds all points."""
        if options not in self.models:
            run = self.succeed("fit", self.data(), "-k", K, *options, "-o", self.path("m.h5"), "--labels",
                               self.path("l.h5"))
            self.assertNotIn("streams", run.stderr)
            self.models[options] = self.bytes_of("m.h5"), self.bytes_of("l.h5")
        return self.models[options]

    def assert_same(self, name, ranks, threads, *options):
        with self.subTest(data=name, ranks=ranks, threads=threads, options=options):
            run, limit = self.streaming("fit", self.data(name), "-k", K, *options, "-o", self.path("s.h5"), "--labels",
                                        self.path("sl.h5"), "--threads", threads, ranks=ranks)
            model, labels = self.resident(*options)
            self.assertTrue(self.bytes_of("s.h5") == model)
            self.assertTrue(self.bytes_of("sl.h5") == labels)

    def test_any_file_ranks_and_threads(self):
        self.assert_same("x.npy", None, 2)
        self.assert_same("x.npy", 3, 1)
        self.assert_same("x.h5:/contiguous", 2, 2)
        self.assert_same("x.h5:/chunked", None, 1)
        self.assert_same("x.h5:/packed", 2, 1)

    def test_any_start(self):
        for init in ("kmeans", "k-means++", "random_from_data", "random"):
            self.assert_same("x.npy", 2, 1, "--init", init, "--no-coarse-to-fine", "--max-iter", "3")

    def test_components_that_are_put_elsewhere(self):
        """Two of them begin so far away that they get no points; rows that fit worst are looked for and fetched."""
        far = '{"weights": [0.4, 0.3, 0.3], "means": [%s], "covariances": [%s]}' % (
            ", ".join(str([place] * D) for place in (0.0, 1e5, -1e5)), ", ".join([str(np.eye(D).tolist())] * K))
        start = self.write("far.json", far)
        self.assert_same("x.npy", 2, 1, "--init", start, "--max-iter", "3")

    def test_single_precision(self):
        self.assert_same("x.h5:/contiguous", 2, 1, "--precision", "single")

    def test_picked_columns(self):
        for columns in ("16,1-12", "2-16"):
            self.assert_same("columns.npy", None, 1, "--columns", columns, "--covariance", "diag", "--max-iter", "2",
                             "--no-coarse-to-fine", "--init", "random_from_data")

    def test_predict(self):
        self.resident()
        with open(self.path("model.h5"), "wb") as file:
            file.write(self.models[()][0])
        for name, out, more in (("x.npy", "out.h5", ()), ("x.h5:/packed", "out.csv", ()),
                                ("x.npy", "small.h5", ("--compress", 1, "--entropy", "--outliers", "--outlier-draws", 1000)),
                                ("x.h5:/packed", "small.h5", ("--compress", 1))):
            words = ("predict", self.path("model.h5"), self.data(name), *more, "--log-density", "-o")
            self.succeed(*words, self.path("held-" + out))
            self.streaming(*words, self.path(out), ranks=2)
            self.assertTrue(self.bytes_of(out) == self.bytes_of("held-" + out), out)

    def test_restarts(self):
        """Stopped while streaming, continued holding all points, and the other way round."""
        options = ("--tol", "0", "--max-iter", "60", "--no-coarse-to-fine", "--accelerate", "none")
        model, _ = self.resident(*options)
        words = ("fit", self.data(), "-k", K, *options, "-o", self.path("s.h5"), "--log", self.path("log.csv"))
        limit = max(self.lasting_limit(*words, "--max-iter", "1", "--checkpoint", "none", ranks=ranks) for ranks in (2, 3))
        small = ("--memory-limit", limit)
        for first, second in ((small, ()), ((), small)):
            job = Running(harness.command(2, *words, *first), dict(os.environ, **holding("log.csv", "write", skip=4)),
                          self.path("errors.txt"))
            self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
            held = job.until_held()
            os.kill(held, signal.SIGUSR1)
            os.kill(held, signal.SIGCONT)
            self.assertEqual(job.wait(), 75, job.errors())
            self.succeed(*words, "--restart", "auto", *second, ranks=3)
            self.assertTrue(self.bytes_of("s.h5") == model)
            os.remove(self.path("log.csv"))

    def test_memory_stays_below_the_limit(self):
        for name in ("x.npy", "x.h5:/packed"):
            run, limit = self.streaming("fit", self.data(name), "-k", K, "-o", self.path("s.h5"), "--json")
            self.assertLess(json.loads(run.stdout)["peak_memory"], limit)

    def test_address_space_that_is_too_small_for_all_points(self):
        """Below the system's own limit the points are held, or streamed, or refused; nothing breaks down in between."""
        options = ("--max-iter", "2", "--no-coarse-to-fine", "--init", "random_from_data")

        def run_below(limit):
            bytes_of_limit = limit * streaming.MEGABYTE
            return harness.gmmpi("fit", self.data(), "-k", K, *options, "-o", self.path("s.h5"),
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (bytes_of_limit, ) * 2))

        if run_below(1 << 20).returncode != 0:
            self.skipTest("nothing runs below a limit of the address space here")
        model, _ = self.resident(*options)
        refused, enough = 500, 1000
        while run_below(enough).returncode == 71:
            refused, enough = enough, enough + 500
        while enough - refused > 32:
            middle = (refused + enough) // 2
            if run_below(middle).returncode == 71:
                refused = middle
            else:
                enough = middle
        n_streamed = 0
        limit = enough + 16
        while (run := run_below(limit)).returncode != 71:
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertTrue(self.bytes_of("s.h5") == model)
            n_streamed += "it streams them" in run.stderr
            limit -= 4
        self.assertGreater(n_streamed, 0)

    def test_what_cannot_be_streamed(self):
        csv = self.path("x.csv")
        np.savetxt(csv, np.load(self.data())[:100_000], fmt="%.1f", delimiter=",")
        holes = np.load(self.data())
        holes[7, 3] = np.nan
        np.save(self.path("holes.npy"), holes)
        for limit in range(60, 400, 10):
            run = harness.gmmpi("fit", csv, "-k", K, "-o", self.path("m.h5"), "--memory-limit", f"{limit}M")
            self.assertEqual(run.returncode, 71, run.stderr)
            self.assertIn("gmmpi convert", harness.own_lines(run.stderr)[0])
            if "cannot be streamed" in run.stderr:
                break
        self.assertRegex(harness.own_lines(run.stderr)[0], "x.csv: .* CSV cannot be streamed; .*gmmpi convert")
        limit = self.lasting_limit("fit", self.data(), "-k", K, "--max-iter", 1, "-o", self.path("m.h5"), ranks=None)
        self.fail_with(65, "holes.npy: 1 value is missing: row 8, column 4", "fit", self.path("holes.npy"), "-k", K, "-o",
                       self.path("m.h5"), "--memory-limit", limit)

    def test_sizes(self):
        for size in ("x", "0", "-1", "1X", "1KK", "1e30", "K", "1 G", "nan", "12Q"):
            self.fail_with(64, "--memory-limit", "fit", harness.MALL, "--columns", "4,5", "-k", 2, "--memory-limit", size,
                           "-o", self.path("m.h5"))
        for size in ("100G", "0.5t", "4096MiB", "4000MB", "4294967296"):
            self.succeed("fit", harness.MALL, "--columns", "4,5", "-k", 2, "--max-iter", 1, "-o", self.path("m.h5"),
                         "--memory-limit", size)


if __name__ == "__main__":
    unittest.main()
