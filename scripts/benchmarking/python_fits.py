#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The Python package beside scikit-learn, in one process and in turn: fits to 100,000 points of 8 features with 8 overlapping
components, and predictions of one row.

    PYTHONPATH=src/python GMMPI_LIBRARY=build/libgmmpi.so scripts/benchmarking/python_fits.py [--rounds N] [--threads T] [--seed S]

Seconds of the clock and of the processor, which do not depend on what else the machine does, are medians over the rounds. The ratio
of a row is scikit-learn's time to that of gmmpi with the same tolerance."""

import argparse
import os
import statistics
import sys
import time
import timeit
import warnings
from types import SimpleNamespace

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import gmmpi  # before scikit-learn, whose OpenMP would spin
import numpy as np
from benchmarking import samples
from sklearn.mixture import GaussianMixture

N, D, K = 100_000, 8, 8
STRICT = {"tol": 1e-6, "max_iter": 1000}
LOOSE = {"tol": 1e-3, "max_iter": 100}


def draw(seed):
    """The points."""
    mixture = samples.draw_mixture(SimpleNamespace(K=K, d=D, covariance="full"), samples.OVERLAPPING, seed)
    return np.concatenate(list(samples.draw_points(mixture, N, seed)))


def fits(threads):
    """Name, estimator and the name of the one it is compared with."""
    return [
        ("gmmpi, tol 1e-6 (its default)", gmmpi.GaussianMixture(K, threads=threads, **STRICT)),
        ("scikit-learn, tol 1e-6", GaussianMixture(K, random_state=0, **STRICT)),
        ("gmmpi, tol 1e-3", gmmpi.GaussianMixture(K, threads=threads, **LOOSE)),
        ("gmmpi, tol 1e-3, k-means++", gmmpi.GaussianMixture(K, threads=threads, init_params="k-means++", **LOOSE)),
        ("scikit-learn, tol 1e-3 (its default)", GaussianMixture(K, random_state=0, **LOOSE)),
    ]


def measure(estimator, X):
    """Seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    estimator.fit(X)
    return time.perf_counter() - clock, time.process_time() - processor


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    warnings.simplefilter("ignore")
    X = draw(words.seed)
    rows = fits(words.threads)
    times = {name: [] for name, _ in rows}
    gmmpi.GaussianMixture(2).fit(X[:100])  # MPI is there
    for _ in range(words.rounds):
        for name, estimator in rows:
            times[name].append(measure(estimator, X))
    median = {name: [statistics.median(column) for column in zip(*times[name])] for name, _ in rows}
    print("fit, %d x %d, K = %d" % (N, D, K))
    print("%-38s %9s %9s %9s %14s" % ("", "clock, s", "proc., s", "n_iter_", "mean log-lik."))
    for name, estimator in rows:
        print("%-38s %9.3f %9.3f %9d %14.6f" % (name, *median[name], estimator.n_iter_, estimator.score(X)))
    for peer in ("scikit-learn, tol 1e-6", "scikit-learn, tol 1e-3 (its default)"):
        for name, _ in rows:
            if name.startswith("gmmpi"):
                ratio = [b / a for a, b in zip(median[name], median[peer])]
                print("%s / %s: %.1f (clock), %.1f (processor)" % (peer, name, *ratio))
    row = X[:1].copy()
    own, peer = (estimator for name, estimator in rows if "1e-6" in name)
    print("\n%-16s %10s %14s %6s" % ("one row", "gmmpi, us", "scikit-l., us", "ratio"))
    for method in ("predict", "predict_proba", "score_samples"):
        best = [min(timeit.repeat(lambda: getattr(one, method)(row), number=200, repeat=7)) / 200e-6 for one in (own, peer)]
        print("%-16s %10.1f %14.1f %6.2f" % (method, *best, best[0] / best[1]))


if __name__ == "__main__":
    main()
