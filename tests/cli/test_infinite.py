# SPDX-License-Identifier: BSD-3-Clause
"""--infinite drop: rows with infinite values are left out by all commands, held and streamed, apart from --missing; what is left is
what numpy leaves."""

import json
import unittest

import h5py
import numpy

import harness
import streaming

N = 400000  # more than the smallest memory that streams them

WORDS = ("-k", 2, "--max-iter", 5, "--no-coarse-to-fine", "--init", "random_from_data")


def points():
    values = numpy.random.default_rng(8).normal(size=(N, 4))
    values[[0, 7, 4095, 4096, 30000, N - 1], [0, 1, 2, 3, 0, 1]] = numpy.inf
    values[[8, 20001], [3, 0]] = -numpy.inf
    values[N // 2 :: 9500] = -numpy.inf
    return values


class Infinite(streaming.Case):
    def put(self, name, values):
        numpy.save(self.path(name), values)
        return self.path(name)

    def model(self, *arguments, ranks=None):
        summary = self.summary("fit", *arguments, *WORDS, "-o", self.path("m.h5"), ranks=ranks)
        return self.parameters(), summary

    def parameters(self):
        with h5py.File(self.path("m.h5")) as file:
            return [file[name][:] for name in ("weights", "means", "covariances")]

    def test_fit(self):
        """The same bits as of what numpy leaves, held and streamed."""
        values = points()
        finite = numpy.isfinite(values).all(axis=1)
        data = self.put("x.npy", values)
        expected, _ = self.model(self.put("kept.npy", values[finite]))
        for streams, ranks in ((False, 1), (False, 3), (True, 1), (True, 3)):
            words = ("--infinite", "drop", *WORDS, "-o", self.path("m.h5"), "--json")
            if streams:
                run, _ = self.streaming("fit", data, *words, ranks=ranks)
            else:
                run = self.succeed("fit", data, *words, ranks=ranks)
            for a, b in zip(expected, self.parameters()):
                numpy.testing.assert_array_equal(a, b)
            summary = json.loads(run.stdout)
            self.assertEqual((summary["n_dropped"], summary["n_infinite"]), (N - finite.sum(), N - finite.sum()))

    def test_with_missing_values(self):
        """A row with both goes for its infinity; a missing value elsewhere is what --missing makes of it."""
        values = points()
        values[7, 0] = values[30000] = numpy.nan
        values[30000, 0] = numpy.inf
        data = self.put("x.npy", values)
        n_infinite = int(numpy.isinf(values).any(axis=1).sum())
        for ranks in (None, 3):
            self.assertEqual(self.model(data, "--infinite", "drop", ranks=ranks)[1]["n_dropped"], n_infinite)
        values[100, 1] = numpy.nan
        data = self.put("x.npy", values)
        self.fail_with(65, "1 value is missing.*: row 101, column 2", "fit", data, "-k", 1, "--infinite", "drop", ranks=3)
        self.fail_with(65, "row 1, column 1: is infinite; .*--infinite drop", "fit", data, "-k", 1, "--missing", "drop", ranks=3)
        summary = self.model(data, "--infinite", "drop", "--missing", "drop", ranks=2)[1]
        self.assertEqual((summary["n_dropped"], summary["n_infinite"]), (n_infinite + 1, n_infinite))

    def test_convert_and_predict(self):
        values = points()[:9000]
        finite = numpy.isfinite(values).all(axis=1)
        rows = "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
        for data in (self.put("x.npy", values), self.write("x.csv", rows)):
            for ranks in (None, 3):
                run = self.succeed("convert", data, self.path("out.h5"), "--infinite", "drop", ranks=ranks)
                self.assertIn(f"{9000 - finite.sum()} rows were left out for infinite values", run.stdout)
                with h5py.File(self.path("out.h5")) as file:
                    numpy.testing.assert_array_equal(file["points"][:], values[finite])
        self.model(self.path("out.h5"))
        self.succeed("predict", self.path("m.h5"), self.path("x.npy"), "-o", self.path("labels.h5"), "--infinite", "drop", ranks=2)
        with h5py.File(self.path("labels.h5")) as file:
            numpy.testing.assert_array_equal(file["rows"][:], numpy.flatnonzero(finite) + 1)

    def test_nothing_left(self):
        data = self.write("x.csv", "1,inf\n-inf,2\n")
        for command in (("fit", data, "-k", 1), ("convert", data, self.path("o.h5"))):
            self.fail_with(65, "every row has an infinite value", *command, "--infinite", "drop", ranks=3)

    def test_too_large(self):
        """What is too large stands for something, mostly."""
        data = self.write("x.csv", "1,2\n1.0000000001e305,2\n")
        self.fail_with(65, r"line 2, column 1: 1.0000000001e\+305 is too large.*--missing-values 1.0000000001e\+305$", "fit", data,
                       "-k", 1)


if __name__ == "__main__":
    unittest.main()
