# SPDX-License-Identifier: BSD-3-Clause
"""The library as others get it: installed, found by pkg-config, and used as the comment in gmmpi.h shows, in C and in C++."""

import os
import shlex
import shutil
import subprocess
import unittest

import harness

HEADER = os.path.join(harness.SOURCE, "include", "gmmpi", "gmmpi.h")


def example():
    """The program in the header's comment."""
    with open(HEADER, encoding="utf-8") as file:
        comment = file.read().split("#ifndef")[0]
    lines = [line[5:] for line in comment.splitlines() if line.startswith(" *   ")]
    text = "\n".join(lines) + "\n"
    assert text.startswith("#include <gmmpi/gmmpi.h>") and text.endswith("}\n"), text
    return text


@unittest.skipIf(os.environ.get("GMMPI_SANITIZED") == "ON", "a sanitized library needs a sanitized program")
class Library(harness.Case):
    def setUp(self):
        super().setUp()
        self.prefix = self.path("prefix")
        self.run_well("cmake", "--install", os.environ["GMMPI_BUILD"], "--prefix", self.prefix)
        libraries = [os.path.dirname(os.path.join(folder, name)) for folder, _, names in os.walk(self.prefix) for name in names
                     if name.startswith("libgmmpi.so")]
        self.environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(libraries[0], "pkgconfig"), LD_LIBRARY_PATH=libraries[0])

    def run_well(self, *words, env=None):
        run = subprocess.run(words, capture_output=True, text=True, timeout=300, env=env)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def check(self, compiler, name, *options):
        source, program = self.path(name), self.path("example")
        self.write(name, example())
        words = shlex.split(self.run_well("pkg-config", "--cflags", "--libs", "gmmpi", env=self.environment))
        self.run_well(compiler, *options, "-Wall", "-Werror", source, "-o", program, *words, env=self.environment)
        for words in ([program], harness.mpirun(2) + [program]):
            lines = self.run_well(*words, env=self.environment).splitlines()
            self.assertEqual(lines, ["means -0.0333 and 10.1"] * len(lines))
            self.assertEqual(len(lines), 1 if len(words) == 1 else 2)

    @unittest.skipIf(shutil.which("mpicc") is None, "there is no mpicc")
    def test_example_in_c(self):
        self.check("mpicc", "example.c", "-std=c11")

    @unittest.skipIf(shutil.which("mpicxx") is None, "there is no mpicxx")
    def test_example_in_cxx(self):
        self.check("mpicxx", "example.cc", "-std=c++11")

    @unittest.skipIf(shutil.which("mpicc") is None, "there is no mpicc")
    def test_benchmark_of_small_fits(self):
        """It builds as its head says, and the same fits have the same bits."""
        program = self.path("small_fits")
        words = shlex.split(self.run_well("pkg-config", "--cflags", "--libs", "gmmpi", env=self.environment))
        self.run_well("mpicc", "-std=c11", "-Wall", "-Werror", os.path.join(harness.SOURCE, "scripts", "benchmarking", "small_fits.c"),
                      "-o", program, *words, "-lm", env=self.environment)
        small = [program, "3", "50", "2", "2", "coarse-to-fine", "no"]
        lines = [self.run_well(*small, env=self.environment) for _ in range(2)]
        self.assertRegex(lines[0], r"\A[\d.]+ s, [\d.]+ passes a fit, [\d.]+ us a fit, mean log-likelihood -\d\.\d{9}, [0-9a-f]{16}\n\Z")
        self.assertEqual(*(line.split("mean")[1] for line in lines))
        other = self.run_well(*small, "seed", "1", env=self.environment)
        self.assertNotEqual(other.split()[-1], lines[0].split()[-1])
        for wrong, status in ((["0"], 64), (small[1:5] + ["tol"], 64), (small[1:5] + ["tol", "none"], 64)):
            run = subprocess.run([program] + wrong, capture_output=True, text=True, timeout=300, env=self.environment)
            self.assertEqual((run.returncode, run.stdout), (status, ""), run.stderr)
            self.assertNotEqual(run.stderr, "")


if __name__ == "__main__":
    unittest.main()
