# SPDX-License-Identifier: BSD-3-Clause
"""--method adapt: a model adapted to points (Reynolds, Quatieri, Dunn 2000) is what the paper's formulas give, in long double; iterated, what
it maximises never falls."""

import csv
import json
import unittest

import h5py
import numpy as np

from harness import Case
from streaming import Case as StreamingCase

REAL = np.longdouble
RELEVANCE = 10


def make_points(generator, n):
    return np.concatenate([generator.normal(0, 1, (n, 2)), generator.normal(5, 1, (n, 2)), generator.normal(-5, 2, (n, 2))])


def responsibilities(rows, model):
    """Of a mixture with diagonal covariances."""
    logs = np.array([np.log(weight) - (np.log(variances).sum() + ((rows - mean) ** 2 / variances).sum(axis=1)) / 2
                     for weight, mean, variances in zip(*model)]).T
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def adapted(rows, model, which):
    """Eqs. 7 to 14 of the paper."""
    weights, means, variances = model
    shares = responsibilities(rows, model)
    counts = shares.sum(axis=0)
    alpha = counts / (counts + RELEVANCE)
    result = [weights, means, variances]
    if "weights" in which:
        result[0] = alpha * counts / len(rows) + (1 - alpha) * weights
        result[0] = result[0] / result[0].sum()
    alpha = alpha[:, None]
    first = shares.T @ rows / counts[:, None]
    second = shares.T @ rows ** 2 / counts[:, None]
    if "means" in which:
        result[1] = alpha * first + (1 - alpha) * means
    if "variances" in which:
        # About means that stay where they are; about adapted ones it is eq. 13.
        result[2] = alpha * (second - 2 * means * first + means ** 2) + (1 - alpha) * variances
        if "means" in which:
            result[2] = alpha * second + (1 - alpha) * (variances + means ** 2) - result[1] ** 2
    return result


