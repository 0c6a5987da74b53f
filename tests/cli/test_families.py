# SPDX-License-Identifier: BSD-3-Clause
"""The fourteen covariance families of mclust: from the same labels as good a fit as mclust's, models with the structure of their
family, files and JSON that hold it.

The stored numbers and how they were made: tests/reference/README.md.
"""

import csv
import json
import math
import os
import unittest

import h5py
import numpy as np

from harness import Case, SOURCE

REFERENCE = os.path.join(SOURCE, "tests", "reference")
IRIS = os.path.join(SOURCE, "data", "iris.csv")
PLAIN = ["--accelerate", "none", "--no-coarse-to-fine"]
NAMES = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical", "E": "EII", "V": "spherical"}
CODES = ["EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"]
OTHERS = [code for code in CODES if code not in NAMES]


def equal(values):
    """Are rows the same, to rounding?"""
    return np.allclose(values, values[0], rtol=1e-9, atol=0)


class Families(Case):
    def fit(self, *arguments, **options):
        return self.summary("fit", IRIS, "--columns", "1-4", "-k", 3, "-o", self.path("model.h5"), *arguments, **options)

    def read(self, name="model.h5"):
        with h5py.File(self.path(name)) as file:
            return dict(file.attrs), {key: file[key][()] for key in ("weights", "means", "covariances", "precisions_cholesky")}

    def log(self):
        with open(self.path("log.csv"), newline="") as file:
            return [float(row["log_likelihood"]) for row in csv.DictReader(file)]

    def check(self, stored, result):
        case = next(case for case in stored["cases"] if case["name"] == result["case"])
        data = os.path.join(REFERENCE if case["file"].startswith("./") else os.path.join(SOURCE, "data"), case["file"])
        code = result["family"]
        summary = self.summary("fit", data, "--columns", ",".join(map(str, case["columns"])), "-k", max(case["labels"]),
                               "--covariance", code, "--init", self.write("labels.txt", "\n".join(map(str, case["labels"]))),
                               "--reg-covar", 0, *PLAIN, "--tol", 1e-11, "--max-iter", 20000, "-o", self.path("model.h5"),
                               "--log", self.path("log.csv"))
        self.assertTrue(summary["converged"])
        self.assertEqual(summary["covariance"], code if len(code) == 1 else NAMES.get(code, code))
        self.assertEqual(summary["n_parameters"], result["n_parameters"])
        value, reference = summary["log_likelihood"], result["log_likelihood"]
        self.assertGreaterEqual(value, reference - 1e-6 * abs(reference))
        if code != "VVE":  # where mclust's is a lower bound, and lies below
            self.assertLessEqual(value, reference + 1e-6 * abs(reference))
        # Its sign is opposite.
        self.assertAlmostEqual(summary["bic"] - 2 * (reference - value), -result["bic"], delta=1e-9 * abs(result["bic"]))
        log = self.log()
        for before, after in zip(log, log[1:]):
            self.assertGreaterEqual(after, before - 1e-11 * abs(before))

    def test_as_good_as_mclust_from_its_labels(self):
        with open(os.path.join(REFERENCE, "families.json")) as file:
            stored = json.load(file)
        self.assertEqual(len(stored["results"]), 3 * len(CODES) + 2)
        for result in stored["results"]:
            if result["case"] == "faithful" and result["family"] in OTHERS[:4] + OTHERS[7:]:
                continue  # for the sake of time
            with self.subTest(**result):
                self.check(stored, result)

    def test_mclust_s_default_tolerance_stops_early(self):
        """iris, 6 components VVV: where mclust says -154.4 there is a model of -137.7."""
        summary = self.fit("-k", 6, "--covariance", "VVV", "--reg-covar", 0, "--n-init", 3)
        self.assertGreater(summary["log_likelihood"], -154.4)

    def check_structure(self, code, covariances):
        """Volume, shape and orientation: what is equal, and what is that of the identity."""
        values = np.linalg.eigvalsh(covariances)
        volumes = np.linalg.det(covariances) ** 0.25
        shapes = values / volumes[:, None]
        diagonals = np.diagonal(covariances, axis1=1, axis2=2)
        self.assertEqual(equal(volumes), code[0] == "E")
        if code[2] == "I":
            self.assertTrue((covariances == diagonals[:, None, :] * np.eye(4)).all())
            shapes = diagonals / volumes[:, None]
        self.assertEqual(equal(shapes), code[1] != "V")
        if code[1] == "I":
            self.assertTrue(equal(shapes[0]))
        if code[2] == "E":
            self.assertLess(np.abs(covariances[0] @ covariances[1] - covariances[1] @ covariances[0]).max(), 1e-12)

    def test_structure_of_models(self):
        for code in OTHERS:
            with self.subTest(code):
                self.fit("--covariance", code, *PLAIN, "--max-iter", 7, "--tol", 0)
                attributes, model = self.read()
                self.assertEqual(attributes["covariance"], code)
                self.assertEqual(model["covariances"].shape, (3, 4, 4))
                self.assertEqual(model["precisions_cholesky"].shape, (3, 4, 4))
                self.check_structure(code, model["covariances"])
                for covariance, factor in zip(model["covariances"], model["precisions_cholesky"]):
                    self.assertLess(np.abs(np.triu(factor) - factor).max(), 1e-300)
                    self.assertLess(np.abs(factor.T @ covariance @ factor - np.eye(4)).max(), 1e-12)

    def test_what_is_written_is_read(self):
        """Model files and JSON come back to the bit, and mean the same; one code of each storage."""
        for code in ("EII", "EEI", "EVI", "VVE"):
            with self.subTest(code):
                summary = self.fit("--covariance", code, *PLAIN, "--max-iter", 5, "--tol", 0)
                first = self.read()[1]
                parameters = json.loads(self.succeed("info", self.path("model.h5"), "--json").stdout)
                self.assertEqual(np.shape(parameters["covariances"]), (3, 4, 4))
                os.rename(self.path("model.h5"), self.path("first.h5"))
                start = {key: parameters[key] for key in ("covariance", "weights", "means", "covariances")}
                for init in (self.path("first.h5"), self.write("start.json", json.dumps(start))):
                    again = self.fit("--covariance", code, "--init", init, "--max-iter", 0)
                    self.assertEqual(again["log_likelihood"], summary["log_likelihood"])
                    for key, numbers in self.read()[1].items():
                        self.assertTrue((numbers == first[key]).all())

    def start(self, covariances):
        return self.write("start.json", json.dumps({
            "weights": [0.5, 0.25, 0.25], "means": [[5, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3, 5.5, 2]],
            "covariances": [np.asarray(covariance).tolist() for covariance in covariances]}))

    def test_starts_that_do_not_fit(self):
        ball, long = np.eye(4), np.diag([1.0, 2, 3, 4])
        tilted = ball + 0.1 * np.eye(4, k=1) + 0.1 * np.eye(4, k=-1)
        nearly = ball + 1e-10 * long
        refusals = [("EII", [ball, ball, tilted], "component 2 has 0.1 in row 1, column 2, but those of EII are diagonal"),
                    ("EII", [ball, ball, 2 * ball], "feature 1 in components 0 and 2 differ .* EII has one covariance"),
                    ("EII", [long, long, long], "features 1 and 2 in component 0 differ .* EII has one variance for all"),
                    ("EEI", [long, ball, long], "feature 2 in components 0 and 1 differ .* EEI has one covariance"),
                    ("VEI", [long, tilted, long], "component 1 has 0.1 in row 1, column 2, but those of VEI are diagonal"),
                    ("EVI", [tilted, long, long], "component 0 has 0.1 in row 1, column 2, but those of EVI are diagonal"),
                    ("EVI", [[1, 2, 3, 4]] * 3, "covariances must be 3 x 4 x 4 numbers for EVI"),
                    ("EII", [1, 1, 1], "covariances must be 3 x 4 x 4 numbers for EII")]
        for code, covariances, message in refusals:
            with self.subTest(code, message=message):
                self.fail_with(65, message, "fit", IRIS, "--columns", "1-4", "-k", 3, "--covariance", code, "--init",
                               self.start(covariances), "-o", self.path("model.h5"))
        for code, covariances in [("EII", [ball, nearly, ball]), ("EEI", [long] * 3), ("VEI", [ball, long, 2 * long]),
                                  ("EVI", [ball, long, 2 * long])] + [(code, [ball, tilted, long]) for code in OTHERS[4:]]:
            with self.subTest(code):
                self.assertEqual(self.fit("--covariance", code, "--init", self.start(covariances), "--max-iter", 1)["events"], [])
                self.check_structure(code, self.read()[1]["covariances"])

    def test_names_and_codes(self):
        for code, name in NAMES.items():
            if len(code) == 1:
                self.fail_with(64, "--covariance %s is for data with one feature, and these have 4; .*three letters" % code, "fit",
                               IRIS, "--columns", "1-4", "-k", 2, "--covariance", code, "-o", self.path("model.h5"))
                continue
            self.fit("--covariance", code, *PLAIN)
            coded = self.bytes_of("model.h5")
            self.assertEqual(self.fit("--covariance", name, *PLAIN)["covariance"], name)
            self.assertEqual(self.bytes_of("model.h5"), coded)
        for word in ("EEE", "tied", "EVE"):  # people are told what they asked for
            run = self.succeed("fit", IRIS, "--columns", "1-4", "-k", 2, "--covariance", word, *PLAIN, "-o", self.path("model.h5"))
            self.assertRegex(run.stdout, f"^2 components, {word} covariances, fitted to 150 points")
        self.fail_with(64, "\"VEX\" is unknown; did you mean VEI\\? \\(full, tied, .*EVV", "fit", IRIS, "-k", 2, "--covariance", "VEX")

    def test_same_bits_on_ranks(self):
        for code in ("EII", "VVE", "VEV"):
            with self.subTest(code):
                options = ("--covariance", code, "--max-iter", 20, "--no-coarse-to-fine")
                self.fit(*options)
                alone = self.bytes_of("model.h5")
                self.fit(*options, ranks=3)
                self.assertEqual(self.bytes_of("model.h5"), alone)

    def test_same_bits_where_points_are_rotated_once(self):
        rng = np.random.default_rng(8)
        axes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
        deviations = np.exp(rng.normal(size=(3, 6)))
        points = np.concatenate([rng.normal(size=(200, 6)) * deviations[k] @ axes + 3 * k for k in range(3)])
        np.save(self.path("points.npy"), points)
        for code in ("EVE", "VVE"):
            with self.subTest(code):
                options = ("fit", self.path("points.npy"), "-k", 3, "--covariance", code, "--max-iter", 12, *PLAIN,
                           "-o", self.path("model.h5"))
                self.summary(*options)
                alone = self.bytes_of("model.h5")
                self.summary(*options, "--threads", 2, ranks=3)
                self.assertEqual(self.bytes_of("model.h5"), alone)

    def test_columns_that_do_not_vary(self):
        """Data that are degenerate get a ridge, and their model keeps the structure of its family."""
        rng = np.random.default_rng(5)
        points = np.concatenate([rng.normal(size=(40, 4)), rng.normal(size=(40, 4)) * [0.5, 2, 1, 1] + 3])
        points[:, 3] = 7
        np.save(self.path("points.npy"), points)
        for code in OTHERS:
            with self.subTest(code):
                summary = self.summary("fit", self.path("points.npy"), "-k", 2, "--covariance", code, "--reg-covar", 0, *PLAIN,
                                       "-o", self.path("model.h5"))
                self.assertTrue(summary["converged"])
                self.assertTrue(math.isfinite(summary["log_likelihood"]))
                if code != "EII":
                    self.assertRegex(" ".join(summary["events"]), "ridge")
                self.assertEqual(equal(np.linalg.slogdet(self.read()[1]["covariances"])[1] + 100), code[0] == "E")


if __name__ == "__main__":
    unittest.main()
