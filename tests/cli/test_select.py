# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi select: mclust's published choices, cross-validation by numpy, no bit tells how a job was run, outputs, warnings, refusals."""

import csv
import json
import os
import re
import shutil
import signal
import tempfile
import unittest

import h5py
import numpy as np

import harness
import streaming
from fits import log_density
from running import Running, holding

FAITHFUL = os.path.join(harness.SOURCE, "data", "faithful.csv")
COLUMNS = "n_components,covariance,log_likelihood,n_parameters,bic,aic,icl,cv,cv_standard_error,converged,spurious".split(",")
RANDOM_FOLD = 17  # random_purpose of src/support/random.h


def make_points(n, d, k, distance, seed=3):
    generator = np.random.default_rng(seed)
    centres = distance * generator.normal(size=(k, d))
    return centres[generator.integers(k, size=n)] + generator.normal(size=(n, d))


def philox(row, seed):
    """Four uniform numbers: a block of the generator, whose counter numpy increments before it is used."""
    words = np.random.Philox(key=[seed, RANDOM_FOLD], counter=(row - 1) % 2**256).random_raw(4)
    return ((words >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52


def folds_of(n, n_folds, seed):
    """Of n_folds rows that follow each other the one with the smallest number is of fold 0, the next one of fold 1, and so on
    (src/passes/weighting.h)."""
    numbers = np.concatenate([philox(row, seed) for row in range((n + n_folds + 3) // 4)])
    whole = numbers[:(n + n_folds - 1) // n_folds * n_folds].reshape(-1, n_folds)
    return whole.argsort(axis=1).argsort(axis=1).ravel()[:n]


class Select(streaming.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-select-")
        cls.points = make_points(1500, 3, 4, 2.0)
        cls.data = os.path.join(cls.shared, "points.npy")
        np.save(cls.data, cls.points)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def select(self, *words, **options):
        """The summary, and the table by family and number of components."""
        summary = self.summary("select", *words, "-o", self.path("best.h5"), "--table", self.path("t.csv"), **options)
        return summary, self.table("t.csv")

    def table(self, name):
        with open(self.path(name), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), COLUMNS)
        return {(row["covariance"], int(row["n_components"])): row for row in rows}

    def parameters(self, name):
        with h5py.File(self.path(name)) as file:
            return {key: file[key][...].tobytes() for key in ("weights", "means", "covariances", "precisions_cholesky")}

    # --- other people's choices ----------------------------------------------------------

    def compare_with_mclust(self, case, families, sizes, criterion="bic"):
        """The best candidate and its criterion; no cell is worse than mclust's."""
        with open(os.path.join(harness.SOURCE, "tests", "reference", "selection.json")) as file:
            theirs = json.load(file)["cases"][case]
        folder = "tests/reference" if theirs["file"].startswith("./") else "data"
        data = os.path.join(harness.SOURCE, folder, theirs["file"])
        summary, table = self.select(data, "--columns", ",".join(map(str, theirs["columns"])), "-k", sizes, "--covariance", families,
                                     "--criterion", criterion, "--keep-all", self.path("all"))
        worse = [(cell, row["bic"]) for cell, row in table.items()
                 if float(row["bic"]) > 0.1 - (theirs["bic"][cell[0]][cell[1] - 1] or -np.inf)]
        self.assertEqual(worse, [])
        self.assertEqual(summary["criterion"], criterion)
        best = min(table, key=lambda cell: float(table[cell][criterion]) if table[cell]["spurious"] == "false" else np.inf)
        self.assertEqual(best, (summary["covariance"], summary["n_components"]))
        self.assertEqual(self.bytes_of("all/%s_%d.h5" % best), self.bytes_of("best.h5"))
        return best, float(table[best][criterion]), summary["warnings"]

    def test_old_faithful(self):
        best, bic, warnings = self.compare_with_mclust("faithful", "VVV,EEE,VVE,VEE", "1:4")
        self.assertEqual(best, ("EEE", 3))
        self.assertAlmostEqual(bic, 2314.296, delta=0.01)
        self.assertEqual([line for line in warnings if "prefers" in line],
                         ["BIC prefers 3 components, EEE, ICL 2, VVE: see the table, and what each is for: docs/select.md"])
        best, _, warnings = self.compare_with_mclust("faithful", "VVE,EEE", "1:3", "icl")
        self.assertEqual(best, ("VVE", 2))
        self.assertEqual(len([line for line in warnings if line.startswith("ICL prefers 2 components, VVE, BIC 3, EEE")]), 1)

    def test_iris(self):
        best, bic, _ = self.compare_with_mclust("iris", "EEE,VVV,VVE,VEV", "1:5")
        self.assertEqual(best, ("VEV", 2))
        self.assertAlmostEqual(bic, 561.73, delta=0.01)

    def test_diabetes(self):
        best, bic, _ = self.compare_with_mclust("diabetes", "EEE,VVV,VVE,VEV", "1:6")
        self.assertEqual(best, ("VVV", 3))
        self.assertAlmostEqual(bic, 4751.31, delta=0.01)

    # --- cross-validation ----------------------------------------------------------------

    def test_cross_validation(self):
        """Training sets are fitted one by one from the candidate's model, and the rows that were left out asked by numpy."""
        n_folds, seed = 3, 5
        options = ("--tol", "1e-11", "--max-iter", 2000)
        summary, table = self.select(self.data, "-k", "2:4", "--criterion", "cv", "--folds", n_folds, "--seed", seed, *options,
                                     "--keep-all", self.path("all"))
        folds = folds_of(len(self.points), n_folds, seed)
        self.assertEqual(sorted(np.bincount(folds)), [500] * 3)
        for k in (2, 4):
            held_out = []
            for fold in range(n_folds):
                np.save(self.path("training.npy"), self.points[folds != fold])
                self.succeed("fit", self.path("training.npy"), "-k", k, "--init", self.path(f"all/full_{k}.h5"), *options, "-o",
                             self.path("fold.h5"))
                with h5py.File(self.path("fold.h5")) as model:
                    held_out.append(log_density(self.points[folds == fold], model["weights"][...], model["means"][...],
                                                model["covariances"][...]).mean())
            row = table["full", k]
            self.assertAlmostEqual(float(row["cv"]), np.mean(held_out), delta=1e-6)
            self.assertAlmostEqual(float(row["cv_standard_error"]), np.std(held_out, ddof=1) / np.sqrt(n_folds), delta=1e-6)
        self.assertEqual(summary["n_components"], max((2, 3, 4), key=lambda k: float(table["full", k]["cv"])))

    # --- no bit tells --------------------------------------------------------------------

    OPTIONS = ("-k", "2,3", "--covariance", "full,EEE", "--criterion", "cv", "--folds", "2", "--n-init", "2", "--init", "k-means++")

    def outputs(self, folder):
        """The bytes of all that was written there."""
        names = sorted(os.path.relpath(os.path.join(path, name), self.path(folder)) for path, _, files in os.walk(self.path(folder))
                       for name in files)
        return {name: self.bytes_of(os.path.join(folder, name)) for name in names}

    def words(self, folder, data, options):
        os.makedirs(self.path(folder), exist_ok=True)
        return ("select", data, *options, "-o", self.path(folder + "/best.h5"), "--table", self.path(folder + "/t.csv"), "--keep-all",
                self.path(folder + "/all"))

    def test_ranks_and_threads(self):
        self.succeed(*self.words("one", self.data, self.OPTIONS))
        self.succeed(*self.words("three", self.data, self.OPTIONS), ranks=3)
        self.succeed(*self.words("threads", self.data, self.OPTIONS), "--threads", 2)
        self.assertEqual(len(self.outputs("one")), 6)
        self.assertTrue(self.outputs("one") == self.outputs("three") == self.outputs("threads"))

    def test_streamed(self):
        data = self.path("large.npy")
        np.save(data, make_points(100_000, 16, 3, 1.0))
        options = ("-k", "2,3", "--covariance", "diag", "--criterion", "cv", "--folds", "2", "--init", "random_from_data", "--max-iter", "2")
        self.succeed(*self.words("held", data, options))
        self.streaming(*self.words("streamed", data, options))
        self.assertEqual(len(self.outputs("held")), 4)
        self.assertTrue(self.outputs("held") == self.outputs("streamed"))

    def test_stopped_and_restarted(self):
        """Asked to stop while a row of the log is written: early, and when folds are fitted."""
        self.succeed(*self.words("whole", self.data, self.OPTIONS), "--log", self.path("whole.csv"))
        with open(self.path("whole.csv"), newline="") as file:
            starts = [int(row["start"]) for row in csv.DictReader(file)]
        n_ended = sum(start < 8 for start in starts)  # four candidates, two starts each
        self.assertEqual(set(starts), set(range(16)))  # and two folds
        for name, n_rows in (("early", 4), ("folds", n_ended + 6)):
            words = self.words(name, self.data, self.OPTIONS) + ("--log", self.path("log.csv"), "--checkpoint", self.path("c"))
            self.stop_at_row(n_rows, words)
            self.assertEqual(self.outputs(name), {})
            self.assertTrue(os.path.exists(self.path("c")))
            self.succeed(*words, "--restart", "auto", ranks=2)
            self.assertTrue(self.outputs(name) == self.outputs("whole"), name)
            self.assertFalse(os.path.exists(self.path("c")))

    def stop_at_row(self, n_rows, words):
        """Asked to stop while this row of the log is written; the header is the first one."""
        job = Running(harness.command(None, *words), dict(os.environ, **holding("log.csv", "write", skip=n_rows)), self.path("err"))
        pid = job.until_held()
        os.kill(pid, signal.SIGTERM)
        job.let_go(pid)
        self.assertEqual(job.wait(), 75, job.errors())

    def test_stopped_without_checkpoints(self):
        """Before the first pass there is nothing; when folds are fitted the best by BIC, which is known, is written."""
        words = self.words("stopped", self.data, self.OPTIONS) + ("--log", self.path("log.csv"), "--checkpoint", "none")
        self.stop_at_row(0, words)
        self.assertEqual(self.outputs("stopped"), {})
        self.succeed(*self.words("bic", self.data, self.OPTIONS), "--criterion", "bic", "--log", self.path("bic.csv"))
        with open(self.path("bic.csv")) as file:
            n_rows = len(file.readlines())
        self.stop_at_row(n_rows + 3, words)
        self.assertEqual(self.parameters("stopped/best.h5"), self.parameters("bic/best.h5"))

    def test_single_candidate_is_a_fit(self):
        options = ("-k", 3, "--covariance", "full", "--init", "k-means++", "--no-coarse-to-fine", "--seed", 8)
        self.succeed("select", self.data, *options, "-o", self.path("s.h5"))
        self.succeed("fit", self.data, *options, "-o", self.path("f.h5"))
        self.assertEqual(self.parameters("s.h5"), self.parameters("f.h5"))

    def test_a_candidate_ends_as_alone(self):
        options = ("--init", "random_from_data", "--n-init", 2)
        summary, table = self.select(self.data, "-k", "2:4", *options, "--covariance", "VVV,EEE", "--keep-all", self.path("all"))
        for family, k in (("VVV", 3), ("EEE", 4)):
            alone = self.summary("fit", self.data, "-k", k, "--covariance", family, *options, "-o", self.path("f.h5"))
            self.assertEqual(self.parameters("f.h5"), self.parameters(f"all/{family}_{k}.h5"))
            self.assertEqual({key: float(table[family, k][key]) for key in ("bic", "aic", "icl", "log_likelihood")},
                             {key: alone[key] for key in ("bic", "aic", "icl", "log_likelihood")})

    # --- other kinds of mixtures ---------------------------------------------------------

    def test_likelihood_grows(self):
        """With the number of components, since each has starts from its neighbours'; on few points nothing is approximate."""
        _, table = self.select(self.data, "-k", "1:8", "--covariance", "full,VVE")
        for family in ("full", "VVE"):
            values = [float(table[family, k]["log_likelihood"]) for k in range(1, 9)]
            for smaller, larger in zip(values, values[1:]):
                self.assertGreater(larger, smaller - 0.02, values)

    def test_weights_are_repetitions(self):
        weights = np.random.default_rng(1).integers(0, 4, size=len(self.points)).astype(float)
        np.save(self.path("w.npy"), weights)
        np.save(self.path("repeated.npy"), np.repeat(self.points, weights.astype(int), axis=0))
        weighted, one = self.select(self.data, "-k", "2:4", "--weights", self.path("w.npy"))
        repeated, other = self.select(self.path("repeated.npy"), "-k", "2:4")
        self.assertEqual(weighted["n_components"], repeated["n_components"])
        for cell in one:
            self.assertAlmostEqual(float(one[cell]["bic"]), float(other[cell]["bic"]), delta=0.1)

    def test_kinds_of_mixtures(self):
        """Each writes a model that says of the points what the table says."""
        noisy = np.vstack([self.points, np.random.default_rng(2).uniform(-15, 15, size=(150, 3))])
        np.save(self.path("noisy.npy"), noisy)
        for options in (("--noise",), ("--distribution", "t"), ("--method", "map", "--covariance", "VVV,EEE")):
            with self.subTest(options=options):
                summary, table = self.select(self.path("noisy.npy"), "-k", "3:5", *options, "--criterion", "cv", "--folds", "2")
                again = self.summary("predict", self.path("best.h5"), self.path("noisy.npy"), "-o", self.path("l.h5"))
                row = table[summary["covariance"], summary["n_components"]]
                self.assertAlmostEqual(again["log_likelihood"], float(row["log_likelihood"]), delta=1e-8 * abs(again["log_likelihood"]))
                self.assertEqual(max(float(other["cv"]) for other in table.values() if other["spurious"] == "false"), float(row["cv"]))

    # --- what is written and said --------------------------------------------------------

    def test_outputs(self):
        summary, table = self.select(FAITHFUL, "-k", "3,1:2,3", "--covariance", "tied,EEE,full", "--labels", self.path("labels.csv"),
                                     "--log", self.path("log.csv"))
        self.assertEqual(list(table), [(family, k) for family in ("tied", "full") for k in (1, 2, 3)])  # EEE is tied
        self.assertEqual(len(summary["candidates"]), 6)
        for candidate in summary["candidates"]:
            row = table[candidate["covariance"], candidate["n_components"]]
            for key in ("log_likelihood", "n_parameters", "bic", "aic", "icl"):
                self.assertEqual(float(row[key]), candidate[key], key)
            self.assertEqual((row["cv"], row["cv_standard_error"]), ("", ""))
            self.assertIsNone(candidate["cv"])
            self.assertEqual(row["converged"], "true" if candidate["converged"] else "false")
            self.assertEqual(row["spurious"], "true" if candidate["spurious"] else "false")
        self.assertEqual((summary["covariance"], summary["n_components"]), ("tied", 3))
        run = self.succeed("select", FAITHFUL, "-k", "1:2", "--criterion", "cv", "--folds", 3, "-v", "-o", self.path("v.h5"))
        left = [int(number) for number in re.findall(r"(?m)^candidate [12] of 2, (?:fold [123] of 3, )?(\d+) fits? left, iteration", run.stderr)]
        self.assertEqual((left[0], left), (8, sorted(left, reverse=True)))
        self.assertLess(left[-1], 7)
        with h5py.File(self.path("best.h5")) as model:
            self.assertEqual(model.attrs["selected_by"], "bic")
            self.assertEqual(model.attrs["n_candidates"], 6)
        self.assertEqual(len(self.bytes_of("labels.csv").splitlines()), 273)
        run = self.succeed("select", FAITHFUL, "-k", "1:3", "--covariance", "tied", "-o", self.path("b.h5"))
        self.assertRegex(run.stdout, r"(?m)^\* +3 tied ")
        self.assertRegex(run.stdout, r"(?m)next best: 2 components, tied, behind by 10\.92$")
        self.assertIn("the best number of components, 3, is the largest that was tried", run.stderr)
        run = self.succeed("select", FAITHFUL, "-k", "3:4", "--covariance", "all", "-q", "-o", self.path("b.h5"))
        self.assertEqual(run.stdout, "")
        self.assertIn("the best number of components, 3, is the smallest that was tried", run.stderr)

    def test_one_feature(self):
        """The fourteen families are two there; those of one component are one, which says nothing against itself."""
        summary, table = self.select(FAITHFUL, "--columns", "1", "-k", "1:3", "--covariance", "all")
        self.assertEqual(sorted({family for family, _ in table}), ["E", "V"])
        np.save(self.path("normal.npy"), np.random.default_rng(4).normal(size=(300, 1)))
        run = self.succeed("select", self.path("normal.npy"), "-k", "1:2", "--covariance", "all", "--criterion", "cv", "-o", self.path("m.h5"))
        self.assertNotRegex(run.stdout, r"next best: 1 component, [EV], behind by 0(:|\n)")
        self.assertNotRegex(run.stderr, r"prefers 1 component, [EV], \w+ 1, [EV]")

    def test_spurious_candidates(self):
        """What rests on next to nothing is marked, and chosen only where there is nothing else."""
        np.save(self.path("few.npy"), np.repeat(np.random.default_rng(1).normal(size=(20, 2)), 10, axis=0))
        summary, table = self.select(self.path("few.npy"), "-k", "1:30", "--covariance", "full")
        spurious = {cell for cell, row in table.items() if row["spurious"] == "true"}
        self.assertTrue(spurious)
        self.assertLess(min(float(table[cell]["bic"]) for cell in spurious), summary["bic"])  # else nothing is passed over
        self.assertNotIn((summary["covariance"], summary["n_components"]), spurious)
        run = self.succeed("select", self.path("few.npy"), "-k", "1:30", "--covariance", "full", "-o", self.path("b.h5"))
        self.assertRegex(run.stdout, r"(?m)^  +30 full .* spurious$")
        self.assertNotRegex(run.stdout, r"behind by -")
        self.assertIn("chosen only where there is no other", run.stdout)
        self.assertRegex(run.stderr, r"\d+ candidates are passed over, \d+ components, full the best of them")
        starts = {}
        for n_init in (1, 8):  # of several starts a sound one is kept
            starts[n_init], _ = self.select(self.path("few.npy"), "-k", 4, "--init", "random_from_data", "--seed", 2, "--n-init", n_init)
            self.assertFalse(starts[n_init]["candidates"][0]["spurious"])
        kept, _ = self.select(self.path("few.npy"), "-k", 4, "--init", "random_from_data", "--seed", 2, "--n-init", 8, "--spurious", "keep")
        self.assertGreater(kept["log_likelihood"], starts[8]["log_likelihood"])
        np.save(self.path("one.npy"), np.full((50, 2), 3.0))
        summary, table = self.select(self.path("one.npy"), "-k", "1:2")
        self.assertEqual({row["spurious"] for row in table.values()}, {"true"})
        self.assertEqual(len([line for line in summary["warnings"] if line.startswith("the likelihoods of all candidates rest")]), 1)
        self.assertEqual(summary["n_components"], 1)

    # --- refusals ------------------------------------------------------------------------

    def test_lists(self):
        out = ("-o", self.path("m.h5"))
        for sizes in ("0", "3:1", "1:x", "1,,2", "1:2:3", "-1", "99999999999999999999"):
            self.fail_with(64, "is no list of numbers of components", "select", FAITHFUL, "-k", sizes, *out)
        self.fail_with(64, "-k is missing", "select", FAITHFUL, *out)
        self.fail_with(64, "at most 1000", "select", FAITHFUL, "-k", "1:1001", *out)
        self.fail_with(64, "1500 candidates are too many", "select", FAITHFUL, "-k", "1:500", "--covariance", "full,tied,diag", *out)
        self.fail_with(64, '"nope" is no family.*or all', "select", FAITHFUL, "-k", "1:3", "--covariance", "full,nope", *out)
        self.fail_with(64, "for data with one feature", "select", FAITHFUL, "-k", "1:3", "--covariance", "E,V", *out)
        self.fail_with(65, "too few for 300 components", "select", FAITHFUL, "-k", "1,300", *out)

    def test_what_does_not_go_together(self):
        out = ("-o", self.path("m.h5"))
        self.fail_with(64, "use gmmpi fit", "select", FAITHFUL, "-k", "1:3", "--method", "vb", *out)
        self.fail_with(64, "one number of components", "select", FAITHFUL, "-k", "1:3", "--init", "labels:x.csv", *out)
        self.fail_with(64, "use gmmpi fit", "select", FAITHFUL, "-k", "1:3", "--known-labels", "waiting", *out)
        self.fail_with(64, "--folds", "select", FAITHFUL, "-k", "1:3", "--criterion", "cv", "--folds", 1, *out)
        np.save(self.path("few.npy"), self.points[:5])
        self.fail_with(65, "fewer --folds", "select", self.path("few.npy"), "-k", 1, "--criterion", "cv", "--folds", 10, *out)

    def test_files_that_are_named_twice(self):
        """Nothing that is read, or named by another option, is written over."""
        with h5py.File(self.path("in.h5"), "w") as file:
            file["points"] = self.points
        os.mkdir(self.path("all"))
        os.link(self.path("in.h5"), self.path("all/full_2.h5"))
        whole = self.bytes_of("in.h5")
        np.save(self.path("w.npy"), np.ones(len(self.points)))
        data, sizes = self.path("in.h5:/points"), ("-k", "1:3")
        for option, file in (("--table", "in.h5"), ("--table", "w.npy"), ("--keep-all", "all")):
            self.fail_with(64, "would overwrite the data", "select", data, *sizes, "--weights", self.path("w.npy"), option, self.path(file),
                           "-o", self.path("m.h5"))
        self.assertEqual(self.bytes_of("in.h5"), whole)
        os.mkdir(self.path("own"))
        for words in (("--table", "m.h5"), ("--table", "m.h5.checkpoint"), ("--keep-all", "m.h5.checkpoint"),
                      ("--labels", "own/full_3.h5", "--keep-all", "own"), ("--table", "own/full_3.h5", "--keep-all", "own")):
            words = [word if word.startswith("--") else self.path(word) for word in words]
            self.fail_with(64, "name another file", "select", data, *sizes, *words, "-o", self.path("m.h5"))
        self.fail_with(64, "named by another option", "select", data, *sizes, "--keep-all", self.path("own"), "-o", self.path("own/full_2.h5"))

    def test_outputs_that_cannot_be_written(self):
        self.fail_with(73, "cannot be made a folder", "select", FAITHFUL, "-k", 1, "--keep-all", "/dev/null", "-o", self.path("m.h5"))
        os.makedirs(self.path("all/full_1.h5"))
        self.fail_with(73, "is a folder", "select", FAITHFUL, "-k", 1, "--keep-all", self.path("all"), "-o", self.path("m.h5"))
        run = self.fail_with(73, "No space left", "select", FAITHFUL, "-k", "1:2", "--table", "/dev/full", "-o", self.path("m.h5"))
        self.assertIn("--restart auto", run.stderr)
        self.succeed("select", FAITHFUL, "-k", "1:2", "--table", self.path("t.csv"), "-o", self.path("m.h5"), "--restart", "auto")
        self.assertEqual(len(self.table("t.csv")), 2)


if __name__ == "__main__":
    unittest.main()