class Adaptation(Case):
    def setUp(self):
        super().setUp()
        self.generator = np.random.default_rng(3)
        self.rows = make_points(self.generator, 20)
        self.data = self.path("x.csv")
        np.savetxt(self.data, self.rows, delimiter=",", header="a,b", comments="", fmt="%.17g")

    def ubm(self, K=4):
        return (np.full(K, 1 / K) + np.linspace(-0.1, 0.1, K), self.generator.normal(0, 4, (K, 2)), self.generator.uniform(1, 9, (K, 2)))

    def write_ubm(self, model, **more):
        weights, means, covariances = (np.asarray(numbers, dtype=float).tolist() for numbers in model)
        return self.write("ubm.json", json.dumps({"weights": weights, "means": means, "covariances": covariances, **more}))

    def adapt(self, *arguments, **options):
        return self.summary("fit", self.data, "--method", "adapt", "--checkpoint", "none", "-o", self.path("model.h5"), "--log",
                            self.path("log.csv"), "--reg-covar", 0, "--relevance", RELEVANCE, *arguments, **options)

    def model(self):
        with h5py.File(self.path("model.h5")) as file:
            return [file[name][()] for name in ("weights", "means", "covariances")]

    def test_one_step_in_closed_form(self):
        given = self.ubm()
        exact = [numbers.astype(REAL) for numbers in given]
        path = self.write_ubm(given)
        for which in ("means", "weights", "variances", "means,weights,variances"):
            with self.subTest(adapt=which):
                summary = self.adapt("--from", path, "--covariance", "diag", "--adapt", which)
                self.assertEqual((summary["n_iter"], summary["warnings"]), (1, []))
                for got, expected in zip(self.model(), adapted(self.rows.astype(REAL), exact, which)):
                    np.testing.assert_allclose(got, expected.astype(float), rtol=1e-13)

    def test_full_and_tied_covariances(self):
        """Covariances like variances; a shared one is the mean of what each would be, by their divisors."""
        weights, means, _ = self.ubm(3)
        roots = self.generator.normal(size=(3, 2, 2))
        own = roots @ roots.transpose(0, 2, 1) + np.eye(2)
        own = (own + own.transpose(0, 2, 1)) / 2
        for name in ("full", "tied"):
            matrices = own if name == "full" else np.repeat(own[:1], 3, axis=0)
            path = self.write_ubm((weights, means, own if name == "full" else own[0]))
            self.adapt("--from", path, "--covariance", name, "--adapt", "means,variances")
            inverses = np.linalg.inv(matrices)
            distance = np.array([np.einsum("ij,jk,ik->i", self.rows - m, p, self.rows - m) for m, p in zip(means, inverses)]).T
            shares = weights * np.exp(-distance / 2) * np.sqrt(np.linalg.det(inverses))
            shares /= shares.sum(axis=1, keepdims=True)
            expected = []
            for k in range(3):
                count = shares[:, k].sum()
                alpha = count / (count + RELEVANCE)
                mean = alpha * shares[:, k] @ self.rows / count + (1 - alpha) * means[k]
                second = np.einsum("i,ij,ik->jk", shares[:, k], self.rows, self.rows) / count
                covariance = alpha * second + (1 - alpha) * (matrices[k] + np.outer(means[k], means[k])) - np.outer(mean, mean)
                np.testing.assert_allclose(self.model()[1][k], mean, rtol=1e-11)
                expected.append((count + RELEVANCE) * covariance if name == "tied" else covariance)
            if name == "tied":
                expected = sum(expected) / (len(self.rows) + 3 * RELEVANCE)
            np.testing.assert_allclose(self.model()[2], np.array(expected), rtol=1e-11, atol=1e-11)

    def test_other_families(self):
        """Of a model that was fitted before; what is not adapted keeps its bits."""
        for name in ("spherical", "EEI", "EVI", "VVE", "EEV"):
            with self.subTest(covariance=name):
                self.succeed("fit", self.data, "-k", 2, "--covariance", name, "--no-coarse-to-fine", "-o", self.path("ubm.h5"), "-q")
                with h5py.File(self.path("ubm.h5")) as file:
                    given = [file[part][()] for part in ("weights", "means", "covariances")]
                self.data, all_rows = self.path("y.csv"), self.data
                np.savetxt(self.data, self.rows[:15] + 1, delimiter=",", header="a,b", comments="", fmt="%.17g")
                summary = self.adapt("--from", self.path("ubm.h5"))
                self.data = all_rows
                self.assertEqual((summary["covariance"], summary["n_components"]), (name, 2))
                np.testing.assert_array_equal(self.model()[0], given[0])
                np.testing.assert_array_equal(self.model()[2], given[2])
                self.assertGreater(np.abs(self.model()[1] - given[1]).max(), 1e-3)

    def test_iterated_it_never_falls(self):
        path = self.write_ubm(self.ubm())
        for which in ("means", "means,variances"):
            summary = self.adapt("--from", path, "--covariance", "diag", "--adapt", which, "--tol", 1e-12, "--accelerate", "none")
            self.assertTrue(summary["converged"])
            with open(self.path("log.csv"), newline="") as file:
                changes = [float(row["change"]) for row in csv.DictReader(file) if row["change"]]
            self.assertGreater(len(changes), 5)
            self.assertGreaterEqual(min(changes), -1e-13 * abs(summary["log_posterior"]))
            fast = self.adapt("--from", path, "--covariance", "diag", "--adapt", which, "--tol", 1e-12)
            self.assertGreaterEqual(fast["log_posterior"], summary["log_posterior"] - 1e-9)

    def test_log_posterior(self):
        given = self.ubm()
        summary = self.adapt("--from", self.write_ubm(given), "--covariance", "diag")
        moved = ((self.model()[1].astype(REAL) - given[1]) ** 2 / given[2].astype(REAL)).sum()
        self.assertLessEqual(abs(summary["log_posterior"] - (summary["log_likelihood"] - RELEVANCE * float(moved) / 2)), 1e-10)

    def test_more_components_than_points(self):
        """As of a model of all speakers and one of their words; a component without points keeps what it had."""
        weights, means, variances = self.ubm(100)
        means[7] = 1000
        self.adapt("--from", self.write_ubm((np.full(100, 0.01), means, variances)), "--covariance", "diag", "--adapt", "means,variances")
        got = self.model()
        np.testing.assert_array_equal(got[1][7], means[7])
        np.testing.assert_allclose(got[2][7], variances[7], rtol=1e-15)

    def test_features_are_found_by_name(self):
        weights, means, variances = self.ubm()
        self.adapt("--from", self.write_ubm((weights, means, variances), feature_names=["a", "b"]), "--covariance", "diag")
        right = self.model()
        turned = self.write_ubm((weights, means[:, ::-1], variances[:, ::-1]), feature_names=["b", "a"])
        self.adapt("--from", turned, "--covariance", "diag")
        for one, other in zip(right, self.model()):
            np.testing.assert_array_equal(one, other)

    def test_the_model_notes_it(self):
        self.adapt("--from", self.write_ubm(self.ubm()), "--covariance", "diag", "--adapt", "means,weights")
        with h5py.File(self.path("model.h5")) as file:
            self.assertEqual((file.attrs["method"], file.attrs["adapt"], file.attrs["relevance"]), ("adapt", "means,weights", RELEVANCE))
            self.assertRegex(file.attrs["adapted_from"], "^[0-9a-f]{16}$")
            self.assertNotIn("prior_mean", file.attrs)

    def test_ranks(self):
        path = self.write_ubm(self.ubm())
        words = ["--from", path, "--covariance", "diag", "--adapt", "means,weights,variances", "--max-iter", 4]
        self.adapt(*words)
        one = self.bytes_of("model.h5")
        self.adapt(*words, ranks=3)
        self.assertEqual(self.bytes_of("model.h5"), one)

    def test_refusals(self):
        path = self.write_ubm(self.ubm())
        words = ["fit", self.data, "--method", "adapt", "--covariance", "diag", "-o", self.path("model.h5")]
        for status, pattern, *more in (
                (64, "--from is missing",),
                (64, "leave -k out", "--from", path, "-k", 3),
                (64, "leave --init out", "--from", path, "--init", "random"),
                (64, "--n-init", "--from", path, "--n-init", 2),
                (64, "--coarse-to-fine", "--from", path, "--coarse-to-fine"),
                (64, '--adapt: "mean" is unknown', "--from", path, "--adapt", "weights,mean"),
                (64, "--relevance: 0 is not above 0", "--from", path, "--relevance", 0),
                (64, "would overwrite", "--from", path, "-o", path),
                (65, "is no model", "--from", self.data),
                (66, "cannot be read", "--from", self.path("none.h5"))):
            with self.subTest(more=more):
                self.fail_with(status, pattern, *words, *more)
        self.fail_with(64, "--from goes with --method adapt", "fit", self.data, "-k", 2, "--from", path)


