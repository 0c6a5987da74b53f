# SPDX-License-Identifier: BSD-3-Clause
"""--transform: features that are transformed before they are fitted. What is right is numpy's of the same numbers."""

import json
import unittest

import h5py
import numpy

import harness


class Transform(harness.Case):
    def setUp(self):
        super().setUp()
        rng = numpy.random.default_rng(3)
        group = rng.integers(2, size=900)
        self.points = numpy.column_stack([10.0 ** rng.normal(group * 2, 0.3), rng.normal(group * 400, 60),
                                          rng.normal(1000 + 3 * group, 1)])
        self.data = self.table("data.csv", self.points)

    def table(self, name, points):
        rows = "".join(",".join(map(repr, map(float, row))) + "\n" for row in points)
        return self.write(name, "mass,CD3,age\n" + rows)

    def model(self, name):
        with h5py.File(self.path(name)) as file:
            return {key: file[key][...] for key in file}, dict(file.attrs)

    def fit(self, data, *options, output="m.h5", ranks=None):
        return self.summary("fit", data, "-k", 2, *options, "-o", self.path(output), ranks=ranks)

    def test_same_as_numpy(self):
        transformed = self.points.copy()
        transformed[:, 0] = numpy.log10(transformed[:, 0])
        transformed[:, 1] = numpy.arcsinh(transformed[:, 1] / 5)
        means, deviations = transformed.mean(axis=0), transformed.std(axis=0)
        standardized = (transformed - means) / deviations
        ours = self.fit(self.data, "--transform", "log10:mass,arcsinh=5:CD3,standardize")
        plain = self.fit(self.table("plain.csv", standardized), output="p.h5")
        self.assertAlmostEqual(ours["mean_log_likelihood"], plain["mean_log_likelihood"], delta=1e-9)
        numbers, about = self.model("m.h5")
        expected = self.model("p.h5")[0]["means"]
        by_mass = [means[means[:, 0].argsort()] for means in (numbers["means"], expected)]  # which one is first is chance
        numpy.testing.assert_allclose(*by_mass, atol=1e-6)
        texts = list(about["transforms"])
        self.assertEqual([text.split("=")[0] for text in texts], ["log10,standardize", "arcsinh", "standardize"])
        for text, mean, deviation in zip(texts, means, deviations):
            shift, scale = map(float, text.rsplit("=", 1)[1].split(":"))
            self.assertAlmostEqual(shift, mean, delta=1e-12 * max(1, abs(mean)))
            self.assertAlmostEqual(scale, deviation, delta=1e-12 * deviation)
        self.assertTrue(any("log10" in note for note in ours["data"]["notes"]))

    def test_ranks_and_several_files(self):
        """The same bytes at any number of ranks, and from the same rows in two files."""
        options = ["--transform", "log10:mass,standardize"]
        self.fit(self.data, *options)
        self.fit(self.data, *options, output="three.h5", ranks=3)
        self.table("part-1.csv", self.points[:500])
        self.table("part-2.csv", self.points[500:])
        self.fit(self.path("part-*.csv"), *options, output="parts.h5", ranks=2)
        whole = self.bytes_of("m.h5")
        self.assertEqual(whole, self.bytes_of("three.h5"))
        self.assertEqual(whole, self.bytes_of("parts.h5"))

    def test_what_a_model_is_for(self):
        fitted = self.fit(self.data, "--transform", "log10:mass,standardize:age", "--labels", self.path("l.csv"))
        predicted = json.loads(self.succeed("predict", "--json", self.path("m.h5"), self.data, "-o", self.path("p.csv"),
                                            ranks=2).stdout)
        self.assertAlmostEqual(predicted["mean_log_likelihood"], fitted["mean_log_likelihood"], delta=1e-12)
        self.assertEqual(self.bytes_of("l.csv"), self.bytes_of("p.csv"))
        self.succeed("sample", self.path("m.h5"), "-n", 4000, "-o", self.path("s.csv"))
        drawn = numpy.loadtxt(self.path("s.csv"), delimiter=",", skiprows=1)[:, :3]
        for j in (1, 2):
            self.assertAlmostEqual(drawn[:, j].mean(), self.points[:, j].mean(), delta=0.1 * self.points[:, j].std())
        self.assertAlmostEqual(numpy.median(numpy.log10(drawn[:, 0])), numpy.median(numpy.log10(self.points[:, 0])), delta=0.2)
        text = self.succeed("info", self.path("m.h5")).stdout
        self.assertIn("means in the units of the data", text)
        logs = self.model("m.h5")[0]["means"][:, 0]
        for mean in logs:
            self.assertIn("%.6g" % 10.0 ** mean, text)

    def test_a_start_has_its_transforms(self):
        first = self.fit(self.data, "--transform", "log10:mass,standardize")
        again = self.fit(self.table("half.csv", self.points[::2]), "--init", self.path("m.h5"), "--max-iter", 0, output="a.h5")
        self.assertEqual(list(self.model("a.h5")[1]["transforms"]), list(self.model("m.h5")[1]["transforms"]))
        self.assertAlmostEqual(again["mean_log_likelihood"], first["mean_log_likelihood"], delta=0.2)
        start = self.write("start.json", self.succeed("info", "--json", self.path("m.h5")).stdout)
        from_json = self.fit(self.path("half.csv"), "--init", start, "--max-iter", 0, output="j.h5")
        self.assertEqual(from_json["log_likelihood"], again["log_likelihood"])
        self.fail_with(65, "was fitted as log10", "fit", self.data, "-k", 2, "--init", self.path("m.h5"), "--transform", "sqrt:mass",
                    "-o", self.path("x.h5"))

    def test_spellings(self):
        for options, texts in [("arcsinh:5", ["arcsinh=5"] * 3), ("arcsinh=2:3", ["", "", "arcsinh=2"]),
                               ('sqrt:"mass"', ["sqrt", "", ""]), ("log1p:mass,log:age", ["log1p", "", "log"])]:
            self.fit(self.data, "--transform", options)
            self.assertEqual(list(self.model("m.h5")[1]["transforms"]), texts)

    def test_refused(self):
        for status, message, *words in [
                (65, "column CD3: log10 of -", "--transform", "log10:CD3"), (64, "is no transform", "--transform", "cube:age"),
                (64, "is no transform", "--transform", "log10=2:age"), (64, "is no transform", "--transform", ""),
                (64, "two functions", "--transform", "log10:mass,sqrt:mass"), (65, 'no column "Mass"', "--transform", "log10:Mass"),
                (64, "periodic", "--period", "angle=360")]:
            self.fail_with(status, message, "fit", self.data, "-k", 2, *words, "-o", self.path("x.h5"))
        third = self.write("third.csv", "a,b\n" + "".join("%r,%d\n" % (i / 3 - 1 / 3, i * i % 11) for i in range(20)))
        run = self.fail_with(65, "line 2, column a: sqrt of -0.3333333333333333 is", "fit", third, "-k", 1, "--transform", "sqrt:a",
                             "-o", self.path("x.h5"))
        advice = run.stderr.split("leave such rows out with ")[1].split()
        self.assertEqual(self.fit(third, "--transform", "sqrt:a", *advice)["n_samples"], 19)
        self.fit(self.data)
        self.fail_with(64, "the model knows", "predict", self.path("m.h5"), self.data, "--transform", "log10", "-o", self.path("x.h5"))
        self.fail_with(64, "give it to gmmpi fit", "convert", self.data, self.path("x.h5"), "--transform", "log10:mass")
        kept = self.fit(self.write("zero.csv", "a,b\n0,1\n" + "".join("%g,%g\n" % (1 + i % 7, i) for i in range(40))),
                        "--transform", "log10:a", "--missing-values", "0", "--missing", "drop")
        self.assertEqual(kept["n_samples"], 39)  # the row of the 0; no other cell is 0 but b's first
        self.assertEqual(kept["n_dropped"], 2)


if __name__ == "__main__":
    unittest.main()
