# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi compare: divergences against integrals by scipy and closed forms, matched components against numpy."""

import csv
import itertools
import json
import unittest

import h5py
import numpy
from scipy import stats

import harness
import mixtures
from mixtures import Mixture

POINTS = 20000


def normal_mixture(weights, means, deviations):
    return lambda x: sum(w * stats.norm.pdf(x, m, s) for w, m, s in zip(weights, means, deviations))


def integral(function, ends, breaks):
    """By Gauss' rule over pieces, as the densities have kinks and edges."""
    points = numpy.array(sorted({ends[0], ends[1], *breaks}))
    nodes, weights = numpy.polynomial.legendre.leggauss(60)
    halves = numpy.diff(points)[:, None] / 2
    return (halves * weights * function(points[:-1, None] + halves * (1 + nodes))).sum()


def expected(a, b, ends, breaks=()):
    """The four numbers of two densities in one feature, and the standard deviation of log a / b under a."""
    def ratio(p, q, power=1):
        return integral(lambda x: p(x) * numpy.log(p(x) / q(x))**power, ends, breaks)

    def middle(x):
        return (a(x) + b(x)) / 2

    first, second = ratio(a, b), ratio(b, a)
    return {"kullback_leibler_ab": first, "kullback_leibler_ba": second,
            "jensen_shannon": (ratio(a, middle) + ratio(b, middle)) / 2,
            "total_variation": integral(lambda x: abs(a(x) - b(x)) / 2, ends, breaks)}, numpy.sqrt(ratio(a, b, 2) - first**2)


def bhattacharyya(mean_a, covariance_a, mean_b, covariance_b):
    middle, away = (covariance_a + covariance_b) / 2, mean_b - mean_a
    square = away @ numpy.linalg.solve(middle, away)
    logs = [numpy.linalg.slogdet(matrix)[1] for matrix in (middle, covariance_a, covariance_b)]
    return square / 8 + (logs[0] - (logs[1] + logs[2]) / 2) / 2, numpy.sqrt(square)


def kullback_leibler(mean_a, covariance_a, mean_b, covariance_b):
    away = mean_b - mean_a
    logs = numpy.linalg.slogdet(covariance_b)[1] - numpy.linalg.slogdet(covariance_a)[1]
    return (numpy.trace(numpy.linalg.solve(covariance_b, covariance_a)) + away @ numpy.linalg.solve(covariance_b, away) - len(away) + logs) / 2


