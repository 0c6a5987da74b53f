# SPDX-License-Identifier: BSD-3-Clause
"""--weights: rows that count more, less or not at all, from files of every kind to the model and the predictions."""

import gzip
import json
import os
import signal
import subprocess
import time
import unittest

import h5py
import numpy

import harness
import streaming

N = 600
START = {"weights": [0.5, 0.5], "means": [[0.0, 0.5], [4.0, 5.0]], "covariances": [[[1, 0], [0, 1]], [[2, 0], [0, 2]]]}


def rows():
    """Points, and how often each of them is there; some are not."""
    random = numpy.random.default_rng(1)
    points = numpy.concatenate([random.normal(0, 1, (N // 2, 2)), random.normal(5, 1.5, (N // 2, 2))])
    return points, random.integers(0, 4, N)


class RowWeights(streaming.Case):
    def setUp(self):
        super().setUp()
        self.points, self.counts = rows()
        self.data = self.table("w.csv", self.points, self.counts)
        self.start = self.write("start.json", json.dumps(START))

    def table(self, name, points, weights):
        lines = [",".join(map(repr, row)) + f",{weight}\n" for row, weight in zip(points.tolist(), weights)]
        return self.write(name, "a,b,w\n" + "".join(lines))

    def plain(self, name, points):
        return self.write(name, "a,b\n" + "".join(",".join(map(repr, row)) + "\n" for row in points.tolist()))

    def fit(self, *words, model="m.h5", ranks=None):
        """The bytes of a model from the same start by textbook EM, and the summary."""
        summary = self.summary("fit", *words, "-k", 2, "--init", self.start, "--accelerate", "none", "--reg-covar", 0,
                               "--tol", 1e-9, "-o", self.path(model), ranks=ranks)
        return self.bytes_of(model), summary

    def test_weights_are_repetitions(self):
        """A weight of 3 is three rows: likelihood, parameters and criteria; a weight is no feature, and counts in predictions."""
        _, weighted = self.fit(self.data, "--weights", "w")
        _, repeated = self.fit(self.plain("r.csv", numpy.repeat(self.points, self.counts, axis=0)), model="r.h5")
        for name in ("log_likelihood", "mean_log_likelihood", "bic", "aic", "icl"):
            numpy.testing.assert_allclose(weighted[name], repeated[name], rtol=1e-12, err_msg=name)
        self.assertEqual(weighted["n_iter"], repeated["n_iter"])
        self.assertEqual(weighted["sum_of_weights"], self.counts.sum())
        self.assertEqual((weighted["n_samples"], weighted["n_weightless"]), ((self.counts > 0).sum(), (self.counts == 0).sum()))
        with h5py.File(self.path("m.h5")) as one, h5py.File(self.path("r.h5")) as other:
            self.assertEqual(one.attrs["sum_of_weights"], self.counts.sum())
            for name in ("weights", "means", "covariances"):
                numpy.testing.assert_allclose(one[name], other[name], rtol=1e-9)
        found = self.summary("predict", self.path("m.h5"), self.data, "--weights", "w", "--log-density", "-o", self.path("p.h5"))
        with h5py.File(self.path("p.h5")) as file:
            density = file["log_density"][:]
        self.assertEqual((len(density), found["n_samples"], found["sum_of_weights"]), (N, N, self.counts.sum()))
        numpy.testing.assert_allclose(found["mean_log_likelihood"], numpy.average(density, weights=self.counts), rtol=1e-13)
        numpy.testing.assert_allclose(found["mean_log_likelihood"], weighted["mean_log_likelihood"], rtol=1e-12)

    def test_a_weight_of_zero_is_no_row(self):
        """The whole fit, with its search, as of the table without such rows, to the last bit; whatever stands in them."""
        there = self.counts > 0
        kept = self.table("kept.csv", self.points[there], self.counts[there])
        holes = self.points.copy()
        holes[~there] = [[numpy.nan, 1e300], [numpy.inf, 0.0]] * ((~there).sum() // 2) + [[-1e9, 0.0]] * ((~there).sum() % 2)
        holes = self.table("holes.csv", holes, self.counts)
        for more in ((), ("--transform", "standardize"), ("--init", "k-means++", "--covariance", "tied")):
            models = []
            for data, ranks in ((kept, None), (self.data, 3), (holes, None)):
                self.succeed("fit", data, "--weights", "w", "-k", 3, *more, "-q", "-o", self.path("m.h5"), ranks=ranks)
                models.append(self.bytes_of("m.h5"))
            self.assertEqual([model == models[0] for model in models], [True] * 3, more)
        few = self.table("few.csv", self.points[:5], [1, 0, 1, 0, 0])
        self.fail_with(65, "has 2 points, too few for 3 components", "fit", few, "--weights", "w", "-k", 3)
        self.succeed("fit", self.data, "--weights", "w", "-k", 2, "-q", "-o", self.path("m.h5"), "--labels", self.path("l.h5"))
        with h5py.File(self.path("l.h5")) as file:
            numpy.testing.assert_array_equal(file["rows"][:], numpy.flatnonzero(there) + 1)

    def test_where_weights_are(self):
        """A column by name or number, also one of a range of features; a file of every kind: the same model."""
        expected, _ = self.fit(self.data, "--weights", "w")
        points = self.plain("x.csv", self.points)
        text = self.write("w.txt", "count\n" + "".join(f"{count}\n" for count in self.counts))
        numpy.save(self.path("w.npy"), self.counts.astype("i2"))
        with h5py.File(self.path("x.h5"), "w") as file:
            for name in "ab":
                file.attrs[name] = 0
            file["points"] = self.points
            file["points"].attrs["feature_names"] = ["a", "b"]
            file["counts"] = self.counts
            file["turned"] = numpy.c_[self.points, self.counts].T
        with gzip.open(self.path("w.csv.gz"), "wb") as file:
            file.write(self.bytes_of("w.csv"))
        for words in ((self.data, "--weights", "3"), (self.data, "--columns", "1-3", "--weights", "w"), (points, "--weights", text),
                      (points, "--weights", self.path("w.npy")), (points, "--weights", self.path("x.h5") + ":/counts"),
                      (self.path("w.csv.gz"), "--weights", "w")):
            self.assertEqual(self.fit(*words)[0], expected, words)
        for words in ((self.path("x.h5") + ":/points", "--weights", self.path("x.h5") + ":/counts"),
                      (self.path("x.h5") + ":/turned", "--transpose", "--weights", "3")):
            self.assertEqual(self.fit(*words)[1]["log_likelihood"], self.fit(self.data, "--weights", "w")[1]["log_likelihood"], words)

    def test_what_is_none(self):
        """Each says what is wrong, and where: the line of a text, the row of anything else."""
        def changed(line, cell, name="bad.csv"):
            lines = self.bytes_of("w.csv").decode().splitlines()
            lines[line - 1] = lines[line - 1].rsplit(",", 1)[0] + "," + cell
            return self.write(name, "\n".join(lines) + "\n")

        def refused(status, pattern, *words, ranks=None):
            self.fail_with(status, pattern, "fit", *words, "-k", 2, "-o", self.path("m.h5"), ranks=ranks)

        refused(65, "bad.csv: line 400, column w: the weight -2 is negative", changed(400, "-2"), "--weights", "w", ranks=3)
        refused(65, "bad.csv: line 9, column w: the weight is missing", changed(9, ""), "--weights", "w", "--missing", "drop")
        refused(65, "bad.csv: line 9, column w: is infinite", changed(9, "inf"), "--weights", "w", "--infinite", "drop")
        refused(65, "w.csv: --weights x is neither a column of it nor a file that can be read; its columns are a, b, w", self.data, "--weights", "x")
        refused(65, "no column is left for the features", self.data, "--weights", "b", "--columns", "b")
        refused(64, "there are none; give --weights too", self.data, "--weights-sum", "n")
        points = self.plain("x.csv", self.points)
        refused(65, "w.csv: has 3 columns; give a file with one weight a row", points, "--weights", self.data)
        numpy.save(self.path("w.npy"), self.counts[:-3])
        refused(65, f"w.npy: has {N - 3} rows for {N} rows of .*x.csv", points, "--weights", self.path("w.npy"), ranks=2)
        numpy.save(self.path("w.npy"), numpy.where(numpy.arange(N) == 7, -1, self.counts))
        refused(65, "w.npy: row 8, column 1: the weight -1 is negative", points, "--weights", self.path("w.npy"), ranks=3)
        numpy.save(self.path("w.npy"), 0 * self.counts)
        refused(65, "all weights are 0", points, "--weights", self.path("w.npy"), ranks=2)
        numpy.save(self.path("w.npy"), 1e-300 * self.counts)
        for rule in ("own", "n"):
            refused(65, r"its weights sum to .*, less than 1e-100", points, "--weights", self.path("w.npy"), "--weights-sum", rule, ranks=2)
        numpy.save(self.path("w.npy"), self.counts + (1 << 24))
        refused(65, "would be another number in single precision", points, "--weights", self.path("w.npy"), "--precision", "single")
        self.fail_with(64, "w.npy would overwrite", "fit", points, "--weights", self.path("w.npy"), "-k", 2, "-o", self.path("w.npy"))
        self.fit(self.data, "--weights", "w")
        self.fail_with(65, "all weights are 0", "predict", self.path("m.h5"), self.table("z.csv", self.points, 0 * self.counts),
                       "--weights", "w", "-o", self.path("p.h5"))
        self.fail_with(65, 'column "b" is a feature of .*m.h5', "predict", self.path("m.h5"), self.data, "--weights", "b", "-o", self.path("p.h5"))

    def test_relative_weights(self):
        """Weights that sum to 1 are a warning; rescaled they sum to the number of rows, and any factor is the same."""
        shares = self.table("shares.csv", self.points, self.counts / self.counts.sum())
        run = self.succeed("fit", shares, "--weights", "w", "-k", 2, "-q", "--init", self.start, "-o", self.path("m.h5"))
        self.assertIn("sum to 1, and are no whole numbers", run.stderr)
        _, counted = self.fit(self.data, "--weights", "w")
        self.assertEqual(counted["warnings"], [])
        n = (self.counts > 0).sum()
        for data in (shares, self.data):
            _, found = self.fit(data, "--weights", "w", "--weights-sum", "n")
            self.assertEqual((found["sum_of_weights"], found["n_samples"], found["warnings"]), (n, n, []))
            numpy.testing.assert_allclose(found["mean_log_likelihood"], counted["mean_log_likelihood"], rtol=1e-9)
            numpy.testing.assert_allclose(found["bic"], 11 * numpy.log(n) - 2 * found["log_likelihood"], rtol=1e-13)
        once = self.summary("predict", self.path("m.h5"), shares, "--weights", "w", "-o", self.path("p.csv"))
        numpy.testing.assert_allclose(once["mean_log_likelihood"], found["mean_log_likelihood"], rtol=1e-12)

    def test_relative_weights_on_ranks(self):
        """A search on ranks, which gathers the points, rounds the rescaled sum as a search on one does."""
        random = numpy.random.default_rng(5)
        points = numpy.concatenate([random.normal(size=(200, 2)) + centre for centre in ([0, 0], [4, 1], [-2, 5])])
        weights = 7.0 * random.integers(0, 4, 600)
        n = float((weights > 0).sum())
        self.assertNotEqual(n / weights.sum() * weights.sum(), n)
        words = ("fit", self.table("times.csv", points, weights), "--weights", "w", "--weights-sum", "n", "-k", 3, "-q")
        self.succeed(*words, "-o", self.path("one.h5"))
        self.succeed(*words, "-o", self.path("two.h5"), ranks=2)
        self.assertEqual(self.bytes_of("one.h5"), self.bytes_of("two.h5"))

    def test_held_and_streamed(self):
        """The same model, held and streamed, on one rank and three, from a file of rows with weights and from two."""
        n = 200000
        random = numpy.random.default_rng(2)
        points = random.normal(size=(n, 6)) + 4.0 * (numpy.arange(n) % 2)[:, None]
        weights = random.integers(0, 3, n)
        with h5py.File(self.path("d.h5"), "w") as file:
            file["x"] = points
            file["w"] = weights
            file["xw"] = numpy.c_[points, weights]
        beside = (self.path("d.h5") + ":/x", "--weights", self.path("d.h5") + ":/w")
        words = ("-k", 2, "--max-iter", 3, "-o", self.path("m.h5"))
        self.succeed("fit", self.path("d.h5") + ":/xw", "--weights", 7, *words)
        expected = self.bytes_of("m.h5")
        self.succeed("fit", *beside, *words, "--threads", 2, ranks=3)
        self.assertEqual(self.bytes_of("m.h5"), expected)
        self.streaming("fit", *beside, *words)
        self.assertEqual(self.bytes_of("m.h5"), expected)

    def test_restart(self):
        """Weights are part of what a checkpoint is of; with the same ones a job goes on where it stopped."""
        words = ("-k", 2, "--init", self.start, "--accelerate", "none", "--tol", 0, "-q", "-o", self.path("m.h5"))
        checkpoint = self.path("m.h5.checkpoint")
        job = subprocess.Popen(harness.command(None, "fit", self.data, "--weights", "w", *words, "--max-iter", 10**9, "--checkpoint-every", 3),
                               stderr=subprocess.DEVNULL)
        while not os.path.exists(checkpoint) and job.poll() is None:
            time.sleep(0.01)
        job.send_signal(signal.SIGTERM)
        self.assertEqual(job.wait(harness.PATIENCE), 75)
        words += ("--max-iter", self.summary("info", checkpoint)["iteration"] + 5)
        other = self.table("other.csv", self.points, numpy.where(self.counts == 2, 3, self.counts))
        for data, weights in ((other, ("--weights", "w")), (self.data, ("--weights", "w", "--weights-sum", "n"))):
            self.fail_with(65, "m.h5.checkpoint: ", "fit", data, *weights, *words, "--restart", checkpoint)
        self.succeed("fit", self.data, "--weights", "w", *words, "--restart", checkpoint, ranks=2)
        resumed = self.bytes_of("m.h5")
        self.succeed("fit", self.data, "--weights", "w", *words)
        self.assertEqual(self.bytes_of("m.h5"), resumed)


if __name__ == "__main__":
    unittest.main()
