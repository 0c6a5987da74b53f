#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows what the constant does that Spark's GaussianMixture adds to each component's weighted density (EPSILON + weight * pdf, EPSILON
2.2e-16, ExpectationAggregator in GaussianMixture.scala): the same formula in numpy, Spark is not run."""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

EPSILON = 2.0**-52


def e_step(x, weights, means, covariances, epsilon):
    """Total log-likelihood and responsibilities (n x K)."""
    log_density = np.column_stack([np.log(w) + multivariate_normal(m, c).logpdf(x) for w, m, c in zip(weights, means, covariances)])
    if not epsilon:
        norm = logsumexp(log_density, axis=1)
        return norm.sum(), np.exp(log_density - norm[:, None])
    p = epsilon + np.exp(log_density)
    return np.log(p.sum(1)).sum(), p / p.sum(1, keepdims=True)


rng = np.random.default_rng(0)
for d, scale in ((5, 1), (10, 1), (20, 1), (20, 10), (40, 1)):
    x = rng.normal(size=(400, d)) * scale
    x[200:] += 6 * scale / np.sqrt(d)   # two groups, their centres 6 standard deviations apart
    means = np.stack([np.zeros(d), np.full(d, 6 * scale / np.sqrt(d))])
    covariances = [np.eye(d) * scale**2] * 2
    (l, r), (s, q) = (e_step(x, [0.5, 0.5], means, covariances, e) for e in (0, EPSILON))
    print(f"{d} columns, standard deviation {scale}: log-likelihood {l:.1f}, with the constant {s:.1f}; "
          f"mean of the larger responsibility {r.max(1).mean():.4f}, with the constant {q.max(1).mean():.4f}")
