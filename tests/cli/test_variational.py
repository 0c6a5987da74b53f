# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi fit --method vb and dp: the posterior of a mixture, as scikit-learn's BayesianGaussianMixture finds it.

The stored numbers and the program that made them: tests/reference/make_variational.py.
"""

import csv
import importlib.util
import json
import math
import os
import signal
import unittest

import h5py
import numpy as np

from fits import PAIR, FitCase
from harness import MALL, SOURCE, command
from running import Running, holding

PLAIN = ("--accelerate", "none", "--tol", "0")
FAMILIES = ("full", "tied", "diag", "spherical")
METHODS = ("vb", "dp")
ARRAYS = ("weights", "means", "covariances", "precisions_cholesky", "weight_concentration", "mean_precision",
          "degrees_of_freedom", "lower_bound")


def words_of(priors):
    """The options of scikit-learn's arguments."""
    for name, value in priors.items():
        yield "--" + name.replace("_", "-")
        yield ",".join(map(repr, np.ravel(value).tolist()))


def clusters(n, spread=6.0, seed=3):
    """n points about each of three centres in the plane."""
    random = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [spread, 0.5 * spread], [-0.5 * spread, spread]])
    return np.concatenate([centre + random.normal(size=(n, 2)) for centre in centres])


def log_t(x, mean, scale, dof):
    """log of the multivariate t density with a scale matrix."""
    d = len(mean)
    y = x - mean
    square = np.einsum("ij,jk,ik->i", y, np.linalg.inv(scale), y)
    return (math.lgamma((dof + d) / 2) - math.lgamma(dof / 2) - d / 2 * math.log(dof * math.pi)
            - np.linalg.slogdet(scale)[1] / 2 - (dof + d) / 2 * np.log1p(square / dof))


class Variational(FitCase):
    def arrays(self, name="model.h5"):
        with h5py.File(self.path(name)) as file:
            return {key: file[key][...] for key in file}

    def labels(self, n, k=5):
        return self.write("labels.csv", "".join("%d\n" % (7 * i % k) for i in range(n)))

    def predict(self, points, *arguments, model="model.h5"):
        self.succeed("predict", self.path(model), self.save(points), "-o", self.path("p.h5"), "--responsibilities",
                     "--log-density", "--expected-log-density", "-q", *arguments)
        return self.arrays("p.h5")

    def predictive(self, x):
        """log of the posterior predictive density by Bishop's formula (10.81)."""
        model = self.arrays()
        d = x.shape[1]
        terms = []
        for k, weight in enumerate(model["weights"]):
            own = model["covariances"]
            own = own if own.shape == (d, d) and len(model["weights"]) != d else own[k]
            covariance = own if np.ndim(own) == 2 else np.eye(d) * own
            nu, beta = model["degrees_of_freedom"][k], model["mean_precision"][k]
            dof = nu + 1 - d
            terms.append(math.log(weight) + log_t(x, model["means"][k], (1 + beta) / (beta * dof) * nu * covariance, dof))
        return np.logaddexp.reduce(terms, axis=0)

    def near(self, found, expected, tolerance, what):
        expected = np.array(expected)
        scale = np.abs(expected).max() if np.ndim(expected) > 1 else np.abs(expected)
        error = np.max(np.abs(found - expected) / np.maximum(scale, 1e-300))
        self.assertLessEqual(error, tolerance, what)


