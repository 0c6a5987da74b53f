# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's base classes and checks of input, and what stands in for them where it is not installed."""

import inspect
import warnings

import numpy as np

from .errors import NotFittedError

try:
    from sklearn.base import BaseEstimator, DensityMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted

    HAS_SKLEARN = True
except ImportError:
    HAS_SKLEARN = False

_FLOATS = (np.float64, np.float32)

if HAS_SKLEARN:

    def validate(estimator, X, reset, least=1, finite=True):
        """X as a two-dimensional array of float64 or float32 in C order; the same object where it is that. reset: its
        features are those of the estimator from now on, else they must be."""
        how = {
            "reset": reset,
            "dtype": list(_FLOATS),
            "order": "C",
            "ensure_min_samples": least,
            "force_all_finite": finite,
        }
        if hasattr(estimator, "_validate_data"):
            return estimator._validate_data(X, **how)
        from sklearn.utils.validation import validate_data

        how["ensure_all_finite"] = how.pop("force_all_finite")
        return validate_data(estimator, X, **how)

    def validate_weights(sample_weight, X):
        """A weight for each row, as float64; None stays None."""
        return None if sample_weight is None else np.ascontiguousarray(_check_sample_weight(sample_weight, X, np.float64))

    def names_of_features(X):
        """The names of a table's columns, or None."""
        from sklearn.utils.validation import _get_feature_names

        return _get_feature_names(X)

else:

    class DensityMixin:
        """Marks what estimates densities."""

        _estimator_type = "DensityEstimator"

    class BaseEstimator:
        """Parameters are those of the constructor, kept under their names."""

        @classmethod
        def _parameter_names(cls):
            return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

        def get_params(self, deep=True):
            """The parameters by their names."""
            return {name: getattr(self, name) for name in self._parameter_names()}

        def set_params(self, **params):
            """Sets parameters by their names."""
            for name, value in params.items():
                if name not in self._parameter_names():
                    raise ValueError("Invalid parameter %r for estimator %r" % (name, self))
                setattr(self, name, value)
            return self

        def __repr__(self):
            usual = inspect.signature(type(self).__init__).parameters
            given = ["%s=%r" % (n, v) for n, v in self.get_params().items() if v is not usual[n].default]
            return "%s(%s)" % (type(self).__name__, ", ".join(given))

    def check_is_fitted(estimator):
        """Raises NotFittedError before a fit."""
        if not hasattr(estimator, "model_"):
            raise NotFittedError("This %s is not fitted yet; call fit first" % type(estimator).__name__)

    def check_random_state(seed):
        """A generator of numpy's."""
        if seed is None:
            return np.random.mtrand._rand
        return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)

    def names_of_features(X):
        """The names of a table's columns, or None."""
        columns = getattr(X, "columns", None)
        if columns is None or not all(isinstance(name, str) for name in columns):
            return None
        return np.array(columns, dtype=object)

    def validate(estimator, X, reset, least=1, finite=True):
        """X as a two-dimensional array of float64 or float32 in C order; the same object where it is that. reset: its
        features are those of the estimator from now on, else they must be."""
        names = names_of_features(X)
        array = np.asarray(X)
        if array.dtype.type not in _FLOATS:
            array = array.astype(np.float64)
        array = np.ascontiguousarray(array) if array.ndim == 2 else array
        if array.ndim != 2:
            raise ValueError("Expected 2D array, got %dD array instead; reshape the data" % array.ndim)
        if len(array) < least or array.shape[1] < 1:
            raise ValueError("Found array with shape %s while %d rows are required" % (array.shape, least))
        if finite is True and not np.isfinite(np.sum(array)) and not np.isfinite(array).all():
            raise ValueError("Input X contains NaN or infinity")
        if reset:
            estimator.n_features_in_ = array.shape[1]
            estimator.__dict__.pop("feature_names_in_", None)
            if names is not None:
                estimator.feature_names_in_ = names
        elif array.shape[1] != estimator.n_features_in_:
            raise ValueError(
                "X has %d features, but %s is expecting %d features as input"
                % (array.shape[1], type(estimator).__name__, estimator.n_features_in_)
            )
        else:
            _compare_names(estimator, names)
        return array

    def _compare_names(estimator, names):
        known = getattr(estimator, "feature_names_in_", None)
        if names is not None and known is not None and list(names) != list(known):
            raise ValueError("The feature names should match those that were passed during fit.")
        if (names is None) != (known is None):
            which = "X has" if known is None else "X does not have"
            warnings.warn("%s feature names, but %s was fitted otherwise" % (which, type(estimator).__name__))

    def validate_weights(sample_weight, X):
        """A weight for each row, as float64; None stays None."""
        if sample_weight is None:
            return None
        weights = np.ascontiguousarray(sample_weight, dtype=np.float64)
        if weights.ndim == 0:
            weights = np.full(len(X), float(weights))
        if weights.shape != (len(X),):
            raise ValueError("sample_weight.shape == %s, expected (%d,)!" % (weights.shape, len(X)))
        return weights


__all__ = [
    "HAS_SKLEARN", "BaseEstimator", "DensityMixin", "check_is_fitted", "check_random_state", "names_of_features",
    "validate", "validate_weights",
]  # fmt: skip
