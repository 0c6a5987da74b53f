# SPDX-License-Identifier: BSD-3-Clause
"""Clusters of several components: merging.png, the hierarchy and its entropies, and merged_clusters.png, the points by cluster."""

import copy

import h5py
import numpy as np

from . import legends, pictures
from .problem import BAD_DATA, WRONG_USAGE, Problem
from .style import GREY, OUTLINE, colours, plt, whole_numbers

NAMED_MEMBERS = 8
ENTROPY = colours(1)[0]
LINES = dict(color="#444444", linewidth=1.4, linestyle="--")


class Hierarchy:
    """merges: for each step the two clusters that become one, by their lowest components as the mixture counts them; entropy: of 1 ... n
    clusters; suggested: how many there seem to be."""

    def __init__(self, merges, entropy, suggested):
        self.merges, self.entropy, self.suggested = merges, entropy, suggested
        self.n = len(entropy)

    def cut(self, n_clusters):
        """The components of each of n_clusters clusters, both ascending."""
        members = {k: [k] for k in range(self.n)}
        for a, b in self.merges[:self.n - n_clusters]:
            members[a] = sorted(members[a] + members.pop(b))
        return [members[k] for k in sorted(members)]

    def merged_points(self, responsibilities):
        """The points, as multiples of all, in clusters that are merged on the way from n to 1 clusters, summed up from 1 ... n clusters on."""
        shares = responsibilities.copy()
        counts = []
        for a, b in self.merges:
            labels = shares.argmax(axis=1)
            counts.append(((labels == a) | (labels == b)).mean())
            shares[:, a] += shares[:, b]
            shares[:, b] = -1
        return np.concatenate([[0], np.cumsum(counts[::-1])])


def two_lines(x, y):
    """Least squares by two straight lines that share one of the places x: its index, and each line's slope and intercept; None where there
    are too few places."""
    best = None
    for c in range(1, len(x) - 1):
        lines = [(part, np.polyfit(x[part], y[part], 1)) for part in (slice(0, c + 1), slice(c, None))
                 if np.ptp(x[part]) > 0]
        if len(lines) < 2:
            continue
        left = sum(((np.polyval(line, x[part]) - y[part]) ** 2).sum() for part, line in lines)
        if best is None or left < best[0]:
            best = left, c, [line for _, line in lines]
    return best and best[1:]


def read_hierarchy(path, mixture):
    """Of a model's file; None where its components were not merged."""
    with h5py.File(path, "r") as file:
        if "merge_entropy" not in file:
            return None
        merges = np.asarray(file["merges"], dtype=int) if "merges" in file else np.zeros((0, 2), dtype=int)
        entropy = np.asarray(file["merge_entropy"], dtype=float)
        suggested = file.attrs.get("n_clusters_suggested")
    n = mixture.n_components
    if entropy.shape != (n,) or merges.shape != (n - 1, 2) or not np.isin(merges, mixture.numbers).all():
        raise Problem(BAD_DATA, "%s: merges and merge_entropy do not fit the components" % path)
    if suggested is None:
        lines = two_lines(np.arange(1, n + 1), entropy)
        suggested = lines[0] + 1 if lines else n
    return Hierarchy(np.searchsorted(mixture.numbers, merges), entropy, int(suggested))


def pictures_of_clusters(path, n_clusters, scene, responsibilities):
    """Names of the pictures of a model's clusters, with functions that draw them. n_clusters: None for as many as are suggested."""
    hierarchy = read_hierarchy(path, scene.mixture)
    if hierarchy is None and n_clusters is not None:
        raise Problem(BAD_DATA, "%s: its components were not merged into clusters; gmmpi fit --merge entropy does it" % path)
    if n_clusters is not None and not 1 <= n_clusters <= hierarchy.n:
        raise Problem(WRONG_USAGE, "--clusters: the model has 1 to %d clusters" % hierarchy.n)
    if hierarchy is None or hierarchy.n < 2:
        return []
    clusters = hierarchy.cut(n_clusters or hierarchy.suggested)
    return [("merging.png", lambda: draw_merging(hierarchy, scene, responsibilities, clusters)),
            ("merged_clusters.png", lambda: draw_merged_clusters(clusters, scene, responsibilities))]


def _draw_entropy(axes, x, entropy, chosen, label):
    """Entropies against x, the two lines that fit them best, and the one that was chosen."""
    lines = two_lines(x, entropy)
    if lines:
        c, parts = lines
        axes.set_title("the two lines meet at %d clusters" % (c + 1), fontsize=9, color="#444444")
        for line, part in zip(parts, (slice(0, c + 1), slice(c, None))):
            axes.plot(x[part], np.polyval(line, x[part]), zorder=2, **LINES)
    axes.plot(x, entropy, marker="o", markersize=4 if len(x) > 15 else 5.5, linestyle="", color=ENTROPY, zorder=3)
    axes.plot(x[chosen - 1], entropy[chosen - 1], marker="o", markersize=12, markerfacecolor="none", markeredgewidth=1.8,
              color="#222222", zorder=4)
    axes.annotate("%d clusters" % chosen if chosen > 1 else "1 cluster", (x[chosen - 1], entropy[chosen - 1]), xytext=(-10, 12),
                  textcoords="offset points", ha="right" if x[chosen - 1] > 0.3 * x[-1] else "left", path_effects=OUTLINE, zorder=5)
    axes.set(xlabel=label, ylabel="entropy")
    high = max(entropy.max(), 1e-12)
    low = min([0] + [np.polyval(line, x).min() for line in lines[1][:1]]) if lines else 0
    axes.set_ylim(max(low, -0.2 * high) - 0.05 * high, 1.2 * high)


