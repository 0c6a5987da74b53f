# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's GaussianMixture in a process of its own.

    scikit_learn_em.py iterations POINTS.h5 ROWS START.h5 SECONDS ITERATIONS
    scikit_learn_em.py fit POINTS.h5 COVARIANCE K TOLERANCE MAX_ITER

The first one begins where START.h5 says, with a tolerance of 0, and goes on until SECONDS have passed or ITERATIONS are done,
one at least; an iteration's time is that between the beginnings of two E-steps, so initialisation does not count. The second
one fits as users do: k-means first, seed 0; its time is that of fit(). Both print a JSON object.
"""

import json
import sys
import time
import warnings

import h5py
import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture


class EnoughIterations(Exception):
    """Ends a fit from within."""


class TimedMixture(GaussianMixture):
    """Notes when E-steps begin."""

    def watch(self, seconds, iterations):
        self.most_seconds, self.most_iterations = seconds, iterations
        self.began, self.first_log_likelihood = [], None
        return self

    def _e_step(self, *arguments, **options):
        self.began.append(time.perf_counter())
        n_done = len(self.began) - 1
        if n_done >= self.most_iterations or n_done >= 1 and self.began[-1] - self.began[0] >= self.most_seconds:
            raise EnoughIterations
        result = super()._e_step(*arguments, **options)
        if self.first_log_likelihood is None:
            self.first_log_likelihood = float(result[0])
        return result


def read_points(path, rows=None):
    with h5py.File(path, "r") as file:
        return file["points"][:rows]


def time_iterations(points_path, rows, start_path, seconds, iterations):
    points = read_points(points_path, int(rows))
    with h5py.File(start_path, "r") as file:
        covariance = file.attrs["covariance"]
        weights, means, covariances = file["weights"][:], file["means"][:], file["covariances"][:]
    precisions = np.linalg.inv(covariances) if covariance in ("full", "tied") else 1 / covariances
    model = TimedMixture(
        len(weights), covariance_type=covariance, tol=0.0, max_iter=int(iterations) + 1, init_params="random", random_state=0,
        weights_init=weights, means_init=means, precisions_init=precisions).watch(float(seconds), int(iterations))
    try:
        model.fit(points)
    except EnoughIterations:
        pass
    n_done = len(model.began) - 1
    return {"mean_log_likelihood": model.first_log_likelihood, "iterations": n_done,
            "seconds_per_iteration": (model.began[-1] - model.began[0]) / n_done}


def time_fit(points_path, covariance, n_components, tolerance, max_iter):
    points = read_points(points_path)
    model = GaussianMixture(int(n_components), covariance_type=covariance, tol=float(tolerance), max_iter=int(max_iter),
                            random_state=0)
    began = time.perf_counter()
    model.fit(points)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "iterations": model.n_iter_, "converged": bool(model.converged_),
            "mean_log_likelihood": float(model.score(points))}


def main():
    warnings.simplefilter("ignore")  # that it has not converged is in the result
    work = {"iterations": time_iterations, "fit": time_fit}[sys.argv[1]]
    print(json.dumps(dict(work(*sys.argv[2:]), version=sklearn.__version__)))


if __name__ == "__main__":
    main()
