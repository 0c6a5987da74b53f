# SPDX-License-Identifier: BSD-3-Clause
"""What the estimators have in common."""

import math
import os
import warnings

import numpy as np

from . import conversion, starts
from .base import (
    BaseEstimator,
    DensityMixin,
    check_is_fitted,
    check_random_state,
    names_of_features,
    validate,
    validate_weights,
)
from .communicator import Communicator, is_forked, let_copy, note_use
from .errors import STOPPED, ConvergenceWarning, FitWarning, WrongUsage
from .fitting import fit_points
from .options import Options
from .points import Points, is_file
from .watch import Screen, Watch

_FAST = np.dtype(np.float64)
_NUMBERS_FOR_THREADS = 1 << 19

# What is set by a parameter of its own.
_NAMES_OF_PARAMETERS = {
    "components": "n_components", "covariance": "covariance_type", "tol": "tol", "max_iter": "max_iter",
    "reg_covar": "reg_covar", "n_init": "n_init", "init": "init_params", "seed": "random_state", "threads": "threads",
}  # fmt: skip


def seed_of(random_state):
    """The library's seed: 0 for None, an integer itself, else a number that is drawn."""
    if random_state is None:
        return 0
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(0, 2**31 - 1))


def n_cores():
    """The processor cores that this process may use; OMP_NUM_THREADS may say fewer."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return max(1, min(cores, int(said)) if said.isdigit() else cores)


def threads_of(threads, size=1, numbers=0):
    """As many as asked for; None: for so many numbers, of a process that is not one of several ranks, one for each
    core, for fewer one. A process that was forked from one that used threads has one."""
    if is_forked():
        return 1
    if threads is not None:
        return threads
    return 1 if size > 1 or numbers < _NUMBERS_FOR_THREADS else n_cores()


class BaseMixture(DensityMixin, BaseEstimator):
    """A mixture that is fitted by the library. Subclasses say which options follow from their parameters."""

    # --- what subclasses say ---

    def _method_options(self):
        """Options beside the common ones."""
        return {}

    def _start(self, points, options, model):
        """Sets what the fit starts from, in the options; model: of the fit before, for warm_start."""

    def _take_method(self, model, facts):
        """Sets attributes beside the common ones."""

    # --- copies ---

    def get_params(self, deep=True):
        """The parameters by their names."""
        let_copy(self.comm)
        return super().get_params(deep)

    def __getstate__(self):
        """All but the communicator, which belongs to the processes of this job."""
        state = super().__getstate__() if hasattr(super(), "__getstate__") else self.__dict__
        return dict(state, comm=None)

    # --- fit ---

    def _options(self, size, numbers):
        """What the parameters say, by the options' names. size: of the communicator; numbers: of the data, or so."""
        if isinstance(self.n_components, str):
            raise WrongUsage("n_components: %r is a text; give a number" % self.n_components)
        values = {
            "components": self.n_components,
            "covariance": self.covariance_type,
            "reg_covar": self.reg_covar,
            "seed": seed_of(self.random_state),
            "threads": threads_of(self.threads, size, numbers),
        }
        for name, parameter, usual in (
            ("tol", "tol", 1e-6),
            ("max_iter", "max_iter", 1000),
            ("n_init", "n_init", 1),
            ("init", "init_params", "kmeans"),
        ):
            if getattr(self, parameter) != usual:
                values[name] = getattr(self, parameter)
        values.update(self._method_options())
        if not isinstance(self.options, (dict, type(None))):
            raise WrongUsage("options: %r is no dict of names and values" % (self.options,))
        for name, value in (self.options or {}).items():
            word = str(name).replace("-", "_")
            if word in _NAMES_OF_PARAMETERS:
                raise WrongUsage("options: %r has a parameter of its own; give %s" % (name, _NAMES_OF_PARAMETERS[word]))
            values[word] = value
        if values.get("method") == "adapt":  # they are those of the model
            for name in ("components", "covariance"):
                values.pop(name)
        return values

    def _rows(self, X, sample_weight, size):
        """What is given to the library: rows or a file's name, weights and names of features."""
        if is_file(X):
            if sample_weight is not None:
                raise WrongUsage('the weights of a file\'s rows are a column of it; give options={"weights": NAME}')
            return X, None, None
        drops = self.options is not None and {"missing", "infinite"} & {
            str(name).replace("-", "_") for name in self.options
        }
        if size > 1 and np.ndim(X) == 2 and len(X) == 0:
            rows = np.ascontiguousarray(X, dtype=np.float64)
            self.n_features_in_ = rows.shape[1]
        else:
            rows = validate(self, X, True, least=1 if size > 1 or sample_weight is not None else 2, finite=not drops)
        return rows, validate_weights(sample_weight, rows), names_of_features(X)

    def fit(self, X, y=None, sample_weight=None):
        """Fits the mixture.

        X: n x d numbers, of which contiguous arrays of float64 and float32 are not copied; or the name of a file, as
        ``gmmpi fit`` takes it, which is streamed where it does not fit into memory. y: nothing. sample_weight: n,
        how often each row counts. With ``comm`` all ranks call it, each with its rows.

        Raises KeyboardInterrupt (or what else stopped it) with the attributes set to the last model that was measured,
        if there is one, and ``converged_`` False.
        """
        with Communicator(self.comm) as communicator:
            problem = None
            try:
                rows, weights, names = self._rows(X, sample_weight, communicator.size)
                values = self._options(communicator.size, math.inf if is_file(rows) else rows.size)
                options = Options(values)
            except Exception as exception:
                problem = exception
            communicator.agree(problem)
            note_use()
            with options, Points(communicator, rows, options, weights, names) as points:
                self._fit_points(communicator, points, options)
        return self

    def _fit_points(self, communicator, points, options):
        self.n_features_in_ = points.n_features
        if points.from_file:
            self.__dict__.pop("feature_names_in_", None)
            if points.feature_names is not None:
                self.feature_names_in_ = points.feature_names
        model = getattr(self, "model_", None) if self.warm_start else None
        self._start(points, options, model)
        show = Screen(self.verbose_interval, self.max_iter) if self.verbose and communicator.rank == 0 else None
        with Watch(self.on_progress, show) as watch:
            outcome = fit_points(points, options, watch)
            if outcome.model is not None:
                self._take(outcome.model, outcome.events, outcome.n_passes)
        self._end(communicator, outcome, watch)

    def _take(self, model, events, n_passes):
        """Sets the attributes from a model."""
        facts = model.facts()
        self.model_ = model
        self.weights_ = model.array("weights")
        self.means_ = model.array("means")
        self.covariances_ = model.array("covariances")
        self.precisions_cholesky_ = model.array("precisions_cholesky")
        self.precisions_ = starts.precisions(self.precisions_cholesky_, model.covariance_type)
        self.converged_ = bool(facts.get("converged", False))
        self.n_iter_ = int(facts.get("n_iter", 0))
        self.events_ = events
        self.__dict__.pop("component_names_", None)
        if model.component_names is not None:
            self.component_names_ = model.component_names
        self.summary_ = facts if n_passes is None else dict(facts, n_passes=n_passes)
        self._take_method(model, facts)

    def _end(self, communicator, outcome, watch):
        """Raises what stopped the fit, or warns of what is in doubt."""
        if outcome.exception is not None:
            watch.exception = watch.exception or outcome.exception
        if outcome.status == STOPPED:
            reason = communicator.largest(2 if watch.exception is not None else 1)
            if watch.exception is None and reason == 2:
                raise KeyboardInterrupt("another rank was interrupted")
        if watch.exception is not None:
            raise watch.exception
        if outcome.model is None:
            raise KeyboardInterrupt("the fit was stopped before there was a model")
        if communicator.rank != 0:
            return
        for event in outcome.events:
            warnings.warn(event, FitWarning, stacklevel=4)
        if self.converged_ or (self.summary_.get("method") == "adapt" and self.tol == 1e-6 and self.max_iter == 1000):
            return
        if outcome.status == STOPPED:
            text = "stopped by on_progress after %d iterations, before it converged" % self.n_iter_
        elif self.n_iter_ >= self.max_iter:
            text = "not converged after %d iterations; raise max_iter or tol" % self.n_iter_
        else:
            text = "not converged: the last component would lose its positive definite covariance; raise reg_covar"
        if self.tol != 0 or outcome.status == STOPPED:
            warnings.warn(text, ConvergenceWarning, stacklevel=4)

    def fit_predict(self, X, y=None, sample_weight=None):
        """Fits the mixture, and says which component each row belongs to."""
        return self.fit(X, y, sample_weight).predict(X)

    # --- use ---

    def _rows_to_predict(self, X):
        """As validate, at once for what needs no conversion: the library sees whether numbers are finite."""
        known = self.__dict__
        if (
            type(X) is np.ndarray
            and X.dtype is _FAST
            and X.ndim == 2
            and "feature_names_in_" not in known
            and "model_" in known
            and X.shape[1] == known["model_"].n_features
            and X.shape[0] > 0
            and X.flags.c_contiguous
        ):
            return X
        check_is_fitted(self)
        if is_file(X):
            raise WrongUsage("X is the name of a file; read it, or call gmmpi predict")
        return validate(self, X, False)

    def _predict(self, X, **wanted):
        rows = self._rows_to_predict(X)
        threads = threads_of(self.threads, numbers=rows.size) if len(rows) > 4096 else 1
        if threads > 1:
            note_use()
        n = len(rows)
        model = self.model_
        arrays = {
            name: np.empty((n, model.n_components) if name == "shares" else n, np.int32 if name == "labels" else _FAST)
            for name in wanted
        }
        try:
            model.predict(rows, threads, **arrays)
        except ValueError:
            validate(self, X, False)  # says it as scikit-learn does
            raise
        return arrays

    def predict(self, X):
        """The component with the largest responsibility for each row: n, from 0; -1: the background's
        (``options={"noise": True}``)."""
        return self._predict(X, labels=True)["labels"].astype(np.int64)

    def predict_proba(self, X):
        """The responsibilities: n x K. Rows sum to 1, or to what a background leaves of 1."""
        return self._predict(X, shares=True)["shares"]

    def score_samples(self, X):
        """The logarithm of the density at each row: n."""
        return self._predict(X, expected=True)["expected"]

    def score(self, X, y=None, sample_weight=None):
        """The mean of score_samples, weighted."""
        values = self.score_samples(X)
        return float(np.average(values, weights=validate_weights(sample_weight, values[:, np.newaxis])))

    def sample(self, n_samples=1):
        """n_samples points of the mixture, and the components they were drawn from, in no order."""
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(
                "Invalid value for 'n_samples': %d . The sampling requires at least one sample." % n_samples
            )
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = int(check_random_state(seed).randint(0, 2**31 - 1))
        return self.model_.sample(int(n_samples), int(seed))

    def to_sklearn(self):
        """The same mixture as a fitted estimator of scikit-learn."""
        return conversion.to_sklearn(self)

    def save(self, path):
        """Writes the model's file: what ``gmmpi fit`` would write for the same points and options."""
        check_is_fitted(self)
        self.model_.write(path)
