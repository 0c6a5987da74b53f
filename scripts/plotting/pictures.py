# SPDX-License-Identifier: BSD-3-Clause
"""The pictures of one fit: data.png and clusters.png; responsibilities.png and log_likelihood.png are in fit_pictures."""

import textwrap

import matplotlib.colors
import numpy as np

from . import legends
from .fit_pictures import draw_log_likelihood, draw_responsibilities  # noqa: F401
from .scene import SCATTER_POINTS, Scene, density_grid, plain_colour  # noqa: F401
from .style import DENSITY, component_colour, outline, plt, rgb, without_complaints

NOISE = rgb(component_colour(-1))
PANEL = 2.1  # inches, of a pair of features
AXES_WIDTH, HEIGHT = 7.2, 5.4
MANY_COMPONENTS = 10
OUTLINED_POINTS = 1000  # beyond, lines have white edges to be seen; these would hide parts of single points
MOST_CELLS, FEWEST_CELLS = 220, 70  # along each axis
SMALL_CELLS = 90


def _cells(scene, small):
    return int(np.clip(0.75 * np.sqrt(scene.n), FEWEST_CELLS, SMALL_CELLS if small else MOST_CELLS))


def _counts(scene, i, j, cells, shares=None):
    """A two-dimensional histogram as an image: rows are feature j; and its edges. shares: numbers of the points that are summed up."""
    first, second = scene.feature(i), scene.feature(j)
    edges = first.edges(cells), second.edges(cells)
    weights = scene.weights if shares is None else shares if scene.weights is None else shares * scene.weights
    places = [np.floor((feature.places - ends[0]) / (ends[1] - ends[0])) for feature, ends in zip((first, second), edges)]
    inside = np.all([(place >= 0) & (place < len(ends) - 1) for place, ends in zip(places, edges)], axis=0)
    column, row = (place[inside].astype(int) for place in places)
    shape = len(edges[1]) - 1, len(edges[0]) - 1
    counts = np.bincount(row * shape[1] + column, None if weights is None else weights[inside], shape[0] * shape[1])
    return counts.reshape(shape), (edges[0][0], edges[0][-1], edges[1][0], edges[1][-1])


def _mixed_image(scene, i, j, cells):
    """An image (rows x columns x RGBA) whose hue is the mean of the components' colours and whose opacity is the density."""
    total, extent = _counts(scene, i, j, cells)
    colours = np.array(scene.colours + [NOISE])[scene.labels]
    mixed = np.dstack([_counts(scene, i, j, cells, colours[:, channel])[0] for channel in range(3)])
    highest = np.log1p(total.max()) or 1
    opacity = np.where(total > 0, 0.15 + 0.7 * np.log1p(total) / highest, 0)
    return np.dstack([np.clip(mixed / np.where(total > 0, total, 1)[:, :, None], 0, 1), opacity]), extent


def _draw_points(axes, scene, i, j, by_component, small):
    """Points of features i and j: marks, or a density where there are many; coloured by component if asked. Returns the image of a
    density that has a scale."""
    image = None
    if not scene.is_dense(i, j):
        _scatter(axes, scene, i, j, by_component, small)
    elif by_component:
        pixels, extent = _mixed_image(scene, i, j, _cells(scene, small))
        axes.imshow(pixels, extent=extent, origin="lower", aspect="auto", interpolation="nearest", zorder=1)
    else:
        counts, extent = _counts(scene, i, j, _cells(scene, small))
        counts = np.ma.masked_less_equal(counts, 0)
        low = min(1.0, counts.min())
        image = axes.imshow(counts, extent=extent, origin="lower", aspect="auto", cmap=DENSITY, interpolation="nearest", zorder=1,
                            norm=matplotlib.colors.LogNorm(low, max(2 * low, counts.max())))
    axes.set(xlim=scene.feature(i).limits, ylim=scene.feature(j).limits)
    return image


def _scatter(axes, scene, i, j, by_component, small):
    x, y = scene.feature(i).places, scene.feature(j).places
    n = max(scene.n, 1)
    opacity = float(np.clip(20 / np.sqrt(n), 0.25, 0.8))
    sizes = np.full(scene.n, float(np.clip(400 / np.sqrt(n), 5, 22) * (0.35 if small else 1)))
    if scene.weights is not None:
        sizes *= np.clip(scene.weights / scene.weights.mean(), 0.1, 10)
    common = dict(alpha=opacity, zorder=2, rasterized=scene.n > 2000)
    order = np.random.default_rng(0).permutation(scene.n)
    if not by_component:
        axes.scatter(x[order], y[order], s=sizes[order], linewidths=0, color=plain_colour(), **common)
        return
    noise = scene.labels == scene.mixture.n_components
    axes.scatter(x[noise], y[noise], s=sizes[noise], marker="x", linewidths=0.8, color=NOISE, **dict(common, alpha=max(opacity, 0.6)))
    markers = np.array(scene.markers + ["x"])[scene.labels]
    colours = np.array(scene.colours + [NOISE])
    for marker in dict.fromkeys(scene.markers):
        chosen = order[(markers[order] == marker) & ~noise[order]]
        axes.scatter(x[chosen], y[chosen], s=sizes[chosen], marker=marker, linewidths=0, c=colours[scene.labels[chosen]], **common)


