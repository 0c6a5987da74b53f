# SPDX-License-Identifier: BSD-3-Clause
"""Estimators of scikit-learn from ours."""

from .base import HAS_SKLEARN, check_is_fitted
from .errors import WrongUsage

PLAIN = ("full", "tied", "diag", "spherical")
PRIORS = ("weight_concentration_prior", "mean_precision_prior", "mean_prior", "degrees_of_freedom_prior",
          "covariance_prior")  # fmt: skip
_COMMON = ("n_components", "covariance_type", "tol", "reg_covar", "max_iter", "n_init", "random_state", "warm_start",
           "verbose", "verbose_interval")  # fmt: skip


def parameters_of(estimator, also):
    """The parameters that both have in common, and these."""
    return {name: getattr(estimator, name) for name in (*_COMMON, *also)}


def to_sklearn(estimator):
    """The same mixture as a fitted estimator of scikit-learn."""
    if not HAS_SKLEARN:
        raise ImportError("to_sklearn: scikit-learn is not installed")
    from sklearn import mixture

    check_is_fitted(estimator)
    model = estimator.model_
    if any(model.array_or_none(name) is not None for name in ("dof", "noise_weight")):
        raise WrongUsage("scikit-learn has no mixture of t distributions or with a background")
    if any(model.transforms):
        raise WrongUsage("scikit-learn does not transform features, and the model does: %s" % model.transforms)
    if model.array_or_none("mean_precision") is None:
        also = () if model.covariance_type not in PLAIN else ("weights_init", "means_init", "precisions_init")
        made = mixture.GaussianMixture(**parameters_of(estimator, also))
    else:
        made = mixture.BayesianGaussianMixture(**parameters_of(estimator, ("weight_concentration_prior_type", *PRIORS)))
        for name in ("mean_precision", "degrees_of_freedom", "weight_concentration", *PRIORS):
            setattr(made, name + "_", getattr(estimator, name + "_"))
    kind = model.covariance_type if model.covariance_type in PLAIN else "full"
    made.set_params(covariance_type=kind, n_components=model.n_components)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "converged_", "n_iter_",
                 "lower_bound_", "n_features_in_", "feature_names_in_"):  # fmt: skip
        if hasattr(estimator, name):
            setattr(made, name, getattr(estimator, name))
    return made
