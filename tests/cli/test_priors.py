# SPDX-License-Identifier: BSD-3-Clause
"""--method map: where a fit under a conjugate prior ends, compared with mclust; that what it maximises never falls; data on which maximum
likelihood needs a ridge; what makes no sense.

mclust's numbers and how they were made: tests/reference/README.md.
"""

import csv
import json
import os
import signal
import unittest

import h5py
import numpy as np

from harness import Case, SOURCE, command
from running import Running, holding

REFERENCE = os.path.join(SOURCE, "tests", "reference")
NAMES = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical"}
CODES = ["EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "EEV", "VEV", "VVV"]
PLAIN = ["--accelerate", "none", "--no-coarse-to-fine"]
IRIS = [os.path.join(SOURCE, "data", "iris.csv"), "--columns", "1-4"]


class Priors(Case):
    def map(self, *arguments, **options):
        return self.summary("fit", *arguments, "--method", "map", "--reg-covar", 0, "--checkpoint", "none", "-o", self.path("model.h5"),
                            "--log", self.path("log.csv"), **options)

    def model(self):
        with h5py.File(self.path("model.h5")) as file:
            return {name: file[name][()] for name in ("weights", "means", "covariances")}

    def changes(self):
        """What the objective changes by from one iteration to the next, per point."""
        with open(self.path("log.csv"), newline="") as file:
            return [float(row["change"]) for row in csv.DictReader(file) if row["change"]]

    def labels(self, labels):
        return self.write("labels.csv", "".join("%d\n" % label for label in labels))

    def check_mclust(self, codes):
        with open(os.path.join(REFERENCE, "mclust_priors.json")) as file:
            results = [result for result in json.load(file)["results"] if result["covariance"] in codes]
        self.assertGreaterEqual(len(results), 2 * len(codes))
        for result in results:
            with self.subTest(case=result["case"], covariance=result["covariance"], options=result["options"]):
                code = result["covariance"]
                words = [word for name, value in result["options"].items() for word in ("--" + name, value)]
                summary = self.map(os.path.join(SOURCE, "data", result["file"]), "--columns", ",".join(map(str, result["columns"])),
                                   "-k", len(result["weights"]), "--covariance", NAMES.get(code, code), "--tol", 1e-15, "--max-iter", 20000,
                                   "--init", self.labels(result["labels"]), *words)
                self.assertLessEqual(abs(summary["log_likelihood"] - result["log_likelihood"]), 1e-8 * abs(result["log_likelihood"]))
                model = self.model()
                for name in ("weights", "means", "covariances"):
                    expected = np.array(result[name])
                    scale = np.abs(expected).max() if name == "covariances" else 1.0
                    np.testing.assert_allclose(model[name], expected.reshape(model[name].shape), rtol=1e-6, atol=1e-6 * scale, err_msg=name)

    def test_mclust(self):
        self.check_mclust([code for code in CODES if code not in ("EII", "EEI")])

    def test_EII_and_EEI(self):
        """The two that mclust has otherwise, from labels by one step: Fraley and Raftery's formulas in long double."""
        labels = np.arange(150) // 50
        rows = np.loadtxt(IRIS[0], delimiter=",", skiprows=1, usecols=range(4)).astype(np.longdouble)
        n, d, G, shrinkage, dof = 150, 4, 3, np.longdouble(2), np.longdouble(8.5)
        prior_mean, scale = np.array([5.5, 3, 4, 1.5], dtype=np.longdouble), np.longdouble("0.375")
        sums = np.zeros(d, dtype=np.longdouble)
        means = []
        for k in range(G):
            own = rows[labels == k]
            mean = own.mean(axis=0)
            sums += ((own - mean) ** 2).sum(axis=0) + shrinkage * 50 / (shrinkage + 50) * (mean - prior_mean) ** 2
            means.append((50 * mean + shrinkage * prior_mean) / (50 + shrinkage))
        expected = {"EII": (scale + sums.sum()) / (dof + (n + G) * d + 2), "EEI": (scale + sums) / (dof + n + G + 2)}
        for code, variances in expected.items():
            self.map(*IRIS, "-k", 3, "--covariance", code, "--init", self.labels(labels), "--max-iter", 0, "--prior-mean", "5.5,3,4,1.5",
                     "--prior-scale", 0.375, "--prior-shrinkage", 2, "--prior-dof", 8.5, *PLAIN)
            model = self.model()
            np.testing.assert_allclose(model["means"], np.array(means, dtype=float), rtol=1e-13)
            for covariance in model["covariances"].reshape(-1, d, d):
                np.testing.assert_allclose(covariance, np.diag(np.broadcast_to(variances, d).astype(float)), rtol=1e-13)

    # --- what is maximised ---

    def log_posterior(self, log_likelihood, mean, scale, shrinkage, dof):
        """log-likelihood + log prior density of the model in model.h5, full covariances, in long double from the definition."""
        model = {name: numbers.astype(np.longdouble) for name, numbers in self.model().items()}
        total = np.longdouble(log_likelihood)
        d = model["means"].shape[1]
        for centre, covariance in zip(model["means"], model["covariances"]):
            inverse, log_determinant = inverse_of(covariance)
            total -= (dof + d + 1) / np.longdouble(2) * log_determinant + np.trace(scale @ inverse) / 2   # inverse Wishart
            total -= log_determinant / 2 + shrinkage * (centre - mean) @ inverse @ (centre - mean) / 2    # normal
        return total

    def test_log_posterior(self):
        mean, scale = [5.5, 3.0, 4.0, 1.5], np.diag([0.5, 0.25, 1.0, 0.125])
        summary = self.map(*IRIS, "-k", 3, "--prior-mean", "5.5,3,4,1.5", "--prior-scale", "0.5,0.25,1,0.125", "--prior-shrinkage", 2,
                           "--prior-dof", 8.5)
        expected = self.log_posterior(summary["log_likelihood"], np.array(mean), scale.astype(np.longdouble), np.longdouble(2), np.longdouble(8.5))
        self.assertLessEqual(abs(summary["log_posterior"] - float(expected)), 1e-10 * abs(float(expected)))
        with h5py.File(self.path("model.h5")) as file:
            self.assertEqual(file.attrs["log_posterior"], summary["log_posterior"])
            self.assertEqual(file.attrs["method"], "map")
            self.assertEqual(file.attrs["prior_dof"], "8.5")

    def test_it_never_falls(self):
        """Textbook steps of every family with a prior, a strong one of the means or none in turn."""
        for i, code in enumerate(CODES):
            for shrinkage in (0, 5) if code == "VVV" else (5 * (i % 2),):
                with self.subTest(covariance=code, shrinkage=shrinkage):
                    summary = self.map(*IRIS, "-k", 4, "--covariance", NAMES.get(code, code), "--init", "random", "--seed", 3, "--tol", 1e-9,
                                       "--spurious", "keep", "--prior-shrinkage", shrinkage, *PLAIN)
                    self.assertEqual(summary["events"], [])
                    self.assertGreater(len(self.changes()), 10)
                    self.assertGreaterEqual(min(self.changes()), -1e-13 * abs(summary["log_posterior"]))

    def test_acceleration_ends_no_lower(self):
        words = [*IRIS, "-k", 3, "--init", "random", "--covariance", "diag", "--no-coarse-to-fine", "--tol", 1e-10, "--spurious", "keep"]
        plain = self.map(*words, "--accelerate", "none")
        fast = self.map(*words)
        self.assertGreaterEqual(fast["log_posterior"], plain["log_posterior"] - 1e-6)
        self.assertLess(fast["n_iter"], plain["n_iter"])

    # --- data on which maximum likelihood needs a ridge ---

    def table(self, rows):
        np.savetxt(self.path("x.csv"), rows, delimiter=",", fmt="%.17g")
        return self.path("x.csv")

    def test_no_ridge_is_needed(self):
        generator = np.random.default_rng(6)
        constant = generator.normal(size=(200, 3))
        constant[:, 1] = 3.0
        for name, rows in (("identical", np.full((200, 3), 7.5)), ("constant", constant), ("wide", generator.normal(size=(10, 20)))):
            data = self.table(rows)
            for covariance in ("full", "tied", "diag", "spherical"):
                with self.subTest(data=name, covariance=covariance):
                    summary = self.map(data, "-k", 2, "--covariance", covariance, "--no-coarse-to-fine")
                    covariances = self.model()["covariances"]
                    variances = covariances if covariance in ("diag", "spherical") else np.linalg.eigvalsh(covariances)
                    self.assertTrue(np.all(variances > 0))
                    self.assertTrue(np.isfinite(summary["log_likelihood"]))
                    self.assertFalse(any("singular" in text for text in summary["warnings"]))

    def test_identical_rows_in_closed_form(self):
        """One component of 200 equal rows: nothing but the scale, a millionth of the square of the value, over its divisor."""
        self.map(self.table(np.full((200, 2), 7.5)), "-k", 1, "--covariance", "diag")
        np.testing.assert_allclose(self.model()["covariances"], [[1e-6 * 7.5 ** 2 / (4 + 200 + 3)] * 2], rtol=1e-14)

    def test_units(self):
        """The scale of a column goes with its unit; mclust's does not, nor can that of spherical covariances."""
        generator = np.random.default_rng(7)
        rows = generator.normal(size=(60, 3)) + 4 * generator.integers(0, 2, size=(60, 1))
        units = np.array([1.0, 1024.0, 1 / 64])
        for covariance, power in (("diag", units ** 2), ("full", np.outer(units, units))):
            start = self.labels(np.arange(60) % 2)
            words = ["-k", 2, "--covariance", covariance, "--init", start, *PLAIN]
            self.map(self.table(rows), *words)
            one = self.model()
            self.map(self.table(rows * units), *words)
            np.testing.assert_allclose(self.model()["covariances"], one["covariances"] * power, rtol=1e-9)
            np.testing.assert_allclose(self.model()["means"], one["means"] * units, rtol=1e-9)
        diag = ["-k", 2, "--covariance", "diag", "--init", start, *PLAIN, "--prior-scale", "mclust"]
        self.map(self.table(rows * units), *diag)
        self.assertGreater(self.model()["covariances"][0, 2], 1000 * one["covariances"][0, 2, 2] * units[2] ** 2)

    # --- one result ---

    def test_same_bits(self):
        self.map(*IRIS, "-k", 3)
        one = self.bytes_of("model.h5")
        self.map(*IRIS, "-k", 3, ranks=3)
        self.assertEqual(self.bytes_of("model.h5"), one)

    def test_weights(self):
        """Rows of integer weights are rows that are repeated, to the prior's default mean and scale, too."""
        generator = np.random.default_rng(8)
        rows = generator.normal(size=(80, 2)) + 3 * generator.integers(0, 2, size=(80, 1))
        weights = generator.integers(0, 4, size=80)
        repeated = np.repeat(rows, weights, axis=0)
        words = ["-k", 2, "--max-iter", 10, "--tol", 0, *PLAIN]
        start = self.write("start.json", json.dumps({"weights": [0.5, 0.5], "means": [[0, 0], [3, 3]], "covariances": [np.eye(2).tolist()] * 2}))
        one = self.map(self.table(repeated), "--init", start, *words)
        model = self.model()
        other = self.map(self.table(np.column_stack([rows, weights])), "--weights", 3, "--init", start, *words)
        self.assertLessEqual(abs(one["log_posterior"] - other["log_posterior"]), 1e-12 * abs(one["log_posterior"]))
        for name, numbers in self.model().items():
            np.testing.assert_allclose(numbers, model[name], rtol=1e-9)

    def test_restart(self):
        words = ["fit", *IRIS, "-k", 3, "--method", "map", "--prior-shrinkage", 0.5, "--init", "random", "--tol", 1e-12, "--log",
                 self.path("log.csv"), "-o", self.path("model.h5"), "--checkpoint", self.path("checkpoint"), "-q"]
        self.succeed(*words)
        whole = self.bytes_of("model.h5")
        os.remove(self.path("model.h5"))
        job = Running(command(None, *words), dict(os.environ, **holding("log.csv", "write", skip=6)), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        held = job.until_held()
        os.kill(held, signal.SIGTERM)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(job.wait(), 75, job.errors())
        self.fail_with(65, "prior-shrinkage", *words, "--prior-shrinkage", 0.25, "--restart", self.path("checkpoint"))
        self.succeed(*words, "--restart", self.path("checkpoint"), ranks=2)
        self.assertEqual(self.bytes_of("model.h5"), whole)

    # --- what makes no sense ---

    def test_refusals(self):
        words = ["fit", *IRIS, "-k", 2, "-o", self.path("model.h5")]
        for pattern, *more in (
                ("--prior-shrinkage goes with --method map", "--prior-shrinkage", 1),
                ("no prior is known", "--method", "map", "--covariance", "VVE"),
                ("--prior-mean: .*no list", "--method", "map", "--prior-mean", "1,,2"),
                ("--prior-mean: its length is 2, the data have 4", "--method", "map", "--prior-mean", "1,2"),
                ("--prior-dof: .*no number", "--method", "map", "--prior-dof", 0),
                ("--prior-dof: 2.5 is not above 3", "--method", "map", "--prior-dof", 2.5),
                ("--prior-scale: -1 is no variance", "--method", "map", "--prior-scale", "1,-1,1,1"),
                ("--prior-scale: the matrix is not", "--method", "map", "--prior-scale", ",".join(["1"] * 16)),
                ("one number", "--method", "map", "--covariance", "spherical", "--prior-scale", "1,1,1,1")):
            with self.subTest(more=more):
                self.fail_with(64, pattern, *words, *more)


def inverse_of(matrix):
    """Inverse and log determinant in long double, by Gauss and Jordan's elimination."""
    d = len(matrix)
    work = np.concatenate([matrix, np.eye(d, dtype=np.longdouble)], axis=1)
    log_determinant = np.longdouble(0)
    for j in range(d):
        log_determinant += np.log(work[j, j])
        work[j] /= work[j, j]
        for i in range(d):
            if i != j:
                work[i] -= work[i, j] * work[j]
    return work[:, d:], log_determinant


if __name__ == "__main__":
    unittest.main()
