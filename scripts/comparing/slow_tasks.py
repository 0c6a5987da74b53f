# SPDX-License-Identifier: BSD-3-Clause
"""The problems of compare_passes.py: seeded mixtures, and a start for each that all methods share."""

import functools
import hashlib
import json

import numpy as np

from . import mixtures
from .runs import parameters_of


class Contest:
    """A problem with its start: `start` is "points", "near truth" or "k-means" (a file of parameters), or "seed S" (by gmmpi).
    tails: degrees of freedom of the points' t distributions; background: the share of points that a uniform one gets, None:
    nothing is drawn for it (the start is drawn next); fit: gmmpi's options for the model."""

    def __init__(self, name, start, n, d, k, layout, *arguments, map=None, fitted=None, tails=None, background=None, fit=(), **options):
        self.name, self.start, self.fit = name, start, list(fit)
        self.n, self.d, self.k = n, d, fitted or k
        self._layout = layout, k, arguments, options, map
        self._tails, self._background = tails, background

    def make(self):
        """Points (n x d), and the starting parameters, or None where gmmpi makes the start."""
        layout, k, arguments, options, map = self._layout
        random = np.random.default_rng([self.n, self.d, k, sum(self.name.encode())])
        truth = layout(random, k, self.d, *arguments, **options)
        if map is not None:
            truth = map(truth, random)
        points = self._draw(truth, random)
        if self.start.startswith("seed "):
            return points, None
        if self.start == "near truth":
            return points, near_truth(truth, random)
        means = points[random.choice(self.n, self.k, replace=False)]
        if self.start == "k-means":
            return points, from_labels(points, *lloyd(points, means))
        return points, around(points, means)

    def _draw(self, truth, random):
        points = truth.draw(self.n, random)
        if self._tails is not None:
            stretched = np.sqrt(self._tails / random.chisquare(self._tails, self.n))
            centres = truth.means[((points[:, None] - truth.means) ** 2).sum(axis=2).argmin(axis=1)]
            points = centres + (points - centres) * stretched[:, None]
        if self._background is None:
            return points
        astray = random.random(self.n) < self._background
        points[astray] = random.uniform(points.min(axis=0), points.max(axis=0), (astray.sum(), self.d))
        return points

    def init(self):
        """gmmpi's options where it makes the start itself."""
        return ["--init", "random_from_data", "--seed", self.start.split()[1]]


def around(points, means):
    """Equal weights, and everywhere the covariance of all points."""
    k, d = means.shape
    covariance = np.cov(points.T, bias=True).reshape(d, d)
    return dict(weights=[1 / k] * k, means=means.tolist(), covariances=[covariance.tolist()] * k)


def near_truth(truth, random):
    """Means moved by a standard deviation, all covariances the mean one: the optimum is near, the way is not short."""
    pooled = np.einsum("k,kij->ij", truth.weights, truth.covariances)
    shift = random.standard_normal(truth.means.shape) @ np.linalg.cholesky(pooled).T
    moved = mixtures.Mixture(np.ones(len(truth.weights)), truth.means + shift, np.repeat(pooled[None], len(truth.weights), axis=0))
    return parameters_of(moved, "full")


def lloyd(points, means):
    """Twenty steps of k-means in features of unit variance: labels and K."""
    scale = points.std(axis=0)
    scaled, centres = points / scale, means / scale
    for _ in range(20):
        distances = (centres ** 2).sum(axis=1) - 2 * scaled @ centres.T
        labels = distances.argmin(axis=1)
        for j in range(len(centres)):
            if (labels == j).any():
                centres[j] = scaled[labels == j].mean(axis=0)
    return labels, len(centres)


def from_labels(points, labels, k):
    d = points.shape[1]
    parts = [points[labels == j] for j in range(k)]
    covariances = [np.cov(part.T, bias=True).reshape(d, d) + 1e-6 * np.eye(d) for part in parts]
    return dict(weights=[len(part) / len(points) for part in parts], means=[part.mean(axis=0).tolist() for part in parts],
                covariances=[covariance.tolist() for covariance in covariances])


def mark(points, start):
    """What a stored result of plain EM belongs to."""
    digest = hashlib.sha256(points.tobytes())
    digest.update(json.dumps(start).encode())
    return digest.hexdigest()


