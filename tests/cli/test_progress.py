# SPDX-License-Identifier: BSD-3-Clause
"""What is shown while commands run: one live line on a terminal, plain lines elsewhere, nothing with -q.

No test waits for the machine to be slow: a command reads a pipe that this test keeps open until what is looked for was seen, or
is held, or has work without an end, and is ended then.
"""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import harness
from harness import MALL, PATIENCE

FAITHFUL = os.path.join(os.path.dirname(MALL), "faithful.csv")
ERASE = "\r\x1b[K"


class Screen:
    """A terminal of so many columns, as far as gmmpi uses it: what its lines show, and how far each was ever filled."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column = columns, [""], 0, 0
        self.colours = set()

    def _put(self, character):
        if self.column == self.columns:  # a terminal goes on in the next line
            self._line_feed()
            self.column = 0
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + character + line[self.column + 1:]
        self.column += 1

    def _line_feed(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")

    def show(self, text):
        for code, character in re.findall(r"\x1b\[([0-9;]*[A-Za-z])|(.)", text, re.DOTALL):
            if code == "K":
                self.rows[self.row] = self.rows[self.row][:self.column]
            elif code.endswith("m"):
                self.colours.add(code)
            elif code:
                raise AssertionError(f"a terminal may not know \\x1b[{code}")
            elif character == "\r":
                self.column = 0
            elif character == "\n":
                self._line_feed()
            else:
                self._put(character)

    def lines(self):
        return [line.rstrip() for line in self.rows if line.strip()]


class Terminal:
    """A command whose standard error is a terminal."""

    def __init__(self, words, columns=80, stdin=subprocess.DEVNULL, **variables):
        self.ours, its = pty.openpty()
        self.resize(columns)
        settings = {"TERM": "xterm", "LC_ALL": "C.UTF-8", **variables}
        environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "TERM")}
        environment.update({key: value for key, value in settings.items() if value is not None})
        self.process = subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=its, env=environment,
                                        start_new_session=True)
        os.close(its)
        self.text = ""

    def resize(self, columns):
        self.columns = columns
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def _read(self, seconds):
        """False: the command has closed it."""
        if not select.select([self.ours], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.ours, 65536)
        except OSError:
            return False
        self.text += piece.decode()
        return piece != b""

    def until(self, pattern, start=0):
        """Waits until this was shown, behind `start`: the match."""
        limit = time.monotonic() + PATIENCE
        while not (match := re.compile(pattern).search(self.text, start)):
            if time.monotonic() > limit or not self._read(1.0):
                raise AssertionError(f"nothing like {pattern}: {self.text!r}")
        return match

    def end(self):
        """Reads to the end: the status, and what standard output got."""
        while self._read(PATIENCE):
            pass
        printed = self.process.stdout.read().decode()
        self.process.stdout.close()
        os.close(self.ours)
        return self.process.wait(timeout=PATIENCE), printed

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def screen(self, columns=1000):
        screen = Screen(columns)
        screen.show(self.text)
        return screen


class Progress(harness.Case):
    ENDLESS = ["-k", "3", "--tol", "0", "--max-iter", "1000000000", "--init", "random_from_data", "--checkpoint", "none"]

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="gmmpi-progress-")
        cls.model = os.path.join(cls.shared, "model.h5")
        subprocess.run([harness.GMMPI, "fit", FAITHFUL, "-k", "2", "-o", cls.model, "-q"], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared, ignore_errors=True)

    def start(self, *words, **more):
        job = Terminal(harness.command(None, *words), **more)
        self.addCleanup(job.kill)
        return job

    def stop(self, job):
        job.process.send_signal(signal.SIGTERM)
        self.assertEqual(job.end()[0], 75, job.text)

    def endless(self, **more):
        return self.start("fit", FAITHFUL, *self.ENDLESS, "-o", self.path("endless.h5"), **more)

    def live(self, job):
        """The live lines that were shown, one after the other."""
        return re.findall(r"\r([^\r\n\x1b]*)\x1b\[K\r(?!\n)", re.sub(r"\x1b\[[0-9;]*m", "", job.text))

    def assert_clean(self, job):
        """No live line was too wide; it is gone, and left nothing behind."""
        self.assertTrue(self.live(job))
        for line in self.live(job):
            self.assertLess(len(line), job.columns, line)
        screen = job.screen()
        left = [line for line in screen.lines() if not re.match(r"gmmpi( warning)?: |.*\.csv: \d+ rows of ", line)]
        self.assertEqual(left, [])
        return screen

    # --- on a terminal -------------------------------------------------------------------

    def test_any_width(self):
        """Also a terminal that becomes narrower meanwhile; of the parts of a line the first one stays."""
        for columns, job in [(columns, self.endless(columns=columns)) for columns in (20, 40, 80, 200)]:
            job.until("left" if columns >= 80 else "iteration [1-9]")
            self.stop(job)
            self.assert_clean(job)
            live = self.live(job)
            self.assertTrue(all(re.search("iteration [1-9]|reading", line) for line in live), live)
            for part, least in (("of at most 1000000000", 80), ("log-likelihood -", 200), ("points/s", 200), ("\u2591", 40)):
                self.assertEqual(any(part in line for line in live), columns >= least, (columns, part, live))
        job = self.endless(columns=200)
        job.until("points/s")
        job.resize(30)
        seen = len(job.text)
        narrow = job.until("\r(0 %  iteration [^\r\x1b]*)", seen)
        self.stop(job)
        self.assertLess(len(narrow[1]), 30)

    def test_columns_of_the_environment(self):
        """COLUMNS counts where the terminal says nothing, or more."""
        cases = ((0, "50", 49), (200, "50", 49), (50, "200", 49), (0, None, 79))
        for (_, _, most), job in [(case, self.endless(columns=case[0], COLUMNS=case[1])) for case in cases]:
            job.until("\r([^\r\n]*iteration [^\r]*)\r")
            self.stop(job)
            width = max(map(len, self.live(job)))
            self.assertTrue(most - 30 < width <= most, self.live(job))

    def test_colours_and_characters(self):
        cases = (({}, True, "\u2591"), ({"NO_COLOR": "1"}, False, "\u2591"), ({"NO_COLOR": ""}, True, "\u2591"),
                 ({"LC_ALL": "C"}, True, "[--"), ({"LC_ALL": "", "LANG": "de_DE.utf8"}, True, "\u2591"),
                 ({"LC_ALL": "", "LC_CTYPE": "C", "LANG": "de_DE.utf8"}, True, "[--"))
        for (variables, colours, bar), job in [(case, self.endless(**case[0])) for case in cases]:
            with self.subTest(variables=variables):
                job.until("\r([^\r\n]*iteration [^\r]*)\r")
                self.stop(job)
                self.assertEqual(bool(self.assert_clean(job).colours), colours)
                self.assertTrue(any(bar in line for line in self.live(job)))
                self.assertEqual(job.text.isascii(), bar == "[--")

    def test_terminals_that_cannot_erase(self):
        """Plain lines: the first one after a second."""
        for job in [self.endless(TERM=terminal) for terminal in ("dumb", None)]:
            job.until(r"(?m)^iteration \d+ of at most 1000000000: 0 %, change ")
            self.stop(job)
            self.assertNotRegex(job.text, "\x1b|\r(?!\n)")

    def test_quiet(self):
        """Nothing at all, though it works long enough for a line: another one like it shows one meanwhile."""
        log = self.path("log.csv")
        quiet = self.start("fit", FAITHFUL, *self.ENDLESS, "-o", self.path("quiet.h5"), "-q", "--log", log)
        limit = time.monotonic() + PATIENCE
        while not os.path.exists(log) or os.path.getsize(log) < 1000:  # now it is at work
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.005)
        shown = self.endless()
        shown.until("iteration [1-9]")
        self.stop(shown)
        self.stop(quiet)
        self.assertRegex(quiet.text, r"^gmmpi: [^\r]*stopped by SIGTERM[^\r]*\r\n$")

    def test_ended_by_hand(self):
        """The line is taken away before the message, and also by commands that a signal ends at once."""
        job = self.endless()
        job.until("iteration [1-9]")
        job.process.send_signal(signal.SIGINT)
        self.assertEqual(job.end()[0], 75)
        self.assert_clean(job)
        self.assertRegex(job.screen().lines()[-1], "^gmmpi: .*stopped by SIGINT")

        path, ends = self.pipe_held_open("points.csv.gz", b"")
        job = self.start("convert", path, self.path("out.h5"))
        job.until("receiving points.csv.gz")
        job.process.send_signal(signal.SIGINT)
        self.assertEqual(job.end()[0], 75)
        os.close(ends)
        self.assert_clean(job)

        for number in (signal.SIGINT, signal.SIGTERM):
            job = self.start("compare", self.model, self.model, "-n", 1 << 36)
            job.until("comparing the models")
            job.process.send_signal(number)
            self.assertEqual(job.end()[0], -number)
            self.assert_clean(job)

    def test_asked(self):
        """The answer to SIGUSR2 is a line of its own, which stays."""
        job = self.endless()
        job.until("iteration [1-9]")
        job.process.send_signal(signal.SIGUSR2)
        job.until(r"status: [^\n]*\n[^\n]*iteration")
        self.stop(job)
        screen = job.screen()
        answers = [line for line in screen.lines() if "status" in line]
        self.assertEqual(len(answers), 1, screen.rows)
        self.assertRegex(answers[0], r"^status: start 1 of 1, level 0, 272 points, iteration \d+: log-likelihood ")

    # --- what it says --------------------------------------------------------------------

    def pipe_held_open(self, name, text):
        """A named pipe that a command may open and read for as long as it is held: both ends, for os.close."""
        os.mkfifo(self.path(name))
        ends = os.open(self.path(name), os.O_RDWR)
        os.write(ends, text)
        return self.path(name), ends

    def table(self):
        with open(FAITHFUL, "rb") as file:
            return file.read()

    def test_commands_that_read(self):
        """Each of them, from a pipe that is slow: they say that they receive, and go on when all is there."""
        model = self.model
        commands = (("fit", "DATA", "-k", 2, "-o", self.path("m.h5")), ("select", "DATA", "-k", "1:2", "-o", self.path("s.h5")),
                    ("predict", model, "DATA", "-o", self.path("l.csv")), ("bootstrap", model, "DATA", "--replicates", 40),
                    ("convert", "DATA", self.path("c.h5")), ("info", "DATA"))
        running = []
        for i, words in enumerate(commands):
            path, ends = self.pipe_held_open(f"{i}.csv", self.table())
            job = self.start(*[path if word == "DATA" else word for word in words])
            running.append((words[0], i, ends, job))
        for name, i, ends, job in running:
            job.until(f"receiving {i}.csv")
            os.close(ends)
            status, printed = job.end()
            self.assertEqual(status, 0, job.text)
            self.assert_clean(job)
            self.assertTrue(job.text.count("\r"), name)
            self.assertNotIn("\x1b", printed)

    def test_starts_candidates_groups_replicates(self):
        """What there are many of is counted by its name."""
        data = self.write("groups.csv", "key,x,y\n" + "".join(f"{i % 30000},{i % 97},{i * i % 89}\n" for i in range(150_000)))
        many = ["--tol", "0", "--max-iter", "1000000000", "--init", "random_from_data", "--checkpoint", "none", "--no-coarse-to-fine"]
        for words, said in (
                (["fit", FAITHFUL, "-k", "2", "--n-init", "50", *many, "-o", self.path("a.h5")],
                 r"0 of 50 starts done, iteration \d+ of start \d+"),
                (["select", FAITHFUL, "-k", "1:3", *many, "-o", self.path("b.h5")],
                 r"0 of 3 candidates done, iteration \d+ of candidate [123]"),
                (["select", FAITHFUL, "-k", "1:3", "--criterion", "cv", "--folds", "4", *many, "-o", self.path("c.h5")],
                 r"0 of 15 fits of 3 candidates done"),
                (["bootstrap", self.model, FAITHFUL, "--replicates", "1000000"],
                 r"\d+ of 1000000 replicates done"),
                (["fit", data, "--by", "key", "-k", "2", "--columns", "x,y", "-o", self.path("d.h5")],
                 r"\d+ of 30000 groups done, [0-9.e+]+ groups/s, about \d+ (s|min|h|days) left")):
            with self.subTest(words=words):
                job = self.start(*words, columns=120)
                job.until(said)
                self.stop(job)
                self.assert_clean(job)

    def test_commands_that_write(self):
        """How many rows are written is known: so are a percentage and the time left."""
        for words in (["sample", self.model, "-n", 100_000_000, "-o", self.path("p.h5")],
                      ["sample", self.model, "-n", 100_000_000, "-o", self.path("q.h5"), "--compress", 1]):
            job = self.start(*words, columns=100)
            job.until(r"  \d+ %  writing [pq].h5, 100000000 rows, [0-9.e+]+ rows/s, about \d+ (s|min) left")
            self.stop(job)
            self.assert_clean(job)

    def test_the_time_limit(self):
        job = self.endless(columns=200)
        limited = self.start("fit", FAITHFUL, *self.ENDLESS, "-o", self.path("limited.h5"), "--time-limit", "1-00:00:00", columns=200)
        self.assertNotIn("time limit", job.until("\r([^\r\n]*iteration [^\r]*)\r")[1])
        limited.until(r"time limit in (1-00:00:00|23:59:\d\d)")
        self.stop(job)
        self.stop(limited)

    # --- elsewhere -----------------------------------------------------------------------

    def test_plain_lines(self):
        """The first one after a second (tests/unit/test_progress.c: the next ones), without anything that a file should not have."""
        words = harness.command(None, "fit", FAITHFUL, *self.ENDLESS, "-o", self.path("plain.h5"))
        began = time.monotonic()
        job = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: job.poll() is None and job.kill())
        line = ""
        while not line.startswith("iteration "):
            line = job.stderr.readline()
            self.assertNotEqual(line, "")
        self.assertGreaterEqual(time.monotonic() - began, 1.0)
        self.assertRegex(line, r"^iteration \d+ of at most 1000000000: 0 %, change \S+, log-likelihood \S+, "
                               r"\S+ points/s(, about [0-9.]+ (s|min|h|days) left)?\n$")
        job.send_signal(signal.SIGTERM)
        _, rest = job.communicate(timeout=PATIENCE)
        self.assertEqual(job.returncode, 75)
        self.assertNotRegex(rest, "\x1b|\r")

    def test_short_work_says_nothing(self):
        run = self.succeed("predict", self.model, FAITHFUL, "-o", self.path("l.h5"))
        self.assertEqual(run.stderr, "")


if __name__ == "__main__":
    unittest.main()
