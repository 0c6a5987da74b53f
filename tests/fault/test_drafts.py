# SPDX-License-Identifier: BSD-3-Clause
"""Outputs are whole or not there: also when two jobs write the same one, and when a job is killed while it writes."""

import os
import subprocess
import unittest

import faults
import harness
from running import failing


class Drafts(faults.SmallJob):
    def files(self):
        return sorted(name for name in os.listdir(self.folder) if "partial" in name)

    def test_two_jobs_at_the_same_time(self):
        self.succeed(*self.words())
        for ending in ("h5", "csv"):
            words = {}
            for seed in (1, 2):
                words[seed] = ["sample", self.model, "-n", 30_000, "-q", "--seed", seed, "-o"]
                self.succeed(*words[seed], self.path(f"{seed}.{ending}"))
            both = [subprocess.Popen(harness.command(2, *words[seed], self.path("out." + ending))) for seed in (1, 2)]
            self.assertEqual([job.wait(timeout=harness.PATIENCE) for job in both], [0, 0])
            self.assertIn(self.bytes_of("out." + ending), [self.bytes_of(f"{seed}.{ending}") for seed in (1, 2)])
        self.assertEqual(self.files(), [])

    def test_killed_while_it_writes(self):
        """What is left behind goes when the next job writes the same output, and nothing else does."""
        self.write("1-2-3.other.h5.partial", "another output's")
        run = harness.gmmpi(*self.words(), env=failing("model.h5.partial", "write", "KILL"))
        self.assertEqual(run.returncode, -9)
        self.assertEqual(len(self.files()), 2)
        self.succeed("fit", self.data, *self.OPTIONS, "-o", self.path("other model.h5"))
        self.assertEqual(len(self.files()), 2)
        self.succeed(*self.words("--restart", "auto"), ranks=2)
        self.assertEqual(self.files(), ["1-2-3.other.h5.partial"])
        os.unlink(self.path("1-2-3.other.h5.partial"))
        self.assert_undisturbed()

    def test_failed_while_it_writes(self):
        for call in ("write", "fsync"):
            self.fail_with(73, r"model\.h5: cannot be written", *self.words(), ranks=2,
                           env=failing("model.h5.partial", call, "ENOSPC"))
            self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
