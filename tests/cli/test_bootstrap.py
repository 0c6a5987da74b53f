# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi bootstrap: standard errors and intervals against mclust's and closed forms; the same bytes at any number of ranks and
threads, streamed and with columns in another order; Poisson, weights, labels, tails, noise; failures, signals, refusals."""

import csv
import json
import math
import os
import re
import signal
import subprocess
import unittest

import h5py
import numpy

import harness
import streaming

FAITHFUL = os.path.join(harness.SOURCE, "data", "faithful.csv")
IRIS = os.path.join(harness.SOURCE, "data", "iris.csv")
REFERENCE = os.path.join(harness.SOURCE, "tests", "reference", "bootstrap.json")
SAID = ("estimate", "standard_error", "lower", "upper")


def spread_of_log(replicates):
    """The standard deviation of the log of a standard deviation of so many numbers (R x ...): sqrt((kurtosis - 1) / 4R)."""
    deviations = replicates - replicates.mean(axis=0)
    variance = (deviations**2).mean(axis=0)
    return numpy.sqrt(((deviations**4).mean(axis=0) / variance**2 - 1) / (4 * len(replicates)))


class Bootstrap(streaming.Case):
    def fitted(self, *words, data=FAITHFUL, name="m.h5"):
        self.succeed("fit", data, *words, "-o", self.path(name), "-q")
        return self.path(name)

    def bootstrap(self, model, data=FAITHFUL, *words, name="b.h5", **options):
        self.succeed("bootstrap", model, data, "-q", "-o", self.path(name), *words, **options)
        return h5py.File(self.path(name), "r")

    def write_bytes(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)

    def test_against_mclust(self):
        """Each standard error of ours (9999 replicates) and mclust's (1999, MclustBootstrap's wlbs, as converged as ours) has a
        Monte-Carlo error: that of its log is sqrt((kurtosis - 1) / 4R), from the kurtosis of our replicates; for normal ones
        sqrt(1 / 2R), 0.7 % and 1.6 %. The difference of the logs over its standard deviation is within 4 for all of them, and
        has a mean square about 1. Ends of intervals, the quantiles for p = 0.025 and 0.975: mclust's are between ours for p - c and
        p + c, c being 4 standard deviations of the share of replicates below, sqrt(p (1 - p) / R), of both together."""
        with open(REFERENCE) as file:
            reference = json.load(file)
        for case in reference["cases"]:
            with self.subTest(case["name"]):
                start = dict(case["parameters"], covariance=case["gmmpi_covariance"])
                if start["covariance"] == "tied":
                    start["covariances"] = start["covariances"][0]
                start = self.write("start.json", json.dumps(start))
                data, columns = (IRIS, "1-4") if case["name"].startswith("iris") else (FAITHFUL, "1,2")
                words = ("--covariance", case["family"], "-k", case["components"], "--columns", columns)
                model = self.fitted(*words, "--init", start, "--reg-covar", 0, "--tol", 1e-11, data=data)
                ours = self.bootstrap(model, data, "--columns", columns, "--replicates", 9999, "--keep-replicates")
                self.assertLess(ours.attrs["n_failed"], 100)
                scores = []
                for quantity in ("weights", "means", "covariances"):
                    theirs = {what: numpy.array(case[what][quantity]) for what in ("standard_error", "lower", "upper")}
                    numpy.testing.assert_allclose(ours[quantity]["estimate"], case["parameters"][quantity], rtol=1e-3)
                    kept = ours["replicates"][quantity][()]
                    kept = kept[~numpy.isnan(kept.reshape(len(kept), -1)[:, 0])]
                    error = ours[quantity]["standard_error"][()]
                    spread = spread_of_log(kept)
                    spread = spread * math.sqrt(1 + len(kept) / case["n_replicates"])
                    scores.append((numpy.log(error / theirs["standard_error"]) / spread).ravel())
                    for end, p in (("lower", 0.025), ("upper", 0.975)):
                        chance = 4 * math.sqrt(p * (1 - p) * (1 / case["n_replicates"] + 1 / len(kept)))
                        least, most = numpy.quantile(kept, (p - chance, p + chance), axis=0)
                        self.assertTrue(((least <= theirs[end]) & (theirs[end] <= most)).all(), (quantity, end))
                scores = numpy.concatenate(scores)
                self.assertLess(abs(scores).max(), 4, scores)
                self.assertLess((scores**2).mean(), 3, scores)

    def test_one_normal_distribution(self):
        """K = 1. The mean of a replicate is sum w_i x_i / sum w_i: with exponential weights these are a Dirichlet distribution's,
        and its variance is exactly that of the points, with n in the denominator, over n + 1; with counts about the same. With
        weights of their own v_i it is about sum v_i^2 (x_i - mean)^2 / (sum v_i)^2. 4999 replicates: 1 %."""
        random = numpy.random.default_rng(3)
        points = random.normal(size=(500, 2)) * (1.0, 5.0) + (3.0, -2.0)
        weights = random.integers(1, 6, size=500)
        numpy.savetxt(self.path("x.csv"), numpy.column_stack([points, weights]), delimiter=",", header="a,b,v", comments="", fmt="%.17g")
        plain = ("--columns", "a,b")
        weighted = plain + ("--weights", "v")
        for words, kind, expected in (
            (plain, "wlbs", numpy.sqrt(points.var(axis=0) / 501)),
            (plain, "poisson", numpy.sqrt(points.var(axis=0) / 500)),
            (weighted, "wlbs", None),
            (weighted, "poisson", None),
        ):
            if expected is None:
                deviations = points - numpy.average(points, axis=0, weights=weights)
                expected = numpy.sqrt((weights[:, None] ** 2 * deviations**2).sum(axis=0)) / weights.sum()
            model = self.fitted("-k", 1, *words, data=self.path("x.csv"))
            found = self.bootstrap(model, self.path("x.csv"), *words, "--type", kind, "--replicates", 4999)
            numpy.testing.assert_allclose(found["means"]["standard_error"][0], expected, rtol=5 * 0.01)
            width = found["means"]["upper"][0] - found["means"]["lower"][0]
            numpy.testing.assert_allclose(width, 2 * 1.96 * expected, rtol=0.08)
            self.assertEqual(found["weights"]["standard_error"][0], 0)
            self.assertEqual(found.attrs["type"], kind)

    def test_what_is_said_is_of_the_replicates(self):
        model = self.fitted("-k", 3, "--covariance", "VVI", "--seed", 1)
        found = self.bootstrap(model, FAITHFUL, "--replicates", 301, "--level", 0.8, "--keep-replicates", "--table", self.path("t.csv"))
        fitted = h5py.File(model, "r")
        self.assertEqual(list(found.attrs["feature_names"]), ["eruptions", "waiting"])
        self.assertEqual((found.attrs["n_replicates"], found.attrs["level"], found.attrs["seed"]), (301, 0.8, 0))
        for quantity, shape in (("weights", (3,)), ("means", (3, 2)), ("covariances", (3, 2, 2))):
            kept = found["replicates"][quantity][()]
            self.assertEqual(kept.shape, (301,) + shape)
            done = ~numpy.isnan(kept.reshape(301, -1)).any(axis=1)
            self.assertEqual(done.sum(), 301 - found.attrs["n_failed"])
            kept = kept[done]
            numpy.testing.assert_allclose(found[quantity]["standard_error"], kept.std(axis=0, ddof=1), rtol=1e-10, atol=1e-300)
            numpy.testing.assert_allclose(found[quantity]["lower"], numpy.quantile(kept, 0.1, axis=0), rtol=1e-12)
            numpy.testing.assert_allclose(found[quantity]["upper"], numpy.quantile(kept, 0.9, axis=0), rtol=1e-12)
        self.assertTrue((found["weights"]["estimate"] == fitted["weights"][()]).all())
        self.assertTrue((found["means"]["estimate"] == fitted["means"][()]).all())
        self.assertTrue((numpy.diagonal(found["covariances"]["estimate"], axis1=1, axis2=2) == fitted["covariances"][()]).all())
        self.assertTrue((found["covariances"]["standard_error"][:, 0, 1] == 0).all())
        with open(self.path("t.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 3 + 6 + 6)
        self.assertEqual(rows[4]["feature"], "waiting")
        self.assertEqual(rows[-1]["quantity"], "covariance")
        self.assertEqual((rows[-1]["component"], rows[-1]["feature"], rows[-1]["feature_2"]), ("2", "waiting", "waiting"))
        for place, what in enumerate(SAID):
            self.assertEqual(float(rows[4][what]), found["means"][what][0, 1])
            self.assertEqual(float(rows[-1][what]), found["covariances"][what][2, 1, 1])
        printed = json.loads(self.succeed("bootstrap", model, FAITHFUL, "--replicates", 301, "--level", 0.8, "--json").stdout)
        for what in SAID:
            self.assertEqual(printed["covariances"][what], found["covariances"][what][()].tolist())
        people = self.succeed("bootstrap", model, FAITHFUL, "--replicates", 301, "--level", 0.8)
        self.assertRegex(people.stdout, r"std\. error +80 % interval")
        self.assertRegex(people.stdout, r"(?m)^ +mean +waiting +\S+ +\S+ +\S+ \.\.\. \S+")

    def test_same_bytes(self):
        """Ranks, threads, columns in another order."""
        words = ("--replicates", 130, "--seed", 5, "--keep-replicates")
        for options in (("--covariance", "VVE"), ("--distribution", "t", "--dof", 8, "--noise")):
            model = self.fitted("-k", 2, *options)
            self.bootstrap(model, FAITHFUL, *words, name="1.h5")
            self.bootstrap(model, FAITHFUL, *words, "--threads", 2, name="2.h5")
            self.bootstrap(model, FAITHFUL, *words, ranks=3, name="3.h5")
            with open(FAITHFUL) as file:
                lines = [",".join(reversed(line.strip().split(","))) for line in file]
            self.bootstrap(model, self.write("turned.csv", "\n".join(lines) + "\n"), *words, name="4.h5")
            for name in ("2.h5", "3.h5", "4.h5"):
                self.assertEqual(self.bytes_of(name), self.bytes_of("1.h5"), (options, name))
        self.bootstrap(model, FAITHFUL, *words[:2], "--seed", 6, "--keep-replicates", name="other.h5")
        self.assertNotEqual(self.bytes_of("other.h5"), self.bytes_of("1.h5"))

    def test_streamed(self):
        random = numpy.random.default_rng(8)
        points = random.normal(size=(1000000, 4)) + 4.0 * random.integers(3, size=(1000000, 1))
        numpy.save(self.path("x.npy"), points)
        model = self.fitted("-k", 3, "--covariance", "diag", data=self.path("x.npy"))
        words = ("bootstrap", model, self.path("x.npy"), "--replicates", 3, "--keep-replicates")
        self.succeed(*words, "-o", self.path("held.h5"))
        self.streaming(*words, "-o", self.path("streamed.h5"))
        self.assertEqual(self.bytes_of("streamed.h5"), self.bytes_of("held.h5"))

    def test_tails_noise_and_labels(self):
        model = self.fitted("-k", 2, "--distribution", "t", "--noise", "--dof", 8)
        found = self.bootstrap(model, FAITHFUL, "--replicates", 99)
        self.assertEqual(found["noise_weight"]["estimate"].shape, (1,))
        self.assertEqual(found["dof"]["estimate"][()].tolist(), [8, 8])
        self.assertEqual(found["dof"]["standard_error"][()].tolist(), [0, 0])
        self.assertGreater(found["noise_weight"]["standard_error"][0], 0)
        total = found["weights"]["estimate"][()].sum() + found["noise_weight"]["estimate"][0]
        self.assertAlmostEqual(total, 1, places=12)

        # With all labels known a replicate is what the weights make of each class alone: shares of n have binomial variances
        # over n + 1 instead of n.
        labelled = self.fitted("--columns", "1-4", "--known-labels", "Species", "-k", 3, data=IRIS)
        found = self.bootstrap(labelled, IRIS, "--known-labels", "Species", "--replicates", 4999)
        self.assertEqual(list(found.attrs["component_names"]), ["setosa", "versicolor", "virginica"])
        numpy.testing.assert_allclose(found["weights"]["standard_error"], math.sqrt(2 / 9 / 151), rtol=0.05)

    def test_the_models_own_options(self):
        model = self.fitted("-k", 2, "--tol", 1e-9, "--reg-covar", 0.01, "--max-iter", 500)
        found = self.bootstrap(model, FAITHFUL, "--replicates", 20)
        self.assertEqual((found.attrs["tol"], found.attrs["reg_covar"], found.attrs["max_iter"]), (1e-9, 0.01, 500))
        given = self.bootstrap(model, FAITHFUL, "--replicates", 20, "--tol", 1e-4, "--max-iter", 77, "--reg-covar", 0.5, name="g.h5")
        self.assertEqual((given.attrs["tol"], given.attrs["reg_covar"], given.attrs["max_iter"]), (1e-4, 0.5, 77))

        # A fit of no iterations says nothing about those of replicates.
        merged = self.fitted("-k", 2, "--init", model, "--max-iter", 0, "--merge", "entropy", name="merged.h5")
        found = self.bootstrap(merged, FAITHFUL, "--replicates", 20, name="e.h5")
        self.assertEqual((found.attrs["max_iter"], found.attrs["n_failed"]), (1000, 0))

        # Of one normal distribution whose mean is shrunk towards the prior's as by 272 points more: half the standard error.
        shrunk = self.bootstrap(self.fitted("-k", 1, "--method", "map", "--prior-shrinkage", 272), FAITHFUL, name="s.h5")
        plain = self.bootstrap(self.fitted("-k", 1), FAITHFUL, name="p.h5")
        ratio = shrunk["means"]["standard_error"][0] / plain["means"]["standard_error"][0]
        numpy.testing.assert_allclose(ratio, 0.5, rtol=1e-3)

    def test_failures(self):
        """Three points far away are a component of their own. In a share e^-3 of Poisson replicates none of them is there."""
        random = numpy.random.default_rng(2)
        points = numpy.concatenate([random.normal(size=200), [1000, 1001, 1002.5]])
        numpy.savetxt(self.path("x.csv"), points)
        model = self.fitted("-k", 2, "--spurious", "keep", data=self.path("x.csv"))
        words = ("bootstrap", model, self.path("x.csv"), "--type", "poisson", "--replicates", 2000)
        found = self.summary(*words)
        expected = 2000 * math.exp(-3)
        self.assertLess(abs(found["n_collapsed"] - expected), 5 * math.sqrt(expected))
        self.assertEqual(found["n_failed"], found["n_collapsed"] + found["n_not_converged"])
        self.assertRegex(self.succeed(*words).stdout, r"failed and are left out: \d+ collapsed, \d+ did not converge")
        self.assertEqual(self.summary("bootstrap", model, self.path("x.csv"), "--replicates", 99)["n_collapsed"], 0)

        few = self.summary("bootstrap", self.fitted("-k", 3), FAITHFUL, "--replicates", 200, "--max-iter", 12, "--tol", 1e-8)
        self.assertGreater(few["n_not_converged"], 20)
        warned = self.succeed("bootstrap", self.path("m.h5"), FAITHFUL, "--replicates", 200, "--max-iter", 12, "--tol", 1e-8)
        self.assertRegex(warned.stderr, r"gmmpi warning: \d+ of 200 replicates failed")
        self.fail_with(65, "20 of 20 replicates failed.*; give a larger --max-iter", "bootstrap", self.path("m.h5"), FAITHFUL, "--replicates", 20, "--max-iter", 1,
                       "--tol", 1e-12, ranks=2)
        few = self.succeed("bootstrap", self.path("m.h5"), FAITHFUL, "--replicates", 20)
        self.assertIn("too few for the ends of intervals of 95 %", few.stderr)

    def test_stops_and_goes_on(self):
        model = self.fitted("-k", 2)
        words = ("bootstrap", model, FAITHFUL, "-o", self.path("b.h5"), "--replicates")
        checkpoint = self.path("b.h5.checkpoint")
        run = subprocess.Popen(harness.command(None, *words, 1000000), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.assertRegex(run.stderr.readline(), r"^\d+ of 1000000 replicates done")
        run.send_signal(signal.SIGTERM)
        _, said = run.communicate(timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 75, said)
        line = harness.own_lines(said)[-1]
        self.assertRegex(line, r"stopped by SIGTERM after \d+ of 1000000 replicates; go on with --restart auto")
        self.assertFalse(os.path.exists(self.path("b.h5")))
        said = self.summary("info", checkpoint)
        self.assertEqual((said["kind"], said["replicates"], said["options"]["--type"]), ("checkpoint of a bootstrap", 1000000, "wlbs"))
        self.assertEqual(said["replicates_done"] + said["collapsed"] + said["not_converged"], int(re.search(r"after (\d+) of", line)[1]))

        n = int(line.split(" after ")[1].split()[0]) + 200
        kept = self.bytes_of("b.h5.checkpoint")
        self.write_bytes("copy", kept)
        self.write_bytes("damaged", kept[:100] + bytes([kept[100] ^ 1]) + kept[101:])
        self.fail_with(65, "--seed is not the same", *words, n, "--restart", "auto", "--seed", 1)
        self.fail_with(65, "--tol is not the same", *words, n, "--restart", "auto", "--tol", 1e-3)
        self.fail_with(65, "damaged", *words, n, "--restart", self.path("damaged"))
        self.fail_with(66, "no.checkpoint", *words, n, "--restart", self.path("no.checkpoint"))
        self.succeed(*words, n, "--restart", "auto", ranks=2)
        self.assertFalse(os.path.exists(checkpoint))
        said = self.summary("info", self.path("b.h5"))
        self.assertEqual((said["kind"], said["n_replicates"], said["n_components"], said["has_replicates"]), ("bootstrap of a model", n, 2, False))
        self.fail_with(65, "damaged", "info", self.path("damaged"))
        gone_on = self.bytes_of("b.h5")
        self.succeed(*words, n, "--restart", self.path("copy"))
        self.assertEqual(self.bytes_of("b.h5"), gone_on)
        self.assertEqual(self.bytes_of("copy"), kept)
        self.succeed(*words, n, "--restart", "auto")  # there is none: it begins anew
        self.assertEqual(self.bytes_of("b.h5"), gone_on)

    def test_time_limit(self):
        """The replicates that are done by then are kept, also when another rank is the first to hear of the end."""
        model = self.fitted("-k", 2)
        words = ("bootstrap", model, FAITHFUL, "-o", self.path("t.h5"), "--time-limit", 2)
        for ranks in (None, 2):
            run = self.fail_with(75, r"t.h5.checkpoint: stopped by the time limit after \d+ of 1000000 replicates; go on with --restart auto", *words,
                                 "--replicates", 1000000, ranks=ranks)
        n = int(re.search(r"after (\d+) of", run.stderr)[1])
        self.succeed("bootstrap", model, FAITHFUL, "-o", self.path("t.h5"), "--replicates", n + 2, "--restart", "auto")
        self.fail_with(64, "--time-limit: \"soon\" is no span of time", *words[:-1], "soon")

    def test_other_rows(self):
        model = self.fitted("-k", 2)
        with open(FAITHFUL) as file:
            rows = file.readlines()
        some = self.write("some.csv", "".join(rows[:200]))
        for data, warns in ((FAITHFUL, False), (some, True)):
            run = self.succeed("bootstrap", model, data, "--replicates", 99)
            self.assertEqual(len(re.findall("gmmpi warning: .*is of other rows", run.stderr)), int(warns), run.stderr)

    def test_refusals(self):
        model = self.fitted("-k", 2)
        self.succeed("condition", model, "--given", "waiting=70", "-o", self.path("c.h5"))
        for status, pattern, words in (
            (64, "made by gmmpi condition", (self.path("c.h5"), FAITHFUL)),
            (64, "--replicates", (model, FAITHFUL, "--replicates", 1)),
            (64, "--level: 1 is not below 1; give a number > 0 and < 1", (model, FAITHFUL, "--level", 1)),
            (64, "--type", (model, FAITHFUL, "--type", "jackknife")),
            (64, "-o is missing", (model, FAITHFUL, "--keep-replicates")),
            (64, "both name", (model, FAITHFUL, "-o", self.path("b.h5"), "--table", self.path("b.h5"))),
            (64, "--restart auto", (model, FAITHFUL, "--restart", "auto")),
            (64, "--checkpoint", (model, FAITHFUL, "-o", self.path("b.h5"), "--checkpoint", self.path("b.h5"))),
            (64, "--transform", (model, FAITHFUL, "--transform", "log:1")),
            (64, "overwrite", (model, FAITHFUL, "-o", model)),
            (64, "overwrite", (model, FAITHFUL, "--table", FAITHFUL)),
            (64, "vb or dp", (self.fitted("-k", 2, "--method", "vb", name="vb.h5"), FAITHFUL)),
            (64, "adapt", (self.fitted("--method", "adapt", "--from", model, name="a.h5"), FAITHFUL)),
            (65, "fitted to 2", (model, IRIS, "--columns", "1-4")),
            (65, "too many for 1 point", (model, self.write("one.csv", "eruptions,waiting\n1,2\n"))),
            (66, "none.h5", (self.path("none.h5"), FAITHFUL)),
            (66, "none.csv", (model, self.path("none.csv"))),
            (73, "no/folder", (model, FAITHFUL, "-o", self.path("no/folder/b.h5"))),
        ):
            self.fail_with(status, pattern, "bootstrap", *words)
        self.fail_with(71, "replicates", "bootstrap", model, FAITHFUL, "--replicates", 100000000, "--memory-limit", "200M", ranks=2)


if __name__ == "__main__":
    unittest.main()
