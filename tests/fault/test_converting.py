# SPDX-License-Identifier: BSD-3-Clause
"""Converting, and writing compressed chunks, when a disk is full, cannot be written or cannot be read: the job ends in
bounded time, says so, and leaves an older file as it was."""

import os
import unittest

import h5py
import numpy

import faults
import harness
from running import failing


class Converting(harness.Case):
    def setUp(self):
        super().setUp()
        self.points = faults.make_points(self.path("points.npy"), 60000)
        self.data = self.path("points.npy")

    def refused(self, status, pattern, *words, output, ranks, env=None):
        with open(output, "wb") as file:
            file.write(b"older")
        folder = os.path.dirname(output)
        before = sorted(os.listdir(folder))
        self.fail_with(status, pattern, *words, ranks=ranks, env=env)
        self.assertEqual(sorted(os.listdir(folder)), before)
        with open(output, "rb") as file:
            self.assertEqual(file.read(), b"older")

    def test_full_disk(self):
        """Room for none, some, almost all of the file: chunks find no room, or what describes them."""
        words = ("convert", self.data, "--compress", "1")
        self.succeed(*words, self.path("whole.h5"))
        n_pages = -(-os.path.getsize(self.path("whole.h5")) // os.sysconf("SC_PAGESIZE"))
        disk = self.small_disk("8m")
        output = os.path.join(disk, "out.h5")
        for pages, ranks in ((0, None), (1, 2), (n_pages // 2, 3), (n_pages - 8, 2)):
            filler = faults.fill(disk, pages + 1)  # one for the older file
            with self.subTest(pages=pages):
                self.refused(73, r"out.h5: cannot be written \(No space left on device\); make room", *words, output,
                             output=output, ranks=ranks)
            os.unlink(filler)
        faults.fill(disk, n_pages + 2)
        self.succeed(*words, output, ranks=3)
        with open(output, "rb") as file:
            self.assertEqual(file.read(), self.bytes_of("whole.h5"))

    small_disk = faults.SmallJob.small_disk

    def test_predictions(self):
        self.succeed("fit", self.data, "-k", "3", "--max-iter", "2", "-q", "-o", self.path("model.h5"))
        disk = self.small_disk("8m")
        filler = faults.fill(disk, 10)
        self.refused(73, r"out.h5: cannot be written \(No space left on device\)", "predict", self.path("model.h5"),
                     self.data, "--responsibilities", "--compress", "1", "-o", os.path.join(disk, "out.h5"),
                     output=os.path.join(disk, "out.h5"), ranks=3)
        self.assertTrue(os.path.exists(filler))

    def test_writing_fails(self):
        """From the first, a later or the last call on, also while the file is closed."""
        output = self.path("out.h5")
        numpy.save(self.data, self.points[:6000])
        n_writes = 0  # one more goes well each time, until all do
        while n_writes < 30:
            fault = failing("out.h5.partial", "write", skip=n_writes)
            run = harness.gmmpi("convert", self.data, output, "--compress", "1", env=fault)
            if run.returncode == 0:
                break
            self.assertEqual(run.returncode, 73, run.stderr)
            self.assertRegex(run.stderr, r"^gmmpi: .*out.h5: cannot be written \(Input/output error\)[^\n]*\n$")
            self.assertFalse(os.path.exists(output))
            n_writes += 1
        self.assertEqual(run.returncode, 0)
        self.assertGreater(n_writes, 3)
        os.remove(output)
        self.refused(73, r"out.h5: cannot be written \(Input/output error\)", "convert", self.data, output,
                     "--compress", "1", output=output, ranks=3, env=failing("out.h5.partial", "write", skip=2))
        self.refused(73, r"out.h5: cannot be written \(Input/output error\)", "convert", self.data, output,
                     "--compress", "1", output=output, ranks=2, env=failing("out.h5.partial", "fsync"))

    def test_reading_fails(self):
        """On one rank, in the middle; the other ranks are told."""
        with h5py.File(self.path("points.h5"), "w") as file:
            file.create_dataset("x", data=self.points, chunks=(1000, 3), compression="gzip")
        output = self.path("out.h5")
        for data in ("points.npy", "points.h5"):
            for more in ((), ("--compress", "1"), ("--missing", "drop")):
                with self.subTest(data=data, more=more):
                    self.refused(74, f"{data}.*reading", "convert", self.path(data), output, *more, output=output,
                                 ranks=3, env=failing(data, "read", rank=1,
                                                             byte=os.path.getsize(self.path(data)) // 2))

    def test_the_same_job_without_the_fault(self):
        self.succeed("convert", self.data, self.path("out.h5"), "--compress", "1", ranks=3,
                     env=failing("out.h5.partial", "write", skip=10**6))
        with h5py.File(self.path("out.h5")) as file:
            numpy.testing.assert_array_equal(file["points"][:], self.points)


if __name__ == "__main__":
    unittest.main()
