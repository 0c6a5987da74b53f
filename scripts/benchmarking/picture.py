# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's picture: how much longer the peers take, and the share of the cores' peak."""

import statistics

from plotting.style import GREY, colours, plt

from .report import configuration_of, ratios, shares_of_peak


def bars(axes, positions, values, colour, label, width, form):
    """Bars of medians with the ranges over the rounds; values: a list of lists, empty where nothing was measured."""
    present = [(position, v) for position, v in zip(positions, values) if v]
    if not present:
        return
    middles = [statistics.median(v) for _, v in present]
    errors = [[m - min(v) for m, (_, v) in zip(middles, present)], [max(v) - m for m, (_, v) in zip(middles, present)]]
    places = [position for position, _ in present]
    axes.barh(places, middles, width, color=colour, label=label, xerr=errors, error_kw={"ecolor": GREY, "elinewidth": 1})
    for place, middle, (_, v) in zip(places, middles, present):
        axes.annotate(form % middle, (max(v), place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)


def draw_peers(axes, results):
    """Times of scikit-learn and Armadillo over that of gmmpi."""
    _, orange, green = colours(3)
    for offset, peer, label, colour in ((-0.19, "scikit_learn", "scikit-learn", orange), (0.19, "armadillo", "Armadillo", green)):
        bars(axes, [place + offset for place in range(len(results))], [ratios(r["rounds"], peer, "gmmpi") for r in results],
             colour, label, 0.36, "%.1f")
    axes.axvline(1, color=GREY, linewidth=1)
    axes.set(xlabel="its seconds per iteration / gmmpi's", title="How much longer others take")
    axes.margins(x=0.15)
    axes.legend(loc="lower right")


def draw_shares(axes, results):
    """gmmpi's share of the cores' peak."""
    shares = [[100 * share for share in shares_of_peak(result)] for result in results]
    bars(axes, list(range(len(results))), shares, colours(1)[0], None, 0.5, "%.0f %%")
    axes.axvline(100, color=GREY, linewidth=1)
    axes.set(xlabel="% of the cores' FMA peak", title="gmmpi's share of the peak")
    axes.margins(x=0.15)


def draw(raw):
    """The peers on the left, where they were measured, and the share of the peak."""
    results = raw["iterations"]
    with_peers = any("scikit_learn" in numbers for result in results for numbers in result["rounds"])
    size = (10.5 if with_peers else 6.5, 1.6 + 0.55 * len(results))
    figure, panels = plt.subplots(1, 2 if with_peers else 1, figsize=size, layout="constrained", sharey=True, squeeze=False)
    if with_peers:
        draw_peers(panels[0, 0], results)
    draw_shares(panels[0, -1], results)
    panels[0, 0].set(yticks=range(len(results)), yticklabels=[configuration_of(result).name for result in results])
    panels[0, 0].invert_yaxis()
    figure.suptitle("One EM iteration on %d cores, %s, %s" % (
        raw["machine"]["cores used"], raw["machine"]["processor"], raw["machine"]["date"]), fontsize=10)
    return figure
