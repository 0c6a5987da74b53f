# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi sample: what the files hold, and that they are the same at any number of ranks."""

import csv
import os
import unittest

import h5py
import numpy

import harness
import mixtures


def content(path):
    with open(path, "rb") as file:
        return file.read()


class Sample(harness.Case):
    def setUp(self):
        super().setUp()
        self.mixture = mixtures.three_components()
        self.model = self.mixture.write(self.path("model.h5"))

    def draw(self, name, *options, ranks=None):
        self.succeed("sample", self.model, "-o", self.path(name), *options, ranks=ranks)
        return self.path(name)

    def test_moments(self):
        """Frequencies, means and covariances within 4.5 standard errors."""
        n = 60000
        with h5py.File(self.draw("points.h5", "-n", n, "--seed", 3)) as file:
            points, labels = file["points"][:], file["labels"][:]
            self.assertEqual(points.dtype, numpy.float64)
            self.assertEqual(labels.dtype, numpy.int32)
            names = [name.decode() for name in file["points"].attrs["feature_names"].astype("S")]
        self.assertEqual(names, ["Age", 'a "b", c'])
        for k, weight in enumerate(self.mixture.weights):
            own = points[labels == k]
            self.assertLess(abs(len(own) - n * weight), 4.5 * numpy.sqrt(n * weight * (1 - weight)))
            covariance = self.mixture.covariances[k]
            errors = numpy.sqrt(numpy.diag(covariance) / len(own))
            self.assertTrue((abs(own.mean(axis=0) - self.mixture.means[k]) < 4.5 * errors).all())
            variances = numpy.diag(covariance)
            errors = numpy.sqrt((numpy.outer(variances, variances) + covariance**2) / len(own))
            self.assertTrue((abs(numpy.cov(own.T, bias=True) - covariance) < 4.5 * errors).all())

    def test_ranks(self):
        for name in ("points.h5", "points.csv"):
            for n in (2, 1001):  # 2 points are fewer than ranks
                alone = content(self.draw(name, "-n", n))
                for ranks in (1, 2, 3, 7):
                    other = content(self.draw(f"{ranks} {name}", "-n", n, ranks=ranks))
                    self.assertEqual(other, alone, f"{name}, {n} points, {ranks} ranks")

    def test_compressed(self):
        """The same numbers in chunks, in files that are the same at any number of ranks."""
        with h5py.File(self.draw("plain.h5", "-n", 30001)) as file:
            plain = {name: file[name][:] for name in ("points", "labels")}
        files = [self.draw(f"{ranks}.h5", "-n", 30001, "--compress", "5", ranks=ranks) for ranks in (None, 1, 3, 4)]
        self.assertEqual(len({content(name) for name in files}), 1)
        with h5py.File(files[0]) as file:
            for name, numbers in plain.items():
                self.assertEqual((file[name].compression, file[name].compression_opts, file[name].shuffle), ("gzip", 5, True))
                numpy.testing.assert_array_equal(file[name][:], numbers)
        self.fail_with(64, "text by its name", "sample", self.model, "-n", "10", "-o", self.path("out.csv"), "--compress", "5")

    def test_many_chunks(self):
        """More numbers than are written at a time."""
        files = [self.draw(f"{ranks}.h5", "-n", 300000, ranks=ranks) for ranks in (1, 2)]
        self.assertEqual(content(files[0]), content(files[1]))
        with h5py.File(files[0]) as file:
            self.assertEqual(file["points"].shape, (300000, 2))
            self.assertTrue((file["points"][-1000:] != 0).all())

    def test_csv(self):
        """Text has the same numbers, quoted names and the label."""
        with h5py.File(self.draw("points.h5", "-n", 50, "--seed", 9)) as file:
            points, labels = file["points"][:], file["labels"][:]
        for name, delimiter in (("points.csv", ","), ("points.TSV", "\t"), ("points.txt", "\t")):
            with open(self.draw(name, "-n", 50, "--seed", 9), newline="") as file:
                rows = list(csv.reader(file, delimiter=delimiter))
            self.assertEqual(rows[0], ["Age", 'a "b", c', "label"])
            numpy.testing.assert_array_equal(numpy.array(rows[1:], dtype=float)[:, :2], points)
            numpy.testing.assert_array_equal(numpy.array(rows[1:], dtype=float)[:, 2], labels)

    def test_without_names(self):
        self.mixture.names = None
        self.mixture.write(self.model)
        with open(self.draw("points.csv", "-n", 1)) as file:
            self.assertEqual(file.readline(), "x1,x2,label\n")
        with h5py.File(self.draw("points.h5", "-n", 1)) as file:
            self.assertNotIn("feature_names", file["points"].attrs)

    def test_seed(self):
        contents = {seed: content(self.draw("p.csv", "-n", 5, "--seed", seed)) for seed in (0, 1, 2**64 - 1)}
        self.assertEqual(len(set(contents.values())), 3)
        self.assertEqual(content(self.draw("p.csv", "-n", 5)), contents[0])
        longer = content(self.draw("p.csv", "-n", 9))
        self.assertTrue(longer.startswith(contents[0]))

    def test_weight_zero_is_never_drawn(self):
        self.mixture.weights = numpy.array([0.0, 1.0, 0.0])
        self.mixture.write(self.model)
        with h5py.File(self.draw("points.h5", "-n", 5000)) as file:
            self.assertEqual(set(file["labels"][:]), {1})

    def test_replaces_older_output(self):
        self.write("points.csv", "older")
        self.draw("points.csv", "-n", 1)
        self.assertNotIn(b"older", content(self.path("points.csv")))
        self.assertEqual(sorted(os.listdir(self.folder)), ["model.h5", "points.csv"])

    def test_messages(self):
        run = self.succeed("sample", self.model, "-n", 3, "-o", self.path("a.h5"))
        self.assertIn("3 points", run.stdout)
        run = self.succeed("sample", self.model, "-n", 3, "-o", self.path("a.h5"), "-q")
        self.assertEqual(run.stdout + run.stderr, "")

    def test_wrong_usage(self):
        out = self.path("out.h5")
        for pattern, words in (
            ("-n is missing", ["-o", out]),
            ("-o is missing", ["-n", 1]),
            ("--n-samples: 0 is below 1; give an integer >?", ["-n", 0, "-o", out]),
            ("--n-samples: -5 is below 1", ["-n", -5, "-o", out]),
            ("--n-samples: \"1e3\" is no integer", ["-n", "1e3", "-o", out]),
            ("--seed: \"-1\" is no seed", ["-n", 1, "--seed", -1, "-o", out]),
            ("--seed: \"18446744073709551616\" is no seed", ["-n", 1, "--seed", 2**64, "-o", out]),
            ("overwrite", ["-n", 1, "-o", self.model]),
        ):
            self.fail_with(64, pattern, "sample", self.model, *words)
        self.fail_with(64, "overwrite", "sample", self.model, "-n", 1, "-o", self.model, ranks=2)
        self.assertEqual(os.listdir(self.folder), ["model.h5"])

    def test_bad_input(self):
        self.fail_with(66, "nothing.h5", "sample", self.path("nothing.h5"), "-n", 1, "-o", self.path("o.h5"), ranks=2)
        text = self.write("text.h5", "this is no model\n")
        self.fail_with(65, "text.h5", "sample", text, "-n", 1, "-o", self.path("o.h5"))
        self.assertFalse(os.path.exists(self.path("o.h5")))

    def test_bad_output(self):
        for out in (self.path("no folder/o.h5"), self.path("no folder/o.csv"), self.folder, "/dev/full"):
            self.fail_with(73, "cannot be written|is a folder", "sample", self.model, "-n", 100, "-o", out)
        self.fail_with(73, "cannot be written|is a folder", "sample", self.model, "-n", 100, "-o", "/dev/full", ranks=3)
        self.fail_with(64, "outputs are files", "sample", self.model, "-n", 100, "-o", "-")
        self.succeed("sample", self.model, "-n", 100, "-o", "/dev/null")
        self.assertTrue(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"))


if __name__ == "__main__":
    unittest.main()
