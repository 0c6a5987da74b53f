# SPDX-License-Identifier: BSD-3-Clause
"""The scaling model's arithmetic against numbers worked out by hand, and its script."""

import json
import math
import os
import subprocess
import sys
import unittest

from harness import Case, PATIENCE, SOURCE

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from benchmarking import scaling
from benchmarking.constants import constants_of
from benchmarking.scaling import Job, Machine, Network

# Round numbers: a core does 1e9 flops/s at most, half of it at d = 10 and all of it from d = 1000 on.
MACHINE = Machine(peak=1e9, shares={"full": [(10, 0.5), (1000, 1.0)], "diag": [(10, 0.25)]}, repeated=(2e-9, 1e-9), added_byte=1e-10,
                  local_latency=1e-6, local_byte=1e-9)
NETWORK = Network("test", latency=1e-5, bandwidth=1e8)


class Numbers(unittest.TestCase):
    def assertClose(self, value, expected):
        self.assertTrue(math.isclose(value, expected, rel_tol=1e-9), "%.17g is not %.17g" % (value, expected))


class Sizes(Numbers):
    def test_blocks(self):
        """A 96th of the rows in whole tiles of 64, at most 1024 rows, more only where there would be over 2^22 blocks."""
        self.assertEqual([scaling.block_rows(n) for n in (1, 6144, 6145 + 96, 96 * 1024, 10 ** 9)], [64, 64, 128, 1024, 1024])
        self.assertEqual(scaling.block_rows(1 << 40), 1 << 18)

    def test_busiest_worker(self):
        self.assertEqual(scaling.busiest_rows(40960, 7), 14 * 448)  # 92 blocks of 448 rows: one worker has 14
        self.assertEqual(scaling.busiest_rows(1000000, 2), 489 * 1024)  # 977 blocks
        self.assertEqual(scaling.busiest_rows(100, 1), 100)
        self.assertEqual(scaling.busiest_rows(10 ** 8, 10 ** 5), 1024)  # more workers than blocks
        self.assertClose(scaling.imbalance(10 ** 8, 10 ** 5), 1.024)

    def test_bytes_of_the_allreduce(self):
        """Three words for each of K (1 + d + d(d+1)/2) sums, 2 x 70 and 43 words besides."""
        self.assertEqual(scaling.statistics_bytes("full", 50, 100), 24 * 50 * (1 + 100 + 5050) + 2 * 70 * 8 + 43 * 8)
        self.assertEqual(scaling.statistics_bytes("diag", 4, 3), 24 * 4 * 7 + 1464)
        self.assertEqual(scaling.statistics_bytes("spherical", 4, 3), scaling.statistics_bytes("diag", 4, 3))

    def test_share_of_peak_between_measured_points(self):
        shares = [scaling.share_of_peak(MACHINE, "full", d) for d in (2, 10, 100, 1000, 5000)]
        for share, expected in zip(shares, (0.5, 0.5, 0.75, 1.0, 1.0)):
            self.assertClose(share, expected)


