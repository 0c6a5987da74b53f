# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark: its arithmetic and its data, and that the script itself runs and fills its tables. No times are looked at."""

import json
import os
import subprocess
import sys
import unittest

import h5py
import numpy as np

from harness import Case, PATIENCE, SOURCE

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from benchmarking.against import Comparison, in_turn, program_of
from benchmarking.configurations import STANDARD, Configuration, parse_configurations, short
from benchmarking.report import ratios
from benchmarking.samples import Mixture, Sample, draw_mixture
from benchmarking.tables import Table, number, with_range
from plotting.problem import Problem


class Arithmetic(unittest.TestCase):
    def test_flops(self):
        self.assertEqual(Configuration("full", 1000, 3, 7).flops, 2 * 1000 * 7 * 9)
        self.assertEqual(Configuration("diag", 1000, 3, 7).flops, 8 * 1000 * 7 * 3)
        self.assertEqual(Configuration("spherical", 1000, 3, 7).flops, 4 * 1000 * 7 * 3)
        self.assertEqual(Configuration("tied", 1000, 3, 7).flops, 1000 * (2 * 9 + 4 * 7 * 3))

    def test_lists_of_configurations(self):
        self.assertEqual(parse_configurations("full:1e6:8:16,diag:2000:3:4"),
                         [Configuration("full", 1000000, 8, 16), Configuration("diag", 2000, 3, 4)])
        self.assertEqual(parse_configurations("standard"), STANDARD)
        self.assertTrue(parse_configurations("spherical:1e6:128:1024")[0].peer_n < 1000000)
        for wrong in ("full", "full:1e6:8", "round:10:2:1", "full:0:2:1", "full:x:2:1"):
            with self.assertRaises(Problem, msg=wrong):
                parse_configurations(wrong)

    def test_numbers_for_people(self):
        self.assertEqual([short(x) for x in (1000000, 500000, 12345, 100)], ["1e6", "5e5", "12345", "100"])
        self.assertEqual([number(x) for x in (0.012345, 1.5, 1234.4, 0)], ["0.0123", "1.5", "1234", "0"])
        self.assertEqual(with_range([3.0, 1.0, 2.0]), "2 (1–3)")

    def test_ratios_are_taken_within_rounds(self):
        rounds = [{"a": 4.0, "b": 2.0}, {"a": 9.0, "b": 3.0}, {"b": 5.0}]
        self.assertEqual(ratios(rounds, "a", "b"), [2.0, 3.0])

    def test_builds_take_turns(self):
        order = []
        for turn in range(3):
            result = in_turn(turn, lambda: order.append("old") or "o", lambda: order.append("new") or "n")
            self.assertEqual(result, ("o", "n"))
        self.assertEqual(order, ["old", "new", "new", "old", "old", "new"])

    def test_a_build_is_a_program_or_its_folder(self):
        program = os.path.abspath(os.environ["GMMPI"])
        folder = os.path.dirname(os.path.dirname(os.path.dirname(program)))
        self.assertEqual([program_of(program), program_of(folder)], [program, program])
        self.assertRaises(Problem, program_of, os.path.join(folder, "nowhere"))

    def test_names_of_comparisons(self):
        size = Configuration("tied", 200000, 64, 32)
        self.assertEqual([Comparison(size).name, Comparison(size, 20.0).name], ["tied 2e5 x 64, K = 32", "tied 2e5 x 64, K = 32 separated"])

    def test_tables(self):
        table = Table("Title", ["", "x"], [["first", "10"], ["b", "2"]], "A note.")
        self.assertEqual(table.terminal(), "Title\n          x\n  first  10\n  b       2\n  A note.")
        self.assertEqual(table.markdown(), "**Title**\n\n|  | x |\n|---|---|\n| first | 10 |\n| b | 2 |\n\nA note.")


