# SPDX-License-Identifier: BSD-3-Clause
"""Spurious maxima: passed over, and said; taken when asked for; levels, which look like them, are not."""

import json
import re
import unittest

import numpy

from fits import PAIR, FitCase, log_density
from harness import MALL

PASSED_OVER = r"a model of log-likelihood (\S+) per point was passed over, since its likelihood rests on a component of (\d+) points?"


def responsibilities(x, model):
    """n x K, by numpy."""
    joint = numpy.array([log_density(x, [w], [m], [c]) for w, m, c in zip(model["weights"], model["means"], model["covariances"])])
    return numpy.exp(joint - joint.max(axis=0)).T / numpy.exp(joint - joint.max(axis=0)).sum(axis=0)[:, None]


class Spurious(FitCase):
    def test_passed_over_and_said(self):
        """Nine components of the mall customers: the highest likelihood has a component on two different points, by numpy's
        responsibilities; it is passed over, and the warning tells its log-likelihood."""
        run = self.succeed("fit", MALL, *PAIR, "-k", 9, "-q", "-o", self.path("model.h5"))
        found = re.search(PASSED_OVER, run.stderr)
        self.assertTrue(found, run.stderr)
        sound = self.model()
        kept = self.succeed("fit", MALL, *PAIR, "-k", 9, "-q", "-o", self.path("kept.h5"), "--spurious", "keep")
        self.assertNotIn("passed over", kept.stderr)
        spurious = self.model("kept.h5")
        self.assertGreater(spurious["mean_log_likelihood"], sound["mean_log_likelihood"])
        self.assertGreater(spurious["mean_log_likelihood"], float(found[1]) - 1e-4)
        x = self.mall()
        self.assertAlmostEqual(log_density(x, spurious["weights"], spurious["means"], spurious["covariances"]).mean(),
                               spurious["mean_log_likelihood"], places=9)
        least = min(len(numpy.unique(x[share > 0.5], axis=0)) for share in responsibilities(x, spurious).T)
        self.assertLess(least, 3)
        least = min(len(numpy.unique(x[share > 0.5], axis=0)) for share in responsibilities(x, sound).T)
        self.assertGreaterEqual(least, 3)

    def test_is_part_of_a_job(self):
        """A checkpoint of one choice is none of the other; the model says which one it was."""
        self.succeed("fit", MALL, *PAIR, "-k", 3, "-q", "-o", self.path("model.h5"), "--spurious", "keep")
        self.assertEqual(self.model()["spurious"], "keep")
        self.fail_with(64, "--spurious", "fit", MALL, *PAIR, "-k", 3, "--spurious", "perhaps", "-o", self.path("model.h5"))

    def test_end_of_a_given_start(self):
        """A start whose third component sits on two points of many: it stays there, and is named."""
        random = numpy.random.default_rng(3)
        x = random.normal(size=(300, 2))
        x[7], x[8] = [0.1, 0.2], [0.1003, 0.2004]
        start = {"weights": [0.6, 0.39, 0.01], "means": [[0, 0], [1, 0], [0.10015, 0.2002]],
                 "covariances": [[[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1e-5, 0], [0, 1e-5]]]}
        with open(self.path("start.json"), "w") as file:
            json.dump(start, file)
        run = self.succeed("fit", self.save(x), "-k", 3, "--init", self.path("start.json"), "-q", "-o", self.path("model.h5"),
                           "--reg-covar", "1e-7")
        self.assertRegex(run.stderr, "likelihood rests on component 2, of 2 points, too few")
        self.assertTrue(any("rests on component 2" in event for event in self.model()["events"]))
        kept = self.succeed("fit", self.path("points.npy"), "-k", 3, "--init", self.path("start.json"), "-q", "-o",
                            self.path("model.h5"), "--reg-covar", "1e-7", "--spurious", "keep")
        self.assertNotIn("rests on", kept.stderr)

    def test_levels_are_no_accident(self):
        """One component at each level, whose density there is that of the ridge: the log-likelihood in closed form."""
        for levels, counts in (([0, 1], [700, 300]), ([2, 50, 150, 260, 390], [80, 80, 80, 80, 80])):
            with self.subTest(levels=levels):
                x = numpy.repeat(numpy.array(levels, dtype=float), counts)[:, None]
                run = self.succeed("fit", self.save(x), "-k", len(levels), "-q", "-o", self.path("model.h5"))
                self.assertNotIn("rests on", run.stderr)
                share = numpy.array(counts) / sum(counts)
                expected = (share * numpy.log(share)).sum() - 0.5 * numpy.log(2 * numpy.pi * 1e-6)
                self.assertAlmostEqual(self.model()["mean_log_likelihood"], expected, places=6)


if __name__ == "__main__":
    unittest.main()
