# SPDX-License-Identifier: BSD-3-Clause
"""How all pictures look: colours that colour-blind readers can tell apart, sizes, and saving."""

import os

import matplotlib
matplotlib.use("Agg")
import matplotlib.colors
import matplotlib.patheffects
import matplotlib.pyplot as plt

from .problem import NO_OUTPUT, Problem

# Okabe and Ito's palette, its yellow darkened to be seen on white.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#B8A800", "#555555"]
GREY = "#777777"
DENSITY = "viridis"
OUTLINE = [matplotlib.patheffects.withStroke(linewidth=3, foreground="white")]

plt.rcParams.update({
    "figure.dpi": 120, "font.size": 10, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#eeeeee", "axes.axisbelow": True, "legend.frameon": False,
    "axes.formatter.useoffset": False, "axes.formatter.limits": (-4, 6)})


def colours(n):
    """n colours: the palette, then darker and lighter rounds of it (components are numbered in pictures by then)."""
    mixes = [(None, 0), ((0, 0, 0), 0.4), ((1, 1, 1), 0.45)]
    result = []
    for i in range(n):
        other, share = mixes[i // len(PALETTE) % len(mixes)]
        colour = matplotlib.colors.to_rgb(PALETTE[i % len(PALETTE)])
        result.append(tuple((1 - share) * c + share * o for c, o in zip(colour, other or colour)))
    return result


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
