# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi fit --distribution t: against textbook EM written here in numpy; ranks, restart, predictions, samples, refusals."""

import json
import math
import unittest

import h5py
import numpy

from harness import Case


def digamma(x):
    """By its recurrence and its asymptotic series (Abramowitz, Stegun, 6.3.18)."""
    total = 0.0
    while x < 30:
        total -= 1 / x
        x += 1
    return total + math.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6)


def solve(constant):
    """The dof with log(dof/2) - digamma(dof/2) + constant = 0, by bisection."""
    low, high = 0.1, 1e4
    for _ in range(200):
        middle = math.sqrt(low * high)
        if math.log(middle / 2) - digamma(middle / 2) + constant > 0:
            low = middle
        else:
            high = middle
    return low


def quantities(points, weights, means, covariances, dof):
    """Log density of each point, responsibilities, and the means of the latent weights."""
    n, d = points.shape
    logs = numpy.empty((n, len(weights)))
    pulls = numpy.empty_like(logs)
    for k, nu in enumerate(dof):
        root = numpy.linalg.cholesky(covariances[k])
        delta = (numpy.linalg.solve(root, (points - means[k]).T) ** 2).sum(axis=0)
        constant = math.lgamma((nu + d) / 2) - math.lgamma(nu / 2) - d / 2 * math.log(nu * math.pi)
        constant -= numpy.log(numpy.diag(root)).sum()
        logs[:, k] = math.log(weights[k]) + constant - (nu + d) / 2 * numpy.log1p(delta / nu)
        pulls[:, k] = (nu + d) / (nu + delta)
    highest = logs.max(axis=1)
    density = highest + numpy.log(numpy.exp(logs - highest[:, None]).sum(axis=1))
    return density, numpy.exp(logs - density[:, None]), pulls


def restrict(scatter, counts, family):
    """The family's covariances as full matrices."""
    n_components, d = scatter.shape[:2]
    if family == "tied":
        return numpy.repeat(scatter.sum(axis=0)[None] / counts.sum(), n_components, axis=0)
    each = scatter / counts[:, None, None]
    if family == "diag":
        each = numpy.array([numpy.diag(numpy.diag(one)) for one in each])
    if family == "spherical":
        each = numpy.array([numpy.eye(d) * numpy.trace(one) / d for one in each])
    return each


def expect(points, parameters, repeats, noise, labels=None):
    """Log-likelihood, responsibilities times repeats (n), and means of the latent weights. noise: weight and density, or None;
    labels: n, -1 where not known, or None."""
    density, shares, u = quantities(points, *parameters)
    if noise is not None:
        with_noise = numpy.logaddexp(density, math.log(noise[0]) + math.log(noise[1]))
        shares = shares * numpy.exp(density - with_noise)[:, None]
        density = with_noise
    if labels is not None:
        own = numpy.log(shares[numpy.arange(len(points)), labels]) + density
        density = numpy.where(labels >= 0, own, density)
        shares = numpy.where(labels[:, None] >= 0, numpy.arange(shares.shape[1]) == labels[:, None], shares)
    return (repeats * density).sum(), repeats[:, None] * shares, u


def textbook(points, parameters, family, estimate, n_iterations, repeats=None, noise=None, labels=None):
    weights, means, covariances, dof = parameters
    n, d = points.shape
    repeats = numpy.ones(n) if repeats is None else repeats
    likelihoods = []
    for _ in range(n_iterations):
        likelihood, shares, u = expect(points, (weights, means, covariances, dof), repeats, noise, labels)
        likelihoods.append(likelihood)
        counts, pulls = shares.sum(axis=0), shares * u
        weights = counts / repeats.sum()
        noise = None if noise is None else (1 - weights.sum(), noise[1])
        means = pulls.T @ points / pulls.sum(axis=0)[:, None]
        scatter = numpy.array([(pulls[:, k, None] * (points - m)).T @ (points - m) for k, m in enumerate(means)])
        covariances = restrict(scatter, counts, family)
        tails = (shares * (numpy.log(u) - u)).sum(axis=0)
        tails += counts * [digamma((nu + d) / 2) - math.log((nu + d) / 2) for nu in dof]
        if estimate == "each":
            dof = [solve(1 + t / c) for t, c in zip(tails, counts)]
        elif estimate == "common":
            dof = [solve(1 + tails.sum() / counts.sum())] * len(dof)
    likelihoods.append(expect(points, (weights, means, covariances, dof), repeats, noise, labels)[0])
    return (weights, means, covariances, dof), likelihoods


def t_points(n, means, dof, seed=1):
    random = numpy.random.default_rng(seed)
    d = len(means[0])
    parts = [
        mean + random.normal(size=(n, d)) / numpy.sqrt(random.chisquare(nu, size=(n, 1)) / nu)
        for mean, nu in zip(means, dof)
    ]
    return random.permutation(numpy.concatenate(parts))


