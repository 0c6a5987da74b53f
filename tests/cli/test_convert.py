# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi convert: the file it writes against h5py and numpy, what other commands make of it, and its refusals."""

import json
import os
import pty
import re
import subprocess
import unittest

import h5py
import numpy

import harness


def numbers(n_rows, n_columns, seed=0):
    return numpy.random.default_rng(seed).normal(size=(n_rows, n_columns)) * 100


class Convert(harness.Case):
    def write_csv(self, name, points, names=None, cells=None):
        """Numbers as text that says all of their bits; cells replaces some by other text."""
        lines = [",".join(names)] if names else []
        for i, row in enumerate(points):
            lines.append(",".join((cells or {}).get((i, j), repr(float(value))) for j, value in enumerate(row)))
        return self.write(name, "\n".join(lines) + "\n")

    def converted(self, data, *options, ranks=None, out="out.h5"):
        self.succeed("convert", data, self.path(out), *options, ranks=ranks)
        with h5py.File(self.path(out)) as file:
            self.assertEqual(list(file), ["points"])
            return file["points"][:]

    def names(self, out="out.h5"):
        with h5py.File(self.path(out)) as file:
            return list(file["points"].attrs["feature_names"])

    def test_csv(self):
        points = numbers(20011, 3)
        data = self.write_csv("x.csv", points, ["a", '"b, or c"', "é"])
        for ranks in (None, 3):
            read = self.converted(data, ranks=ranks)
            self.assertEqual(read.dtype, numpy.float64)
            numpy.testing.assert_array_equal(read, points)
            self.assertEqual(self.names(), ["a", "b, or c", "é"])

    def test_npy(self):
        points = numbers(5000, 4)
        numpy.save(self.path("x.npy"), points.astype(">f4").T.copy().T)
        numpy.testing.assert_array_equal(self.converted(self.path("x.npy"), ranks=2), points.astype("f4"))
        with h5py.File(self.path("out.h5")) as file:
            self.assertNotIn("feature_names", file["points"].attrs)

    def test_columns(self):
        points = numbers(100, 3)
        data = self.write_csv("x.csv", points, ["a", "text", "c"], {(i, 1): "word" for i in range(100)})
        numpy.testing.assert_array_equal(self.converted(data, "--columns", "c,a"), points[:, [2, 0]])
        self.assertEqual(self.names(), ["c", "a"])
        os.rename(self.path("out.h5"), self.path("first.h5"))
        numpy.testing.assert_array_equal(self.converted(self.path("first.h5"), "--columns", "a"), points[:, :1])
        self.assertEqual(self.names(), ["a"])

    def test_single_precision(self):
        points = numbers(5000, 3)
        numpy.save(self.path("x.npy"), points)
        read = self.converted(self.path("x.npy"), "--precision", "single", ranks=2)
        self.assertEqual(read.dtype, numpy.float32)
        numpy.testing.assert_array_equal(read, points.astype(numpy.float32))
        points[700, 1] = 1e39
        numpy.save(self.path("x.npy"), points)
        self.fail_with(65, "row 701, column 2: 1e\\+39 is too large for single precision", "convert",
                       self.path("x.npy"), self.path("other.h5"), "--precision", "single", ranks=2)

    def test_many_features(self):
        """More names than an attribute within an object's header has room for."""
        points = numbers(3, 7000)
        names = [f"feature number {j}" for j in range(7000)]
        data = self.write_csv("x.csv", points, names)
        numpy.testing.assert_array_equal(self.converted(data), points)
        self.assertEqual(self.names(), names)
        run = self.summary("info", self.path("out.h5"))
        self.assertEqual(run["feature_names"], names)

    def test_settings_of_text(self):
        """What the user says about text is heeded, of one file and of several: a first line of numbers may be a header."""
        self.write("part-1.csv", "1;2\n3;4\n5;6\n")
        self.write("part-2.csv", "1;2\n7;8\n")
        for data, rows in (("part-1.csv", [[3, 4], [5, 6]]), ("part-*.csv", [[3, 4], [5, 6], [7, 8]])):
            for ranks in (None, 2):
                numpy.testing.assert_array_equal(self.converted(self.path(data), "--header", "yes", ranks=ranks), rows)
                self.assertEqual(self.names(), ["1", "2"])
                os.remove(self.path("out.h5"))
            read = self.converted(self.path(data), "--header", "no", "--delimiter", ";")
            self.assertEqual(len(read), len(rows) + (1 if data == "part-1.csv" else 2))
            os.remove(self.path("out.h5"))
            self.fail_with(65, "part-1.csv: line 1, column 1: \"1;2\" is not a number", "convert", self.path(data), self.path("out.h5"), "--header", "no",
                           "--delimiter", ",")

    def test_missing(self):
        """Rows with gaps are refused or left out, whichever rank has them."""
        points = numbers(30000, 2)
        gaps = {(i, i % 2): "" for i in (0, 4095, 4096, 9999, 29999)} | {(i, 0): "NA" for i in range(12000, 21000)}
        data = self.write_csv("x.csv", points, ["a", "b"], gaps)
        kept = numpy.delete(points, sorted({row for row, _ in gaps}), axis=0)
        for ranks in (None, 3):
            self.fail_with(65, "x.csv: 9005 values are missing, the first one: line 2, column a", "convert", data,
                           self.path("out.h5"), ranks=ranks)
            self.assertNotIn("out.h5", os.listdir(self.folder))
        for ranks in (None, 2, 5):
            numpy.testing.assert_array_equal(self.converted(data, "--missing", "drop", ranks=ranks), kept)
            os.remove(self.path("out.h5"))
        summary = self.summary("convert", data, self.path("out.h5"), "--missing", "drop", ranks=2)
        self.assertEqual((summary["n_samples"], summary["n_dropped"], summary["n_features"]), (len(kept), 9005, 2))
        nothing = self.write_csv("nothing.csv", points[:2], ["a", "b"], {(0, 0): "", (1, 1): "nan"})
        self.fail_with(65, "nothing.csv: every row has a missing value", "convert", nothing, self.path("none.h5"),
                       "--missing", "drop")

    def test_first_bad_row(self):
        """The same message at any number of ranks."""
        points = numbers(30000, 2)
        data = self.write_csv("x.csv", points, ["a", "b"], {(9000, 1): "inf", (25000, 0): "word", (29000, 1): "-inf"})
        for ranks in (None, 2, 5):
            self.fail_with(65, "x.csv: line 9002, column b: is infinite", "convert", data, self.path("out.h5"),
                           ranks=ranks)
            self.fail_with(65, "x.csv: line 25002, column a: \"word\" is not a number", "convert", data,
                           self.path("out.h5"), "--columns", "a", ranks=ranks)
        self.assertEqual(sorted(os.listdir(self.folder)), ["x.csv"])

    def test_same_bytes(self):
        points = numbers(70001, 3)
        data = self.write_csv("x.csv", points, ["a", "b", "c"])
        self.converted(data, out="alone.h5")
        for ranks in (1, 2, 3, 7):
            self.converted(data, ranks=ranks)
            self.assertEqual(self.bytes_of("out.h5"), self.bytes_of("alone.h5"))

    def test_compressed(self):
        """Chunks that h5py unpacks to the numbers, small where the numbers are simple; the same bytes from any ranks."""
        simple = numpy.random.default_rng(3).integers(0, 10, (300001, 3)).astype(float)
        for name, points, share in (("simple", simple, 0.2), ("random", numbers(20011, 5), 1.1),
                                    ("one", numbers(1, 2), None), ("wide", numbers(5000, 300), 1.1)):
            numpy.save(self.path(name + ".npy"), points)
            numpy.testing.assert_array_equal(
                self.converted(self.path(name + ".npy"), "--compress", 4, out="alone.h5"), points)
            with h5py.File(self.path("alone.h5")) as file:
                self.assertEqual((file["points"].compression, file["points"].compression_opts), ("gzip", 4))
                self.assertTrue(file["points"].shuffle)
                self.assertLessEqual(numpy.prod(file["points"].chunks) * 8, 2**20)
            if share is not None:
                self.assertLess(len(self.bytes_of("alone.h5")), share * points.nbytes)
            for ranks in (2, 3, 7) if name == "simple" else (3,):
                self.converted(self.path(name + ".npy"), "--compress", 4, ranks=ranks)
                self.assertEqual(self.bytes_of("out.h5"), self.bytes_of("alone.h5"), f"{name} at {ranks} ranks")
        numpy.testing.assert_array_equal(
            self.converted(self.path("alone.h5"), "--compress", 9, "--precision", "single", out="single.h5", ranks=2),
            numbers(5000, 300).astype(numpy.float32))

    def test_compressed_text(self):
        """Text, of which parts are read in another order than theirs, with rows left out; the first bad row of several."""
        points = numbers(200000, 4).round(2)
        names = ["a", "b", "c", "d"]
        gaps = {(i, 1): "" for i in range(1000, 150000, 17)}
        data = self.write_csv("x.csv", points, names, gaps)
        kept = numpy.delete(points, [row for row, _ in gaps], axis=0)
        for ranks in (None, 3):
            numpy.testing.assert_array_equal(
                self.converted(data, "--compress", 1, "--missing", "drop", ranks=ranks), kept)
            os.remove(self.path("out.h5"))
        data = self.write_csv("x.csv", points, names, {(9000, 1): "inf", (190000, 0): "", (100000, 0): "NA"})
        for ranks in (None, 3):
            self.fail_with(65, "x.csv: line 9002, column b: is infinite", "convert", data, self.path("out.h5"),
                           "--compress", 1, ranks=ranks)
            self.fail_with(65, "x.csv: 2 values are missing, the first one: line 100002, column a", "convert", data,
                           self.path("out.h5"), "--compress", 1, "--columns", "a", ranks=ranks)
        self.assertEqual(sorted(os.listdir(self.folder)), ["x.csv"])

    def test_same_model(self):
        """A fit to the file is a fit to the text, and predict finds the features by name."""
        points = numbers(600, 2) + 500 * (numpy.arange(600) % 2)[:, None]
        data = self.write_csv("x.csv", points, ["a", "b"])
        self.succeed("convert", data, self.path("x.h5"))
        for kind in ("csv", "h5"):
            self.succeed("fit", self.path("x." + kind), "-k", 2, "-o", self.path(kind + ".model"), "-q")
        self.assertEqual(self.bytes_of("csv.model"), self.bytes_of("h5.model"))
        self.converted(data, "--columns", "b,a", out="swapped.h5")
        self.assertEqual(self.summary("predict", self.path("csv.model"), self.path("swapped.h5"), "-o",
                                      self.path("labels.h5"))["label_counts"], [300, 300])

    def test_progress(self):
        """One line that is rewritten, on terminals only."""
        data = self.write_csv("x.csv", numbers(1000, 2))
        run = self.succeed("convert", data, self.path("out.h5"))
        self.assertEqual(run.stderr, "")
        self.assertRegex(run.stdout, "out.h5: 1000 points of 2 features as float64\n  from .*x.csv: 1000 rows of 2 columns; first row .*\n$")
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        os.mkfifo(self.path("slow.csv"))
        job = subprocess.Popen(harness.command(None, "convert", self.path("slow.csv"), self.path("out.h5")), stderr=theirs,
                               stdout=subprocess.DEVNULL, env=dict(os.environ, TERM="xterm"))
        os.close(theirs)
        with open(data, "rb") as file, open(self.path("slow.csv"), "wb") as pipe:
            shown = os.read(ours, 10000).decode()  # while nothing is sent
            pipe.write(file.read())
        self.assertEqual(job.wait(timeout=harness.PATIENCE), 0)
        while not shown.endswith("\r\x1b[K"):
            shown += os.read(ours, 10000).decode()
        self.assertRegex(shown, r"^\r[^\r]*receiving slow.csv")
        self.assertNotIn("\n", shown)

    def test_refusals(self):
        data = self.write_csv("x.csv", numbers(10, 2))
        self.fail_with(64, "usage: gmmpi convert DATA OUT.h5", "convert", data)
        self.fail_with(64, "out.csv would be text by its name", "convert", data, self.path("out.csv"))
        self.fail_with(66, "nothing.csv", "convert", self.path("nothing.csv"), self.path("out.h5"), ranks=2)
        self.fail_with(73, "no folder", "convert", data, self.path("no folder/out.h5"), ranks=2)
        self.fail_with(73, "/dev/full", "convert", data, "/dev/full", ranks=2)
        self.write("out.h5", "older")
        bad = self.write("bad.csv", "1,2\n3,four\n")
        self.fail_with(65, "bad.csv", "convert", bad, self.path("out.h5"))
        self.assertEqual(self.bytes_of("out.h5"), b"older")
        self.converted(data)
        os.link(self.path("out.h5"), self.path("same.h5"))
        self.fail_with(64, "same.h5 would overwrite an input", "convert", self.path("out.h5"), self.path("same.h5"),
                       ranks=2)
        self.assertEqual(json.loads(self.succeed("info", self.path("out.h5"), "--json").stdout)["n_samples"], 10)


if __name__ == "__main__":
    unittest.main()
