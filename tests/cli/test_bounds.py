# SPDX-License-Identifier: BSD-3-Clause
"""What passes remember for the next ones, with many components: no result depends on it, at no number of ranks, nor when a fit is taken
up again in the middle; and where there is no memory for it, it is left out, and the program says so."""

import re
import unittest

import numpy

from fits import FitCase

N, D, K = 60000, 16, 128
BOUNDS = N * 4 * (1 + 16)  # bytes: of a point its best component, and a number for each of 16 groups


class Bounds(FitCase):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(5)
        centres = random.normal(0, 6, (K, D))
        self.data = self.save(centres[random.integers(0, K, N)] + random.normal(0, 1, (N, D)))

    def arguments(self, *options, iterations=9):
        return ("fit", self.data, "-k", K, "--covariance", "spherical", "--init", "random_from_data", "--no-coarse-to-fine", "--tol", 0,
                "--max-iter", iterations, "-o", self.path("model.h5"), *options)

    def fitted(self, *options, **how):
        self.succeed(*self.arguments("-q", *options), **how)
        return self.bytes_of("model.h5")

    def held(self):
        """Bytes that a rank holds beside what the fit needs, as the refusal of a limit that is just too low shows."""
        for limit in range(30 * 10**6, 300 * 10**6, 2 * 10**6):
            unable = self.fail_with(71, "a rank needs", *self.arguments("--memory-limit", limit))
            room = float(re.search(r"has ([0-9.]+) GB", unable.stderr)[1]) * 1e9
            if room > 0:
                return limit - room
        raise AssertionError("any limit is refused")

    def test_taken_up_again(self):
        whole = self.fitted()
        self.succeed(*self.arguments("-q", "--checkpoint-every", 1, iterations=5))
        self.assertNotEqual(whole, self.bytes_of("model.h5"))
        self.assertEqual(whole, self.fitted("--restart", "auto", "--checkpoint-every", 1, ranks=2))

    def test_memory(self):
        """Limits of memory with room for points and bounds, for points alone, and for a part of them."""
        whole = self.fitted()
        held = self.held()
        streaming = self.succeed(*self.arguments("--memory-limit", int(held + 9e6)))
        self.assertEqual(whole, self.bytes_of("model.h5"))
        needed = float(re.search(r"would need ([0-9.]+) GB to hold its points; it streams them", streaming.stderr)[1]) * 1e9
        said = self.succeed(*self.arguments("--memory-limit", int(held + needed + BOUNDS / 2))).stderr
        self.assertEqual(whole, self.bytes_of("model.h5"))
        self.assertRegex(said, r"there is no room for 0\.00[45]\d* GB more in which passes leave what spares the next ones work")
        plenty = self.succeed(*self.arguments("--memory-limit", int(held + needed + 2 * BOUNDS))).stderr
        self.assertNotRegex(plenty, "no room")
        self.assertNotRegex(plenty, "streams")


if __name__ == "__main__":
    unittest.main()
