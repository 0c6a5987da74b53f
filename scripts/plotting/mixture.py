# SPDX-License-Identifier: BSD-3-Clause
"""A model file with the densities that pictures need, and the log of a fit."""

import csv
import math

import h5py
import numpy as np

from .problem import BAD_DATA, NO_INPUT, Problem
from .tables import names_of
from .transforms import shown_names_of, transform, transformed  # noqa: F401 (some have transform from here)


def storage_of(covariance):
    """How a model's file has the covariances of a family: (dimensions of length d of each: 2 a matrix, 1 a diagonal, 0 one variance;
    whether all components share one). Families that scikit-learn does not know have a matrix for each component."""
    return {"tied": (2, True), "diag": (1, False), "spherical": (0, False)}.get(covariance, (2, False))


class Mixture:
    """weights: K, means: K x d, names: d. Components of weight 0 are left out; `numbers` (K, from 0) says which are left. noise: the
    weight and the volume of a uniform background, its origin (d) and axes (d x d), or None. dof: K, the degrees of freedom of t
    distributions, whose scale matrices are the covariances here; None: components are normal."""

    def __init__(self, weights, means, covariances, covariance, names, transforms=None, noise=None, dof=None):
        kept = weights > 0
        self.numbers = np.flatnonzero(kept)
        self.weights = weights[kept]
        self.means = means[kept]
        self.rank, self.is_shared = storage_of(covariance)
        self.covariances = covariances if self.is_shared else covariances[kept]
        self.transforms = transforms
        self.names = names
        self.noise = noise
        self.dof = None if dof is None else dof[kept]
        self.shown_names = shown_names_of(names, transforms)
        self.n_stored = len(weights)
        self.n_components, self.n_features = self.means.shape

    def transformed(self, points):
        """The points (n x d) as the model takes them; what has no value then is NaN."""
        return transformed(points, self.transforms)

    def stored(self, k):
        """What is stored of the covariance of component k: d x d, d, or one number."""
        return self.covariances if self.is_shared else self.covariances[k]

    def covariance_of(self, k, features):
        """The covariance of component k between some features: m x m."""
        stored = self.stored(k)
        if self.rank == 2:
            return stored[np.ix_(features, features)]
        return np.diag(np.broadcast_to(stored, self.n_features)[features])

    def log_density_at(self, k, distances, n_features):
        """Log density of component k in so many features at squared distances in its covariance, but for the root of the
        covariance's determinant. In some of the features a t distribution is one of the same degrees of freedom."""
        if self.dof is None:
            return -(distances + n_features * np.log(2 * np.pi)) / 2
        dof = self.dof[k]
        half = (dof + n_features) / 2
        constant = math.lgamma(half) - math.lgamma(dof / 2) - n_features / 2 * math.log(dof * math.pi)
        return constant - half * np.log1p(distances / dof)

    def radius(self, k, normal):
        """Of an ellipse in two features that holds as much of component k as one of radius `normal`, in standard deviations, holds of
        a normal distribution, which is 1 - exp(-normal^2 / 2). Of a t distribution the squared radius r^2 over 2 has an F distribution
        with 2 and dof degrees of freedom, so that it holds 1 - (1 + r^2 / dof)^(-dof / 2)."""
        return normal if self.dof is None else math.sqrt(self.dof[k] * math.expm1(min(normal ** 2 / self.dof[k], 600)))

    def ellipse(self, k, features, radius):
        """Points of the ellipse of component k in two features that holds as much as one of so many standard deviations does of a
        normal component: 2 x 120."""
        angles = np.linspace(0, 2 * np.pi, 120)
        values, vectors = np.linalg.eigh(self.covariance_of(k, features))
        circle = np.sqrt(np.maximum(values, 0))[:, None] * np.stack([np.cos(angles), np.sin(angles)])
        return self.means[k, features][:, None] + self.radius(k, radius) * (vectors @ circle)

    def density_of(self, k, j, grid):
        """Of component k in feature j, weighted, at the points of a grid."""
        variance = self.covariance_of(k, [j])[0, 0]
        distances = (grid - self.means[k, j]) ** 2 / variance
        return self.weights[k] * np.exp(self.log_density_at(k, distances, 1)) / np.sqrt(variance)

    def log_densities(self, points):
        """log(weight density) of points (n x d): n x K."""
        n_features = self.n_features
        logs = np.empty((len(points), self.n_components))
        for k in range(self.n_components):
            centred = points - self.means[k]
            if self.rank < 2:
                variances = np.broadcast_to(self.stored(k), n_features)
                distances = (centred ** 2 / variances).sum(axis=1)
                log_determinant = np.log(variances).sum()
            else:
                try:
                    factor = np.linalg.cholesky(self.covariance_of(k, range(n_features)))
                except np.linalg.LinAlgError:
                    raise Problem(BAD_DATA, "the model's component %d: its covariance is not positive definite" % (
                        self.numbers[k] + 1))
                distances = (np.linalg.solve(factor, centred.T) ** 2).sum(axis=0)
                log_determinant = 2 * np.log(np.diag(factor)).sum()
            logs[:, k] = np.log(self.weights[k]) + self.log_density_at(k, distances, n_features) - log_determinant / 2
        return logs

    def noise_density(self, j, grid):
        """Of feature j, weighted: that of points spread evenly over the region, from many such points."""
        weight, volume, origin, axes = self.noise
        if self.n_features == 1:
            return np.full_like(grid, weight / volume)
        if not axes.any():
            return np.zeros_like(grid)
        places = origin[j] + np.random.default_rng(0).uniform(size=(100000, self.n_features)) @ axes[:, j]
        counts, edges = np.histogram(places, bins=60, density=True)
        return weight * np.interp(grid, (edges[1:] + edges[:-1]) / 2, counts, left=0, right=0)

    def responsibilities(self, points):
        """n x K, and a column more where there is noise."""
        logs = self.log_densities(points)
        if self.noise:
            with np.errstate(divide="ignore"):
                noise = np.log(self.noise[0]) - np.log(self.noise[1])
            logs = np.column_stack([logs, np.full(len(points), noise)])
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def separation(self):
        """How much of each feature's variance lies between the components: d numbers from 0 to 1."""
        centre = self.weights @ self.means
        between = self.weights @ (self.means - centre) ** 2
        variances = [[self.covariance_of(k, [j])[0, 0] for j in range(self.n_features)] for k in range(self.n_components)]
        return between / (between + self.weights @ np.array(variances))


