# SPDX-License-Identifier: BSD-3-Clause
"""compare_optima.py, compare_hard.py, compare_passes.py and compare_select.py: do they run, is what they print what gmmpi says, are mistakes reported
as they should be?

Whether gmmpi finds the best optimum, or how fast, is not tested here.
"""

import importlib.util
import json
import os
import subprocess
import sys
import unittest

import numpy as np

import mixtures
from harness import GMMPI, PATIENCE, SOURCE, Case

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from comparing import peer, runs

FAITHFUL = os.path.join(SOURCE, "data", "faithful.csv")


def run(script, *arguments):
    words = [sys.executable, "-B", os.path.join(SOURCE, "scripts", script)] + [str(argument) for argument in arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)


class Comparisons(Case):
    def table(self, script, *arguments):
        """The lines of a successful run's output."""
        done = run(script, "--gmmpi", GMMPI, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_stored_optima(self):
        lines = self.table("compare_optima.py", "--only", "faithful", "--cached-only", "--seeds", 2)
        self.assertEqual([line.split("  ")[0] for line in lines[:5]],
                         ["problem", "faithful", "faithful (seed 1)", "faithful K3", "faithful K3 (seed 1)"])
        value = self.summary("fit", FAITHFUL, "-k", 2, "-o", self.path("model.h5"))["mean_log_likelihood"]
        self.assertEqual(lines[1].split()[1:5], ["272", "2", "2", "%.5f" % value])
        # The best optimum of these points, known to R's mclust, too: -1130.264 in all.
        self.assertAlmostEqual(float(lines[1].split()[5]), -1130.264 / 272, delta=1e-4)
        self.assertTrue(any("4 reached" in line for line in lines), lines)

    @unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not there")
    def test_optima_with_scikit_learn(self):
        lines = self.table("compare_optima.py", "--quick", "--markdown", "--", "--tol", "1e-7")
        self.assertTrue(lines[0].startswith("| problem | n | d | K |"), lines)
        self.assertEqual([line.split(" | ")[0] for line in lines[2:5]], ["| faithful", "| iris", "| far 2"])

    def test_selections(self):
        lines = self.table("compare_select.py", "--only", "separated", "--rows", 400, "--features", 2, "--largest", 3, "--threads", 1)
        self.assertEqual(lines[1].split()[:5], ["separated", "400", "2", "gmmpi", "fit"])
        rows = [line.split() for line in lines if line.startswith("separated, K = ")]
        self.assertEqual([row[3] for row in rows], ["1", "2", "3"])
        for row in rows:
            self.assertAlmostEqual(float(row[4]), float(row[5]), delta=0.01)  # mean log-likelihoods, and their difference
            self.assertAlmostEqual(float(row[4]) - float(row[5]), float(row[6]), delta=2e-7)

    def test_passes(self):
        cache = self.path("plain.json")
        lines = self.table("compare_passes.py", "--quick", "--cache", cache, "--methods", "default")
        words = [line.split() for line in lines]
        self.assertEqual(sum("plain" in line and "1.000" in line for line in words), 4, lines)
        self.assertEqual(sum(line[:1] == ["default"] for line in words), 4, lines)
        with open(cache) as file:
            stored = json.load(file)
        self.assertEqual(len(stored), 4)
        # What is stored is not run again.
        for result in stored.values():
            result["passes"] = 123456
        self.write("plain.json", json.dumps(stored))
        again = self.table("compare_passes.py", "--quick", "--cache", cache, "--methods", "default")
        self.assertEqual(len([line for line in again if " 123456 " in line]), 4)

    def test_hard_problems(self):
        lines = self.table("compare_hard.py", "--only", "small: 6 points", "repeated: 500 rows", "--cached-only", "--all", "--seeds", 2)
        self.assertEqual(len([line for line in lines if line.startswith("small: 6 points in 1, K = 2, full")]), 2, lines)
        self.assertTrue(any(line.startswith("4 of 4 reached") for line in lines), lines)
        # A goal that can't be reached is missed, and one that is not stored is computed.
        stored = peer.Cache(os.path.join(SOURCE, "scripts", "comparing", "hard.json")).results["repeated: 500 rows in 1, K = 2, full"]
        stored["best"][0] += 0.01
        stored["sound"][0] += 0.01
        cache = self.write("hard.json", json.dumps({"repeated: 500 rows in 1, K = 2, full": stored}))
        lines = self.table("compare_hard.py", "--only", "small: 6 points", "repeated: 500 rows", "--cache", cache)
        self.assertTrue(lines[0].startswith("SILENT repeated: 500 rows in 1, K = 2, full"), lines)
        self.assertTrue(any(line.startswith("1 of 2 reached") for line in lines), lines)
        with open(cache) as file:
            self.assertEqual(len(json.load(file)), 2)

    def test_small_tables(self):
        lines = self.table("compare_hard.py", "--small", "--only", "faithful, K = 2, full", "--cached-only", "--all")
        self.assertRegex(lines[0], r"\Asmall tables: faithful, K = 2, full: -4\.15538, goal -4\.15538")

    def test_wrong_use(self):
        for script in ("compare_optima.py", "compare_passes.py", "compare_hard.py"):
            for status, pattern, arguments in (
                    (64, "--nonsense", ["--nonsense"]), (66, "none: not a program", ["--gmmpi", self.path("none"), "--only", "iris"]),
                    (65, "bad.json: not a file of results", ["--gmmpi", GMMPI, "--cache", self.write("bad.json", "{"), "--only", "iris"])):
                with self.subTest(script=script, pattern=pattern):
                    done = run(script, *arguments)
                    self.assertEqual(done.returncode, status, done.stderr)
                    self.assertRegex(done.stderr, r"\Agmmpi %s: [^\n]*%s[^\n]*\n\Z" % (script[:-3], pattern))


class Measures(unittest.TestCase):
    def setUp(self):
        self.points = np.random.default_rng(1).standard_normal((300, 2)) * [1, 5] + [2, 0]

    def degenerate(self, weights, covariances, shape="full"):
        means = np.zeros((len(weights), 2))
        return runs.is_degenerate(runs.model_of(weights, means, covariances, shape), self.points)

    def test_degenerate_models(self):
        whole, thin = np.diag([1.0, 25.0]), np.diag([1.5e-6, 25.0])
        self.assertFalse(self.degenerate([0.5, 0.5], [whole, whole]))
        self.assertTrue(self.degenerate([0.5, 0.5], [whole, thin]))
        self.assertTrue(self.degenerate([0.995, 0.005], [whole, whole]))
        self.assertTrue(self.degenerate([1.0, 0.0], [whole, whole]))
        self.assertFalse(self.degenerate([0.5, 0.5], whole, "tied"))
        self.assertFalse(self.degenerate([0.99, 0.01], [[1, 25], [1, 25]], "diag"))
        self.assertTrue(self.degenerate([0.5, 0.5], [1.0, 1e-6], "spherical"))
        # Points that are thin themselves.
        self.points[:, 0] *= 1e-3
        self.assertFalse(self.degenerate([0.5, 0.5], [whole, thin]))

    def test_log_likelihood(self):
        true = mixtures.three_components()
        model = runs.model_of(true.weights, true.means, true.covariances, "full")
        self.assertAlmostEqual(runs.mean_log_likelihood(model, self.points), true.log_density(self.points).mean(), places=12)

    def test_fingerprints(self):
        mark = peer.fingerprint(self.points)
        self.assertEqual(mark, peer.fingerprint(-self.points + 1e-13))
        self.points[0, 0] += 0.5
        self.assertNotEqual(mark, peer.fingerprint(self.points))


if __name__ == "__main__":
    unittest.main()
