# SPDX-License-Identifier: BSD-3-Clause
"""Fits whose components collapse, or would: on degenerate data, with far too many components, with policies."""

import json
import os
import unittest

import numpy

from fits import PAIR, FitCase
from harness import MALL


class Collapses(FitCase):
    def assert_sound(self, summary, components):
        model = self.model()
        for key in ("weights", "means", "covariances", "precisions_cholesky"):
            self.assertTrue(numpy.isfinite(model[key]).all(), key)
        self.assertEqual(len(model["weights"]), components)
        self.assertAlmostEqual(model["weights"].sum(), 1.0, places=12)
        self.assertTrue(numpy.isfinite(summary["log_likelihood"]))
        again = self.summary("predict", self.path("model.h5"), self.data, "-o", self.path("labels.h5"))
        self.assertAlmostEqual(again["log_likelihood"], summary["log_likelihood"], delta=1e-9 * abs(summary["log_likelihood"]))

    def test_degenerate_data(self):
        random = numpy.random.default_rng(2)
        x = random.normal(0, 1, (200, 2))
        tables = {
            "identical": numpy.full((200, 3), 7.25),
            "duplicated column": numpy.column_stack([x, x[:, 0]]),
            "constant column": numpy.column_stack([x, numpy.full(200, 1e6)]),
            "two values": numpy.repeat([[0.0, 0.0], [1.0, 1.0]], 100, axis=0),
            "line": numpy.column_stack([x[:, 0], 2 * x[:, 0] + 1e6]),
            "one huge outlier": numpy.vstack([x, [1e12, -1e12]]),
            "tiny": x * 1e-9,
            "huge": x * 1e100,
        }
        for name, table in tables.items():
            self.data = self.save(table)
            for covariance in ("full", "tied", "diag", "spherical"):
                for reg, policy in (("1e-6", "reseed"), ("0", "reseed" if covariance == "full" else "drop")):
                    with self.subTest(table=name, covariance=covariance, reg=reg, policy=policy):
                        summary = self.fit(self.data, "-k", 3, "--covariance", covariance, "--reg-covar", reg,
                                           "--on-collapse", policy, "--max-iter", 50)
                        self.assert_sound(summary, 3)

    def test_far_too_many_components(self):
        random = numpy.random.default_rng(3)
        self.data = self.save(random.normal(0, 1, (60, 2)))
        for components, init, policy in ((30, "kmeans", "drop"), (30, "random", "reseed"), (59, "kmeans", "reseed"),
                                         (59, "k-means++", "drop"), (60, "kmeans", "reseed"), (60, "k-means++", "reseed"),
                                         (60, "random_from_data", "drop"), (60, "random", "drop")):
            with self.subTest(components=components, init=init, policy=policy):
                summary = self.fit(self.data, "-k", components, "--init", init, "--reg-covar", 0, "--max-iter", 30,
                                   "--on-collapse", policy)
                self.assert_sound(summary, components)

    def start_with_a_lost_component(self):
        start = {"weights": [0.5, 0.5], "means": [[60, 50], [1e7, 1e7]], "covariances": [(400 * numpy.eye(2)).tolist(), numpy.eye(2).tolist()]}
        return self.write("lost.json", json.dumps(start))

    def test_policies(self):
        start = self.start_with_a_lost_component()
        arguments = (MALL, *PAIR, "-k", 2, "--init", start)
        reseeded = self.fit(*arguments)
        self.assertEqual(len(reseeded["events"]), 1, reseeded["events"])
        self.assertRegex(reseeded["events"][0], "component 1.*empty.*reseeded")
        self.assertGreater(self.model()["weights"].min(), 0.01)
        x = self.mall()
        one_step = self.fit(*arguments, "--max-iter", 1)
        self.assertEqual(len(one_step["events"]), 1)
        # The point of lowest density under the start, whose first component is round: the one farthest from its mean.
        worst = x[numpy.argmax(((x - [60, 50]) ** 2).sum(axis=1))]
        numpy.testing.assert_array_equal(self.model()["means"][1], worst)

        dropped = self.fit(*arguments, "--on-collapse", "drop")
        self.assertRegex(dropped["events"][0], "component 1.*empty.*dropped")
        numpy.testing.assert_array_equal(self.model()["weights"], [1.0, 0.0])
        numpy.testing.assert_allclose(self.model()["means"][0], x.mean(axis=0), rtol=1e-12)

        run = self.fail_with(65, "component 1 became empty", "fit", *arguments, "--on-collapse", "error", "-o", self.path("none.h5"), ranks=2)
        self.assertFalse(os.path.exists(self.path("none.h5")), run.stderr)

    def test_reseeded_components_are_no_twins(self):
        random = numpy.random.default_rng(4)
        x = numpy.vstack([random.normal(size=(300, 2)), numpy.full((6, 2), 9.0)])
        start = {"weights": [0.2] * 5, "means": [[0, 0], [1, 1], [-1, 1], [1e5, 1e5], [-1e5, 1e5]], "covariances": [numpy.eye(2).tolist()] * 5}
        summary = self.fit(self.save(x), "-k", 5, "--init", self.write("start.json", json.dumps(start)), "--max-iter", 1)
        self.assertEqual(len(summary["events"]), 2)
        self.assertEqual(len(numpy.unique(self.model()["means"].round(9), axis=0)), 5)

    def test_shared_covariance_that_is_not_definite(self):
        x = self.save(numpy.repeat([[0.0, 1.0], [2.0, 3.0], [5.0, -1.0]], 20, axis=0))
        # One k-means start, whose clusters are the three places: a search would look for another model.
        options = ("-k", 3, "--covariance", "tied", "--reg-covar", 0, "--no-coarse-to-fine")
        self.fail_with(65, "positive definite", "fit", x, *options, "--on-collapse", "error", "-o", self.path("m.h5"), ranks=2)
        summary = self.fit(x, *options)
        self.assertRegex(summary["events"][0], "shared covariance")
        self.assertTrue(numpy.linalg.eigvalsh(self.model()["covariances"]).min() > 0)

    def test_events_are_warnings(self):
        run = self.succeed("fit", MALL, *PAIR, "-k", 2, "--init", self.start_with_a_lost_component(), "-o", self.path("m.h5"), ranks=2)
        warnings = [line for line in run.stderr.splitlines() if line.startswith("gmmpi warning: ")]
        self.assertEqual(len([line for line in warnings if "became empty" in line]), 1, run.stderr)

    def test_large_ridge_is_a_warning(self):
        self.save(self.mall() * 1e-4)
        run = self.succeed("fit", self.path("points.npy"), "-k", 2, "-o", self.path("m.h5"))
        self.assertRegex(run.stderr, "gmmpi warning: .*reg-covar")
        run = self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("m.h5"))
        self.assertNotRegex(run.stderr, "reg-covar")


if __name__ == "__main__":
    unittest.main()
