# SPDX-License-Identifier: BSD-3-Clause
"""Draws groups.png and groups_overview.png."""

import matplotlib.lines
import matplotlib.ticker
import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from .frames import Extents, frame_of
from .groups import drawn_features, outcomes, read_mixtures, reason_of
from .scales import Scale
from .scene import density_grid
from .style import GREY, NOISE as NOISE_COLOUR, OUTLINE, PALETTE, colours, look_of, named, plt, rgb, whole_numbers

MIXTURE_LINE = dict(color="#222222", linewidth=0.9, linestyle="--")
MANY_COMPONENTS = 6  # beyond, ellipses of one radius only, and densities without areas
LEGEND_COMPONENTS = 30
ENTRY_WIDTH, ENTRY_HEIGHT = 1.2, 0.17  # inches
LEFT, TOP, BOTTOM = 0.75, 0.7, 0.8  # inches
BLUE, ORANGE, RED, LIGHT_BLUE = PALETTE[0], PALETTE[1], PALETTE[3], PALETTE[8]


def draw_groups(groups, shown, points):
    """A small panel for each group. shown: (groups, remark); points: for each of them n x d, or None."""
    shown, remark = shown
    mixtures = read_mixtures(groups, shown)
    features = drawn_features(groups, mixtures)
    n_columns = len(shown) if len(shown) <= 3 else min(8, max(2, round(np.sqrt(1.5 * len(shown)))))
    marks = _marks(mixtures, len(features))
    figure, grid, size, bottom = _grid_of_panels(-(-len(shown) // n_columns), n_columns, len(marks))
    views = [View(groups, mixtures, [part[:, j] for part in points or [] if len(part)], j) for j in features]
    grid[0, 0].set_xlim(views[0].limits)
    grid[0, 0].set_ylim(views[1].limits if len(features) == 2 else (0, 1))
    draw = _draw_ellipses if len(features) == 2 else _draw_densities
    for place, axes in enumerate(grid.flat):
        axes.tick_params(labelsize=7, length=2)
        if place >= len(shown):
            axes.axis("off")
            continue
        for view, axis in zip(views, (axes.xaxis, axes.yaxis)):
            view.scale.dress(axis, *view.limits, 4)
        if len(features) == 1:
            axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
        g, mixture = shown[place], mixtures[place]
        if mixture:
            draw(axes, mixture, views, points[place] if points else None)
            if not groups.converged[g]:
                axes.text(0.03, 0.97, "not converged", transform=axes.transAxes, fontsize=7, color=RED, fontweight="bold", va="top",
                          path_effects=OUTLINE, zorder=6)
        else:
            _draw_failure(axes, groups.status[g])
        _set_title(axes, groups, g, size)
        if place + n_columns >= len(shown):
            axes.tick_params(labelbottom=True)
    if len(features) == 1:
        grid[0, 0].set_ylim(0, _highest(grid))
    width, height = figure.get_size_inches()
    figure.text(0.5, 1 - 0.1 / height, _headline(groups, features, remark, any(mixture and mixture.dof is not None for mixture in mixtures)),
                fontsize=10, ha="center", va="top")
    names = [view.scale.label(named(groups.plain_names[view.j], 60)) for view in views]
    figure.text(0.5, (bottom - 0.42) / height, names[0], fontsize=9, ha="center", va="center")
    figure.text(0.13 / width, 0.5, names[1] if len(features) == 2 else "density per decade" if views[0].scale.is_decimal else "density",
                fontsize=9, ha="center", va="center", rotation="vertical")
    if marks:
        figure.legend(handles=marks, loc="lower center", ncol=min(_entries_in_a_row(width), len(marks)), fontsize=8, bbox_to_anchor=(0.5, 0),
                      borderaxespad=0.2)
    return figure


class View:
    """How feature j is drawn in all panels: its scale, and limits that hold the points and the ellipses of all groups, without a few
    that lie far out."""

    def __init__(self, groups, mixtures, points, j):
        self.j = j
        values = np.concatenate(points) if points else np.empty(0)
        text = groups.transforms[j] if groups.transforms else ""
        scale = Scale(text)
        self.scale = Scale(text, scale.to_data(values)) if len(values) and not scale.is_own else scale
        parts = [(mixture.means[k, j], mixture.radius(k, 2) * np.sqrt(mixture.covariance_of(k, [j])[0, 0]))
                 for mixture in filter(None, mixtures) for k in np.flatnonzero(mixture.weights > 0.01 * mixture.weights.max())]
        means, reaches = np.array(parts or [(0.5, 0.5)]).T
        lows, centres, highs = (self.scale.of_model(means + sign * reaches) for sign in (-1, 0, 1))
        places = np.concatenate([self.scale.of_model(values), *((lows, highs) if not len(values) else ())])
        # Far out they are left out whatever their weights are: what one group has is not to make all others small.
        self.limits = frame_of(places, Extents(lows, centres, highs, np.zeros(len(lows)))).limits


def _entries_in_a_row(width):
    return max(1, int((width - 0.3) / ENTRY_WIDTH))


def _grid_of_panels(n_rows, n_columns, n_entries):
    """Figure, axes, the size of a panel and the height below them, with margins of constant size and room for the legend around them."""
    size = float(np.clip(11 / n_columns, 1.55, 3))
    width = max(6, LEFT + size * n_columns)
    bottom = BOTTOM + ENTRY_HEIGHT * max(0, -(-n_entries // _entries_in_a_row(width)) - 1)
    height = TOP + 0.93 * size * n_rows + bottom
    figure, grid = plt.subplots(n_rows, n_columns, figsize=(width, height), sharex=True, sharey=True, squeeze=False, gridspec_kw=dict(
        left=LEFT / width, right=1 - 0.12 / width, top=1 - TOP / height, bottom=bottom / height, wspace=0.12 / size, hspace=0.3 / size))
    return figure, grid, size, bottom


def _headline(groups, features, remark, has_tails):
    title = remark or "%d group%s" % (groups.n_groups, "" if groups.n_groups == 1 else "s")
    if len(features) == 2:
        words = ["of one and two standard deviations", "of one standard deviation", "that hold 39 % and 86 % of each t component",
                 "that hold 39 % of each t component"]
        title += "\nellipses " + words[2 * has_tails + (groups.weights.shape[1] > MANY_COMPONENTS)]
    if groups.features is None and groups.n_features > 2:
        title += "; the 2 of %d features in which components differ most" % groups.n_features
    return title


def _set_title(axes, groups, g, size):
    number = "n = {:,}".format(int(groups.n_samples[g]))
    if len(set(groups.n_components[groups.fitted])) > 1 and groups.fitted[g]:
        number += ", K = %d" % groups.n_components[g]
    room = max(6, int(size * 15) - len(number))
    axes.set_title(named(groups.label(g), room), fontsize=8, loc="left", fontweight="bold", pad=3)
    axes.set_title(number, fontsize=7, loc="right", color="#555555", pad=3)


def _draw_ellipses(axes, mixture, views, points):
    x, y = views
    if points is not None:
        axes.scatter(x.scale.of_model(points[:, x.j]), y.scale.of_model(points[:, y.j]), s=3.5, color=_colours_of_points(mixture, points),
                     alpha=0.75, linewidths=0, zorder=2)
    many = mixture.n_stored > MANY_COMPONENTS
    order = np.argsort(-mixture.weights, kind="stable")
    colours, markers, _ = zip(*[look_of(mixture.numbers[k]) for k in order])

    def placed(pairs):
        return np.column_stack([view.scale.of_model(values) for view, values in zip(views, pairs)])

    inner, outer = ([placed(mixture.ellipse(k, [x.j, y.j], radius)) for k in order] for radius in (1, 2))
    axes.add_collection(PolyCollection(inner, facecolors=[colour + (0.12 if many else 0.22,) for colour in colours], edgecolors=colours,
                                       linewidths=0.9 if many else 1.2, zorder=4), autolim=False)
    if not many:
        axes.add_collection(LineCollection(outer, colors=colours, linewidths=0.7, zorder=4), autolim=False)
    markers, means = np.array(markers), placed(mixture.means[order][:, [x.j, y.j]].T)
    for marker in dict.fromkeys(markers):
        chosen = np.flatnonzero(markers == marker)
        axes.scatter(*means[chosen].T, marker=marker, s=7, color=[colours[i] for i in chosen], linewidths=0, zorder=5)


def _colours_of_points(mixture, points):
    """Each has the colour of its most likely component, or of noise: n x 3."""
    looks = np.array([look_of(number)[0] for number in mixture.numbers] + [rgb(NOISE_COLOUR)])
    return looks[mixture.responsibilities(points).argmax(axis=1)] if len(points) else np.empty((0, 3))


def _draw_densities(axes, mixture, views, points):
    view, = views
    j = view.j
    if points is not None and len(points):
        bins = int(np.clip(2 * len(points) ** (1 / 3), 10, 40))
        axes.hist(view.scale.of_model(points[:, j]), bins=bins, range=view.limits, density=True, color="#d9d9d9", linewidth=0, zorder=2)
    grid = density_grid(mixture, j, view.scale, view.limits)
    u, slope = view.scale.to_model(grid)
    total = np.zeros_like(grid)
    for k in range(mixture.n_components):
        colour, _, line = look_of(mixture.numbers[k])
        density = slope * mixture.density_of(k, j, u)
        total += density
        if mixture.n_stored <= MANY_COMPONENTS:
            axes.fill_between(grid, density, color=colour, alpha=0.2, linewidth=0, zorder=3)
        axes.plot(grid, density, color=colour, linewidth=1.1, linestyle=line, zorder=4)
    if mixture.noise:
        total += slope * mixture.noise_density(j, u)
    axes.plot(grid, total, zorder=5, **MIXTURE_LINE)


def _highest(grid):
    """A height for densities that shows nearly all panels whole, whatever one spike does."""
    tops = [max(line.get_ydata().max() for line in axes.lines) for axes in grid.flat if axes.lines]
    return 1.06 * min(np.max(tops), 3 * np.median(tops)) if tops else 1


def _draw_failure(axes, status):
    axes.patch.set(facecolor="#f4f4f4", edgecolor="#c8c8c8", hatch="////", linewidth=0)
    axes.grid(False)
    axes.text(0.5, 0.5, "failed (%d)\n%s" % (status, reason_of(status)), transform=axes.transAxes, ha="center", va="center", fontsize=8,
              bbox=dict(facecolor="white", edgecolor="none", pad=2), zorder=6)


def _marks(mixtures, n_drawn):
    """The legend: the looks of components, where there are not too many; the numbers are those of each group alone."""
    numbers = sorted({int(number) for mixture in mixtures if mixture for number in mixture.numbers})
    if not numbers or len(numbers) > LEGEND_COMPONENTS:
        return []
    looks = [(k, *look_of(k)) for k in numbers]
    if n_drawn == 2:
        return [matplotlib.lines.Line2D([], [], color=colour, marker=marker, linestyle="", markersize=6, label="component %d" % k)
                for k, colour, marker, _ in looks]
    return [matplotlib.lines.Line2D([], [], color=colour, linestyle=line, linewidth=2, label="component %d" % k) for k, colour, _, line in looks] + [
        matplotlib.lines.Line2D([], [], label="mixture", **MIXTURE_LINE)]


def draw_overview(groups):
    """Distributions over groups."""
    figure, grid = plt.subplots(2, 3, figsize=(12, 6.6), layout="constrained")
    n_failed = int((~groups.fitted).sum())
    figure.suptitle("{:,} group{}".format(groups.n_groups, "" if groups.n_groups == 1 else "s") + (
        ", {:,} of them failed".format(n_failed) if n_failed else ""), fontsize=12)
    converged, open_ended = groups.fitted & (groups.converged != 0), groups.fitted & (groups.converged == 0)
    kinds = [("converged", converged, BLUE, None), ("not converged", open_ended, ORANGE, "////"), ("failed", ~groups.fitted, "#bbbbbb", "xxx")]
    kinds = [kind for kind in kinds if kind[1].any()]
    _histogram(grid[0, 0], groups.mean_log_likelihood(), kinds, "log-likelihood per point")
    _histogram(grid[0, 1], groups.n_iter.astype(float), [kind for kind in kinds if kind[0] != "failed"], "iterations", whole=True)
    _histogram(grid[0, 2], groups.n_samples.astype(float), kinds, "points of a group", whole=True)
    _draw_weights(grid[1, 0], groups)
    _draw_numbers(grid[1, 1], groups)
    _draw_outcomes(grid[1, 2], groups)
    return figure


def bins_of(values, whole):
    """Edges of bins, and whether they are equal in logarithms: for whole numbers a bin for each where there are few, logarithms where
    they span decades. What lies far out, as seen from the middle nine tenths, is not in them."""
    low, high = values.min(), values.max()
    n_bins = int(np.clip(2 * len(values) ** (1 / 3), 8, 60))
    if whole and high - low < 40:
        return np.arange(np.floor(low) - 0.5, high + 1), False
    if whole and low > 0 and high > 50 * low:
        return np.unique(np.geomspace(low, high + 1, n_bins).round()), True
    inner_low, inner_high = np.quantile(values, [0.05, 0.95])
    reach = 1.5 * (inner_high - inner_low)
    low, high = (max(low, inner_low - reach), min(high, inner_high + reach)) if reach > 0 else (low, high)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, n_bins + 1), False


def _histogram(axes, values, kinds, label, whole=False):
    axes.set(xlabel=label, ylabel="groups")
    kinds = [(name, values[chosen & np.isfinite(values)], colour, hatch) for name, chosen, colour, hatch in kinds]
    kinds = [kind for kind in kinds if len(kind[1])]
    if not kinds:
        axes.text(0.5, 0.5, "no group was fitted", transform=axes.transAxes, ha="center", color=GREY)
        return
    edges, is_log = bins_of(np.concatenate([part for _, part, _, _ in kinds]), whole)
    n_outside = sum(int(((part < edges[0]) | (part > edges[-1])).sum()) for _, part, _, _ in kinds)
    if n_outside:
        axes.text(1, 0.99, "{:,} farther out".format(n_outside), transform=axes.transAxes, ha="right", va="top", fontsize=8, color=GREY,
                  path_effects=OUTLINE)
    _, _, patches = axes.hist([part for _, part, _, _ in kinds], bins=edges, stacked=True,
                              color=[colour for _, _, colour, _ in kinds], label=[name for name, _, _, _ in kinds], edgecolor="white",
                              linewidth=0.4)
    for (_, _, _, hatch), bars in zip(kinds, patches if len(kinds) > 1 else [patches]):
        for bar in bars:
            bar.set_hatch(hatch)
    if is_log:
        axes.set_xscale("log")
    elif not whole:
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(nbins=6))
    else:
        axes.set_xlim(edges[0] - 1, edges[-1] + 1)
        whole_numbers(axes.xaxis, 8)
    whole_numbers(axes.yaxis)


def sorted_weights(groups):
    """Quantiles (5, 25, 50, 75, 95 %) over groups of the largest weight, the second largest, ...: 5 x K; NaN where no group has so many."""
    weights = groups.weights[groups.fitted]
    weights = -np.sort(-np.where(weights > 0, weights, 0), axis=1)
    quantiles = np.full((5, weights.shape[1]), np.nan)
    for place in range(weights.shape[1]):
        there = weights[:, place][weights[:, place] > 0]
        if len(there):
            quantiles[:, place] = np.quantile(there, [0.05, 0.25, 0.5, 0.75, 0.95])
    return quantiles


def _draw_weights(axes, groups):
    quantiles = sorted_weights(groups)
    there = np.isfinite(quantiles[2])
    places, quantiles = np.arange(1, quantiles.shape[1] + 1)[there], quantiles[:, there]
    if not len(places):
        axes.text(0.5, 0.5, "no group was fitted", transform=axes.transAxes, ha="center", color=GREY)
        return
    thick = float(np.clip(90 / len(places), 3, 16))
    axes.vlines(places, quantiles[0], quantiles[4], color=BLUE, linewidth=1.2)
    axes.vlines(places, quantiles[1], quantiles[3], color=LIGHT_BLUE, linewidth=thick)
    axes.plot(places, quantiles[2], linestyle="", marker="_", markersize=thick + 2, markeredgewidth=2, color="#222222")
    axes.set(xlabel="component by weight, the largest first", ylabel="weight", xlim=(0.4, places[-1] + 0.6), ylim=(0, None))
    axes.set_title("median, half and nine tenths of the groups", fontsize=9)
    whole_numbers(axes.xaxis)


def _draw_numbers(axes, groups):
    numbers, counts = np.unique(groups.n_components[groups.fitted], return_counts=True)
    bars = axes.bar(numbers, counts, color=colours(1)[0], width=0.8)
    if len(numbers) <= 10:
        axes.bar_label(bars, ["{:,}".format(count) for count in counts], fontsize=8, padding=1)
    axes.margins(y=0.12)
    if len(numbers):
        axes.set_xlim(numbers.min() - 1.5, numbers.max() + 1.5)
    axes.set(xlabel="components of a group", ylabel="groups")
    for axis in (axes.xaxis, axes.yaxis):
        whole_numbers(axis)


def _draw_outcomes(axes, groups):
    found = outcomes(groups)
    colour = {"converged": BLUE, "not converged": ORANGE}
    hatch = {"converged": None, "not converged": "////"}
    bars = axes.barh([name for name, _ in found], [count for _, count in found], color=[colour.get(name, "#bbbbbb") for name, _ in found],
                     height=0.6, edgecolor="white", linewidth=0.4)
    for (name, _), bar in zip(found, bars):
        bar.set_hatch(hatch.get(name, "xxx"))
    axes.bar_label(bars, ["{:,}".format(count) for _, count in found], fontsize=9, padding=3)
    axes.margins(x=0.18)
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_xlabel("groups")
    axes.grid(axis="y", visible=False)
    whole_numbers(axes.xaxis, 5)
