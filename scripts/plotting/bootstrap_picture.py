# SPDX-License-Identifier: BSD-3-Clause
"""Draws a page of standard_errors.png."""

import matplotlib.ticker
import numpy as np

from .style import look_of, plain, plt, shortened

INK = "#222222"
STRIPE = "#f1f1f1"
NAME_LENGTH = 18
HEADING_LENGTH = 32
# Inches.
ROW = 0.235
BARS = 1.45
GAP = 0.16
CHARACTER = 0.068
ABOVE, BELOW, TITLE = 0.3, 0.42, 0.62


class Sheet:
    """A figure on which places are given in inches from the upper left corner."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.figure = plt.figure(figsize=(width, height))

    def axes(self, left, top, width, height):
        return self.figure.add_axes([left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height])

    def text(self, left, top, text, **options):
        self.figure.text(left / self.width, 1 - top / self.height, text, **options)


def draw_page(bootstrap, page):
    """A table whose cells are bars. page: blocks of columns (bootstrap.pages_of)."""
    n_columns, k = len(page[0]), bootstrap.n_components
    names = [plain(shortened(name, NAME_LENGTH)) for name in bootstrap.names]
    numbers = 0.08 + CHARACTER * max(len(column.text(row)) for block in page for column in block if column for row in range(k))
    headings = CHARACTER * max(len(shortened(column.heading, HEADING_LENGTH)) for block in page for column in block if column)
    margin = 0.25 + 0.085 * max(map(len, names))
    step = max(BARS + numbers, headings) + GAP
    lines = "%d component%s: %s" % (k, "" if k == 1 else "s", bootstrap.about) + ("\n" + bootstrap.remark if bootstrap.remark else "")
    title = TITLE + 0.18 * bool(bootstrap.remark)
    rows = ROW * k
    sheet = Sheet(max(margin + step * n_columns, 6.5), title + len(page) * (ABOVE + rows + BELOW))
    sheet.text(sheet.width / 2, 0.12, lines, ha="center", va="top", fontsize=10)
    top = title
    for block in page:
        top += ABOVE
        first = next(place for place, column in enumerate(block) if column)
        last = max(place for place, column in enumerate(block) if column)
        _draw_stripes(sheet.axes(margin + first * step, top, (last + 1 - first) * step - GAP, rows), k)
        for row, name in enumerate(names):
            sheet.text(margin + first * step - 0.08, top + (row + 0.5) * ROW, name, ha="right", va="center", fontsize=8,
                       fontweight="bold", color=look_of(row)[0])
        for place, column in enumerate(block):
            if column:
                left = margin + place * step
                sheet.text(left, top - 0.1, plain(shortened(column.heading, HEADING_LENGTH)), va="bottom", fontsize=9)
                _draw_bars(sheet.axes(left, top, BARS, rows), column, k)
                for row in range(k):
                    sheet.text(left + step - GAP - 0.04, top + (row + 0.5) * ROW, column.text(row), ha="right", va="center", fontsize=8,
                               color=INK)
        top += rows + BELOW
    return sheet.figure


def _darker(k):
    return tuple(0.7 * part for part in look_of(k)[0])


def _draw_stripes(axes, n_rows):
    for row in range(0, n_rows, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, linewidth=0)
    axes.set(ylim=(n_rows - 0.5, -0.5), xlim=(0, 1))
    axes.axis("off")


def _draw_bars(axes, column, n_rows):
    """Estimate, standard error and interval of each component."""
    rows = np.flatnonzero(np.isfinite(column.estimate))
    estimate, error, low, high = (values[rows] for values in (column.estimate, column.error, column.lower, column.upper))
    light, dark = [look_of(row)[0] for row in rows], [_darker(row) for row in rows]
    axes.hlines(rows, low, high, color=dark, linewidth=1, zorder=2)
    for ends in (low, high):
        axes.vlines(ends, rows - 0.16, rows + 0.16, color=dark, linewidth=1, zorder=2)
    axes.hlines(rows, estimate - error, estimate + error, color=light, linewidth=5, zorder=3)
    markers = np.array([look_of(row)[1] for row in rows])
    for marker in dict.fromkeys(markers):
        chosen = np.flatnonzero(markers == marker)
        axes.scatter(estimate[chosen], rows[chosen], marker=marker, s=16, color=[dark[i] for i in chosen], linewidths=0, zorder=4)
    axes.patch.set_visible(False)
    axes.set_ylim(n_rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(nbins=3, min_n_ticks=2))
    axes.tick_params(axis="x", labelsize=7.5, length=2)
    axes.margins(x=0.06)
    axes.grid(axis="x", color="#dddddd")
    axes.spines["left"].set_visible(False)
