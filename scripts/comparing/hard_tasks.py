# SPDX-License-Identifier: BSD-3-Clause
"""The problems of compare_hard.py: data as they are, made from seeds. Levels, tight clusters, outliers, fill values, rare groups."""

import numpy as np

from . import hard


class HardTask:
    """points(): n x d and labels or None. `goal`: "sound" (the best model without spurious components counts) or "best" (a component
    on a few far points is right)."""

    def __init__(self, kind, name, k, make, covariance="full", reg_covar=1e-6, goal="sound", starts=20, options=()):
        self.kind = kind
        self.name = "%s: %s" % (kind, name)
        self.k = k
        self.covariance = covariance
        self.reg_covar = reg_covar
        self.goal = goal
        self.starts = starts
        self.options = list(options)
        self._make = make

    def points(self):
        random = np.random.default_rng([len(self.name), sum((i + 1) * c for i, c in enumerate(self.name.encode()))])
        points, labels = self._make(random)
        return np.ascontiguousarray(points), labels

    def reference(self, points, labels):
        return hard.reference(self, points, labels)


def mixed(random, n, k, weights=None):
    """Labels of n points, each component at least 2 % of them."""
    shares = random.dirichlet(np.full(k, 3.0)) * 0.9 + 0.1 / k if weights is None else np.asarray(weights, dtype=float)
    return random.choice(k, n, p=shares / shares.sum())