class Times(Numbers):
    def test_parts(self):
        job = Job("full", 4096 * 1000, 10, 4, ranks=100)
        parts = scaling.iteration(MACHINE, NETWORK, job)
        self.assertClose(parts["compute"], 40960 * 4 * 200 / 0.5e9)
        self.assertClose(parts["repeated"], 4 * (2e-9 * 100 + 1e-9 * 1000))
        self.assertEqual(parts["read"], 0.0)
        self.assertClose(parts["total"], parts["compute"] + parts["repeated"] + parts["allreduce"])
        self.assertClose(parts["share"], parts["allreduce"] / parts["total"])
        streamed = job._replace(streamed=True, read_rate=1e8, ranks_per_node=10)
        self.assertClose(scaling.iteration(MACHINE, NETWORK, streamed)["read"], 40960 * 10 * 80 / 1e8)

    def test_threads_are_workers(self):
        one, four = Job("diag", 4096 * 64, 10, 4, ranks=16), Job("diag", 4096 * 64, 10, 4, ranks=4, threads=4)
        self.assertEqual(scaling.compute_seconds(MACHINE, one), scaling.compute_seconds(MACHINE, four))

    def test_closed_forms_on_powers_of_two(self):
        """One rank per node: the sums over the steps are the formulas of the paper."""
        a, b, g = NETWORK.latency, 1 / NETWORK.bandwidth, MACHINE.added_byte
        m = 1e6
        for ranks in (2, 8, 1024):
            job = Job("full", 10 ** 6, 10, 4, ranks=ranks)
            steps, share = math.log2(ranks), (ranks - 1) / ranks
            self.assertClose(scaling.recursive_doubling(MACHINE, NETWORK, job, m), steps * (a + m * b + m * g))
            self.assertClose(scaling.rabenseifner(MACHINE, NETWORK, job, m),
                                   2 * steps * a + 2 * share * m * b + share * m * g)
            self.assertClose(scaling.ring(MACHINE, NETWORK, job, m),
                                   2 * (ranks - 1) * a + 2 * share * m * b + share * m * g)

    def test_nodes(self):
        """Four ranks on two nodes: the neighbour is in the same node, the second exchange shares the link."""
        job = Job("full", 10 ** 6, 10, 4, ranks=4, ranks_per_node=2)
        m = 1e6
        local, remote = 1e-6 + m / 2 * 1e-9, 1e-5 + m / 4 * 2 / 1e8
        self.assertClose(scaling.rabenseifner(MACHINE, NETWORK, job, m), 2 * (local + remote) + m * 3 / 4 * 1e-10)

    def test_no_power_of_two(self):
        """Three ranks: one gives its sums away first and gets the result last."""
        two, three = [Job("full", 10 ** 6, 10, 4, ranks=ranks) for ranks in (2, 3)]
        m = 1e6
        more = scaling.recursive_doubling(MACHINE, NETWORK, three, m) - scaling.recursive_doubling(MACHINE, NETWORK, two, m)
        self.assertClose(more, 2 * (1e-5 + m / 1e8) + m * 1e-10)

    def test_alone_nothing_is_summed(self):
        self.assertEqual(scaling.allreduce_seconds(MACHINE, NETWORK, Job("full", 1000, 2, 2, ranks=1)), 0.0)

    def test_thresholds(self):
        self.assertEqual(scaling.rank_counts(5), [1, 2, 4, 5])
        job = Job("full", 10 ** 7, 10, 16, ranks=1)
        slow = NETWORK._replace(latency=1e-3)
        first = scaling.first_ranks_with_share(MACHINE, slow, job, 0.1)
        self.assertGreaterEqual(scaling.iteration(MACHINE, slow, job._replace(ranks=first))["share"], 0.1)
        self.assertLess(scaling.iteration(MACHINE, slow, job._replace(ranks=first // 2))["share"], 0.1)
        self.assertIsNone(scaling.first_ranks_with_share(MACHINE, slow, job, 0.1, most=2))


class Script(Case, Numbers):
    def run_script(self, *arguments):
        words = [sys.executable, "-B", os.path.join(SOURCE, "scripts", "scaling_model.py"), *arguments]
        return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)

    def test_constants_of_a_benchmark(self):
        """Two ranks, 8e6 bytes in 9 ms, 1e-10 s per byte added: 9e-3 = m b + m g / 2 says b = 1.075e-9 s per byte."""
        configuration = {"covariance": "full", "n": 1000, "d": 10, "K": 5, "peer_n": None}
        raw = {"machine": {"date": "d", "processor": "p", "cores used": 2},
               "iterations": [{"configuration": configuration, "rounds": [{"gmmpi": 0.001, "peak": 4e9}]}],
               "scaling": {"repeated": [{"d": 10, "K": 2, "seconds": 0.002}, {"d": 20, "K": 2, "seconds": 0.012}],
                           "allreduce": {"ranks": 2, "seconds_per_added_word": 8e-10, "seconds": {"8": 2e-6, "8000000": 9e-3}}}}
        constants = constants_of(raw)
        self.assertEqual(constants["peak"], 2e9)
        self.assertEqual(constants["shares"], {"full": [[10, 1000 * 5 * 200 / 0.001 / 4e9]]})
        for constant, expected in zip(constants["repeated"], (5e-6, 5e-7)):  # 1e-5 and 1.5e-5 per K d^2
            self.assertClose(constant, expected)
        self.assertClose(constants["added_byte"], 1e-10)
        self.assertClose(constants["local_latency"], 2e-6)
        self.assertClose(constants["local_byte"], 1.075e-9)
        with open(self.path("constants.json"), "w") as file:
            json.dump(constants, file)
        run = self.run_script("--constants", self.path("constants.json"), "--ranks", "4")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("p, d: 2 GFLOP/s per core", run.stdout)

    def test_tables_and_published_run(self):
        run = self.run_script("--ranks", "100000")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"\n +100000 +1\.02 ")
        self.assertRegex(run.stdout, r"dislib on 896 cores, 100000000 x 100, K = 50, full: about 96 s .* predicted here .* s ")

    def test_wrong_options(self):
        for words in (["-n", "0"], ["--latency", "0"], ["--network", "pigeons"], ["--threads", "0"]):
            run = self.run_script(*words)
            self.assertEqual(run.returncode, 64, run.stderr)
        self.assertEqual(self.run_script("--constants", self.path("missing")).returncode, 66)
        self.assertEqual(self.run_script("--constants", self.write("x.json", "[]")).returncode, 65)


if __name__ == "__main__":
    unittest.main()