def all_contests():
    m = mixtures
    return [
        Contest("far 2", "near truth", 2000000, 2, 8, m.scattered, 10),
        Contest("far 4", "near truth", 500000, 4, 12, m.scattered, 6),
        Contest("far 8", "k-means", 1000000, 8, 16, m.scattered, 3),
        Contest("far 16", "points", 500000, 16, 16, m.scattered, 2),
        Contest("far 32", "k-means", 100000, 32, 32, m.scattered, 1),
        Contest("overlap 2", "points", 1000000, 2, 6, m.scattered, 2.5),
        Contest("overlap 3", "seed 1", 500000, 3, 8, m.scattered, 1.8),
        Contest("overlap 4", "k-means", 500000, 4, 10, m.scattered, 1.5),
        Contest("overlap 8", "points", 300000, 8, 16, m.scattered, 1.1),
        Contest("overlap 16", "near truth", 200000, 16, 16, m.scattered, 0.6),
        Contest("overlap 32", "seed 2", 200000, 32, 8, m.scattered, 0.4),
        Contest("heavy 2", "near truth", 1000000, 2, 4, m.scattered, 1.2),
        Contest("heavy 5", "k-means", 500000, 5, 6, m.scattered, 0.6),
        Contest("unequal 6", "points", 500000, 6, 12, m.scattered, 1.8, weights="geometric"),
        Contest("cigars 4", "k-means", 500000, 4, 6, m.stacked, 20, 4),
        Contest("crossing 3", "points", 500000, 3, 5, m.crossing, 5),
        Contest("grid 64", "k-means", 200000, 2, 64, m.grid, 4),
        Contest("many 4", "points", 200000, 4, 64, m.scattered, 3),
        Contest("too many 3", "points", 500000, 3, 5, m.scattered, 2.5, fitted=8),
        Contest("too few 6", "seed 3", 500000, 6, 12, m.scattered, 2, fitted=8),
        Contest("units 5", "near truth", 500000, 5, 8, m.scattered, 1.2, map=m.in_units),
    ]


def held_back_contests():
    """Of other kinds and seeds, on which nothing was tuned."""
    m, n = mixtures, 100000
    drawn = functools.partial(Contest, background=0)
    return [
        drawn("groups 3", "points", n, 3, 9, m.groups, 3, 6, 1.2),
        drawn("nested 2", "k-means", n, 2, 4, m.nested, 2.5),
        drawn("crossing 4", "seed 11", n, 4, 4, m.crossing, 5),
        drawn("overlap 3 unequal", "points", n, 3, 6, m.scattered, 2, weights="geometric"),
        drawn("overlap 6", "near truth", n, 6, 8, m.scattered, 1),
        drawn("overlap 10", "k-means", n, 10, 10, m.scattered, 0.8),
        drawn("correlated 5", "points", n, 5, 6, m.scattered, 1.5, map=m.correlated),
        drawn("many 3", "k-means", n, 3, 32, m.scattered, 2.5),
        drawn("cigars 3", "seed 12", n, 3, 5, m.stacked, 20, 3),
        drawn("too many 4", "points", n, 4, 4, m.scattered, 2, fitted=7),
        drawn("tails 3", "k-means", n, 3, 5, m.scattered, 4, tails=4),
        drawn("t 3", "seed 13", n, 3, 5, m.scattered, 4, tails=4, fit=["--distribution", "t"]),
        drawn("noise 3", "seed 14", n, 3, 6, m.scattered, 4, background=0.1, fit=["--noise"]),
        drawn("tied 6", "seed 15", n, 6, 8, m.scattered, 1.5, fit=["--covariance", "tied"]),
        drawn("diag 5", "seed 16", n, 5, 10, m.scattered, 1.5, fit=["--covariance", "diag"]),
        drawn("spherical 4", "seed 17", n, 4, 10, m.scattered, 2, fit=["--covariance", "spherical"]),
        drawn("VEE 4", "seed 18", n, 4, 6, m.scattered, 2, fit=["--covariance", "VEE"]),
        drawn("map 4", "seed 19", n, 4, 8, m.scattered, 1.5, fit=["--method", "map"]),
    ]


def chosen_contests(words, quick=False, rows_divided_by=1, held_back=False):
    if quick:
        return [Contest("far 2", "near truth", 500, 2, 3, mixtures.scattered, 6),
                Contest("overlap 2", "points", 1000, 2, 3, mixtures.scattered, 2.5),
                Contest("overlap 3", "seed 1", 1000, 3, 4, mixtures.scattered, 1.8),
                Contest("far 4", "k-means", 1000, 4, 3, mixtures.scattered, 5)]
    chosen = [contest for contest in (held_back_contests() if held_back else all_contests()) if not words or any(word in contest.name for word in words)]
    for contest in chosen:
        contest.n //= rows_divided_by
    return chosen