def far_apart(random, k, d, least=0.25):
    """k places in the unit cube, `least` apart if that can be had."""
    places = [random.random(d)]
    for attempt in range(10000):
        place = random.random(d)
        needed = least * 0.9 ** (attempt // 200)
        if min(np.linalg.norm(place - other) for other in places) >= needed:
            places.append(place)
        if len(places) == k:
            break
    return np.array(places[:k])


# Levels

def level_values(n, d, levels, top, dtype=float):
    """`levels` different places of whole numbers from 0 to top."""
    def make(random):
        places = set()
        while len(places) < levels:
            places.add(tuple(random.integers(0, top + 1, d)))
        places = np.array(sorted(places))
        labels = mixed(random, n, levels)
        labels[:levels] = np.arange(levels)
        return places[labels].astype(dtype), labels
    return make


def level_grid(n, sides, steps):
    """All combinations of levels, sides[j] in feature j, steps[j] apart."""
    def make(random):
        cells = np.stack([random.integers(0, side, n) for side in sides], axis=1)
        labels = np.ravel_multi_index(cells.T, sides)
        return cells * np.asarray(steps, dtype=float), labels
    return make


def merged(make, k):
    """The same points, to be fitted with fewer components than levels: labels merge what lies nearest."""
    def fewer(random):
        points, labels = make(random)
        values = np.asarray(points, dtype=float)
        labels = labels.copy()
        while len(np.unique(labels)) > k:
            names = np.unique(labels)
            centres = np.array([values[labels == name].mean(axis=0) for name in names])
            gaps = ((centres[:, None] - centres) ** 2).sum(axis=2) + np.diag(np.full(len(names), np.inf))
            one, other = np.unravel_index(gaps.argmin(), gaps.shape)
            labels[labels == names[other]] = names[one]
        return points, labels
    return fewer


def levels():
    tasks = []
    for count in (2, 3, 4, 5, 6, 8, 10, 12, 16):
        for d in (1, 2, 3, 4):
            make = level_values(100 * count, d, count, 1000)
            covariance = ("full", "full", "diag", "full", "spherical")[(count + d) % 5]
            tasks.append(HardTask("levels", "%d in %d" % (count, d), count, make, covariance))
            if count > 3:
                fewer = count - 1 if d % 2 else (count + 1) // 2
                tasks.append(HardTask("levels", "%d in %d, K = %d" % (count, d, fewer), fewer, merged(make, fewer)))
    for sides in ((2, 2), (3, 3), (4, 4), (2, 3, 2), (2, 2, 2, 2)):
        tasks.append(HardTask("levels", "grid %s" % "x".join(map(str, sides)), int(np.prod(sides)),
                              level_grid(1200, sides, 10.0 ** np.arange(len(sides)))))
    for count, covariance in ((3, "tied"), (5, "tied"), (4, "diag"), (6, "spherical")):
        tasks.append(HardTask("levels", "%d in 2, %s" % (count, covariance), count, level_values(800, 2, count, 255), covariance))
    for n, share in ((200, 0.5), (1000, 0.5), (1000, 0.1), (1000, 0.03), (20000, 0.01)):
        def coin(random, n=n, share=share, dtype=float):
            labels = (np.arange(n) < share * n).astype(int)
            return random.permutation(labels)[:, None].astype(dtype), random.permutation(labels) * 0
        for word, dtype in (("0/1", float), ("boolean", bool)):
            def make(random, coin=coin, dtype=dtype):
                points, _ = coin(random, dtype=dtype)
                return points, points[:, 0].astype(int)
            tasks.append(HardTask("binary", "%s, %g %% of %d" % (word, 100 * share, n), 2, make))
    for d in (2, 3, 5):
        def columns(random, d=d):
            bits = random.integers(0, 2, (800, d))
            return bits.astype(float), bits @ 2 ** np.arange(d)
        tasks.append(HardTask("binary", "%d columns, K = 2" % d, 2, merged(columns, 2)))
        tasks.append(HardTask("binary", "%d columns, K = %d" % (d, 2 ** d), 2 ** d, columns))
    for colours, n in ((3, 600), (4, 600), (8, 2000), (16, 3000)):
        tasks.append(HardTask("palette", "%d colours" % colours, colours, level_values(n, 3, colours, 255, np.uint8)))
        tasks.append(HardTask("palette", "%d colours, K = %d" % (colours, colours - 1), colours - 1,
                              merged(level_values(n, 3, colours, 255, np.uint8), colours - 1)))
    return tasks


# Tight clusters

def tight_cluster(n, d, k, width, everywhere, share=None, n_tight=1):
    """Clusters of deviation 0.05 in the unit cube; the first ones are tight, in all features or in the first one."""
    def make(random):
        weights = None if share is None else np.r_[np.full(n_tight, share / n_tight), np.full(k - n_tight, (1 - share) / (k - n_tight))]
        labels = mixed(random, n, k, weights)
        deviations = np.full((k, d), 0.05)
        deviations[:n_tight, :d if everywhere else 1] = width
        return far_apart(random, k, d)[labels] + deviations[labels] * random.standard_normal((n, d)), labels
    return make


def tight():
    tasks = []
    for exponent in range(1, 7):
        width = 10.0 ** -exponent
        for d, k, everywhere in ((1, 3, True), (2, 3, False), (2, 3, True), (2, 6, True), (3, 4, False), (4, 5, True), (8, 3, False)):
            tasks.append(HardTask("tight", "%g in %s of %d, K = %d" % (width, "all" if everywhere else "one", d, k), k,
                                  tight_cluster(600 if exponent % 2 else 1500, d, k, width, everywhere)))
        tasks.append(HardTask("tight", "%g, 5 %% of 3000" % width, 3, tight_cluster(3000, 2, 3, width, True, 0.05)))
        tasks.append(HardTask("tight", "%g, two of four" % width, 4, tight_cluster(1000, 2, 4, width, True, 0.5, 2)))
        tasks.append(HardTask("tight", "%g, %s" % (width, ("diag", "spherical")[exponent % 2]), 3,
                              tight_cluster(800, 3, 3, width, True), ("diag", "spherical")[exponent % 2]))
    for width, d, everywhere in ((2e-3, 2, True), (1e-4, 2, False), (1e-6, 3, True)):
        tasks.append(HardTask("tight", "%g, a third of 60000, %d" % (width, d), 3,
                              tight_cluster(60000, d, 3, width, everywhere, 1 / 3), starts=3))
    for n in (200, 300):
        tasks.append(HardTask("tight", "0.001 of %d" % n, 3, tight_cluster(n, 2, 3, 1e-3, True)))
    return tasks


# Far clusters

def far():
    tasks = []
    for exponent in range(3, 8):
        for d, k in ((1, 3), (2, 2), (2, 5), (3, 3)):
            def make(random, exponent=exponent, d=d, k=k):
                labels = mixed(random, 900, k)
                return 10.0 ** exponent * far_apart(random, k, d)[labels] + random.standard_normal((900, d)), labels
            tasks.append(HardTask("far", "1e%d in %d, K = %d" % (exponent, d, k), k, make,
                                  "full" if (d + k + exponent) % 4 else "diag"))
    for exponent in (4, 6):
        for covariance in ("tied", "spherical"):
            def make(random, exponent=exponent):
                labels = mixed(random, 600, 3)
                return 10.0 ** exponent * far_apart(random, 3, 2)[labels] + random.standard_normal((600, 2)), labels
            tasks.append(HardTask("far", "1e%d %s" % (exponent, covariance), 3, make, covariance))
    return tasks


# Outliers, fill values

def two_clusters(random, n, d, k=2):
    labels = mixed(random, n, k)
    return 6.0 * np.arange(k)[labels][:, None] + random.standard_normal((n, d)), labels


def outliers():
    tasks = []
    for exponent in (2, 3, 5, 7, 9, 15, 30):
        for count in (1, 2, 5, 20):
            for places in ("one column", "columns", "scattered"):
                if (count == 1 and places != "one column") or (places == "scattered" and count < 20 and exponent > 5):
                    continue
                d = 2 if count < 20 else 3

                def make(random, exponent=exponent, count=count, places=places, d=d, split=True):
                    points, labels = two_clusters(random, 1000, d)
                    rows = random.choice(1000, count, replace=False)
                    size = 10.0 ** exponent * (1 + 0.2 * random.random(count))
                    if places == "scattered":
                        directions = random.standard_normal((count, d))
                        points[rows] = size[:, None] * directions / np.linalg.norm(directions, axis=1)[:, None]
                    else:
                        column = random.integers(0, d, count) if places == "columns" else 0
                        if places == "columns" and count == 2:
                            column = np.array([0, 1])
                        points[rows, column] = size
                    if split:
                        labels[rows] = 2
                    return points, labels
                tasks.append(HardTask("outliers", "%d at 1e%d, %s" % (count, exponent, places), 3, make, goal="best"))
                if count in (1, 5):
                    tasks.append(HardTask("outliers", "%d at 1e%d, %s, K = 2" % (count, exponent, places), 2,
                                          lambda random, make=make: make(random, split=False), goal="best"))
    return tasks


def fills():
    tasks = []
    for value in (-999.0, 1e9, 1e12, 1e20, 1e30, 1e37):
        for columns in (1, 2):
            for share in (0.01, 0.1):
                def make(random, value=value, columns=columns, share=share):
                    points, labels = two_clusters(random, 1500, 3)
                    for column in range(columns):
                        rows = np.flatnonzero(labels < 2)
                        rows = random.choice(rows, int(share * 1500), replace=False)
                        points[rows, column] = value
                        labels[rows] = 2 + column
                    return points, labels
                tasks.append(HardTask("fill", "%g in %d, %g %%" % (value, columns, 100 * share), 2 + columns, make, goal="best"))
        def both(random, value=value):
            points, labels = two_clusters(random, 1000, 3)
            rows = random.choice(1000, 50, replace=False)
            points[rows, :2] = value
            labels[rows] = 2
            return points, labels
        tasks.append(HardTask("fill", "%g in the same rows of two" % value, 3, both, goal="best"))
    return tasks


# Rare groups

def rare_group(n, d, share, cloud, place, width):
    def make(random):
        labels = (np.arange(n) < share * n).astype(int)
        points = 4 * (random.standard_t(4, (n, d)) if cloud == "t" else random.standard_normal((n, d)))
        direction = random.standard_normal(d)
        spot = labels == 1
        if cloud == "t":  # of two components: core and tails
            distances = np.linalg.norm(points, axis=1)
            labels[~spot & (distances > np.quantile(distances, 0.7))] = 2
        points[spot] = place * direction / np.linalg.norm(direction) + width * random.standard_normal((spot.sum(), d))
        order = random.permutation(n)
        return points[order], labels[order]
    return make


def two_rare_groups(random):
    points = np.concatenate([random.standard_normal((99000, 3)), 0.2 * random.standard_normal((100, 3)) + [6, 0, 0],
                             0.2 * random.standard_normal((20, 3)) + [0, 8, 0]])
    order = random.permutation(len(points))
    return points[order], np.repeat([0, 1, 2], [99000, 100, 20])[order]


def rare():
    tasks = []
    for cloud in ("Gaussian", "t"):
        for share in (0.005, 0.01, 0.02, 0.03, 0.05):
            for d, place, width in ((2, 4, 0.08), (2, 7, 0.15), (3, 3, 0.3)):
                k = 2 if cloud == "Gaussian" else 3
                tasks.append(HardTask("rare", "%g %% of 10000 in %d, %s cloud, %g" % (100 * share, d, cloud, place), k,
                                      rare_group(10000, d, share, cloud, place, width), starts=3))
    for n, share, d, cloud in ((3000, 0.02, 2, "t"), (5000, 0.01, 1, "Gaussian"), (20000, 0.005, 2, "Gaussian"), (20000, 0.01, 4, "t")):
        tasks.append(HardTask("rare", "%g %% of %d in %d, %s cloud" % (100 * share, n, d, cloud), 2 + (cloud == "t"),
                              rare_group(n, d, share, cloud, 4, 0.05 * d), starts=3))
    tasks.append(HardTask("rare", "two of 100 and 20 in 99120", 3, two_rare_groups, starts=0))
    for n, share in ((100000, 0.002), (100000, 0.01), (1000000, 0.005)):
        tasks.append(HardTask("rare", "%g %% of %d, t cloud" % (100 * share, n), 3, rare_group(n, 2, share, "t", 4, 0.08), starts=0))
    return tasks


# What else there is in tables

def repeated():
    tasks = []
    for n, d, k, covariance in ((500, 1, 2, "full"), (1000, 2, 3, "full"), (2000, 3, 4, "full"), (1000, 2, 3, "tied"),
                                (1000, 4, 3, "diag"), (1500, 2, 4, "spherical"), (3000, 5, 3, "full"), (800, 2, 2, "full")):
        def make(random, n=n, d=d, k=k):
            labels = mixed(random, n // 10, k)
            distinct = 5 * far_apart(random, k, d, 0.6)[labels] * 2 + random.standard_normal((n // 10, d))
            rows = random.choice(n // 10, n)
            return distinct[rows], labels[rows]
        tasks.append(HardTask("repeated", "%d rows in %d, K = %d, %s" % (n, d, k, covariance), k, make, covariance))
    return tasks


def counts():
    tasks = []
    for d, k, top in ((1, 2, 5), (1, 3, 30), (1, 3, 3), (2, 2, 4), (2, 3, 20), (2, 4, 100), (3, 3, 10), (3, 2, 2), (4, 3, 8), (1, 4, 200)):
        for covariance in ("full", "diag")[:1 + (d > 1)]:
            def make(random, d=d, k=k, top=top):
                rates = top * (0.1 + random.random((k, d)) * 2)
                labels = mixed(random, 1000, k)
                return random.poisson(rates[labels]).astype(float), labels
            tasks.append(HardTask("counts", "%d in %d, about %d, %s" % (k, d, top, covariance), k, make, covariance))
    return tasks


def units():
    tasks = []
    for seed in range(6):
        d, k = 2 + seed % 4, 2 + seed % 3
        for covariance, reg_covar in (("full", 1e-6), ("full", 1e-26), ("diag", 1e-26), ("tied", 1e-26)):
            def make(random, d=d, k=k):
                labels = mixed(random, 1200, k)
                points = 8 * far_apart(random, k, d)[labels] + random.standard_normal((1200, d))
                return points * 10.0 ** random.uniform(-9, 9, d), labels
            tasks.append(HardTask("units", "%d features, K = %d, %s, ridge %g, %d" % (d, k, covariance, reg_covar, seed), k, make,
                                  covariance, reg_covar))
    for c in (1e-60, 1e-30, 1e-9, 1e-4, 1e4, 1e9, 1e30, 1e60):
        def tight_points(random, c=c):
            points, labels = tight_cluster(900, 2, 3, 2e-3, True)(np.random.default_rng(5))
            return points * c, labels

        def level_points(random, c=c):
            points, labels = level_values(500, 1, 5, 400)(np.random.default_rng(6))
            return points * c, labels

        def friendly(random, c=c):
            points, labels = two_clusters(np.random.default_rng(7), 800, 3, 3)
            return points * c, labels
        for word, k, make in (("tight", 3, tight_points), ("levels", 5, level_points), ("clusters", 3, friendly)):
            tasks.append(HardTask("scaled", "%s times %g" % (word, c), k, make, reg_covar=1e-6 * c * c))
    return tasks


def one_hot():
    tasks = []
    for kinds, d, k in ((2, 1, 2), (3, 1, 3), (3, 2, 3), (4, 2, 4), (5, 3, 5), (6, 2, 6), (3, 2, 2), (4, 1, 6)):
        for covariance in ("full", "diag"):
            def make(random, kinds=kinds, d=d):
                labels = mixed(random, 1500, kinds)
                return np.c_[np.eye(kinds)[labels], 3 * labels[:, None] * random.random(d) + random.standard_normal((1500, d))], labels
            tasks.append(HardTask("one-hot", "%d beside %d, K = %d, %s" % (kinds, d, k, covariance), k,
                                  make if k == kinds else merged(make, k), covariance))
    return tasks


def tails():
    tasks = []
    for word in ("t3", "t2", "cauchy", "lognormal"):
        for d, k in ((1, 2), (1, 3), (2, 3), (3, 2)):
            def make(random, word=word, d=d):
                if word == "lognormal":
                    return np.exp(1.2 * random.standard_normal((1000, d))), None
                freedom = dict(t3=3, t2=2, cauchy=1)[word]
                return random.standard_t(freedom, (1000, d)) + 12 * (random.random((1000, 1)) < 0.4), None
            tasks.append(HardTask("tails", "%s in %d, K = %d" % (word, d, k), k, make))
    return tasks


def dependent():
    """Columns that say nothing new, and columns far from 0 compared with their spread."""
    tasks = []
    for word in ("constant", "copied", "summed", "time stamp", "offset 1e6"):
        for k, covariance in ((2, "full"), (3, "full"), (3, "diag"), (2, "tied")):
            def make(random, word=word, k=k):
                points, labels = two_clusters(random, 900, 2, k)
                if word == "constant":
                    points = np.c_[points, np.full(900, 7.3)]
                elif word == "copied":
                    points = np.c_[points, points[:, 0]]
                elif word == "summed":
                    points = np.c_[points, points.sum(axis=1)]
                else:
                    points = points + (1.7e9 if word == "time stamp" else 1e6)
                return points, labels
            tasks.append(HardTask("columns", "%s, K = %d, %s" % (word, k, covariance), k, make, covariance))
    return tasks


def small():
    tasks = []
    for n, d, k, covariance in ((6, 1, 2, "full"), (10, 1, 2, "full"), (12, 2, 2, "full"), (20, 2, 3, "full"), (30, 3, 2, "full"),
                                (40, 4, 3, "full"), (40, 8, 2, "diag"), (25, 2, 3, "spherical"), (30, 5, 3, "tied"), (60, 2, 4, "full")):
        def make(random, n=n, d=d, k=k):
            labels = np.arange(n) % k
            return 10 * far_apart(random, k, d, 0.6)[labels] + random.standard_normal((n, d)), labels
        tasks.append(HardTask("small", "%d points in %d, K = %d, %s" % (n, d, k, covariance), k, make, covariance))
    return tasks


def all_tasks():
    parts = (levels, tight, far, outliers, fills, rare, repeated, counts, units, one_hot, tails, dependent, small)
    return [task for part in parts for task in part()]
