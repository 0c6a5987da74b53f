# SPDX-License-Identifier: BSD-3-Clause
"""Man pages and completion, as gmmpi --manual writes them: their sections, the options of the tables, and what real shells make of
the completion."""

import os
import re
import shutil
import subprocess
import unittest

import harness

COMMANDS = ("fit", "select", "predict", "bootstrap", "sample", "condition", "marginal", "compare", "info", "convert")
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO")


class Written(harness.Case):
    """A folder with what gmmpi --manual writes."""

    def setUp(self):
        super().setUp()
        self.succeed("--manual", self.folder, env={"SOURCE_DATE_EPOCH": "86400"})

    def page(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()


class Pages(Written):
    def test_pages(self):
        overview = self.page("gmmpi.1")
        self.assertIn('.TH GMMPI 1 "1970-01-02" "gmmpi ', overview)
        for command in COMMANDS:
            text = self.page(f"gmmpi-{command}.1")
            sections = re.findall(r"(?m)^\.SH (.*)$", text)
            self.assertEqual([name for name in SECTIONS if name not in sections], [], command)
            self.assertEqual("FILES" in sections, command in ("fit", "select", "bootstrap"))
            self.assertIn(f".BR gmmpi\\-{command} (1)", overview)
            plain = text.replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
            shown = self.succeed(command, "--help-all").stdout
            options = set(re.findall(r"(?m)^  (?:-\w, |    )(--[\w-]+)", shown))
            self.assertEqual(set(re.findall(r"(?m)^(?:-\w, )?(--[\w-]+)(?: .*)?$", plain)), options, command)
            for example in re.findall(r"(?m)^  ((?:mpirun -n \d+ )?gmmpi .*)$", shown.split("\nExamples:\n")[1]):
                self.assertIn(f"\n{example}\n", plain)
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if name.endswith(".1")),
                         sorted(["gmmpi.1"] + [f"gmmpi-{command}.1" for command in COMMANDS]))

    @unittest.skipUnless(shutil.which("mandoc"), "there is no mandoc")
    def test_pages_without_warnings(self):
        pages = [self.path(name) for name in os.listdir(self.folder) if name.endswith(".1")]
        run = subprocess.run(["mandoc", "-Tlint", "-W", "warning"] + pages, capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
        run = subprocess.run(["mandoc", "-Tascii", self.path("gmmpi-fit.1")], capture_output=True, text=True)
        self.assertRegex(re.sub(".\b", "", run.stdout), r"(?m)^ +-k, --components K\|K:L$")

    def test_same_bytes(self):
        """The same page twice, and of a day that is not said."""
        first = self.page("gmmpi-fit.1")
        self.succeed("--manual", self.folder, env={"SOURCE_DATE_EPOCH": "86400"})
        self.assertEqual(self.page("gmmpi-fit.1"), first)
        self.succeed("--manual", self.folder, ranks=2)
        self.assertRegex(self.page("gmmpi-fit.1"), r'(?m)^\.TH GMMPI\\-FIT 1 "2\d{3}-\d\d-\d\d" ')

    def test_refusals(self):
        self.fail_with(64, "--manual: its value is missing", "--manual")
        self.fail_with(64, '"b" is one argument too many', "--manual", "a", "b")
        self.fail_with(73, "--manual", "--manual", self.path("not there"))
        self.fail_with(64, "is no folder", "--manual", "")


class Bash(Written):
    """The completion in a real bash, loaded by itself."""

    def complete(self, *words):
        """What the last of the words can be completed to; bash has an = for a word of its own."""
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gmmpi; '
                  'if ((${#COMPREPLY[@]} > 0)); then printf "%s\\n" "${COMPREPLY[@]}"; fi')
        run = subprocess.run(["bash", "--norc", "-c", script, self.path("gmmpi.bash"), "gmmpi", *words], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.splitlines()

    def test_completion(self):
        self.write("my points.csv", "1\n")
        os.mkdir(self.path("my folder"))
        self.assertEqual(self.complete("se"), ["select"])
        self.assertEqual(set(self.complete("")), set(COMMANDS) | {"--help", "--version", "--manual"})
        self.assertEqual(self.complete("fit", "--comp"), ["--components", "--compress"])
        self.assertEqual(self.complete("fit", "--no-c"), ["--no-coarse-to-fine"])
        self.assertEqual(self.complete("sample", "--comp"), ["--compress"])
        self.assertEqual(self.complete("fit", "--covariance", "s"), ["spherical"])
        self.assertEqual(self.complete("fit", "--covariance", "=", "s"), ["spherical"])
        self.assertEqual(self.complete("fit", "--accelerate", "="), ["auto", "none", "anderson", "squarem"])
        self.assertEqual(self.complete("select", "--covariance", "full,VE"), ["full,VEI", "full,VEE", "full,VEV"])
        self.assertEqual(self.complete("fit", "--init", "k"), ["kmeans", "k-means++"])
        self.assertEqual(sorted(self.complete("fit", "--init", "my")), ["my folder", "my points.csv"])
        self.assertEqual(self.complete("fit", "--from", "my p"), ["my points.csv"])
        self.assertEqual(self.complete("fit", "my p"), ["my points.csv"])
        self.assertEqual(self.complete("fit", "--scratch", "my"), ["my folder"])
        self.assertEqual(self.complete("--manual", "my"), ["my folder"])
        self.assertEqual(self.complete("fit", "-k", ""), [])
        for command in COMMANDS:
            options = set(re.findall(r"(?m)^  (?:-\w, |    )(--[\w-]+)", self.succeed(command, "--help-all").stdout))
            self.assertEqual(set(self.complete(command, "--")), options, command)


@unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
class Zsh(Written):
    """The completion in a real zsh, on a terminal."""

    def complete(self, line):
        """What the line can be completed to: every word that is added as a match is printed between two NUL."""
        run = subprocess.run(["zsh", "-f", os.path.join(harness.SOURCE, "tests", "cli", "complete.zsh"), self.folder, line],
                             capture_output=True, text=True, cwd=self.folder, timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 0, run.stderr)
        return sorted(set(run.stdout.split()))

    def test_completion(self):
        self.write("data.csv", "1\n")
        os.mkdir(self.path("dark"))
        self.assertEqual(self.complete("gmmpi sel"), ["select"])
        self.assertEqual(self.complete("gmmpi fit --compo"), ["--components"])
        self.assertEqual(self.complete("gmmpi fit --covariance sph"), ["spherical"])
        self.assertEqual(self.complete("gmmpi fit --covariance=sph"), ["spherical"])
        self.assertEqual(self.complete("gmmpi select x.csv --covariance full,sph"), ["spherical"])
        self.assertEqual(self.complete("gmmpi fit --init km"), ["kmeans"])
        self.assertEqual(self.complete("gmmpi fit --init dat"), ["data.csv"])
        self.assertEqual(self.complete("gmmpi fit -k 3 dat"), ["data.csv"])
        self.assertEqual(self.complete("gmmpi fit --scratch da"), ["dark"])
        self.assertEqual(set(self.complete("gmmpi sample --")), {"--compress", "--n-samples", "--output", "--by", "--seed", "--quiet", "--help", "--help-all"})


if __name__ == "__main__":
    unittest.main()
