# SPDX-License-Identifier: BSD-3-Clause
"""What the pictures of one fit share: points by component, and for each feature its scale, its frame and its cells."""

import numpy as np

from .frames import Extents, frame_of
from .scales import Scale
from .style import colours, component_colour, component_line, component_marker, named, rgb

SCATTER_POINTS = 10000  # beyond, densities are drawn
PAIR_FEATURES = 6
MOST_STEPS = 1000
PEAK_PLACES = 3000  # of all components
NAMED_COMPONENTS = 6  # in a remark


class Scene:
    """points: n x d as the model takes them (a sample of n_rows), labels: n (components as the mixture counts them; K: noise), names: of
    the features, weights: of the points (n), or None; n_missing: rows that are left out."""

    def __init__(self, mixture, points, names, n_rows, labels, weights=None, n_missing=0):
        self.mixture = mixture
        self.points = points
        self.names = names
        self.labels = labels
        self.weights = weights
        self.colours = [rgb(component_colour(k)) for k in mixture.numbers]
        self.markers = [component_marker(k) for k in mixture.numbers]
        self.lines = [component_line(k) for k in mixture.numbers]
        self.n = len(points)
        self.is_sample = self.n != n_rows
        self.count = "{:,} point{}".format(self.n, "" if self.n == 1 else "s") if not self.is_sample else \
            "a sample of {:,} of {:,} points".format(self.n, n_rows)
        self.remarks = ["rows with missing values are left out: {:,}".format(n_missing)] if n_missing else []
        self._features = {}

    def feature(self, j):
        """Scale, places on the axis and frame of feature j."""
        if j not in self._features:
            self._features[j] = Feature(self.mixture, j, self.points[:, j])
        return self._features[j]

    def label(self, j, length=60):
        """What an axis is called."""
        return self.feature(j).scale.label(named(self.names[j], length))

    def selection(self):
        """The features of a grid of pairs, and a remark when they are not all."""
        d = self.mixture.n_features
        if d <= PAIR_FEATURES:
            return list(range(d)), ""
        best = np.argsort(-self.mixture.separation(), kind="stable")[:PAIR_FEATURES]
        return sorted(int(j) for j in best), "the %d of %d features in which the components differ most" % (PAIR_FEATURES, d)

    def curve(self, k, i, j, radius):
        """Places of the ellipse of component k in features i and j: 2 x n."""
        curve = self.mixture.ellipse(k, [i, j], radius)
        return np.stack([self.feature(feature).scale.of_model(values) for feature, values in zip((i, j), curve)])

    def centre(self, k, features):
        """The place of a component's mean."""
        return np.array([self.feature(j).scale.of_model(self.mixture.means[k, j]) for j in features])

    def is_dense(self, i, j):
        """Whether points of two features are counted in cells, since there are many of them or many on the same places."""
        first, second = self.feature(i), self.feature(j)
        if self.n > SCATTER_POINTS:
            return True
        if first.step is None or second.step is None:
            return False
        pairs = np.add(*[factor * np.rint((feature.places - feature.places.min()) / feature.step) for factor, feature in ((1e7, first), (1, second))])
        return len(np.unique(pairs)) < 0.5 * self.n

    def remarks_on(self, features, with_ellipses):
        """What of some features is outside of the frames, in words."""
        remarks = list(self.remarks)
        features = [self.feature(j) for j in features]
        n_outside = int(self.n - np.all([feature.inside for feature in features], axis=0).sum())
        outside = []
        if n_outside:
            outside.append("{:,} point{}".format(n_outside, "" if n_outside == 1 else "s") if not self.is_sample
                           else "%.2g %% of the points" % (100 * n_outside / self.n))
        if with_ellipses:
            whole, centred = (np.all([getattr(feature.frame, name) for feature in features], axis=0) for name in ("whole", "centred"))
            is_open = np.any([feature.is_open for feature in features], axis=0)
            for words, chosen in (("ellipses that reach zero, where a log scale never comes: ", is_open & centred),
                                  ("cut, being far larger than the data: ", centred & ~whole & ~is_open)):
                if chosen.any():
                    remarks.append(words + _listed(self.mixture.numbers[chosen]))
            if not centred.all():
                outside.append(_listed(self.mixture.numbers[~centred]))
        if outside:
            remarks.append("outside of the frame%s: %s" % ("" if len(features) <= 2 else "s", "; ".join(outside)))
        return remarks


