"""The search for a start: it finds what one k-means start misses, and the same at any number of ranks."""

import unittest

import numpy

from harness import Case


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


class Search(Case):
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
            with open(self.path("model.h5"), "rb") as file:
                models.add(file.read())
        self.assertEqual(len(models), 1)


if __name__ == "__main__":
    unittest.main()