class Tails(Case):
    MEANS = [[0.0, 0.0], [7.0, 1.0]]

    def start(self, family, dof, noise=None):
        stored = {"full": [numpy.eye(2).tolist()] * 2, "tied": numpy.eye(2).tolist(), "diag": [[1.0, 1.0]] * 2}
        stored["spherical"] = [1.0, 1.0]
        content = {"weights": [0.4, 0.6], "means": [[0.5, 0.0], [6.0, 1.0]], "covariances": stored[family]}
        content["dof"] = dof
        if noise is not None:
            content["weights"] = [(1 - noise[0]) * weight for weight in content["weights"]]
            content.update(noise_weight=noise[0], noise_volume=1 / noise[1])
        return self.write("start.json", json.dumps(content))

    def test_textbook_em(self):
        points = t_points(200, self.MEANS, [3, 12])
        numpy.save(self.path("x.npy"), points)
        for family in ("full", "tied", "diag", "spherical"):
            for estimate, dof in (("each", [10.0, 5.0]), ("common", [10.0, 10.0]), ("4", [4.0, 4.0])):
                begin = ([0.4, 0.6], numpy.array([[0.5, 0.0], [6.0, 1.0]]), [numpy.eye(2)] * 2, dof)
                (_, means, _, expected), likelihoods = textbook(points, begin, family, estimate, 12)
                self.assertTrue(all(b >= a - 1e-9 for a, b in zip(likelihoods, likelihoods[1:])))
                options = ["-k", 2, "--distribution", "t", "--dof", estimate, "--covariance", family]
                options += ["--init", self.start(family, dof), "--accelerate", "none", "--no-coarse-to-fine"]
                options += ["--tol", 0, "--max-iter", 12, "--reg-covar", 0]
                done = self.summary("fit", self.path("x.npy"), *options, "-o", self.path("m.h5"))
                self.assertAlmostEqual(done["log_likelihood"] / likelihoods[-1], 1.0, delta=1e-13)
                with h5py.File(self.path("m.h5")) as model:
                    numpy.testing.assert_allclose(model["dof"][()], expected, rtol=1e-10)
                    numpy.testing.assert_allclose(model["means"][()], means, atol=1e-11)
                n_covariances = {"full": 6, "tied": 3, "diag": 4, "spherical": 2}[family]
                n_dof = {"each": 2, "common": 1, "4": 0}[estimate]
                self.assertEqual(done["n_parameters"], 1 + 4 + n_covariances + n_dof)

    def test_weights_and_noise(self):
        points = t_points(150, self.MEANS, [3, 12])
        numpy.save(self.path("x.npy"), points)
        repeats = 1.0 + numpy.arange(len(points)) % 3
        numpy.save(self.path("w.npy"), repeats)
        noise = (0.1, 1e-3)
        for family in ("full", "tied", "diag", "spherical"):
            begin = ([0.36, 0.54], numpy.array([[0.5, 0.0], [6.0, 1.0]]), [numpy.eye(2)] * 2, [10.0, 5.0])
            (_, means, _, dof), likelihoods = textbook(points, begin, family, "each", 8, repeats, noise)
            options = ["-k", 2, "--distribution", "t", "--covariance", family, "--weights", self.path("w.npy"), "--noise"]
            options += ["--noise-volume", 1000, "--init", self.start(family, [10.0, 5.0], noise), "--accelerate", "none"]
            options += ["--no-coarse-to-fine", "--tol", 0, "--max-iter", 8, "--reg-covar", 0, "-o", self.path("m.h5")]
            done = self.summary("fit", self.path("x.npy"), *options)
            self.assertAlmostEqual(done["log_likelihood"] / likelihoods[-1], 1.0, delta=1e-12)
            with h5py.File(self.path("m.h5")) as model:
                numpy.testing.assert_allclose(model["dof"][()], dof, rtol=1e-9)
                numpy.testing.assert_allclose(model["means"][()], means, atol=1e-10)

    def test_known_labels(self):
        """Two rows lie far from where their labels say, and one far from everything."""
        points = t_points(150, self.MEANS, [3, 12])
        labels = numpy.where(numpy.arange(len(points)) % 4 == 0, (points[:, 0] > 3.5).astype(int), -1)
        for row, place, label in ((0, [40.0, -30.0], 1), (4, [6.5, 1.0], 0), (8, [0.2, 0.1], 1)):
            points[row], labels[row] = place, label
        self.write("x.csv", "a,b,class\n" + "".join(
            "%r,%r,%s\n" % (a, b, "" if label < 0 else "c%d" % label) for (a, b), label in zip(points.tolist(), labels)))
        begin = ([0.4, 0.6], numpy.array([[0.5, 0.0], [6.0, 1.0]]), [numpy.eye(2)] * 2, [10.0, 5.0])
        (_, means, _, dof), likelihoods = textbook(points, begin, "full", "each", 8, labels=labels)
        options = ["-k", 2, "--distribution", "t", "--known-labels", "class", "--init", self.start("full", [10.0, 5.0])]
        options += ["--accelerate", "none", "--tol", 0, "--max-iter", 8, "--reg-covar", 0, "-o", self.path("m.h5")]
        done = self.summary("fit", self.path("x.csv"), *options)
        self.assertAlmostEqual(done["log_likelihood"] / likelihoods[-1], 1.0, delta=1e-12)
        with h5py.File(self.path("m.h5")) as model:
            numpy.testing.assert_allclose(model["dof"][()], dof, rtol=1e-9)
            numpy.testing.assert_allclose(model["means"][()], means, atol=1e-10)

    def test_restarted(self):
        """Bit by bit what one run gives."""
        numpy.save(self.path("x.npy"), t_points(2000, self.MEANS, [3, 6]))
        words = ["-k", 2, "--distribution", "t", "--tol", 0, "--accelerate", "none", "--no-coarse-to-fine", "-q"]
        words += ["--init", self.start("full", [10.0, 10.0]), "-o", self.path("m.h5")]
        self.succeed("fit", self.path("x.npy"), *words, "--max-iter", 12)
        expected = self.model_bits()
        self.succeed("fit", self.path("x.npy"), *words, "--max-iter", 5, "--checkpoint-every", 1)
        self.assertNotEqual(self.model_bits(), expected)
        self.succeed("fit", self.path("x.npy"), *words, "--max-iter", 12, "--restart", "auto", ranks=2)
        self.assertEqual(self.model_bits(), expected)

    def model_bits(self):
        with h5py.File(self.path("m.h5")) as model:
            return [model[name][()].tobytes() for name in ("weights", "means", "covariances", "dof")]

    def test_found_again_and_the_same_at_any_number_of_ranks(self):
        numpy.save(self.path("x.npy"), t_points(3000, self.MEANS, [3, 6]))
        contents = []
        for ranks in (1, 3):
            options = ["-k", 2, "--distribution", "t", "-o", self.path("m.h5"), "-q"]
            self.succeed("fit", self.path("x.npy"), *options, ranks=ranks)
            contents.append(self.bytes_of("m.h5"))
        self.assertTrue(contents[0] == contents[1])
        with h5py.File(self.path("m.h5")) as model:
            first = int(numpy.argmin(model["means"][:, 0]))
            self.assertAlmostEqual(model["dof"][first], 3.0, delta=0.3)
            self.assertAlmostEqual(model["dof"][1 - first], 6.0, delta=1.5)

    def test_predictions_and_samples(self):
        start = self.start("full", [3.0, 12.0])
        points = t_points(50, self.MEANS, [3, 12])
        points[0] = [1e6, -1e6]
        numpy.save(self.path("x.npy"), points)
        options = ["-k", 2, "--distribution", "t", "--init", start, "--max-iter", 0, "-o", self.path("m.h5"), "-q"]
        self.succeed("fit", self.path("x.npy"), *options)
        asked = ["--responsibilities", "--log-density", "--outlier-weights"]
        self.succeed("predict", self.path("m.h5"), self.path("x.npy"), *asked, "-o", self.path("out.h5"), "-q")
        means = numpy.array([[0.5, 0.0], [6.0, 1.0]])
        density, shares, u = quantities(points, [0.4, 0.6], means, [numpy.eye(2)] * 2, [3.0, 12.0])
        with h5py.File(self.path("out.h5")) as out:
            numpy.testing.assert_allclose(out["log_density"][()], density, rtol=1e-12)
            numpy.testing.assert_allclose(out["responsibilities"][()], shares, atol=1e-13)
            numpy.testing.assert_allclose(out["outlier_weights"][()], (shares * u).sum(axis=1), rtol=1e-11)
            self.assertLess(out["outlier_weights"][0], 1e-10)
        self.succeed("sample", self.path("m.h5"), "-n", 40000, "-o", self.path("drawn.h5"), "-q")
        with h5py.File(self.path("drawn.h5")) as drawn:
            of_second = drawn["points"][()][drawn["labels"][()] == 1]
        error = math.sqrt(1.2 / len(of_second))
        numpy.testing.assert_allclose(of_second.mean(axis=0), means[1], atol=5 * error)
        # The variance is nu/(nu - 2) = 1.2; its square's kurtosis is 3 + 6/(nu - 4).
        numpy.testing.assert_allclose(of_second.var(axis=0), 1.2, atol=5 * 1.2 * math.sqrt(2.75 / len(of_second)))

    def test_refusals(self):
        numpy.save(self.path("x.npy"), t_points(50, self.MEANS, [3, 12]))
        data, out = self.path("x.npy"), ["-o", self.path("m.h5")]
        self.fail_with(64, "above 0", "fit", data, "-k", 2, "--distribution", "t", "--dof", "-1", *out)
        self.fail_with(64, "--dof goes with --distribution t", "fit", data, "-k", 2, "--dof", "3", *out)
        start = self.start("full", [3.0, 0.0])
        self.fail_with(65, "degrees of freedom", "fit", data, "-k", 2, "--distribution", "t", "--init", start, *out)
        start = self.start("full", [3.0, 3.0])
        self.fail_with(65, "t distributions", "fit", data, "-k", 2, "--init", start, *out)
        self.succeed("fit", data, "-k", 2, "-q", *out)
        self.fail_with(64, "normal", "predict", self.path("m.h5"), data, "--outlier-weights", "-o", self.path("p.h5"))


if __name__ == "__main__":
    unittest.main()
