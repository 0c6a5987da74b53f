# SPDX-License-Identifier: BSD-3-Clause
"""What may not change a fit: the order of rows and columns, units, origins, repetition. And one component more never fits worse.

Such a change alters rounding, and what random draws hit, so the search may take another way; the optimum where it ends must be the
same. Fits stop at a change of 1e-10 per point. What is then left to the fixed point is some thousand times that on these problems,
whose components barely overlap or not at all: values agree to 1e-6, weights and means (a square root less exact) to 1e-4.
"""

import unittest

import numpy

from fits import FitCase

VALUE = 1e-6
PARAMETER = 1e-4


def clusters(random):
    labels = random.choice(3, 700, p=[0.5, 0.3, 0.2])
    shapes = numpy.array([[[1, 0.6, 0], [0, 0.8, 0], [0, 0, 1]], [[0.5, 0, 0], [0.3, 1, 0], [0, 0, 1.5]], [[1, 0, 0], [0, 1, 0.7], [0, 0, 0.7]]])
    return numpy.array([[0, 0, 0], [5, 1, 0], [1, 5, 4.0]])[labels] + numpy.einsum("nij,nj->ni", shapes[labels], random.normal(size=(700, 3)))


def levels(random):
    return numpy.array([[2.0, 7], [50, 3], [150, 9], [260, 9], [390, 1]])[random.integers(0, 5, 500)]


def tight(random):
    labels = random.integers(0, 3, 600)
    deviations = numpy.array([[0.0015, 0.0015], [0.05, 0.05], [0.05, 0.05]])
    return numpy.array([[0.2, 0.2], [0.8, 0.3], [0.5, 0.9]])[labels] + deviations[labels] * random.normal(size=(600, 2))


def far(random):
    return numpy.array([[0, 0], [3e5, 0], [0, 1e5]])[random.integers(0, 3, 450)] + random.normal(size=(450, 2))


# Points, K, and a ridge that is small against all variances (levels have none: there the ridge is what there is).
TABLES = {"clusters": (clusters, 3), "levels": (levels, 5), "tight": (tight, 3), "far": (far, 3)}


def table(name):
    make, k = TABLES[name]
    return make(numpy.random.default_rng(20)), k


