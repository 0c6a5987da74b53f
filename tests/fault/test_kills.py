# SPDX-License-Identifier: BSD-3-Clause
"""Jobs killed at random instants and inside the writing of checkpoints and outputs: each time the job that goes on, at another
number of ranks, ends with the bytes of a job that nothing happened to.

GMMPI_FAULT_KILLS (50) says how often, GMMPI_FAULT_SEED (1) when; scripts/torture.sh does it a thousand times.
"""

import collections
import os
import random
import signal
import time
import unittest

import faults
import harness
from running import Running, failing

KILLS = int(os.environ.get("GMMPI_FAULT_KILLS", "50"))
SEED = int(os.environ.get("GMMPI_FAULT_SEED", "1"))

# Where a job dies while it writes: the end of a file's name, the call, and how often it is made.
SAVING = [("checkpoint.partial", "write", 80), ("checkpoint.partial", "fsync", 80), ("checkpoint", "link", 79),
          ("checkpoint.prev", "rename", 79), ("checkpoint", "rename", 80), ("checkpoint.prev.new", "unlink", 79)]
ENDING = [("model.h5.partial", "write", 1), ("model.h5.partial", "fsync", 1), ("model.h5", "rename", 1),
          ("checkpoint.prev", "unlink", 1), ("checkpoint", "unlink", 1), ("log.csv", "write", 80)]


class Kills(faults.SmallJob):
    def start(self, ranks, environment=None):
        words = harness.command(ranks, *self.words("--log", self.path("log.csv"), "--restart", "auto"))
        job = Running(words, dict(os.environ, OMPI_MCA_btl_vader_backing_directory=self.folder, **(environment or {})),
                             self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        return job

    def log_rows(self):
        """The rows without their seconds."""
        with open(self.path("log.csv")) as file:
            return [line.rsplit(",", 1)[0] for line in file]

    def finish(self, ranks):
        job = self.start(ranks)
        self.assertEqual(job.wait(), 0, job.errors())
        self.assert_undisturbed()
        self.assertEqual(self.log_rows(), self.rows)
        os.unlink(self.model)

    def kill_at_an_instant(self, chance, ranks):
        job = self.start(ranks)
        time.sleep(chance.uniform(0, self.seconds if ranks is None else 2 * self.seconds))
        targets = job.ranks()
        if job.process.poll() is None and targets and chance.random() < 0.3:
            os.kill(chance.choice(targets), signal.SIGKILL)
            job.wait()
        elif job.process.poll() is None:
            job.kill_everything()
        return "at an instant", job.process.returncode

    def kill_while_writing(self, chance, ranks):
        file, call, count = chance.choice(SAVING + ENDING)
        job = self.start(ranks, failing(file, call, "KILL", skip=chance.randrange(count), rank=0))
        job.wait()
        return f"in {call} of {file}", job.process.returncode

    def test_killed(self):
        chance = random.Random(SEED)
        self.undisturbed()
        began = time.monotonic()
        job = self.start(None)
        self.assertEqual(job.wait(), 0, job.errors())
        self.seconds = time.monotonic() - began
        self.rows = self.log_rows()
        self.assertEqual(len(self.rows), 82)  # a header, the start, 80 iterations
        self.assert_undisturbed()

        deaths = collections.Counter()
        while sum(deaths.values()) < KILLS:
            ranks = chance.choice([None, None, None, 2, 3])
            kill = chance.choice([self.kill_at_an_instant, self.kill_while_writing])
            with self.subTest(deaths=sum(deaths.values()), seed=SEED):
                where, status = kill(chance, ranks)
                if status != 0:  # it was not over before
                    deaths[where] += 1
                if chance.random() < 0.5:  # else what goes on is killed, too
                    self.finish(chance.choice([other for other in (None, 2, 4) if other != ranks]))
        self.finish(3)
        if "GMMPI_FAULT_KILLS" in os.environ:
            for where, count in deaths.most_common():
                print(f"{count:5d} killed {where}")


if __name__ == "__main__":
    unittest.main()