class Compare(harness.Case):
    def of(self, name, weights, means, deviations, **more):
        """A mixture in one feature; more: data sets or attributes of its file."""
        path = Mixture(weights, numpy.reshape(means, (-1, 1)), numpy.square(deviations).reshape(-1, 1, 1)).write(self.path(name))
        with h5py.File(path, "a") as file:
            for key, value in more.items():
                if key == "transforms":
                    file.attrs[key] = value
                else:
                    file[key] = value
        return path

    def compare(self, a, b, *options, **more):
        return self.summary("compare", a, b, "-n", POINTS, *options, **more)

    def agrees(self, found, wanted, errors=4.5):
        for name, value in wanted.items():
            self.assertFalse(found[name]["exact"], name)
            self.assertGreater(found[name]["standard_error"], 0)
            self.assertLess(abs(found[name]["value"] - value), errors * found[name]["standard_error"], (name, value, found[name]))

    def is_zero(self, found, below=0.0):
        for name in ("kullback_leibler_ab", "kullback_leibler_ba", "jensen_shannon", "total_variation"):
            self.assertLessEqual(abs(found[name]["value"]), below, (name, found[name]))

    def test_integrals(self):
        a = (0.3, 0.7), (-1.0, 2.0), (1.0, 0.5)
        b = (0.5, 0.4, 0.1), (-1.5, 1.8, 6.0), (1.2, 0.8, 2.0)
        paths = self.of("a.h5", *a), self.of("b.h5", *b)
        wanted, deviation = expected(normal_mixture(*a), normal_mixture(*b), (-12, 18), range(-11, 18))
        found = self.compare(*paths)
        self.agrees(found, wanted)
        self.assertAlmostEqual(found["kullback_leibler_ab"]["standard_error"] / (deviation / numpy.sqrt(POINTS)), 1, delta=0.05)
        back = self.compare(*reversed(paths))
        self.assertEqual([back[name] for name in ("kullback_leibler_ba", "kullback_leibler_ab", "jensen_shannon", "total_variation")],
                         [found[name] for name in wanted])
        # Are the standard errors what the numbers differ by from seed to seed?
        scores = {name: [] for name in wanted}
        for seed in range(1, 13):
            found = self.summary("compare", *paths, "-n", 2000, "--seed", seed)
            for name, value in wanted.items():
                scores[name].append((found[name]["value"] - value) / found[name]["standard_error"])
        for name, values in scores.items():
            low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], len(values))
            self.assertTrue(low < numpy.square(values).sum() < high, (name, values))

    def test_one_component(self):
        """Closed forms, full against full and diag against full; and integrals beside them."""
        generator = numpy.random.default_rng(5)
        means = generator.normal(size=(2, 3))
        roots = generator.normal(size=(2, 3, 3))
        covariances = roots @ roots.transpose(0, 2, 1) + 0.3 * numpy.eye(3)
        diagonal = Mixture([1], means[:1], covariances[:1, range(3), range(3)], family="diag")
        paths = [Mixture([1], means[i:i + 1], covariances[i:i + 1]).write(self.path(f"{i}.h5")) for i in range(2)]
        paths.append(diagonal.write(self.path("diag.h5")))
        parameters = [(means[0], covariances[0]), (means[1], covariances[1]), (means[0], numpy.diag(numpy.diag(covariances[0])))]
        for i, j in itertools.combinations(range(3), 2):
            found = self.compare(paths[i], paths[j])
            for name, value in (("kullback_leibler_ab", kullback_leibler(*parameters[i], *parameters[j])),
                                ("kullback_leibler_ba", kullback_leibler(*parameters[j], *parameters[i]))):
                self.assertTrue(found[name]["exact"])
                self.assertEqual(found[name]["standard_error"], 0)
                self.assertAlmostEqual(found[name]["value"], value, delta=1e-12 * max(1, value))
            distance, of_means = bhattacharyya(*parameters[i], *parameters[j])
            self.assertAlmostEqual(found["components"][0]["bhattacharyya"], distance, delta=1e-12)
            self.assertAlmostEqual(found["components"][0]["mean_distance"], of_means, delta=1e-12)
        for path in paths:
            self.is_zero(self.compare(path, path))
        a, b = self.of("a.h5", [1], [0], [1]), self.of("b.h5", [1], [1], [2])
        found = self.compare(a, b)
        self.assertAlmostEqual(found["kullback_leibler_ab"]["value"], numpy.log(2) + 2 / 8 - 0.5, delta=1e-14)
        wanted = expected(stats.norm(0, 1).pdf, stats.norm(1, 2).pdf, (-15, 17), range(-14, 17))[0]
        self.agrees(found, {name: wanted[name] for name in ("jensen_shannon", "total_variation")})

    def test_tails_and_noise(self):
        """A background is uniform in its region and nowhere else; t distributions as scipy's."""
        noise = {"noise_weight": 0.2, "noise_volume": 8.0, "noise_origin": [-4.0], "noise_axes": [[8.0]]}
        a = self.of("a.h5", [0.8], [1.0], [0.5], **noise)
        b = self.of("b.h5", [0.6, 0.4], [0.5, 3.0], [1.0, 2.0], dof=[3.0, 10.0])
        def density_b(x):
            return 0.6 * stats.t.pdf(x, 3, 0.5, 1) + 0.4 * stats.t.pdf(x, 10, 3, 2)
        def density_a(x):
            return 0.8 * stats.norm.pdf(x, 1, 0.5) + 0.2 / 8 * (abs(x) <= 4)
        # Beyond +-18 density a is below the smallest number, so that only its share of b's points is known in numbers.
        wanted = expected(density_a, density_b, (-16, 18), range(-15, 18))[0]
        found = self.compare(a, b)
        self.agrees(found, {name: wanted[name] for name in ("kullback_leibler_ab", "jensen_shannon", "total_variation")})
        self.assertEqual((found["noise_weight_a"], found["noise_weight_b"]), (0.2, 0))
        self.is_zero(self.compare(a, a))
        self.is_zero(self.compare(b, b))
        self.assertIn("noise", self.succeed("compare", a, b, "-n", 100).stdout)
        nowhere = self.of("nowhere.h5", [0.8], [1.0], [0.5], noise_weight=0.2, noise_volume=8.0)
        self.fail_with(65, "nowhere.h5: .*does not say where", "compare", a, nowhere, ranks=2)
        flat = self.of("flat.h5", [0.8], [1.0], [0.5], **dict(noise, noise_volume=9.0))
        self.fail_with(65, "flat.h5: .*has not its volume", "compare", flat, a)

    def test_posterior(self):
        """Of a variational posterior the predictive density is compared, of its components means and covariances."""
        points = numpy.random.default_rng(3).normal(size=12) * [1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3]
        data = self.write("data.csv", "\n".join(f"{x:.17g}" for x in points))
        self.succeed("fit", data, "-k", 2, "--method", "vb", "--init", "random_from_data", "-o", self.path("vb.h5"), "-q")
        with h5py.File(self.path("vb.h5")) as file:
            w, m, c = file["weights"][:], file["means"][:, 0], file["covariances"][:, 0, 0]
            beta, nu = file["mean_precision"][:], file["degrees_of_freedom"][:]
        scales = numpy.sqrt((1 + beta) / beta * c)  # d = 1: nu + 1 - d = nu
        def predictive(x):
            return sum(w[k] * stats.t.pdf(x, nu[k], m[k], scales[k]) for k in range(2))
        b = self.of("b.h5", [1], [0.2], [2.5])
        wanted = expected(predictive, stats.norm(0.2, 2.5).pdf, (-60, 60), range(-58, 60, 2))[0]
        found = self.compare(self.path("vb.h5"), b)
        self.agrees(found, {name: wanted[name] for name in ("kullback_leibler_ba", "jensen_shannon", "total_variation")})
        self.is_zero(self.compare(self.path("vb.h5"), self.path("vb.h5")))

    def test_matched(self):
        """The best of all assignments by numpy; components without a partner; a table; names."""
        a = mixtures.three_components()
        b = Mixture([0.1, 0.3, 0.0, 0.25, 0.35], [[-3.2, 5.1], [20, 20], [0, 0], [0.1, 0.2], [4, -0.5]],
                    [a.covariances[2], a.covariances[0], a.covariances[0], a.covariances[0] * 1.3, a.covariances[1]], names=a.names)
        paths = a.write(self.path("a.h5")), b.write(self.path("b.h5"))
        with h5py.File(paths[0], "a") as file:
            file.attrs["component_names"] = ["one", 'two, "2"', "three"]
        found = self.compare(*paths, "--table", self.path("t.csv"))
        living = [0, 1, 3, 4]
        distances = [[bhattacharyya(a.means[i], a.covariances[i], b.means[j], b.covariances[j]) for j in living] for i in range(3)]
        best = max(itertools.permutations(range(4), 3), key=lambda p: sum(numpy.exp(-distances[i][p[i]][0]) for i in range(3)))
        rows = found["components"]
        self.assertEqual([(row["component_a"], row["component_b"]) for row in rows],
                         [(i, living[best[i]]) for i in range(3)] + [(None, 1)])
        for i, row in enumerate(rows[:3]):
            distance, of_means = distances[i][best[i]]
            self.assertAlmostEqual(row["bhattacharyya"], distance, delta=1e-12)
            self.assertAlmostEqual(row["overlap"], numpy.exp(-distance), delta=1e-12)
            self.assertAlmostEqual(row["mean_distance"], of_means, delta=1e-12)
            self.assertAlmostEqual(row["weight_a"], a.weights[i], delta=1e-15)
            self.assertAlmostEqual(row["weight_b"], b.weights[row["component_b"]], delta=1e-15)
        self.assertEqual((rows[1]["name_a"], rows[3]["weight_a"], rows[3]["overlap"]), ('two, "2"', None, None))
        with open(self.path("t.csv"), newline="") as file:
            table = list(csv.DictReader(file))
        self.assertEqual([(row["component_a"], row["component_b"], row["name_a"]) for row in table],
                         [("0", "3", "one"), ("1", "4", 'two, "2"'), ("2", "0", "three"), ("", "1", "")])
        self.assertEqual([float(row["overlap"]) for row in table[:3]], [row["overlap"] for row in rows[:3]])
        text = self.succeed("compare", *paths, "-n", 100).stdout
        self.assertRegex(text, r"(?m)^ +none +1 ")

    def test_one_that_moved(self):
        """Two of three are the same: they stay partners, though squares of distances would be smaller otherwise."""
        a = self.of("a.h5", [0.3, 0.3, 0.4], [0, 1, 2], [1, 1, 1])
        b = self.of("b.h5", [0.4, 0.3, 0.3], [1, 200, 2], [1, 1, 1])
        rows = self.compare(a, b)["components"]
        self.assertEqual([row["component_b"] for row in rows], [1, 0, 2])
        self.assertEqual([row["bhattacharyya"] for row in rows[1:]], [0, 0])
        self.assertAlmostEqual(rows[0]["mean_distance"], 200)

    def test_order_of_components(self):
        a = mixtures.three_components()
        b = Mixture(a.weights[[2, 0, 1]], a.means[[2, 0, 1]], a.covariances[[2, 0, 1]], names=a.names)
        found = self.compare(a.write(self.path("a.h5")), b.write(self.path("b.h5")))
        self.is_zero(found, 1e-12)
        self.assertEqual([row["component_b"] for row in found["components"]], [1, 2, 0])
        self.assertEqual([row["bhattacharyya"] for row in found["components"]], [0, 0, 0])

    def test_features(self):
        """By name, whatever their order; by position where one model has no names; else refused."""
        a = mixtures.three_components()
        turned = Mixture(a.weights, a.means[:, ::-1], a.covariances[:, ::-1, ::-1], names=a.names[::-1]).write(self.path("turned.h5"))
        other = Mixture(a.weights, a.means, a.covariances, names=["Age", "Mass"]).write(self.path("other.h5"))
        nameless = Mixture(a.weights, a.means, a.covariances).write(self.path("nameless.h5"))
        single = self.of("single.h5", [1], [0], [1])
        a = a.write(self.path("a.h5"))
        self.is_zero(self.compare(a, turned), 1e-12)
        self.is_zero(self.compare(a, nameless))
        self.is_zero(self.compare(nameless, other))
        self.fail_with(65, "other.h5: .*of which .*missing.*same features", "compare", a, other)
        self.fail_with(65, "single.h5: has 1 feature, .*a.h5 has 2; compare models of the same", "compare", a, single, ranks=2)

    def test_transforms(self):
        """Shifts, scales and bases of logarithms are undone; other functions are refused."""
        a = self.of("a.h5", [0.3, 0.7], [-1.0, 2.0], [1.0, 0.5], transforms=["log10"])
        natural = numpy.log(10)
        b = self.of("b.h5", [0.3, 0.7], [(-natural - 0.5) / 4, (2 * natural - 0.5) / 4], [natural / 4, 0.5 * natural / 4],
                    transforms=["log,standardize=0.5:4"])
        found = self.compare(a, b)
        self.is_zero(found, 1e-12)
        self.assertLess(max(row["mean_distance"] for row in found["components"]), 1e-12)
        plain = self.of("plain.h5", [0.3, 0.7], [-1.0, 2.0], [1.0, 0.5])
        self.fail_with(65, 'a.h5: its feature 1 .*"log10".*plain.h5.*""', "compare", plain, a)
        for name in ("arcsinh=5", "arcsinh=6"):
            self.of(name + ".h5", [1], [0], [1], transforms=[name])
        self.fail_with(65, "arcsinh=6", "compare", self.path("arcsinh=5.h5"), self.path("arcsinh=6.h5"))
        # In two features, with a background, covariances of one variance, and tails: nothing but the units is other.
        more = {"noise_weight": 0.2, "noise_volume": 100.0, "noise_origin": [-5.0, -5.0], "noise_axes": [[10.0, 0.0], [0.0, 10.0]], "dof": [5.0, 9.0]}
        first = Mixture([0.5, 0.3], [[0, 0], [3, 1]], [1.0, 2.0], family="spherical").write(self.path("first.h5"))
        second = Mixture([0.5, 0.3], [[-1, 0], [0.5, 4]], [[0.25, 16], [0.5, 32]], family="diag").write(self.path("second.h5"))
        moved = dict(more, noise_volume=200.0, noise_origin=[-3.5, -20.0], noise_axes=[[5.0, 0.0], [0.0, 40.0]])
        for path, parts in ((first, more), (second, moved)):
            with h5py.File(path, "a") as file:
                for key, value in parts.items():
                    file[key] = value
        with h5py.File(second, "a") as file:
            file.attrs["transforms"] = ["standardize=2:2", "standardize=0:0.25"]
        self.is_zero(self.compare(first, second), 1e-12)
        self.is_zero(self.compare(second, first), 1e-12)

    def test_ranks(self):
        a = mixtures.three_components().write(self.path("a.h5"))
        b = mixtures.three_components()
        b.means += 0.3
        b = b.write(self.path("b.h5"))
        for n in (2, 1000):
            outputs = set()
            for ranks in (None, 2, 3):
                run = self.succeed("compare", a, b, "-n", n, "--json", "--table", self.path("t.csv"), ranks=ranks)
                outputs.add((run.stdout, self.bytes_of("t.csv")))
            self.assertEqual(len(outputs), 1)
        self.assertNotEqual(self.compare(a, b), self.compare(a, b, "--seed", 1))
        run = self.succeed("compare", a, b, "-n", 10, "-q")
        self.assertEqual(run.stdout + run.stderr, "")

    def test_mistakes(self):
        a = self.of("a.h5", [1], [0], [1])
        self.fail_with(66, "nothing.h5", "compare", a, self.path("nothing.h5"), ranks=2)
        self.fail_with(65, "text.h5", "compare", self.write("text.h5", "no model"), a)
        self.fail_with(64, "compare", "compare", a)
        self.fail_with(64, "--n-samples: 1 is below 2", "compare", a, a, "-n", 1)
        self.fail_with(64, "a.h5 would overwrite an input", "compare", a, a, "--table", a)
        self.fail_with(73, "no folder", "compare", a, a, "--table", self.path("no folder/t.csv"))
        self.fail_with(73, "/dev/full", "compare", a, a, "-n", 10, "--table", "/dev/full", ranks=2)


if __name__ == "__main__":
    unittest.main()
