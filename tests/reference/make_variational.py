#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes variational.json: scikit-learn's BayesianGaussianMixture from given responsibilities.

Row i of the customers begins in component (7 i) mod 5. With tol=0 the mixture has seen the first M-step and as many
iterations as stored; its arrays are those of scikit-learn, those of every tenth row its predictions. reg_covar is 1e-6.
Needs numpy and scikit-learn.
"""

import json
import os
import warnings

import numpy as np
import sklearn
from sklearn.mixture import BayesianGaussianMixture

HERE = os.path.dirname(os.path.abspath(__file__))
K = 5
TYPES = {"vb": "dirichlet_distribution", "dp": "dirichlet_process"}
PRIORS = {
    "full": {"covariance_prior": [[300.0, 20.0], [20.0, 500.0]]},
    "tied": {"covariance_prior": [[300.0, 20.0], [20.0, 500.0]]},
    "diag": {"covariance_prior": [300.0, 500.0]},
    "spherical": {"covariance_prior": 400.0},
}
COMMON = {"weight_concentration_prior": 0.7, "mean_precision_prior": 0.25, "degrees_of_freedom_prior": 3.5,
          "mean_prior": [55.0, 45.0]}


class FromLabels(BayesianGaussianMixture):
    """Begins with responsibilities of 0 and 1."""

    def _initialize_parameters(self, X, random_state):
        self._initialize(X, np.eye(K)[self.labels])


def main():
    table = np.genfromtxt(os.path.join(HERE, "..", "..", "data", "mall_customers.csv"), delimiter=",", skip_header=1,
                          usecols=(3, 4))
    labels = 7 * np.arange(len(table)) % K
    results = []
    for covariance in PRIORS:
        for method in TYPES:
            for iterations, priors in ((1, {}), (30, {}), (12, dict(COMMON, **PRIORS[covariance]))):
                mixture = FromLabels(n_components=K, covariance_type=covariance, tol=0, reg_covar=1e-6, max_iter=iterations,
                                     weight_concentration_prior_type=TYPES[method],
                                     **{name: np.array(value) if isinstance(value, list) else value
                                        for name, value in priors.items()})
                mixture.labels = labels
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    mixture.fit(table)
                arrays = {name: np.array(getattr(mixture, name + "_")).tolist()
                          for name in ("weights", "means", "covariances", "precisions_cholesky", "weight_concentration",
                                       "mean_precision", "degrees_of_freedom", "lower_bound")}
                some = table[::10]
                results.append({"covariance": covariance, "method": method, "iterations": iterations, "priors": priors,
                                "arrays": arrays, "predict": mixture.predict(some).tolist(),
                                "predict_proba": mixture.predict_proba(some).tolist(),
                                "score_samples": mixture.score_samples(some).tolist()})
    with open(os.path.join(HERE, "variational.json"), "w") as file:
        json.dump({"scikit_learn": sklearn.__version__, "results": results}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
