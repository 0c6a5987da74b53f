# SPDX-License-Identifier: BSD-3-Clause
"""Legends that cover nothing: beside the axes, or in the empty corner of a grid of pairs; and the numbers of components at their means."""

import matplotlib.lines
import numpy as np

from .style import NOISE, NOISE_MARKER, OUTLINE, plain, plt

MOST_ENTRIES = 60
COLUMN_ENTRIES = 20
FONT = 8
MIXTURE_LINE = dict(color="#222222", linewidth=1.2, linestyle="--")


def mark(colour, marker, label, line=None):
    """An entry: a marker, or for densities a line."""
    look = dict(marker=marker, linestyle="", markersize=7 if marker != "o" else 8, markeredgewidth=1.5 if marker == "x" else 0) \
        if line is None else dict(linestyle=line, linewidth=2)
    return matplotlib.lines.Line2D([], [], color=colour, label=plain(label), **look)


def noise_mark(weight, line=None):
    return mark(NOISE, NOISE_MARKER, "noise, weight %.3f" % weight, line)


def component_marks(scene):
    """One entry a component: its look, number and weight."""
    mixture = scene.mixture
    lines = scene.lines if mixture.n_features == 1 else [None] * mixture.n_components
    marks = []
    for k, (colour, marker, line) in enumerate(zip(scene.colours, scene.markers, lines)):
        label = "component %d, weight %.3f" % (mixture.numbers[k], mixture.weights[k])
        if mixture.dof is not None:
            label += ", t with dof %.3g" % mixture.dof[k]
        marks.append(mark(colour, marker, label, line))
    return marks + common_marks(scene)


def common_marks(scene):
    """Entries for noise and, with one feature, for the mixture."""
    mixture = scene.mixture
    marks = [noise_mark(mixture.noise[0], "-" if mixture.n_features == 1 else None)] if mixture.noise else []
    if mixture.n_features == 1:
        marks.append(matplotlib.lines.Line2D([], [], label="mixture", **MIXTURE_LINE))
    return marks


def options_of(marks):
    """Columns and size of letters: as few columns as there are, of at most COLUMN_ENTRIES each."""
    return dict(handles=marks, ncol=-(-len(marks) // COLUMN_ENTRIES), fontsize=FONT, borderaxespad=0, handletextpad=0.5, columnspacing=1.2)


def size_of(marks):
    """Width and height of a legend in inches."""
    if not marks or len(marks) > MOST_ENTRIES:
        return 0.0, 0.0
    figure = plt.figure()
    box = figure.legend(**options_of(marks)).get_window_extent(figure.canvas.get_renderer())
    plt.close(figure)
    return box.width / figure.dpi, box.height / figure.dpi


def beside(axes, marks):
    """Puts a legend to the right of axes."""
    if marks and len(marks) <= MOST_ENTRIES:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), **options_of(marks))


def draw_numbers(axes, places, numbers, colours, size):
    """The numbers of components at their means, moved where they would lie on each other; then a line leads to the mean. places: n x 2.
    The layout of the figure has to be final."""
    box = axes.get_window_extent()
    scale = 72 / axes.figure.dpi
    pixels = axes.transData.transform(places) * scale
    (left, bottom), (right, top) = box.min * scale, box.max * scale
    taken = np.empty((0, 4))
    for place, pixel, number, colour in zip(places, pixels, numbers, colours):
        if not (left <= pixel[0] <= right and bottom <= pixel[1] <= top):
            continue
        half = np.array([0.34 * size * len(str(number)) + 1, 0.45 * size])
        for offset in _offsets(size):
            centre = pixel + offset
            low, high = centre - half, centre + half
            is_inside = left <= low[0] and high[0] <= right and bottom <= low[1] and high[1] <= top
            overlaps = ((taken[:, :2] < high) & (taken[:, 2:] > low)).all(axis=1).any()
            if not overlaps and (is_inside or not offset.any()):
                break
        else:
            low, high, offset = pixel - half, pixel + half, np.zeros(2)
        taken = np.vstack([taken, np.concatenate([low, high])])
        is_moved = offset.any()
        axes.annotate(str(number), place, xytext=offset, textcoords="offset points", color=colour, fontsize=size, fontweight="bold", ha="center",
                      va="center", path_effects=OUTLINE, zorder=6, annotation_clip=True, in_layout=False,
                      arrowprops=dict(arrowstyle="-", color=colour, linewidth=0.8, shrinkA=0, shrinkB=0) if is_moved else None)


def _offsets(size):
    """Where a number may go, the nearest first, in points."""
    yield np.zeros(2)
    for radius in np.arange(1, 8) * 0.9 * size:
        for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False) + 0.3:
            yield radius * np.array([np.cos(angle), np.sin(angle)])
