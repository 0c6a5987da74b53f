# SPDX-License-Identifier: BSD-3-Clause
"""Variational Bayes."""

from .conversion import PRIORS
from .errors import WrongUsage
from .mixture import BaseMixture

_METHODS = {"dirichlet_process": "dp", "dirichlet_distribution": "vb"}


class BayesianGaussianMixture(BaseMixture):
    """A variational posterior of a Gaussian mixture.

    Parameters, methods and attributes are those of scikit-learn's class of this name, and besides those of
    :class:`GaussianMixture`. score_samples is scikit-learn's, of expected densities; log_density is the posterior
    predictive density.
    """

    def __init__(
        self,
        *,
        n_components=1,
        covariance_type="full",
        tol=1e-6,
        reg_covar=1e-6,
        max_iter=1000,
        n_init=1,
        init_params="kmeans",
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=None,
        mean_precision_prior=None,
        mean_prior=None,
        degrees_of_freedom_prior=None,
        covariance_prior=None,
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
        self.weight_concentration_prior_type = weight_concentration_prior_type
        self.weight_concentration_prior = weight_concentration_prior
        self.mean_precision_prior = mean_precision_prior
        self.mean_prior = mean_prior
        self.degrees_of_freedom_prior = degrees_of_freedom_prior
        self.covariance_prior = covariance_prior
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.threads = threads
        self.comm = comm
        self.options = options
        self.on_progress = on_progress

    def _method_options(self):
        kind = self.weight_concentration_prior_type
        if kind not in _METHODS:
            raise WrongUsage("weight_concentration_prior_type is %r; give one of %s" % (kind, ", ".join(_METHODS)))
        values = {"method": _METHODS[kind]}
        values.update((name, getattr(self, name)) for name in PRIORS if getattr(self, name) is not None)
        return values

    def _start(self, points, options, model, values):
        if model is not None:
            options.set("n_init", 1)
            options.set_start(model)

    def _take_method(self, model, facts):
        self.lower_bound_ = model.array("lower_bound")
        for name in ("mean_precision", "degrees_of_freedom", *PRIORS):
            setattr(self, name + "_", model.array(name))
        if model.covariance_type == "tied":
            self.degrees_of_freedom_ = float(self.degrees_of_freedom_[0])
        concentration = model.array("weight_concentration")
        self.weight_concentration_ = tuple(concentration) if concentration.ndim == 2 else concentration

    def log_density(self, X):
        """The logarithm of the posterior predictive density at each row: n (Bishop 2006, eq. 10.81)."""
        return self._predict(X, density=True)["density"]
