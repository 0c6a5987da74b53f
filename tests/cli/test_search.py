# SPDX-License-Identifier: BSD-3-Clause
"""The search for a start: it finds what one k-means start misses, and the same at any number of ranks."""

import unittest

import numpy

import streaming


def clusters():
    """3000 points in 8 far groups of 3 near clusters each, and the mean log-likelihood of the mixture they are from."""
    random = numpy.random.default_rng(11)
    groups = numpy.array([[40.0 * (i % 3), 40.0 * (i // 3)] for i in range(9) if i != 4])
    means = numpy.concatenate([group + 5.0 * numpy.array([[0, 0], [1, 0], [0.5, 0.9]]) for group in groups])
    labels = random.integers(len(means), size=3000)
    x = means[labels] + random.normal(size=(3000, 2))
    squares = ((x[:, None, :] - means[None]) ** 2).sum(axis=2)
    density = numpy.exp(-squares / 2).sum(axis=1) / (len(means) * 2 * numpy.pi)
    return x, numpy.log(density).mean()


def hard_table(n, d):
    """Three clusters, one of which has one value in the last column; in the first one a rare group; and three outliers."""
    random = numpy.random.default_rng(3)
    labels = random.integers(3, size=n)
    x = 4.0 * random.normal(size=(3, d))[labels] + random.normal(size=(n, d))
    x[labels == 1, -1] = 5.0
    rare = random.choice(n, max(60, n // 150), replace=False)
    x[rare] = x[labels == 0].mean(axis=0) + 0.5 + 0.02 * random.normal(size=(len(rare), d))
    x[random.choice(n, 3, replace=False)] = 1e4 + 30.0 * random.normal(size=(3, d))
    return x


class Search(streaming.Case):
    def test_finds_what_one_start_misses(self):
        x, truth = clusters()
        numpy.save(self.path("points.npy"), x)
        fit = ("fit", self.path("points.npy"), "-k", 24, "-o", self.path("model.h5"))
        for seed in (0, 2, 5):
            with self.subTest(seed=seed):
                one = self.summary(*fit, "--seed", seed, "--no-coarse-to-fine")
                self.assertLess(one["mean_log_likelihood"], truth - 0.02)
                found = self.summary(*fit, "--seed", seed)
                self.assertGreater(found["mean_log_likelihood"], truth)

    def test_the_same_at_any_number_of_ranks(self):
        x, _ = clusters()
        numpy.save(self.path("points.npy"), x[:900])
        models = set()
        for ranks in (1, 2, 3):
            self.succeed("fit", self.path("points.npy"), "-k", 6, "-o", self.path("model.h5"), "-q", ranks=ranks)
            models.add(self.bytes_of("model.h5"))
        self.assertEqual(len(models), 1)

    def test_hard_tables_at_any_number_of_ranks(self):
        """A small one, which the search sees as a whole, and one of which it sees a subsample."""
        for n, d in ((3000, 3), (70_000, 12)):
            numpy.save(self.path("points.npy"), hard_table(n, d))
            words = ("fit", self.path("points.npy"), "-k", 5, "-o", self.path("model.h5"))
            self.succeed(*words)
            model = self.bytes_of("model.h5")
            for ranks, threads in ((1, 2), (2, 1), (3, 1)):
                with self.subTest(n=n, ranks=ranks, threads=threads):
                    run = self.succeed(*words, "-v", "--threads", threads, ranks=ranks)
                    self.assertEqual(" points, iteration 0:" in run.stderr, n > 3000)
                    self.assertTrue(self.bytes_of("model.h5") == model)
        self.streaming(*words)
        self.assertTrue(self.bytes_of("model.h5") == model)


if __name__ == "__main__":
    unittest.main()