class Peer(Variational):
    def test_arrays_and_bounds_are_scikit_learns(self):
        with open(os.path.join(SOURCE, "tests", "reference", "variational.json")) as file:
            results = json.load(file)["results"]
        table = self.mall()
        for case in results:
            with self.subTest(covariance=case["covariance"], method=case["method"], iterations=case["iterations"]):
                summary = self.fit(MALL, *PAIR, "-k", 5, "--covariance", case["covariance"], "--method", case["method"],
                                   "--init", self.labels(200), "--max-iter", case["iterations"], *PLAIN,
                                   *words_of(case["priors"]))
                model = self.arrays()
                for name in ARRAYS:
                    self.near(model[name], case["arrays"][name], 1e-8, name)
                self.assertEqual(summary["lower_bound"], float(model["lower_bound"]))
                for name in ("bic", "aic", "icl", "log_likelihood"):
                    self.assertIsNone(summary[name])
                found = self.predict(table[::10])
                self.assertEqual(found["labels"].tolist(), case["predict"])
                self.assertLessEqual(np.abs(found["responsibilities"] - case["predict_proba"]).max(), 1e-8)
                self.assertLessEqual(np.abs(found["expected_log_density"] - case["score_samples"]).max(), 1e-8)
                self.assertLessEqual(np.abs(found["log_density"] - self.predictive(table[::10])).max(), 1e-11)

    @unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not installed")
    def test_scikit_learn_goes_on_from_a_model_file(self):
        from sklearn.mixture import BayesianGaussianMixture
        table = self.mall()
        for covariance in FAMILIES:
            for method, kind in (("vb", "dirichlet_distribution"), ("dp", "dirichlet_process")):
                with self.subTest(covariance=covariance, method=method):
                    self.fit(MALL, *PAIR, "-k", 5, "--covariance", covariance, "--method", method)
                    model = self.arrays()
                    mixture = BayesianGaussianMixture(n_components=5, covariance_type=covariance,
                                                      weight_concentration_prior_type=kind, warm_start=True)
                    for name in ("weights", "means", "covariances", "precisions_cholesky", "mean_precision",
                                 "weight_concentration_prior", "mean_precision_prior", "mean_prior",
                                 "degrees_of_freedom_prior", "covariance_prior", "lower_bound"):
                        setattr(mixture, name + "_", model[name])
                    mixture.degrees_of_freedom_ = model["degrees_of_freedom"][0 if covariance == "tied" else slice(None)]
                    sticks = model["weight_concentration"]
                    mixture.weight_concentration_ = (sticks[0], sticks[1]) if method == "dp" else sticks
                    found = self.predict(table)
                    self.assertLessEqual(np.abs(found["responsibilities"] - mixture.predict_proba(table)).max(), 1e-12)
                    self.assertLessEqual(np.abs(found["expected_log_density"] - mixture.score_samples(table)).max(), 1e-12)
                    self.assertEqual(found["labels"].tolist(), mixture.predict(table).tolist())


class Bound(Variational):
    def test_never_falls_and_ends_where_the_two_bounds_meet(self):
        for covariance in FAMILIES:
            for method in METHODS:
                with self.subTest(covariance=covariance, method=method):
                    self.fit(MALL, *PAIR, "-k", 5, "--covariance", covariance, "--method", method, "--init",
                             self.labels(200), "--accelerate", "none", "--reg-covar", 0, "--tol", "1e-13", "--max-iter",
                             5000, "--log", self.path("log.csv"), "-v")
                    with open(self.path("log.csv"), newline="") as file:
                        changes = [float(row["change"]) for row in csv.DictReader(file) if row["change"]]
                    self.assertGreater(len(changes), 5)
                    self.assertGreater(min(changes), -1e-14)
                    ended = float(self.arrays()["lower_bound"])
                    # No step is told of here: the bound is that of the E-step's best responsibilities.
                    self.fit(MALL, *PAIR, "-k", 5, "--covariance", covariance, "--method", method, "--init",
                             self.copy_of("model.h5"), "--reg-covar", 0, "--max-iter", 0)
                    self.assertAlmostEqual(float(self.arrays()["lower_bound"]) / ended, 1.0, delta=1e-9)

    def copy_of(self, name):
        with open(self.path(name), "rb") as file:
            content = file.read()
        with open(self.path("copy.h5"), "wb") as file:
            file.write(content)
        return self.path("copy.h5")

    def test_acceleration_reaches_the_same_optimum(self):
        for method in METHODS:
            words = (MALL, *PAIR, "-k", 8, "--method", method, "--tol", "1e-11", "--max-iter", 5000)
            plain = self.fit(*words, "--accelerate", "none")
            for accelerate in ("anderson", "squarem"):
                found = self.fit(*words, "--accelerate", accelerate)
                self.assertTrue(found["converged"])
                self.assertAlmostEqual(found["mean_lower_bound"], plain["mean_lower_bound"], delta=1e-6)
                self.assertLess(found["n_iter"], plain["n_iter"])


