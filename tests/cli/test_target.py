# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi predict --target: conditional means and covariances against the textbook's formulas in long double, and sums over a grid."""

import csv
import unittest

import h5py
import numpy
import scipy.stats

from conditionals import conditional, matrices, mixed, write_model
from harness import Case

NAMES = ["A", "B", "C", "D"]
WEIGHTS = [0.5, 0.3, 0.2]
MEANS = numpy.array([[0, 1, -2, 3], [2, -1, 0, 0], [-3, 2, 1, -1]], dtype=float)
FULL = matrices(3, 4)


class Target(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(2)
        labels = random.choice(3, size=40, p=WEIGHTS)
        self.points = numpy.array([random.multivariate_normal(MEANS[k], FULL[k]) for k in labels])

    def model(self, covariance="full", covariances=FULL, **others):
        others.setdefault("names", NAMES)
        return write_model(self.path("model.h5"), covariance, others.pop("weights", WEIGHTS), MEANS, covariances, **others)

    def table(self, name, points, names):
        rows = [",".join(names)] + [",".join(repr(float(x)) for x in row) for row in points]
        return self.write(name, "\n".join(rows) + "\n")

    def predict(self, data, target, *words, out="out.h5", **options):
        summary = self.summary("predict", self.path("model.h5"), data, "--target", target, "-o", self.path(out), *words, **options)
        if not out.endswith(".h5"):
            return summary
        with h5py.File(self.path(out)) as file:
            return summary, {key: file[key][...] for key in file}

    def expected(self, targets, weights=WEIGHTS, covariances=FULL):
        known = [j for j in range(4) if j not in targets]
        order = numpy.argsort(numpy.argsort(targets))  # of the targets among those that are left
        means, variances, logs = [], [], []
        for row in self.points:
            mean, covariance = mixed(*conditional(weights, MEANS, covariances, known, row[known])[:3])
            means.append(mean[order])
            variances.append(covariance[numpy.ix_(order, order)])
            whole = conditional(weights, MEANS, covariances, range(4), row)[3]
            logs.append(whole - conditional(weights, MEANS, covariances, known, row[known])[3])
        return numpy.array(means, dtype=float), numpy.array(variances, dtype=float), float(numpy.mean(logs))

    def close(self, found, wanted, relative=1e-11):
        numpy.testing.assert_allclose(found, wanted, rtol=relative, atol=1e-12)

    def check_fit(self, summary, y, mean, log_density):
        self.close(summary["target_rmse"], numpy.sqrt(((y - mean) ** 2).mean(axis=0)))
        self.close(summary["target_r2"], 1 - ((y - mean) ** 2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0))
        self.close(summary["target_mean_log_density"], log_density)

    def test_several_targets(self):
        self.model()
        mean, covariance, log_density = self.expected([3, 1])
        whole = self.table("whole.csv", self.points, NAMES)
        summary, found = self.predict(whole, "D,B", "--responsibilities", "--log-density")
        self.assertEqual(summary["targets"], ["D", "B"])
        self.close(found["target_mean"], mean)
        self.close(found["target_covariance"], covariance)
        self.close(found["target_variance"], covariance[:, [0, 1], [0, 1]])
        self.check_fit(summary, self.points[:, [3, 1]], mean, log_density)
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(list(file["target_mean"].attrs["columns"]), ["mean_D", "mean_B"])
            self.assertEqual(list(file["target_covariance"].attrs["columns"])[1], "covariance_D_B")
        shares = numpy.array([conditional(WEIGHTS, MEANS, FULL, [0, 2], row[[0, 2]])[0] for row in self.points], dtype=float)
        self.close(found["responsibilities"], shares)  # those of the known features
        self.assertAlmostEqual(summary["mean_log_likelihood"], found["log_density"].mean(), places=12)
        # Without the targets, in another order, with something else beside, and packed: the same numbers, and nothing to compare with.
        known = self.table("known.csv", numpy.column_stack([self.points[:, 2], self.points[:, 0], self.points[:, 0]]), ["C", "z", "A"])
        less, again = self.predict(known, "D,B", "--compress", 3)
        for key in ("target_mean", "target_variance", "target_covariance"):
            numpy.testing.assert_array_equal(again[key], found[key])
        self.assertNotIn("target_r2", less)

    def test_text(self):
        self.model()
        self.predict(self.table("whole.csv", self.points, NAMES), "B,C,D", out="out.csv")
        with open(self.path("out.csv"), newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], ["label", "mean_B", "mean_C", "mean_D", "variance_B", "variance_C", "variance_D",
                                   "covariance_B_C", "covariance_B_D", "covariance_C_D"])
        mean, covariance, _ = self.expected([1, 2, 3])
        found = numpy.array(rows[1:], dtype=float)
        self.close(found[:, 1:4], mean)
        self.close(found[:, 4:7], covariance[:, [0, 1, 2], [0, 1, 2]])
        self.close(found[:, 7:], covariance[:, [0, 0, 1], [1, 2, 2]])

    def test_one_target_by_number(self):
        """From columns without names: all of them, or the known ones alone; a target that is missing is left out by --columns."""
        self.model(names=["x1", "x2", "x3", "x4"])
        numpy.save(self.path("whole.npy"), self.points)
        summary, found = self.predict(self.path("whole.npy"), "2")
        mean, covariance, log_density = self.expected([1])
        self.close(found["target_mean"], mean)
        self.close(found["target_variance"], covariance[:, :, 0])
        self.assertNotIn("target_covariance", found)
        self.check_fit(summary, self.points[:, [1]], mean, log_density)
        numpy.save(self.path("known.npy"), self.points[:, [0, 2, 3]])
        self.assertNotIn("target_r2", self.predict(self.path("known.npy"), "2")[0])
        self.points[3, 1] = numpy.nan
        numpy.save(self.path("missing.npy"), self.points)
        again = self.predict(self.path("missing.npy"), "2", "--columns", "1,3-4")[1]
        numpy.testing.assert_array_equal(again["target_mean"], found["target_mean"])

    def test_families_without_dependence(self):
        """Of diagonal covariances targets depend on the others by the components alone; a shared covariance has one slope."""
        variances = numpy.array([[1, 2, 3, 4], [2, 1, 4, 3], [0.5, 0.25, 8, 2]], dtype=float)
        data = self.table("whole.csv", self.points, NAMES)
        for family, covariances, dense in (("diag", variances, numpy.array([numpy.diag(v) for v in variances])),
                                           ("tied", FULL[1], numpy.repeat(FULL[1:2], 3, axis=0))):
            self.model(family, covariances)
            mean, covariance, log_density = self.expected([0, 3], covariances=dense)
            summary, found = self.predict(data, "A,D")
            self.close(found["target_mean"], mean)
            self.close(found["target_covariance"], covariance)
            self.check_fit(summary, self.points[:, [0, 3]], mean, log_density)

    def test_student_t(self):
        """Mean and variance by the density of scipy on a grid."""
        dof = [4.0, 6.0, 40.0]
        self.model(dof=dof)
        self.points = self.points[:3]
        found = self.predict(self.table("whole.csv", self.points, NAMES), "C")[1]
        grid = numpy.linspace(-3000, 3000, 600001)
        for row, mean, variance in zip(self.points, found["target_mean"][:, 0], found["target_variance"][:, 0]):
            rows = numpy.repeat(row[None], grid.size, axis=0)
            rows[:, 2] = grid
            density = sum(w * scipy.stats.multivariate_t.pdf(rows, m, c, nu) for w, m, c, nu in zip(WEIGHTS, MEANS, FULL, dof))
            density /= density.sum()
            self.close(mean, density @ grid, 1e-8)
            self.close(variance, density @ (grid - mean) ** 2, 1e-6)
        self.model(dof=[0.5, 0.5, 0.5], names=["A", "B", "C", "D"])  # with one feature known: no variance
        self.assertTrue(numpy.isinf(self.predict(self.path("whole.csv"), "B,C,D")[1]["target_variance"]).all())

    def test_noise(self):
        region = {"noise_weight": 0.2, "noise_volume": 1600.0, "noise_origin": [-4.0, -1, -5, 0], "noise_axes": numpy.diag([8.0, 10, 10, 2])}
        self.model(weights=0.8 * numpy.array(WEIGHTS), **region)
        found = self.predict(self.table("whole.csv", self.points, NAMES), "B")[1]
        for row, mean, variance in zip(self.points[:9], found["target_mean"][:, 0], found["target_variance"][:, 0]):
            weights, means, covariances, log_density = conditional(WEIGHTS, MEANS, FULL, [0, 2, 3], row[[0, 2, 3]])
            known = 0.8 * numpy.exp(log_density)
            share = (0.2 / 160) / (0.2 / 160 + known)
            wanted, covariance = mixed(numpy.append((1 - share) * weights, share), numpy.append(means, [[4.0]], axis=0),
                                       numpy.append(covariances, [[[100 / 12]]], axis=0))
            self.close([mean, variance], [float(wanted[0]), float(covariance[0, 0])])

    def test_transforms(self):
        """A shift and a scale are undone; of a function of the target mean and variance are the function's."""
        self.model(transforms=["log10", "standardize=1.5:0.25", "log10", ""])
        mean, covariance, log_density = self.expected([1, 2])
        data = self.points.copy()
        data[:, [0, 2]] = 10 ** data[:, [0, 2]]
        data[:, 1] = 1.5 + 0.25 * data[:, 1]
        summary, found = self.predict(self.table("whole.csv", data, NAMES), "B,C")
        scales = numpy.array([0.25, 1])
        self.close(found["target_mean"], mean * scales + [1.5, 0], 1e-9)
        self.close(found["target_covariance"], covariance * numpy.outer(scales, scales), 1e-9)
        self.assertEqual(summary["target_functions"], ["", "log10"])
        self.assertAlmostEqual(summary["target_mean_log_density"], log_density - numpy.log(0.25), places=9)
        self.assertIn("mean and variance of its log10", self.succeed(
            "predict", self.path("model.h5"), self.path("whole.csv"), "--target", "C", "-o", self.path("out.h5")).stdout)

    def test_weights(self):
        """Rows that count differently: what is said of all of them is weighed."""
        self.model()
        weights = numpy.arange(1.0, 41) / 7
        data = self.table("whole.csv", numpy.column_stack([self.points, weights]), NAMES + ["w"])
        summary, found = self.predict(data, "B", "--weights", "w")
        errors = (self.points[:, 1] - found["target_mean"][:, 0]) ** 2
        self.close(summary["target_rmse"][0], numpy.sqrt(numpy.average(errors, weights=weights)))
        centre = numpy.average(self.points[:, 1], weights=weights)
        self.close(summary["target_r2"][0], 1 - weights @ errors / (weights @ (self.points[:, 1] - centre) ** 2))

    def test_one_result(self):
        """The same bytes at any number of ranks and threads."""
        self.model(dof=[4.0, 6.0, 40.0])
        numpy.save(self.path("data.npy"), numpy.tile(self.points, (200, 1)))
        summary = self.predict(self.path("data.npy"), "A,D", "--log-density")[0]
        alone = self.bytes_of("out.h5")
        for words, options in (((), {"ranks": 3}), (("--threads", 2), {"ranks": 2})):
            again = self.predict(self.path("data.npy"), "A,D", "--log-density", *words, **options)[0]
            self.assertEqual(self.bytes_of("out.h5"), alone)
            for key in ("target_r2", "target_rmse", "target_mean_log_density"):
                self.assertEqual(again[key], summary[key])

    def test_mistakes(self):
        self.model()
        data = self.table("known.csv", self.points[:, :2], NAMES[:2])
        predict = ("predict", self.path("model.h5"), data, "-o", self.path("out.h5"))
        self.fail_with(65, "of which \"D\" is missing", *predict, "--target", "C")
        self.fail_with(65, 'did you mean "C"', *predict, "--target", "c")
        self.fail_with(64, "all 4 features", *predict, "--target", "1-4")
        self.fail_with(64, "given twice", *predict, "--target", "C,3")


if __name__ == "__main__":
    unittest.main()
