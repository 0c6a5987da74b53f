# SPDX-License-Identifier: BSD-3-Clause
"""Mixtures that are conditioned: models of any family written by hand, and the textbook's formulas in long double."""

import h5py
import numpy

LONG = numpy.longdouble


def matrices(n, d, seed=0, spread=1.0):
    """n positive definite matrices d x d."""
    random = numpy.random.default_rng(seed)
    roots = random.normal(size=(n, d, d)) * spread
    return roots @ roots.transpose(0, 2, 1) + 0.3 * numpy.eye(d)


def write_model(path, covariance, weights, means, covariances, names=None, transforms=None, components=None, **arrays):
    """A model file by h5py alone; arrays: dof, noise_weight, noise_volume, noise_origin, noise_axes."""
    weights, means, covariances = (numpy.asarray(array, dtype=float) for array in (weights, means, covariances))
    with h5py.File(path, "w") as file:
        file["weights"], file["means"], file["covariances"] = weights, means, covariances
        file["precisions_cholesky"] = numpy.zeros_like(covariances)  # computed anew by who reads it
        for name, numbers in arrays.items():
            file[name] = numbers
        file.attrs["format"] = "gmmpi model"
        file.attrs["format_version"] = 1
        file.attrs["covariance"] = covariance
        for name, texts in (("feature_names", names), ("transforms", transforms), ("component_names", components)):
            if texts is not None:
                file.attrs[name] = [text.encode() for text in texts]
    return path


def solve(matrix, right):
    """matrix^-1 right, and log det of a positive definite matrix: Gauss's elimination in long double."""
    a = numpy.array(matrix, dtype=LONG)
    b = numpy.array(right, dtype=LONG)
    shape = b.shape
    b = b.reshape(len(a), -1)
    log_determinant = LONG(0)
    for i in range(len(a)):
        log_determinant += numpy.log(a[i, i])
        for j in range(i + 1, len(a)):
            factor = a[j, i] / a[i, i]
            a[j] -= factor * a[i]
            b[j] -= factor * b[i]
    for i in reversed(range(len(a))):
        b[i] = (b[i] - a[i, i + 1:] @ b[i + 1:]) / a[i, i]
    return b.reshape(shape), log_determinant


def log_normal(x, mean, covariance):
    """log N(x) of one point, in long double."""
    difference = numpy.asarray(x, dtype=LONG) - numpy.asarray(mean, dtype=LONG)
    white, log_determinant = solve(covariance, difference)
    return -(difference @ white + log_determinant + len(difference) * numpy.log(2 * LONG(numpy.pi))) / 2


def conditional(weights, means, covariances, given, values):
    """Weights, means and covariances (dense) of the other features in their order, where features `given` have these values, and
    log p(values): Bishop 2006, eqs. 2.81 and 2.82, in long double."""
    means, covariances = numpy.asarray(means, dtype=LONG), numpy.asarray(covariances, dtype=LONG)
    given = list(given)
    rest = [j for j in range(means.shape[1]) if j not in given]
    logs, new_means, new_covariances = [], [], []
    for weight, mean, covariance in zip(weights, means, covariances):
        known = covariance[numpy.ix_(given, given)]
        between = covariance[numpy.ix_(given, rest)]
        slopes = solve(known, between)[0]
        new_means.append(mean[rest] + slopes.T @ (numpy.asarray(values, dtype=LONG) - mean[given]))
        new_covariances.append(covariance[numpy.ix_(rest, rest)] - between.T @ slopes)
        logs.append(numpy.log(LONG(weight)) + log_normal(values, mean[given], known))
    highest = max(logs)
    shares = numpy.exp(numpy.array(logs) - highest)
    return shares / shares.sum(), numpy.array(new_means), numpy.array(new_covariances), highest + numpy.log(shares.sum())


def mixed(weights, means, covariances):
    """Mean and covariance of a whole mixture."""
    mean = weights @ means
    offsets = means - mean
    return mean, numpy.einsum("k,kij->ij", weights, covariances) + numpy.einsum("k,ki,kj->ij", weights, offsets, offsets)
