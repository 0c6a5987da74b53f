# SPDX-License-Identifier: BSD-3-Clause
"""Two jobs by accident, or as many as a launcher has lost: only one of them writes a checkpoint, and none removes another's."""

import fcntl
import os
import signal
import subprocess
import time
import unittest

import harness
from faults import make_points
from harness import PATIENCE
from running import Running


class TwoJobs(harness.Case):
    FOREVER = ["-k", "3", "--init", "k-means++", "--tol", "0", "--max-iter", "100000000", "--checkpoint-every", "1", "-q"]
    REFUSED = r"model\.h5\.checkpoint: another job is writing this checkpoint \(process %d on .*\); wait for its end, or give another "

    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data, 2000)

    def words(self, *more, name="model.h5"):
        return ["fit", self.data, *self.FOREVER, "-o", self.path(name), *more]

    def start(self, *more, ranks=None, errors="errors.txt", name="model.h5"):
        """A job without end that has written a checkpoint."""
        job = Running(harness.command(ranks, *self.words(*more, name=name)), dict(os.environ), self.path(errors))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        return job

    def until(self, condition, what):
        limit = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), limit, what)
            time.sleep(0.005)

    def until_saved(self, job, name="model.h5"):
        self.until(lambda: os.path.exists(self.path(name + ".checkpoint")) or job.process.poll() is not None, "a checkpoint")
        self.assertIsNone(job.process.poll(), job.errors())

    def stop(self, job):
        os.kill(job.ranks()[0], signal.SIGTERM)
        self.assertEqual(job.wait(), 75, job.errors())

    def files(self):
        return sorted(name for name in os.listdir(self.folder) if name.startswith("model.h5"))

    def test_the_second_is_refused_before_it_reads(self):
        job = self.start(ranks=2)
        self.until_saved(job)
        missing = self.path("no such file.npy")
        refused = [subprocess.Popen(harness.command(ranks, "fit", missing, *more, "-k", "3", "-o", self.path("model.h5"), "-q"),
                                    stderr=subprocess.PIPE, text=True) for ranks, more in ((None, []), (2, ["--restart", "auto"]))]
        for one in refused:
            errors = one.communicate(timeout=PATIENCE)[1]
            self.assertEqual(one.returncode, 73, errors)
            self.assertRegex("\n".join(harness.own_lines(errors)), "^gmmpi: .*" + self.REFUSED % job.ranks()[0])
        for more in (["--checkpoint", "none"], ["--checkpoint", self.path("own.checkpoint")]):
            self.succeed("fit", self.data, "-k", "3", "-o", self.path("other.h5"), "-q", *more)
        self.stop(job)
        self.assertEqual(self.files(), ["model.h5.checkpoint", "model.h5.checkpoint.prev"])
        self.succeed("fit", self.data, *self.FOREVER, "--max-iter", "1", "-o", self.path("model.h5"), "--restart", "auto")
        self.assertEqual(self.files(), ["model.h5"])

    def test_several_at_once(self):
        """As srun starts them when it and MPI do not understand each other."""
        jobs = [self.start("--restart", "auto", errors=f"errors {i}.txt") for i in range(4)]
        self.until(lambda: sum(job.process.poll() is None for job in jobs) == 1, "three are refused")
        left = [job for job in jobs if job.process.poll() is None]
        self.assertEqual(sorted(job.process.poll() for job in jobs if job not in left), [73] * 3)
        self.until_saved(left[0])
        self.stop(left[0])
        self.assertEqual(self.files(), ["model.h5.checkpoint", "model.h5.checkpoint.prev"])

    def test_a_killed_job_leaves_no_lock(self):
        job = self.start()
        self.until_saved(job)
        job.kill_everything()
        self.assertIn("model.h5.checkpoint.lock", self.files())
        self.succeed("fit", self.data, *self.FOREVER, "--max-iter", "1", "-o", self.path("model.h5"), "--restart", "auto")
        self.assertEqual(self.files(), ["model.h5"])

    def test_the_lock_of_the_one_before(self):
        """A job that is about to end has the lock a little longer: the next one waits, and is not fooled by the file's name."""
        for _ in range(20):
            with open(self.path("model.h5.checkpoint.lock"), "w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                job = self.start_waiting("errors.txt")
                os.unlink(file.name)
            if not self.has_waited_in_vain(job, lambda: os.path.exists(self.path("model.h5.checkpoint"))):
                break
        self.until_saved(job)
        self.assertIn("model.h5.checkpoint.lock", self.files())
        self.stop(job)
        self.assertEqual(self.files(), ["model.h5.checkpoint", "model.h5.checkpoint.prev"])

    def start_waiting(self, errors):
        """A job that waits for the lock, which it does for some seconds; on a machine that does not let this test act within them, to
        be started again."""
        job = self.start(errors=errors)
        self.until(lambda: self.lock_is_open(job) or job.process.poll() is not None, "the job waits")
        return job

    def has_waited_in_vain(self, job, other_end):
        self.until(lambda: other_end() or job.process.poll() is not None, "an end")
        return job.process.poll() == 73

    def lock_is_open(self, job):
        try:
            folder = f"/proc/{job.process.pid}/fd"
            return any(os.path.realpath(os.path.join(folder, name)).startswith(self.path("model.h5.checkpoint.lock"))
                       for name in os.listdir(folder))
        except OSError:
            return False

    def test_stopped_while_it_waits(self):
        job = self.start()
        self.until_saved(job)
        for _ in range(20):
            other = self.start_waiting("other.txt")
            other.process.send_signal(signal.SIGTERM)
            if not self.has_waited_in_vain(other, lambda: False):
                break
        self.assertEqual(other.wait(), 75, other.errors())
        self.assertRegex(other.errors(), r"stopped by SIGTERM while another job had this checkpoint; start again")
        self.stop(job)

    def test_a_file_of_the_same_name(self):
        """It is not ours, so it stays; the job goes without a lock."""
        text = "important"
        self.write("model.h5.checkpoint.lock", text)
        self.succeed("fit", self.data, "-k", "3", "-o", self.path("model.h5"), "-q")
        self.assertEqual(self.bytes_of("model.h5.checkpoint.lock").decode(), text)


if __name__ == "__main__":
    unittest.main()