class Samples(Case):
    def test_pairs_that_count(self):
        """Two unit Gaussians 12 apart: the log of the ratio is 72 at a mean, above 60 log 2 = 41.6; at 8 it is 32."""
        def share(distance, points):
            mixture = Mixture("full", np.full(2, 0.5), np.array([[0.0, 0], [distance, 0]]), np.array([np.eye(2)] * 2))
            return mixture.share_that_counts(np.array(points))
        self.assertEqual(share(12.0, [[0.0, 0]]), 0.5)
        self.assertEqual(share(8.0, [[0.0, 0]]), 1.0)
        self.assertEqual(share(12.0, [[0.0, 0], [6.0, 0]]), 0.75)

    def test_files_hold_the_drawn_mixture(self):
        for covariance in ("full", "tied", "diag", "spherical"):
            with self.subTest(covariance=covariance):
                configuration = Configuration(covariance, 100000, 3, 2)
                sample = Sample(configuration, self.path(covariance), separation=30.0)
                mixture = draw_mixture(configuration, 30.0, 1)
                with h5py.File(sample.points, "r") as file:
                    points = file["points"][:]
                raw = np.fromfile(sample.points, dtype="<f8", count=points.size, offset=sample.offset)
                np.testing.assert_array_equal(raw.reshape(points.shape), points)
                nearest = ((points[:, None, :] - mixture.means) ** 2).sum(axis=2).argmin(axis=1)
                for k in range(2):
                    own = points[nearest == k]
                    self.assertAlmostEqual(len(own) / len(points), mixture.weights[k], delta=0.01)
                    np.testing.assert_allclose(own.mean(axis=0), mixture.means[k], atol=0.03)
                    np.testing.assert_allclose(np.cov(own.T), mixture.dense(k), atol=0.04)
                sample.remove()

    def test_same_seed_same_points(self):
        first, second = [Sample(Configuration("full", 1000, 2, 3), self.path(name)) for name in "ab"]
        with open(first.points, "rb") as one, open(second.points, "rb") as other:
            one.seek(first.offset)
            other.seek(second.offset)
            self.assertEqual(one.read(16000), other.read(16000))


class Script(Case):
    def run_script(self, *arguments):
        words = [os.path.join(SOURCE, "scripts", "benchmark.sh"), *arguments]
        return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)

    def test_quick_run_fills_every_column(self):
        folder = self.path("results")
        run = self.run_script("--quick", "--without-peers", "-o", folder)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(sorted(os.listdir(folder)), ["benchmark.json", "benchmark.md", "benchmark.png", "constants.json"])
        with open(os.path.join(folder, "benchmark.json")) as file:
            raw = json.load(file)
        self.assertEqual([len(result["rounds"]) for result in raw["iterations"]], [1, 1])
        with open(os.path.join(folder, "benchmark.md")) as file:
            rows = [line.strip("|\n ").split("|") for line in file if line.startswith("| ")]
        self.assertGreater(len(rows), 12)
        names, table = [name.strip() for name in rows[0]], rows[1:3]
        for row in table:
            self.assertEqual(len(row), len(names))
            filled = dict(zip(names, (value.strip() for value in row)))
            for name in ("gmmpi, s", "GFLOP/s", "of the peak", names[-1]):
                self.assertRegex(filled[name], r"\d")
            for name in ("scikit-learn, s", "Armadillo, s"):
                self.assertEqual(filled[name], "–")

    def test_two_builds_in_turn(self):
        """gmmpi against itself: nothing is said of times, but both do the same work."""
        folder = self.path("results")
        run = self.run_script("--quick", "--against", os.environ["GMMPI"], "-o", folder)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(sorted(os.listdir(folder)), ["against.png", "benchmark.json", "benchmark.md"])
        with open(os.path.join(folder, "benchmark.json")) as file:
            raw = json.load(file)
        self.assertEqual([result["data"] for result in raw["against"]], ["overlapping", "separated", "overlapping"])
        for result in raw["against"]:
            self.assertTrue(all(r["same_work"] and r["old"] > 0 and r["new"] > 0 for r in result["rounds"]), result)
        for result in raw["whole"]:
            self.assertTrue(all(r["old_log_likelihood"] == r["new_log_likelihood"] for r in result["rounds"]), result)
        self.assertNotIn("NOT ALL", run.stdout)

    def test_against_nothing(self):
        run = self.run_script("--quick", "--against", self.path("nowhere"), "-o", self.path("results"))
        self.assertEqual(run.returncode, 66, run.stderr)
        self.assertIn("nowhere", run.stderr)

    def test_parts_of_two_builds_need_another_one(self):
        run = self.run_script("--parts", "whole")
        self.assertEqual(run.returncode, 64, run.stderr)
        self.assertIn("--against", run.stderr)

    def test_wrong_options(self):
        for words in (["--rounds", "0"], ["--cores", "-1"], ["--quick", "--configurations", "full:1:2"], ["--parts", "iterations,all"],
                      ["--frequency"]):
            run = self.run_script("--without-peers", *words)
            self.assertEqual(run.returncode, 64, run.stderr)
            self.assertRegex(run.stderr, r"\Agmmpi benchmark: [^\n]+\n\Z")


if __name__ == "__main__":
    unittest.main()
