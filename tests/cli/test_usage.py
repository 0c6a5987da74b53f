# SPDX-License-Identifier: BSD-3-Clause
"""The program's face: help, version, unknown words, and what becomes of standard output."""

import re
import subprocess
import unittest

import harness

COMMANDS = ("fit", "select", "bootstrap", "predict", "sample", "condition", "marginal", "compare", "info", "convert")


class Usage(harness.Case):
    def test_help(self):
        run = self.succeed("--help")
        for command in COMMANDS:
            self.assertRegex(run.stdout, rf"(?m)^  {command} ")
        self.assertEqual(run.stderr, "")
        self.assertEqual(self.succeed("-h").stdout, run.stdout)

    def test_help_of_commands(self):
        for command in COMMANDS:
            run = self.succeed(command, "--help")
            self.assertTrue(run.stdout.startswith(f"Usage: gmmpi {command} "), run.stdout)
            self.assertRegex(run.stdout, r"(?m)^  -h, --help  ")
            self.assertEqual(run.stderr, "")
            for line in run.stdout.splitlines():
                self.assertLessEqual(len(line), 100, line)
            self.assertEqual(self.succeed(command, "-h").stdout, run.stdout)
            # Help is printed once, whatever else is on the line before it is looked at.
            self.assertEqual(self.succeed(command, "--help", "no", "such", "files", ranks=2).stdout, run.stdout)

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

    def test_options(self):
        self.fail_with(64, "--seed: its value is missing", "sample", "m.h5", "--seed")
        self.fail_with(64, "--n-samples: its value is missing", "sample", "m.h5", "-n")
        self.fail_with(64, "--json: takes no value", "info", "m.h5", "--json=1")
        self.fail_with(64, "--help: takes no value", "info", "m.h5", "--help=1")
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
