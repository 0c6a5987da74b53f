# SPDX-License-Identifier: BSD-3-Clause
"""Acceleration, subsamples and the search: fewer passes to an optimum at least as good, honestly counted; the same bytes at
any number of ranks and threads; nothing lost when a job is stopped on a subsample."""

import csv
import json
import os
import signal
import unittest

import h5py
import numpy

from harness import MALL, Case, command
from running import Running, holding


def overlapping(n, d, k, seed, spread=2.0):
    random = numpy.random.default_rng(seed)
    centres = random.normal(0.0, spread, (k, d))
    return centres[random.integers(0, k, n)] + random.normal(0.0, 1.0, (n, d)) * random.uniform(0.7, 1.4, d)


class Accelerate(Case):
    TOLERANCE = 1e-7

    def problem(self, n=20000, d=2, k=4, seed=1):
        """A file of points and one of a start: points drawn, and the covariance of all."""
        x = overlapping(n, d, k, seed)
        numpy.save(self.path("points.npy"), x)
        means = x[numpy.random.default_rng(seed + 100).choice(n, k, replace=False)]
        covariance = numpy.atleast_2d(numpy.cov(x.T)).tolist()
        self.write("start.json", json.dumps({"weights": [1 / k] * k, "means": means.tolist(), "covariances": [covariance] * k}))
        self.options = (self.path("points.npy"), "-k", k, "--tol", self.TOLERANCE, "--max-iter", 5000, "-q",
                        "-o", self.path("model.h5"))

    def fit(self, *options, **choices):
        return self.summary("fit", *self.options, "--log", self.path("log.csv"), *options, **choices)

    def log_rows(self):
        with open(self.path("log.csv"), newline="") as file:
            return list(csv.DictReader(file))

    def check_log(self, summary):
        """Every iteration over all points is there, none makes the model worse, and the last was a small plain step."""
        rows = self.log_rows()
        self.assertEqual([int(row["iteration"]) for row in rows], list(range(summary["n_iter"] + 1)))
        changes = [float(row["change"]) for row in rows[1:]]
        self.assertGreaterEqual(min(changes), -0.02 * self.TOLERANCE)
        self.assertLess(abs(changes[-1]), self.TOLERANCE)
        self.assertEqual(float(rows[-1]["log_likelihood"]), summary["log_likelihood"])
        self.assertTrue(summary["converged"])

    def test_fewer_passes_from_the_same_start(self):
        self.problem()
        start = ("--init", self.path("start.json"))
        plain = self.fit(*start, "--accelerate", "none", "--no-coarse-to-fine")
        self.check_log(plain)
        self.assertEqual(plain["n_passes"], plain["n_iter"] + 1)
        for options in (("--accelerate", "anderson", "--no-coarse-to-fine"), ("--accelerate", "squarem", "--no-coarse-to-fine"),
                        ("--accelerate", "none"), ()):
            with self.subTest(options=options):
                summary = self.fit(*start, *options)
                self.check_log(summary)
                self.assertGreaterEqual(summary["n_passes"], summary["n_iter"] + 1)
                self.assertLess(summary["n_passes"], plain["n_passes"])
                # An optimum as good, which textbook EM stops short of by a multiple of the tolerance.
                self.assertAlmostEqual(summary["mean_log_likelihood"], plain["mean_log_likelihood"], delta=1e-3)

    def test_away_from_a_saddle(self):
        """Two components that start as good as equal: the log-likelihood is nearly flat there and rises very slowly at first."""
        random = numpy.random.default_rng(8)
        x = numpy.concatenate([random.normal(-1.5, 1, (2000, 3)), random.normal(1.5, 1, (2000, 3))])
        numpy.save(self.path("points.npy"), x)
        covariance = numpy.cov(x.T).tolist()
        self.write("start.json", json.dumps({"weights": [0.5, 0.5], "means": [[0, 0, 0], [1e-5, 0, -1e-5]],
                                             "covariances": [covariance] * 2}))
        self.options = (self.path("points.npy"), "-k", 2, "--tol", 1e-16, "--max-iter", 5000, "-q", "-o", self.path("model.h5"),
                        "--init", self.path("start.json"), "--no-coarse-to-fine")
        plain = self.fit("--accelerate", "none")
        summary = self.fit()
        self.assertLess(summary["n_passes"], 0.5 * plain["n_passes"])
        self.assertAlmostEqual(summary["mean_log_likelihood"], plain["mean_log_likelihood"], delta=1e-10)

    def test_last_change_is_that_of_a_plain_step(self):
        """One more textbook iteration from the model changes the log-likelihood as little as the tolerance says."""
        self.problem()
        summary = self.fit("--init", self.path("start.json"))
        more = self.summary("fit", self.path("points.npy"), "-k", 4, "--init", self.path("model.h5"), "--accelerate", "none",
                            "--no-coarse-to-fine", "--max-iter", 1, "--tol", 0, "-q", "-o", self.path("more.h5"))
        self.assertAlmostEqual(more["mean_log_likelihood"], summary["mean_log_likelihood"], delta=self.TOLERANCE)

    def test_one_result(self):
        self.problem(n=40009, d=3, k=5, seed=4)
        reference = None
        for ranks, threads, options in ((1, 1, ()), (2, 1, ()), (3, 2, ()), (5, 1, ()), (1, 3, ())):
            summary = self.fit("--threads", threads, *options, ranks=ranks)
            content = self.bytes_of("model.h5"), summary["n_passes"], summary["n_iter"]
            reference = reference or content
            self.assertTrue(content == reference)
        self.assertNotEqual(summary["n_passes"], int(summary["n_passes"]))

    def test_search_finds_what_one_start_does_not(self):
        """A long thin cluster beside round ones: with every seed the search ends in the same, best optimum."""
        random = numpy.random.default_rng(5)
        x = numpy.concatenate([random.normal(0, 1, (400, 2)) * [30, 0.3], random.normal(0, 1, (200, 2)) * [1, 0.3] + [0, 3],
                               random.normal(0, 1, (200, 2)) * [1, 0.3] + [15, 3]])
        numpy.save(self.path("points.npy"), x)
        found = [self.summary("fit", self.path("points.npy"), "-k", 3, "--seed", seed, "-q", "-o", self.path("m.h5"))
                 ["mean_log_likelihood"] for seed in range(4)]
        self.assertLess(max(found) - min(found), 1e-5)

    def test_search_passes_degenerate_models_over(self):
        """Many customers share an income, so that a component may shrink onto a line and the likelihood grow for nothing:
        by numpy's eigenvalues no component of the model is that thin."""
        for k in (5, 7, 9):
            with self.subTest(k=k):
                self.summary("fit", MALL, "--columns", "4,5", "-k", k, "-q", "-o", self.path("m.h5"))
                with h5py.File(self.path("m.h5")) as file:
                    self.assertGreater(numpy.linalg.eigvalsh(file["covariances"][...]).min(), 1e-3)

    def test_stopped_on_a_subsample(self):
        """The checkpoint holds the level and the history: the restart ends with the bytes of a job that was not stopped."""
        self.problem(n=200000, d=4, k=8, seed=3)
        self.fit("--init", self.path("start.json"), "--checkpoint", "none")
        expected = self.bytes_of("model.h5")
        words = command(2, "fit", *self.options, "--init", self.path("start.json"), "--checkpoint-every", "1")
        job = Running(words, dict(os.environ, **holding("model.h5.checkpoint", "rename", skip=3)), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        held = job.until_held()
        os.kill(held, signal.SIGUSR1)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(job.wait(), 75, job.errors())
        self.assertIn("stopped by SIGUSR1, with subsamples still in use", job.errors())
        self.fit("--init", self.path("start.json"), "--restart", "auto", ranks=3)
        self.assertTrue(self.bytes_of("model.h5") == expected)

    def test_few_points_when_asked_for(self):
        self.problem(n=900)
        one_level = self.fit("--init", self.path("start.json"))
        self.assertEqual(one_level["n_passes"], int(one_level["n_passes"]))
        levels = self.fit("--init", self.path("start.json"), "--coarse-to-fine")
        self.assertNotEqual(levels["n_passes"], int(levels["n_passes"]))

    def test_usage(self):
        self.problem(n=300)
        for options in (("--accelerate", "newton"), ("--coarse-to-fine", "--no-coarse-to-fine")):
            with self.subTest(options=options):
                self.fail_with(64, options[0], "fit", *self.options, *options, ranks=2)
        self.fit("--max-iter", 2, "--tol", 0)


if __name__ == "__main__":
    unittest.main()
