# SPDX-License-Identifier: BSD-3-Clause
"""Maximum likelihood, and what the options make of it."""

import math

import numpy as np

from . import starts
from .fitting import fit_points
from .mixture import BaseMixture
from .model import Model
from .options import Options

_SHAPES_OF_PRECISIONS = {
    "full": lambda K, d: (K, d, d),
    "tied": lambda K, d: (d, d),
    "diag": lambda K, d: (K, d),
    "spherical": lambda K, d: (K,),
}


class GaussianMixture(BaseMixture):
    """A Gaussian mixture, fitted by expectation-maximisation.

    Parameters, methods and attributes are those of scikit-learn's class of this name (docs/python.md says what differs),
    and besides:

    covariance_type: 'full', 'tied', 'diag', 'spherical', or a code of mclust's, 'VVE' for instance.
    init_params: 'kmeans', 'k-means++', 'random_from_data', 'random', or the name of a file to start from.
    random_state: None is seed 0, so that two fits are the same.
    threads: of this process; None: one for each core that it may use. The result is the same.
    comm: a communicator of mpi4py, whose ranks each give their rows to fit; None: this process alone.
    options: a dict of what else ``gmmpi fit`` takes, by its names: {"noise": True, "coarse_to_fine": False}.
    on_progress: a function that is called with a gmmpi.Progress after each pass; the fit stops after the next
        one where it returns something true.

    Attributes, beside scikit-learn's: events_, what happened on the way that one should know, in sentences; summary_, a
    dict of what the model's file notes of the fit, log_likelihood, bic, aic and icl among it; model_, the library's model.
    """

    def __init__(
        self,
        n_components=1,
        *,
        covariance_type="full",
        tol=1e-6,
        reg_covar=1e-6,
        max_iter=1000,
        n_init=1,
        init_params="kmeans",
        weights_init=None,
        means_init=None,
        precisions_init=None,
        random_state=None,
        warm_start=False,
        verbose=0,
        verbose_interval=10,
        threads=None,
        comm=None,
        options=None,
        on_progress=None,
    ):
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.threads = threads
        self.comm = comm
        self.options = options
        self.on_progress = on_progress

    def _parameters_to_start_from(self, family, d):
        K = self.n_components
        parameters = {}
        if self.weights_init is not None:
            parameters["weights"] = starts.weights_of(self.weights_init, K)
        if self.means_init is not None:
            parameters["means"] = starts.array_of_shape("means", self.means_init, (K, d))
        if self.precisions_init is not None:
            shape = _SHAPES_OF_PRECISIONS.get(family, _SHAPES_OF_PRECISIONS["full"])(K, d)
            given = starts.precisions_of(self.precisions_init, shape, family)
            parameters["covariances"] = starts.covariances(given, family)
        return parameters

    def _start(self, points, options, model, values):
        if model is None:
            parameters = self._parameters_to_start_from(options.get("covariance"), points.n_features)
            if not parameters:
                return
            model = self._model_to_start_from(points, options, parameters, values)
        options.set("n_init", 1)
        options.set_start(model)

    def _model_to_start_from(self, points, options, parameters, values):
        """What the parameters do not say is as it would be without them, as in scikit-learn: from the first M-step."""
        if len(parameters) < 3:
            with Options(dict(values, max_iter=0, n_init=1, coarse_to_fine=False)) as first:
                model = fit_points(points, first).model
            for name in ("weights", "means", "covariances"):
                parameters.setdefault(name, model.array(name))
        return Model.from_json(options.get("covariance"), parameters)

    def _take_method(self, model, facts):
        total = facts.get("sum_of_weights", facts.get("n_samples", 0))
        if "log_posterior" in facts:
            self.lower_bound_ = facts["log_posterior"] / total
        else:
            self.lower_bound_ = facts.get("mean_log_likelihood", -math.inf)
        for name in ("dof", "noise_weight", "noise_volume"):
            self.__dict__.pop(name + "_", None)
            array = model.array_or_none(name)
            if array is not None:
                setattr(self, name + "_", array)

    def _n_parameters(self):
        return self.summary_.get("n_parameters", self.model_.n_parameters)

    def bic(self, X):
        """Schwarz's criterion for X: the lower, the better."""
        values = self.score_samples(X)
        return float(-2 * np.sum(values) + self._n_parameters() * math.log(len(values)))

    def aic(self, X):
        """Akaike's criterion for X: the lower, the better."""
        return float(-2 * np.sum(self.score_samples(X)) + 2 * self._n_parameters())