class Predictive(Variational):
    def test_integrates_to_1_in_one_dimension(self):
        points = clusters(40)[:, :1]
        for covariance in FAMILIES:
            self.fit(self.save(points), "-k", 3, "--covariance", covariance, "--method", "vb")
            angle = (np.arange(20000) + 0.5) / 20000 * math.pi - math.pi / 2
            x = 4.0 * np.tan(angle)
            density = np.exp(self.predict(x[:, None])["log_density"])
            total = np.sum(density * 4.0 * (1.0 + np.tan(angle) ** 2)) * math.pi / 20000
            self.assertAlmostEqual(total, 1.0, delta=1e-6)

    def test_integrates_to_1_in_the_plane(self):
        points = clusters(15, spread=2.0)
        angles = 160
        nodes, shares = np.polynomial.legendre.leggauss(200)
        half = (nodes + 1.0) * math.pi / 4
        turn = np.arange(angles) / angles * 2 * math.pi
        r = 3.0 * np.tan(half)
        grid = np.stack([np.outer(r, np.cos(turn)), np.outer(r, np.sin(turn))], axis=-1).reshape(-1, 2)
        measure = np.repeat(r * 3.0 * (1.0 + np.tan(half) ** 2) * shares, angles) * (math.pi / 4) * (2 * math.pi / angles)
        for covariance in FAMILIES:
            with self.subTest(covariance=covariance):
                self.fit(self.save(points, "fit.npy"), "-k", 2, "--covariance", covariance, "--method", "dp",
                         "--degrees-of-freedom-prior", 4)
                found = self.predict(points.mean(axis=0) + grid)
                self.assertAlmostEqual(np.sum(np.exp(found["log_density"]) * measure), 1.0, delta=1e-6)
                self.assertGreater(abs(np.sum(np.exp(found["expected_log_density"]) * measure) - 1.0), 1e-3)

    def test_samples_are_of_it(self):
        self.fit(self.save(clusters(8)), "-k", 3, "--method", "vb", "--degrees-of-freedom-prior", 4)
        self.succeed("sample", self.path("model.h5"), "-n", 40000, "--seed", 5, "-o", self.path("s.h5"), "-q")
        sample = self.arrays("s.h5")["points"]
        found = self.predict(sample)["log_density"]
        # The mean log density of points of a density is its negative entropy: also by an integral.
        side = np.sinh(np.linspace(-7.0, 7.0, 500))
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        slope = np.cosh(np.linspace(-7.0, 7.0, 500)) * 14.0 / 499
        value = self.predictive(grid)
        entropy = -np.sum(np.exp(value) * value * np.outer(slope, slope).ravel())
        self.assertAlmostEqual(-found.mean(), entropy, delta=5 * found.std() / 200)


class Components(Variational):
    def test_those_that_are_not_used_are_told_and_can_be_left_out(self):
        points = clusters(200)
        for method in METHODS:
            words = (self.save(points, "fit.npy"), "-k", 10, "--method", method)
            summary = self.fit(*words)
            self.assertEqual((summary["n_components"], summary["n_components_used"]), (10, 3))
            self.assertEqual(summary["events"], [])
            whole = self.predict(points)
            text = self.succeed("fit", *words, "-o", self.path("model.h5"), "--prune").stdout
            self.assertRegex(text, "3 of 10 components are used; the others are left out")
            model = self.arrays()
            self.assertEqual(model["means"].shape, (3, 2))
            self.assertAlmostEqual(model["weights"].sum(), 1.0, delta=1e-15)
            pruned = self.predict(points)
            self.assertLessEqual(np.abs(np.sort(pruned["responsibilities"]) - np.sort(whole["responsibilities"])[:, -3:]).max(),
                                 0.02)
            self.assertLessEqual(np.abs(pruned["log_density"] - self.predictive(points)).max(), 1e-12)
            self.assertIn("3 components", self.succeed("info", self.path("model.h5")).stdout)

    def test_a_constant_column_has_a_posterior(self):
        points = np.column_stack([clusters(30)[:, 0], np.full(90, 2.0)])
        for covariance in FAMILIES:
            summary = self.fit(self.save(points), "-k", 4, "--covariance", covariance, "--method", "vb")
            self.assertTrue(np.isfinite(summary["lower_bound"]))


class Starts(Variational):
    def test_a_posterior_goes_on_and_a_mixture_tells_responsibilities(self):
        words = (MALL, *PAIR, "-k", 4, "--method", "dp", *PLAIN)
        self.fit(*words, "--init", self.labels(200, 4), "--max-iter", 12)
        expected = self.arrays()
        self.fit(*words, "--init", self.labels(200, 4), "--max-iter", 5)
        os.rename(self.path("model.h5"), self.path("first.h5"))
        self.fit(*words, "--init", self.path("first.h5"), "--max-iter", 7)
        for name in expected:
            self.assertTrue(np.array_equal(self.arrays()[name], expected[name]), name)
        self.fit(MALL, *PAIR, "-k", 4, "--init", self.labels(200, 4), "--max-iter", 3, *PLAIN)
        os.rename(self.path("model.h5"), self.path("first.h5"))
        self.succeed("predict", self.path("first.h5"), MALL, "--responsibilities", "-o", self.path("p.h5"))
        counts = self.arrays("p.h5")["responsibilities"].sum(axis=0)
        self.fit(*words, "--init", self.path("first.h5"), "--max-iter", 0)
        self.assertTrue(np.allclose(self.arrays()["mean_precision"], 1.0 + counts, rtol=1e-12))

    def test_random_points_tell_responsibilities(self):
        """The posterior that is begun with is that of the mixture which the same start is without a prior."""
        for covariance in FAMILIES:
            for method in METHODS:
                words = (MALL, *PAIR, "-k", 4, "--covariance", covariance, "--max-iter", 3, *PLAIN)
                start = ("--init", "random_from_data", "--seed", 5)
                self.fit(*words, *start, "--max-iter", 0)
                os.rename(self.path("model.h5"), self.path("first.h5"))
                self.fit(*words, "--method", method, "--init", self.path("first.h5"))
                expected = self.arrays()
                self.fit(*words, "--method", method, *start)
                for name in expected:
                    self.assertTrue(np.array_equal(self.arrays()[name], expected[name]), (covariance, method, name))

    def test_parameters_as_json_are_read_back(self):
        for method in METHODS:
            words = (MALL, *PAIR, "-k", 4, "--method", method, "--covariance", "tied")
            self.fit(*words)
            expected = self.arrays()
            text = self.succeed("info", self.path("model.h5"), "--json").stdout
            self.fit(*words, "--init", self.write("start.json", text), "--max-iter", 0)
            for name in expected:
                if name != "lower_bound":
                    self.assertTrue(np.array_equal(self.arrays()[name], expected[name]), name)


