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
    """A parameter as an array of float64 that must have this shape."""
    array = np.ascontiguousarray(given, dtype=np.float64)
    if array.shape != tuple(shape):
        raise WrongUsage("The parameter '%s' should have the shape of %s, but got %s" % (name, tuple(shape), array.shape))
    return array
