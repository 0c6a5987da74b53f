# SPDX-License-Identifier: BSD-3-Clause
"""A mixture for each group, as `gmmpi fit --by` writes them: what groups.png and groups_overview.png show."""

import numpy as np

from .mixture import Mixture, storage_of
from .problem import BAD_DATA, WRONG_USAGE, Problem
from .tables import features_of, names_of, open_results, pick_features, words_of
from .transforms import shown_names_of

MOST_PANELS = 48
NOISE = ("weight", "volume", "origin", "axes")  # of the background
FAILED_PANELS = 4  # at most, where not all groups are drawn
COUNTS = ("n_samples", "n_components", "n_iter", "converged", "status")
REASONS = {65: "bad data", 70: "internal error", 71: "not enough memory", 74: "reading failed", 75: "stopped"}


class Groups:
    """Of G groups: keys (integers, floating-point numbers or strings), n_samples, n_components, n_iter, converged, status (0: fitted),
    log_likelihood, weights (G x K), fitted and labels (keys as text). n_features, names, features: which are drawn (None: not said)."""

    def __init__(self, path, keys, counts, log_likelihood, weights):
        self.path = path
        self.keys = keys
        self.n_groups = len(keys)
        self.log_likelihood = log_likelihood
        self.weights = weights
        for name in COUNTS:
            setattr(self, name, counts[name])
        self.fitted = self.status == 0

    def mean_log_likelihood(self):
        """Per point; NaN of groups that failed."""
        return np.where(self.fitted, self.log_likelihood / np.maximum(self.n_samples, 1), np.nan)

    def label(self, g):
        key = self.keys[g]
        return key if isinstance(key, str) else "%.6g" % key if np.asarray(key).dtype.kind == "f" else str(key)


def read_groups(path, columns=None):
    """All that is common, and what each group has one of."""
    with open_results(path, "gmmpi fit --by") as results:
        keys = results.item("keys")
        counts = {name: results.array(name, 1) for name in COUNTS}
        log_likelihood, weights = results.array("log_likelihood", 1).astype(float), results.array("weights", 2)
        n_groups = weights.shape[0]
        results.check(n_groups > 0, "there is no group in it")
        results.check(keys.ndim == 1 and all(len(array) == n_groups for array in (keys, log_likelihood, *counts.values())),
                      "its arrays are not of one length")
        keys = results.array("keys") if keys.dtype.kind in "iufb" else words_of(keys[()])
        groups = Groups(path, keys, counts, log_likelihood, weights)
        means = results.item("means")
        results.check(means.ndim == 3 and means.shape[:2] == weights.shape, "/means and /weights do not fit together")
        groups.n_features = means.shape[2]
        groups.names = names_of(results.file)
        results.check(groups.names is None or len(groups.names) == groups.n_features, "its names and /means do not fit together")
        groups.transforms = words_of(results.file.attrs.get("transforms"))
        results.check("covariance" in results.file.attrs, "there is no attribute covariance")
        groups.covariance = words_of(results.file.attrs["covariance"])[0]
    groups.plain_names = groups.names or features_of(groups.n_features)
    groups.shown_names = shown_names_of(groups.names, groups.transforms) or groups.plain_names
    groups.features = None
    if columns is not None:
        groups.features = pick_features(path, columns, groups.names or groups.shown_names)
        if len(groups.features) not in (1, 2):
            raise Problem(WRONG_USAGE, "--columns: %d features for pictures of groups; give one or two" % len(groups.features))
    return groups


def pick_groups(groups, largest=False):
    """Which groups are drawn, in the order of the panels, and a remark when they are not all."""
    n = groups.n_groups
    if n <= MOST_PANELS:
        return list(range(n)), ""
    failed, fitted = np.flatnonzero(~groups.fitted), np.flatnonzero(groups.fitted)
    n_failed = min(FAILED_PANELS, len(failed), -(-MOST_PANELS * len(failed) // n))
    n_fitted = min(len(fitted), MOST_PANELS - n_failed)
    if largest:
        order = fitted[np.argsort(-groups.n_samples[fitted], kind="stable")][:n_fitted]
        remark = "the largest of"
    else:
        by_likelihood = fitted[np.argsort(groups.mean_log_likelihood()[fitted], kind="stable")]
        order = by_likelihood[evenly(len(fitted), n_fitted)]
        remark = "at even steps of log-likelihood per point, lowest first, of"
    chosen = [int(g) for g in np.concatenate([order, failed[evenly(len(failed), n_failed)]])]
    return chosen, "%d groups, %s %s%s" % (len(chosen), remark, "{:,}".format(n), "; %d of %s that failed" % (
        n_failed, "{:,}".format(len(failed))) if n_failed else "")


def evenly(n, wanted):
    """So many of n places, the first and the last among them."""
    return np.linspace(0, n - 1, wanted).round().astype(int) if wanted else np.zeros(0, dtype=int)


def read_mixtures(groups, shown):
    """A Mixture for each group that is drawn; None for those that failed."""
    with open_results(groups.path, "gmmpi fit --by") as results:
        means, covariances = results.item("means"), results.item("covariances")
        rank, is_shared = storage_of(groups.covariance)
        k, d = groups.weights.shape[1], groups.n_features
        shape = (() if is_shared else (k,)) + (d,) * rank
        results.check(covariances.shape == (groups.n_groups,) + shape, "covariances of shape %s do not fit %s" % (
            covariances.shape, groups.covariance))
        dof = results.item("dof") if "dof" in results.file else None
        noise = [results.item("noise_" + name) if "noise_" + name in results.file else None for name in NOISE] \
            if "noise_weight" in results.file else None
        mixtures = []
        for g in shown:
            if not groups.fitted[g]:
                mixtures.append(None)
                continue
            results.check((groups.weights[g] > 0).any(), "group %s has no component" % groups.label(g))
            mixtures.append(Mixture(
                groups.weights[g], means[g].astype(float), covariances[g].astype(float), groups.covariance, groups.names, groups.transforms,
                noise=None if noise is None else [
                    np.zeros((d,) * n) if item is None else np.asarray(item[g], dtype=float) for n, item in zip((0, 0, 1, 2), noise)],
                dof=None if dof is None else dof[g].astype(float)))
        return mixtures


def drawn_features(groups, mixtures):
    """The one or two features that are drawn: those asked for, else those in which the components of a group differ most."""
    if groups.features:
        return groups.features
    there = [mixture for mixture in mixtures if mixture]
    if groups.n_features <= 2 or not there:
        return list(range(min(2, groups.n_features)))
    separation = np.nanmean([mixture.separation() for mixture in there], axis=0)
    return sorted(int(j) for j in np.argsort(-separation, kind="stable")[:2])


def outcomes(groups):
    """How many groups ended how: pairs of words and numbers, only those that there are."""
    found = [("converged", int((groups.fitted & (groups.converged != 0)).sum())),
             ("not converged", int((groups.fitted & (groups.converged == 0)).sum()))]
    for status in np.unique(groups.status[~groups.fitted]):
        found.append(("failed: " + reason_of(status), int((groups.status == status).sum())))
    return [pair for pair in found if pair[1]]


def reason_of(status):
    return REASONS.get(int(status), "status %d" % status)


def check_data_columns(label, n_columns, n_features):
    """Raises a Problem when a table has not the model's features."""
    if n_columns != n_features:
        raise Problem(BAD_DATA, "%s: %d columns beside the key for a model of %d features; give a file that has the model's features by name, "
                      "or no others" % (label, n_columns, n_features))
