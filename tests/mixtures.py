# SPDX-License-Identifier: BSD-3-Clause
"""Mixtures written by hand for the tests, and their densities by numpy."""

import h5py
import numpy


class Mixture:
    """weights: K; means: K x d; covariances: K x d x d, or in the shape of another family; names: d or None."""

    def __init__(self, weights, means, covariances, names=None, family="full"):
        self.weights = numpy.array(weights, dtype=float)
        self.means = numpy.array(means, dtype=float)
        self.covariances = numpy.array(covariances, dtype=float)
        self.names = names
        self.family = family

    def dense(self):
        """The covariances as K x d x d."""
        n_components, n_features = self.means.shape
        if self.family == "full":
            return self.covariances
        if self.family == "tied":
            return numpy.repeat(self.covariances[None], n_components, axis=0)
        if self.family == "diag":
            return numpy.array([numpy.diag(variances) for variances in self.covariances])
        return numpy.array([variance * numpy.eye(n_features) for variance in self.covariances])

    def precisions_cholesky(self):
        """As scikit-learn's: transposed inverses of the Cholesky factors."""
        if self.family in ("diag", "spherical"):
            return 1 / numpy.sqrt(self.covariances)
        return numpy.swapaxes(numpy.linalg.inv(numpy.linalg.cholesky(self.covariances)), -1, -2)

    def write(self, path):
        """A model file by h5py alone."""
        with h5py.File(path, "w") as file:
            file["weights"] = self.weights
            file["means"] = self.means
            file["covariances"] = self.covariances
            file["precisions_cholesky"] = self.precisions_cholesky()
            file.attrs["format"] = "gmmpi model"
            file.attrs["format_version"] = 1
            file.attrs["covariance"] = self.family
            if self.names is not None:
                file.attrs["feature_names"] = self.names
        return path

    def log_joint(self, points):
        """n x K: log of weight times density."""
        with numpy.errstate(divide="ignore"):
            columns = numpy.log(self.weights)[None, :].repeat(len(points), axis=0)
        for k, covariance in enumerate(self.dense()):
            centred = points - self.means[k]
            distances = numpy.einsum("ij,jk,ik->i", centred, numpy.linalg.inv(covariance), centred)
            determinant = numpy.linalg.slogdet(covariance)[1]
            columns[:, k] -= (points.shape[1] * numpy.log(2 * numpy.pi) + determinant + distances) / 2
        return columns

    def log_density(self, points):
        joint = self.log_joint(points)
        highest = joint.max(axis=1)
        return highest + numpy.log(numpy.exp(joint - highest[:, None]).sum(axis=1))

    def responsibilities(self, points):
        return numpy.exp(self.log_joint(points) - self.log_density(points)[:, None])


def three_components():
    return Mixture(
        weights=[0.5, 0.2, 0.3],
        means=[[0, 0], [4, -1], [-3, 5]],
        covariances=[[[1, 0.3], [0.3, 2]], [[0.5, -0.1], [-0.1, 0.7]], [[4, 1], [1, 1]]],
        names=["Age", 'a "b", c'],
    )
