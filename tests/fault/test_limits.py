# SPDX-License-Identifier: BSD-3-Clause
"""What a shell, a terminal and a queue do to a job: limits on files and on processor time, a terminal that is closed, nohup."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import unittest

import faults
import harness
from harness import PATIENCE
from running import Running


def limited(ranks, limits, *arguments):
    """gmmpi under a shell's limits, which mpirun itself does not have."""
    start = ["sh", "-c", f'ulimit {limits}; exec "$@"', "sh", *harness.command(None, *arguments)]
    return start if ranks is None else harness.mpirun(ranks) + start


class Limits(faults.SmallJob):
    def run_limited(self, status, ranks, limits, *arguments):
        run = subprocess.run(limited(ranks, limits, *arguments), capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stderr

    # --- files may not become larger -----------------------------------------------------------

    def test_outputs_that_become_too_large(self):
        """The limit is 5 MB, in units of 512 bytes."""
        self.succeed(*self.words())
        self.succeed("sample", self.model, "-n", 300_000, "-o", self.path("drawn.h5"), "-q")
        drawn = self.path("drawn.h5:/points")
        big = ["-n", 300_000, "-q", "-o"]
        for ranks, words in ((None, ["sample", self.model, *big, self.path("out.h5")]),
                             (2, ["sample", self.model, *big, self.path("out.csv")]),
                             (2, ["predict", self.model, drawn, "--responsibilities", "-q", "-o", self.path("out.h5")]),
                             (None, ["predict", self.model, drawn, "--responsibilities", "-q", "-o", self.path("out.csv")]),
                             (2, ["convert", drawn, self.path("out.h5"), "--compress", 1, "-q"])):
            with self.subTest(words=words):
                before = sorted(os.listdir(self.folder))
                errors = self.run_limited(73, ranks, "-f 10000", *words)
                self.assertEqual(len(harness.own_lines(errors)), 1, errors)
                self.assertRegex(errors, r"out\.\w+: cannot be written \(File too large\); raise the limit on the size of files "
                                         r"\(ulimit -f\) or write elsewhere")
                self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_checkpoints_that_become_too_large(self):
        """A model has room in 16 kB, a checkpoint has not: the job goes on."""
        errors = self.run_limited(0, None, "-f 32", *self.words("--log", self.path("log.csv")))
        self.assertEqual(errors.count("the job goes on without"), 1, errors)
        self.assertRegex(errors, r"gmmpi warning: .*checkpoint: cannot be written \(File too large\)")
        self.assert_undisturbed()

    def test_no_file_at_all(self):
        errors = self.run_limited(73, None, "-f 0", *self.words("--checkpoint", "none"))
        self.assertRegex(errors, r"gmmpi: .*model\.h5: cannot be written \(File too large\)")
        self.assertEqual(os.listdir(self.folder), ["points.npy"])

    # --- the end of processor time, and of a terminal ------------------------------------------

    def start(self, words, **more):
        job = Running(words, dict(os.environ), self.path("errors.txt"), **more)
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        return job

    def forever(self):
        return self.words("--max-iter", 100_000_000)

    def until_saved(self, job):
        job.until(lambda: os.path.exists(self.checkpoint), "a checkpoint")

    def assert_stopped_by(self, name, job):
        self.assertEqual(job.wait(), 75, job.errors())
        self.assertRegex(job.errors(), rf"gmmpi: .*model\.h5\.checkpoint: stopped by {name} after iteration \d+; go on with --restart "
                                       r"auto")
        self.assertTrue(os.path.exists(self.checkpoint))

    def test_processor_time(self):
        job = self.start(limited(None, "-S -t 1", *self.forever()))
        self.assert_stopped_by("SIGXCPU", job)

    def test_a_rank_that_is_told_to_hang_up(self):
        for number in (signal.SIGHUP, signal.SIGXCPU):
            job = self.start(harness.command(2, *self.forever()))
            self.until_saved(job)
            os.kill(job.ranks()[1], number)
            self.assert_stopped_by(number.name, job)
            os.unlink(self.checkpoint)

    def test_a_terminal_that_is_closed(self):
        """The kernel tells the job, as its foreground process."""
        ours, its = pty.openpty()
        job = self.start(harness.command(None, *self.forever()), stdin=its, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(its)
        self.until_saved(job)
        os.close(ours)
        self.assert_stopped_by("SIGHUP", job)

    def test_nohup(self):
        job = self.start(["nohup", *harness.command(None, *self.forever())], stdin=subprocess.DEVNULL)
        self.until_saved(job)
        os.kill(job.process.pid, signal.SIGHUP)
        before = os.stat(self.checkpoint).st_mtime_ns
        job.until(lambda: os.stat(self.checkpoint).st_mtime_ns != before, "another checkpoint")
        os.kill(job.process.pid, signal.SIGTERM)
        self.assert_stopped_by("SIGTERM", job)


if __name__ == "__main__":
    unittest.main()
