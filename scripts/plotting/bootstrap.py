# SPDX-License-Identifier: BSD-3-Clause
"""Standard errors of a model's components, from what `gmmpi bootstrap` writes: what standard_errors.png shows."""

import numpy as np

from .tables import features_of, names_of, open_results, pick_features, words_of
from .transforms import shown_names_of

KINDS = {"wlbs": "weighted-likelihood", "poisson": "Poisson"}
PARTS = ("estimate", "standard_error", "lower", "upper")
BLOCK_FEATURES = 3
PAGE_ROWS = 46  # of components; each block needs some more
BLOCK_EXTRA_ROWS = 4
MOST_PAGES = 8


class Column:
    """One column of the table. heading; estimate, error, lower, upper: K each, NaN where a component has none."""

    def __init__(self, heading, estimate, error, lower, upper):
        self.heading = heading
        self.estimate, self.error, self.lower, self.upper = estimate, error, lower, upper

    def text(self, k):
        """Estimate and standard error of component k in words."""
        return with_error(self.estimate[k], self.error[k])


class Bootstrap:
    """names: of the components; singles: what a component has one of, its weight first; means, deviations: of the features that are drawn
    (lists of Columns); about, remark: the title."""

    def __init__(self, names, singles, means, deviations, about, remark):
        self.names = names
        self.singles = singles
        self.means = means
        self.deviations = deviations
        self.about = about
        self.remark = remark
        self.n_components = len(names)


def with_error(value, error):
    """"12.34 ± 0.56": the error with two significant digits, the value with as many places."""
    if not np.isfinite(value):
        return "–"
    if not np.isfinite(error):
        return "%.4g" % value
    largest = max(abs(value), abs(error))
    if largest >= 1e6 or 0 < largest < 1e-4:
        power = int(np.floor(np.log10(largest)))
        inner = with_error(value / 10.0 ** power, error / 10.0 ** power)
        return "(%s)e%d" % (inner, power)
    places = 3 if error <= 0 else int(np.clip(1 - np.floor(np.log10(error)), 0, 6))
    return "%.*f ± %.*f" % (places, value, places, error)


def deviations_of(variances):
    """Standard deviations of variances with their errors: the delta method, se(s) = se(s²) / (2 s), and the roots of the quantiles."""
    deviation = np.sqrt(variances.estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Column(variances.heading, deviation, variances.error / (2 * deviation), np.sqrt(variances.lower), np.sqrt(variances.upper))


def read_bootstrap(path, columns=None, beside_data=False):
    """What is to be drawn of a file; columns: the features, as --columns names them. beside_data: --columns are columns of data, which
    are the model's features in another file, and all of these are drawn."""
    if beside_data:
        columns = None
    with open_results(path, "gmmpi bootstrap") as results:
        weights, means, covariances = (
            {part: results.array("%s/%s" % (name, part), n_dimensions) for part in PARTS}
            for name, n_dimensions in (("weights", 1), ("means", 2), ("covariances", 3)))
        k, d = means["estimate"].shape
        for parts, shape in ((weights, (k,)), (means, (k, d)), (covariances, (k, d, d))):
            results.check(all(array.shape == shape for array in parts.values()), "its arrays do not fit together")
        names = words_of(results.file.attrs.get("component_names"))
        results.check(names is None or len(names) == k, "its arrays do not fit together")
        plain = names_of(results.file) or features_of(d)
        features = shown_names_of(plain, words_of(results.file.attrs.get("transforms"))) or plain
        results.check(len(features) == len(plain) == d, "its arrays do not fit together")
        dof = {part: results.array("dof/" + part, 1) for part in PARTS} if "dof" in results.file else None
        noise = [float(results.array("noise_weight/" + part).reshape(-1)[0]) for part in PARTS] if "noise_weight" in results.file else None
        about = about_of(results.file.attrs, noise)
    there = weights["estimate"] > 0
    picked = pick_features(path, columns, plain)
    remark = ""
    if columns is None:
        room = most_features(k)
        if d > room:
            picked = picked[:room]
            remark = "the first %d of %d features; %s" % (room, d, "plot.py --bootstrap alone draws others, with --columns" if beside_data else "pick others with --columns")

    def column(heading, parts):
        return Column(heading, *(np.where(there, parts[part], np.nan) for part in PARTS))

    # The covariances of t components are their scale matrices.
    width = "s.d. of " if dof is None else "scale of "
    return Bootstrap([name or str(i) for i, name in enumerate(names or [""] * k)], [column("weight", weights)] + ([column("degrees of freedom", dof)] if dof else []),
                     [column("mean of " + features[j], {part: array[:, j] for part, array in means.items()}) for j in picked],
                     [deviations_of(column(width + features[j], {part: array[:, j, j] for part, array in covariances.items()}))
                      for j in picked], about, remark)


def about_of(attributes, noise=None):
    """What the root's attributes say about the replicates. noise: estimate, error and interval of the background's weight, or None."""
    kind = (words_of(attributes.get("type")) or [""])[0]
    n_replicates, n_failed = (int(attributes.get(name, 0)) for name in ("n_replicates", "n_failed"))
    level = 100 * float(attributes.get("level", 0.95))
    words = ["{:,}".format(n_replicates), KINDS.get(kind, kind), "bootstrap replicates" + (", %d of them failed" % n_failed if n_failed else "")]
    if noise:
        words.append("; noise has weight %s (%.3g to %.3g)" % (with_error(*noise[:2]), *noise[2:]))
    return "%s\nthick: ± one standard error; thin: interval from %.4g %% to %.4g %% of the replicates" % (
        " ".join(filter(None, words)).replace(" ;", ";"), 50 - level / 2, 50 + level / 2)


def blocks_of_a_page(n_components):
    """How many blocks of rows a page has room for."""
    return max(1, PAGE_ROWS // (n_components + BLOCK_EXTRA_ROWS))


def most_features(n_components):
    return MOST_PAGES * blocks_of_a_page(n_components) * BLOCK_FEATURES


def pages_of(bootstrap, narrow=False):
    """Pages, lists of blocks, which are lists of columns of one width: weights and the like (None but for the first block), means,
    deviations; narrow: these in a block of their own below."""
    d = len(bootstrap.means)
    blocks = [list(range(first, min(first + BLOCK_FEATURES, d))) for first in range(0, d, BLOCK_FEATURES)]
    per_page = blocks_of_a_page(bootstrap.n_components)
    pages = [blocks[first:first + per_page] for first in range(0, len(blocks), per_page)]

    def padded(columns, width=min(d, BLOCK_FEATURES)):
        return columns + [None] * (width - len(columns))

    if narrow:
        return [[part for place, block in enumerate(page) for part in (
            padded([] if place else bootstrap.singles, len(bootstrap.singles)) + padded([bootstrap.means[j] for j in block]),
            padded([], len(bootstrap.singles)) + padded([bootstrap.deviations[j] for j in block]))] for page in pages]
    return [[padded([] if place else bootstrap.singles, len(bootstrap.singles)) + padded([bootstrap.means[j] for j in block]) +
             padded([bootstrap.deviations[j] for j in block]) for place, block in enumerate(page)] for page in pages]
