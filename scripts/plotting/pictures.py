# SPDX-License-Identifier: BSD-3-Clause
"""The pictures of one fit: data.png, clusters.png, log_likelihood.png and responsibilities.png."""

import matplotlib.colors
import matplotlib.lines
import numpy as np

from .style import DENSITY, GREY, OUTLINE, colours, component_colour, look_of, plt

SCATTER_POINTS = 20000  # beyond, densities are drawn
PAIR_FEATURES = 6
LEGEND_COMPONENTS = 24
HISTOGRAM_COMPONENTS = 12
NOISE = matplotlib.colors.to_rgb(component_colour(-1))
MIXTURE_LINE = dict(color="#222222", linewidth=1.2, linestyle="--")


class Scene:
    """What the pictures share. points: n x d (a sample of n_rows), labels: n (components as the mixture counts them; K: noise)."""

    def __init__(self, mixture, points, names, n_rows, labels):
        self.mixture = mixture
        self.points = points
        self.names = names
        self.labels = labels
        looks = [look_of(k) for k in mixture.numbers]
        self.colours, self.lines = [colour for colour, _, _ in looks], [line for _, _, line in looks]
        self.n = len(points)
        self.count = "{:,} points".format(self.n) if self.n == n_rows else \
            "a sample of {:,} of {:,} points".format(self.n, n_rows)
        self.limits = [_limits(points[:, j]) for j in range(points.shape[1])]

    def selection(self):
        """The features of a grid of pairs, and a remark when they are not all."""
        d = self.mixture.n_features
        if d <= PAIR_FEATURES:
            return list(range(d)), ""
        best = np.argsort(-self.mixture.separation(), kind="stable")[:PAIR_FEATURES]
        return sorted(int(j) for j in best), "\nthe %d of %d features in which the components differ most" % (PAIR_FEATURES, d)


def _limits(values):
    """An axis that shows the values, without the last thousandth on either side when there are many."""
    low, high = np.quantile(values, [0.0005, 0.9995]) if len(values) > SCATTER_POINTS else (values.min(), values.max())
    margin = 0.06 * (high - low) or max(1, abs(low)) * 0.01
    return low - margin, high + margin


def _counts(scene, i, j, chosen, bins):
    """A two-dimensional histogram as an image: bins x bins, rows are feature j."""
    return np.histogram2d(scene.points[chosen, j], scene.points[chosen, i], bins=bins,
                          range=[scene.limits[j], scene.limits[i]])[0]


def _draw_points(axes, scene, i, j, by_component, bins, size):
    """Points of features i and j: dots, or a density where there are many; coloured by component if asked."""
    extent = (*scene.limits[i], *scene.limits[j])
    if scene.n <= SCATTER_POINTS:
        alpha = float(np.clip(12 / np.sqrt(scene.n), 0.12, 0.8))
        colour = np.array(scene.colours + [NOISE])[scene.labels] if by_component else colours(1)[0]
        order = np.random.default_rng(0).permutation(scene.n) if by_component else slice(None)
        if by_component:
            noise = scene.labels == scene.mixture.n_components
            axes.scatter(scene.points[noise, i], scene.points[noise, j], s=size, marker="x", linewidths=0.7, alpha=alpha,
                         color=NOISE)
            order = order[~noise[order]]
        axes.scatter(scene.points[order, i], scene.points[order, j], s=size, linewidths=0, alpha=alpha,
                     **({"c": colour[order]} if by_component else {"color": colour}))
    elif by_component:
        axes.imshow(_mixed_image(scene, i, j, bins), extent=extent, origin="lower", aspect="auto",
                    interpolation="nearest", zorder=1)
    else:
        counts = _counts(scene, i, j, slice(None), bins)
        image = axes.imshow(np.ma.masked_equal(counts, 0), extent=extent, origin="lower", aspect="auto", cmap=DENSITY,
                            norm=matplotlib.colors.LogNorm(1, max(2, counts.max())), interpolation="nearest", zorder=1)
        axes.set(xlim=scene.limits[i], ylim=scene.limits[j])
        return image
    axes.set(xlim=scene.limits[i], ylim=scene.limits[j])
    return None


def _mixed_image(scene, i, j, bins):
    """An image (bins x bins x RGBA) whose hue is the mean of the components' colours and whose opacity is the density."""
    total = np.zeros((bins, bins))
    mixed = np.zeros((bins, bins, 3))
    for k, colour in enumerate(scene.colours + [NOISE]):
        counts = _counts(scene, i, j, scene.labels == k, bins)
        total += counts
        mixed += counts[:, :, None] * np.array(colour)
    opacity = np.where(total > 0, 0.15 + 0.75 * np.log1p(total) / np.log1p(max(1, total.max())), 0)
    return np.dstack([np.clip(mixed / np.maximum(total, 1)[:, :, None], 0, 1), opacity])


