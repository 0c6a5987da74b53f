#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes long_double.json: textbook EM in long double from starts in starts.json.

Two cases are stored: the tutorial's (every iteration up to its end), and points about 1e6 with a spread of 1 in all four
covariance types (the first 20 iterations and the end). Entry i of "iterations" is the total log-likelihood of the model
after i M-steps. --check runs all cases, once with and once without regularisation, and prints how far the stored results
of the other programs are from these. Formulas: Bishop, Pattern Recognition and Machine Learning (2006), section 9.2.2.
Needs numpy, and a machine whose long double has more digits than its double.
"""

import argparse
import json
import os

import numpy as np

from make_starts import HERE, points_of

REAL = np.longdouble
REG_COVAR = 1e-6
ITERATIONS = 20000


def cholesky(matrix):
    """The lower factor of a positive definite matrix: d x d."""
    d = len(matrix)
    factor = np.zeros((d, d), REAL)
    for j in range(d):
        factor[j, j] = np.sqrt(matrix[j, j] - (factor[j, :j] ** 2).sum())
        for i in range(j + 1, d):
            factor[i, j] = (matrix[i, j] - (factor[i, :j] * factor[j, :j]).sum()) / factor[j, j]
    return factor


def log_density(points, mean, matrix):
    """log N(x | mean, matrix) of every point: n."""
    d = points.shape[1]
    factor = cholesky(matrix)
    white = np.zeros((d, len(points)), REAL)
    for i in range(d):
        white[i] = (points[:, i] - mean[i] - (factor[i, :i, None] * white[:i]).sum(axis=0)) / factor[i, i]
    log_two_pi = np.log(8 * np.arctan(REAL(1)))
    return -(white ** 2).sum(axis=0) / 2 - np.log(np.diag(factor)).sum() - d * log_two_pi / 2


def expectation(points, weights, means, matrices):
    """The total log-likelihood, and the responsibilities: n x K."""
    logs = np.stack([np.log(weight) + log_density(points, mean, matrix)
                     for weight, mean, matrix in zip(weights, means, matrices)], axis=1)
    largest = logs.max(axis=1)
    log_sums = largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1))
    return log_sums.sum(), np.exp(logs - log_sums[:, None])


def maximization(points, responsibilities, covariance, reg_covar):
    """Weights, means and covariances (K x d x d, whatever the type) from responsibilities."""
    n, d = points.shape
    counts = responsibilities.sum(axis=0)
    means = np.stack([(responsibilities[:, k, None] * points).sum(axis=0) / counts[k] for k in range(len(counts))])
    scatters = []
    for k, mean in enumerate(means):
        centred = points - mean
        weighted = responsibilities[:, k, None] * centred
        scatters.append(np.stack([(weighted[:, i, None] * centred).sum(axis=0) for i in range(d)]))
    if covariance == "tied":
        matrices = [sum(scatters) / n] * len(counts)
    else:
        matrices = [scatter / count for scatter, count in zip(scatters, counts)]
    identity = np.eye(d, dtype=REAL)
    if covariance == "diag":
        matrices = [matrix * identity for matrix in matrices]
    elif covariance == "spherical":
        matrices = [np.trace(matrix) / d * identity for matrix in matrices]
    return counts / n, means, [matrix + REAL(reg_covar) * identity for matrix in matrices]


def start_matrices(covariances, covariance, k, d):
    """Starting covariances, in scikit-learn's shape, as a list of K matrices."""
    covariances, identity = np.array(covariances, REAL), np.eye(d, dtype=REAL)
    if covariance == "tied":
        return [covariances] * k
    if covariance == "full":
        return list(covariances)
    return [one * identity for one in covariances]


def in_shape(matrices, covariance):
    """K matrices as nested lists in scikit-learn's shape."""
    take = {"full": lambda one: one, "tied": lambda one: one, "diag": np.diag, "spherical": lambda one: one[0, 0]}
    parts = [take[covariance](matrix).astype(float).tolist() for matrix in matrices]
    return parts[0] if covariance == "tied" else parts


def fit(points, covariance, start, reg_covar):
    """EM until no digit of the log-likelihood has moved for 20 iterations: a result and all log-likelihoods."""
    points = points.astype(REAL)
    weights = np.array(start["weights"], REAL)
    weights, means = weights / weights.sum(), np.array(start["means"], REAL)
    matrices = start_matrices(start["covariances"], covariance, len(weights), points.shape[1])
    history, settled = [], 0
    while True:
        log_likelihood, responsibilities = expectation(points, weights, means, matrices)
        moved = not history or abs(log_likelihood - history[-1]) > 4e-18 * abs(log_likelihood)
        settled = 0 if moved else settled + 1
        history.append(log_likelihood)
        if settled == 20 or len(history) > ITERATIONS:
            break
        weights, means, matrices = maximization(points, responsibilities, covariance, reg_covar)
    result = dict(reg_covar=reg_covar, log_likelihood=float(history[-1]), weights=weights.astype(float).tolist(),
                  means=means.astype(float).tolist(), covariances=in_shape(matrices, covariance))
    return result, [float(value) for value in history]


def largest_difference(one, other):
    """The largest relative difference between two sets of parameters, against the largest entry of each array."""
    pairs = [(np.array(one[key]), np.array(other[key])) for key in ("weights", "means", "covariances")]
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in pairs)


def check(cases):
    """Prints how far the stored results of other programs are from long double's."""
    for name in ("scikit_learn.json", "mclust.json"):
        with open(os.path.join(HERE, name)) as file:
            stored = json.load(file)
        for result in stored["results"]:
            case = cases[result["case"]]
            mine, history = fit(points_of(case), result["covariance"], case["starts"][result["covariance"]],
                                result["reg_covar"])
            difference = abs(result["log_likelihood"] / mine["log_likelihood"] - 1)
            print("%-20s %-14s %-10s %6d iterations, log-likelihood %.1e, parameters %.1e" % (
                stored["program"].split(",")[0], result["case"], result["covariance"], len(history), difference,
                largest_difference(result, mine)))


def main():
    arguments = argparse.ArgumentParser(description="EM in long double.")
    arguments.add_argument("--check", action="store_true", help="compare the other programs' stored results")
    with open(os.path.join(HERE, "starts.json")) as file:
        cases = {case["name"]: case for case in json.load(file)}
    if arguments.parse_args().check:
        check(cases)
        return
    results = []
    for name in ("tutorial", "offset"):
        for covariance, start in cases[name]["starts"].items():
            result, history = fit(points_of(cases[name]), covariance, start, REG_COVAR)
            print("%-10s %-10s %.15f after %d iterations" % (name, covariance, history[-1], len(history) - 1))
            result["iterations"] = history[:101] if name == "tutorial" else history[:21]
            results.append(dict(case=name, covariance=covariance, **result))
    with open(os.path.join(HERE, "long_double.json"), "w") as file:
        file.write('{"program":"make_longdouble.py, numpy %s, %d bits of precision","results":[\n' % (
            np.__version__, np.finfo(REAL).nmant + 1))
        file.write(",\n".join(json.dumps(result, separators=(",", ":")) for result in results) + "\n]}\n")


if __name__ == "__main__":
    main()
