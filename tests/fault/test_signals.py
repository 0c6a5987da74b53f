# SPDX-License-Identifier: BSD-3-Clause
"""Jobs that are asked to stop, or how they are doing, at any time; and jobs that know how long they may run.

No test depends on how fast the machine is: a job is held until it has been asked, or goes on for ever, and waiting for it is
bounded.
"""

import csv
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import harness
import test_restart
from harness import PATIENCE
from running import Running, catches, holding, is_pending

STATUS = (r"^status: start (\d+) of (\d+), level (\d+), (\d+) points?, iteration (\d+): log-likelihood (\S+), "
                    r"change (\S+), (\S+) points/s, .*; reading \d+ %, computing \d+ %, Allreduce \d+ %, waiting \d+ % "
                    r"\(imbalance (\d\.\d+)\)( \(\d+ s ago\))?$")


class Signals(harness.Case):
    OPTIONS = ["-k", "6", "--tol", "0", "--max-iter", "60", "--seed", "2"]
    AT_ONCE = ["-k", "6", "--tol", "0", "--init", "random_from_data", "--no-coarse-to-fine", "--max-iter"]
    SHORT = [*AT_ONCE, "30"]
    FOREVER = [*AT_ONCE, "10000000"]

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-signals-")
        cls.environment = dict(os.environ, OMPI_MCA_btl_vader_backing_directory=cls.shared)
        cls.data = os.path.join(cls.shared, "points.npy")
        test_restart.make_points(cls.data, 3, n=60_000)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def start(self, *more, options=None, data=None, ranks=2, env=None):
        words = harness.command(ranks, "fit", data or self.data, *(options or self.FOREVER), "-o", self.path("model.h5"),
                                "--log", self.path("log.csv"), *more)
        job = Running(words, dict(self.environment, **(env or {})), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        return job

    def rows(self):
        """The whole rows of the log so far."""
        try:
            with open(self.path("log.csv"), newline="") as file:
                return list(csv.reader(file))[1:]
        except OSError:
            return []

    def until_iteration(self, job, count):
        job.until(lambda: len(self.rows()) > count, f"iteration {count}")

    def message(self, job):
        lines = harness.own_lines(job.errors())
        self.assertEqual(len(lines), 1, job.errors())
        return lines[0]

    def undisturbed(self):
        model = os.path.join(self.shared, "undisturbed.h5")
        log = os.path.join(self.shared, "undisturbed.csv")
        if not os.path.exists(model):
            self.succeed("fit", self.data, *self.OPTIONS, "-o", model, "--log", log, "-q", "--checkpoint", "none")
        with open(model, "rb") as file, open(log, newline="") as table:
            return file.read(), [row[:5] for row in list(csv.reader(table))[1:]]

    def finish(self, ranks=1):
        """Goes on to the end, which must be that of a job to which nothing happened."""
        job = self.start("--restart", "auto", "-q", options=self.OPTIONS, ranks=ranks)
        self.assertEqual(job.wait(), 0, job.errors())
        model, rows = self.undisturbed()
        self.assertEqual([row[:5] for row in self.rows()], rows)
        self.assertEqual(self.bytes_of("model.h5"), model)
        self.assertFalse(os.path.exists(self.path("model.h5.checkpoint")))

    # --- how is it going? ----------------------------------------------------------------

    def ask(self, job, pid, pattern):
        """Asks and returns the match of the answer. A question to another rank may be taken for an echo of the one before, and is
        asked again."""
        before = len(job.errors())
        found = None
        while found is None:
            os.kill(pid, signal.SIGUSR2)
            enough = len(self.rows()) + 200

            def answered():
                nonlocal found
                found = re.search(pattern, job.errors()[before:], re.MULTILINE)
                return found or len(self.rows()) > enough
            job.until(answered, f"an answer like {pattern}")
        return found

    def test_status(self):
        job = self.start("-q", "--n-init", "3", "--time-limit", "2-00:00:00", ranks=3)
        self.until_iteration(job, 3)
        time.sleep(0.1)  # answers are renewed twenty times a second
        self.until_iteration(job, len(self.rows()) + 2)
        for pid in (*job.ranks(), job.process.pid):
            match = self.ask(job, pid, STATUS)
            start, of, level, points, iteration, log_likelihood, change, speed, imbalance = match.groups()[:9]
            self.assertEqual((of, level, points), ("3", "0", "60000"))
            place = iteration, str(int(start) - 1)  # the starts advance together
            self.assertRegex(match.group(), r" (1-23:\d\d:\d\d|2-00:00:00) left;")
            job.until(lambda: place in [(row[0], row[4]) for row in self.rows()], "the log knows the same iteration")
            row = next(row for row in self.rows() if (row[0], row[4]) == place)
            self.assertAlmostEqual(float(row[1]) / float(log_likelihood), 1.0, places=8)
            self.assertLessEqual(abs(float(change) - float(row[3])), 0.006 * abs(float(row[3])))
            self.assertGreater(float(speed), 0)
            self.assertGreaterEqual(float(imbalance), 1.0)
        os.kill(job.ranks()[2], signal.SIGTERM)
        self.assertEqual(job.wait(), 75, job.errors())

    def test_one_answer(self):
        """mpirun passes a question on to all ranks, which answer once, unless some hear of it much later than others: not each time."""
        job = self.start("-q", ranks=3)
        self.until_iteration(job, 3)
        for _ in range(30):
            before = job.errors().count("status: ")
            job.process.send_signal(signal.SIGUSR2)
            job.until(lambda: job.errors().count("status: ") > before, "an answer")
            self.until_iteration(job, len(self.rows()) + 100)
            answers = job.errors().count("status: ") - before
            self.assertLessEqual(answers, 3, job.errors())
            if answers == 1:
                break
        self.assertEqual(answers, 1, job.errors())
        os.kill(job.ranks()[2], signal.SIGTERM)
        self.assertEqual(job.wait(), 75, job.errors())

    def test_status_while_reading(self):
        job, held = self.start_and_hold_reading(ranks=None, rank=0)
        for number in (signal.SIGUSR2, signal.SIGUSR1, signal.SIGCONT):
            os.kill(held, number)
        self.assertEqual(job.wait(), 75, job.errors())
        self.assertRegex(job.errors(), r"(?m)^status: reading .*table\.csv( \(\d+ s ago\))?$")
        self.assertRegex(self.message(job), r"table\.csv: stopped by SIGUSR1 while it was read, when there was nothing to save; "
                                            r"start again$")
        self.assertEqual(sorted(os.listdir(self.folder)), ["errors.txt", "table.csv"])

    def start_and_hold_reading(self, ranks, rank):
        """A job of which one rank is held when it reads the middle of its table: the job, and that rank."""
        table = self.write("table.csv", "".join("%d.5,%d\n" % (i % 97, i % 89) for i in range(20_000)))
        job = self.start("-q", data=table, ranks=ranks, env=holding("table.csv", "read", byte=os.path.getsize(table) // 2, rank=rank))
        return job, job.until_held(rank)

    # --- asked to stop ---------------------------------------------------------------------

    def test_stopped_while_reading_on_several_ranks(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            job, held = self.start_and_hold_reading(ranks=3, rank=1)
            os.kill(held, number)
            os.kill(held, signal.SIGCONT)
            self.assertEqual(job.wait(), 75, job.errors())
            self.assertRegex(self.message(job), rf"stopped by {number.name} ")

    def test_stopped_while_a_start_is_looked_for(self):
        """With a hundred components the search alone takes longer than anybody waits here."""
        data = os.path.join(self.shared, "wide.npy")
        if not os.path.exists(data):
            test_restart.make_points(data, 4, n=200_000, d=12, k=40)
        for ranks, who in ((1, 0), (3, 2)):
            with self.subTest(ranks=ranks):
                job = self.start("-q", options=["-k", "60"], data=data, ranks=ranks)
                job.until(lambda: "a start is looked for" in self.asked(job), "the search")
                os.kill(job.ranks()[who], signal.SIGTERM)
                self.assertEqual(job.wait(), 75, job.errors())
                self.assertRegex(self.message(job), r"model\.h5\.checkpoint: stopped by SIGTERM before the first iteration, when "
                                                    r"there was nothing to save; --restart auto begins anew$")
                self.assertFalse(os.path.exists(self.path("model.h5.checkpoint")))

    def asked(self, job):
        ranks = job.ranks()
        if ranks and catches(ranks[0], signal.SIGUSR2):
            os.kill(ranks[0], signal.SIGUSR2)
            time.sleep(0.02)
        return job.errors()

    def test_stopped_on_a_subsample(self):
        """Between the start and the iterations over all points; what is saved there is gone on from."""
        options = ["-k", "6", "--seed", "2", "--init", "random", "--coarse-to-fine", "--tol", "0", "--max-iter", "3"]
        self.succeed("fit", self.data, *options, "-o", self.path("expected.h5"), "-q")
        job = self.start("--checkpoint-every", "1", options=options, data=self.data, ranks=2,
                         env=holding("model.h5.checkpoint", "rename", skip=1))
        held = job.until_held()
        os.kill(held, signal.SIGTERM)
        os.kill(held, signal.SIGCONT)
        self.assertEqual(job.wait(), 75, job.errors())
        self.assertRegex(self.message(job), r"stopped by SIGTERM, with subsamples still in use; go on with --restart auto$")
        again = self.start("--restart", "auto", "-q", options=options, ranks=3)
        self.assertEqual(again.wait(), 0, again.errors())
        self.assertEqual(self.bytes_of("model.h5"), self.bytes_of("expected.h5"))

    def test_a_second_interrupt_leaves_at_once(self):
        job = self.start("-q", ranks=2)
        self.until_iteration(job, 3)
        held = job.ranks()
        os.kill(held[1], signal.SIGSTOP)  # so that the first interrupt cannot end the job
        os.kill(held[0], signal.SIGINT)
        job.until(lambda: not is_pending(held[0], signal.SIGINT), "the first interrupt")
        self.assertIsNone(job.process.poll())
        os.kill(held[0], signal.SIGINT)
        self.assertNotEqual(job.wait(), 0)
        self.assertEqual(harness.own_lines(job.errors()), [])

    # --- the end of the time ---------------------------------------------------------------

    def run_out_of_time(self, start):
        """start(seconds): a job that ends so soon. It gets more time until that is enough for an iteration; what it says then."""
        for turn in range(7):
            job = start(3 * 2**turn)
            self.assertEqual(job.wait(), 75, job.errors())
            if "after iteration" in self.message(job):
                break
        return self.message(job)

    SAVED = r"model\.h5\.checkpoint: stopped by the time limit after iteration \d+; go on with --restart auto$"

    def test_time_limit(self):
        for ranks, text in ((1, str), (3, lambda seconds: "%d:%02d" % divmod(seconds, 60))):
            with self.subTest(ranks=ranks):
                said = self.run_out_of_time(lambda seconds: self.start("-q", "--time-limit", text(seconds), ranks=ranks))
                self.assertRegex(said, self.SAVED)
                os.utime(self.path("model.h5.checkpoint"), (981173106, 981173106))
                facts = self.summary_of("model.h5.checkpoint")
                self.assertEqual(facts["written"], "2001-02-03T04:05:06Z")
                self.assertGreater(facts["seconds_since_written"], 8e8)
                self.assertRegex(facts["age"], r"^\d{4,}-\d\d:\d\d:\d\d$")
                self.assertEqual((facts["start"], facts["level"]), (0, 0))
                self.assertAlmostEqual(facts["log_likelihood"] / float(self.rows()[-1][1]), 1.0, places=12)
                self.assertEqual(len(self.rows()), facts["iteration"])
                for name in ("model.h5.checkpoint", "model.h5.checkpoint.prev", "log.csv"):
                    if os.path.exists(self.path(name)):
                        os.unlink(self.path(name))

    def summary_of(self, name):
        return json.loads(self.succeed("info", self.path(name), "--json").stdout)

    def test_the_result_does_not_depend_on_time(self):
        """Stopped by the clock wherever that may be, over and over again, at changing numbers of ranks."""
        stops = 0
        for turn in range(20):
            job = self.start("--restart", "auto", "-q", "--time-limit", "%.2f" % (0.1 * 1.5**turn), options=self.OPTIONS,
                             ranks=1 + turn % 3)
            if job.wait() == 0:
                break
            self.assertEqual(job.process.returncode, 75, job.errors())
            stops += 1
        model, rows = self.undisturbed()
        self.assertEqual(self.bytes_of("model.h5"), model, job.errors())
        self.assertEqual([row[:5] for row in self.rows()], rows)
        self.assertGreater(stops, 0)

    def test_time_limit_without_checkpoints(self):
        said = self.run_out_of_time(lambda seconds: self.start("-q", "--time-limit", str(seconds), "--checkpoint", "none"))
        self.assertRegex(said, r"model\.h5: stopped by the time limit after iteration \d+; ")
        import h5py
        with h5py.File(self.path("model.h5"), "r") as model:
            self.assertFalse(model.attrs["converged"])

    def test_the_end_of_a_slurm_job(self):
        said = self.run_out_of_time(lambda seconds: self.start("-q", env={"SLURM_JOB_END_TIME": str(int(time.time()) + seconds + 1)}))
        self.assertRegex(said, self.SAVED)
        for more, end in ((["--time-limit", "none"], int(time.time()) + 1), ([], int(time.time()) - 1000)):
            job = self.start(*more, "-q", options=self.SHORT, env={"SLURM_JOB_END_TIME": str(end)})
            self.assertEqual(job.wait(), 0, job.errors())
            self.assertEqual("SLURM_JOB_END_TIME is in the past" in job.errors(), not more)

    def test_no_time_limits(self):
        for text in ("0", "soon", "-5", "1:75", "4 h", ""):
            self.fail_with(64, "--time-limit: ", "fit", self.data, *self.OPTIONS, "--time-limit", text)

    # --- watching ------------------------------------------------------------------------

    def test_the_log_is_readable_at_any_time(self):
        job = self.start("-q")
        seen = 0
        for _ in range(200):
            self.until_iteration(job, seen)
            with open(self.path("log.csv")) as file:
                lines = file.read().split("\n")
            self.assertEqual(lines[-1], "")  # whole lines only
            rows = [line.split(",") for line in lines[1:-1]]
            self.assertEqual([int(row[0]) for row in rows], list(range(len(rows))))
            self.assertTrue(all(len(row) == 6 for row in rows))
            seen = len(rows)
        os.kill(job.ranks()[0], signal.SIGTERM)
        self.assertEqual(job.wait(), 75, job.errors())

    def test_summary(self):
        for ranks in (None, 3):
            run = self.succeed("fit", self.data, *self.SHORT, "-o", self.path("model.h5"), "--json", ranks=ranks)
            summary = json.loads(run.stdout)
            seconds = summary["seconds"]
            self.assertAlmostEqual(summary["imbalance"], 1.0 + seconds["waiting"] / seconds["e_step"], places=9)
            if ranks is None:
                self.assertLess(seconds["waiting"], 1e-6 + 0.001 * seconds["e_step"])
        run = self.succeed("fit", self.data, *self.SHORT, "-o", self.path("model.h5"), ranks=3)
        self.assertRegex(run.stdout, r"on 3 ranks \(\w+\), \S+ s per iteration; imbalance \d+\.\d\d, \S+ s of waiting\n")

    def test_the_line_on_a_terminal(self):
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen(harness.command(None, "fit", self.data, *self.FOREVER, "-o", self.path("model.h5"),
                                                   "--time-limit", "1-00:00:00"), stdout=subprocess.DEVNULL, stderr=its,
                                   env=dict(os.environ, TERM="xterm", LC_ALL="C", NO_COLOR="1"))
        os.close(its)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
                if b"iteration" in shown:
                    process.send_signal(signal.SIGTERM)
        except OSError:  # the other end is closed
            pass
        self.assertEqual(process.wait(timeout=PATIENCE), 75)
        lines = re.findall(r"\r([^\r\n\x1b]*)\x1b\[K\r", shown.decode())
        self.assertTrue(any(re.search(r"  iteration \d+ of at most 10000000, change ", line) for line in lines), lines)
        self.assertTrue(all(len(line) < 80 for line in lines), lines)


if __name__ == "__main__":
    unittest.main()