class Bits(Variational):
    def test_ranks_threads_streaming_and_restarts_change_nothing(self):
        points = self.save(clusters(4000), "many.npy")
        words = ("fit", points, "-k", 6, "--method", "dp", "--covariance", "full", "--tol", 0, "--max-iter", 9, "-q",
                 "-o", self.path("model.h5"), "--log", self.path("log.csv"))
        self.succeed(*words)
        expected = self.arrays()
        self.succeed(*words, "--threads", 2)
        self.same(expected)
        self.succeed(*words, ranks=3)
        self.same(expected)
        os.remove(self.path("log.csv"))
        job = Running(command(2, *words), dict(os.environ, **holding("log.csv", "write", skip=4)), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        held = job.until_held()
        os.kill(held, signal.SIGUSR1)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(job.wait(), 75, job.errors())
        self.succeed(*words, "--restart", "auto")
        self.same(expected)

    def test_weights_count_as_rows(self):
        random = np.random.default_rng(8)
        points = clusters(40)
        times = random.integers(1, 4, len(points))
        labels = np.arange(len(points)) % 4
        words = ("-k", 4, "--method", "vb", "--covariance", "tied", "--max-iter", 15, *PLAIN)
        self.write("l.csv", "".join("%d\n" % label for label in labels))
        self.fit(self.save(np.column_stack([points, times]), "w.npy"), "--weights", 3, "--init", self.path("l.csv"), *words)
        weighted = self.arrays()
        self.write("l.csv", "".join("%d\n" % label for label in np.repeat(labels, times)))
        self.fit(self.save(np.repeat(points, times, axis=0), "r.npy"), "--init", self.path("l.csv"), *words)
        for name in ARRAYS:
            self.near(weighted[name], self.arrays()[name], 1e-9, name)

    def same(self, expected):
        found = self.arrays()
        self.assertEqual(found.keys(), expected.keys())
        for name in expected:
            self.assertTrue(np.array_equal(found[name], expected[name]), name)


class Refused(Variational):
    def test_what_makes_no_sense(self):
        vb = (MALL, *PAIR, "-k", 3, "--method", "vb", "-o", self.path("model.h5"))
        for pattern, words in (
                ("--mean-prior goes with --method", (MALL, *PAIR, "-k", 3, "--mean-prior", "1,2", "-o", "m.h5")),
                ("--mean-prior: has 3 numbers for 2 features", (*vb, "--mean-prior", "1,2,3")),
                ("--mean-prior: .* is no list", (*vb, "--mean-prior", "1,x")),
                ("--degrees-of-freedom-prior: must be above 1", (*vb, "--degrees-of-freedom-prior", "1")),
                ("--covariance-prior: is not positive definite", (*vb, "--covariance-prior", "1,2,2,1")),
                ("--covariance-prior: has 3 numbers", (*vb, "--covariance-prior", "1,2,3")),
                ("--covariance-prior: has 2 numbers", (*vb, "--covariance", "spherical", "--covariance-prior", "1,2")),
                ("--coarse-to-fine: .*every pass sees all points", (*vb, "--coarse-to-fine"))):
            self.fail_with(64, pattern, "fit", *words)
        self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("ml.h5"))
        self.fail_with(64, "--expected-log-density: .* has no posterior", "predict", self.path("ml.h5"), MALL, "-o",
                       self.path("p.h5"), "--expected-log-density")

    def test_files_with_half_a_posterior(self):
        self.fit(MALL, *PAIR, "-k", 3, "--method", "vb")
        for name, value, pattern in (("mean_precision", -1.0, "mean_precision has -1; all must be above 0"),
                                     ("degrees_of_freedom", 1.0, "degrees_of_freedom has 1; all must be above 1")):
            with h5py.File(self.path("model.h5")) as source, h5py.File(self.path("bad.h5"), "w") as file:
                for key in source:
                    file[key] = source[key][...]
                for key in source.attrs:
                    file.attrs[key] = source.attrs[key]
                file[name][0] = value
            self.fail_with(65, pattern, "info", self.path("bad.h5"))


if __name__ == "__main__":
    unittest.main()
