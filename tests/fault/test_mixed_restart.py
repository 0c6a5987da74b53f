# SPDX-License-Identifier: BSD-3-Clause
"""--arithmetic mixed that is killed among its passes in single precision, between them and those in double, and among these: what
one run gives, to the last bit."""

import csv
import unittest

import harness
from faults import SmallJob
from running import failing


class MixedRestart(SmallJob):
    OPTIONS = ["-k", "4", "--init", "random_from_data", "--no-coarse-to-fine", "--tol", "1e-13", "--arithmetic", "mixed",
               "--checkpoint-every", "1", "-q"]
    EXPECTED = {}

    def test_killed_in_either_arithmetic(self):
        log = self.path("log.csv")
        self.succeed("fit", self.data, *self.OPTIONS, "-o", self.path("undisturbed.h5"), "--checkpoint", "none", "--log", log)
        self.EXPECTED["model"] = self.bytes_of("undisturbed.h5")
        with open(log) as file:
            rows = list(csv.DictReader(file))
        # A change is not told where the model before was measured in the other arithmetic.
        first_in_double, = (i for i, row in enumerate(rows) if i > 0 and not row["change"])
        self.assertGreater(first_in_double, 5)
        self.assertGreater(len(rows), first_in_double + 3)
        for iterations, ranks in ((first_in_double // 2, 2), (first_in_double, None), (first_in_double + 1, None)):
            with self.subTest(iterations=iterations):
                run = harness.gmmpi(*self.words(), env=failing("model.h5.checkpoint", "link", "KILL", skip=iterations))
                self.assertEqual(run.returncode, -9, run.stderr)
                rest = self.path("rest-%d.csv" % iterations)
                self.succeed(*self.words("--restart", "auto", "--log", rest), ranks=ranks)
                with open(rest) as file:
                    self.assertGreater(int(list(csv.DictReader(file))[0]["iteration"]), iterations - 3)
                self.assert_undisturbed()

    def test_another_limit(self):
        """What is killed where few iterations are allowed goes on to the model of a run that was allowed more."""
        run = harness.gmmpi(*self.words("--max-iter", 8), env=failing("model.h5.checkpoint", "link", "KILL", skip=7))
        self.assertEqual(run.returncode, -9, run.stderr)
        self.succeed(*self.words("--restart", "auto"))
        self.assert_undisturbed()


if __name__ == "__main__":
    unittest.main()
