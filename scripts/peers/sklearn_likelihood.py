#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows what scikit-learn's GaussianMixture calls lower_bound_, which parameters it belongs to, what tol compares, and its defaults."""

import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture

warnings.simplefilter("ignore")
print("scikit-learn", sklearn.__version__)
x = load_iris().data
start = dict(weights_init=np.full(3, 1 / 3), means_init=x[[0, 60, 120]], precisions_init=[np.linalg.inv(np.cov(x.T, bias=True))] * 3)


def fit(points=x, **options):
    return GaussianMixture(3, **{**start, **options}).fit(points)


for n in (2, 3, 10):
    a, b = fit(max_iter=n, tol=0), fit(max_iter=n - 1, tol=0)
    print(f"max_iter {n}: lower_bound_ {a.lower_bound_:.9f}; score (per point) of the parameters that are returned {a.score(x):.9f}, "
          f"of those of one iteration less {b.score(x):.9f}")
a = fit(tol=1e-10, max_iter=10000)
b = fit(np.repeat(x, 10, axis=0), tol=1e-10, max_iter=10000)
print(f"every row 10 times: lower_bound_ {a.lower_bound_:.9f} and {b.lower_bound_:.9f} (per point), n_iter_ {a.n_iter_} and {b.n_iter_}")
d = GaussianMixture(3)
print("defaults:", {k: d.get_params()[k] for k in ("tol", "max_iter", "n_init", "init_params", "reg_covar")})
for tol in (1e-3, 1e-6, 1e-9):
    a = fit(tol=tol, max_iter=100000)
    print(f"tol {tol:g}: {a.n_iter_} iterations, log-likelihood {a.score(x) * len(x):.6f}")
n, k = len(x), a._n_parameters()
print(f"bic {a.bic(x):.9f} = -2 L + {k} log n {-2 * a.score(x) * n + k * np.log(n):.9f}; aic = -2 L + 2 * {k}: {a.aic(x) - 2 * k + 2 * a.score(x) * n:.1e}")
for covariance in ("full", "tied", "diag", "spherical"):
    print(covariance, GaussianMixture(3, covariance_type=covariance).fit(x)._n_parameters(), end="; ")
print("parameters of K = 3, d = 4")
# The M-step adds reg_covar to the diagonal of every covariance, of the spherical family once to the mean variance.
for scale in (1, 1e-3, 1e-4):
    a = GaussianMixture(3, random_state=0, tol=1e-9, max_iter=10000).fit(x * scale)
    print(f"iris x {scale:g}, reg_covar 1e-6: log-likelihood + 600 log(scale) {a.score(x * scale) * n + 600 * np.log(scale):.6f}")
for method in ("random_from_data", "k-means++", "kmeans"):
    a = GaussianMixture(3, init_params=method, random_state=0)
    a._initialize_parameters(x, np.random.RandomState(0))
    print(f"start {method}: weights {a.weights_}, variances of the first component {np.diag(np.linalg.inv(a.precisions_cholesky_[0] @ a.precisions_cholesky_[0].T))}")
