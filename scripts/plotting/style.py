# SPDX-License-Identifier: BSD-3-Clause
"""How all pictures look: colours that colour-blind readers can tell apart, sizes, and saving."""

import os

import matplotlib
matplotlib.use("Agg")
import matplotlib.colors
import matplotlib.patheffects
import matplotlib.pyplot as plt
import numpy as np

from .problem import NO_OUTPUT, Problem

# Okabe and Ito's palette with violet for its yellow, which is not seen on white, and is orange to some eyes when darkened.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#7B1FD0", "#555555"]
GREY = "#777777"
DENSITY = "viridis"
OUTLINE = [matplotlib.patheffects.withStroke(linewidth=3, foreground="white")]

plt.rcParams.update({
    "figure.dpi": 120, "font.size": 10, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#eeeeee", "axes.axisbelow": True, "legend.frameon": False,
    "axes.formatter.useoffset": False, "axes.formatter.limits": (-4, 6)})


MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3))]


def colours(n):
    """The colours of components 0 to n - 1: the palette, then darker and lighter rounds of it."""
    mixes = [(None, 0), ((0, 0, 0), 0.4), ((1, 1, 1), 0.45)]
    result = []
    for i in range(n):
        other, share = mixes[i // len(PALETTE) % len(mixes)]
        colour = matplotlib.colors.to_rgb(PALETTE[i % len(PALETTE)])
        result.append(tuple((1 - share) * c + share * o for c, o in zip(colour, other or colour)))
    return result


def look_of(k):
    """Of component k (from 0) the same colour, marker and line style in every picture: each round of the palette has a marker and a
    style of its own, so that of the first 56 components no two look alike."""
    turn = k // len(PALETTE)
    return colours(k + 1)[k], MARKERS[turn % len(MARKERS)], LINES[turn % len(LINES)]


def spread(places, gap, low, high):
    """Places on a line moved as little as need be until neighbours are `gap` apart: of labels that would overlap. They stay between
    low and high where there is room, in the order that they had."""
    places = np.asarray(places, dtype=float)
    order = np.argsort(places, kind="stable")
    # With i gaps taken off the i-th, places that may touch but not cross are wanted: means of the runs that are out of order.
    runs = []
    for rank, place in enumerate(places[order]):
        runs.append([place - rank * gap, 1])
        while len(runs) > 1 and runs[-2][0] > runs[-1][0]:
            (first, m), (second, n) = runs[-2:]
            runs[-2:] = [[(m * first + n * second) / (m + n), m + n]]
    level = np.repeat([place for place, _ in runs], [n for _, n in runs])
    moved = np.maximum(np.minimum(level, high - (len(places) - 1) * gap), low) + np.arange(len(places)) * gap
    result = np.empty(len(places))
    result[order] = moved
    return result


def shortened(text, length):
    """At most so many characters of a text, with an ellipsis where it was cut."""
    return text if len(text) <= length else text[:length - 1] + "…"


def prepare_folder(folder):
    """Makes the folder for pictures, if need be."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be made (%s)" % (folder, error.strerror))


def save(figure, folder, name):
    """Writes a picture and prints its path."""
    path = os.path.join(folder, name)
    try:
        figure.savefig(path)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))
    plt.close(figure)
    print(path, flush=True)
