# SPDX-License-Identifier: BSD-3-Clause
"""The package for Debian: what it needs, where its files go, and that it runs from a folder that it is unpacked into."""

import glob
import os
import shutil
import subprocess
import unittest

import harness

MISSING = [tool for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file") if shutil.which(tool) is None]


@unittest.skipIf(MISSING, "not installed: " + ", ".join(MISSING))
@unittest.skipIf(os.environ.get("GMMPI_SANITIZED") == "ON", "a sanitized program is no package")
class Package(harness.Case):
    def run_well(self, *words, **options):
        run = subprocess.run(words, capture_output=True, text=True, timeout=harness.PATIENCE, **options)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def setUp(self):
        super().setUp()
        # What is built is packed as it is: the generator Ninja has no target that would build before.
        self.run_well("cpack", "-G", "DEB", "--config", os.path.join(os.environ["GMMPI_BUILD"], "CPackConfig.cmake"), "-B", self.path("made"),
                      "-D", "CPACK_CMAKE_GENERATOR=Ninja", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", cwd=self.folder)
        self.package, = glob.glob(self.path("made/*.deb"))
        self.root = self.path("root")
        self.run_well("dpkg-deb", "-x", self.package, self.root)

    def in_root(self, *names):
        return os.path.join(self.root, "usr", *names)

    def test_it(self):
        self.check_fields()
        self.check_files()
        self.check_program()
        self.check_python()

    def check_fields(self):
        fields = {name: self.run_well("dpkg-deb", "-f", self.package, name).strip() for name in ("Package", "Section", "Depends", "Description")}
        self.assertEqual((fields["Package"], fields["Section"]), ("gmmpi", "science"))
        for library in ("libc6", "libopenmpi", "libhdf5-openmpi", "libopenblas", "libjansson", "zlib1g"):
            self.assertIn(library, fields["Depends"])
        for line in fields["Description"].splitlines():
            self.assertLessEqual(len(line), 80)

    def check_files(self):
        for name in ("share/man/man1/gmmpi.1.gz", "share/man/man1/gmmpi-fit.1.gz", "share/bash-completion/completions/gmmpi",
                     "share/doc/gmmpi/copyright", "share/doc/gmmpi/changelog.gz", "share/doc/gmmpi/docs/README.md",
                     "share/gmmpi/plot.py", "share/gmmpi/report.py", "share/gmmpi/gmmpi.R", "share/gmmpi/jobs/fit.slurm"):
            self.assertTrue(os.path.isfile(self.in_root(name)), name)
        there = [os.path.join(folder, name) for folder, folders, names in os.walk(self.root) for name in folders + names]
        self.assertEqual([name for name in there if "__pycache__" in name], [])
        for name in there:
            self.assertEqual(os.lstat(name).st_mode & 0o022 if not os.path.islink(name) else 0, 0, name)

    def check_program(self):
        """Its libraries are those of the system; it starts nothing beside itself."""
        program, trace = self.in_root("bin/gmmpi"), self.path("programs")
        words = [program, "fit", self.in_root("share/gmmpi/data/mall_customers.csv"), "--columns", "4,5", "-k", "5", "-q", "-o"]
        if shutil.which("strace") is not None:
            self.run_well("strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, *words, self.path("traced.h5"))
            with open(trace) as file:
                self.assertEqual(len([line for line in file if "execve" in line]), 1)
        self.run_well(*words, self.path("package.h5"))
        self.succeed(*words[1:], self.path("build.h5"))
        self.assertEqual(self.run_well(program, "compare", self.path("package.h5"), self.path("build.h5")),
                         self.run_well(program, "compare", self.path("build.h5"), self.path("build.h5")).replace("build.h5", "package.h5", 1))

    def check_python(self):
        """The package finds its own library; the scripts find their parts."""
        packages, = glob.glob(self.in_root("lib/python3*/*-packages"))
        text = ("import gmmpi; print(gmmpi.load('package.h5').means_.shape); "
                "print('root/usr/lib' in [line for line in open('/proc/self/maps') if 'libgmmpi.so' in line][0])")
        lines = self.run_well("/usr/bin/python3", "-B", "-c", text, env=dict(os.environ, PYTHONPATH=packages), cwd=self.folder).splitlines()
        self.assertEqual(lines, ["(5, 2)", "True"])
        self.assertIn("usage", self.run_well("/usr/bin/python3", "-B", self.in_root("share/gmmpi/report.py"), "--help").lower())


if __name__ == "__main__":
    unittest.main()
