# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi predict --outliers and --entropy: p-values against their definition and against chi-square, and whether 1 % are 1 %."""

import csv
import unittest

import h5py
import numpy
from scipy import stats

import harness
import mixtures
from mixtures import Mixture

SHARES = (0.001, 0.01, 0.1, 0.5)
NOISE = {"noise_weight": 0.15, "noise_volume": 144.0, "noise_origin": [-6.0, -4.0], "noise_axes": [[12.0, 0.0], [0.0, 12.0]]}


def arrays(path, *names):
    with h5py.File(path) as file:
        found = [file[name][()] for name in names]
    return found if len(names) > 1 else found[0]


class Outliers(harness.Case):
    def model(self, name="m.h5", weights=(0.5, 0.2, 0.3), **more):
        """The mixture of three components with more data sets or attributes in its file."""
        mixture = mixtures.three_components()
        mixture.weights = numpy.array(weights)
        path = mixture.write(self.path(name))
        with h5py.File(path, "a") as file:
            for key, value in more.items():
                if key == "transforms":
                    file.attrs[key] = value
                else:
                    file[key] = value
        return path

    def draw(self, model, n, seed, name="drawn.h5"):
        self.succeed("sample", model, "-n", n, "--seed", seed, "-o", self.path(name))
        return self.path(name) + ":/points"

    def drawn(self, model, n, seed):
        return arrays(self.draw(model, n, seed, "points.h5")[:-len(":/points")], "points")

    def predict(self, model, data, *options, **more):
        return self.summary("predict", model, data, "-o", self.path("out.h5"), *options, **more)

    def has_shares(self, p_values, n_draws):
        """Of points of the model: the number below each share, within the errors of the points and of the threshold."""
        n = len(p_values)
        for share in SHARES:
            deviation = numpy.sqrt(share * (1 - share) * (1 / n + 1 / n_draws))
            self.assertLess(abs((p_values <= share).mean() - share), 4.5 * deviation, (share, (p_values <= share).mean()))

    def test_definition(self):
        """gmmpi sample draws the same points: how many have a density that is no higher is counted here."""
        n_draws = 3000
        mixture = mixtures.three_components()
        for name, more in (("plain", {}), ("noise", dict(NOISE, weights=(0.425, 0.17, 0.255)))):
            model = self.model(name + ".h5", **more)
            mixture.weights = numpy.array(more.get("weights", mixture.weights))
            simulated = numpy.sort(mixture.log_density(self.drawn(model, n_draws, 17)))
            data = self.draw(model, 500, 1)
            # With noise the density is that of the components and a constant, so that the components' says the same.
            own = mixture.log_density(arrays(self.path("drawn.h5"), "points"))
            expected = (1 + numpy.searchsorted(simulated, own, side="right")) / (n_draws + 1)
            found = self.predict(model, data, "--outliers", "--outlier-draws", n_draws, "--seed", 17)
            p_values, flags = arrays(self.path("out.h5"), "outlier_p_value", "is_outlier")
            numpy.testing.assert_allclose(p_values, expected, rtol=0, atol=1e-12)
            self.assertEqual(flags.dtype, numpy.int32)
            numpy.testing.assert_array_equal(flags, expected <= 0.01)
            self.assertEqual((found["n_outliers"], found["n_outliers_expected"]), (flags.sum(), 5))
        # The points that were drawn themselves are ties: they count, so that the least is 2 of 3001, and the most 1.
        self.predict(self.path("plain.h5"), self.draw(self.path("plain.h5"), n_draws, 17), "--outliers", "--outlier-draws", n_draws, "--seed", 17)
        p_values = arrays(self.path("out.h5"), "outlier_p_value")
        numpy.testing.assert_allclose(numpy.sort(p_values), numpy.arange(2, n_draws + 2) / (n_draws + 1), rtol=1e-15)

    def test_one_component(self):
        """Of one normal distribution p-values are those of chi-square."""
        n_draws = 100000
        covariance = numpy.array([[2, 0.5, 0.1], [0.5, 1, -0.3], [0.1, -0.3, 0.4]])
        model = Mixture([1], [[1, -1, 3]], [covariance]).write(self.path("m.h5"))
        self.predict(model, self.draw(model, 4000, 3), "--outliers")
        points, p_values = arrays(self.path("drawn.h5"), "points"), arrays(self.path("out.h5"), "outlier_p_value")
        away = points - [1, -1, 3]
        exact = stats.chi2.sf(numpy.einsum("ij,jk,ik->i", away, numpy.linalg.inv(covariance), away), 3)
        self.assertLess((abs(p_values - exact) / numpy.sqrt((exact * (1 - exact) + 1 / n_draws) / n_draws)).max(), 5)
        self.assertLess(exact.min(), 0.001)

    def test_calibrated(self):
        """Points of the model: 1 % are 1 %. Noise, t distributions, the predictive density of a posterior, transforms."""
        few = self.write("few.csv", "x,y\n" + "\n".join(f"{a:.17g},{b:.17g}" for a, b in numpy.random.default_rng(2).normal(size=(25, 2))))
        self.succeed("fit", few, "-k", 1, "--method", "vb", "-o", self.path("vb.h5"), "-q")
        models = {
            "normal": self.model("normal.h5"),
            "t": self.model("t.h5", dof=[1.5, 4.0, 30.0]),
            "noise": self.model("noise.h5", weights=(0.425, 0.17, 0.255), **NOISE),
            "both": self.model("both.h5", weights=(0.425, 0.17, 0.255), dof=[3.0, 4.0, 30.0], **NOISE),
            "transformed": self.model("transformed.h5", transforms=["log10", "arcsinh=5,standardize=1:0.5"]),
            "posterior": self.path("vb.h5"),
        }
        for name, model in models.items():
            with self.subTest(name):
                found = self.predict(model, self.draw(model, 20000, 4), "--outliers", "--outlier-draws", 50000)
                p_values = arrays(self.path("out.h5"), "outlier_p_value")
                self.has_shares(p_values, 50000)
                self.assertEqual(found["n_outliers"], (p_values <= 0.01).sum())

    def test_far_away(self):
        """The least p-value, never 0; also beyond a background, which is not what makes a point likely."""
        far = self.write("far.csv", 'Age,"a ""b"", c"\n0,0\n1e6,1e6\n4,3\n1e100,0\n')
        self.predict(self.model(weights=(0.425, 0.17, 0.255), **NOISE), far, "--outliers", "--outlier-draws", 999)
        p_values = arrays(self.path("out.h5"), "outlier_p_value")
        self.assertEqual([p_values[1], p_values[3]], [0.001, 0.001])
        self.assertTrue(0.001 < p_values[2] <= 0.15 + 0.04 and p_values[0] > 0.9, p_values)

    def test_entropy(self):
        mixture = mixtures.three_components()
        data = self.draw(self.model(), 300, 5)
        points = arrays(self.path("drawn.h5"), "points")
        ratios = numpy.exp(mixture.log_joint(points) - mixture.log_joint(points).max(axis=1)[:, None])
        ratios[ratios < 2.0**-60] = 0  # as responsibilities are
        others = numpy.sort(ratios, axis=1)[:, :-1].sum(axis=1)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            logs = numpy.where(ratios > 0, numpy.log(ratios), 0)
        expected = numpy.log1p(others) - (ratios * logs).sum(axis=1) / (1 + others)
        found = self.predict(self.path("m.h5"), data, "--entropy")
        numpy.testing.assert_allclose(arrays(self.path("out.h5"), "entropy"), expected, rtol=1e-9, atol=0)
        self.assertLess(expected[expected > 0].min(), 1e-12)
        self.assertAlmostEqual(found["mean_entropy"], expected.mean(), delta=1e-12)
        # Three components of the same density, and noise as dense as they are at their mean: log 4 there.
        equal = Mixture([0.25] * 3, numpy.zeros((3, 1)), numpy.ones((3, 1, 1)), names=["x"]).write(self.path("equal.h5"))
        with h5py.File(equal, "a") as file:
            file["noise_weight"], file["noise_volume"] = 0.25, numpy.sqrt(2 * numpy.pi)
        table = self.write("t.csv", "x,w\n0,3\n50,1\n")
        found = self.predict(equal, table, "--weights", "w", "--entropy")
        entropies = arrays(self.path("out.h5"), "entropy")
        numpy.testing.assert_allclose(entropies, [numpy.log(4), 0], rtol=1e-15, atol=0)
        self.assertAlmostEqual(found["mean_entropy"], 0.75 * numpy.log(4), delta=1e-14)
        self.assertIn("mean entropy of responsibilities 1.0397", self.succeed("predict", equal, table, "--weights", "w", "--entropy", "-o",
                                                                               self.path("out.h5")).stdout)

    def test_files(self):
        """The same bytes at any number of ranks and threads, in text as in HDF5."""
        model = self.model(weights=(0.425, 0.17, 0.255), **NOISE)
        data = self.draw(model, 3000, 6)
        words = ("--outliers", "--entropy", "--outlier-draws", 1000, "--outlier-share", 0.05)
        for name in ("out.h5", "out.csv"):
            contents = set()
            for ranks, more in ((None, ()), (None, ("--threads", 2)), (3, ())):
                run = self.succeed("predict", model, data, *words, *more, "-o", self.path(name), "--json", ranks=ranks)
                contents.add((self.bytes_of(name), run.stdout))
            self.assertEqual(len(contents), 1)
        with open(self.path("out.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["label", "entropy", "outlier_p_value", "is_outlier"])
        for name, kind in (("entropy", float), ("outlier_p_value", float), ("is_outlier", int)):
            numpy.testing.assert_array_equal([kind(row[name]) for row in rows], arrays(self.path("out.h5"), name))
        p_values, flags = arrays(self.path("out.h5"), "outlier_p_value", "is_outlier")
        numpy.testing.assert_array_equal(flags, p_values <= 0.05)

    def test_warning(self):
        """Where far more points are outliers than of the model itself."""
        model = self.model()
        data = self.draw(model, 1000, 7)
        run = self.succeed("predict", model, data, "--outliers", "-o", self.path("out.h5"))
        self.assertNotIn("outliers at", run.stderr)
        self.assertRegex(run.stdout, r"outliers? \(p-value up to 0.01\), where 10 would be expected")
        points = arrays(self.path("drawn.h5"), "points")
        points[:60] += 30
        with h5py.File(self.path("planted.h5"), "w") as file:
            file["points"] = points
        run = self.succeed("predict", model, self.path("planted.h5"), "--outliers", "-q", "-o", self.path("out.h5"))
        self.assertRegex(run.stderr, r"(?m)^gmmpi warning: .*planted.h5.*: \d+ of 1000 points are outliers at a p-value of 0.01, where 10 would")
        self.assertTrue((arrays(self.path("out.h5"), "is_outlier")[:60] == 1).all())

    def test_mistakes(self):
        model, out = self.model(), self.path("out.h5")
        data = self.draw(model, 10, 1)
        for pattern, words in (
            ("--outlier-share goes with --outliers", ["--outlier-share", 0.1]),
            ("--outlier-draws goes with --outliers", ["--outlier-draws", 10]),
            ("--seed goes with --outliers", ["--seed", 3]),
            ("--outlier-share: with 50 draws .* give --outlier-draws 10000 or more", ["--outliers", "--outlier-draws", 50]),
            ("--outlier-share", ["--outliers", "--outlier-share", 0]),
            ("--outlier-share", ["--outliers", "--outlier-share", 0.6]),
        ):
            self.fail_with(64, pattern, "predict", model, data, "-o", out, *words)
        nowhere = self.model("nowhere.h5", weights=(0.425, 0.17, 0.255), noise_weight=0.15, noise_volume=144.0)
        self.fail_with(65, "nowhere.h5: has noise but does not say where", "predict", nowhere, data, "-o", out, "--outliers", ranks=2)
        self.succeed("predict", nowhere, data, "-o", out, "--entropy")


if __name__ == "__main__":
    unittest.main()
