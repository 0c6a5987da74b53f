#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes scikit_learn.json: EM of scikit-learn's GaussianMixture from every start in starts.json.

--reg-covar is 1e-6 throughout. The iterations go on (tol=0) until they have long stopped to change anything, and the
log-likelihood is that of the returned parameters. For the tutorial's case the log-likelihood of every iteration is
stored too: entry i is of the model after i M-steps. The points far from the origin are left out: scikit-learn's sums
of squares lose their digits. Needs numpy and scikit-learn.
"""

import json
import os
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

from make_starts import HERE, points_of

REG_COVAR = 1e-6
ITERATIONS = 5000


class Recorded(GaussianMixture):
    """A GaussianMixture that remembers the log-likelihood of every E-step."""

    def _e_step(self, X):
        mean, log_responsibilities = super()._e_step(X)
        self.history.append(float(mean) * len(X))
        return mean, log_responsibilities


def precisions(covariances, covariance):
    """The inverses of starting covariances, in scikit-learn's shape."""
    covariances = np.array(covariances)
    return np.linalg.inv(covariances) if covariance in ("full", "tied") else 1 / covariances


def fit(points, covariance, start):
    """Fits to the end: the fitted mixture, with its history of log-likelihoods."""
    mixture = Recorded(len(start["weights"]), covariance_type=covariance, tol=0, reg_covar=REG_COVAR,
                       max_iter=ITERATIONS, weights_init=start["weights"], means_init=start["means"],
                       precisions_init=precisions(start["covariances"], covariance), random_state=0)
    mixture.history = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mixture.fit(points)
    return mixture


def main():
    results = []
    with open(os.path.join(HERE, "starts.json")) as file:
        cases = [case for case in json.load(file) if case["name"] != "offset"]
    for case in cases:
        points = points_of(case)
        for covariance, start in case["starts"].items():
            mixture = fit(points, covariance, start)
            history = mixture.history
            log_likelihood = float(mixture.score(points)) * len(points)
            result = dict(case=case["name"], covariance=covariance, reg_covar=REG_COVAR,
                          log_likelihood=log_likelihood, weights=mixture.weights_.tolist(),
                          means=mixture.means_.tolist(), covariances=mixture.covariances_.tolist())
            if case["name"] == "tutorial":
                result["iterations"] = history[:101]
            results.append(result)
            settled = next(i for i, value in enumerate(history) if abs(value - history[-1]) < 1e-9 * abs(value))
            print("%-14s %-10s %.12f  settled after %d iterations, smallest weight %.3f" % (
                case["name"], covariance, log_likelihood, settled, mixture.weights_.min()))
    with open(os.path.join(HERE, "scikit_learn.json"), "w") as file:
        file.write('{"program":"scikit-learn %s","results":[\n' % sklearn.__version__)
        file.write(",\n".join(json.dumps(result, separators=(",", ":")) for result in results) + "\n]}\n")


if __name__ == "__main__":
    main()
