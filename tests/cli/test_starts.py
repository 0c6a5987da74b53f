# SPDX-License-Identifier: BSD-3-Clause
"""--n-init N: starts that advance together read the points together, end where each ends alone, and no bit tells how many ranks
there were, whether points were streamed, or whether the job was interrupted."""

import csv
import os
import shutil
import signal
import tempfile
import unittest

import numpy as np

import harness
from running import failing
import streaming

N, D, K = 200_000, 16, 4
SMALL = 6_000


def make_points(n, d, distance):
    generator = np.random.default_rng(8)
    centres = distance * generator.normal(size=(2 * K, d))
    return centres[generator.integers(2 * K, size=n)] + generator.normal(size=(n, d))


class Starts(streaming.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-starts-")
        cls.large = os.path.join(cls.shared, "large.npy")
        cls.small = os.path.join(cls.shared, "small.npy")
        np.save(cls.large, make_points(N, D, 1.0))
        np.save(cls.small, make_points(SMALL, 3, 1.5))
        # The loader takes blanks for separators.
        cls.counter = shutil.copy(os.path.join(os.environ["GMMPI_BUILD"], "tests", "cli", "libread_counter.so"), cls.shared)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def fit(self, data, *options, name="model.h5", **choices):
        """The bytes of the model, and the summary."""
        summary = self.summary("fit", data, "-k", K, *options, "-o", self.path(name), "--checkpoint", "none", **choices)
        return self.bytes_of(name), summary

    def log_rows(self, name):
        """The rows without their seconds."""
        with open(self.path(name), newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], "iteration,log_likelihood,mean_log_likelihood,change,start,seconds".split(","))
        self.assertTrue(all(len(row) == 6 for row in rows))
        return [row[:5] for row in rows[1:]]

    # --- reading -------------------------------------------------------------------------

    def bytes_read(self, limit, n_init, *options):
        """From the file with the points, by a fit that streams them."""
        counts = self.path("counts")
        settings = {"LD_PRELOAD": self.counter, "GMMPI_COUNTED_FILE": "large.npy", "GMMPI_COUNTS": counts,
                    # The sanitizer's library wants to be the first one that is loaded.
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        run = self.succeed("fit", self.large, "-k", K, "--n-init", n_init, *options, "-o", self.path("m.h5"), "--memory-limit",
                           limit, env=settings)
        self.assertIn("it streams them", run.stderr)
        with open(counts) as file:
            total = sum(int(line) for line in file)
        os.unlink(counts)
        return total

    def compare_reading(self, *options):
        _, limit = self.streaming("fit", self.large, "-k", K, "--n-init", 8, *options, "-o", self.path("m.h5"))
        limit += 2 << 20
        one = self.bytes_read(limit, 1, *options)
        eight = self.bytes_read(limit, 8, *options)
        size = os.path.getsize(self.large)
        self.assertGreater(one, 2 * size)  # it does read the file again and again
        self.assertGreaterEqual(eight, one)
        self.assertLess(eight, 3 * one, f"{eight / size:.1f} times the file instead of {one / size:.1f}")

    def test_starts_read_together(self):
        self.compare_reading("--init", "random_from_data", "--max-iter", 6, "--tol", 0, "--no-coarse-to-fine")

    def test_levels_are_drawn_once_for_all(self):
        self.compare_reading("--init", "k-means++", "--max-iter", 4, "--tol", 0)

    # --- no bit tells --------------------------------------------------------------------

    def test_streamed_or_held(self):
        options = ("--n-init", 3, "--init", "k-means++", "--max-iter", 2, "--seed", 4)
        held, _ = self.fit(self.large, *options)
        run, _ = self.streaming("fit", self.large, "-k", K, *options, "-o", self.path("s.h5"), ranks=3)
        self.assertIn("it streams them", run.stderr)
        self.assertTrue(self.bytes_of("s.h5") == held)

    def test_any_number_of_ranks(self):
        for options in (("--init", "random_from_data", "--covariance", "diag"), ("--init", "k-means++"), ("--init", "random", "--covariance", "tied")):
            models = {self.fit(self.small, "--n-init", 4, *options, "--max-iter", 20, "--log", self.path(f"{ranks}.csv"),
                               ranks=ranks)[0] for ranks in (None, 2, 3)}
            self.assertEqual(len(models), 1, options)
            self.assertTrue(self.log_rows("None.csv") == self.log_rows("2.csv") == self.log_rows("3.csv"), options)

    # --- the log -------------------------------------------------------------------------

    ASCENTS = ("--init", "random_from_data", "--max-iter", 25, "--seed", 2)

    def test_each_start_is_logged_as_alone(self):
        """The rows of all starts; those of the first one are those of a fit of one start."""
        single, _ = self.fit(self.small, *self.ASCENTS, "--log", self.path("one.csv"))
        several, summary = self.fit(self.small, *self.ASCENTS, "--n-init", 3, "--log", self.path("three.csv"))
        rows = self.log_rows("three.csv")
        self.assertEqual({row[4] for row in rows}, {"0", "1", "2"})
        self.assertEqual([row for row in rows if row[4] == "0"], self.log_rows("one.csv"))
        ends = []
        for start in "012":
            own = [row for row in rows if row[4] == start]
            self.assertEqual([int(row[0]) for row in own], list(range(len(own))))
            self.assertEqual(own[0][3], "")
            for before, after in zip(own, own[1:]):
                self.assertAlmostEqual(float(after[3]), float(after[2]) - float(before[2]), delta=1e-12)
            ends.append(float(own[-1][1]))
        self.assertEqual(len(set(ends)), 3)  # else nothing is compared
        self.assertEqual(summary["log_likelihood"], max(ends))
        if ends.index(max(ends)) > 0:
            self.assertNotEqual(single, several)

    # --- interrupted ---------------------------------------------------------------------

    def test_killed_and_restarted(self):
        """Killed while a row of the log is written, of which half stays, early, in the middle, and when most starts have ended."""
        options = (*self.ASCENTS, "--n-init", 4, "--tol", "1e-3")
        expected, _ = self.fit(self.small, *options, "--log", self.path("expected.csv"))
        rows = self.log_rows("expected.csv")
        lengths = [sum(row[4] == start for row in rows) for start in "0123"]
        self.assertGreater(len(set(lengths)), 1)  # the starts end at different times
        words = ("fit", self.small, "-k", K, *options, "-o", self.path("m.h5"), "--log", self.path("log.csv"),
                 "--checkpoint-every", 1, "--checkpoint", self.path("c"))
        for n_rows in (6, len(rows) // 2, len(rows) - 2):
            killed = harness.gmmpi(*words, env=failing("log.csv", "write", "KILL", skip=n_rows))
            self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
            self.assertTrue(os.path.exists(self.path("c")))
            self.assertLess(self.bytes_of("log.csv").count(b"\n"), len(rows))
            run = self.succeed(*words, "--restart", "auto", ranks=2)
            self.assertIn("c", run.stderr)
            self.assertTrue(self.bytes_of("m.h5") == expected)
            self.assertEqual(self.log_rows("log.csv"), rows)
            for name in ("m.h5", "log.csv", "c", "c.prev"):
                if os.path.exists(self.path(name)):
                    os.unlink(self.path(name))


if __name__ == "__main__":
    unittest.main()