def _draw_components(axes, scene, i, j, small):
    """Ellipses of features i and j, of one and two standard deviations; of t distributions those that hold as much."""
    many = scene.mixture.n_components > MANY_COMPONENTS
    mean_weight = 1 / scene.mixture.n_components
    is_outlined = not (small and many) and (scene.n > OUTLINED_POINTS or scene.is_dense(i, j))
    for k in np.argsort(-scene.mixture.weights, kind="stable"):
        # Components of hardly a point are not to hide the others.
        opacity = float(np.clip(3 * scene.mixture.weights[k] / mean_weight, 0.3, 1))
        for radius, width in ((1, 1.7), (2, 1.0))[:1 if small and many else 2]:
            width *= 0.6 if small else 0.8 if many else 1
            axes.plot(*scene.curve(k, i, j, radius), color=scene.colours[k], linewidth=width, alpha=opacity, zorder=3,
                      path_effects=outline(width + 1.5) if is_outlined and opacity == 1 else None)
        if small and many:
            axes.scatter(*scene.centre(k, [i, j]), marker=scene.markers[k], s=14, color=scene.colours[k], edgecolor="white", linewidth=0.5,
                         zorder=4)


def _number_components(axes, scene, features, small):
    """The numbers of components at their means, where the layout is final. One feature: on top of their densities."""
    mixture = scene.mixture
    order = np.argsort(-mixture.weights, kind="stable")
    places = np.array([scene.centre(k, features) for k in order])
    if len(features) == 1:
        feature = scene.feature(features[0])
        heights = [feature.density(mixture, k, place).max() for k, place in zip(order, places)]
        places = np.column_stack([places[:, 0], np.minimum(heights, 0.96 * axes.get_ylim()[1])])
    size = 7 if small else 10 if mixture.n_components <= MANY_COMPONENTS else 8.5
    legends.draw_numbers(axes, places, mixture.numbers[order], [scene.colours[k] for k in order], size)


def _draw_histogram(axes, scene, j, with_density, small=False):
    """The distribution of one feature; with the densities of the components and of the mixture if asked."""
    feature = scene.feature(j)
    bins = int(np.clip(3 * scene.n ** (1 / 3), 24, 60 if small else 120))
    if with_density:
        bins = int(np.clip(2 * feature.narrowest, bins, 2.5 * bins))
    edges = feature.edges(bins)
    heights, _, _ = axes.hist(feature.places, bins=edges, weights=_shares(scene, edges), color="#d9d9d9" if with_density else plain_colour(),
                              edgecolor="white", linewidth=0 if bins > 60 or small else 0.4)
    axes.set_xlim(feature.limits)
    if not with_density:
        return
    grid = density_grid(scene.mixture, j, feature.scale, feature.limits)
    total = np.zeros_like(grid)
    many = scene.mixture.n_components > MANY_COMPONENTS
    for k, colour in enumerate(scene.colours):
        density = feature.density(scene.mixture, k, grid)
        total += density
        if not many:
            axes.fill_between(grid, density, color=colour, alpha=0.18, linewidth=0)
        axes.plot(grid, density, color=colour, linestyle=scene.lines[k], linewidth=1 if small or many else 1.6)
    if scene.mixture.noise:
        density = feature.density(scene.mixture, None, grid)
        total += density
        axes.plot(grid, density, color=NOISE, linewidth=1 if small else 1.6)
    axes.plot(grid, total, **legends.MIXTURE_LINE)
    # A spike, of a component without a width almost, is cut.
    axes.set_ylim(0, 1.08 * max(heights.max(), min(total.max(), 3 * heights.max())))


def _shares(scene, edges):
    """Weights of points with which a histogram is a density, of all points, outside of the frame too."""
    weights = np.ones(scene.n) if scene.weights is None else scene.weights
    return weights / (weights.sum() * (edges[1] - edges[0]))


