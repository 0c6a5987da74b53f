# SPDX-License-Identifier: BSD-3-Clause
"""EM from a given start must end, and get there, as scikit-learn, mclust and EM in long double do.

The stored numbers and how they were made: tests/reference/README.md.
"""

import csv
import json
import os
import unittest

import h5py
import numpy as np

from harness import Case, SOURCE

REFERENCE = os.path.join(SOURCE, "tests", "reference")

# Textbook EM: without whatever shortcuts this program knows.
PLAIN = ["--accelerate", "none", "--no-coarse-to-fine"]


def stored(name):
    with open(os.path.join(REFERENCE, name)) as file:
        return json.load(file)


def data_of(case):
    if case["file"].startswith("./"):
        return os.path.join(REFERENCE, case["file"][2:])
    return os.path.join(SOURCE, "data", case["file"])


class Reference(Case):
    @classmethod
    def setUpClass(cls):
        cls.cases = {case["name"]: case for case in stored("starts.json")}

    def fit(self, result, *arguments, **options):
        """Fits from the start of a stored result: the summary."""
        case = self.cases[result["case"]]
        start = case["starts"][result["covariance"]]
        return self.summary("fit", data_of(case), "--columns", ",".join(map(str, case["columns"])),
                            "-k", len(start["weights"]), "--covariance", result["covariance"],
                            "--init", self.write("start.json", json.dumps(start)),
                            "--reg-covar", repr(result["reg_covar"]), *PLAIN,
                            "-o", self.path("model.h5"), "--log", self.path("log.csv"), *arguments, **options)

    def log(self):
        """Total log-likelihood by iteration, from the log."""
        with open(self.path("log.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([int(row["iteration"]) for row in rows], list(range(len(rows))))
        return [float(row["log_likelihood"]) for row in rows]

    def close(self, value, expected, relative, what):
        self.assertLessEqual(abs(value - expected), relative * abs(expected), "%s: %r, expected %r" % (what, value, expected))

    def check_end(self, result, tolerance=1e-5, **options):
        """The fit must converge to a stored result; the order of components is that of the start."""
        summary = self.fit(result, "--tol", "1e-13", "--max-iter", 20000, **options)
        self.assertTrue(summary["converged"])
        self.assertFalse(summary["events"])
        self.close(summary["log_likelihood"], result["log_likelihood"], 1e-10, "log-likelihood")
        with h5py.File(self.path("model.h5"), "r") as file:
            for name in ("weights", "means", "covariances"):
                expected = np.array(result[name])
                difference = np.abs(file[name][()] - expected).max() / np.abs(expected).max()
                self.assertLess(difference, tolerance, name)

    def check_iterations(self, result, **options):
        """The log-likelihood of every stored iteration must be that of the log."""
        expected = result["iterations"]
        self.fit(result, "--tol", 0, "--max-iter", len(expected) - 1, **options)
        log = self.log()
        self.assertEqual(len(log), len(expected))
        for iteration, (value, reference) in enumerate(zip(log, expected)):
            self.close(value, reference, 1e-11, "log-likelihood of iteration %d" % iteration)

    def check_program(self, name, check, wanted, **options):
        results = [result for result in stored(name)["results"] if wanted(result)]
        self.assertTrue(results)
        for result in results:
            with self.subTest(case=result["case"], covariance=result["covariance"]):
                check(result, **options)

    def test_scikit_learn(self):
        self.check_program("scikit_learn.json", self.check_end, lambda result: True)

    def test_mclust(self):
        self.check_program("mclust.json", self.check_end, lambda result: True)

    def test_long_double(self):
        # The spread is 1e-6 of the means: these must be right to 1e-6 of that spread.
        self.check_program("long_double.json", self.check_end, lambda result: result["case"] == "tutorial")
        self.check_program("long_double.json", self.check_offset, lambda result: result["case"] == "offset")

    def check_offset(self, result):
        self.check_end(result)
        with h5py.File(self.path("model.h5"), "r") as file:
            self.assertLess(np.abs(file["means"][()] - np.array(result["means"])).max(), 1e-6)

    def test_iterations(self):
        for name in ("scikit_learn.json", "long_double.json"):
            self.check_program(name, self.check_iterations, lambda result: "iterations" in result)

    def test_iterations_on_three_ranks(self):
        self.check_program("long_double.json", self.check_iterations, lambda result: True, ranks=3)


if __name__ == "__main__":
    unittest.main()
