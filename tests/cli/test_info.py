# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi info: models, checkpoints and data, in words and as JSON."""

import json
import os
import signal
import unittest

import h5py
import numpy

import harness
import mixtures
from running import Running, holding


class Info(harness.Case):
    def setUp(self):
        super().setUp()
        self.mixture = mixtures.three_components()
        self.model = self.mixture.write(self.path("model.h5"))
        with h5py.File(self.model, "a") as file:
            file.attrs["bic"] = 123.25

    def describe(self, *files, ranks=None):
        return json.loads(self.succeed("info", "--json", *files, ranks=ranks).stdout)

    def test_model(self):
        described = self.describe(self.model)
        numpy.testing.assert_array_equal(described["weights"], self.mixture.weights)
        numpy.testing.assert_array_equal(described["means"], self.mixture.means)
        numpy.testing.assert_array_equal(described["covariances"], self.mixture.covariances)
        self.assertEqual(described["attributes"]["bic"], 123.25)
        self.assertEqual(described["attributes"]["feature_names"], ["Age", 'a "b", c'])
        self.assertEqual(self.describe(self.model, ranks=2), described)

    def test_model_in_words(self):
        text = self.succeed("info", self.model, ranks=2).stdout
        self.assertIn("model, 3 components in 2 features, full covariances", text)
        self.assertRegex(text, r"(?m)^  bic: +123.25$")
        self.assertRegex(text, r"(?m)^ +1 +0.2  4 -1$")
        self.assertEqual(text.count("\n  bic"), 1)

    def test_model_starts_a_fit(self):
        """What is printed of a model can be given to fit --init, and is the same model."""
        points = numpy.random.default_rng(0).standard_normal((200, 2))
        numpy.save(self.path("data.npy"), points)
        start = self.write("start.json", self.succeed("info", "--json", self.model).stdout)
        fitted = self.summary("fit", self.path("data.npy"), "-k", 3, "--init", start, "--max-iter", 0, "-o",
                              self.path("fitted.h5"))
        self.assertAlmostEqual(fitted["log_likelihood"], self.mixture.log_density(points).sum(), delta=1e-6)
        described = self.describe(self.path("fitted.h5"))
        numpy.testing.assert_array_equal(described["means"], self.mixture.means)
        self.assertAlmostEqual(described["attributes"]["log_likelihood"], fitted["log_likelihood"], delta=1e-9)

    def test_columns_of_data(self):
        """Ranges and counts are those of numpy; text, missing and infinite cells are told apart."""
        data = self.write("d.csv", "a,b,c\n1,x,-999\n2.5,y,NA\n-3,z,inf\n4,w,7\n")
        for ranks in (None, 3):
            described = self.describe(data, ranks=ranks)
            columns = described["columns"]
            self.assertEqual([c["name"] for c in columns], ["a", "b", "c"])
            self.assertEqual((columns[0]["least"], columns[0]["most"]), (-3, 4))
            self.assertEqual((columns[1]["n_text"], columns[1]["least"]), (4, None))
            self.assertEqual((columns[2]["n_missing"], columns[2]["n_infinite"], columns[2]["least"]), (1, 1, -999))
            self.assertEqual(described["first_rows"], [[1, "text", -999], [2.5, "text", None], [-3, "text", "inf"]])
            self.assertEqual([s["option"] for s in described["suggestions"]],
                             ["--columns 1,3", "--missing-values -999", "--missing drop", "--infinite drop"])
        described = json.loads(self.succeed("info", "--json", data, "--missing-values", "-999,inf", "--columns", "c").stdout)
        self.assertEqual((described["columns"][0]["least"], described["columns"][0]["n_missing"]), (7, 3))
        text = self.succeed("info", data).stdout
        self.assertRegex(text, r"(?m)^ +1  a +-3 +4$")
        self.assertIn("suggests --columns 1,3", text)

    def test_data(self):
        data = self.write("data.csv", "a,b,c\n1,2,3\n4,5,6\n")
        described = self.describe(data, ranks=2)
        self.assertEqual(described["kind"], "data")
        self.assertEqual(described["format"], "CSV")
        self.assertEqual((described["n_samples"], described["n_features"]), (2, 3))
        self.assertEqual(described["feature_names"], ["a", "b", "c"])
        text = self.succeed("info", data).stdout
        self.assertRegex(text, r"(?m)^  n_samples: +2$")
        self.assertRegex(text, r"(?m)^  feature_names: +a, b, c$")

    def test_text_columns(self):
        """The columns of a table are listed also when some are no numbers."""
        described = self.describe(harness.MALL)
        self.assertEqual(described["n_samples"], 200)
        self.assertIn("Age", described["feature_names"])

    def test_npy(self):
        numpy.save(self.path("data.npy"), numpy.zeros((5, 4)))
        described = self.describe(self.path("data.npy"))
        self.assertEqual((described["format"], described["n_samples"], described["n_features"]), ("NPY", 5, 4))

    def test_hdf5(self):
        with h5py.File(self.path("one.h5"), "w") as file:
            file["group/points"] = numpy.zeros((7, 3), dtype="f4")
        described = self.describe(self.path("one.h5"))
        self.assertEqual((described["format"], described["n_samples"], described["n_features"]), ("HDF5", 7, 3))
        self.assertEqual(described["dataset"], "/group/points")
        with h5py.File(self.path("one.h5"), "a") as file:
            file["more"] = numpy.zeros((2, 2), dtype="u1")
        described = self.describe(self.path("one.h5"))
        self.assertEqual(described["datasets"]["/group/points"], {"shape": [7, 3], "type": "float32"})
        self.assertEqual(described["datasets"]["/more"], {"shape": [2, 2], "type": "uint8"})
        self.assertEqual(self.describe(self.path("one.h5") + ":/more")["n_samples"], 2)
        self.assertIn("/group/points", self.succeed("info", self.path("one.h5"), ranks=2).stdout)

    def test_own_outputs(self):
        """What predict and sample wrote can be looked at."""
        self.succeed("sample", self.model, "-n", 10, "-o", self.path("points.h5"))
        self.assertEqual(self.describe(self.path("points.h5"))["n_samples"], 10)
        self.succeed("predict", self.model, self.path("points.h5"), "-o", self.path("labels.h5"), "--log-density")
        self.assertEqual(self.describe(self.path("labels.h5"))["datasets"]["/labels"], {"shape": [10], "type": "int32"})

    def test_checkpoint(self):
        """A fit that is asked to stop leaves a checkpoint, which says how far it got."""
        numpy.save(self.path("data.npy"), numpy.random.default_rng(0).standard_normal((20000, 4)))
        fit = Running(harness.command(None, "fit", self.path("data.npy"), "-k", 5, "--tol", 0, "--max-iter", 10**9, "--log",
                                      self.path("log.csv"), "-o", self.path("m.h5"), "-q"),
                      dict(os.environ, **holding("log.csv", "write", skip=4)), self.path("errors.txt"))
        self.addCleanup(lambda: fit.process.poll() is None and fit.kill_everything())
        held = fit.until_held()
        os.kill(held, signal.SIGTERM)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(fit.wait(), 75, fit.errors())
        described = self.describe(self.path("m.h5.checkpoint"))
        self.assertEqual(described["kind"], "checkpoint")
        self.assertEqual((described["n_samples"], described["n_components"]), (20000, 5))
        self.assertGreaterEqual(described["iteration"], 1)
        self.assertIn("--covariance", described["options"])
        text = self.succeed("info", self.path("m.h5.checkpoint"), ranks=2).stdout
        self.assertRegex(text, rf"(?m)^  iteration: +{described['iteration']}$")

    def test_several_files(self):
        data = self.write("data.csv", "a,b\n1,2\n4,5\n")
        described = self.describe(self.model, data)
        self.assertEqual([one["file"] for one in described], [self.model, data])
        self.assertEqual(described[1]["n_samples"], 2)
        text = self.succeed("info", self.model, data).stdout
        self.assertLess(text.index("model.h5"), text.index("data.csv"))

    def test_bad_files(self):
        self.fail_with(66, "nothing.h5", "info", self.path("nothing.h5"), ranks=2)
        run = self.fail_with(66, "nothing.h5", "info", "--json", self.model, self.path("nothing.h5"), ranks=2)
        self.assertEqual(run.stdout, "")
        self.fail_with(65, "header.csv", "info", self.write("header.csv", "only,a,header\n"))
        self.fail_with(65, "empty", "info", self.write("empty", ""))
        with open(self.model, "rb") as file:
            cut = file.read()[:1500]
        with open(self.path("cut.h5"), "wb") as file:
            file.write(cut)
        self.fail_with(65, "cut.h5", "info", self.path("cut.h5"), ranks=2)


if __name__ == "__main__":
    unittest.main()
