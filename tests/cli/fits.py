# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of gmmpi fit share."""

import csv

import h5py
import numpy

from harness import MALL, Case

PAIR = ("--columns", "Annual Income (k$),Spending Score (1-100)")


def log_density(x, weights, means, covariances):
    """log p(x) for full covariances, from numpy's own inverse and determinant."""
    terms = []
    for weight, mean, covariance in zip(weights, means, covariances):
        if weight == 0:
            continue
        y = x - mean
        distance = numpy.einsum("ij,jk,ik->i", y, numpy.linalg.inv(covariance), y)
        terms.append(numpy.log(weight) - 0.5 * (distance + numpy.linalg.slogdet(covariance)[1] + x.shape[1] * numpy.log(2 * numpy.pi)))
    terms = numpy.array(terms)
    top = terms.max(axis=0)
    return top + numpy.log(numpy.exp(terms - top).sum(axis=0))


class FitCase(Case):
    """Fits of one table, and what their models hold."""

    def fit(self, *arguments, **options):
        return self.summary("fit", *arguments, "-o", self.path("model.h5"), **options)

    def save(self, x, name="points.npy"):
        numpy.save(self.path(name), numpy.asarray(x, dtype=float))
        return self.path(name)

    def model(self, name="model.h5"):
        with h5py.File(self.path(name)) as file:
            content = {key: file[key][...] for key in ("weights", "means", "covariances", "precisions_cholesky")}
            content.update(file.attrs)
            return content

    def mall(self):
        with open(MALL, newline="") as file:
            return numpy.array([[float(row[3]), float(row[4])] for row in list(csv.reader(file))[1:]])
