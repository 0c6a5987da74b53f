# SPDX-License-Identifier: BSD-3-Clause
"""Jobs that are killed, stopped and damaged: whatever happens, going on gives the model of a job that nothing happened to.

GMMPI_FAULT_KILLS (12) says how many times jobs are killed at random instants, GMMPI_FAULT_SEED (1) which instants.
"""

import csv
import os
import random
import shutil
import signal
import tempfile
import time
import unittest

import numpy as np

import harness
from faults import SmallJob, fill
from harness import PATIENCE
from running import Running, holding, is_pending

KILLS = int(os.environ.get("GMMPI_FAULT_KILLS", "12"))
SEED = int(os.environ.get("GMMPI_FAULT_SEED", "1"))


def make_points(path, seed, n=100_000, d=4, k=6):
    """Overlapping clusters, on which EM takes its time."""
    generator = np.random.default_rng(seed)
    centres = 1.5 * generator.normal(size=(k, d))
    rows = centres[generator.integers(k, size=n)] + generator.normal(size=(n, d)) * generator.uniform(0.7, 1.5, size=d)
    np.save(path, rows)


class Restart(harness.Case):
    OPTIONS = ["-k", "6", "--tol", "0", "--max-iter", "150"]

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-restart-")
        # What launchers that are killed leave behind goes there, too.
        cls.environment = dict(os.environ, OMPI_MCA_btl_vader_backing_directory=cls.shared)
        cls.data = os.path.join(cls.shared, "points.npy")
        make_points(cls.data, 1)
        cls.expected = {}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def undisturbed(self, options):
        """Model bytes and log rows of a job with these options to which nothing happened."""
        key = tuple(options)
        if key not in self.expected:
            model = os.path.join(self.shared, "undisturbed.h5")
            log = os.path.join(self.shared, "undisturbed.csv")
            self.succeed("fit", self.data, *options, "-o", model, "--log", log, "--checkpoint", "none", "-q", ranks=2)
            with open(model, "rb") as file:
                self.expected[key] = (file.read(), self.log_rows(log))
        return self.expected[key]

    def log_rows(self, path):
        """The rows without their seconds."""
        with open(path, newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], "iteration,log_likelihood,mean_log_likelihood,change,start,seconds".split(","))
        for row in rows[1:]:
            self.assertEqual(len(row), 6, row)
        return [row[:5] for row in rows[1:]]

    def rows_so_far(self):
        try:
            return max(self.bytes_of("log.csv").count(b"\n") - 1, 0)
        except OSError:
            return 0

    def words(self, *more, options=None, data=None, ranks=2):
        return harness.command(ranks, "fit", data or self.data, *(self.OPTIONS if options is None else options), "-o",
                               self.path("model.h5"), "--log", self.path("log.csv"), "-q", *more)

    def start(self, *more, hold=None, **choices):
        """hold: at what the job is held, see holding."""
        job = Running(self.words(*more, **choices), dict(self.environment, **(hold or {})), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        return job

    def run_to_end(self, *more, status=0, **choices):
        job = self.start(*more, **choices)
        self.assertEqual(job.wait(), status, job.errors())
        return job.errors()

    def wait_for_rows(self, job, count):
        """Until the log has so many rows; False when the job ended before."""
        limit = time.monotonic() + PATIENCE
        while self.rows_so_far() < count:
            if job.process.poll() is not None:
                return False
            self.assertLess(time.monotonic(), limit, "the job makes no progress")
            time.sleep(0.002)
        return True

    def start_and_hold(self, *more, rows=5, **choices):
        """A job whose log has so many rows, and which is held before it writes the next one: the job, and its rank 0."""
        job = self.start(*more, hold=holding("log.csv", "write", skip=rows + 1), **choices)
        held = job.until_held()
        self.assertEqual(self.rows_so_far(), rows)
        return job, held

    def interrupt(self, *more, number=signal.SIGTERM, who=0, **choices):
        """Starts a job and sends a signal to one of its ranks in the middle; returns what it printed."""
        job, held = self.start_and_hold(*more, **choices)
        os.kill(job.ranks()[who], number)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(job.wait(), 75, job.errors())
        return job.errors()

    def assert_undisturbed(self, options=None):
        model, rows = self.undisturbed(self.OPTIONS if options is None else options)
        self.assertEqual(self.log_rows(self.path("log.csv")), rows)
        self.assertEqual(self.bytes_of("model.h5"), model)
        self.assert_no_checkpoints()

    def assert_no_checkpoints(self):
        self.assertEqual([name for name in os.listdir(self.folder) if "checkpoint" in name], [])

    def damage(self, name):
        with open(self.path(name), "r+b") as file:
            file.seek(2000)
            byte = file.read(1)[0]
            file.seek(2000)
            file.write(bytes([byte ^ 4]))

    # --- killed --------------------------------------------------------------------------

    def kill_at_random(self, options, kills, seed):
        """Kills the job over and over again at random instants, each time going on with another number of ranks."""
        chance = random.Random(seed)
        total = len(self.undisturbed(options)[1])
        deaths = 0
        while deaths < kills:
            ranks = chance.randint(1, 4)
            every = chance.choice(["1", "1", "7"])  # with 7 the log is ahead of the checkpoint
            job = self.start("--checkpoint-every", every, "--restart", "auto", options=options, ranks=ranks)
            early = chance.random() < 0.25
            if early:
                time.sleep(chance.uniform(0.0, 0.6))  # most likely before the first iteration
            else:
                left = total - self.rows_so_far()
                self.wait_for_rows(job, self.rows_so_far() + chance.randint(1, max(2, left // 3)))
                time.sleep(chance.uniform(0.0, 0.03))
            targets = job.ranks()
            if job.process.poll() is not None:  # it was faster
                self.assertEqual(job.process.returncode, 0, job.errors())
                self.assert_undisturbed(options)
                for name in ("model.h5", "log.csv"):
                    os.unlink(self.path(name))
                continue
            # While ranks meet in MPI_Init only mpiexec can notice that one of them is gone, which is no business of this test.
            if chance.random() < 0.5 and targets and not early:
                os.kill(chance.choice(targets), signal.SIGKILL)
                self.assertNotEqual(job.wait(), None)
            else:
                job.kill_everything()
            deaths += 1
        self.run_to_end("--checkpoint-every", "1", "--restart", "auto", options=options, ranks=3)
        self.assert_undisturbed(options)

    def test_killed_at_random_instants(self):
        self.kill_at_random(self.OPTIONS, KILLS, SEED)

    def test_killed_in_any_of_several_starts(self):
        options = ["-k", "6", "--tol", "0", "--max-iter", "30", "--n-init", "3", "--seed", "5"]
        self.kill_at_random(options, (KILLS + 1) // 2, SEED + 1)

    # --- asked to stop -------------------------------------------------------------------

    def test_signals_to_a_rank(self):
        for number, who in ((signal.SIGTERM, 0), (signal.SIGINT, 1), (signal.SIGUSR1, 2)):
            with self.subTest(signal=number.name):
                errors = self.interrupt("--checkpoint-seconds", "3600", number=number, who=who, ranks=3)
                lines = harness.own_lines(errors)
                self.assertEqual(len(lines), 1, errors)
                self.assertRegex(lines[0], rf"model\.h5\.checkpoint: stopped by {number.name} after iteration \d+; "
                                           r"go on with --restart auto$")
                self.assertFalse(os.path.exists(self.path("model.h5")))
                self.run_to_end("--restart", "auto", ranks=2)
                self.assert_undisturbed()
                for name in ("model.h5", "log.csv"):
                    os.unlink(self.path(name))

    def test_alone_without_a_launcher(self):
        self.interrupt(ranks=None)
        self.run_to_end("--restart", "auto", ranks=None)
        self.assert_undisturbed()

    def test_launcher_stopped_in_a_pass_without_end(self):
        """mpirun kills its ranks some seconds after SIGTERM; a rank that is held makes the others wait as in a long pass."""
        import h5py
        rows = 10
        self.environment = dict(self.environment, OMPI_MCA_odls_base_sigkill_timeout="4")
        job, writing = self.start_and_hold("--checkpoint-seconds", "3600", rows=rows)
        held = job.ranks()[1]
        os.kill(held, signal.SIGSTOP)
        os.kill(writing, signal.SIGCONT)
        job.until(lambda: self.rows_so_far() > rows, "the row")
        self.assertFalse(os.path.exists(self.path("model.h5.checkpoint")))
        job.process.send_signal(signal.SIGTERM)

        while job.process.poll() is None and not is_pending(held, signal.SIGTERM):
            try:
                os.kill(held, signal.SIGSTOP)  # mpirun sets it going again before it sends SIGTERM on
            except OSError:
                pass
            time.sleep(0.002)
        if job.process.poll() is None:  # mpirun waits for as long as a loaded machine needs to write a file
            os.kill(job.process.pid, signal.SIGSTOP)
            job.until(lambda: os.path.exists(self.path("model.h5.checkpoint")), "a checkpoint")
            os.kill(job.process.pid, signal.SIGCONT)
        self.assertNotEqual(job.wait(), 0)
        with h5py.File(self.path("model.h5.checkpoint"), "r") as checkpoint:
            self.assertGreaterEqual(checkpoint["climber_0/iteration"][()], rows)  # nothing is lost
        self.run_to_end("--restart", "auto", ranks=1)
        self.assert_undisturbed()

    def test_no_checkpoints(self):
        import h5py
        errors = self.interrupt("--checkpoint", "none")
        self.assertRegex(harness.own_lines(errors)[0], r"model\.h5: stopped by SIGTERM after iteration \d+; ")
        with h5py.File(self.path("model.h5"), "r") as model:
            self.assertFalse(model.attrs["converged"])
            self.assertGreaterEqual(model.attrs["n_iter"], 3)
        self.assert_no_checkpoints()
        self.fail_with(64, "--restart auto", "fit", self.data, *self.OPTIONS, "-o", self.path("model.h5"), "--checkpoint",
                       "none", "--restart", "auto")

    def test_before_the_first_iteration(self):
        table = self.path("points.csv")
        np.savetxt(table, np.load(self.data)[:2000], delimiter=",")
        job = self.start(data=table, ranks=None, hold=holding("points.csv", "read", byte=os.path.getsize(table) // 2))
        held = job.until_held()
        os.kill(held, signal.SIGTERM)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(job.wait(), 75, job.errors())
        self.assertEqual(len(harness.own_lines(job.errors())), 1, job.errors())

    # --- damaged, or another job's ------------------------------------------------------------

    def test_damaged_checkpoints(self):
        self.interrupt("--checkpoint-every", "1")
        self.damage("model.h5.checkpoint")
        errors = self.run_to_end("--restart", "auto", ranks=3)
        self.assertRegex(errors, r"gmmpi warning: .*model\.h5\.checkpoint: is no good checkpoint \(its checksum is wrong\)")
        self.assert_undisturbed()

    def test_both_damaged(self):
        self.interrupt("--checkpoint-every", "1")
        self.damage("model.h5.checkpoint")
        with open(self.path("model.h5.checkpoint.prev"), "r+b") as file:
            file.truncate(100)
        self.fail_with(65, "is no good checkpoint", "fit", self.data, *self.OPTIONS, "-o", self.path("model.h5"),
                       "--restart", self.path("model.h5.checkpoint"), "-q", ranks=2)
        errors = self.run_to_end("--restart", "auto")
        self.assertEqual(errors.count("gmmpi warning: "), 2, errors)
        self.assert_undisturbed()

    def test_a_named_checkpoint(self):
        self.fail_with(66, "no.such", "fit", self.data, *self.OPTIONS, "-o", self.path("model.h5"), "--restart",
                       self.path("no.such"), ranks=2)
        self.interrupt()
        os.rename(self.path("model.h5.checkpoint"), self.path("kept"))
        self.run_to_end("--restart", self.path("kept"), ranks=1)
        self.assert_undisturbed()
        self.assertTrue(os.path.exists(self.path("kept")))

    def test_another_jobs(self):
        self.interrupt("--seed", "3")
        for restart, ranks in (("auto", 2), (self.path("model.h5.checkpoint"), None)):
            self.fail_with(65, r"model\.h5\.checkpoint: was made with --seed 3, this job has --seed 4; give the same options, "
                               "or remove it to start afresh$", "fit", self.data, *self.OPTIONS, "-o",
                           self.path("model.h5"), "--seed", "4", "--restart", restart, "-q", ranks=ranks)
        self.fail_with(65, "--covariance", "fit", self.data, *self.OPTIONS, "-o", self.path("model.h5"), "--seed", "3",
                       "--covariance", "diag", "--restart", "auto", "-q")
        self.fail_with(65, "--precision single", "fit", self.data, *self.OPTIONS, "-o", self.path("model.h5"), "--seed", "3",
                       "--precision", "single", "--restart", "auto", "-q", ranks=2)
        other = self.path("other.npy")
        points = np.load(self.data)
        points[-1, -1] = np.nextafter(points[-1, -1], np.inf)
        np.save(other, points)
        for ranks in (None, 2):
            self.fail_with(65, r"model\.h5\.checkpoint: was made from other data", "fit", other, *self.OPTIONS, "-o",
                           self.path("model.h5"), "--seed", "3", "--restart", "auto", "-q", ranks=ranks)
        self.assertTrue(os.path.exists(self.path("model.h5.checkpoint")))

    def test_iterations_and_tolerance_may_differ(self):
        self.interrupt()
        options = ["-k", "6", "--tol", "1e-12", "--max-iter", "100"]
        self.run_to_end("--restart", "auto", options=options, ranks=1)
        self.assert_undisturbed(options)

    # --- a full disk --------------------------------------------------------------------------

    small_disk = SmallJob.small_disk

    def test_full_disk(self):
        disk = self.small_disk()
        options = ["--checkpoint", os.path.join(disk, "checkpoint"), "--checkpoint-every", "1"]
        job, held = self.start_and_hold(*options, "--max-iter", "1000000")
        fill(disk)
        os.kill(held, signal.SIGCONT)
        job.until(lambda: self.rows_so_far() > 20, "progress")
        job.kill_everything()
        self.assertRegex(job.errors(), "gmmpi warning: .*checkpoint cannot be written|cannot be written .*No space left")

        # The last one before the disk was full is good, and a job goes on without others.
        errors = self.run_to_end(*options, "--restart", "auto", ranks=3)
        self.assertEqual(errors.count("gmmpi warning: "), 1, errors)
        self.assertEqual(os.listdir(disk), ["filler"])
        self.assert_undisturbed()


if __name__ == "__main__":
    unittest.main()
