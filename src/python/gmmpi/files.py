# SPDX-License-Identifier: BSD-3-Clause
"""Estimators from models: from files, and from scikit-learn's."""

import numpy as np

from .bayesian_mixture import BayesianGaussianMixture
from .conversion import PRIORS, parameters_of
from .errors import WrongUsage
from .gaussian_mixture import GaussianMixture
from .mixture import NAMES_OF_PARAMETERS
from .model import Model
from .options import Options, option_table, text_of_value


def _options_of(estimator, facts, model):
    """The options that a file notes and that are neither parameters nor what they are by default: another fit is of
    the same kind of mixture. The volume of noise belongs to the points, and what transforms features makes a fit of
    numbers in memory, which are taken as they are, a refused one."""
    noted = {name: facts[name] for name in option_table() if name in facts and name not in NAMES_OF_PARAMETERS}
    noted.pop("noise_volume", None)
    if isinstance(estimator, BayesianGaussianMixture):
        noted = {name: value for name, value in noted.items() if name != "method" and name not in PRIORS}
    with Options() as usual:
        different = {name: value for name, value in noted.items() if usual.get(name) != text_of_value(value)}
    names = model.feature_names if model.feature_names is not None else range(1, model.n_features + 1)
    transforms = [
        "%s:%s" % ("standardize" if text.startswith("standardize") else text, name)
        for text, name in zip(model.transforms, names)
        if text
    ]
    return dict(different, transform=",".join(transforms)) if transforms else different


def estimator_of(model):
    """A fitted estimator of a model, with the parameters that its file notes."""
    facts = model.facts()
    words = {"n_components": model.n_components, "covariance_type": model.covariance_type}
    for name in ("tol", "reg_covar", "max_iter", "n_init"):
        if name in facts:
            words[name] = facts[name]
    if "seed" in facts:
        words["random_state"] = int(facts["seed"])
    if facts.get("init") in ("k-means++", "random_from_data", "random"):
        words["init_params"] = facts["init"]
    if model.array_or_none("mean_precision") is None:
        estimator = GaussianMixture(**words)
    else:
        sticks = model.array("weight_concentration").ndim == 2
        kind = "dirichlet_process" if sticks else "dirichlet_distribution"
        estimator = BayesianGaussianMixture(weight_concentration_prior_type=kind, **words)
        estimator.set_params(**{name: model.array(name) for name in PRIORS})
    estimator.options = _options_of(estimator, facts, model) or None
    estimator.n_features_in_ = model.n_features
    if model.feature_names is not None:
        estimator.feature_names_in_ = model.feature_names
    estimator._take(model, facts.get("events", []), None)
    return estimator


def load(path):
    """The estimator of a model's file, which save or ``gmmpi fit`` wrote."""
    return estimator_of(Model.read(path))


def from_sklearn(estimator):
    """The same mixture as a fitted scikit-learn estimator, GaussianMixture or BayesianGaussianMixture."""
    is_posterior = hasattr(estimator, "weight_concentration_prior_type")
    if not hasattr(estimator, "means_"):
        raise WrongUsage("%r is not fitted; fit it before" % estimator)
    kind = estimator.covariance_type
    parameters = {name: getattr(estimator, name + "_") for name in ("weights", "means", "covariances")}
    if is_posterior:
        names = ("mean_precision", "degrees_of_freedom", "weight_concentration", *PRIORS)
        parameters.update((name, getattr(estimator, name + "_")) for name in names)
        K = len(parameters["weights"])
        parameters["degrees_of_freedom"] = np.broadcast_to(parameters["degrees_of_freedom"], (K,))
        parameters["lower_bound"] = estimator.lower_bound_
        also = ("weight_concentration_prior_type", *PRIORS)
        made = BayesianGaussianMixture(**parameters_of(estimator, also), init_params=estimator.init_params)
    else:
        also = ("weights_init", "means_init", "precisions_init")
        made = GaussianMixture(**parameters_of(estimator, also), init_params=estimator.init_params)
    made.n_features_in_ = parameters["means"].shape[1]
    if hasattr(estimator, "feature_names_in_"):
        made.feature_names_in_ = estimator.feature_names_in_
    made._take(Model.from_json(kind, parameters), [], None)
    made.converged_, made.n_iter_ = estimator.converged_, estimator.n_iter_
    made.lower_bound_ = estimator.lower_bound_
    return made
