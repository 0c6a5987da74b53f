# SPDX-License-Identifier: BSD-3-Clause
"""responsibilities.png and log_likelihood.png: how sure the fit is of its points, and its course."""

import matplotlib.ticker
import numpy as np

from .style import GREY, OUTLINE, colours, plt, whole_numbers

HISTOGRAM_COMPONENTS = 12
SAME_DIGITS = 1e-5  # of log-likelihoods that differ by less, relatively, their differences are shown


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
    least, total = (1, scene.n) if scene.weights is None else (scene.weights.min(), scene.weights.sum())
    for place, (axes, k) in enumerate(zip(grid.flat, shown)):
        axes.hist(responsibilities[:, k], bins=np.linspace(0, 1, 41), weights=scene.weights, color=scene.colours[k], edgecolor="white",
                  linewidth=0.3)
        axes.set_yscale("log")
        axes.set_ylim(0.7 * least, 2 * total)
        axes.set_title("     component %d, weight %.3f" % (mixture.numbers[k], mixture.weights[k]), fontsize=9, loc="left")
        # Its marker before the title: beyond ten components colours come again.
        axes.plot(0.02, 1.055, marker=scene.markers[k], markersize=6, color=scene.colours[k], transform=axes.transAxes, clip_on=False)
        if place % columns == 0:
            axes.set_ylabel("points" if scene.weights is None else "weight")
        if place + columns >= len(shown):
            axes.set_xlabel("responsibility")
            axes.tick_params(labelbottom=True)
    figure.suptitle(title, fontsize=11)
    return figure


def _hide_far_start(axes, rows):
    """Cuts the axis when the start lies so deep that nothing else could be seen, and says how deep. rows: iterations and heights."""
    if len(rows) < 3:
        return
    first, low, high = rows[0, 1], rows[1:, 1].min(), rows[1:, 1].max()
    if low - first > 4 * (high - low) > 0:
        axes.set_ylim(low - 0.3 * (high - low), high + 0.1 * (high - low))
        depth = rows[-1, 1] - first
        axes.text(0.98, 0.18, "not shown: the start, %s below the end" % ("{:,.0f}" if 100 <= depth < 1e9 else "{:.3g}").format(depth),
                  transform=axes.transAxes, ha="right", color=GREY, path_effects=OUTLINE, zorder=5)


def _number_heights(axes, end):
    """Labels that are whole numbers, not what is to be added to another: of heights, or, where these have too many digits in common,
    what they are more than the end."""
    low, high = axes.get_ylim()
    if high - low >= SAME_DIGITS * abs(end):
        axes.yaxis.set_major_formatter(matplotlib.ticker.ScalarFormatter(useOffset=False))
        axes.set_ylabel("log-likelihood")
    else:
        ticks = matplotlib.ticker.MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]).tick_values(low - end, high - end)
        ticks = [tick for tick in ticks if low <= end + tick <= high]
        axes.set_yticks([end + tick for tick in ticks], labels=[("%.4g" % tick).replace("-", "\u2212") for tick in ticks])
        axes.set_ylabel("log-likelihood less that of the end")


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
    _hide_far_start(upper, starts[best])
    _number_heights(upper, last[1])
    lower.set(xlabel="iteration", ylabel="change per point")
    if any((rows[:, 2] > 0).any() for rows in starts.values()):
        lower.set_yscale("log")
    whole_numbers(lower.xaxis)
    return figure
