# SPDX-License-Identifier: BSD-3-Clause
"""What `converged` and weights of 0 promise, on tables that make components collapse: a step of EM by numpy, in long double, from
a model that is called converged changes next to nothing, and every component of weight 0 has an event and a warning.
"""

import json
import unittest

import numpy

from fits import FitCase

SEARCHLESS = ("--init", "k-means++", "--no-coarse-to-fine")


def cholesky(matrix):
    """In the matrix's own precision; None when it is not positive definite."""
    root = numpy.zeros_like(matrix)
    for i in range(len(matrix)):
        for j in range(i + 1):
            rest = matrix[i, j] - (root[i, :j] * root[j, :j]).sum()
            if i == j and not rest > 0:
                return None
            root[i, j] = numpy.sqrt(rest) if i == j else rest / root[j, j]
    return root


def log_terms(x, weights, means, covariances):
    """Logarithms of weight times density, K x n."""
    terms = []
    for weight, mean, covariance in zip(weights, means, covariances):
        root = cholesky(covariance)
        white = numpy.zeros_like(x)
        for i in range(x.shape[1]):
            white[:, i] = (x[:, i] - mean[i] - (white[:, :i] * root[i, :i]).sum(axis=1)) / root[i, i]
        terms.append(numpy.log(weight) - 0.5 * (white**2).sum(axis=1) - numpy.log(numpy.diag(root)).sum())
    return numpy.array(terms) - x.shape[1] / 2 * numpy.log(2 * numpy.pi)


def log_sums(terms):
    top = terms.max(axis=0)
    return top + numpy.log(numpy.exp(terms - top).sum(axis=0))


def em_step(x, weights, means, covariances, family, ridge):
    """Mean log-likelihood of the model, and the next model."""
    d = x.shape[1]
    terms = log_terms(x, weights, means, covariances)
    sums = log_sums(terms)
    shares = numpy.exp(terms - sums)
    counts = shares.sum(axis=1)
    means = (shares @ x) / counts[:, None]
    scatters = numpy.array([(share[:, None] * (x - mean)).T @ (x - mean) for share, mean in zip(shares, means)])
    unit = numpy.eye(d, dtype=x.dtype)
    if family == "tied":
        covariances = numpy.array([scatters.sum(axis=0) / len(x)] * len(means))
    else:
        covariances = scatters / counts[:, None, None]
    if family == "diag":
        covariances = covariances * unit
    if family == "spherical":
        covariances = numpy.array([unit * numpy.trace(own) / d for own in covariances])
    return sums.mean(), (counts / len(x), means, covariances + ridge * unit)


def full_matrices(family, covariances, n, d):
    if family == "tied":
        return numpy.array([covariances] * n)
    if family == "diag":
        return numpy.array([numpy.diag(own) for own in covariances])
    if family == "spherical":
        return numpy.array([own * numpy.eye(d) for own in covariances])
    return covariances


