# SPDX-License-Identifier: BSD-3-Clause
"""--method map: where a fit under a conjugate prior ends, compared with mclust; that what it maximises never falls; data on which maximum
likelihood needs a ridge; what makes no sense.

mclust's numbers and how they were made: tests/reference/README.md.
"""

import csv
import json
import os
import unittest

import h5py
import numpy as np

from harness import Case, SOURCE

REFERENCE = os.path.join(SOURCE, "tests", "reference")
NAMES = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical"}
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
        self.assertGreaterEqual(len(results), 3 * len(codes))
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
        self.check_mclust(["VII", "VVI", "EEE", "VVV"])


if __name__ == "__main__":
    unittest.main()
