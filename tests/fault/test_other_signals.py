"""Commands other than fit that are asked to stop, or how they are doing: they leave nothing behind, and what was there stays."""

import os
import re
import signal
import time
import unittest

import harness
from faults import PATIENCE, Running, catches, make_points


class OtherCommands(harness.Case):
    """Each job is held by one of its ranks until it has been asked, so that none is too quick for that."""

    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data, 1_000_000)
        self.succeed("fit", self.data, "-k", "3", "--max-iter", "2", "-o", self.path("model.h5"), "-q")

    def commands(self):
        """What to run, and the output."""
        model = self.path("model.h5")
        for more in ([], ["--compress", "4"]):
            yield ["sample", model, "-n", "30000000", "-o", "sampled.h5", *more]
            yield ["predict", model, self.data, "--responsibilities", "-o", "predicted.h5", *more]
            yield ["convert", self.data, "converted.h5", *more]
        yield ["sample", model, "-n", "30000000", "-o", "sampled.csv"]
        yield ["predict", model, self.data, "--responsibilities", "-o", "predicted.csv"]

    def start(self, words, ranks):
        """The job when it is writing, and held."""
        words = [self.path(word) if word.startswith(("sampled", "predicted", "converted")) else word for word in words]
        output = next(word for word in words if os.path.dirname(word) == self.folder and word not in (
            self.data, self.path("model.h5")))
        with open(output, "w") as file:
            file.write("as it was")
        job = Running(harness.command(ranks, *words), dict(os.environ), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        limit = time.monotonic() + PATIENCE
        # Converting is quick, and asks for signals when it writes only: it may get one before.
        while not (self.drafts() or "measuring" in job.errors() or (words[0] == "convert" and self.catch_signals(job, ranks))):
            self.assertIsNone(job.process.poll(), job.errors())
            self.assertLess(time.monotonic(), limit)
            if output.endswith(".csv") and self.catch_signals(job, ranks):
                os.kill(job.ranks()[0], signal.SIGUSR2)
            time.sleep(0.002)
        return job, output

    def drafts(self):
        return [name for name in os.listdir(self.folder) if name.endswith(".partial")]

    @staticmethod
    def catch_signals(job, ranks):
        """Are the handlers installed on all ranks?"""
        pids = job.ranks()
        return len(pids) == ranks and all(catches(pid, signal.SIGUSR2) for pid in pids)

    @staticmethod
    def interrupt(ranks, turn, number):
        if len(ranks) == 3:
            os.kill(ranks[turn % 3], signal.SIGSTOP)
            os.kill(ranks[2 - turn % 2], number)
            os.kill(ranks[turn % 3], signal.SIGCONT)

    def test_stopped_while_writing(self):
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP, signal.SIGXCPU)
        for turn, words in enumerate(self.commands()):
            number = numbers[turn % 5]
            with self.subTest(words=words, number=number):
                for _ in range(5):
                    job, output = self.start(words, ranks=3)
                    self.interrupt(job.ranks(), turn, number)
                    status = job.wait()
                    if status != 0:  # else it was faster than the signal
                        break
                self.assertEqual(status, 75, job.errors())
                lines = harness.own_lines(job.errors())
                self.assertEqual(lines, [f"gmmpi: {output}: stopped by {number.name} before it was written; start again"])
                with open(output) as file:
                    self.assertEqual(file.read(), "as it was")
                self.assertEqual(self.drafts(), [])
                os.unlink(output)

    def test_stopped_while_rows_are_counted_that_stay(self):
        """Before anything is written."""
        rows = "1,2,3\n4,,6\n" * 400_000
        self.write("table.csv", "a,b,c\n" + rows)
        for words in (["convert", self.path("table.csv"), self.path("out.h5"), "--missing", "drop"],
                      ["predict", self.path("model.h5"), self.path("table.csv"), "-o", self.path("out.h5"), "--missing", "drop"]):
            job = Running(harness.command(2, *words), dict(os.environ), self.path("errors.txt"))
            self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
            limit = time.monotonic() + PATIENCE
            while not self.catch_signals(job, 2):
                self.assertLess(time.monotonic(), limit)
                time.sleep(0.002)
            os.kill(job.ranks()[0], signal.SIGTERM)
            self.assertEqual(job.wait(), 75, job.errors())
            lines = harness.own_lines(job.errors())
            self.assertEqual(len(lines), 1, job.errors())
            self.assertRegex(lines[0], r"stopped by SIGTERM .*; start again$")
            self.assertFalse(os.path.exists(self.path("out.h5")))
            self.assertEqual(self.drafts(), [])

    def test_status(self):
        job, output = self.start(["sample", self.path("model.h5"), "-n", "30000000", "-o", "sampled.h5", "--compress", "9"], 2)
        limit = time.monotonic() + PATIENCE
        asked = 0
        while not re.search(rf"^status: writing {re.escape(output)}, \d+ % done( \(\d+ s ago\))?$", job.errors(), re.MULTILINE):
            self.assertIsNone(job.process.poll(), job.errors())
            self.assertLess(time.monotonic(), limit, job.errors())
            if job.errors().count("status: ") == asked:  # before it writes it says that it reads; then it is asked again
                os.kill(job.ranks()[0], signal.SIGUSR2)
                asked += 1
            time.sleep(0.005)
        os.kill(job.ranks()[1], signal.SIGTERM)
        self.assertEqual(job.wait(), 75, job.errors())


if __name__ == "__main__":
    unittest.main()
