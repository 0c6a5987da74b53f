# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi predict: the numbers against numpy, the files at any number of ranks, the columns it picks, its refusals."""

import csv
import json
import os
import unittest

import h5py
import numpy

import harness
import mixtures


def points_near(mixture, n, seed=1):
    generator = numpy.random.default_rng(seed)
    labels = generator.integers(0, len(mixture.weights), n)
    return mixture.means[labels] + 1.5 * generator.standard_normal((n, mixture.means.shape[1]))


class Predict(harness.Case):
    def setUp(self):
        super().setUp()
        self.mixture = mixtures.three_components()
        self.mixture.names = ["Age", "Income"]
        self.model = self.mixture.write(self.path("model.h5"))
        self.points = points_near(self.mixture, 1000)
        self.data = self.path("data.h5")
        with h5py.File(self.data, "w") as file:
            file["points"] = self.points

    def predict(self, data, name, *options, ranks=None, model=None):
        run = self.succeed("predict", model or self.model, data, "-o", self.path(name), *options, ranks=ranks)
        return run

    def labels(self, name):
        with h5py.File(self.path(name)) as file:
            return file["labels"][:]

    def check(self, mixture, points, name):
        """A file with everything against numpy."""
        with h5py.File(self.path(name)) as file:
            labels, responsibilities, log_density = (file[key][:] for key in
                                                     ("labels", "responsibilities", "log_density"))
        self.assertEqual(labels.dtype, numpy.int32)
        self.assertEqual(labels.shape, (len(points),))
        self.assertEqual(responsibilities.shape, (len(points), len(mixture.weights)))
        numpy.testing.assert_allclose(responsibilities, mixture.responsibilities(points), rtol=1e-9, atol=1e-14)
        numpy.testing.assert_allclose(log_density, mixture.log_density(points), rtol=1e-12, atol=1e-12)
        numpy.testing.assert_array_equal(labels, responsibilities.argmax(axis=1))

    def test_numbers_of_each_family(self):
        covariance = [[2.0, 0.5], [0.5, 1.0]]
        for family, covariances in (("full", self.mixture.covariances), ("tied", covariance),
                                    ("diag", [[1, 2], [3, 0.5], [0.7, 4]]), ("spherical", [0.5, 2, 1.5])):
            mixture = mixtures.Mixture(self.mixture.weights, self.mixture.means, covariances, None, family)
            model = mixture.write(self.path(family + ".h5"))
            self.predict(self.data, "out.h5", "--responsibilities", "--log-density", model=model)
            self.check(mixture, self.points, "out.h5")

    def test_many_features_and_components(self):
        generator = numpy.random.default_rng(4)
        factors = generator.standard_normal((9, 21, 21))
        mixture = mixtures.Mixture(generator.dirichlet(numpy.ones(9)), 3 * generator.standard_normal((9, 21)),
                                   factors @ factors.swapaxes(1, 2) + 0.5 * numpy.eye(21))
        points = points_near(mixture, 700)
        numpy.save(self.path("data.npy"), points)
        self.predict(self.path("data.npy"), "out.h5", "--responsibilities", "--log-density",
                     model=mixture.write(self.path("many.h5")), ranks=3)
        self.check(mixture, points, "out.h5")

    def test_labels_alone(self):
        self.predict(self.data, "out.h5")
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(list(file), ["labels"])
            numpy.testing.assert_array_equal(file["labels"][:], self.mixture.log_joint(self.points).argmax(axis=1))

    def test_ranks(self):
        """The same bytes at any number of ranks, also when there are more of them than points."""
        few = self.path("few.h5")
        with h5py.File(few, "w") as file:
            file["points"] = self.points[:3]
        for data in (self.data, few):
            for name in ("out.h5", "out.csv"):
                options = ("--responsibilities", "--log-density", "--json")
                alone = json.loads(self.predict(data, name, *options).stdout)
                expected = self.bytes_of(name)
                for ranks in (1, 2, 3, 7):
                    summary = json.loads(self.predict(data, name, *options, ranks=ranks).stdout)
                    self.assertEqual(summary, alone)
                    self.assertEqual(self.bytes_of(name), expected, f"{data} {name} at {ranks} ranks")

    def test_many_chunks(self):
        """More rows than are written at a time."""
        points = points_near(self.mixture, 300000)
        with h5py.File(self.data, "w") as file:
            file["points"] = points
        self.predict(self.data, "out.h5", "--responsibilities", "--log-density", ranks=2)
        self.check(self.mixture, points, "out.h5")
        self.predict(self.data, "out.csv", "--log-density", ranks=2)
        table = numpy.loadtxt(self.path("out.csv"), delimiter=",", skiprows=1)
        numpy.testing.assert_array_equal(table[:, 0], self.labels("out.h5"))
        with h5py.File(self.path("out.h5")) as file:
            numpy.testing.assert_array_equal(table[:, 1], file["log_density"][:])

    def test_compressed(self):
        """The same numbers in packed chunks, whose bytes do not depend on the ranks."""
        points = points_near(self.mixture, 300000)
        with h5py.File(self.data, "w") as file:
            file["points"] = points
        options = ("--responsibilities", "--log-density")
        self.predict(self.data, "plain.h5", *options)
        for ranks in (None, 2, 3):
            summary = json.loads(self.predict(self.data, "out.h5", *options, "--compress", 1, "--json",
                                              ranks=ranks).stdout)
            self.assertAlmostEqual(summary["mean_log_likelihood"], self.mixture.log_density(points).mean(), delta=1e-12)
            self.assertEqual(sum(summary["label_counts"]), 300000)
            if ranks is None:
                alone = self.bytes_of("out.h5")
            self.assertEqual(self.bytes_of("out.h5"), alone)
        with h5py.File(self.path("out.h5")) as packed, h5py.File(self.path("plain.h5")) as plain:
            self.assertEqual(sorted(packed), ["labels", "log_density", "responsibilities"])
            for name in packed:
                self.assertEqual(packed[name].compression, "gzip")
                self.assertEqual(packed[name].dtype, plain[name].dtype)
                numpy.testing.assert_array_equal(packed[name][:], plain[name][:])
        fit = ("fit", self.data, "-k", 1, "-q", "-o", self.path("one.h5"))
        self.succeed(*fit, "--labels", self.path("fit.h5"), "--compress", 1, ranks=2)
        self.predict(self.data, "out.h5", "--compress", 1, model=self.path("one.h5"))
        self.assertEqual(self.bytes_of("fit.h5"), self.bytes_of("out.h5"))
        self.fail_with(64, "--compress packs what --labels writes", *fit, "--compress", 1)
        self.fail_with(64, "fit.csv is text", *fit, "--labels", self.path("fit.csv"), "--compress", 1)
        self.fail_with(64, "out.csv is text", "predict", self.model, self.data, "-o", self.path("out.csv"),
                       "--compress", 1)
        self.fail_with(64, "--compress: 10 is above 9", "predict", self.model, self.data, "-o", self.path("out.h5"),
                       "--compress", 10)

    def test_csv(self):
        self.predict(self.data, "out.h5", "--responsibilities", "--log-density")
        self.predict(self.data, "out.csv", "--responsibilities", "--log-density", ranks=2)
        with open(self.path("out.csv"), newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], ["label", "responsibility_1", "responsibility_2", "responsibility_3", "log_density"])
        table = numpy.array(rows[1:], dtype=float)
        with h5py.File(self.path("out.h5")) as file:
            numpy.testing.assert_array_equal(table[:, 0], file["labels"][:])
            numpy.testing.assert_array_equal(table[:, 1:4], file["responsibilities"][:])
            numpy.testing.assert_array_equal(table[:, 4], file["log_density"][:])
        self.predict(self.data, "labels.tsv", "--log-density")
        with open(self.path("labels.tsv")) as file:
            self.assertEqual(file.readline(), "label\tlog_density\n")

    def test_json(self):
        run = self.predict(self.data, "out.h5", "--json", ranks=2)
        summary = json.loads(run.stdout)
        total = self.mixture.log_density(self.points).sum()
        self.assertEqual(summary["n_samples"], 1000)
        self.assertAlmostEqual(summary["log_likelihood"], total, delta=1e-9 * abs(total))
        self.assertAlmostEqual(summary["mean_log_likelihood"], total / 1000, delta=1e-12 * abs(total))
        self.assertEqual(summary["label_counts"], numpy.bincount(self.labels("out.h5"), minlength=3).tolist())
        self.assertEqual(summary["output"], self.path("out.h5"))

    def test_printed_counts(self):
        run = self.predict(self.data, "out.h5")
        for label, count in enumerate(numpy.bincount(self.labels("out.h5"), minlength=3)):
            self.assertRegex(run.stdout, rf"(?m)^ +{label} +{count} ")
        run = self.predict(self.data, "out.h5", "-q")
        self.assertEqual(run.stdout + run.stderr, "")

    def write_csv(self, name, header, columns):
        lines = [header] + [",".join(str(value) for value in row) for row in zip(*columns)]
        return self.write(name, "\n".join(lines) + "\n")

    def test_columns_by_name(self):
        """The model's features are found among others, in any order, text columns included."""
        self.predict(self.data, "expected.h5")
        ages, incomes = self.points.T
        who = ["x"] * 1000
        data = self.write_csv("named.csv", "Income,who,Age,other", (incomes, who, ages, ages + 1))
        run = self.predict(data, "out.h5", ranks=2)
        self.assertEqual(run.stderr, "")
        numpy.testing.assert_array_equal(self.labels("out.h5"), self.labels("expected.h5"))

    def test_columns_given(self):
        ages, incomes = self.points.T
        data = self.write_csv("other.csv", "years,pay,x", (ages, incomes, ages))
        run = self.predict(data, "out.h5", "--columns", "1,2", ranks=2)
        warnings = [line for line in run.stderr.splitlines() if line.startswith("gmmpi warning: ")]
        self.assertEqual(len(warnings), 1, run.stderr)
        self.assertRegex(warnings[0], "\"years\".*\"Age\"")
        self.predict(self.data, "expected.h5")
        numpy.testing.assert_array_equal(self.labels("out.h5"), self.labels("expected.h5"))

    def test_columns_that_do_not_fit(self):
        ages, incomes = self.points.T
        out = ("-o", self.path("out.h5"))
        swapped = self.write_csv("other.csv", "years,pay", (ages, incomes))
        self.fail_with(65, "other.csv.*\"years\".*model.h5.*\"Age\"", "predict", self.model, swapped, *out, ranks=2)
        many = self.write_csv("many.csv", "a,b,c", (ages, incomes, ages))
        self.fail_with(65, "many.csv: has 3 features, .*model.h5 was fitted to 2", "predict", self.model, many, *out)
        self.fail_with(65, "has 1 feature", "predict", self.model, many, "--columns", "a", *out)
        self.fail_with(65, "nothing", "predict", self.model, many, "--columns", "a,nothing", *out)
        self.assertNotIn("out.h5", os.listdir(self.folder))

    def test_missing(self):
        """One result per row that was kept, with the row it came from."""
        cells = [[str(value) for value in row] for row in self.points]
        for row in (0, 10, 700):
            cells[row][row % 2] = ""
        data = self.write("holes.csv", "Age,Income\n" + "".join(",".join(row) + "\n" for row in cells))
        self.fail_with(65, "holes.csv", "predict", self.model, data, "-o", self.path("out.h5"))
        kept = numpy.delete(numpy.arange(1000), (0, 10, 700))
        expected = self.mixture.log_joint(self.points[kept]).argmax(axis=1)
        for ranks in (None, 3):
            run = self.predict(data, "out.h5", "--missing", "drop", "--json", ranks=ranks)
            self.assertEqual(json.loads(run.stdout)["n_samples"], 997)
            self.assertEqual(json.loads(run.stdout)["n_dropped"], 3)
            numpy.testing.assert_array_equal(self.labels("out.h5"), expected)
            with h5py.File(self.path("out.h5")) as file:
                self.assertEqual(file["rows"].dtype, numpy.int64)
                numpy.testing.assert_array_equal(file["rows"][:], kept + 1)
            self.predict(data, "out.csv", "--missing", "drop", ranks=ranks)
            with open(self.path("out.csv")) as file:
                self.assertEqual(file.readline(), "label,row\n")
                self.assertEqual(file.readline(), f"{expected[0]},2\n")

    def test_far_points(self):
        """A point far from all components has a density, and one component is sure of it."""
        data = self.write("far.csv", "Age,Income\n1e6,-1e6\n-3e7,0\n")
        points = numpy.array([[1e6, -1e6], [-3e7, 0]])
        self.predict(data, "out.h5", "--responsibilities", "--log-density")
        self.check(self.mixture, points, "out.h5")

    def test_bad_input(self):
        out = ("-o", self.path("out.h5"))
        self.fail_with(66, "nothing.h5", "predict", self.path("nothing.h5"), self.data, *out, ranks=2)
        self.fail_with(66, "nothing.csv", "predict", self.model, self.path("nothing.csv"), *out, ranks=2)
        self.fail_with(65, "data.h5", "predict", self.data, self.data, *out)
        infinite = self.write("infinite.csv", "Age,Income\n1,2\n3,inf\n")
        self.fail_with(65, "infinite.csv.*3", "predict", self.model, infinite, *out, ranks=2)
        self.assertNotIn("out.h5", os.listdir(self.folder))

    def test_bad_output(self):
        """Outputs are tried before the data are read, and an older file stays when something fails."""
        self.fail_with(73, "no folder", "predict", self.model, self.path("no.csv"), "-o", self.path("no folder/out.h5"))
        self.fail_with(73, "folder", "predict", self.model, self.data, "-o", self.folder, ranks=2)
        for ranks in (None, 3):
            self.fail_with(73, "/dev/full", "predict", self.model, self.data, "-o", "/dev/full", ranks=ranks)
        self.fail_with(64, "overwrite", "predict", self.model, self.data, "-o", self.model, ranks=2)
        self.fail_with(64, "overwrite", "predict", self.model, self.data, "-o", self.data, ranks=2)
        self.fail_with(64, "-o is missing", "predict", self.model, self.data)
        self.write("out.h5", "older")
        bad = self.write("bad.csv", "Age,Income\n1,2\n3,four\n")
        self.fail_with(65, "bad.csv", "predict", self.model, bad, "-o", self.path("out.h5"))
        self.assertEqual(self.bytes_of("out.h5"), b"older")


if __name__ == "__main__":
    unittest.main()
