#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows what is particular about scikit-learn's BayesianGaussianMixture: lower_bound_ is a total without the constants of the bound (so
that K and priors cannot be compared by it), tied covariances count n / K points, score_samples is no density."""

import warnings

import numpy as np
import sklearn
from scipy.special import betaln, digamma, gammaln, multigammaln
from sklearn.datasets import load_iris
from sklearn.mixture import BayesianGaussianMixture

warnings.simplefilter("ignore")
print("scikit-learn", sklearn.__version__)
rng = np.random.default_rng(0)
x = load_iris().data[:, :2]
n, d = x.shape


def fit(k, points=x, **options):
    return BayesianGaussianMixture(n_components=k, **{**dict(tol=1e-10, max_iter=100000, random_state=0), **options}).fit(points)


def bound(model, points):
    """The lower bound of the log evidence (Bishop 2006, 10.70-10.77) of a Dirichlet prior and full covariances, with all constants."""
    _, log_resp = model._estimate_log_prob_resp(points)
    r = np.exp(log_resp)
    alpha, alpha0, k = model.weight_concentration_, model.weight_concentration_prior_, len(model.means_)
    beta, beta0, nu, nu0 = model.mean_precision_, model.mean_precision_prior_, model.degrees_of_freedom_, model.degrees_of_freedom_prior_
    w = model.precisions_ / nu[:, None, None]
    w0 = np.linalg.inv(np.atleast_2d(model.covariance_prior_))
    log_det = np.linalg.slogdet(w)[1]
    e_log_pi = digamma(alpha) - digamma(alpha.sum())
    e_log_det = digamma(0.5 * (nu[:, None] - np.arange(d))).sum(1) + d * np.log(2) + log_det

    def log_b(log_det_w, v):
        return -0.5 * v * log_det_w - 0.5 * v * d * np.log(2) - multigammaln(0.5 * v, d)

    total = 0
    for j in range(k):
        y = points - model.means_[j]
        square = np.einsum("ij,jk,ik->i", y, w[j], y)
        total += (r[:, j] * 0.5 * (e_log_det[j] - d / beta[j] - nu[j] * square - d * np.log(2 * np.pi))).sum()
        total += (r[:, j] * (e_log_pi[j] - log_resp[:, j])).sum()
        m = model.means_[j] - model.mean_prior_
        total += 0.5 * (d * np.log(beta0 / (2 * np.pi)) + e_log_det[j] - d * beta0 / beta[j] - beta0 * nu[j] * m @ w[j] @ m)
        total += log_b(np.linalg.slogdet(w0)[1], nu0) + 0.5 * (nu0 - d - 1) * e_log_det[j] - 0.5 * nu[j] * np.trace(np.linalg.solve(w0, w[j]))
        entropy = -log_b(log_det[j], nu[j]) - 0.5 * (nu[j] - d - 1) * e_log_det[j] + 0.5 * nu[j] * d
        total -= 0.5 * e_log_det[j] + 0.5 * d * np.log(beta[j] / (2 * np.pi)) - 0.5 * d - entropy
    total += gammaln(alpha0 * k) - k * gammaln(alpha0) + (alpha0 - 1) * e_log_pi.sum()
    total -= ((alpha - 1) * e_log_pi).sum() + gammaln(alpha.sum()) - gammaln(alpha).sum()
    return total


for k in (1, 2, 3):
    m = fit(k, weight_concentration_prior_type="dirichlet_distribution", weight_concentration_prior=1, covariance_prior=np.eye(2))
    print(f"K = {k}: lower_bound_ {m.lower_bound_:.6f}, bound with its constants {bound(m, x):.6f}, difference {m.lower_bound_ - bound(m, x):.6f}")
a, b = fit(2, covariance_prior=np.eye(2)), fit(2, np.repeat(x, 10, axis=0), covariance_prior=np.eye(2))
print(f"every row 10 times: lower_bound_ {a.lower_bound_:.3f} and {b.lower_bound_:.3f} (a total)")

m = fit(3, covariance_type="tied", max_iter=50)
print(f"tied, n = {n}, K = 3: degrees_of_freedom_ {m.degrees_of_freedom_:.6f} = prior {m.degrees_of_freedom_prior_:g} + n / K {n / 3:g}")
for covariance in ("full", "tied", "diag", "spherical"):
    falls = []
    for seed in range(10):
        r = np.random.default_rng(seed)
        points = r.normal(size=(60, 2)) @ np.diag([1, 3]) + r.integers(0, 3, (60, 1)) * [2, 1]
        for kind in ("dirichlet_process", "dirichlet_distribution"):
            m = BayesianGaussianMixture(n_components=3, covariance_type=covariance, random_state=seed, max_iter=1, weight_concentration_prior_type=kind).fit(points)
            values = [m.lower_bound_]
            for _ in range(60):
                log_prob, log_resp = m._e_step(points)
                m._m_step(points, log_resp)
                values.append(m._compute_lower_bound(log_resp, log_prob))
            falls.extend(-np.diff(values))
    print(f"{covariance}: largest fall of the lower bound in {len(falls)} iterations: {max(falls):.1e}")

grid = np.linspace(-30, 40, 1401)
area = (grid[1] - grid[0]) ** 2
points = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
for size, covariance in ((150, "full"), (20, "full"), (20, "tied"), (20, "diag"), (20, "spherical")):
    for kind in ("dirichlet_process", "dirichlet_distribution"):
        m = fit(5, x[:: n // size][:size], covariance_type=covariance, weight_concentration_prior_type=kind)
        print(f"{size} rows, K = 5, {covariance}, {kind}: integral of exp(score_samples) {np.exp(m.score_samples(points)).sum() * area:.4f}, "
              f"sum of weights_ {m.weights_.sum():.6f}")
