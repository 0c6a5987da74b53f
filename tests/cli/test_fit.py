# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi fit as users see it: closed forms, starts, data that are hard to compute with."""

import csv
import json
import unittest

import numpy

from fits import PAIR, FitCase, log_density
from harness import MALL


class Fit(FitCase):
    # --- closed forms -------------------------------------------------------------------------------------------------

    def test_one_component_is_mean_and_covariance(self):
        x = self.mall()
        for covariance, expected in (("full", numpy.cov(x.T, bias=True)), ("tied", numpy.cov(x.T, bias=True)),
                                     ("diag", x.var(axis=0)), ("spherical", x.var(axis=0).mean())):
            with self.subTest(covariance=covariance):
                summary = self.fit(MALL, *PAIR, "-k", 1, "--reg-covar", 0.25, "--covariance", covariance)
                model = self.model()
                ridge = 0.25 * numpy.eye(2) if covariance in ("full", "tied") else 0.25
                numpy.testing.assert_allclose(model["means"][0], x.mean(axis=0), rtol=1e-14)
                numpy.testing.assert_allclose(numpy.squeeze(model["covariances"]), expected + ridge, rtol=1e-13)
                numpy.testing.assert_allclose(model["weights"], [1.0])
                self.assertTrue(summary["converged"])
                self.assertEqual(summary["n_parameters"], {"full": 5, "tied": 5, "diag": 4, "spherical": 3}[covariance])

    def test_log_likelihood_and_criteria(self):
        summary = self.fit(MALL, *PAIR, "-k", 3, ranks=2)
        model = self.model()
        x = self.mall()
        density = log_density(x, model["weights"], model["means"], model["covariances"])
        self.assertAlmostEqual(summary["log_likelihood"], density.sum(), delta=1e-9 * abs(density.sum()))
        self.assertAlmostEqual(summary["mean_log_likelihood"], density.mean(), delta=1e-11)
        parameters = 2 + 3 * 2 + 3 * 3
        self.assertEqual(summary["n_parameters"], parameters)
        self.assertAlmostEqual(summary["bic"], -2 * density.sum() + parameters * numpy.log(200), places=6)
        self.assertAlmostEqual(summary["aic"], -2 * density.sum() + parameters * 2, places=6)
        shares = []
        for weight, mean, covariance in zip(model["weights"], model["means"], model["covariances"]):
            shares.append(log_density(x, [weight], [mean], [covariance]) - density)
        self.assertAlmostEqual(summary["icl"], summary["bic"] - 2 * numpy.max(shares, axis=0).sum(), places=6)

    def test_change_of_units_changes_nothing(self):
        """From one start, nothing but rounding; a search has starts in raw coordinates, too, but ends in the same optimum."""
        x = self.mall()
        for options, difference in ((("--no-coarse-to-fine",), 1e-7), ((), 200 * 1e-6)):
            with self.subTest(options=options):
                plain = self.fit(self.save(x), "-k", 4, "--reg-covar", 0, *options)
                scaled = self.fit(self.save(x * [1e-4, 1e5]), "-k", 4, "--reg-covar", 0, *options)
                if options:
                    self.assertEqual(plain["n_iter"], scaled["n_iter"])
                self.assertAlmostEqual(plain["log_likelihood"], scaled["log_likelihood"] + 200 * numpy.log(10.0), delta=difference)

    # --- iterations ---------------------------------------------------------------------------------------------------

    def log_rows(self, name="log.csv"):
        with open(self.path(name), newline="") as file:
            return list(csv.DictReader(file))

    def test_log_and_limits(self):
        plain = ("--accelerate", "none", "--no-coarse-to-fine")
        summary = self.fit(MALL, *PAIR, "-k", 3, "--log", self.path("log.csv"), *plain, ranks=2)
        rows = self.log_rows()
        self.assertEqual([int(row["iteration"]) for row in rows], list(range(summary["n_iter"] + 1)))
        self.assertEqual(summary["n_passes"], summary["n_iter"] + 1)
        means = [float(row["mean_log_likelihood"]) for row in rows]
        for before, row, mean in zip(means, rows[1:], means[1:]):
            self.assertAlmostEqual(float(row["change"]), mean - before, delta=1e-12)
            self.assertGreater(float(row["change"]), -1e-12)
        self.assertLess(abs(float(rows[-1]["change"])), 1e-6)
        self.assertGreaterEqual(abs(float(rows[-2]["change"])), 1e-6)
        self.assertEqual(float(rows[-1]["log_likelihood"]), summary["log_likelihood"])

        limited = self.fit(MALL, *PAIR, "-k", 3, "--max-iter", 2, *plain)
        self.assertEqual((limited["n_iter"], limited["converged"]), (2, False))
        self.assertEqual(limited["log_likelihood"], float(rows[2]["log_likelihood"]))
        endless = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, "--max-iter", 60)
        self.assertEqual((endless["n_iter"], endless["converged"]), (60, False))

    def test_no_iteration_measures_the_start(self):
        start = {"weights": [2, 2], "means": [[40, 40], [80, 60]], "covariances": [numpy.eye(2).tolist()] * 2}
        self.write("start.json", json.dumps(start))
        summary = self.fit(MALL, *PAIR, "-k", 2, "--init", self.path("start.json"), "--max-iter", 0)
        model = self.model()
        numpy.testing.assert_array_equal(model["weights"], [0.5, 0.5])
        numpy.testing.assert_array_equal(model["means"], start["means"])
        numpy.testing.assert_array_equal(model["covariances"], start["covariances"])
        expected = log_density(self.mall(), [0.5, 0.5], numpy.array(start["means"]), numpy.array(start["covariances"])).sum()
        self.assertAlmostEqual(summary["log_likelihood"], expected, delta=1e-10 * abs(expected))

    def test_random_from_data(self):
        self.fit(MALL, *PAIR, "-k", 5, "--init", "random_from_data", "--init-covariance", "identity", "--max-iter", 0)
        model = self.model()
        x = self.mall()
        for mean in model["means"]:
            self.assertTrue((x == mean).all(axis=1).any())
        numpy.testing.assert_array_equal(model["covariances"], [numpy.eye(2)] * 5)
        numpy.testing.assert_allclose(model["weights"], 0.2)
        self.fit(MALL, *PAIR, "-k", 5, "--init", "random_from_data", "--max-iter", 0)
        numpy.testing.assert_allclose(self.model()["covariances"], [numpy.cov(x.T, bias=True)] * 5, rtol=1e-7)

    def test_labels_as_start(self):
        x = self.mall()
        labels = numpy.where(x[:, 0] < 50, 7, -3)
        numpy.savetxt(self.path("labels.txt"), labels, fmt="%d")
        self.fit(MALL, *PAIR, "-k", 2, "--init", self.path("labels.txt"), "--max-iter", 0, "--reg-covar", 0, ranks=3)
        model = self.model()
        for k, label in enumerate((-3, 7)):
            group = x[labels == label]
            self.assertAlmostEqual(model["weights"][k], len(group) / 200, places=14)
            numpy.testing.assert_allclose(model["means"][k], group.mean(axis=0), rtol=1e-13)
            numpy.testing.assert_allclose(model["covariances"][k], numpy.cov(group.T, bias=True), rtol=1e-12)

    def test_model_as_start_goes_on(self):
        plain = ("--accelerate", "none", "--no-coarse-to-fine")
        whole = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 20)
        self.succeed("fit", MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 12, "-o", self.path("first.h5"))
        second = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 8, "--init", self.path("first.h5"))
        self.assertEqual(second["log_likelihood"], whole["log_likelihood"])
        text = self.succeed("info", "--json", self.path("first.h5")).stdout
        third = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 8, "--init", self.write("first.json", text))
        self.assertAlmostEqual(third["log_likelihood"], whole["log_likelihood"], delta=1e-9 * abs(whole["log_likelihood"]))

    def test_data_far_from_the_origin(self):
        random = numpy.random.default_rng(1)
        x = numpy.concatenate([random.normal(-3, 1, (400, 2)), random.normal(3, 1, (400, 2))])
        near = self.fit(self.save(x), "-k", 2)
        far = self.fit(self.save(x + 2.0 ** 30), "-k", 2)  # the sum is rounded to multiples of 2^-22
        self.assertAlmostEqual(near["log_likelihood"], far["log_likelihood"], delta=1e-3)

    def test_clusters_that_are_tiny_and_far_apart(self):
        random = numpy.random.default_rng(7)
        group = random.integers(0, 3, 900)
        x = (random.normal(size=(3, 5)) * 1e6)[group] + random.normal(size=(900, 5)) * 1e-3
        for reg in (1e-6, 0):
            summary = self.fit(self.save(x), "-k", 3, "--reg-covar", reg)
            self.assertEqual(summary["events"], [])
            # So far apart that each point belongs to its own group alone: a closed form.
            parameters = [(numpy.mean(group == k), x[group == k].mean(axis=0),
                           numpy.cov((x[group == k] - x[group == k].mean(axis=0)).T, bias=True) + reg * numpy.eye(5)) for k in range(3)]
            expected = sum(log_density(x[group == k], *([p] for p in parameters[k])).sum() for k in range(3))
            self.assertAlmostEqual(summary["log_likelihood"], expected, delta=1e-6 * abs(expected))

    def test_one_value_out_of_all_proportion(self):
        x = numpy.random.default_rng(1).normal(size=(1000, 1))
        for huge in (1e9, 1e15, 1e18, 1e37):
            with self.subTest(huge=huge):
                x[0] = huge
                start = {"weights": [0.5, 0.5], "means": [[0], [huge]], "covariances": [1, 1]}
                self.fit(self.save(x), "-k", 2, "--covariance", "spherical", "--init", self.write("start.json", json.dumps(start)), ranks=2)
                self.assertAlmostEqual(self.model()["covariances"][0], x[1:].var() + 1e-6, delta=1e-12)
        x = numpy.random.default_rng(2).normal(size=(900, 4))
        x[:5] = -1e9  # "missing"
        self.fit(self.save(x), "-k", 2)
        model = self.model()
        small = int(numpy.argmin(model["weights"]))
        numpy.testing.assert_allclose(model["means"][small], -1e9)
        numpy.testing.assert_allclose(model["covariances"][1 - small], numpy.cov(x[5:].T, bias=True) + 1e-6 * numpy.eye(4), atol=1e-9)


if __name__ == "__main__":
    unittest.main()
