# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of faults share: small jobs and their models, disks without room. System calls that fail are in running.py."""

import os
import subprocess

import numpy as np

import harness
from running import failing


def make_points(path, n, d=3, k=4, seed=1):
    """Overlapping clusters, as an NPY file."""
    generator = np.random.default_rng(seed)
    centres = 1.5 * generator.normal(size=(k, d))
    points = centres[generator.integers(k, size=n)] + generator.normal(size=(n, d))
    np.save(path, points)
    return points


class SmallJob(harness.Case):
    """A job of many short iterations, each with a checkpoint, whose model is known."""

    OPTIONS = ["-k", "4", "--init", "k-means++", "--tol", "0", "--max-iter", "80", "--checkpoint-every", "1", "-q"]
    EXPECTED = {}

    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data, 3000)
        self.model = self.path("model.h5")
        self.checkpoint = self.path("model.h5.checkpoint")

    def words(self, *more):
        return ["fit", self.data, *self.OPTIONS, "-o", self.model, *more]

    def undisturbed(self):
        """The bytes of the model of a job that nothing happens to."""
        if "model" not in self.EXPECTED:
            expected = self.path("undisturbed.h5")
            self.succeed("fit", self.data, *self.OPTIONS, "-o", expected, "--checkpoint", "none")
            self.EXPECTED["model"] = self.bytes_of("undisturbed.h5")
        return self.EXPECTED["model"]

    def assert_undisturbed(self):
        self.assertEqual(self.bytes_of("model.h5"), self.undisturbed())
        self.assertEqual([name for name in os.listdir(self.folder) if "checkpoint" in name or "partial" in name], [])

    def stop_after(self, iterations):
        """Kills a job when it has written so many checkpoints: the last one and the one before stay."""
        run = harness.gmmpi(*self.words(), env=failing("model.h5.checkpoint", "link", "KILL", skip=iterations))
        self.assertEqual(run.returncode, -9, run.stderr)

    def small_disk(self, size="256k"):
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk], capture_output=True,
                                 text=True)
        if mounted.returncode != 0:
            self.skipTest("no small disk can be mounted: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", disk], capture_output=True)
        return disk


def fill(disk, pages_left=0):
    """Takes a disk's space but for so many pages."""
    page = os.sysconf("SC_PAGESIZE")
    filler = os.path.join(disk, "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * page)
        except OSError:
            pass
        file.truncate(file.tell() // page * page - pages_left * page)
    return filler
