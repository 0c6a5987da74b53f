# SPDX-License-Identifier: BSD-3-Clause
"""The same model, byte for byte, at every number of ranks, from every kind of file, for every start and family."""

import csv
import os
import unittest

import h5py
import numpy

from harness import MALL, Case


def points(n, d, seed=0, spread=4.0):
    """n points around five centres."""
    random = numpy.random.default_rng(seed)
    centres = random.normal(0.0, spread, (5, d))
    return centres[random.integers(0, 5, n)] + random.normal(0.0, 1.0, (n, d)) * random.uniform(0.5, 2.0, d)


class OneResult(Case):
    def models(self, data, *options, ranks=(1, 2, 3, 7), threads=(1,)):
        """Fits at each number of ranks and threads; all model files must be the same. Returns their bytes."""
        contents = []
        for n in ranks:
            for t in threads:
                self.succeed("fit", data, *options, "-o", self.path(f"model{n}.h5"), "-q", "--threads", t, ranks=n)
                contents.append(self.bytes_of(f"model{n}.h5"))
        for content in contents[1:]:
            self.assertTrue(content == contents[0])
        return contents[0]

    def test_ranks(self):
        numpy.save(self.path("points.npy"), points(5003, 3))
        for covariance in ("full", "tied", "diag", "spherical"):
            with self.subTest(covariance=covariance):
                self.models(self.path("points.npy"), "-k", 5, "--covariance", covariance, "--max-iter", 8)

    def test_spherical_sums_about_a_common_origin(self):
        """Far from 0, with a component so small that its sums are about its own mean; a step against long double."""
        random = numpy.random.default_rng(8)
        d, deviations = 9, numpy.array([1, 2, 1, 0.5, 1, 1e-3])
        which = random.integers(0, 6, 4003)
        x = (random.normal(0, 2, (6, d)) + 1e8)[which] + deviations[which][:, None] * random.normal(size=(4003, d))
        numpy.save(self.path("x.npy"), x)
        fit = (self.path("x.npy"), "-k", 6, "--covariance", "spherical", "--reg-covar", 0, "--tol", 0, "--max-iter")
        numpy.savetxt(self.path("labels.txt"), which, fmt="%d")
        self.models(*fit, 5, "--init", self.path("labels.txt"), ranks=(1, 3), threads=(1, 2))

        def arrays():
            with h5py.File(self.path("model1.h5")) as file:
                return [file[name][...].astype(numpy.longdouble) for name in ("weights", "means", "covariances")]

        weights, means, variances = arrays()
        self.assertLess(variances.min(), 1e-5)
        squares = ((x - means[:, None]) ** 2).sum(axis=2)
        shares = numpy.log(weights)[:, None] - 0.5 * (d * numpy.log(variances)[:, None] + squares / variances[:, None])
        shares = numpy.exp(shares - shares.max(axis=0))
        shares /= shares.sum(axis=0)
        counts = shares.sum(axis=1)
        expected = numpy.array([means[k] + shares[k] @ (x - means[k]) / counts[k] for k in range(6)])
        traces = numpy.array([shares[k] @ ((x - expected[k]) ** 2).sum(axis=1) / counts[k] for k in range(6)])
        os.rename(self.path("model1.h5"), self.path("start.h5"))
        self.models(*fit, 1, "--init", self.path("start.h5"), "--accelerate", "none", ranks=(1,))
        weights, means, variances = arrays()
        numpy.testing.assert_allclose(weights.astype(float), (counts / len(x)).astype(float), rtol=1e-11)
        numpy.testing.assert_allclose((means - expected).astype(float), 0, atol=2e-8)
        numpy.testing.assert_allclose(variances.astype(float), (traces / d).astype(float), rtol=1e-11)

    def test_starts(self):
        numpy.save(self.path("points.npy"), points(3001, 2))
        labels = numpy.arange(3001) % 4 * 10 - 5
        numpy.savetxt(self.path("labels.txt"), labels, fmt="%d")
        for init in ("kmeans", "k-means++", "random_from_data", "random", self.path("labels.txt")):
            with self.subTest(init=init):
                self.models(self.path("points.npy"), "-k", 4, "--init", init, "--max-iter", 5, "--seed", 11, ranks=(1, 4),
                            threads=(1, 3))

    def test_threads(self):
        """More threads than cores and than blocks too; with components that collapse."""
        numpy.save(self.path("points.npy"), points(9001, 3))
        for covariance in ("full", "diag"):
            with self.subTest(covariance=covariance):
                options = ("-k", 5, "--covariance", covariance, "--max-iter", 8, "--init", "k-means++")
                few = self.models(self.path("points.npy"), *options, ranks=(1, 2), threads=(1, 2, 3, 5))
                self.assertTrue(few == self.models(self.path("points.npy"), *options, ranks=(1,), threads=(200,)))
        numpy.save(self.path("few.npy"), numpy.repeat(points(40, 2), 5, axis=0))
        self.models(self.path("few.npy"), "-k", 30, "--reg-covar", 0, "--init", "random_from_data", "--max-iter", 20,
                    ranks=(1, 2), threads=(1, 2, 3))

    def test_dealt_blocks(self):
        """Enough points that the ranks of a node deal blocks among themselves; with starts, replicates and kept weights."""
        x = points(20000, 3, seed=2)
        numpy.save(self.path("points.npy"), x[numpy.argsort(x[:, 0])])
        numpy.save(self.path("weights.npy"), numpy.random.default_rng(1).uniform(0.5, 2.0, len(x)))
        fit = ("fit", self.path("points.npy"), "-k", 5, "--init", "k-means++", "--max-iter", 5, "--weights", self.path("weights.npy"), "-q")
        bootstrap = ("bootstrap", self.path("model.h5"), self.path("points.npy"), "--weights", self.path("weights.npy"), "--replicates", 3, "--tol", 0.1, "-q")
        contents = {"model.h5": set(), "bootstrap.h5": set()}
        for ranks, threads, choice in ((1, 1, "on"), (2, 1, "on"), (3, 2, "on"), (5, 1, "on"), (3, 2, "off")):
            for name, command in (("model.h5", fit), ("bootstrap.h5", bootstrap)):
                self.succeed(*command, "-o", self.path(name), "--threads", threads, ranks=ranks, env={"GMMPI_DEALING": choice})
                contents[name].add(self.bytes_of(name))
        self.assertEqual([len(of_name) for of_name in contents.values()], [1, 1])

    def test_labels_of_threads(self):
        numpy.save(self.path("points.npy"), points(20000, 2))
        self.models(self.path("points.npy"), "-k", 3, "--max-iter", 3, ranks=(1,))
        contents = set()
        for n, threads in ((1, 1), (1, 3), (2, 2)):
            out = self.path("out.h5")
            summary = self.summary("predict", self.path("model1.h5"), self.path("points.npy"), "-o", out, "--threads", threads,
                                   "--responsibilities", "--log-density", ranks=n)
            contents.add((self.bytes_of("out.h5"), summary["log_likelihood"], tuple(summary["label_counts"])))
        self.assertEqual(len(contents), 1)

    def test_single_precision_is_double_precision_of_rounded_points(self):
        x = points(7001, 3, seed=4)
        x[5] = (1e-50, -3e38, 0.0)
        rounded = x.astype(numpy.float32)
        with h5py.File(self.path("x.h5"), "w") as file:
            file["x"] = x
        numpy.savetxt(self.path("x.csv"), x, delimiter=",", fmt="%.17g")
        numpy.save(self.path("rounded.npy"), rounded.astype(float))
        numpy.save(self.path("float.npy"), rounded)
        options = ("-k", 5, "--max-iter", 6, "--reg-covar", 1e30, "--init", "k-means++")
        double = self.models(self.path("rounded.npy"), *options, ranks=(1, 2))
        self.assertTrue(double == self.models(self.path("float.npy"), *options, ranks=(1, 2), threads=(1, 3)))
        with h5py.File(self.path("model1.h5")) as file:
            expected = {key: file[key][...] for key in file}
            facts = dict(file.attrs)
        self.assertNotIn("precision", facts)
        single = self.models(self.path("x.h5"), *options, "--precision", "single", ranks=(1, 2, 3), threads=(1, 2))
        self.assertTrue(single == self.models(self.path("x.csv"), *options, "--precision", "single", ranks=(1, 4)))
        with h5py.File(self.path("model1.h5")) as file:
            for key, value in expected.items():
                numpy.testing.assert_array_equal(file[key][...], value)
            self.assertEqual(file.attrs["precision"], "single")
            self.assertEqual(set(file.attrs) - set(facts), {"precision"})
            for key, value in facts.items():
                if key not in ("feature_names",):
                    numpy.testing.assert_array_equal(file.attrs[key], value)

    def test_dropped_rows_in_single_precision(self):
        x = points(3000, 2, seed=5).astype(numpy.float32).astype(float)
        gaps = x.copy()
        gaps[::7, 0] = numpy.nan
        gaps[2000:2400, 1] = numpy.nan
        numpy.save(self.path("kept.npy"), gaps[~numpy.isnan(gaps).any(axis=1)])
        numpy.save(self.path("gaps.npy"), gaps)
        options = ("-k", 3, "--max-iter", 5)
        self.models(self.path("kept.npy"), *options, ranks=(1,))
        with h5py.File(self.path("model1.h5")) as file:
            expected = {key: file[key][...] for key in file}
        self.models(self.path("gaps.npy"), *options, "--missing", "drop", "--precision", "single", ranks=(1, 2, 4), threads=(1, 3))
        with h5py.File(self.path("model1.h5")) as file:
            for key, value in expected.items():
                numpy.testing.assert_array_equal(file[key][...], value)

    def test_too_large_for_single_precision(self):
        x = points(3000, 2)
        x[2500, 1] = -4e38
        x[2600, 0] = numpy.inf
        numpy.save(self.path("x.npy"), x)
        for ranks in (1, 3):
            self.fail_with(65, "row 2501, column 2: -4e.38 is too large for single precision", "fit", self.path("x.npy"), "-k", 2,
                           "--precision", "single", "-o", self.path("m.h5"), "--threads", 2, ranks=ranks)
            self.fail_with(65, "row 2601, column 1: is infinite", "fit", self.path("x.npy"), "-k", 2, "-o", self.path("m.h5"),
                           "--threads", 2, ranks=ranks)

    def test_warning_of_coarse_rounding(self):
        x = points(3000, 3)
        x[:, 1] += 1e6
        numpy.save(self.path("x.npy"), x)
        options = ("fit", self.path("x.npy"), "-k", 2, "--max-iter", 2, "-o", self.path("m.h5"), "-q")
        warnings = self.succeed(*options, "--precision", "single", ranks=2).stderr
        self.assertRegex(warnings, "gmmpi warning: --precision single rounds feature 2 by more than")
        self.assertEqual(warnings.count("--precision"), 1)
        self.assertNotIn("--precision", self.succeed(*options).stderr)

    def test_threads_in_the_summary(self):
        for threads in (1, 2):
            run = self.summary("fit", MALL, "--columns", "4,5", "-k", 3, "--threads", threads, "-o", self.path("m.h5"))
            self.assertEqual(run["threads"], threads)
        for wrong in ("0", "-1", "x", "1.5"):
            self.fail_with(64, "--threads", "fit", MALL, "-k", 3, "--threads", wrong, "-o", self.path("m.h5"))

    def test_fewer_cores_than_threads(self):
        core = min(os.sched_getaffinity(0))
        run = self.succeed("fit", MALL, "--columns", "4,5", "-k", 3, "--threads", 2, "-o", self.path("m.h5"), "-q",
                           preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.assertRegex(run.stderr, "gmmpi warning: --threads 2, but the (rank is bound to|machine has) 1 core;")
        self.assertEqual(run.stderr.count("--threads"), 1)

    def test_several_starts(self):
        numpy.save(self.path("points.npy"), points(2000, 2))
        options = ("-k", 4, "--init", "random", "--max-iter", 10)
        several = self.models(self.path("points.npy"), *options, "--n-init", 5, ranks=(1, 2, 7))
        likelihoods = [self.summary("fit", self.path("points.npy"), *options, "--n-init", n, "-o", self.path("m.h5"))
                       ["log_likelihood"] for n in (1, 2, 3, 4, 5)]
        self.assertEqual(likelihoods, sorted(likelihoods))
        self.assertGreater(likelihoods[-1], likelihoods[0])
        self.assertNotEqual(several, self.models(self.path("points.npy"), *options, ranks=(1,)))

    def test_more_ranks_than_rows(self):
        self.write("few.csv", "x,y\n1,2\n2,1\n5,7\n6,6\n5,5\n")
        self.models(self.path("few.csv"), "-k", 2, ranks=(1, 4, 7))

    def test_kinds_of_files(self):
        x = points(2500, 3, seed=3)
        numpy.save(self.path("c.npy"), x)
        numpy.save(self.path("fortran.npy"), numpy.asfortranarray(x))
        numpy.save(self.path("big.npy"), x.astype(">f8"))
        with h5py.File(self.path("points.h5"), "w") as file:
            file["group/points"] = x
            file.create_dataset("group/chunked", data=x, chunks=(100, 2), compression="gzip")
        for name, delimiter in (("points.csv", ","), ("points.tsv", "\t"), ("points.txt", " ")):
            with open(self.path(name), "w", newline="") as file:
                csv.writer(file, delimiter=delimiter).writerows([[repr(float(v)) for v in row] for row in x])
        options = ("-k", 5, "--max-iter", 10, "--seed", 2, "--init", "k-means++")
        reference = self.models(self.path("c.npy"), *options, ranks=(1, 3))
        for data in ("fortran.npy", "big.npy", "points.h5:/group/points", "points.h5:/group/chunked", "points.csv",
                     "points.tsv", "points.txt"):
            with self.subTest(data=data):
                self.assertTrue(self.models(self.path(data), *options, ranks=(1, 5)) == reference)

    def test_dropped_rows_are_as_if_they_were_not_there(self):
        x = points(700, 2, seed=5)
        numpy.save(self.path("kept.npy"), x)
        gaps = numpy.insert(x, [0, 3, 3, 350, 699], numpy.nan, axis=0)
        gaps[4, 0] = 3.0  # one of two features is enough
        numpy.save(self.path("gaps.npy"), gaps)
        options = ("-k", 3, "--max-iter", 5)
        self.models(self.path("kept.npy"), *options, ranks=(1, 2))
        with h5py.File(self.path("model1.h5")) as file:
            kept = {key: file[key][...] for key in file}
        self.models(self.path("gaps.npy"), *options, "--missing", "drop")
        with h5py.File(self.path("model1.h5")) as file:
            self.assertEqual(file.attrs["n_dropped"], 5)
            for key, value in kept.items():
                numpy.testing.assert_array_equal(file[key][...], value)
        self.fail_with(65, "9 values are missing.*row 1", "fit", self.path("gaps.npy"), *options, "-o", self.path("m.h5"), ranks=3)

    def test_seed(self):
        options = ("--columns", "4,5", "-k", 3, "--init", "random_from_data", "--max-iter", 0)
        first = self.models(MALL, *options, "--seed", 1, ranks=(1, 2))
        second = self.models(MALL, *options, "--seed", 2, ranks=(1, 2))
        self.assertNotEqual(first, second)


if __name__ == "__main__":
    unittest.main()
