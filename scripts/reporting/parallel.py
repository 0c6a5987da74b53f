# SPDX-License-Identifier: BSD-3-Clause
"""Many features at once: parallel coordinates of the components' means, and where there are many components a map of them."""

import numpy as np

from plotting.style import GREY, component_colour, component_line, component_marker, plt

MOST_FEATURES = 60
BAND_COMPONENTS = 4  # so many have bands of one standard deviation
MOST_LINES = 10  # in colour; the others are grey
NAMED_ROWS = 60  # of a map


class Profile:
    """Means of components in units of the whole mixture's standard deviations, and the components' own deviations: K x m both, of the
    features that are shown."""

    def __init__(self, mixture):
        features = np.arange(mixture.n_features)
        if len(features) > MOST_FEATURES:
            features = np.sort(np.argsort(-mixture.separation(), kind="stable")[:MOST_FEATURES])
        self.features = features
        variances = np.array([[mixture.covariance_of(k, [j])[0, 0] for j in features] for k in range(mixture.n_components)])
        shares = mixture.weights / mixture.weights.sum()
        means = mixture.means[:, features]
        centre = shares @ means
        scale = np.sqrt(shares @ (variances + (means - centre) ** 2))
        scale[scale == 0] = 1
        self.means = (means - centre) / scale
        self.deviations = np.sqrt(variances) / scale


def draw_parallel(mixture, profile, labels):
    """A line a component over all features, from left to right. labels: of the features that are shown."""
    m = len(profile.features)
    figure, axes = plt.subplots(figsize=(max(7.2, min(13, 1.6 + 0.24 * m)), 5), layout="constrained")
    places = np.arange(m)
    order = np.argsort(-mixture.weights, kind="stable")
    for rank, k in reversed(list(enumerate(order))):
        number = int(mixture.numbers[k])
        colour, marker, line = component_colour(number), component_marker(number), component_line(number)
        if rank >= MOST_LINES:
            axes.plot(places, profile.means[k], color=GREY, linewidth=0.6, alpha=0.5, zorder=2)
            continue
        if mixture.n_components <= BAND_COMPONENTS:
            axes.fill_between(places, profile.means[k] - profile.deviations[k], profile.means[k] + profile.deviations[k], color=colour,
                              alpha=0.15, linewidth=0)
        axes.plot(places, profile.means[k], color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.5, zorder=3,
                  label="component %d" % number)
    _name_features(axes, labels, m)
    axes.set_xlim(-0.5, m - 0.5)
    axes.set_ylabel("mean, in standard deviations of all points")
    handles, words = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], words[::-1], loc="lower center", bbox_to_anchor=(0.5, 1.01), ncol=min(5, len(words)), fontsize=8)
    return figure


def draw_map(mixture, profile, labels):
    """A cell for each component and feature; components by weight."""
    m, k = len(profile.features), mixture.n_components
    order = np.argsort(-mixture.weights, kind="stable")
    figure, axes = plt.subplots(figsize=(max(7.2, min(13, 1.8 + 0.24 * m)), 1.8 + 0.17 * min(k, NAMED_ROWS)), layout="constrained")
    reach = min(max(1.0, float(np.abs(profile.means).max())), 3.0)
    image = axes.imshow(profile.means[order], aspect="auto", cmap="PuOr_r", vmin=-reach, vmax=reach, interpolation="nearest")
    axes.grid(False)
    step = -(-k // NAMED_ROWS)  # where there are very many rows not every one is named
    axes.set_yticks(range(0, k, step), [str(mixture.numbers[i]) for i in order[::step]], fontsize=7 if k > 12 else 9)
    axes.set_ylabel("component, by weight")
    _name_features(axes, labels, m)
    figure.colorbar(image, ax=axes, label="mean, in standard deviations of all points", pad=0.01,
                    extend="both" if np.abs(profile.means).max() > reach else "neither")
    return figure


def _name_features(axes, labels, m):
    upright = dict(rotation=90, ha="center") if m > 12 else dict(rotation=45, ha="right", rotation_mode="anchor")
    axes.set_xticks(range(m), labels, fontsize=7 if m > 30 else 8, **upright)


def in_words(mixture, profile, names):
    """What parallel coordinates show: by component, the features in which it is farthest from the centre of all."""
    order = np.argsort(-mixture.weights, kind="stable")[:6]
    parts = []
    for k in order:
        j = int(np.abs(profile.means[k]).argmax())
        parts.append("component %d is farthest from the mean of all in %s, by %.2g standard deviations" % (
            mixture.numbers[k], names[profile.features[j]], profile.means[k, j]))
    return "; ".join(parts)
