# SPDX-License-Identifier: BSD-3-Clause
"""Parameters to start from, and the matrices that go with covariances."""

import numpy as np

from .errors import WrongUsage


def precisions(precisions_cholesky, covariance_type):
    """The inverses of covariances, from the factors of the inverses, in the same shape."""
    factors = precisions_cholesky
    if covariance_type in ("diag", "spherical"):
        return factors**2
    return factors @ np.swapaxes(factors, -1, -2)


def covariances(given, covariance_type):
    """The covariances of precisions; of one number or a diagonal its inverse."""
    if covariance_type in ("diag", "spherical"):
        return 1.0 / given
    try:
        inverse = np.linalg.inv(given)
    except np.linalg.LinAlgError:
        raise WrongUsage("The parameter 'precisions' is not positive definite") from None
    return (inverse + np.swapaxes(inverse, -1, -2)) / 2.0


def array_of_shape(name, given, shape):
    """A parameter as an array of finite float64 that must have this shape."""
    array = np.ascontiguousarray(given, dtype=np.float64)
    if array.shape != tuple(shape):
        raise WrongUsage("The parameter '%s' should have the shape of %s, but got %s" % (name, tuple(shape), array.shape))
    if not np.isfinite(array).all():
        raise WrongUsage("The parameter '%s' has NaN or an infinite number; give finite ones" % name)
    return array


def weights_of(given, K):
    """weights_init, as scikit-learn takes them: of 0 to 1, with the sum 1."""
    array = array_of_shape("weights", given, (K,))
    if (array < 0).any() or (array > 1).any():
        raise WrongUsage(
            "The parameter 'weights' should be in the range [0, 1], but got max value %.5f, min value %.5f"
            % (array.min(), array.max())
        )
    if not np.allclose(array.sum(), 1.0):
        raise WrongUsage("The parameter 'weights' should be normalized, but got sum(weights) = %.5f" % array.sum())
    return array


def precisions_of(given, shape, covariance_type):
    """precisions_init, as scikit-learn takes them: symmetric and positive definite."""
    array = array_of_shape("precisions", given, shape)
    if covariance_type in ("diag", "spherical"):
        if (array <= 0).any():
            raise WrongUsage("'%s precision' should be positive" % covariance_type)
    elif not np.allclose(array, np.swapaxes(array, -1, -2)) or (np.linalg.eigvalsh(array) <= 0).any():
        raise WrongUsage("'%s precision' should be symmetric, positive-definite" % covariance_type)
    return array
