"""What scikit-learn's restarts reach, kept in a JSON file so that it is computed once.

A restart with seed s is GaussianMixture(n_components, covariance_type, random_state=s): k-means with one start, then EM. On
small problems all restarts run in scikit-learn. Where that would take hours, its k-means gives the starts and gmmpi's
textbook EM goes on from those labels (the two agree to rounding from equal starts, which the tests check); the best of them and the
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
SLOW_SECONDS = 1.0  # of one scikit-learn fit; beyond it gmmpi iterates


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


def n_restarts(n, quick):
    return 5 if quick else 20 if n >= LARGE else 100


def sklearn_fit(points, k, covariance, seed, tolerance=TOLERANCE):
    """Mean log-likelihood (None if degenerate), seconds and iterations of one scikit-learn fit."""
    from sklearn.mixture import GaussianMixture
    mixture = GaussianMixture(k, covariance_type=covariance, tol=tolerance, reg_covar=REG_COVAR, n_init=1, random_state=seed,
                              max_iter=MAX_ITER if tolerance == TOLERANCE else 100)
    start = time.perf_counter()
    try:
        mixture.fit(points)
    except ValueError:  # it says that a component has collapsed
        return None, time.perf_counter() - start, 0
    seconds = time.perf_counter() - start
    model = model_of(mixture.weights_, mixture.means_, mixture.covariances_, covariance)
    value = None if is_degenerate(model, points) else mean_log_likelihood(model, points)
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
    return None if is_degenerate(program.model(), points) else summary["mean_log_likelihood"]


def restarts(program, task, points, data, count):
    """A result: the values that `count` restarts reach, the seconds of scikit-learn's own fits, and how it was done."""
    warnings.simplefilter("ignore")
    default = sklearn_fit(points, task.k, task.covariance, 0, tolerance=1e-3)
    first = sklearn_fit(points, task.k, task.covariance, 0)
    if first[1] < SLOW_SECONDS:
        fits = [first] + [sklearn_fit(points, task.k, task.covariance, seed) for seed in range(1, count)]
        values, timed, engine = [fit[0] for fit in fits], fits, "scikit-learn"
    else:
        values = [first[0]] + [labelled_fit(program, data, points, task.k, task.covariance, seed) for seed in range(1, count)]
        timed, engine = [first], "scikit-learn's starts"
        best = int(np.argmax([-np.inf if value is None else value for value in values]))
        if best > 0:
            timed.append(sklearn_fit(points, task.k, task.covariance, best))
            values[best] = timed[-1][0]
    return dict(values=[None if value is None else round(value, 9) for value in values], engine=engine,
                seconds=float(np.median([fit[1] for fit in timed])), n_iter=float(np.median([fit[2] for fit in timed])),
                default_value=default[0], default_seconds=default[1])
