# SPDX-License-Identifier: BSD-3-Clause
"""The problems of compare_optima.py: small real tables and seeded mixtures. A task is points, K and a covariance family."""

import os

import numpy as np

from plotting.tables import open_table

from . import mixtures

DATA = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "data")


class Task:
    """name, k, covariance; points(): n x d and the mixture they were drawn from, or None; does scikit-learn bring the points?"""

    def __init__(self, name, k, make, covariance, needs_peer=False):
        self.name = name
        self.k = k
        self.covariance = covariance
        self.needs_peer = needs_peer
        self._make = make

    def points(self):
        points, truth = self._make()
        return np.ascontiguousarray(points), truth


def table(name, k, file, columns, covariance="full"):
    """A table in data/; columns from 1."""
    def make():
        source = open_table(os.path.join(DATA, file))
        return source.read([(0, source.n_rows)], [column - 1 for column in columns]), None
    return Task(name, k, make, covariance)


def bundled(name, k, loader, columns=None, components=None, covariance="full"):
    """A table that scikit-learn brings; with `components`, its first principal components."""
    def make():
        from sklearn import datasets
        points = getattr(datasets, loader)().data
        if columns is not None:
            points = (points[:, columns] - points[:, columns].mean(axis=0)) / points[:, columns].std(axis=0)
        if components is not None:
            centred = points - points.mean(axis=0)
            left, values, _ = np.linalg.svd(centred, full_matrices=False)
            points = left[:, :components] * values[:components]
        return points, None
    return Task(name, k, make, covariance, needs_peer=True)


def seeded(name, n, d, k, layout, *arguments, map=None, fitted=None, covariance="full", background=0, seed=0, **options):
    """n points from a mixture of k components; `fitted` components are fitted (default: k, one more with a background)."""
    def make():
        random = np.random.default_rng([seed, n, d, k, sum(name.encode())])
        mixture = layout(random, k, d, *arguments, **options)
        if map is not None:
            mixture = map(mixture, random)
        points = mixture.draw(n - int(background * n), random)
        if background:
            low, high = points.min(axis=0), points.max(axis=0)
            points = np.concatenate([points, random.uniform(low, high, (int(background * n), d))])
        is_true = fitted in (None, k) and not background
        return points, mixture if is_true else None
    return Task(name, fitted or k + (background > 0), make, covariance)


