# SPDX-License-Identifier: BSD-3-Clause
"""The pages for those who come from other programs: their commands run as they stand."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import unittest

import numpy

import harness


class Pages(harness.Case):
    def run_blocks(self, page):
        """Blocks of the shell begin with gmmpi, the others are Python, one program up to the next of the shell. All run in a folder with
        iris.csv. Returns the number of commands."""
        with open(os.path.join(harness.SOURCE, "docs", page), encoding="utf-8") as file:
            blocks = re.findall(r"(?m)(?:^    .*\n)+", file.read())
        shutil.copy(os.path.join(harness.SOURCE, "data", "iris.csv"), self.folder)
        path = os.path.dirname(os.path.abspath(harness.GMMPI)) + os.pathsep + os.environ["PATH"]
        programs = []
        for block in blocks:
            text = re.sub(r"(?m)^    ", "", block)
            is_shell = text.startswith("gmmpi ")
            if not is_shell and programs and not programs[-1][0]:
                programs[-1][1] += "\n" + text
            else:
                programs.append([is_shell, text])
        for is_shell, text in programs:
            words = ["sh", "-e", "-c", text] if is_shell else [sys.executable, "-c", text]
            run = subprocess.run(words, cwd=self.folder, env=dict(os.environ, PATH=path), capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, text + run.stderr)
        return sum(text.count("\n") for is_shell, text in programs if is_shell)

    @unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not there")
    def test_scikit_learn(self):
        self.assertGreaterEqual(self.run_blocks("from-scikit-learn.md"), 6)
        from sklearn.datasets import load_iris
        from sklearn.mixture import GaussianMixture

        points = load_iris().data
        expected = GaussianMixture(3, random_state=0).fit(points)
        self.succeed("predict", self.path("same.h5"), self.path("iris.csv"), "-o", self.path("out.csv"), "--responsibilities", "--log-density", "-q")
        table = numpy.genfromtxt(self.path("out.csv"), delimiter=",", names=True)
        # data/iris.csv and scikit-learn's table differ in two rows, as they have since 1936.
        with open(self.path("iris.csv"), encoding="utf-8") as file:
            ours = numpy.genfromtxt(file, delimiter=",", skip_header=1, usecols=range(4))
        self.assertLessEqual((ours != points).any(axis=1).sum(), 2)
        numpy.testing.assert_allclose(table["log_density"], expected.score_samples(ours), rtol=1e-9)
        numpy.testing.assert_array_equal(table["label"], expected.predict(ours))

    def test_spark(self):
        """A folder of parts as Spark writes it, with a header in each."""
        os.mkdir(self.path("points"))
        points = numpy.random.default_rng(0).normal(size=(90, 2)) + numpy.repeat([[0, 0], [9, 0], [0, 9]], 30, axis=0)
        for i in range(3):
            with open(self.path(f"points/part-0000{i}-2f1e-c000.csv"), "w", encoding="utf-8") as file:
                file.write("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in points[30 * i:30 * i + 30].tolist()))
        with open(self.path("points/_SUCCESS"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.run_blocks("from-spark.md"), 3)
        labels = numpy.genfromtxt(self.path("labels.csv"), delimiter=",", names=True)["label"]
        self.assertEqual([len(set(labels[30 * i:30 * i + 30])) for i in range(3)], [1, 1, 1])


if __name__ == "__main__":
    unittest.main()
