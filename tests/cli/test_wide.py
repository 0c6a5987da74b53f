# SPDX-License-Identifier: BSD-3-Clause
"""Many more features than points: diagonal and spherical covariances take memory by the number of features, d, not by its square (at
20,000 features 3.2 GB), and say beforehand how much; against numpy."""

import re
import unittest

import h5py
import numpy

from fits import FitCase

N, D = 20, 20000
REG = 1e-6
MOST_MEMORY = 160e6  # of which libraries hold a fifth; points, rounded up to a tile, 10 MB


def log_densities(x, mean, variances):
    """Of rows, by numpy alone."""
    return -0.5 * (((x - mean) ** 2 / variances).sum(axis=1) + numpy.log(2 * numpy.pi * variances).sum())


class Wide(FitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        random = numpy.random.default_rng(8)
        cls.labels = numpy.arange(N) % 3 // 2  # 14 zeros, 6 ones
        cls.x = random.normal(0, 1, (N, D)) * random.uniform(0.5, 2, D) + cls.labels[:, None] * random.normal(0, 1, D)

    def setUp(self):
        super().setUp()
        self.data = self.save(self.x)

    def variances(self, rows, covariance):
        """What the M-step makes of rows, d of them."""
        variances = self.x[rows].var(axis=0) + REG
        return variances if covariance == "diag" else numpy.full(D, variances.mean())

    def fit_wide(self, *arguments, **options):
        summary = self.fit(self.data, "--reg-covar", REG, *arguments, **options)
        self.assertLess(summary["peak_memory"], MOST_MEMORY)
        return summary

    def assert_component(self, model, k, rows, covariance):
        numpy.testing.assert_allclose(model["means"][k], self.x[rows].mean(axis=0), rtol=0, atol=1e-13)
        expected = self.variances(rows, covariance)
        found = model["covariances"][k] * numpy.ones(D)
        numpy.testing.assert_allclose(found, expected, rtol=1e-12)
        numpy.testing.assert_allclose(model["precisions_cholesky"][k] * numpy.ones(D), expected**-0.5, rtol=1e-12)

    def test_one_component(self):
        everything = numpy.full(N, True)
        for covariance in ("diag", "spherical"):
            with self.subTest(covariance=covariance):
                summary = self.fit_wide("-k", 1, "--covariance", covariance)
                self.assert_component(self.model(), 0, everything, covariance)
                expected = log_densities(self.x, self.x.mean(axis=0), self.variances(everything, covariance)).sum()
                self.assertAlmostEqual(summary["log_likelihood"] / expected, 1.0, places=12)

    def test_two_components(self):
        """Groups are so far apart, in 20,000 features, that the start's labels are the answer."""
        numpy.savetxt(self.path("labels.txt"), self.labels, fmt="%d")
        for covariance in ("diag", "spherical"):
            with self.subTest(covariance=covariance):
                summary = self.fit_wide("-k", 2, "--covariance", covariance, "--init", self.path("labels.txt"))
                model = self.model()
                numpy.testing.assert_allclose(model["weights"], [0.7, 0.3], rtol=1e-14)
                joint = numpy.empty((N, 2))
                for k in range(2):
                    rows = self.labels == k
                    self.assert_component(model, k, rows, covariance)
                    joint[:, k] = numpy.log(model["weights"][k]) + log_densities(self.x, self.x[rows].mean(axis=0),
                                                                                 self.variances(rows, covariance))
                self.assertAlmostEqual(summary["log_likelihood"] / joint.max(axis=1).sum(), 1.0, places=12)
                again = self.summary("predict", self.path("model.h5"), self.data, "-o", self.path("out.h5"), "--log-density")
                self.assertAlmostEqual(again["log_likelihood"] / joint.max(axis=1).sum(), 1.0, places=12)
                with h5py.File(self.path("out.h5")) as file:
                    numpy.testing.assert_array_equal(file["labels"][...], self.labels)
                    numpy.testing.assert_allclose(file["log_density"][...], joint.max(axis=1), rtol=1e-12)

    def test_starts(self):
        """Each of them fits, at any number of ranks to the same bytes, and a model or its JSON is a start."""
        for init in ("k-means++", "random_from_data", "random"):
            with self.subTest(init=init):
                self.fit_wide("-k", 2, "--covariance", "diag", "--init", init, "--max-iter", 5)
        numbers = self.succeed("info", "--json", self.path("model.h5")).stdout
        first = self.model()
        self.write("start.json", numbers)
        self.fit_wide("-k", 2, "--covariance", "diag", "--init", self.path("start.json"), "--max-iter", 0)
        for key in ("weights", "means", "covariances"):
            numpy.testing.assert_array_equal(self.model()[key], first[key])
        options = ("-k", 2, "--covariance", "spherical", "--init", "random_from_data", "--init-covariance", "identity")
        self.fit_wide(*options)
        alone = self.bytes_of("model.h5")
        self.fit_wide(*options, ranks=2)
        self.assertEqual(self.bytes_of("model.h5"), alone)

    def test_memory_is_known_beforehand(self):
        options = ("fit", self.data, "-k", 3, "--covariance", "diag", "--init", "k-means++", "--max-iter", 3)
        refused = self.fail_with(71, "a rank needs", *options, "--memory-limit", "1M", "-o", self.path("none.h5"))
        said = 1e9 * float(re.search("needs ([0-9.]+) GB", refused.stderr).group(1))
        self.assertLess(said, 2 * MOST_MEMORY)
        self.assertGreater(said + 60e6, self.fit(*options[1:])["peak_memory"])  # libraries come on top

    def test_samples(self):
        self.fit(self.data, "-k", 1, "--covariance", "diag")
        self.succeed("sample", self.path("model.h5"), "-n", 30, "-o", self.path("drawn.h5"), "-q")
        with h5py.File(self.path("drawn.h5")) as file:
            drawn = (file["points"][...] - self.model()["means"][0]) * self.model()["precisions_cholesky"][0]
        self.assertAlmostEqual(drawn.mean(), 0.0, delta=5 / numpy.sqrt(drawn.size))
        self.assertAlmostEqual(drawn.var(), 1.0, delta=5 * numpy.sqrt(2 / drawn.size))


class FewPoints(FitCase):
    """Covariances that cannot but be singular are told of."""

    hint = ("gmmpi warning: a covariance of about {} points, no more than there are features, is singular but for the ridge; "
            "use --covariance diag or spherical, fewer features, or a larger --reg-covar\n")

    def warnings(self, *arguments):
        return self.succeed("fit", self.data, *arguments, "--init", "random", "--max-iter", 2, "-o", self.path("m.h5"), "-q").stderr

    def hints(self, *arguments):
        return re.findall("covariance of about ([0-9]+) points", self.warnings(*arguments))

    def test_hint(self):
        self.data = self.save(numpy.random.default_rng(1).normal(0, 1, (40, 50)))
        self.assertEqual(self.warnings("-k", 1).count(self.hint.format(40)), 1)
        for columns, components, covariance, said in ((20, 2, "full", ["20"]), (19, 2, "full", []), (40, 2, "tied", ["40"]),
                                                      (39, 2, "tied", []), (50, 1, "diag", [])):
            with self.subTest(columns=columns, components=components, covariance=covariance):
                self.assertEqual(self.hints("-k", components, "--covariance", covariance, "--columns", f"1-{columns}"), said)


if __name__ == "__main__":
    unittest.main()
