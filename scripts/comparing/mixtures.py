# SPDX-License-Identifier: BSD-3-Clause
"""Mixtures to draw seeded problems from: where the components lie, what they look like, how heavy they are.

All shapes are full covariances: weights K, means K x d, covariances K x d x d.
"""

import numpy as np


class Mixture:
    def __init__(self, weights, means, covariances):
        self.weights = np.asarray(weights, dtype=float) / np.sum(weights)
        self.means = np.asarray(means, dtype=float)
        self.covariances = np.asarray(covariances, dtype=float)

    def draw(self, n, random):
        """Points: n x d, in random order."""
        counts = random.multinomial(n, self.weights)
        parts = [mean + random.standard_normal((count, len(mean))) @ np.linalg.cholesky(covariance).T
                 for count, mean, covariance in zip(counts, self.means, self.covariances)]
        return random.permutation(np.concatenate(parts))

    def transformed(self, matrix, offset):
        """The mixture of the points matrix x + offset."""
        return Mixture(self.weights, self.means @ matrix.T + offset, matrix @ self.covariances @ matrix.T)


def rotation(random, d):
    return np.linalg.qr(random.standard_normal((d, d)))[0]


def ellipsoids(random, k, d, ratio):
    """Random directions, standard deviations spread over a factor of `ratio`."""
    shapes = []
    for _ in range(k):
        axes = rotation(random, d) * ratio ** (random.random(d) - 0.5)
        shapes.append(axes @ axes.T)
    return np.array(shapes)


def shares(random, k, how):
    if how == "equal":
        return np.ones(k)
    if how == "geometric":
        return 0.6 ** np.arange(k) + 0.01
    return random.dirichlet(np.full(k, 2.0)) + 0.2 / k


def scattered(random, k, d, spread, ratio=3.0, weights="random"):
    """Means from a normal distribution of standard deviation `spread` in each feature."""
    return Mixture(shares(random, k, weights), spread * random.standard_normal((k, d)), ellipsoids(random, k, d, ratio))


def grid(random, k, d, spacing, ratio=1.5, weights="equal"):
    """Means on a square grid in the first two features."""
    side = int(np.ceil(np.sqrt(k)))
    means = np.zeros((k, d))
    means[:, 0], means[:, 1] = np.divmod(np.arange(k), side)
    return Mixture(shares(random, k, weights), spacing * means, ellipsoids(random, k, d, ratio))


def groups(random, k, d, n_groups, far, near, ratio=2.0, weights="equal"):
    """Groups far from each other of components near each other: k-means gives groups too many or too few."""
    centres = far * random.standard_normal((n_groups, d))
    means = centres[np.arange(k) % n_groups] + near * random.standard_normal((k, d))
    return Mixture(shares(random, k, weights), means, ellipsoids(random, k, d, ratio))


def stacked(random, k, d, length, gap, weights="equal"):
    """Parallel cigars beside each other: long in the first feature, `gap` standard deviations apart in the second."""
    means = 0.5 * random.standard_normal((k, d))
    means[:, 1] = gap * np.arange(k)
    shape = np.eye(d)
    shape[0, 0] = length ** 2
    return Mixture(shares(random, k, weights), means, np.repeat(shape[None], k, axis=0))


def crossing(random, k, d, length, spread=0.3, weights="equal"):
    """Thin cigars in different directions through nearly one point."""
    shapes = []
    for j in range(k):
        axis = rotation(random, d)[0]
        if d == 2:
            axis = np.array([np.cos(np.pi * j / k), np.sin(np.pi * j / k)])
        shapes.append(0.1 * np.eye(d) + length ** 2 * np.outer(axis, axis))
    return Mixture(shares(random, k, weights), spread * random.standard_normal((k, d)), shapes)


def nested(random, k, d, factor, weights="equal"):
    """One centre, standard deviations that grow by `factor`."""
    scales = factor ** np.arange(k)
    return Mixture(shares(random, k, weights), 0.2 * random.standard_normal((k, d)),
                   scales[:, None, None] ** 2 * np.eye(d))


def in_units(mixture, random):
    """The same in features of very different units and origins."""
    units = 10 ** random.uniform(-1.5, 4, mixture.means.shape[1])
    return mixture.transformed(np.diag(units), 5 * units * random.standard_normal(len(units)))


def correlated(mixture, random, ratio=50.0):
    """The same behind a linear map of condition `ratio`: all features correlated, the long directions say nothing."""
    d = mixture.means.shape[1]
    scales = np.geomspace(1, ratio, d)
    matrix = rotation(random, d) @ np.diag(scales) @ rotation(random, d)
    return mixture.transformed(matrix, np.zeros(d))