def _leaves(hierarchy):
    """The components in an order in which no branches cross."""
    order = {k: [k] for k in range(hierarchy.n)}
    for a, b in hierarchy.merges:
        order[a] = order[a] + order.pop(b)
    return order[0]


def _draw_tree(axes, hierarchy, scene, clusters):
    """Each component a leaf; branches join at the number of clusters that is left."""
    n, numbers = hierarchy.n, scene.mixture.numbers
    colour = {k: scene.colours[members[0]] for members in clusters for k in members}
    marker = {k: scene.markers[members[0]] for members in clusters for k in members}
    order = _leaves(hierarchy)
    place = {k: float(i) for i, k in enumerate(order)}
    height = {k: n for k in order}
    for step, (a, b) in enumerate(hierarchy.merges):
        left = n - 1 - step
        inside = left >= len(clusters)
        axes.plot([place[a], place[a], place[b], place[b]], [height[a], left, left, height[b]],
                  color=colour[a] if inside else GREY, linewidth=2 if inside else 1.2, solid_joinstyle="round", zorder=3)
        for k in (a, b):  # what lies below the cut belongs to a cluster
            if not inside and height[k] >= len(clusters):
                axes.plot([place[k]] * 2, [height[k], len(clusters) - 0.5], color=colour[k], linewidth=2, zorder=4)
        place[a] = (place[a] + place[b]) / 2
        height[a] = left
    if len(clusters) > 1:
        axes.axhline(len(clusters) - 0.5, zorder=2, **LINES)
    size = 9 if n <= 24 else 7
    for i, k in enumerate(order):
        axes.plot(i, n, marker=marker[k], markersize=size - 3, color=colour[k], zorder=5)
        axes.annotate(str(numbers[k]), (i, n), xytext=(0, -6), textcoords="offset points", color=colour[k],
                      fontsize=size, fontweight="bold", ha="center", va="top")
    axes.set(xlim=(-0.8, n - 0.2), ylim=(n + 0.08 * (n - 1), 1 - 0.04 * (n - 1)), xticks=[], ylabel="clusters left",
             xlabel="components, by the clusters that they belong to")
    step = max(1, round(n / 10))
    axes.set_yticks([1] + [tick for tick in range(step, n - step // 2, step) if tick > 1] + [n])
    axes.grid(axis="x", visible=False)


def draw_merging(hierarchy, scene, responsibilities, clusters):
    """Entropy against the number of clusters, and against the points merged, above the tree of merges."""
    n = hierarchy.n
    figure, grid = plt.subplot_mosaic([["numbers", "points"], ["tree", "tree"]], figsize=(max(9, min(0.26 * n + 1, 18)), 8.2),
                                      layout="constrained", gridspec_kw={"height_ratios": [4, 5]})
    chosen = len(clusters)
    _draw_entropy(grid["numbers"], np.arange(1, n + 1), hierarchy.entropy, chosen, "clusters")
    whole_numbers(grid["numbers"].xaxis)
    _draw_entropy(grid["points"], hierarchy.merged_points(responsibilities[:, :n]), hierarchy.entropy, chosen,
                  "points in clusters that are merged, summed up,\nas multiples of all points")
    grid["points"].set_ylabel("")
    _draw_tree(grid["tree"], hierarchy, scene, clusters)
    figure.suptitle("%d components merged by entropy; %d cluster%s suggested%s" % (
        n, hierarchy.suggested, "" if hierarchy.suggested == 1 else "s",
        "" if chosen == hierarchy.suggested else ", %d shown" % chosen), fontsize=11)
    return figure


def _name(numbers, members):
    shown = ", ".join(str(numbers[k]) for k in members[:NAMED_MEMBERS])
    return shown if len(members) <= NAMED_MEMBERS else "%s and %d more" % (shown, len(members) - NAMED_MEMBERS)


def _marks(clusters, scene):
    """An entry a cluster: the look of its lowest component, its weight and its components."""
    mixture = scene.mixture
    lines = scene.lines if mixture.n_features == 1 else [None] * mixture.n_components
    return [legends.mark(scene.colours[members[0]], scene.markers[members[0]], "cluster %d, weight %.3f: %s" % (
        c, mixture.weights[members].sum(), _name(mixture.numbers, members)), lines[members[0]]) for c, members in enumerate(clusters)]


def draw_merged_clusters(clusters, scene, responsibilities):
    """The points by cluster, and the components, all with the look of their cluster's lowest component."""
    mixture = scene.mixture
    shares = np.column_stack([responsibilities[:, members].sum(axis=1) for members in clusters] +
                             [responsibilities[:, mixture.n_components:]])
    labels = shares.argmax(axis=1)
    merged = copy.copy(scene)
    first = np.empty(mixture.n_components, dtype=int)
    for members in clusters:
        first[members] = members[0]
    merged.colours, merged.markers, merged.lines = ([looks[k] for k in first] for looks in (scene.colours, scene.markers, scene.lines))
    merged.labels = np.array([members[0] for members in clusters] + [mixture.n_components])[labels]
    title = "%d cluster%s of %d components, %s" % (len(clusters), "" if len(clusters) == 1 else "s", mixture.n_components, scene.count)
    return pictures.draw_clusters(merged, title, _marks(clusters, scene) + legends.common_marks(scene))
