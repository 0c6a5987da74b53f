# SPDX-License-Identifier: BSD-3-Clause
"""Files that another program has open for writing: one warning names them, and what is there is read as it is."""

import contextlib
import os
import subprocess
import sys
import unittest

import h5py
import numpy as np

import harness


class WrittenFiles(harness.Case):
    @classmethod
    def setUpClass(cls):
        # h5py locks as any program that uses HDF5 does, unless it is told not to.
        os.environ.pop("HDF5_USE_FILE_LOCKING", None)

    def setUp(self):
        super().setUp()
        pieces = h5py.VirtualLayout((400, 2), "f8")
        for i in range(4):
            rows = np.random.default_rng(i).normal(size=(100, 2))
            with h5py.File(self.path(f"part-{i}.h5"), "w") as file:
                file["points"] = rows
            pieces[100 * i:100 * (i + 1)] = h5py.VirtualSource(self.path(f"part-{i}.h5"), "points", (100, 2))
        with h5py.File(self.path("all.h5"), "w") as file:
            file.create_virtual_dataset("points", pieces)

    @contextlib.contextmanager
    def written(self, *numbers):
        """While a program has these parts open for writing. HDF5 opens a file only once in a process, so it is another one."""
        names = [self.path(f"part-{i}.h5") for i in numbers]
        program = "import h5py, sys; files = [h5py.File(name, 'r+') for name in sys.argv[1:]]; print(); sys.stdin.read()"
        with subprocess.Popen([sys.executable, "-c", program, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
            self.assertEqual(writer.stdout.readline(), b"\n")
            yield
            writer.stdin.close()

    def warnings(self, *words, ranks=None, **options):
        run = self.succeed(*words, ranks=ranks, **options)
        return [line for line in run.stderr.splitlines() if line.startswith("gmmpi")]

    def fit(self, data, **options):
        return self.warnings("fit", data, "-k", 1, "-o", self.path("model.h5"), "-q", **options)

    def assert_names(self, lines, name, others=False):
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], rf"^gmmpi warning: .*{name}: another program has it open for writing"
                                   rf"{', and others of these files' if others else ''}; ")

    def test_one_file(self):
        data = self.path("part-0.h5")
        self.assertEqual(self.fit(data), [])
        with self.written(0):
            for ranks in (None, 3):
                self.assert_names(self.fit(data, ranks=ranks), "part-0.h5")
            self.assert_names(self.warnings("predict", self.path("model.h5"), data, "-o", self.path("labels.h5"), "-q"), "part-0.h5")
            self.assert_names(self.warnings("convert", data, self.path("out.h5"), "-q"), "part-0.h5")
            self.assert_names(self.warnings("info", data), "part-0.h5")
            self.assertEqual(self.fit(self.path("part-1.h5")), [])
            # Who has told HDF5 to do without locks does not want to hear of them.
            self.assertEqual(self.fit(data, env={"HDF5_USE_FILE_LOCKING": "FALSE"}), [])
        with h5py.File(data, "r"):  # a reader's lock
            self.assertEqual(self.fit(data), [])

    def test_several_files(self):
        """The parts of a list, and the pieces of a virtual data set, which are read and not taken for missing."""
        self.fit(self.path("all.h5"))
        expected = self.bytes_of("model.h5")
        with self.written(1, 3):
            for data in (self.path("part-*.h5"), self.path("all.h5")):
                for ranks in (None, 3):
                    with self.subTest(data=data, ranks=ranks):
                        self.assert_names(self.fit(data, ranks=ranks), "part-1.h5", others=True)
                        self.assertEqual(self.bytes_of("model.h5"), expected)
        with self.written(3):
            self.assert_names(self.fit(self.path("all.h5"), ranks=2), "part-3.h5")
        self.assertEqual(self.fit(self.path("all.h5"), ranks=2), [])

    def test_the_writer_is_not_disturbed(self):
        """While a fit has the file open, another program may open it for writing."""
        rows = np.random.default_rng(1).normal(size=(100_000, 2))
        with h5py.File(self.path("big.h5"), "w") as file:
            file.create_dataset("points", data=rows, chunks=(1000, 2))
        job = subprocess.Popen(harness.command(None, "fit", self.path("big.h5"), "-k", 3, "--tol", 0, "--max-iter", 10**9,
                                               "--checkpoint-every", 1, "-o", self.path("model.h5"), "-q"),
                               stderr=subprocess.DEVNULL)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        while not os.path.exists(self.path("model.h5.checkpoint")):
            self.assertIsNone(job.poll())
        self.assertIn(self.path("big.h5"), [os.path.realpath(f"/proc/{job.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{job.pid}/fd")])
        with h5py.File(self.path("big.h5"), "r+") as file:
            file.attrs["more"] = 1


if __name__ == "__main__":
    unittest.main()