class Streaming(StreamingCase):
    def test_same_bits(self):
        """A prior, and a model that is adapted: points that are streamed give the same models."""
        generator = np.random.default_rng(4)
        rows = generator.normal(size=(150_000, 16)) + 3 * generator.integers(3, size=(150_000, 1))
        np.save(self.path("x.npy"), rows)
        fit = ["fit", self.path("x.npy"), "--checkpoint", "none"]
        prior = [*fit, "-k", 3, "--method", "map", "--max-iter", 5, "--tol", 0]
        self.succeed(*prior, "-o", self.path("held.h5"))
        _, limit = self.streaming(*prior, "-o", self.path("streamed.h5"))
        self.assertEqual(self.bytes_of("streamed.h5"), self.bytes_of("held.h5"))
        adapt = [*fit, "--method", "adapt", "--from", self.path("held.h5"), "--adapt", "means,variances"]
        self.succeed(*adapt, "-o", self.path("held adapted.h5"))
        run = self.succeed(*adapt, "-o", self.path("streamed adapted.h5"), "--memory-limit", limit)
        self.assertIn("it streams them", run.stderr)
        self.assertEqual(self.bytes_of("streamed adapted.h5"), self.bytes_of("held adapted.h5"))


if __name__ == "__main__":
    unittest.main()