class Properties(FitCase):
    def found(self, x, k, *options, reg_covar=1e-6):
        """Mean log-likelihood, weights and means of a fit."""
        said = self.fit(self.save(x), "-k", k, "--tol", 1e-10, "--reg-covar", repr(reg_covar), *options)
        self.assertTrue(said["converged"])
        model = self.model()
        return said["mean_log_likelihood"], model["weights"], model["means"]

    def assert_same(self, base, other, scale, back=lambda means: means, shift=0.0):
        """`other` is `base` but for the order of components. Its log-likelihood is higher by `shift`, its means are taken `back` to the
        units of base; `scale` is what is small in a mean, by feature."""
        self.assertAlmostEqual(other[0] - shift, base[0], delta=VALUE)
        means = back(other[2])
        free = list(range(len(means)))
        for weight, mean in zip(base[1], base[2]):
            distances = [numpy.abs((means[k] - mean) / scale).max() for k in free]
            self.assertLess(min(distances), PARAMETER)
            nearest = free.pop(int(numpy.argmin(distances)))
            self.assertAlmostEqual(other[1][nearest], weight, delta=PARAMETER)

    def each(self, check):
        """check(x, k, scale, the fit of x) for every table."""
        for name in TABLES:
            with self.subTest(table=name):
                x, k = table(name)
                check(x, k, x.std(axis=0), self.found(x, k))

    def test_order_of_rows(self):
        def check(x, k, scale, base):
            for seed in (1, 2):
                self.assert_same(base, self.found(x[numpy.random.default_rng(seed).permutation(len(x))], k), scale)
            self.assert_same(base, self.found(x[numpy.lexsort(x.T)], k), scale)  # sorted, as tables often are
        self.each(check)

    def test_order_of_columns(self):
        def check(x, k, scale, base):
            self.assert_same(base, self.found(x[:, ::-1], k), scale, lambda means: means[:, ::-1])
        self.each(check)

    def test_families(self):
        """Rows and columns again, where covariances are less than full."""
        x, k = table("clusters")
        for covariance in ("tied", "diag", "spherical"):
            with self.subTest(covariance=covariance):
                base = self.found(x, k, "--covariance", covariance)
                other = self.found(x[::-1, ::-1], k, "--covariance", covariance)
                self.assert_same(base, other, x.std(axis=0), lambda means: means[:, ::-1])

    def test_origin(self):
        """A shift of 100 times the size of the data costs two digits, the rounding of x + shift among them."""
        def check(x, k, scale, base):
            shift = 100 * numpy.abs(x).max(axis=0) * numpy.linspace(1, -1, x.shape[1])
            # Rounding of 1e-16 times 3e7 is nothing against far's deviation of 1; nor is it elsewhere.
            self.assert_same(base, self.found(x + shift, k), scale, lambda means: means - shift)
        self.each(check)

    def test_every_row_twice(self):
        def check(x, k, scale, base):
            self.assert_same(base, self.found(numpy.repeat(x, 2, axis=0), k), scale)
            self.assert_same(base, self.found(numpy.concatenate([x, x]), k), scale)
        self.each(check)

    def test_units_of_a_feature(self):
        """Each feature in a unit of its own. The ridge is the same number in all, so it must be nothing in each: 1e-8 of the least
        variance changes values by less than 1e-6. Levels have no variance and are left out."""
        for name in ("clusters", "tight", "far"):
            with self.subTest(table=name):
                x, k = table(name)
                d = x.shape[1]
                base = self.found(x, k, reg_covar=1e-15)
                for units in (10.0 ** numpy.linspace(-2, 3, d), 10.0 ** numpy.linspace(6, 0, d)):
                    other = self.found(x * units, k, reg_covar=1e-18)
                    self.assert_same(base, other, x.std(axis=0), lambda means: means / units, -numpy.log(units).sum())

    def test_units_of_all(self):
        """Data times c with the ridge times c^2. With a power of two even rounding is the same, so even slow convergence is."""
        def check(x, k, scale, base):
            for c in (2.0 ** -199, 2.0 ** 20, 2.0 ** 199, 1e-60, 1e-7, 1e60):
                with self.subTest(c=c):
                    other = self.found(x * c, k, reg_covar=1e-6 * c * c)
                    self.assert_same(base, other, scale, lambda means: means / c, -x.shape[1] * numpy.log(c))
        self.each(check)

    def test_labels_in_other_units(self):
        """The same assignment of every point, and how sure it is."""
        x, k = table("tight")
        found = []
        for c in (1.0, 1e-60, 1e60):
            self.fit(self.save(x * c), "-k", k, "--tol", 1e-10, "--reg-covar", repr(1e-6 * c * c))
            self.succeed("predict", self.path("model.h5"), self.path("points.npy"), "--responsibilities", "-o", self.path("labels.csv"))
            rows = numpy.genfromtxt(self.path("labels.csv"), delimiter=",", names=True)
            names = [name for name in rows.dtype.names if name.startswith("responsibility")]
            self.assertEqual(len(names), k, rows.dtype.names)
            shares = numpy.stack([rows[name] for name in names])
            found.append(shares[numpy.argsort(shares @ x[:, 0] / shares.sum(axis=1))])
        for other in found[1:]:
            numpy.testing.assert_allclose(other, found[0], atol=PARAMETER)


class OneMore(FitCase):
    """The best log-likelihood never falls from K to K + 1: the K-model with one component more is always among what is tried.
    A fit stops where a step changes less than 1e-6, so that is what it may fall by."""

    def assert_rises(self, x, most, *options, least=1):
        values = []
        for k in range(least, most + 1):
            values.append(self.fit(self.save(x), "-k", k, *options)["mean_log_likelihood"])
            if len(values) > 1:
                self.assertGreater(values[-1], values[-2] - 1e-6, "K = %d: %s" % (k, values))

    def test_clusters(self):
        self.assert_rises(table("clusters")[0], 6)

    def test_levels(self):
        self.assert_rises(table("levels")[0], 7, least=2)

    def test_tight(self):
        self.assert_rises(table("tight")[0], 5)

    def test_outliers(self):
        random = numpy.random.default_rng(12)
        for far in (1e5, 1e12):
            with self.subTest(far=far):
                x = numpy.concatenate([random.normal(2, 0.5, (200, 3)), random.normal(5, 0.5, (200, 3))])
                x[7, 1], x[8, 2] = far, -0.3 * far
                self.assert_rises(x, 5)

    def test_fill_values(self):
        random = numpy.random.default_rng(13)
        x = random.normal(size=(400, 2))
        x[random.random((400, 2)) < 0.05] = 1e30
        self.assert_rises(x, 5)

    def test_heavy_tails(self):
        random = numpy.random.default_rng(14)
        self.assert_rises(random.standard_t(2, (500, 2)), 6)

    def test_families(self):
        x = table("clusters")[0]
        for covariance in ("tied", "diag", "spherical"):
            with self.subTest(covariance=covariance):
                self.assert_rises(x, 5, "--covariance", covariance, least=2)

    def test_real_table(self):
        self.assert_rises(self.mall(), 8, least=2)


if __name__ == "__main__":
    unittest.main()
