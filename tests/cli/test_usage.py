# SPDX-License-Identifier: BSD-3-Clause
"""The program's face: help, version, unknown words, and what becomes of standard output."""

import os
import random
import re
import shlex
import subprocess
import unittest

import h5py
import numpy

import harness

COMMANDS = ("fit", "select", "bootstrap", "predict", "sample", "condition", "marginal", "compare", "info", "convert")


class Usage(harness.Case):
    def check_screen(self, text):
        self.assertLessEqual(len(text.splitlines()), 24, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)

    def test_help(self):
        run = self.succeed("--help")
        for command in COMMANDS:
            self.assertRegex(run.stdout, rf"(?m)^  {command} ")
        self.check_screen(run.stdout)
        self.assertEqual(run.stderr, "")
        self.assertEqual(self.succeed("-h", ranks=2).stdout, run.stdout)

    def test_help_of_commands(self):
        for command in COMMANDS:
            run = self.succeed(command, "--help")
            self.assertTrue(run.stdout.startswith(f"Usage: gmmpi {command} "), run.stdout)
            self.assertRegex(run.stdout, rf"(?m)^Example:\n  gmmpi {command} ")
            self.assertIn(f"gmmpi {command} --help-all lists all options", run.stdout)
            self.check_screen(run.stdout)
            self.assertEqual(run.stderr, "")
            self.assertEqual(self.succeed(command, "-h").stdout, run.stdout)
            # Help is printed once, whatever else is on the line before it is looked at.
            self.assertEqual(self.succeed(command, "--help", "no", "such", "files", ranks=2).stdout, run.stdout)

    def test_help_of_all_options(self):
        """All that the tables have, in lines of 80 columns; what the short help has is there, too."""
        there = set()
        for command in COMMANDS:
            text = self.succeed(command, "--help-all").stdout
            self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
            own = set(re.findall(r"(?m)^  (?:-\w, |    )--([\w-]+)", text))
            short = set(re.findall(r"(?m)^  (?:-\w, |    )--([\w-]+)", self.succeed(command, "--help").stdout))
            self.assertGreater(len(short), 2)
            self.assertEqual(short - own, set(), command)
            there |= own
        named = set()
        for folder in ("cli", "fit", "sources"):
            for path, _, names in os.walk(os.path.join(harness.SOURCE, "src", folder)):
                for name in names:
                    with open(os.path.join(path, name), encoding="utf-8") as file:
                        records = re.findall(r'\.name = "([\w-]+)",(.*?)\.help =', file.read(), re.S)
                    named |= {option for option, more in records if "\n\n" not in more and ".synopsis" not in more}
        self.assertGreater(len(named), 60)
        self.assertEqual(named - there - {"help", "help-all", "version", "manual"}, set())

    def test_examples(self):
        """Every example of --help-all runs, in the order of the commands."""
        rng = random.Random(5)
        rows = ["x,y,z"] + [",".join(str(round(rng.gauss(6 * (i % 3), 1), 3)) for _ in range(3)) for i in range(240)]
        self.write("points.csv", "\n".join(rows) + "\n")
        self.succeed("fit", "points.csv", "-k", "2", "-q", "-o", "other.h5", cwd=self.folder)
        for command in ("fit", "predict", "bootstrap", "sample", "condition", "marginal", "compare", "info", "convert", "select"):
            examples = re.findall(r"(?m)^  ((?:mpirun -n \d+ )?gmmpi .*)$", self.succeed(command, "--help-all").stdout.split("\nExamples:\n")[1])
            self.assertGreater(len(examples), 0)
            for example in examples:
                words = shlex.split(example)
                ranks = words[2] if words[0] == "mpirun" else None
                self.succeed(*words[words.index("gmmpi") + 1:], ranks=ranks, cwd=self.folder)

    def test_help_behind_something_wrong(self):
        for command, cases in (("fit", (("--no-such-option",), ("--seed", "x"))), ("info", (("-Z",), ("--json=3",)))):
            expected = self.succeed(command, "--help").stdout
            for words in cases:
                self.assertEqual(self.succeed(command, *words, "--help").stdout, expected)
        self.fail_with(64, "no-such-option", "fit", "data.csv", "--no-such-option", "-o", "--help")
        self.fail_with(64, "no-such-option", "fit", "data.csv", "--no-such-option", "--", "--help")

    def test_version(self):
        run = self.succeed("--version")
        self.assertRegex(run.stdout, r"\Agmmpi \d+\.\d+\.\d+\n")
        for name in ("MPI", "HDF5", "FITS: (cfitsio|not read)", "compressed files: zlib ", "BLAS: OpenBLAS", "instruction set: (portable|avx2|avx512)"):
            self.assertRegex(run.stdout, f"(?m)^{name}")
        self.assertEqual(self.succeed("--version", ranks=2).stdout, run.stdout)

    def test_unknown_words(self):
        self.fail_with(64, "command is missing")
        for word in ("nonsense", "impute", "--nonsense", "", "Fit"):
            self.fail_with(64, "unknown command", word)
        self.fail_with(64, "unknown command", "nonsense", ranks=3)
        self.fail_with(64, "too many", "--version", "more")
        self.fail_with(64, "unknown option --nonsense;", "sample", "m.h5", "--nonsense=3")
        self.fail_with(64, "unknown option -z;", "sample", "m.h5", "-z")
        self.fail_with(64, "unknown option --nonsense;", "info", "m.h5", "--nonsense", ranks=2)

    def test_misspelt_words(self):
        """What was meant is said: of commands, options, their words, columns, features, data sets."""
        words = ["fit", "points.csv", "-k", "2"]
        self.write("points.csv", "Age,Income (k$),count,kind\n" + "".join(f"{i},{i * i % 7},{i % 3},ab\n" for i in range(30)))
        with h5py.File(self.path("points.h5"), "w") as file:
            file["inside/points"] = numpy.arange(60.0).reshape(20, 3)
            file["inside/more"] = numpy.arange(60.0).reshape(20, 3)
        self.succeed("fit", "points.csv", "--columns", "1-3", "-k", "1", "-q", "-o", "m.h5", cwd=self.folder)
        for status, meant, arguments in (
            (64, r'unknown command "slect"; did you mean select\?', ["slect"]),
            (64, r'unknown command "Fit"; did you mean fit\?', ["Fit"]),
            (64, r"unknown option --componets; did you mean --components\?", ["fit", "d.csv", "--componets", "3"]),
            (64, r"unknown option --n_components; did you mean --components\?", ["fit", "d.csv", "--n_components=3"]),
            (64, r"unknown option --no-coarse-tofine; did you mean --no-coarse-to-fine\?", ["fit", "d.csv", "--no-coarse-tofine"]),
            (64, r'--covariance: "dig" is unknown; did you mean diag\? \(full', words + ["--covariance", "dig"]),
            (64, r'--covariance: "daig" is unknown; did you mean diag\?', ["select", "points.csv", "-k", "1:2", "--covariance", "full,daig"]),
            (64, r'--missing: "dorp" is unknown; did you mean drop\? \(error or drop\)', words + ["--missing", "dorp"]),
            (64, r'--header: "yess" is unknown; did you mean yes\?', words + ["--header", "yess"]),
            (64, r'--adapt: "meens" is unknown; did you mean means\?', words + ["--adapt", "meens"]),
            (64, r'--criterion: "bci" is unknown; did you mean bic\?', words + ["--criterion", "bci"]),
            (66, r"did you mean kmeans\?", words + ["--columns", "1,2", "--init", "k_mean"]),
            (65, r'no column "age" \(--columns\); did you mean "Age"\?', words + ["--columns", "age,2"]),
            (65, r'no column "Incom \(k\$\)" \(--columns\); did you mean "Income \(k\$\)"\?', words + ["--columns", "Incom (k$)"]),
            (65, r'--weights cuont is neither .*; did you mean "count"\?', words + ["--columns", "1,2", "--weights", "cuont"]),
            (65, r'--by kidn is neither .*; did you mean "kind"\?', words + ["--columns", "1,2", "--by", "kidn"]),
            (65, r'\(--transform\); did you mean "Age"\?', words + ["--columns", "1,2", "--transform", "log:Agge"]),
            (65, r'no data set "/inside/pionts"; did you mean "/inside/points"\?', ["fit", "points.h5:/inside/pionts", "-k", "2"]),
            (65, r'no feature "AGE" \(--given\); did you mean "Age"\?', ["condition", "m.h5", "--given", "AGE=1", "-o", "c.h5"]),
            (65, r'no feature "cout" \(--features\); did you mean "count"\?',
             ["marginal", "m.h5", "--features", "cout", "-o", "c.h5"]),
            (65, r'no feature "cuont" \(--target\); did you mean "count"\?', ["predict", "m.h5", "points.csv", "--target", "cuont", "-o", "c.h5"]),
        ):
            self.fail_with(status, meant, *arguments, cwd=self.folder)

    def test_options(self):
        self.fail_with(64, "--seed: its value is missing", "sample", "m.h5", "--seed")
        self.fail_with(64, "--n-samples: its value is missing", "sample", "m.h5", "-n")
        self.fail_with(64, "--json: takes no value", "info", "m.h5", "--json=1")
        self.fail_with(64, "--help: takes no value", "info", "m.h5", "--help=1")
        self.fail_with(64, "--help-all: takes no value", "info", "m.h5", "--help-all=1")
        self.fail_with(64, "--output: is empty", "sample", "m.h5", "-o", "")
        self.fail_with(64, r"--re is ambiguous \(--reg-covar, --relevance, --restart\)", "fit", "d.csv", "--re", "1")
        self.fail_with(64, "file name is missing", "info")
        self.fail_with(64, "file name is missing", "predict", "m.h5", "-o", "o.h5")
        self.fail_with(64, "\"c\" is one operand too many", "predict", "a", "b", "c", "-o", "o.h5")
        self.fail_with(64, "file name is empty", "info", "")

    def test_order_and_abbreviations(self):
        """Options after operands, abbreviated, glued to their values, and the end of options; the last one counts."""
        for words in (["a.h5", "-n", "5", "--o", "nowhere/o.h5"], ["--out=nowhere/o.h5", "-n5", "--", "a.h5"],
                      ["-n5", "a.h5", "-onowhere/o.h5"], ["-o", "x", "-n", "5", "-o", "nowhere/o.h5", "a.h5"]):
            self.fail_with(73, "nowhere/o.h5", "sample", *words, cwd=self.folder)
        self.fail_with(66, "--json", "info", "--", "--json", cwd=self.folder)

    def test_data_options(self):
        words = ["predict", "m.h5", "d.csv", "-o", "o.h5"]
        for option, value, pattern in (
            ("--missing", "em", "em is not available"),
            ("--missing", "ignore", "\"ignore\" is unknown; give error or drop"),
            ("--header", "maybe", "--header: \"maybe\" is unknown; give auto, yes or no"),
            ("--delimiter", "ab", "--delimiter"),
            ("--delimiter", "", "--delimiter"),
            ("--delimiter", "7", "--delimiter"),
            ("--delimiter", "\"", "--delimiter"),
            ("--columns", "", "--columns: is empty"),
        ):
            self.fail_with(64, pattern, *words, option, value)

    def test_numbers(self):
        words = ["fit", "d.csv", "-k", "2"]
        for option, value, pattern in (
            ("--tol", "-1", "--tol: -1 is below 0; give a number >= 0"),
            ("--tol", "nan", "--tol: \"nan\" is no number"),
            ("--tol", "1e-3x", "--tol: \"1e-3x\" is no number"),
            ("--tol", " 1", "--tol: \" 1\" is no number"),
            ("--tol", "", "--tol: \"\" is no number"),
            ("--tol", "inf", "--tol"),
            ("-k", "0", "--components: 0 is below 1"),
            ("-k", "2.5", "--components: \"2.5\" is no integer"),
            ("-k", "two", "--components: \"two\" is no integer"),
            ("-k", "99999999999999999999", "--components"),
            ("--max-iter", "-1", "--max-iter: -1 is below 0"),
        ):
            self.fail_with(64, re.escape(pattern), *words, option, value)

    def test_full_standard_output(self):
        """A result that cannot be printed is a failure."""
        with open("/dev/full", "w") as full:
            run = subprocess.run(harness.command(None, "--help"), stdout=full, stderr=subprocess.PIPE, text=True,
                                 timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 73, run.stderr)
        self.assertEqual(len(harness.own_lines(run.stderr)), 1, run.stderr)

    def test_closed_standard_output(self):
        """Files that are opened do not take its place."""
        run = subprocess.run(["sh", "-c", "exec \"$@\" >&-", "sh"] + harness.command(None, "--version"),
                             capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 73, run.stderr)
        self.assertEqual(len(harness.own_lines(run.stderr)), 1, run.stderr)


if __name__ == "__main__":
    unittest.main()
