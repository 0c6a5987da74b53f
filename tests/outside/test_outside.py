# SPDX-License-Identifier: BSD-3-Clause
"""The library as others get it: installed into a folder whose name has a blank, moved from there, found by CMake and by pkg-config."""

import os
import re
import shlex
import shutil
import subprocess
import unittest

import h5py
import numpy

import harness

PROGRAM = os.path.join(harness.SOURCE, "tests", "outside", "program")
BUILD = os.environ["GMMPI_BUILD"]


def cached(name):
    """What CMake found when gmmpi was configured."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        return re.search(rf"^{name}:\w+=(.*)$", file.read(), flags=re.M).group(1)


@unittest.skipIf(os.environ.get("GMMPI_SANITIZED") == "ON", "a sanitized library needs a sanitized program")
class Outside(harness.Case):
    def setUp(self):
        super().setUp()
        first, self.prefix = self.path("first place"), self.path("second place")
        self.run_well("cmake", "--install", BUILD, "--prefix", first)
        os.rename(first, self.prefix)
        found = [folder for folder, _, names in os.walk(self.prefix) if "libgmmpi.so" in names]
        self.libraries = found[0]
        self.environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(self.libraries, "pkgconfig"), LD_LIBRARY_PATH=self.libraries)

    def run_well(self, *words, **options):
        run = subprocess.run(words, capture_output=True, text=True, timeout=harness.PATIENCE, **options)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run

    def build_with_cmake(self, language):
        folder = self.path("build of " + language)
        self.run_well("cmake", "-S", PROGRAM, "-B", folder, "-DLANGUAGE=" + language, "-DCMAKE_PREFIX_PATH=" + self.prefix,
                      "-DCMAKE_BUILD_TYPE=Release")
        self.run_well("cmake", "--build", folder)
        return os.path.join(folder, "outside")

    def build_with_pkg_config(self, name):
        """By the compiler itself, not by MPI's wrapper."""
        program = self.path(name)
        words = shlex.split(self.run_well("pkg-config", "--cflags", "--libs", "gmmpi", env=self.environment).stdout)
        self.run_well("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", os.path.join(PROGRAM, "outside.c"), "-o", program, "-pthread", *words)
        return program

    def file_of_the_manual(self, name):
        """A file that docs/library.md shows whole."""
        with open(os.path.join(harness.SOURCE, "docs", "library.md"), encoding="utf-8") as file:
            lines = file.read().split(f"`{name}`:\n\n")[1].splitlines()
        length = next(i for i, line in enumerate(lines) if line and not line.startswith("    "))
        return "\n".join(line[4:] for line in lines[:length] if "cmake -" not in line and "mpirun" not in line) + "\n"

    def test_program_of_the_manual(self):
        folder, build = self.path("the manual's"), self.path("its build")
        os.mkdir(folder)
        for name in ("example.c", "CMakeLists.txt"):
            self.write(os.path.join(folder, name), self.file_of_the_manual(name))
        self.run_well("cmake", "-S", folder, "-B", build, "-DCMAKE_PREFIX_PATH=" + self.prefix)
        self.run_well("cmake", "--build", build)
        lines = self.run_well(*harness.mpirun(2), os.path.join(build, "example"), harness.MALL, cwd=self.folder).stdout.splitlines()
        self.assertRegex(lines[0], r"^iteration 0: -[\d.]+$")
        self.assertRegex(lines[-1], r"^converged: 1, 200 points, log-likelihood -[\d.]+$")
        self.succeed("fit", harness.MALL, "--columns", "4,5", "-k", "3", "-o", self.path("program.h5"))
        self.assertEqual(self.numbers(self.path("model.h5")), self.numbers(self.path("program.h5")))

    def write_points(self):
        random = numpy.random.default_rng(5)
        self.rows = numpy.concatenate([random.normal(size=(200, 2)) + centre for centre in ([0, 0], [4, 1], [1, 5])])
        self.rows.tofile(self.path("rows"))
        numpy.save(self.path("rows.npy"), self.rows)
        with h5py.File(self.path("rows.h5"), "w") as file:
            file.create_dataset("x", data=self.rows, chunks=(64, 2), compression="gzip")

    def numbers(self, path):
        with h5py.File(path, "r") as file:
            return {name: file[name][...].tobytes() for name in ("weights", "means", "covariances")}

    def check_fits(self, program):
        """Two threads at a time: the bits are those of the command line, and nothing is printed."""
        self.write_points()
        self.succeed("fit", self.path("rows.npy"), "-k", "3", "-o", self.path("program.h5"))
        expected = self.numbers(self.path("program.h5"))
        run = self.run_well(*harness.mpirun(3), program, self.path("rows"), *map(str, self.rows.shape), self.folder, env=self.environment)
        self.assertEqual(run.stdout + run.stderr, "")
        for name in ("copy", "part-0", "part-1"):
            self.assertEqual(self.numbers(self.path(name + ".h5")), expected, name)

    def test_cmake_finds_it_and_two_threads_fit(self):
        self.check_fits(self.build_with_cmake("C"))

    @unittest.skipIf(shutil.which("c++") is None, "there is no C++ compiler")
    def test_cmake_finds_it_for_a_program_in_cxx_alone(self):
        self.assertEqual(self.run_well(self.build_with_cmake("CXX")).stdout, "spherical 2\n")

    def test_pkg_config_finds_it_with_and_without_a_module_of_mpi(self):
        self.check_fits(self.build_with_pkg_config("by module"))
        includes, libraries = cached("MPI_C_COMPILER_INCLUDE_DIRS"), cached("MPI_mpi_LIBRARY")
        link = self.path("MPI's headers")
        os.symlink(includes.split(";")[0] if includes else cached("MPI_C_HEADER_DIR"), link)
        self.run_well("cmake", "-DSOURCE=" + harness.SOURCE, "-DOUTPUT=" + os.path.join(self.libraries, "pkgconfig", "gmmpi.pc"),
                      f"-DINCLUDES={link};{includes}", "-DLIBRARIES=" + libraries,
                      "-DLIBDIR=" + os.path.relpath(self.libraries, self.prefix),
                      "-P", os.path.join(harness.SOURCE, "tests", "outside", "pc_without_module.cmake"))
        words = self.run_well("pkg-config", "--cflags", "--libs", "gmmpi", env=self.environment).stdout
        self.assertIn("-I" + link, shlex.split(words))
        self.assertIn(libraries, shlex.split(words))
        self.build_with_pkg_config("by words")


if __name__ == "__main__":
    unittest.main()
