#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows scikit-learn's GaussianMixture on data far from the origin, its refusals, seeds, optima, and the order of what it draws."""

import warnings

import numpy
import sklearn
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture

warnings.simplefilter("ignore")
points = load_iris().data
print("scikit-learn", sklearn.__version__)
for shift in 0, 1e6, 1e7:
    for shape in "full", "tied", "diag", "spherical":
        try:
            mixture = GaussianMixture(3, covariance_type=shape, tol=1e-9, max_iter=1000, random_state=0).fit(points + shift)
            ending = f"{150 * mixture.score(points + shift):.4f}, converged {mixture.converged_}"
        except ValueError as error:
            ending = str(error)[:91]
        print(f"iris + {shift:g}, {shape}: {ending}")
collapsing = numpy.vstack([numpy.zeros((50, 2)), numpy.random.default_rng(0).normal(5, 1, (50, 2))])
for what, call in (
    ("a missing value", lambda: GaussianMixture(2).fit(numpy.vstack([points, [[numpy.nan] * 4]]))),
    ("more components than rows", lambda: GaussianMixture(200).fit(points)),
    ("weights", lambda: GaussianMixture(2).fit(points, sample_weight=numpy.ones(150))),
    ("50 identical rows beside 50 others, reg_covar 0", lambda: GaussianMixture(2, reg_covar=0, random_state=0).fit(collapsing)),
):
    try:
        call()
        print(what + ": a model")
    except (TypeError, ValueError) as error:
        print(f"{what}: {type(error).__name__}: {str(error).splitlines()[0][:100]}")
for components in 3, 6:
    ends = [150 * GaussianMixture(components, tol=1e-9, max_iter=10000, random_state=seed).fit(points).score(points) for seed in range(30)]
    print(f"iris, {components} components, 30 seeds: best {max(ends):.3f}, median {numpy.median(ends):.3f}, worst {min(ends):.3f}")
print("random_state=None, twice:", *(f"{150 * GaussianMixture(6).fit(points).score(points):.3f}" for _ in range(2)))
print("labels of sample(10):", GaussianMixture(3, random_state=0).fit(points).sample(10)[1])
