# SPDX-License-Identifier: BSD-3-Clause
"""Runs of gmmpi, and the measures by which its models and the peer's are compared."""

import json
import os
import resource
import subprocess

import h5py
import numpy as np

from plotting.mixture import Mixture, read_mixture
from plotting.problem import BAD_DATA, NO_INPUT, Problem

REG_COVAR = 1e-6
CHUNK = 20000
PLAIN = ["--accelerate", "none", "--no-coarse-to-fine"]


class Program:
    """A gmmpi binary, and a folder for its files."""

    def __init__(self, path, folder):
        if not os.access(path, os.X_OK):
            raise Problem(NO_INPUT, "%s: not a program; give the path of gmmpi with --gmmpi" % path)
        self.path = path
        self.folder = folder
        self.environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

    def file(self, name):
        return os.path.join(self.folder, name)

    def store(self, points):
        """The points as a file that fit() reads."""
        path = self.file("points.h5")
        with h5py.File(path, "w") as file:
            file["points"] = points
        return path

    def knows(self, word):
        """Is it in the help of gmmpi fit?"""
        asked = [subprocess.run([self.path, "fit", option], capture_output=True, text=True, env=self.environment)
                 for option in ("--help-all", "--help")]  # older builds have the latter alone
        return any(word in done.stdout for done in asked)

    def fit(self, data, k, *arguments):
        """The summary of a fit, whose model is then in self.file("model.h5"), with "core_seconds": its time, or what of the core
        it had where others worked there, too."""
        words = [self.path, "fit", data, "-k", str(k), "-q", "--json", "--checkpoint", "none", "--reg-covar", repr(REG_COVAR),
                 "-o", self.file("model.h5")] + [str(argument) for argument in arguments]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(words, capture_output=True, text=True, env=self.environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise Problem(BAD_DATA, "%s ended with status %d: %s" % (" ".join(words), done.returncode, lines[-1]))
        summary = json.loads(done.stdout)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        summary["core_seconds"] = min(summary["seconds"]["total"], used)
        return summary

    def model(self):
        return read_mixture(self.file("model.h5"))


def parameters_of(mixture, covariance):
    """A true mixture (full covariances) as the parameters of a family that --init takes."""
    d = mixture.means.shape[1]
    full = mixture.covariances
    shapes = {"full": full, "tied": np.einsum("k,kij->ij", mixture.weights, full),
              "diag": np.diagonal(full, axis1=1, axis2=2), "spherical": np.trace(full, axis1=1, axis2=2) / d}
    return dict(weights=mixture.weights.tolist(), means=mixture.means.tolist(), covariances=shapes[covariance].tolist())


def write_json(path, content):
    with open(path, "w") as file:
        json.dump(content, file)
    return path


def write_labels(path, labels):
    with open(path, "w") as file:
        file.write("\n".join(str(label) for label in labels) + "\n")
    return path


def mean_log_likelihood(model, points):
    """By numpy, whoever fitted the model."""
    total = 0.0
    for start in range(0, len(points), CHUNK):
        logs = model.log_densities(points[start:start + CHUNK])
        highest = logs.max(axis=1)
        total += (highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1))).sum()
    return total / len(points)


def is_degenerate(model, points):
    """Does a component sit on fewer than d + 1 points (2 where d + 1 are not needed), or is its scatter in some direction
    less than the ridge, although the data have more than 100 times the ridge there? Then its likelihood says nothing."""
    d = model.n_features
    needed = d + 1 if model.rank == 2 and not model.is_shared else 2
    if (model.weights * len(points) < needed).any() or model.n_components < model.n_stored:
        return True
    total = np.atleast_2d(np.cov(points.T))
    for k in range(1 if model.is_shared else model.n_components):
        variances, directions = np.linalg.eigh(model.covariance_of(k, range(d)))
        spread = np.einsum("ij,ik,kj->j", directions, total, directions)
        if ((variances < 2 * REG_COVAR) & (spread > 100 * REG_COVAR)).any():
            return True
    return False


def model_of(weights, means, covariances, covariance):
    return Mixture(np.asarray(weights), np.asarray(means), np.asarray(covariances), covariance, None)
