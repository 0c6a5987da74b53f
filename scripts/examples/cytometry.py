#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Blood cells in a flow cytometer, simulated, for the worked example docs/examples/cytometry.md.

    cytometry.py simulate EVENTS       writes blood.fcs, about so many rows, and truth.h5
    cytometry.py judge LABELS.h5 [GATE.h5]
                                       which component is which population; of the events in a gate
    cytometry.py gate MODEL.h5 LABELS.h5
                                       writes gate.h5: the weights of the events of the component with most CD38, 0 for the others
    cytometry.py draw MODEL.h5 RARE.h5 pictures/cells.png: all events, and the component of the rare cells in both models

What makes them like real ones:
- A dye's light is counted as photoelectrons, spreads by their Poisson statistics, and falls into other dyes' detectors too; taking it out
  again (compensation, Bagwell and Adams 1993) leaves that spread behind, around 0 and below (Roederer 2001, "Spectral compensation for flow
  cytometry: visualization artifacts, limitations, and caveats", Cytometry 45; Parks, Roederer, Moore 2006, Cytometry A 69).
- Expression varies from cell to cell about log-normally; scattered light nearly normally.
- Dead cells take up every dye a little, debris is small, and two cells that pass together count as one with the light of both.
- Shares are those usual in the mononuclear cells of human blood (Kleiveland 2015, in "The Impact of Food Bioactives on Health").
- The instrument stores all events above a threshold of CD19 and one in eight of the others, as is done for rare cells; the column weight
  says for how many events a row stands.
"""

import struct
import sys

from shared import OUTLINE, adjusted_rand, colours, ellipse, h5py, np, plt, save

FEATURES = ["FSC-A", "SSC-A", "CD3", "CD4", "CD8", "CD19", "CD38"]
DYES = FEATURES[2:]
# share of all events, forward scatter, side scatter (thousands), and the median light of each dye in thousands
POPULATIONS = {
    "CD4 T cells": (0.37, 88, 22, (12, 14, 0.05, 0.05, 0.25)),
    "CD8 T cells": (0.18, 86, 24, (11, 0.05, 22, 0.05, 0.2)),
    "B cells": (0.08, 84, 23, (0.05, 0.05, 0.05, 9, 0.5)),
    "NK cells": (0.10, 92, 27, (0.05, 0.05, 0.9, 0.05, 2.2)),
    "monocytes": (0.15, 128, 62, (0.12, 2.2, 0.12, 0.15, 3.5)),
    "plasmablasts": (0.003, 112, 34, (0.06, 0.05, 0.05, 2.6, 60)),
}
DEBRIS, DOUBLETS = 0.09, 0.017
SPREAD = 0.33  # of the logarithm of a dye's light
# The share of each dye's light (rows) in each detector (columns).
SPILLOVER = np.array([[1, 0.09, 0.01, 0.02, 0.004], [0.05, 1, 0.03, 0.008, 0.01], [0.01, 0.02, 1, 0.06, 0.12],
                      [0.02, 0.004, 0.04, 1, 0.03], [0.003, 0.01, 0.08, 0.02, 1]])
LIGHT_OF_A_PHOTOELECTRON, ELECTRONIC_NOISE = 12.0, 35.0
STORED_ABOVE, ONE_IN = 1000.0, 8
DATA_BEGIN = 4096  # where the numbers of the file begin
ROWS_OF_AN_EVENT = 0.22  # roughly: how many rows an event makes
OTHERS = ["debris", "doublets"]
NAMES = list(POPULATIONS) + OTHERS


def cells_of(generator, name, n):
    """n cells: scatter (n x 2), and the light of each dye (n x 5) before any detector."""
    _, forward, side, light = POPULATIONS[name]
    scatter = np.stack([generator.normal(1000 * forward, 90 * forward, n), 1000 * side * np.exp(generator.normal(0, 0.14, n))], axis=1)
    return scatter, 1000 * np.array(light) * np.exp(generator.normal(0, SPREAD, (n, len(DYES))))


def debris_of(generator, n):
    """Pieces of cells, and dead ones: of any size up to a cell's, with some of every dye."""
    scatter = np.exp(generator.uniform(np.log([8e3, 2e3]), np.log([7e4, 9e4]), (n, 2)))
    return scatter, np.exp(generator.uniform(np.log(20), np.log(2e4), (n, len(DYES)))) * generator.random((n, 1))


def doublets_of(generator, n):
    names, shares = list(POPULATIONS), np.array([share for share, *_ in POPULATIONS.values()])
    halves = []
    for _ in range(2):
        scatter, light = np.empty((n, 2)), np.empty((n, len(DYES)))
        kinds = generator.choice(len(names), n, p=shares / shares.sum())
        for kind, name in enumerate(names):
            scatter[kinds == kind], light[kinds == kind] = cells_of(generator, name, np.sum(kinds == kind))
        halves.append((scatter, light))
    return halves[0][0] + halves[1][0], halves[0][1] + halves[1][1]


def detected(generator, light):
    """What is left of the dyes' light after detectors and compensation: n x 5."""
    counted = generator.poisson(light @ SPILLOVER / LIGHT_OF_A_PHOTOELECTRON) * LIGHT_OF_A_PHOTOELECTRON
    counted = counted + generator.normal(0, ELECTRONIC_NOISE, light.shape)
    return counted @ np.linalg.inv(SPILLOVER)


def simulate(n_rows):
    generator = np.random.default_rng(1)
    shares = np.array([share for share, *_ in POPULATIONS.values()] + [DEBRIS, DOUBLETS])
    n_events = int(n_rows / ROWS_OF_AN_EVENT)
    kinds = generator.choice(len(NAMES), n_events, p=shares / shares.sum())
    events = np.empty((n_events, len(FEATURES)))
    for kind, name in enumerate(NAMES):
        n = np.sum(kinds == kind)
        makers = {"debris": debris_of, "doublets": doublets_of}
        scatter, light = makers[name](generator, n) if name in makers else cells_of(generator, name, n)
        events[kinds == kind] = np.hstack([np.maximum(scatter, 1000), detected(generator, light)])
    above = events[:, FEATURES.index("CD19")] > STORED_ABOVE
    stored = above | (generator.integers(ONE_IN, size=n_events) == 0)
    weights = np.where(above, 1, ONE_IN)[stored]
    write_fcs("blood.fcs", np.column_stack([events[stored], weights]), FEATURES + ["weight"])
    with h5py.File("truth.h5", "w") as file:
        file["population"], file["weight"] = kinds[stored], weights
        file["share"] = np.bincount(kinds, minlength=len(NAMES)) / n_events
    print("%d of %d events are stored" % (stored.sum(), n_events))


def write_fcs(path, table, names):
    """A file of the standard FCS 3.1 (Spidlen et al. 2010) with 32-bit floats: a header of places, a text of keywords, the numbers."""
    numbers = np.ascontiguousarray(table, dtype="<f4").tobytes()
    words = {"BEGINANALYSIS": 0, "ENDANALYSIS": 0, "BEGINSTEXT": 0, "ENDSTEXT": 0, "BEGINDATA": DATA_BEGIN, "ENDDATA": DATA_BEGIN + len(numbers) - 1,
             "BYTEORD": "1,2,3,4", "DATATYPE": "F", "MODE": "L", "NEXTDATA": 0, "PAR": len(names), "TOT": len(table)}
    for number, name in enumerate(names, 1):
        words.update({"P%dN" % number: name, "P%dB" % number: 32, "P%dE" % number: "0,0", "P%dR" % number: 262144})
    text = "/" + "".join("$%s/%s/" % word for word in words.items())
    places = [256, 255 + len(text), DATA_BEGIN, DATA_BEGIN + len(numbers) - 1, 0, 0]
    places = [place if place < 1e8 else 0 for place in places]
    with open(path, "wb") as file:
        file.write((b"FCS3.1    " + b"".join(b"%8d" % place for place in places)).ljust(256))
        file.write(text.encode().ljust(DATA_BEGIN - 256))
        file.write(numbers)


def read_truth():
    with h5py.File("truth.h5", "r") as file:
        return file["population"][:], file["weight"][:], file["share"][:]


def read_labels(path):
    with h5py.File(path, "r") as file:
        return file["labels"][:]


def rare_component(path):
    """The component with most CD38."""
    with h5py.File(path, "r") as file:
        return file["means"][:, FEATURES.index("CD38")].argmax()


def gate(model, labels):
    mine = read_labels(labels) == rare_component(model)
    with h5py.File("gate.h5", "w") as file:
        file["weight"] = np.where(mine, read_truth()[1], 0)
    print("%d events of component %d are in the gate" % (mine.sum(), rare_component(model)))


def judge(path, gated=None):
    """For each component the population that most of its events are of, by weight; purity, and how much of it is found."""
    kinds, weights, shares = read_truth()
    labels = read_labels(path)
    n_all = weights.sum()
    found_of = np.bincount(kinds, weights, minlength=len(NAMES))
    if gated is not None:
        with h5py.File(gated, "r") as file:
            weights = file["weight"][:]
    table = np.zeros((labels.max() + 2, len(NAMES)))
    np.add.at(table, (labels, kinds), weights)  # row -1: noise
    print("%9s %12s   %-14s %6s %6s" % ("component", "% of events", "mostly", "purity", "found"))
    for k in np.argsort(-table.sum(axis=1)):
        if table[k].sum() == 0:
            continue
        best = table[k].argmax()
        print("%9s %12.2f   %-14s %6.3f %6.3f" % ("noise" if k == len(table) - 1 else k, 100 * table[k].sum() / n_all, NAMES[best],
                                                  table[k, best] / table[k].sum(), table[k, best] / found_of[best]))
    cells = kinds < len(POPULATIONS)
    if gated is None:
        print("adjusted Rand index of the cells %.4f" % adjusted_rand(kinds[cells], labels[cells]))
    print("plasmablasts are %.3f %% of all events" % (100 * shares[NAMES.index("plasmablasts")]))


def draw(path, second):
    """The events in three pairs of features, and ellipses: of all components in blue, of those with most CD38 in red."""
    with open("blood.fcs", "rb") as file:
        file.seek(DATA_BEGIN)
        table = np.frombuffer(file.read(), dtype="<f4").reshape(-1, len(FEATURES) + 1)
    shown = np.column_stack([np.log10(table[:, :2]), np.arcsinh(table[:, 2:7] / 150)])
    blue, red = colours(5)[0], colours(4)[3]
    rare = rare_component(path)
    curves = [(model, k) for model in (path, second) for k in range(n_components(model))]
    figure, panels = plt.subplots(1, 3, figsize=(12.6, 4.2), layout="constrained")
    for axes, (i, j) in zip(panels, ((3, 4), (5, 6), (0, 1))):
        limits = [np.quantile(shown[:, f], [0.0002, 0.9998]) + [-0.2, 0.2] for f in (i, j)]
        axes.hist2d(shown[:, i], shown[:, j], bins=130, range=limits, cmap="Greys", weights=table[:, 7], norm="log")
        for model, k in curves:
            first = model == path
            if not first and k != rare_component(second):
                continue
            style = dict(color=blue, linewidth=1.3) if first and k != rare else dict(color=red, linewidth=2, linestyle="--" if first else "-")
            label = "component %d" % k if first and k == rare else "plasmablasts, second look" if not first else None
            axes.plot(*ellipse_of(model, k, [i, j]), path_effects=OUTLINE, label=label, **style)
        axes.set(xlabel=_scale(i), ylabel=_scale(j), xlim=limits[0], ylim=limits[1])
        axes.grid(False)
    panels[2].legend(loc="lower right", fontsize=8)
    figure.suptitle("%d stored events, weighted; ellipses of two standard deviations" % len(shown))
    save(figure, "cells.png")


def n_components(model):
    with h5py.File(model, "r") as file:
        return len(file["weights"])


def ellipse_of(model, k, pair):
    with h5py.File(model, "r") as file:
        return ellipse(file["means"][k][pair], file["covariances"][k][np.ix_(pair, pair)], 2)


def _scale(feature):
    return ("log10(%s)" if feature < 2 else "arcsinh(%s / 150)") % FEATURES[feature]


def main():
    words = sys.argv[1:]
    if words[:1] == ["simulate"] and len(words) == 2:
        simulate(int(words[1]))
    elif words[:1] == ["judge"] and len(words) in (2, 3):
        judge(*words[1:])
    elif words[:1] == ["gate"] and len(words) == 3:
        gate(*words[1:])
    elif words[:1] == ["draw"] and len(words) == 3:
        draw(*words[1:])
    else:
        sys.exit(__doc__)


main()
