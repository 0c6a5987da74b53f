# SPDX-License-Identifier: BSD-3-Clause
"""--arithmetic mixed: the answer of double, the same bytes however it is computed, and double where single precision is not enough."""

import csv
import unittest

import numpy

from fits import FitCase, log_density
from test_one_result import points


def pair(n, d):
    """Two clusters that overlap a little."""
    return numpy.random.default_rng(d).normal(size=(n, d)) + 3.0 / d ** 0.5 * (numpy.arange(n) % 3 == 0)[:, None]


class Mixed(FitCase):
    def both(self, *arguments):
        """Summaries and models of a fit in double and of one in mixed arithmetic."""
        found = []
        for arithmetic in ("double", "mixed"):
            summary = self.fit(*arguments, "--arithmetic", arithmetic)
            found.append((summary, self.model()))
        return found

    def assert_same_answer(self, found):
        (double, exact), (mixed, model) = found
        self.assertTrue(double["converged"] and mixed["converged"])
        self.assertAlmostEqual(double["mean_log_likelihood"], mixed["mean_log_likelihood"], delta=1e-9)
        variances = numpy.array([numpy.diag(c) if c.ndim == 2 else c for c in exact["covariances"]])
        deviations = numpy.sqrt(variances if variances.ndim == 2 else variances[:, None])
        self.assertLess(numpy.abs((model["means"] - exact["means"]) / deviations).max(), 1e-6)
        numpy.testing.assert_allclose(model["weights"], exact["weights"], atol=1e-6)

    def test_the_answer_of_double(self):
        data = self.save(points(3000, 12, spread=1.0))
        for covariance in ("full", "diag", "spherical"):
            for options in ((), ("--accelerate", "none", "--no-coarse-to-fine")):
                with self.subTest(covariance=covariance, options=options):
                    found = self.both(data, "-k", 5, "--covariance", covariance, "--tol", 1e-15, "--init", "k-means++", *options)
                    self.assert_same_answer(found)
                    self.assertEqual(found[1][0]["events"], [])
                    self.assertEqual(found[1][1]["arithmetic"], "mixed")

    def test_few_features(self):
        for columns in (1, 2, 4, 5, 8):
            with self.subTest(columns=columns):
                found = self.both(self.save(pair(1500, columns)), "-k", 2, "--tol", 1e-15, "--init", "k-means++")
                self.assert_same_answer(found)
                self.assertEqual(found[1][0]["events"], [])

    def iterations(self, *options):
        self.fit(*options, "--log", self.path("log.csv"))
        with open(self.path("log.csv")) as file:
            return list(csv.DictReader(file))

    def test_iterations_are_in_single(self):
        """The first log-likelihood is not that of double, and is as near as single precision is."""
        data = self.save(points(2000, 8))
        options = (data, "-k", 5, "--init", "random_from_data", "--tol", 0, "--accelerate", "none", "--no-coarse-to-fine")
        double, mixed = ([float(row["mean_log_likelihood"]) for row in self.iterations(*options, "--max-iter", 4, "--arithmetic", arithmetic)]
                         for arithmetic in ("double", "mixed"))
        difference = numpy.abs(numpy.subtract(double, mixed))
        self.assertGreater(difference[0], 0.0)
        self.assertLess(difference.max(), 1e-5)
        self.assertEqual(self.fit(*options, "--max-iter", 1, "--arithmetic", "mixed")["log_likelihood"],
                         self.fit(*options, "--max-iter", 1)["log_likelihood"])

    def test_no_more_iterations(self):
        """The log-likelihood of a model that was reached in single precision is that of double, and an event says so."""
        x = points(2000, 6)
        options = (self.save(x), "-k", 3, "--init", "random_from_data", "--tol", 0, "--max-iter", 7, "--no-coarse-to-fine")
        summary = self.fit(*options, "--arithmetic", "mixed")
        model = self.model()
        exact = log_density(x, model["weights"], model["means"], model["covariances"]).sum()
        self.assertLess(abs(summary["log_likelihood"] / exact - 1.0), 1e-13)
        event, = summary["events"]
        self.assertIn("--max-iter was reached in single precision", event)
        self.assertEqual(self.fit(*options)["events"], [])

    def test_the_end_in_double(self):
        """Where textbook steps converge fast a pass in double is enough, or two where roundings have it so."""
        rows = self.iterations(self.save(pair(3000, 12)), "-k", 2, "--arithmetic", "mixed", "--tol", 1e-8, "--init", "k-means++")
        firsts = [index for index, row in enumerate(rows) if not row["change"]]
        self.assertEqual(len(firsts), 2, rows)
        self.assertEqual(firsts[0], 0)
        self.assertIn(firsts[1], (len(rows) - 1, len(rows) - 2))

    def test_one_result(self):
        for columns, covariance in ((7, "full"), (17, "full"), (17, "spherical")):
            options = (self.save(points(12001, columns)), "-k", 5, "--covariance", covariance, "--arithmetic", "mixed", "--max-iter", 6,
                       "--init", "k-means++")
            self.fit(*options)
            expected = self.bytes_of("model.h5")
            with self.subTest(columns=columns, covariance=covariance):
                self.fit(*options, "--threads", 2, ranks=3)
                self.assertTrue(self.bytes_of("model.h5") == expected)

    def test_where_single_precision_is_not_enough(self):
        random = numpy.random.default_rng(5)
        x = points(2000, 6)
        apart = x + 1e6 * (numpy.arange(2000) % 2)[:, None]
        turned = (x - x.mean(axis=0)) / x.std(axis=0) @ numpy.diag(numpy.logspace(0, -5, 6)) @ numpy.linalg.qr(random.normal(size=(6, 6)))[0]
        for name, data, reason in (("apart", apart, "standard deviations from the mixture's"), ("turned", turned, "nearly singular")):
            with self.subTest(name=name):
                found = self.both(self.save(data), "-k", 2, "--tol", 1e-12, "--reg-covar", 1e-14, "--init", "k-means++")
                self.assert_same_answer(found)
                events = found[1][0]["events"]
                self.assertTrue(any("goes on in double" in event and reason in event for event in events), events)
        found = self.both(self.save(x + 1e6), "-k", 2, "--tol", 1e-15, "--init", "k-means++")
        self.assert_same_answer(found)
        self.assertEqual(found[1][0]["events"], [])

    def test_what_is_computed_in_double(self):
        for columns, options, reason in ((6, ("--covariance", "tied"), "something in common"), (6, ("--distribution", "t"), "t distributions"),
                                         (2, ("--covariance", "diag"), "so few features")):
            with self.subTest(reason=reason):
                data = self.save(points(500, columns))
                (double, exact), (mixed, model) = self.both(data, "-k", 2, "--max-iter", 20, "--init", "k-means++", *options)
                self.assertEqual(double["log_likelihood"], mixed["log_likelihood"])
                numpy.testing.assert_array_equal(exact["means"], model["means"])
                self.assertEqual(len([event for event in mixed["events"] if "computed in double" in event and reason in event]), 1)


if __name__ == "__main__":
    unittest.main()