def _pair_grid(scene, by_component, title, marks):
    """A grid of all pairs of features: points below the diagonal, distributions on it. The legend is in the empty corner where there is
    room, else on the right."""
    features, remark = scene.selection()
    m = len(features)
    width, height = legends.size_of(marks)
    # Beside a legend so high the grid has so many columns of panels; what is on the right of these is free.
    side = max(0, width + 0.3 - PANEL * max(0, m - np.ceil((height + 0.15) / PANEL))) if width else 0
    wide = PANEL * m + 0.9
    lines = title_lines([title, remark] + scene.remarks_on(features, by_component), wide + side)
    top = 0.19 * len(lines) + 0.15
    high = max(PANEL * m + 0.5, height + 0.2) + top
    figure = plt.figure(figsize=(wide + side, high), layout="constrained")
    figure.suptitle("\n".join(lines), fontsize=10)
    main = figure
    if side:
        main = figure.subfigures(1, 2, width_ratios=[wide, side])[0]
        main.patch.set_visible(False)  # else it would cover the legend
    places = main.add_gridspec(m, m)
    grid = {}
    for row, j in enumerate(features):
        for column, i in enumerate(features[:row + 1]):
            axes = grid[row, column] = main.add_subplot(places[row, column])
            if column == row:
                _draw_histogram(axes, scene, j, by_component, small=True)
                axes.set_yticks([])
                axes.spines["left"].set_visible(False)
            else:
                _draw_points(axes, scene, i, j, by_component, True)
                if by_component:
                    _draw_components(axes, scene, i, j, True)
                scene.feature(j).scale.dress(axes.yaxis, *scene.feature(j).limits, 4)
            scene.feature(i).scale.dress(axes.xaxis, *scene.feature(i).limits, 4)
            axes.tick_params(labelsize=7, labelbottom=row == m - 1, labelleft=column == 0 and row > 0)
            for axis in (axes.xaxis, axes.yaxis):
                axis.get_offset_text().set(fontsize=7, visible=axis is axes.xaxis and row == m - 1 or axis is axes.yaxis and column == 0 < row)
            if row == m - 1:
                axes.set_xlabel(textwrap.fill(scene.label(i, 50), 26), fontsize=8)
            if column == 0 and row > 0:
                axes.set_ylabel(textwrap.fill(scene.label(j, 50), 26), fontsize=8)
    if width:
        figure.legend(loc="upper right", bbox_to_anchor=(1 - 0.1 / (wide + side), 1 - top / high), **legends.options_of(marks)).set_in_layout(False)
    if by_component and 1 < scene.mixture.n_components <= MANY_COMPONENTS:
        _fix_layout(figure)
        for row, j in enumerate(features):
            for column, i in enumerate(features[:row]):
                _number_components(grid[row, column], scene, [i, j], True)
    return figure


def _fix_layout(figure):
    """Puts the axes where they will be, for what is placed by points on them."""
    with without_complaints():
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


def title_lines(parts, width):
    """The lines of a title for a figure so many inches wide."""
    return [line for part in parts if part for line in textwrap.wrap(part, max(30, int(12.5 * width)))]


def _single(scene, by_component, title, marks):
    """One or two features in one pair of axes, the legend beside it."""
    features = list(range(scene.mixture.n_features))
    width, height = legends.size_of(marks)
    figure, axes = plt.subplots(figsize=(AXES_WIDTH + (width + 0.2 if width else 0), max(HEIGHT, height + 0.9)), layout="constrained")
    lines = title_lines([title] + scene.remarks_on(features, by_component), AXES_WIDTH - 0.8)
    axes.set_title("\n".join(lines), fontsize=10)
    image = None
    if len(features) == 1:
        _draw_histogram(axes, scene, 0, by_component)
        axes.set_ylabel("density per decade" if scene.feature(0).scale.is_decimal else "density")
    else:
        image = _draw_points(axes, scene, 0, 1, by_component, False)
        if by_component:
            _draw_components(axes, scene, 0, 1, False)
        axes.set_ylabel(textwrap.fill(scene.label(1), 50))
        scene.feature(1).scale.dress(axes.yaxis, *scene.feature(1).limits, 7)
    axes.set_xlabel(textwrap.fill(scene.label(0), 70))
    scene.feature(0).scale.dress(axes.xaxis, *scene.feature(0).limits, 8)
    if image is not None:
        figure.colorbar(image, ax=axes, label="points in a cell" if scene.weights is None else "weight in a cell", pad=0.02)
    legends.beside(axes, marks)
    if by_component and scene.mixture.n_components > 1:
        _fix_layout(figure)
        _number_components(axes, scene, features, False)
    return figure


def draw_data(scene):
    """The points alone."""
    title = "Data: " + scene.count
    return (_single if scene.mixture.n_features <= 2 else _pair_grid)(scene, False, title, [])


def draw_clusters(scene, title=None, marks=None):
    """The points by component, and the components. title, marks: the heading and the legend, where they are not of components."""
    mixture = scene.mixture
    d, k = mixture.n_features, mixture.n_components
    if title is None:
        title = "%d %scomponent%s, %s" % (k, "" if mixture.dof is None else "t ", "" if k == 1 else "s", scene.count)
    one = d > 2 and k > MANY_COMPONENTS
    if mixture.dof is not None and d > 1:
        title += "; ellipses hold 39 % of each, as those of one standard deviation do" if one else \
            "; ellipses hold 39 % and 86 % of each, as those of one and two standard deviations do"
    elif one:
        title += "; ellipses of one standard deviation"
    return (_single if d <= 2 else _pair_grid)(scene, True, title, legends.component_marks(scene) if marks is None else marks)
