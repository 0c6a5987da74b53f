# SPDX-License-Identifier: BSD-3-Clause
"""The worked examples: their scripts run, and what their pages show is what they print.

scripts/examples/pages.py says what is an excerpt. Numbers are compared to one digit less than is printed, and how many iterations there were
is not: other processors round in another way. Examples with simulated data are run with few rows here, and then only
commands and headings are compared; with GMMPI_EXAMPLES=full they are run as the pages say, and all numbers are compared (a few minutes).
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

import harness

SCRIPTS = os.path.join(harness.SOURCE, "scripts", "examples")
sys.path.insert(0, SCRIPTS)
from pages import NUMBER, excerpts, layout, unmarked

PAGES = os.path.join(harness.SOURCE, "docs", "examples")
FULL = os.environ.get("GMMPI_EXAMPLES") == "full"
LARGEST_PICTURE, LARGEST_SUM = 150000, 2500000
COUNTS = re.compile(r"\S+ (?=(?:iterations|passes)\b)")
# Numbers below it are differences that are rounding alone.
NOTHING = 0.01


def page_of(name):
    with open(os.path.join(PAGES, name + ".md"), encoding="utf-8") as file:
        return file.read()


def unit_of(word):
    """What 1 in the last digit of a number is."""
    mantissa, _, exponent = word.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def alike(shown, printed):
    """Do two lines say the same, but for the last digit of numbers, and how long a fit took?"""
    if layout(shown) != layout(printed):
        return False
    for one, other in zip(*(NUMBER.findall(COUNTS.sub("", line)) for line in (shown, printed))):
        unit = max(unit_of(one), unit_of(other))
        if abs(float(one) - float(other)) > 10 * unit and max(abs(float(one)), abs(float(other))) > NOTHING:
            return False
    return True


class Examples(harness.Case):
    def run_example(self, name, size=None):
        """What the script prints, line by line; its pictures for the page are in the test's folder."""
        words = [os.path.join(SCRIPTS, name + ".sh"), "-o", self.path(name), "--pictures", self.path("pictures")]
        if size is not None and not FULL:
            words += ["--size", str(size)]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.PATIENCE,
                              env=dict(os.environ, GMMPI=harness.GMMPI))
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()

    def compare(self, name, size=None):
        """The page against the script, and the page's pictures against those that the script makes."""
        page, printed = page_of(name), self.run_example(name, size)
        whole = size is None or FULL
        place = 0
        shown = excerpts(page)
        self.assertGreater(len(shown), 5, name)
        for line in shown:
            # Of few rows the tables are others.
            if not whole and line.startswith(" "):
                continue
            found = next((i for i in range(place, len(printed)) if (alike(line, printed[i]) if whole else layout(line) == layout(printed[i]))), None)
            self.assertIsNotNone(found, "%s.md: %r is not printed by the script after %r" % (name, line, printed[place - 1]))
            place = found + 1
        if whole:
            self.assertEqual(unmarked(page, printed, alike), [], "%s.md: what is left out behind these lines has no ..." % name)
        pictures = {os.path.basename(path) for path in glob.glob(self.path("pictures/*.png"))}
        self.assertEqual(pictures, set(re.findall(r"\]\((%s-[\w-]+\.png)\)" % name, page)))
        return "\n".join(printed)

    def number_in(self, printed, pattern):
        found = re.findall(pattern, printed)
        self.assertTrue(found, pattern)
        return float(found[-1])

    def test_mall(self):
        self.compare("mall")

    def test_faithful(self):
        printed = self.compare("faithful")
        self.assertIn("by BIC the best: 3 components, EEE", printed)  # mclust's choice; see the page

    def test_iris(self):
        printed = self.compare("iris")
        # mclust 6.0.0: VEV with 2 components, BIC 561.7285; with 3 an adjusted Rand index of 0.9039.
        self.assertIn("by BIC the best: 2 components, VEV", printed)
        self.assertIn("adjusted Rand index 0.9039", printed)

    def test_cytometry(self):
        printed = self.compare("cytometry", 0.04)
        self.assertGreater(self.number_in(printed, r"adjusted Rand index of the cells ([\d.]+)"), 0.98)
        self.assertGreater(self.number_in(printed, r"plasmablasts +[\d.]+ +([\d.]+)"), 0.97)  # all of the rare cells are found

    def test_stars(self):
        printed = self.compare("stars", 0.03)
        said, true = re.findall(r"members should be ([\d.]+) %, and are ([\d.]+) %", printed)[-1]
        self.assertAlmostEqual(float(said), float(true), delta=8)
        self.assertGreater(float(true), 80)

    def test_plasma(self):
        printed = self.compare("plasma", 0.05)
        truth = re.findall(r"(core|beam), truth +(.*)", printed)
        for name, numbers in truth:
            found = re.search(r"%s, corrected.h5 +(.*)" % name, printed).group(1).split()
            for one, other in zip(numbers.split(), found):
                self.assertAlmostEqual(float(one), float(other), delta=0.02)

    def test_speakers(self):
        printed = self.compare("speakers", 0.1)
        adapted, alone = (self.number_in(printed, r"%s .* ([\d.]+) %% +[\d.]+ %%" % name) for name in ("adapted", "alone"))
        self.assertLess(adapted, 8)
        self.assertLess(3 * adapted, alone)

    def test_what_is_left_out_has_a_mark(self):
        printed = ["$ first", "looking for a start: 61 %, 0 of 70 candidates done", "a 1", "b 2", "", "c 3", "$ second", "d 4", "pictures in here"]
        for block, expected in (("$ first\na 1\nb 2\nc 3\n", []), ("$ first\nb 2\nc 3\n", ["$ first"]), ("$ first\n...\nb 2\nc 3\n", []),
                                ("a 1\nb 2\n", ["b 2"]), ("a 1\nb 2\n...\n", []), ("c 3\nd 4\n", ["c 3"]), ("c 3\n$ second\nd 4\n", [])):
            self.assertEqual(unmarked("```text\n%s```\n" % block, printed, lambda one, other: one == other), expected, block)

    def test_every_example_has_a_page(self):
        scripts = {os.path.basename(path)[:-3] for path in glob.glob(os.path.join(SCRIPTS, "*.sh"))} - {"all", "common"}
        pages = {os.path.basename(path)[:-3] for path in glob.glob(os.path.join(PAGES, "*.md"))} - {"README"}
        self.assertEqual(scripts, pages)
        self.assertEqual(scripts, {name[5:] for name in dir(self) if name.startswith("test_")} & scripts)
        index = page_of("README")
        for name in sorted(pages):
            self.assertIn("(%s.md)" % name, index)

    def test_pictures_are_small(self):
        sizes = {path: os.path.getsize(path) for path in glob.glob(os.path.join(PAGES, "*.png"))}
        self.assertGreater(len(sizes), 7)
        self.assertEqual([path for path, size in sizes.items() if size > LARGEST_PICTURE], [])
        self.assertLess(sum(sizes.values()), LARGEST_SUM)

    def test_usage(self):
        script = os.path.join(SCRIPTS, "iris.sh")
        for words, status in ((["--help"], 0), (["--colour"], 64), (["-o"], 64)):
            done = subprocess.run([script] + words, capture_output=True, text=True, timeout=harness.PATIENCE)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn("--size" if status == 0 else words[0], done.stdout + done.stderr)

    def test_where_it_is_written(self):
        """Of an installation in the current folder, of a clone in its own: the first command says where it is."""
        for place, root, expected in (("share/gmmpi", "share/gmmpi", "here/out/iris"), ("clone/scripts", "clone", "clone/out/iris")):
            os.makedirs(self.path(place))
            os.makedirs(self.path("here"), exist_ok=True)
            shutil.copytree(SCRIPTS, self.path(place + "/examples"))
            shutil.copytree(os.path.join(harness.SOURCE, "data"), self.path(root + "/data"))
            before = sorted(os.listdir(self.path(root)))
            self.write("gmmpi", "#!/bin/sh\npwd >&2\nexit 7\n")
            os.chmod(self.path("gmmpi"), 0o755)
            done = subprocess.run([self.path(place + "/examples/iris.sh")], capture_output=True, text=True, cwd=self.path("here"),
                                  env=dict(os.environ, GMMPI=self.path("gmmpi")), timeout=harness.PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (7, self.path(expected) + "\n"))
            self.assertEqual(sorted(set(os.listdir(self.path(root))) - {"out"}), before)
            self.assertEqual("out" in os.listdir(self.path(root)), root == "clone")

    def test_shellcheck(self):
        try:
            done = subprocess.run(["shellcheck", "-x"] + sorted(glob.glob(os.path.join(SCRIPTS, "*.sh"))), capture_output=True, text=True)
        except FileNotFoundError:
            self.skipTest("shellcheck is not there")
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
