# SPDX-License-Identifier: BSD-3-Clause
"""Textbook EM by numpy for data of any scale, independent of gmmpi: what the hard problems of compare_hard.py are measured by.

Features are centred at their medians and divided by their spreads (a power of two), the ridge with them, so that neither 1e30 nor
1e-60 leaves the range of a double; equal rows are kept once with their number. Means are refined by a second pass, so that many
copies of one number have exactly that number as mean. The result is that of the unscaled problem.
"""

import numpy as np

EPSILON = np.finfo(float).eps


class Table:
    """Points in good units: x (distinct rows), counts, and how to come back."""

    def __init__(self, points, reg_covar):
        points = np.asarray(points, dtype=float)
        distinct, self.row_of, self.counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
        self.row_of = self.row_of.ravel()
        self.centre = np.median(points, axis=0)
        self.scale = np.array([spread(column) for column in (points - self.centre).T])
        self.x = (distinct - self.centre) / self.scale
        self.n, self.d = points.shape
        self.weights = self.counts / self.n
        self.ridge = np.broadcast_to(float(reg_covar), self.d) / self.scale / self.scale
        self.log_volume = np.log(self.scale).sum()
        # Below this, squared, a difference of numbers of this size says nothing.
        self.noise = 100 * EPSILON * (np.abs(self.x) + np.abs(self.centre) / self.scale)


def spread(centred):
    """A typical distance from the median, as a power of two, by which dividing is exact; 1 for a constant."""
    sizes = np.abs(centred[centred != 0])
    return 2.0 ** np.round(np.log2(np.median(sizes))) if len(sizes) else 1.0


class Model:
    """weights K, means K x d, covariances K x d x d (equal ones where tied, diagonal ones where diag), all in the table's units."""

    def __init__(self, weights, means, covariances):
        self.weights, self.means, self.covariances = weights, means, covariances

    def log_densities(self, table):
        """n distinct rows x K, of the points in the table's units; None if a covariance is not positive definite."""
        return log_densities(table.x, self.weights, self.means, self.covariances)


def log_densities(x, weights, means, covariances):
    d = x.shape[1]
    deviations = np.sqrt(np.einsum("kii->ki", covariances))
    if not np.isfinite(deviations).all() or (deviations <= 0).any():
        return None
    correlations = covariances / deviations[:, :, None] / deviations[:, None, :]
    try:
        factors = np.linalg.cholesky(correlations)
    except np.linalg.LinAlgError:
        return None
    pivots = np.einsum("kii->ki", factors)
    if (pivots ** 2 < 4 * d * EPSILON).any():
        return None  # rounding made the covariance
    inverses = np.linalg.inv(factors)
    logs = np.empty((len(x), len(weights)))
    for k in range(len(weights)):
        z = ((x - means[k]) / deviations[k]) @ inverses[k].T
        with np.errstate(over="ignore"):
            logs[:, k] = np.einsum("ij,ij->i", z, z)
    constants = np.log(weights) - np.log(pivots).sum(axis=1) - np.log(deviations).sum(axis=1) - d / 2 * np.log(2 * np.pi)
    return constants - logs / 2


def maximise(table, shares, covariance):
    """The M-step from responsibilities of the distinct rows (n x K); components without points are left out."""
    masses = shares * table.weights[:, None]
    totals = masses.sum(axis=0)
    kept = totals > 1e-12 / table.n
    masses, totals = masses[:, kept] / totals[kept], totals[kept]
    means = masses.T @ table.x
    d = table.d
    covariances = np.empty((len(totals), d, d))
    for k in range(len(totals)):
        rows = np.flatnonzero(masses[:, k])
        own, x = masses[rows, k], table.x[rows]
        means[k] = means[k] + own @ (x - means[k])
        centred = x - means[k]
        if covariance in ("diag", "spherical"):
            covariances[k] = np.diag(own @ centred ** 2)
        else:
            covariances[k] = (centred * own[:, None]).T @ centred
        noise = own @ table.noise[rows] ** 2
        if covariance != "spherical":
            covariances[k] += np.diag(np.maximum(0, noise - table.ridge))
    if covariance == "tied":
        covariances[:] = np.einsum("k,kij->ij", totals, covariances) / totals.sum()
    if covariance == "spherical":
        # One variance in the units of the points; the table's differ from feature to feature.
        share = np.einsum("kii,i->k", covariances, table.scale ** 2 / (table.scale ** 2).max()) / d
        covariances = share[:, None, None] * np.diag((table.scale ** 2).max() / table.scale ** 2)
    return Model(totals / totals.sum(), means, covariances + np.diag(table.ridge))