def _draw_components(axes, scene, i, j, small=False):
    """Means, and ellipses of features i and j, of one and two standard deviations; of t distributions those that hold as much."""
    numbered = scene.mixture.n_components > 8
    outlined = not small and scene.n > SCATTER_POINTS
    for k, colour in enumerate(scene.colours):
        mean = scene.mixture.means[k, [i, j]]
        dark = tuple(0.75 * c for c in colour)
        for radius, width in ((1, 1.8), (2, 1.1)):
            axes.plot(*scene.mixture.ellipse(k, [i, j], radius), color=dark, linewidth=width * (0.6 if small else 1),
                      path_effects=OUTLINE if outlined else None, zorder=3)
        if numbered:
            axes.text(*mean, str(scene.mixture.numbers[k]), color=dark, fontsize=6 if small else 10,
                      fontweight="bold", ha="center", va="center", path_effects=OUTLINE, zorder=4, clip_on=True)
        else:
            axes.scatter(*mean, marker="X", s=25 if small else 80, color=dark, edgecolor="white",
                         linewidth=0.6 if small else 1.2, zorder=4)


def _draw_histogram(axes, scene, j, with_density, small=False):
    """The distribution of one feature; with the densities of the components and of the mixture if asked."""
    bins = int(np.clip(3 * scene.n ** (1 / 3), 24, 120))
    axes.hist(scene.points[:, j], bins=bins, range=scene.limits[j], density=True,
              color="#d9d9d9" if with_density else colours(1)[0], edgecolor="white", linewidth=0 if bins > 60 else 0.4)
    if with_density:
        grid = np.linspace(*scene.limits[j], 400)
        total = np.zeros_like(grid)
        for k, colour in enumerate(scene.colours):
            density = scene.mixture.density_of(k, j, grid)
            total += density
            axes.fill_between(grid, density, color=colour, alpha=0.18, linewidth=0)
            axes.plot(grid, density, color=colour, linestyle=scene.lines[k], linewidth=1 if small else 1.6)
        if scene.mixture.noise:
            density = scene.mixture.noise_density(j, grid)
            total += density
            axes.plot(grid, density, color=NOISE, linewidth=1 if small else 1.6)
        axes.plot(grid, total, **MIXTURE_LINE)
    axes.set_xlim(scene.limits[j])


def _label(mixture, k):
    label = "component %d, weight %.3f" % (mixture.numbers[k], mixture.weights[k])
    return label if mixture.dof is None else label + ", t with dof %.3g" % mixture.dof[k]


def _legend(figure_or_axes, scene, **options):
    """One entry a component: its colour, number and weight; none when there are too many."""
    mixture = scene.mixture
    if mixture.n_components > LEGEND_COMPONENTS:
        return
    marks = [matplotlib.lines.Line2D([], [], marker="o", linestyle="", markersize=8, color=colour,
                                     label=_label(mixture, k))
             for k, colour in enumerate(scene.colours)]
    if mixture.noise:
        marks.append(matplotlib.lines.Line2D([], [], marker="x", linestyle="", markersize=7, color=NOISE,
                                             label="noise, weight %.3f" % mixture.noise[0]))
    if mixture.n_features == 1:
        marks.append(matplotlib.lines.Line2D([], [], **MIXTURE_LINE, label="mixture"))
    figure_or_axes.legend(handles=marks, **options)


def _pair_grid(scene, by_component):
    """A grid of all pairs of features: points below the diagonal, distributions on it."""
    features, remark = scene.selection()
    m = len(features)
    figure, grid = plt.subplots(m, m, figsize=(2.1 * m + 1.2, 2.1 * m + 1.2), layout="constrained", squeeze=False)
    for row, j in enumerate(features):
        for column, i in enumerate(features):
            axes = grid[row, column]
            if column > row:
                axes.axis("off")
                continue
            axes.tick_params(labelsize=7, labelbottom=row == m - 1, labelleft=column == 0 and row > 0)
            axes.locator_params(nbins=4)
            if column == row:
                _draw_histogram(axes, scene, j, by_component, small=True)
                axes.set_yticks([])
                axes.spines["left"].set_visible(False)
            else:
                _draw_points(axes, scene, i, j, by_component, 90, 5)
                if by_component:
                    _draw_components(axes, scene, i, j, small=True)
            if row == m - 1:
                axes.set_xlabel(scene.names[i], fontsize=8)
            if column == 0 and row > 0:
                axes.set_ylabel(scene.names[j], fontsize=8)
    return figure, remark


def draw_data(scene):
    """The points alone."""
    d = scene.mixture.n_features
    title = "Data: " + scene.count
    if d > 2:
        figure, remark = _pair_grid(scene, False)
        figure.suptitle(title + remark)
        return figure
    figure, axes = plt.subplots(figsize=(7.2, 5.4), layout="constrained")
    axes.set(title=title, xlabel=scene.names[0], ylabel=scene.names[1] if d == 2 else "density")
    if d == 1:
        _draw_histogram(axes, scene, 0, False)
    else:
        image = _draw_points(axes, scene, 0, 1, False, 220, 22)
        if image is not None:
            figure.colorbar(image, ax=axes, label="points in a cell", pad=0.02)
    return figure


