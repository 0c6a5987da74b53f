# SPDX-License-Identifier: BSD-3-Clause
"""Commands other than fit that are asked to stop, or how they are doing: they leave nothing behind, and what was there stays."""

import os
import re
import signal
import unittest

import harness
from faults import make_points
from running import Running, holding


class OtherCommands(harness.Case):
    """Rank 0 is held until the job has been asked."""

    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data, 400_000)
        self.succeed("fit", self.data, "-k", "3", "--max-iter", "2", "-o", self.path("model.h5"), "-q")

    def commands(self):
        """What to run, and the output."""
        model = self.path("model.h5")
        for more in ([], ["--compress", "4"]):
            yield ["sample", model, "-n", "2000000", *more], "sampled.h5"
            yield ["predict", model, self.data, "--responsibilities", *more], "predicted.h5"
            yield ["convert", self.data, *more], "converted.h5"
        yield ["sample", model, "-n", "2000000"], "sampled.csv"
        yield ["predict", model, self.data, "--responsibilities"], "predicted.csv"

    def start(self, ranks, words, environment):
        job = Running(harness.command(ranks, *words), dict(os.environ, **environment), self.path("errors.txt"))
        self.addCleanup(lambda: job.process.poll() is None and job.kill_everything())
        return job

    def drafts(self):
        return [name for name in os.listdir(self.folder) if name.endswith(".partial")]

    def test_stopped_while_writing(self):
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP, signal.SIGXCPU)
        for turn, (words, name) in enumerate(self.commands()):
            number = numbers[turn % 5]
            with self.subTest(words=words, number=number):
                output = self.write(name, "as it was")
                words = [*words[:2], output, *words[2:]] if words[0] == "convert" else [*words, "-o", output]
                job = self.start(3, words, holding(name + ".partial", "write"))
                held = job.until_held()
                self.assertEqual(len(self.drafts()), 1)
                os.kill(job.ranks()[2 - turn % 2], number)
                os.kill(held, signal.SIGCONT)
                self.assertEqual(job.wait(), 75, job.errors())
                lines = harness.own_lines(job.errors())
                self.assertEqual(lines, [f"gmmpi: {output}: stopped by {number.name} before it was written; start again"])
                self.assertEqual(self.bytes_of(name), b"as it was")
                self.assertEqual(self.drafts(), [])

    def test_stopped_while_rows_are_counted_that_stay(self):
        """Before anything is written."""
        table = self.write("table.csv", "a,b,c\n" + "1,2,3\n4,,6\n" * 10_000)
        for words in (["convert", table, self.path("out.h5"), "--missing", "drop"],
                      ["predict", self.path("model.h5"), table, "-o", self.path("out.h5"), "--missing", "drop"]):
            job = self.start(2, words, holding("table.csv", "read", byte=os.path.getsize(table) // 4))
            held = job.until_held()
            os.kill(held, signal.SIGTERM)
            os.kill(held, signal.SIGCONT)
            self.assertEqual(job.wait(), 75, job.errors())
            lines = harness.own_lines(job.errors())
            self.assertEqual(len(lines), 1, job.errors())
            self.assertRegex(lines[0], r"stopped by SIGTERM .*; start again$")
            self.assertFalse(os.path.exists(self.path("out.h5")))
            self.assertEqual(self.drafts(), [])

    def test_status(self):
        """Asked before each of its writes: some answers say how much has been written."""
        output = self.path("sampled.h5")
        job = self.start(2, ["sample", self.path("model.h5"), "-n", "300000", "-o", output, "--compress", "1"],
                         holding(".partial", "write", times=0))
        said = rf"^status: writing {re.escape(output)}, \d+ % done( \(\d+ s ago\))?$"
        answers = 0
        while not re.search(said, job.errors(), re.MULTILINE):
            held = job.until_held()
            os.kill(held, signal.SIGUSR2)
            os.kill(held, signal.SIGCONT)
            answers += 1
            job.until(lambda: job.errors().count("status: ") == answers, "answer")
        held = job.until_held()
        os.kill(job.ranks()[1], signal.SIGTERM)
        job.let_go(held)
        self.assertEqual(job.wait(), 75, job.errors())


if __name__ == "__main__":
    unittest.main()
