# SPDX-License-Identifier: BSD-3-Clause
"""What scikit-learn's restarts reach, kept in a JSON file so that it is computed once.

A restart with seed s is GaussianMixture(n_components, covariance_type, random_state=s): k-means with one start, then EM. On
small problems all restarts run in scikit-learn. Where that would take hours, its k-means gives the starts and gmmpi's textbook EM
goes on from those labels (from equal starts the two agree to rounding, which the tests check); the best of them and the
first are then run in scikit-learn itself, and its numbers count.
"""

import importlib.util
import json
import os
import time
import warnings

import numpy as np

from plotting.problem import BAD_DATA, NO_OUTPUT, Problem

from .runs import PLAIN, REG_COVAR, is_degenerate, mean_log_likelihood, model_of, write_labels

TOLERANCE = 1e-6
MAX_ITER = 3000
LARGE = 100000
SLOW_SECONDS = 0.5  # of one scikit-learn fit; beyond it gmmpi iterates


class Cache:
    """Results by task; a result holds for the points with the same fingerprint."""

    def __init__(self, path):
        self.path = path
        self.results = {}
        if os.path.exists(path):
            try:
                with open(path) as file:
                    self.results = json.load(file)
            except (OSError, ValueError) as error:
                raise Problem(BAD_DATA, "%s: not a file of results (%s)" % (path, error))

    def get(self, name, mark):
        result = self.results.get(name)
        return result if result and result["fingerprint"] == mark else None

    def put(self, name, mark, result):
        self.results[name] = dict(result, fingerprint=mark)
        lines = ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in self.results.items()]
        try:
            with open(self.path + ".new", "w") as file:
                file.write("{\n" + ",\n".join(lines) + "\n}\n")
            os.replace(self.path + ".new", self.path)
        except OSError as error:
            raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (self.path, error.strerror))


def is_there():
    return importlib.util.find_spec("sklearn") is not None


def fingerprint(points):
    """Of the data, in spite of rounding and of the signs of principal components."""
    centred = np.abs(points - points.mean(axis=0))
    moments = np.concatenate([centred.mean(axis=0), (centred ** 3).mean(axis=0)])
    return "%dx%d " % points.shape + " ".join("%.5g" % value for value in moments[[0, -1]])


def n_restarts(n):
    return 20 if n >= LARGE else 100


def sklearn_fit(points, k, covariance, seed, tolerance=TOLERANCE):
    """Mean log-likelihood (None if degenerate), seconds of its one core, and iterations of one scikit-learn fit."""
    from sklearn.mixture import GaussianMixture
    mixture = GaussianMixture(k, covariance_type=covariance, tol=tolerance, reg_covar=REG_COVAR, n_init=1, random_state=seed,
                              max_iter=MAX_ITER if tolerance == TOLERANCE else 100)
    start = time.process_time()
    try:
        mixture.fit(points)
    except ValueError:  # it says that a component has collapsed
        return None, time.process_time() - start, 0
    seconds = time.process_time() - start
    model = model_of(mixture.weights_, mixture.means_, mixture.covariances_, covariance)
    value = None if is_degenerate(model, points) else round(mean_log_likelihood(model, points), 9)
    return value, seconds, mixture.n_iter_


def labelled_fit(program, data, points, k, covariance, seed):
    """The same restart with gmmpi's textbook EM: mean log-likelihood (None if degenerate)."""
    from sklearn.cluster import KMeans
    labels = KMeans(k, n_init=1, random_state=np.random.RandomState(seed)).fit(points).labels_
    try:
        summary = program.fit(data, k, "--covariance", covariance, "--init", write_labels(program.file("labels.csv"), labels),
                              "--tol", TOLERANCE, "--max-iter", MAX_ITER, "--on-collapse", "error", *PLAIN)
    except Problem:
        return None
    return None if is_degenerate(program.model(), points) else round(summary["mean_log_likelihood"], 9)


def restarts(program, task, points, data, count, known, keep):
    """A result with the values that `count` restarts reach (more if more are known), the seconds of scikit-learn's own
    fits, and how it was done. `known` is an earlier result or None; keep(result) is called from time to time."""
    warnings.simplefilter("ignore")
    result = known or first_result(points, task)
    before = len(result["fits"]), len(result["values"]) if known else 0
    while len(result["values"]) < count:
        seed = len(result["values"])
        if result["engine"] == "scikit-learn":
            note(result, seed, sklearn_fit(points, task.k, task.covariance, seed))
        else:
            result["values"].append(labelled_fit(program, data, points, task.k, task.covariance, seed))
        if len(result["values"]) % 10 == 0:
            keep(result)
    best = int(np.argmax([-np.inf if value is None else value for value in result["values"]]))
    if str(best) not in result["fits"]:
        note(result, best, sklearn_fit(points, task.k, task.covariance, best))
    if (len(result["fits"]), len(result["values"])) != before:
        keep(result)
    return result


def first_result(points, task):
    """With scikit-learn's fit as it comes (tolerance 1e-3) and that of seed 0, whose time decides how to go on."""
    default = sklearn_fit(points, task.k, task.covariance, 0, tolerance=1e-3)
    first = sklearn_fit(points, task.k, task.covariance, 0)
    result = dict(engine="scikit-learn" if first[1] < SLOW_SECONDS else "scikit-learn's starts",
                  default=list(default), values=[], fits={})
    note(result, 0, first)
    return result


def note(result, seed, fit):
    """Stores a fit of scikit-learn itself; it counts more than what another program made of the same start."""
    value, seconds, n_iter = fit
    result["values"][seed:seed + 1] = [value]
    result["fits"][str(seed)] = [round(seconds, 4), n_iter]


def median_seconds(result):
    return float(np.median([seconds for seconds, _ in result["fits"].values()]))