def draw_clusters(scene):
    """The points by component, and the components."""
    d, k = scene.mixture.n_features, scene.mixture.n_components
    kind = "" if scene.mixture.dof is None else "t "
    title = "%d %scomponent%s, %s" % (k, kind, "" if k == 1 else "s", scene.count)
    if scene.mixture.dof is not None and d > 1:
        title += "\nellipses hold 39 % and 86 % of each, as those of one and two standard deviations do"
    if d > 2:
        figure, remark = _pair_grid(scene, True)
        figure.suptitle(title + remark)
        columns = 2 if k > 12 else 1
        _legend(figure, scene, loc="upper right", bbox_to_anchor=(0.99, 0.93), ncol=columns, fontsize=8)
        return figure
    outside = k > 8 and k <= LEGEND_COMPONENTS
    figure, axes = plt.subplots(figsize=(9.4 if outside else 7.2, 5.4), layout="constrained")
    axes.set(title=title, xlabel=scene.names[0], ylabel=scene.names[1] if d == 2 else "density")
    if d == 1:
        _draw_histogram(axes, scene, 0, True)
    else:
        _draw_points(axes, scene, 0, 1, True, 220, 22)
        _draw_components(axes, scene, 0, 1)
    if outside:
        _legend(axes, scene, loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8, borderaxespad=0)
    else:
        _legend(axes, scene, loc="best", fontsize=8)
    return figure


def draw_responsibilities(scene, responsibilities):
    """For each component the distribution of its responsibilities: n x K."""
    mixture = scene.mixture
    shown = np.arange(mixture.n_components)
    title = "Responsibilities, " + scene.count
    if len(shown) > HISTOGRAM_COMPONENTS:
        shown = np.sort(np.argsort(-mixture.weights, kind="stable")[:HISTOGRAM_COMPONENTS])
        title += "\nthe %d components of greatest weight, of %d" % (len(shown), mixture.n_components)
    columns = min(len(shown), 3 if len(shown) != 4 else 2)
    rows = -(-len(shown) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(max(5.5, 3.4 * columns), 2.5 * rows + 0.9), sharex=True, sharey=True,
                                layout="constrained", squeeze=False)
    for axes in grid.flat[len(shown):]:
        axes.axis("off")
    for place, (axes, k) in enumerate(zip(grid.flat, shown)):
        axes.hist(responsibilities[:, k], bins=np.linspace(0, 1, 41), color=scene.colours[k], edgecolor="white",
                  linewidth=0.3)
        axes.set_yscale("log")
        axes.set_ylim(0.7, 2 * scene.n)
        axes.set_title("component %d, weight %.3f" % (mixture.numbers[k], mixture.weights[k]), fontsize=9)
        if place % columns == 0:
            axes.set_ylabel("points")
        if place + columns >= len(shown):
            axes.set_xlabel("responsibility")
            axes.tick_params(labelbottom=True)
    figure.suptitle(title, fontsize=11)
    return figure


def _hide_far_start(axes, rows):
    """Cuts the axis when the start lies so deep that nothing else could be seen, and says how deep."""
    if len(rows) < 3:
        return
    first, low, high = rows[0, 1], rows[1:, 1].min(), rows[1:, 1].max()
    if low - first > 4 * (high - low) > 0:
        axes.set_ylim(low - 0.3 * (high - low), high + 0.1 * (high - low))
        axes.text(0.98, 0.18, "start: %.6g, far below" % first, transform=axes.transAxes, ha="right", color=GREY,
                  path_effects=OUTLINE, zorder=5)


def draw_log_likelihood(starts):
    """Log-likelihood and its change by iteration; starts: for each start an array of (iteration, log-likelihood, change)."""
    best = max(starts, key=lambda start: starts[start][-1, 1])
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(7.2, 6), sharex=True, layout="constrained",
                                          gridspec_kw={"height_ratios": [3, 2]})
    for start, rows in sorted(starts.items(), key=lambda item: item[0] == best):
        is_best = start == best
        style = dict(color=colours(1)[0] if is_best else GREY, linewidth=1.8 if is_best else 0.9,
                     alpha=1 if is_best else 0.6, zorder=3 if is_best else 2)
        marker = "o" if is_best and len(rows) <= 60 else ""
        upper.plot(rows[:, 0], rows[:, 1], marker=marker, markersize=3.5, **style)
        changed = rows[rows[:, 2] > 0]
        lower.plot(changed[:, 0], changed[:, 2], marker=marker, markersize=3.5, **style)
    last = starts[best][-1]
    upper.set_title("Log-likelihood by iteration" + (
        ", the best of %d starts in colour" % len(starts) if len(starts) > 1 else ""))
    upper.plot(last[0], last[1], marker="o", markersize=6, color=colours(1)[0], zorder=4)
    upper.text(0.98, 0.06, "%.6f after %d iterations" % (last[1], last[0]), transform=upper.transAxes, ha="right",
               path_effects=OUTLINE, zorder=5)
    upper.set_ylabel("log-likelihood")
    _hide_far_start(upper, starts[best])
    lower.set(xlabel="iteration", ylabel="change per point")
    if any((rows[:, 2] > 0).any() for rows in starts.values()):
        lower.set_yscale("log")
    lower.xaxis.get_major_locator().set_params(integer=True)
    return figure