def read_mixture(path):
    """The model in a file that gmmpi wrote."""
    try:
        with h5py.File(path, "r") as file:
            weights, means, covariances = (np.asarray(file[name], dtype=float)
                                           for name in ("weights", "means", "covariances"))
            covariance = file.attrs["covariance"]
            noise = None
            if "noise_weight" in file:
                noise = [float(file[name][()]) for name in ("noise_weight", "noise_volume")] + [
                    np.asarray(file[name], dtype=float) if name in file else np.zeros(means.shape[1:] * n)
                    for n, name in ((1, "noise_origin"), (2, "noise_axes"))]
            dof = np.asarray(file["dof"], dtype=float) if "dof" in file else None
            names = names_of(file)
            transforms = [text if isinstance(text, str) else text.decode() for text in file.attrs.get("transforms", [])]
    except FileNotFoundError:
        raise Problem(NO_INPUT, "%s: there is no such file" % path)
    except PermissionError:
        raise Problem(NO_INPUT, "%s: permission denied" % path)
    except (OSError, KeyError, ValueError):
        raise Problem(BAD_DATA, "%s: not a model file; `gmmpi fit` writes one" % path)
    covariance = covariance.decode() if isinstance(covariance, bytes) else str(covariance)
    if means.ndim == 3:
        raise Problem(BAD_DATA, "%s: a file of `gmmpi fit --by`, with a mixture for each group; give it with --groups" % path)
    if means.ndim != 2 or weights.shape != means.shape[:1] or not (weights > 0).any():
        raise Problem(BAD_DATA, "%s: weights and means do not fit together" % path)
    k, d = means.shape
    rank, is_shared = storage_of(covariance)
    if covariances.shape != (() if is_shared else (k,)) + (d,) * rank:
        raise Problem(BAD_DATA, "%s: covariances of shape %s do not fit %s" % (path, covariances.shape, covariance))
    if dof is not None and (dof.shape != (k,) or not (dof[weights > 0] > 0).all()):
        raise Problem(BAD_DATA, "%s: degrees of freedom and weights do not fit together" % path)
    return Mixture(weights, means, covariances, covariance, names, transforms, noise, dof)


def read_log(path):
    """The log of a fit: for each start its rows of iteration, log-likelihood and change, as arrays."""
    try:
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        starts = {}
        for row in rows:
            starts.setdefault(row.get("start") or "0", []).append(
                (int(row["iteration"]), float(row["log_likelihood"]), float(row.get("change") or "nan")))
    except OSError as error:
        raise Problem(NO_INPUT, "%s: cannot be read (%s)" % (path, error.strerror))
    except (KeyError, ValueError, TypeError, csv.Error, UnicodeDecodeError):
        raise Problem(BAD_DATA, "%s: not a log of `gmmpi fit --log`" % path)
    if not starts:
        raise Problem(BAD_DATA, "%s: no iteration is in it" % path)
    return {start: np.array(values) for start, values in starts.items()}
