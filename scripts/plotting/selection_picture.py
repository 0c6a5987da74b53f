# SPDX-License-Identifier: BSD-3-Clause
"""Draws selection.png."""

import numpy as np

from .selection import HEADINGS, SIGNS, best_of, families_of, lines_of, reach_of
from .style import GREY, plt, spread, whole_numbers

BEST = "#222222"
LEADER = (0, (1, 2))  # dotted, which no line of a family is
KEY_HEIGHT = 0.15  # of a name, in inches
SIZES = {"P": 1.15, "D": 0.9, "s": 0.95}  # of markers, so that they look equally large


def draw_selection(candidates, criteria):
    """The first criterion large: all candidates, and those near the best; the others small."""
    main, others = criteria[0], criteria[1:]
    reach = reach_of(lines_of(candidates, main), SIGNS[main])
    n_lines = len(families_of(candidates))
    upper = max(4.0, 1.6 + 0.24 * n_lines)
    figure = plt.figure(figsize=(12.5 if reach or others else 8.5, upper + (3.4 if others else 0)), layout="constrained")
    rows = figure.subfigures(2, 1, height_ratios=[upper, 3.4]) if others else [figure]
    panels = rows[0].subplots(1, 2, squeeze=False)[0] if reach else [rows[0].subplots()]
    _panel(panels[0], candidates, main, None, labelled=True)
    panels[0].set_title("%s, all candidates" % HEADINGS[main])
    if reach:
        _panel(panels[1], candidates, main, reach, labelled=True)
        panels[1].set_title("%s, near the best" % HEADINGS[main])
    if others:
        for axes, criterion in zip(rows[1].subplots(1, len(others), squeeze=False)[0], others):
            reach = reach_of(lines_of(candidates, criterion), SIGNS[criterion])
            _panel(axes, candidates, criterion, reach, labelled=False)
            axes.set_title(HEADINGS[criterion] + (", near the best" if reach else "") + (
                "\ndotted: the best less one standard error" if criterion == "cv" else ""), fontsize=10)
    figure.suptitle(_title(candidates, main), fontsize=12)
    return figure


def _title(candidates, criterion):
    """What won, and what the marks mean."""
    best = best_of(candidates, criterion)
    n_missing = sum(criterion not in candidate.values for candidate in candidates)
    title = "%s is best with %d component%s, %s: %.8g" % (HEADINGS[criterion], best.n_components, "" if best.n_components == 1 else "s",
                                                        best.covariance, best.values[criterion])
    remarks = ["ringed: the best"]
    hollow = [word for word, there in (("not converged", not all(candidate.converged for candidate in candidates)),
                                       ("spurious", any(candidate.spurious for candidate in candidates))) if there]
    if hollow:
        remarks.append("hollow: " + " or ".join(hollow))
    if criterion == "cv" and best.errors:
        remarks.append("dotted: the best less one standard error")
    if n_missing:
        remarks.append("%d of %d candidates have no value" % (n_missing, len(candidates)))
    return title + "\n" + "; ".join(remarks)


def _panel(axes, candidates, criterion, reach, labelled):
    """The lines of a criterion; reach: how far from the best, in its units (None: all)."""
    sign = SIGNS[criterion]
    lines = lines_of(candidates, criterion)
    best = best_of(candidates, criterion)
    size = 4.5 if max(len(line.numbers) for line in lines) > 20 or not labelled else 6
    for line in lines:
        _draw_line(axes, line, size, 0.8 if len(lines) <= 3 else 0.35)
    axes.plot(best.n_components, best.values[criterion], marker="o", markersize=2.4 * size + 1, markerfacecolor="none",
              markeredgecolor=BEST, markeredgewidth=1.6, zorder=6)
    if criterion == "cv" and best.errors:
        axes.axhline(best.values["cv"] - best.errors["cv"], color=GREY, linewidth=1.2, linestyle=":", zorder=5)
    _set_limits(axes, lines, best, criterion, sign, reach)
    whole_numbers(axes.xaxis, 12 if labelled else 8)
    axes.set(xlabel="components K", ylabel="%s (%s is better)" % (
        "log-likelihood of\na point held out" if criterion == "cv" else HEADINGS[criterion], "lower" if sign > 0 else "higher"))
    if labelled:
        _name_lines(axes, lines)


def _draw_line(axes, line, size, opacity):
    colour, marker, style = line.look
    axes.plot(line.numbers, line.values, color=colour, linestyle=style, linewidth=1.2, zorder=3)
    if line.errors.any():
        axes.errorbar(line.numbers, line.values, line.errors, fmt="none", ecolor=colour, elinewidth=1,
                      capsize=2.5 if opacity > 0.5 else 0, alpha=opacity, zorder=2)
    sound = line.converged & ~line.spurious
    for chosen, face in ((sound, colour), (~sound, "white")):
        axes.plot(line.numbers[chosen], line.values[chosen], linestyle="", marker=marker, markersize=size * SIZES.get(marker, 1),
                  markerfacecolor=face, markeredgecolor=colour, markeredgewidth=1, zorder=4)


def _set_limits(axes, lines, best, criterion, sign, reach):
    """The window of a close look, or all with a margin."""
    value = best.values[criterion]
    numbers = np.concatenate([line.numbers for line in lines])
    if reach is not None:
        inside = sign * (np.concatenate([line.values for line in lines]) - value) <= reach
        axes.set_ylim(*sorted((value - sign * 0.12 * reach, value + sign * 1.05 * reach)))
        numbers = numbers[inside]
    axes.set_xlim(numbers.min() - 0.6, numbers.max() + 0.6)


def _name_lines(axes, lines):
    """A key at the right: each line at the height of the last of its points that is seen, and joined with it, by dots, where nothing lies
    between."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    ends = []
    for line in lines:
        seen = np.flatnonzero((line.numbers >= left) & (line.numbers <= right) & (line.values >= low) & (line.values <= high))
        if len(seen):
            ends.append((line, line.numbers[seen[-1]], line.values[seen[-1]]))
    box = axes.get_subplotspec().get_position(axes.figure)
    width, height = (0.8 * size / axes.figure.dpi for size in (box.width * axes.figure.bbox.width, box.height * axes.figure.bbox.height))
    heights = spread([(value - low) / (high - low) for _, _, value in ends], KEY_HEIGHT / height, 0, 1)
    start, middle, stop, name = (1 + inches / width for inches in (0.17, 0.34, 0.51, 0.58))
    for (line, number, value), place in zip(ends, heights):
        colour, marker, style = line.look
        if right - number < 1.7:
            axes.annotate("", xy=(number, value), xytext=(start, place), textcoords="axes fraction", annotation_clip=False, zorder=2,
                          arrowprops=dict(arrowstyle="-", color=GREY, linewidth=0.8, linestyle=LEADER, shrinkA=0, shrinkB=3))
        axes.plot([start, middle, stop], [place] * 3, marker=marker, markevery=[1], markersize=5.5 * SIZES.get(marker, 1), color=colour,
                  linestyle=style, linewidth=1.2, transform=axes.transAxes, clip_on=False)
        axes.annotate(line.label, xy=(name, place), xycoords="axes fraction", fontsize=9, va="center", color=BEST)