def _listed(numbers):
    words = "component%s " % ("" if len(numbers) == 1 else "s") + ", ".join(str(number) for number in numbers[:NAMED_COMPONENTS])
    return words if len(numbers) <= NAMED_COMPONENTS else "%s and %d more" % (words, len(numbers) - NAMED_COMPONENTS)


class Feature:
    """j: its number; scale; places: on the axis, n; step: the places are its multiples (None: of no number); frame; inside: which points it holds."""

    def __init__(self, mixture, j, values):
        self.j = j
        text = mixture.transforms[j] if mixture.transforms else ""
        plain = Scale(text)
        self.scale = plain if plain.is_own else Scale(text, plain.to_data(values))
        self.places = self.scale.of_model(values)
        self.step = step_of(self.places) if self.scale.is_even else None
        deviations = np.sqrt([mixture.covariance_of(k, [j])[0, 0] for k in range(mixture.n_components)])
        reach = deviations * [mixture.radius(k, 2) for k in range(mixture.n_components)]
        lows, centres, highs = (self.scale.of_model(mixture.means[:, j] + sign * reach) for sign in (-1, 0, 1))
        self.frame = frame_of(self.places, Extents(lows, centres, highs, mixture.weights))
        # Of the components of some weight, how many of the narrowest fill the frame.
        widths = (highs - lows)[mixture.weights >= 0.3 / mixture.n_components] / 4
        self.narrowest = (self.frame.high - self.frame.low) / widths.min() if len(widths) and widths.min() > 0 else 0
        self.is_open = np.full(mixture.n_components, False) if not self.scale.is_log else lows <= np.log10(self.scale.floor)
        self.inside = self.frame.holds(self.places)
        if self.step:
            kept = self.places[self.inside]
            self.frame.low = min(self.frame.low, kept.min() - 0.6 * self.step)
            self.frame.high = max(self.frame.high, kept.max() + 0.6 * self.step)

    @property
    def limits(self):
        return self.frame.limits

    def edges(self, bins):
        """Edges of about so many bins; where all values are multiples of a step, each bin has equally many of these."""
        low, high = self.limits
        if self.step is None:
            return np.linspace(low, high, bins + 1)
        width = self.step * max(1, int(np.ceil((high - low) / (bins * self.step))))
        first = np.floor(low / self.step) * self.step - 0.5 * self.step
        return first + width * np.arange(int(np.ceil((high - first) / width)) + 1)

    def density(self, mixture, k, grid):
        """Of component k (None: of noise), weighted, on the axis."""
        u, slope = self.scale.to_model(grid)
        return slope * (mixture.noise_density(self.j, u) if k is None else mixture.density_of(k, self.j, u))


def step_of(values):
    """The number of which all values are multiples, where they are few enough for many to be equal; else None."""
    distinct = np.unique(values)
    if not 1 < len(distinct) <= min(MOST_STEPS, max(2, len(values) / 3)):
        return None
    gaps = np.diff(distinct)
    step = gaps.min()
    multiples = distinct / step
    if step <= 1e-9 * np.abs(distinct).max() or (distinct[-1] - distinct[0]) / step > 20 * MOST_STEPS:
        return None
    return float(step) if np.abs(multiples - np.rint(multiples)).max() < 0.01 else None


def density_grid(mixture, j, scale, limits):
    """Places for the densities of components, with such that narrow ones do not fall between."""
    # Every line has the places of all: of a thousand components these would be gigabytes.
    steps = np.linspace(-4, 4, max(3, min(33, PEAK_PLACES // mixture.n_components | 1)))
    peaks = [scale.of_model(mixture.means[k, j] + np.sqrt(mixture.covariance_of(k, [j])[0, 0]) * steps)
             for k in range(mixture.n_components)]
    return np.unique(np.clip(np.concatenate([np.linspace(*limits, 400)] + peaks), *limits))


def plain_colour():
    """Of points that belong to no component."""
    return colours(1)[0]
