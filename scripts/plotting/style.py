# SPDX-License-Identifier: BSD-3-Clause
"""How all pictures look: colours that colour-blind readers can tell apart, sizes, and saving."""

import contextlib
import os
import re
import warnings

import matplotlib
matplotlib.use("Agg")
import matplotlib.colors
import matplotlib.font_manager
import matplotlib.patheffects
import matplotlib.pyplot as plt
import matplotlib.ticker
import numpy as np

from .problem import NO_OUTPUT, Problem

# Ten colours that the three kinds of colour-blind eyes tell apart from each other and from the grey of noise (CIEDE2000 of 12 and more,
# 16 for usual eyes), each with a contrast of at least 3 on white: found by a search that began with Okabe and Ito's palette.
PALETTE = ["#0072B2", "#CE8510", "#1F9F69", "#90170C", "#105C47", "#1915D4", "#861866", "#B086B4", "#5792FF", "#B65718"]
NOISE = "#919191"
GREY = "#777777"
DENSITY = "viridis"


def outline(width):
    """Path effects: a white edge, so that a line so many points wide with its edge, or a letter, is seen on any ground."""
    return [matplotlib.patheffects.withStroke(linewidth=width, foreground="white")]


OUTLINE = outline(3)

# Letters that the first font has not are taken from others, of those that are there.
FONTS = ["DejaVu Sans", "Droid Sans Fallback", "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAexGothic",
         "FreeSans"]
THERE = {font.name for font in matplotlib.font_manager.fontManager.ttflist}

plt.rcParams.update({
    "font.family": [font for font in FONTS if font in THERE][:3] or ["sans-serif"], "figure.dpi": 120, "font.size": 10, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#eeeeee", "axes.axisbelow": True, "legend.frameon": False,
    "axes.formatter.offset_threshold": 5, "axes.formatter.limits": (-4, 6),
    "figure.constrained_layout.h_pad": 0.09, "figure.constrained_layout.w_pad": 0.09, "savefig.facecolor": "white", "svg.hashsalt": "gmmpi"})


MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
NOISE_MARKER = "x"
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3))]


def component_colour(index):
    """The colour of a component as "#RRGGBB", by its index in the model's file (from 0) and nothing else, in every picture: the palette,
    over and over. Of noise, whose label is -1, a grey."""
    return NOISE if index < 0 else PALETTE[index % len(PALETTE)]


def component_marker(index):
    """matplotlib's marker of a component, by its index: each round of the palette has one of its own, so that the first 70 components
    all differ in colour or marker."""
    return NOISE_MARKER if index < 0 else MARKERS[index // len(PALETTE) % len(MARKERS)]


def component_line(index):
    """matplotlib's line style of a component, which changes as the markers do."""
    return "-" if index < 0 else LINES[index // len(PALETTE) % len(LINES)]


def rgb(colour):
    """(red, green, blue) of "#RRGGBB"."""
    return matplotlib.colors.to_rgb(colour)


def colours(n):
    """The colours of n things of one kind, as (red, green, blue)."""
    return [rgb(component_colour(index)) for index in range(n)]


def look_of(k):
    """Of component k (from 0) its colour as (red, green, blue), marker and line style."""
    return rgb(component_colour(k)), component_marker(k), component_line(k)


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
    return text if len(text) <= length else text[:length - 1].rstrip() + "…"


def whole_numbers(axis, n_ticks=9, fewest=1):
    """Ticks at whole numbers, at steps of 1, 2 or 5."""
    axis.set_major_locator(matplotlib.ticker.MaxNLocator(n_ticks, steps=[1, 2, 5, 10], integer=True, min_n_ticks=fewest))


def plain(text):
    """A text as matplotlib is to draw it: letter by letter, with no formulas between dollars, on one line."""
    return " ".join(re.sub(r"(?<!\\)\$", r"\\$", text).split())


def named(text, length):
    """A name from data, for a label."""
    return plain(shortened(" ".join(text.split()), length))


@contextlib.contextmanager
def without_complaints():
    """Draws without warnings of letters that no font has: they become boxes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def prepare_folder(folder):
    """Makes the folder for pictures, if need be."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be made (%s)" % (folder, error.strerror))


def save(figure, folder, name, kind="png"):
    """Writes a picture, as png, pdf or svg, and prints its path."""
    path = os.path.join(folder, name[:name.rindex(".")] + "." + kind)
    try:
        # Neither dates nor random identifiers: the same picture is the same file.
        with without_complaints():
            figure.savefig(path, metadata={"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind))
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))
    plt.close(figure)
    print(path, flush=True)
