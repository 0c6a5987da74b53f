#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows what is particular about EM in OpenCV (cv2.ml.EM): defaults, tolerance, single precision, the floor of
eigenvalues."""

import cv2
import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.datasets import load_iris

print("OpenCV", cv2.__version__)
x = load_iris().data
kinds = {"generic": cv2.ml.EM_COV_MAT_GENERIC, "diagonal": cv2.ml.EM_COV_MAT_DIAGONAL, "spherical": cv2.ml.EM_COV_MAT_SPHERICAL}


def create(kind, k, iterations, epsilon=0.0):
    em = cv2.ml.EM_create()
    em.setClustersNumber(k)
    em.setCovarianceMatrixType(kinds[kind])
    em.setTermCriteria((cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, iterations, epsilon))
    return em


def log_likelihood(em, points):
    return logsumexp([np.log(w) + multivariate_normal(m, c, allow_singular=True).logpdf(points)
                      for w, m, c in zip(em.getWeights()[0], em.getMeans(), em.getCovs())], axis=0).sum()


em = cv2.ml.EM_create()
print("defaults: components", em.getClustersNumber(), "covariance", [k for k, v in kinds.items() if v == em.getCovarianceMatrixType()],
      "(type, iterations, epsilon)", em.getTermCriteria())
start = np.repeat(np.eye(3), 50, axis=0) * 0.8 + 0.2 / 3
em = create("generic", 3, 20)
each = em.trainM(x, start)[1]
print(f"trainM, 20 iterations: sum of the log-likelihoods that are returned {each.sum():.9f}, of the parameters {log_likelihood(em, x):.9f}")
for n in (1, 2):
    cv2.setRNGSeed(1)
    a, b = create("generic", 3, n).trainEM(x)[1].sum(), create("generic", 3, n).trainM(x, start)[1].sum()
    print(f"{n} iteration(s): trainEM {a:.3f}, trainM {b:.3f}: so many E-steps; trainEM begins with one, trainM with an M-step")
for epsilon in (1e-6, 1e-9, 1e-12):
    each = create("generic", 3, 100000, epsilon).trainM(x, start)[1]
    print(f"epsilon {epsilon:g} (of the total, relative to it): log-likelihood {each.sum():.9f}")


for offset in (0, 1e4, 1e6, 1e8):
    em, other = create("generic", 1, 5), create("generic", 1, 5)
    em.trainEM(x + offset)
    other.trainM(x + offset, np.ones((150, 1)))
    print(f"iris + {offset:g}, one component, variances: trainEM {np.diag(em.getCovs()[0])}, trainM {np.diag(other.getCovs()[0])}")
for scale in (1, 1e-6, 1e-7, 1e-8, 1e-9):
    em = create("generic", 1, 5)
    each = em.trainM(x * scale, np.ones((150, 1)))[1]
    print(f"iris x {scale:g}, one component, trainM: variances / scale^2 {np.diag(em.getCovs()[0]) / scale ** 2}, "
          f"log-likelihood + 600 log(scale) {each.sum() + 600 * np.log(scale):.3f}")
em = create("spherical", 1, 5)
em.trainM(x, np.ones((150, 1)))
print(f"spherical: variance {em.getCovs()[0][0, 0]:.6f}, mean variance of the columns {x.var(0).mean():.6f}")
# The floor of the eigenvalues, in the units of the data: a constant column.
flat = np.column_stack([x[:, 0], np.ones(150)])
em = create("generic", 1, 5)
each = em.trainM(flat, np.ones((150, 1)))[1]
print(f"a constant column: covariance {em.getCovs()[0].tolist()}, log-likelihood {each.sum():.3f} (1-D: {multivariate_normal(x[:, 0].mean(), x[:, 0].var()).logpdf(x[:, 0]).sum():.3f})")