class FixedPoints(FitCase):
    def fit_and_listen(self, x, *arguments):
        """Model, events and standard error of a fit."""
        run = self.succeed("fit", self.save(x), *arguments, "-o", self.path("model.h5"), "--json", "--checkpoint", "none")
        return self.model(), json.loads(run.stdout), run.stderr

    def assert_told(self, model, summary, said):
        """Whatever has weight 0 has an event, whatever is an event is a warning, and criteria count the rest."""
        living = int((model["weights"] > 0).sum())
        for k in numpy.flatnonzero(model["weights"] == 0):
            self.assertTrue([event for event in summary["events"] if f"component {k} " in event and "weight 0" in event],
                            summary["events"])
        for event in summary["events"]:
            self.assertIn("gmmpi warning: " + event, said)
        K, d = model["means"].shape
        own = {"full": d * (d + 1) // 2, "tied": 0, "diag": d, "spherical": 1}[summary["covariance"]]
        shared = d * (d + 1) // 2 if summary["covariance"] == "tied" else 0
        parameters = living - 1 + living * (d + own) + shared
        self.assertEqual((summary["n_components_alive"], summary["n_parameters"]), (living, parameters))
        self.assertEqual(summary["n_parameters_nominal"], K - 1 + K * (d + own) + shared)
        deviance = -2 * summary["log_likelihood"]
        self.assertAlmostEqual(summary["aic"], deviance + 2 * parameters, delta=1e-9 * abs(deviance) + 1e-9)
        self.assertAlmostEqual(summary["bic"], deviance + parameters * numpy.log(summary["n_samples"]), delta=1e-9 * abs(deviance) + 1e-9)

    def assert_stands_still(self, x, model, summary, ridge, tolerance):
        family = summary["covariance"]
        living = model["weights"] > 0
        covariances = full_matrices(family, model["covariances"], len(living), x.shape[1])
        x, weights, means, covariances = (numpy.asarray(array, dtype=numpy.longdouble) for array in
                                          (x, model["weights"][living], model["means"][living], covariances[living]))
        before, after = em_step(x, weights, means, covariances, family, numpy.longdouble(ridge))
        self.assertAlmostEqual(float(before), summary["mean_log_likelihood"], delta=1e-9 * max(1, abs(float(before))))
        for covariance in after[2]:
            self.assertIsNotNone(cholesky(covariance))
        change = log_sums(log_terms(x, *after)).mean() - before
        self.assertLess(abs(change), 1.01 * tolerance + 1e-13)
        self.assertLess(abs(after[0] - weights).max(), 1e-2)

    def tables(self):
        random = numpy.random.default_rng(12)
        pair = numpy.vstack([random.normal(2, 0.5, (100, 2)), random.normal(5, 0.5, (100, 2))])
        yield "pair", pair
        for far in (1e6, 1e30):
            outliers = pair.copy()
            outliers[7, 1] = far
            outliers[8, 0] = -0.3 * far
            yield f"outliers of {far:g}", outliers
        yield "duplicates", random.normal(size=(8, 2))[random.integers(8, size=150)]
        yield "few", random.normal(size=(12, 2))
        yield "integers", random.integers(0, 4, (120, 2)).astype(float)
        yield "heavy tails", random.standard_cauchy((150, 2))
        yield "constant column", numpy.column_stack([random.normal(size=80), numpy.full(80, 7.0)])
        yield "five places", numpy.repeat(random.normal(size=(5, 3)), 12, axis=0)

    def test_models_that_are_called_converged(self):
        counts = {"converged": 0, "with repairs": 0, "with dropped components": 0}
        starts = (SEARCHLESS, ("--init", "random"), (*SEARCHLESS, "--on-collapse", "drop"), ("--init", "random_from_data"))
        for i, (name, x) in enumerate(self.tables()):
            for j, family in enumerate(("full", "tied", "diag", "spherical")):
                ridge = (0, 1e-6, 1e-3)[(i + j) % 3]
                K = min((2, 5, 11)[(i + 2 * j) % 3], len(x))
                accelerate = ("none", "anderson", "squarem")[(i + j // 2) % 3]
                arguments = ("-k", K, "--covariance", family, "--reg-covar", ridge, "--accelerate", accelerate, *starts[(i + j) % 4])
                with self.subTest(table=name, arguments=arguments):
                    model, summary, said = self.fit_and_listen(x, *arguments)
                    self.assert_told(model, summary, said)
                    if not summary["converged"] or any("ridge" in event for event in summary["events"]):
                        continue  # the step by numpy knows nothing of ridges
                    self.assert_stands_still(x, model, summary, ridge, 1e-6)
                    counts["converged"] += 1
                    counts["with repairs"] += any("reseeded" in event for event in summary["events"])
                    counts["with dropped components"] += model["weights"].min() == 0
        self.assertGreater(counts["converged"], 20, counts)
        self.assertGreater(counts["with repairs"], 3, counts)
        self.assertGreater(counts["with dropped components"], 3, counts)

    def lost_start(self, *weights):
        """A start whose second component is far from all points."""
        start = {"weights": weights, "means": [[0, 0], [1e7, 1e7], [1, 1]][: len(weights)],
                 "covariances": [numpy.eye(2).tolist()] * len(weights)}
        return self.write("start.json", json.dumps(start))

    def test_the_step_after_a_repair_decides(self):
        x = numpy.random.default_rng(3).normal(size=(500, 2))
        for policy in ("reseed", "drop"):
            for accelerate in ("none", "anderson"):
                with self.subTest(policy=policy, accelerate=accelerate):
                    # Whatever the log-likelihood does is less than the tolerance.
                    arguments = ("-k", 2, "--init", self.lost_start(0.5, 0.5), "--on-collapse", policy, "--accelerate", accelerate,
                                 "--tol", 1e3)
                    model, summary, _ = self.fit_and_listen(x, *arguments)
                    self.assertTrue(summary["converged"])
                    self.assertEqual(len(summary["events"]), 1)
                    self.assertIn("iteration 1:", summary["events"][0])
                    self.assertGreaterEqual(summary["n_iter"], 2)
                    model, summary, said = self.fit_and_listen(x, *arguments, "--max-iter", 1)
                    self.assertEqual((summary["converged"], summary["n_iter"]), (False, 1))
                    self.assertIn("not converged", said)

    def test_what_cannot_be_repaired_is_not_tried_for_ever(self):
        random = numpy.random.default_rng(0)
        x = numpy.vstack([random.normal(2, 0.5, (100, 2)), random.normal(5, 0.5, (100, 2))])
        x[7] = 1e15  # so far that the covariance of all points is singular to working precision
        model, summary, said = self.fit_and_listen(x, "-k", 2, "--init", "random", "--on-collapse", "drop", "--reg-covar", 1e-3)
        self.assert_told(model, summary, said)
        self.assertLess(summary["n_iter"], 100)
        if not summary["converged"]:
            self.assertRegex(said, "not converged: .*larger --reg-covar")

    def test_components_that_a_search_lost(self):
        two_places = numpy.repeat([[0.0, 0.0], [3.0, 4.0]], 60, axis=0)
        for ranks in (None, 3):
            run = self.succeed("fit", self.save(two_places), "-k", 5, "--covariance", "tied", "-o", self.path("model.h5"), ranks=ranks)
            model = self.model()
            dead = int((model["weights"] == 0).sum())
            self.assertEqual(len(model.get("events", [])), dead)
            self.assertEqual(run.stderr.count("(weight 0)"), dead)
            if dead > 0:
                self.fail_with(65, "collapsed while the start was looked for", "fit", self.path("points.npy"), "-k", 5, "--covariance",
                               "tied", "-o", self.path("none.h5"), "--on-collapse", "error", ranks=ranks)
                self.assertRegex(run.stdout, rf"\({model['n_parameters']} parameters; {dead} components? ha(s|ve) weight 0\)")
                self.assertRegex(self.succeed("info", self.path("model.h5")).stdout.splitlines()[0], f", {dead} of weight 0")

    def test_a_start_of_weight_0_is_said_once(self):
        x = numpy.random.default_rng(3).normal(size=(500, 2))
        model, summary, said = self.fit_and_listen(x, "-k", 3, "--init", self.lost_start(0.5, 0, 0.5))
        self.assertEqual(len(summary["events"]), 1)
        self.assertRegex(summary["events"][0], "component 1 has weight 0 in the model to start from")
        self.assertEqual(said.count("component 1"), 1)
        self.assert_told(model, summary, said)
        # Nothing collapsed, so that this is no error.
        model, summary, _ = self.fit_and_listen(x, "-k", 3, "--init", self.lost_start(0.5, 0, 0.5), "--on-collapse", "error")
        self.assertEqual(model["weights"][1], 0)


if __name__ == "__main__":
    unittest.main()