def expect(table, model):
    """Mean log-likelihood per point in the units of the points, and responsibilities; None, None where it cannot be told."""
    logs = model.log_densities(table)
    if logs is None or not np.isfinite(logs.max(axis=1)).all():
        return None, None
    top = logs.max(axis=1, keepdims=True)
    shares = np.exp(logs - top)
    sums = shares.sum(axis=1, keepdims=True)
    value = table.weights @ (top + np.log(sums))[:, 0] - table.log_volume
    return float(value), shares / sums


def run(table, shares, covariance, tolerance=1e-7, max_iter=1000):
    """EM from responsibilities or labels of the distinct rows: value, model, responsibilities; or None where it breaks down."""
    previous = -np.inf
    for _ in range(max_iter):
        model = maximise(table, shares, covariance)
        value, after = expect(table, model)
        if value is None:
            return None
        shares = after
        if abs(value - previous) < tolerance:
            break
        previous = value
    return value, model, shares


def from_labels(table, labels):
    """Responsibilities of the distinct rows, from the labels of all rows."""
    labels = np.unique(np.asarray(labels), return_inverse=True)[1].ravel()
    shares = np.zeros((len(table.x), labels.max() + 1))
    np.add.at(shares, (table.row_of, labels), 1)
    return shares / shares.sum(axis=1, keepdims=True)


def plus_plus(table, k, units, random):
    """Responsibilities from k-means++ centres, each row with its nearest; `units` weigh the features."""
    x = table.x * units
    chance = table.weights
    nearest = np.full(len(x), np.inf)
    owner = np.zeros(len(x), dtype=int)
    for j in range(k):
        row = random.choice(len(x), p=chance / chance.sum())
        distances = ((x - x[row]) ** 2).sum(axis=1)
        owner[distances < nearest] = j
        nearest = np.minimum(nearest, distances)
        chance = nearest * table.weights
        if not chance.sum() > 0:
            break
    shares = np.zeros((len(x), k))
    shares[np.arange(len(x)), owner] = 1
    return shares


def lloyd(table, shares, units, steps):
    """Some steps of k-means from hard responsibilities."""
    x = table.x * units
    for _ in range(steps):
        masses = shares * table.weights[:, None]
        masses = masses[:, masses.sum(axis=0) > 0]
        centres = (masses / masses.sum(axis=0)).T @ x
        owner = (((x[:, None, :] - centres) ** 2).sum(axis=2)).argmin(axis=1)
        new = np.zeros((len(x), len(centres)))
        new[np.arange(len(x)), owner] = 1
        if new.shape == shares.shape and (new == shares).all():
            break
        shares = new
    return shares


def least_support(table, shares):
    """Of each component: the points and the distinct points it rests on, by responsibility."""
    return shares.T @ table.counts, shares.sum(axis=0)


def is_spurious(table, shares, covariance):
    """Does a component rest on fewer than d + 1 distinct points (2 where variances are single numbers) and on few rows, too?
    One exact value that very many points have is a level, no accident."""
    if covariance == "tied":
        return False
    needed = table.d + 1 if covariance == "full" else 2
    rows, distinct = least_support(table, shares)
    return bool(((distinct < needed - 0.5) & (rows < 2 * (table.d + 1))).any())