def all_tasks():
    """Real tables first, then small seeded problems, then large ones."""
    m = mixtures
    body = [0, 2, 3, 4, 9]  # age, body mass index, blood pressure, cholesterol, blood sugar
    return [
        table("mall 2", 3, "mall_customers.csv", [4, 5]),
        table("mall 2 K5", 5, "mall_customers.csv", [4, 5]),
        table("mall 3", 5, "mall_customers.csv", [3, 4, 5]),
        table("faithful", 2, "faithful.csv", [1, 2]),
        table("faithful K3", 3, "faithful.csv", [1, 2]),
        table("iris K2", 2, "iris.csv", range(1, 5)),
        table("iris", 3, "iris.csv", range(1, 5)),
        table("wine 4", 3, "wine.csv", [1, 7, 10, 13]),
        table("wine", 3, "wine.csv", range(1, 14)),
        table("wine diag", 3, "wine.csv", range(1, 14), "diag"),
        table("cells 4", 3, "breast_cancer.csv", [1, 2, 5, 9]),
        table("cells", 2, "breast_cancer.csv", range(1, 11)),
        table("cells tied", 3, "breast_cancer.csv", range(1, 11), "tied"),
        bundled("digits", 10, "load_digits", components=10),
        bundled("digits diag", 20, "load_digits", components=10, covariance="diag"),
        bundled("diabetes", 3, "load_diabetes", columns=body),

        seeded("far 2", 300, 2, 3, m.scattered, 8),
        seeded("far 5", 1000, 5, 8, m.scattered, 6),
        seeded("far 16", 5000, 16, 16, m.scattered, 4),
        seeded("far 32", 10000, 32, 10, m.scattered, 3),
        seeded("overlap 1", 2000, 1, 3, m.scattered, 3),
        seeded("overlap 2", 2000, 2, 5, m.scattered, 3),
        seeded("overlap 4", 5000, 4, 8, m.scattered, 1.5),
        seeded("overlap 8", 20000, 8, 16, m.scattered, 1.2),
        seeded("overlap 16", 20000, 16, 12, m.scattered, 0.8),
        seeded("heavy 2", 5000, 2, 4, m.scattered, 1.2),
        seeded("heavy 4", 20000, 4, 6, m.scattered, 0.8),
        seeded("heavy 8", 10000, 8, 5, m.scattered, 0.5),
        seeded("unequal 2", 3000, 2, 6, m.scattered, 4, weights="geometric"),
        seeded("unequal 4", 20000, 4, 12, m.scattered, 2.5, weights="geometric"),
        seeded("units 2", 1000, 2, 3, m.scattered, 3, map=m.in_units),
        seeded("units 5", 5000, 5, 6, m.scattered, 2, map=m.in_units),
        seeded("units 10", 20000, 10, 8, m.scattered, 1.5, map=m.in_units),
        seeded("cigars 2", 1000, 2, 3, m.stacked, 20, 5),
        seeded("cigars 2 K6", 6000, 2, 6, m.stacked, 30, 5),
        seeded("cigars 4", 5000, 4, 5, m.stacked, 15, 5, map=lambda x, r: x.transformed(m.rotation(r, 4), 0)),
        seeded("needles 3", 4000, 3, 6, m.scattered, 6, ratio=30),
        seeded("crossing 2", 2000, 2, 4, m.crossing, 5),
        seeded("crossing 3", 5000, 3, 5, m.crossing, 5),
        seeded("correlated 6", 5000, 6, 5, m.scattered, 2, map=m.correlated),
        seeded("correlated 12", 20000, 12, 8, m.scattered, 1.5, map=m.correlated),
        seeded("nested 2", 3000, 2, 3, m.nested, 4),
        seeded("nested 5", 5000, 5, 2, m.nested, 3),
        seeded("grid 25", 5000, 2, 25, m.grid, 6),
        seeded("grid 64", 20000, 2, 64, m.grid, 5),
        seeded("groups 12", 5000, 2, 12, m.groups, 3, 60, 6),
        seeded("groups 32", 50000, 8, 32, m.groups, 6, 20, 3),
        seeded("background", 4000, 2, 5, m.scattered, 8, background=0.2),
        seeded("too few", 5000, 3, 10, m.scattered, 4, fitted=6),
        seeded("too many", 5000, 3, 4, m.scattered, 3, fitted=7),
        seeded("diag 8", 5000, 8, 8, m.scattered, 1.5, covariance="diag"),
        seeded("tied 6", 5000, 6, 6, m.scattered, 1.5, covariance="tied"),
        seeded("spherical 8", 5000, 8, 10, m.scattered, 1.5, covariance="spherical"),
        seeded("large far", 200000, 8, 16, m.scattered, 4),
        seeded("large overlap", 100000, 2, 8, m.scattered, 3),
        seeded("large cigars", 100000, 3, 8, m.stacked, 30, 5),
        seeded("large units", 200000, 6, 10, m.scattered, 2, map=m.in_units),
        seeded("large unequal", 100000, 8, 10, m.scattered, 1.5, weights="geometric"),
        seeded("large 32", 100000, 32, 8, m.scattered, 1),
        seeded("large diag", 100000, 16, 20, m.scattered, 1.5, covariance="diag"),
        seeded("large 30", 100000, 4, 30, m.scattered, 5),
    ]


def chosen_tasks(words, quick=False):
    """The tasks whose names contain one of the words; all without words; a few tiny ones when quick."""
    tasks = all_tasks()
    if quick:
        return [task for task in tasks if task.name in ("faithful", "iris", "far 2")]
    return [task for task in tasks if not words or any(word in task.name for word in words)]
