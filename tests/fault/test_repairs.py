# SPDX-License-Identifier: BSD-3-Clause
"""Jobs that are killed around the iteration in which a component is repaired, where the repair decides that the job goes on."""

import json
import os
import unittest

import numpy as np

import faults
import harness
from running import failing


class Repairs(harness.Case):
    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        faults.make_points(self.data, 2000)
        # The last component is far from all points, so that it is put elsewhere, or dropped, in iteration 1.
        means = np.vstack([np.load(self.data)[:3], [1e7, 1e7, 1e7]])
        start = {"weights": [0.25] * 4, "means": means.tolist(), "covariances": [np.eye(3).tolist()] * 4}
        self.start = self.write("start.json", json.dumps(start))

    def words(self, model, *more):
        # Any change is less than the tolerance.
        return ["fit", self.data, "-k", "4", "--init", self.start, "--tol", "1e3", "-o", model, "-q", *more]

    def test_killed_around_a_repair(self):
        environment = dict(OMPI_MCA_orte_tmpdir_base=self.folder, OMPI_MCA_btl_vader_backing_directory=self.folder)
        for policy in ("reseed", "drop"):
            for accelerate in ("none", "anderson"):
                more = ("--on-collapse", policy, "--accelerate", accelerate)
                self.succeed(*self.words(self.path("undisturbed.h5"), *more, "--log", self.path("undisturbed.csv"),
                                         "--checkpoint", "none"))
                undisturbed = self.bytes_of("undisturbed.h5")
                rows = self.bytes_of("undisturbed.csv").count(b"\n")
                # When a checkpoint takes the place of the one before, of the start and of each iteration; at the end.
                kills = [("model.h5.checkpoint", "link", i) for i in range(rows - 2)] + [("model.h5", "rename", 0)]
                for i, (file, call, skip) in enumerate(kills):
                    ranks = (None, 3)[i % 2]
                    with self.subTest(policy=policy, accelerate=accelerate, file=file, skip=skip, ranks=ranks):
                        model = self.path("model.h5")
                        run = harness.gmmpi(*self.words(model, *more, "--checkpoint-every", "1"),
                                            env=failing(file, call, "KILL", skip=skip))
                        self.assertEqual(run.returncode, -9, run.stderr)
                        self.assertFalse(os.path.exists(model))
                        self.succeed(*self.words(model, *more, "--restart", "auto"), ranks=ranks, env=environment)
                        self.assertEqual(self.bytes_of("model.h5"), undisturbed)
                        os.unlink(model)


if __name__ == "__main__":
    unittest.main()
