# SPDX-License-Identifier: BSD-3-Clause
"""The table of components, in the data's units and names, and that of all means by feature."""

import numpy as np

from .looks import mark_of
from .markup import Cell, count, name, number, of_number, subheading, table, text
from .units import in_words, is_curved

TABLE_FEATURES = 6
BLOCK_COMPONENTS = 6
MOST_CELLS = 6000  # of all means


class Naming:
    """names: of the features, in full; classes: of the components, None where they have none; clusters: of each component the number
    of its cluster, where components were merged."""

    def __init__(self, names, classes=None, clusters=None):
        self.names = names
        self.classes = classes
        self.clusters = clusters

    def component(self, mixture, k):
        """HTML: the mark and the number, and the class."""
        known = self.classes and self.classes[mixture.numbers[k]]
        return "%s&nbsp;%d%s" % (mark_of(mixture.numbers[k]), mixture.numbers[k], " " + name(known) if known else "")


def spread_word(spread, k):
    """Centre and spread of a component in words."""
    if spread.is_curved:
        return "%s (%s … %s)" % tuple(number(x) for x in (spread.centre[k], spread.low[k], spread.high[k]))
    centre, deviation = float(spread.centre[k]), float(spread.deviation[k])
    if not (1e-6 <= deviation < 1e12 and abs(centre) < 1e12):
        return "%s ± %s" % (number(centre), number(deviation, 3))
    places = max(0, 2 - int(np.floor(np.log10(deviation))))  # three digits of the deviation, and the centre as exactly
    return "{:,.{}f} ± {:,.{}f}".format(centre, places, deviation, places).replace("-", "−")


def component_table(mixture, naming, spreads, features, total):
    """One row a component: number, weight, points (of `total`; None: not known), and centre and spread of some features."""
    headings = ["component", "weight"] + (["points"] if total else []) + (["degrees of freedom"] if mixture.dof is not None else [])
    headings += ["cluster"] if naming.clusters is not None else []
    rows = []
    for k in range(mixture.n_components):
        row = [Cell(naming.component(mixture, k), float(mixture.numbers[k]), header=True), of_number(mixture.weights[k])]
        row += [of_number(mixture.weights[k] * total)] if total else []
        row += [of_number(mixture.dof[k])] if mixture.dof is not None else []
        row += [of_number(naming.clusters[k])] if naming.clusters is not None else []
        rows.append(row + [Cell(text(spread_word(spreads[j], k)), float(spreads[j].centre[k])) for j in features])
    if mixture.noise:
        weight = mixture.noise[0]
        row = [Cell(mark_of(-1) + "&nbsp;noise", float(mixture.n_stored), header=True), of_number(weight)]
        row += [of_number(weight * total)] if total else []
        rows.append(row + [Cell("–", float("nan")) for _ in range(len(headings) - len(row) + len(features))])
    caption = "Components" + ("" if len(features) == mixture.n_features else
                              " in the %d of %d features in which they differ most" % (len(features), mixture.n_features))
    return table(caption, [text(heading) for heading in headings] + [name(naming.names[j]) for j in features], rows, sortable=True,
                 note=_note(mixture, [spreads[j] for j in features], total))


def _note(mixture, spreads, total):
    kinds = [("mean ± standard deviation" if mixture.dof is None else "centre ± scale: the standard deviation is the scale times "
              "√(ν / (ν − 2)), with ν degrees of freedom")] if any(not spread.is_curved for spread in spreads) else []
    kinds += ["of features that were transformed with a function, in their own units: the median, and in brackets the ends of one %s "
              "about it" % ("standard deviation" if mixture.dof is None else "scale")] if any(s.is_curved for s in spreads) else []
    words = "Features: %s." % "; ".join(kinds)
    if total:
        words += " Points: the weight of the component times %s." % number(total, 10)
    return text(words) + ' <span class="script-only">Choose a heading to sort by it.</span>'


def all_means(mixture, naming, spreads):
    """Centres and spreads of all features: a row each, some components side by side; the features in which components differ most where
    there are very many."""
    d = mixture.n_features
    features = np.arange(d)
    most = max(1, MOST_CELLS // mixture.n_components)
    if most <= TABLE_FEATURES:
        return ""  # the table of components has as many
    if d > most:
        features = np.sort(np.argsort(-mixture.separation(), kind="stable")[:most])
    parts = [subheading("Means of all features" if len(features) == d else
                        "Means of the %d of %d features in which components differ most" % (len(features), d))]
    for start in range(0, mixture.n_components, BLOCK_COMPONENTS):
        block = range(start, min(start + BLOCK_COMPONENTS, mixture.n_components))
        rows = [[Cell(name(naming.names[j]), naming.names[j], header=True)] + [
            Cell(text(spread_word(spreads[j], k)), float(spreads[j].centre[k])) for k in block] for j in features]
        first, last = mixture.numbers[block[0]], mixture.numbers[block[-1]]
        parts.append(table("Features by component, %s" % ("components %d to %d" % (first, last) if last > first else "component %d" % first),
                           ["feature"] + [naming.component(mixture, k) for k in block], rows, sortable=True))
    return "".join(parts)


def transform_table(mixture, naming):
    """What was done to features before they were fitted; "" where nothing was."""
    if not any(mixture.transforms or []):
        return ""
    rows = [[Cell(name(naming.names[j]), naming.names[j], header=True), Cell(text(in_words(transform))),
             Cell("<code>%s</code>" % text(transform or "–"))]
            for j, transform in enumerate(mixture.transforms[:200])]
    curved = any(is_curved(transform) for transform in mixture.transforms)
    return table("What was done to the features before they were fitted", ["feature", "values", "in the file"], rows,
                 note="Tables and the ticks of pictures have the data's own units." + (
                     " A mean of logarithms is the logarithm of a median: so it is called." if curved else "") + (
                     " The first 200 features." if len(mixture.transforms) > 200 else ""))


def summary_of_points(shares, weights):
    """How clearly points belong to a component, from their responsibilities (n x K, with noise n x (K + 1)) and weights (n, or None), in
    words."""
    top = shares.max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(shares > 0, shares * np.log(shares), 0).sum(axis=1)
    clear, doubtful, entropy = (float(np.average(values, weights=weights)) for values in (top >= 0.9, top < 0.6, entropy))
    n = shares.shape[1]
    words = "%s %% of the points%s have a responsibility of at least 0.9 for their component, %s %% one below 0.6." % (
        number(100 * clear, 3), "" if weights is None else ", by their weights,", number(100 * doubtful, 3))
    if n > 1:
        words += " The mean entropy is %s of at most ln %d = %s." % (number(entropy, 3), n, number(np.log(n), 3))
    return words


def in_order(mixture):
    """The components by weight, the greatest first."""
    return np.argsort(-mixture.weights, kind="stable")


def centres_in_words(mixture, names, spreads, features, most=6):
    """Where components lie, for those who do not see a picture."""
    order = in_order(mixture)
    parts = ["component %d (weight %s) at %s" % (mixture.numbers[k], number(mixture.weights[k], 3), ", ".join(
        "%s %s" % (names[j], number(spreads[j].centre[k], 3)) for j in features)) for k in order[:most]]
    rest = len(order) - len(parts)
    return "; ".join(parts) + ("; and %s of less weight, which are in the table" % count(rest, "other", "others") if rest else "")
