# SPDX-License-Identifier: BSD-3-Clause
"""Points drawn from known mixtures, and the start that all programs get."""

import os

import h5py
import numpy as np

CHUNK = 1 << 16
OVERLAPPING = 2.0
SEPARATED = 20.0


class Mixture:
    """weights: K; means: K x d; covariances: K x d x d (full), d x d (tied), K x d (diag) or K (spherical)."""

    def __init__(self, covariance, weights, means, covariances):
        self.covariance = covariance
        self.weights = weights
        self.means = means
        self.covariances = covariances

    def dense(self, k):
        """Component k's covariance as d x d."""
        d = self.means.shape[1]
        if self.covariance == "full":
            return self.covariances[k]
        if self.covariance == "tied":
            return self.covariances
        return np.diag(np.broadcast_to(self.covariances[k], d))

    def precisions_cholesky(self):
        """As scikit-learn's: transposed inverses of the Cholesky factors."""
        if self.covariance not in ("full", "tied"):
            return 1 / np.sqrt(self.covariances)
        return np.swapaxes(np.linalg.inv(np.linalg.cholesky(self.covariances)), -1, -2)

    def share_that_counts(self, points):
        """The share of pairs of a point and a component whose responsibility is at least 2^-60."""
        log_joint = np.empty((len(points), len(self.weights)))
        for k in range(len(self.weights)):
            factor = np.linalg.cholesky(self.dense(k))
            whitened = np.linalg.solve(factor, (points - self.means[k]).T)
            log_joint[:, k] = np.log(self.weights[k]) - np.log(np.diag(factor)).sum() - (whitened ** 2).sum(axis=0) / 2
        return float((log_joint - log_joint.max(axis=1, keepdims=True) > -60 * np.log(2)).mean())


def draw_mixture(configuration, separation, seed):
    """Means whose distances are about `separation` standard deviations, whatever the number of features, and covariances
    with eigenvalues between 1/1.3 and 1.3."""
    random = np.random.default_rng([seed, configuration.d, configuration.K])
    K, d = configuration.K, configuration.d
    means = random.normal(0, separation / np.sqrt(2 * d), (K, d)) + random.normal(0, 10, d)
    weights = random.dirichlet(np.full(K, 20.0))
    spread = 1.3 ** random.uniform(-1, 1, (K, d))
    if configuration.covariance == "spherical":
        covariances = spread[:, 0].copy()
    elif configuration.covariance == "diag":
        covariances = spread
    elif configuration.covariance == "tied":
        turn = np.linalg.qr(random.standard_normal((d, d)))[0]
        covariances = (turn * spread[0]) @ turn.T
    else:
        turns = np.linalg.qr(random.standard_normal((K, d, d)))[0]
        covariances = np.einsum("kia,ka,kja->kij", turns, spread, turns)
    return Mixture(configuration.covariance, weights, means, covariances)


def draw_points(mixture, n, seed):
    """Yields chunks of n points in all, their components in no order."""
    random = np.random.default_rng([seed, n])
    K, d = mixture.means.shape
    factors = None
    if mixture.covariance in ("full", "tied"):
        factors = [np.linalg.cholesky(mixture.dense(k)) for k in range(K)]
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        labels = random.choice(K, size=size, p=mixture.weights)
        points = random.standard_normal((size, d))
        if factors is None:
            deviations = np.sqrt(mixture.covariances.reshape(K, -1))
            points *= deviations[labels]
        else:
            for k in np.unique(labels):
                points[labels == k] = points[labels == k] @ factors[k].T
        points += mixture.means[labels]
        yield points


def nearby(mixture, seed):
    """A start for EM: equal weights, means a tenth of a standard deviation off, covariances a tenth too large."""
    random = np.random.default_rng(seed)
    K = len(mixture.weights)
    return Mixture(mixture.covariance, np.full(K, 1 / K), mixture.means + random.normal(0, 0.1, mixture.means.shape),
                   1.1 * mixture.covariances)


class Sample:
    """A configuration's points and start as files: points.h5 (one contiguous data set, which is read as raw numbers from
    `offset` on, too), start.h5 (a gmmpi model) and start.bin (its numbers one after the other)."""

    def __init__(self, configuration, folder, separation=OVERLAPPING, seed=1):
        self.configuration = configuration
        self.folder = folder
        os.makedirs(folder)
        self.points = os.path.join(folder, "points.h5")
        self.start = os.path.join(folder, "start.h5")
        self.raw_start = os.path.join(folder, "start.bin")
        mixture = draw_mixture(configuration, separation, seed)
        self.offset = write_points(self.points, draw_points(mixture, configuration.n, seed), configuration.n, configuration.d)
        start = nearby(mixture, seed)
        write_model(self.start, start)
        np.concatenate([start.weights, start.means.ravel(), start.covariances.ravel()]).tofile(self.raw_start)
        self.share_that_counts = self._share_that_counts(start)

    def _share_that_counts(self, start):
        with h5py.File(self.points, "r") as file:
            return start.share_that_counts(file["points"][:500])

    def remove(self):
        for path in (self.points, self.start, self.raw_start):
            os.remove(path)
        os.rmdir(self.folder)


def write_points(path, chunks, n, d):
    """Writes an HDF5 file of n x d points and returns where in it the numbers begin."""
    with h5py.File(path, "w") as file:
        data_set = file.create_dataset("points", (n, d), "<f8")
        row = 0
        for chunk in chunks:
            data_set[row:row + len(chunk)] = chunk
            row += len(chunk)
        file.flush()
        return data_set.id.get_offset()


def write_model(path, mixture):
    """A model file as gmmpi reads it."""
    with h5py.File(path, "w") as file:
        file["weights"] = mixture.weights
        file["means"] = mixture.means
        file["covariances"] = mixture.covariances
        file["precisions_cholesky"] = mixture.precisions_cholesky()
        file.attrs["format"] = "gmmpi model"
        file.attrs["format_version"] = 1
        file.attrs["covariance"] = mixture.covariance


def write_csv(path, rows, columns, wanted_bytes):
    """A text table of about this size: a block of rows, over and over."""
    block = np.random.default_rng(0).normal(0, 100, (rows, columns))
    text = "".join(",".join("%.8g" % value for value in row) + "\n" for row in block)
    with open(path, "w") as file:
        for _ in range(max(1, int(wanted_bytes / len(text)))):
            file.write(text)
    return os.path.getsize(path)
