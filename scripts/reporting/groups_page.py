# SPDX-License-Identifier: BSD-3-Clause
"""The sections about a file of gmmpi fit --by: a mixture for each group."""

import os

import h5py
import numpy as np

from plotting.group_points import read_points
from plotting.groups import outcomes, pick_groups, read_groups, reason_of
from plotting.groups_picture import draw_groups, draw_overview

from . import again, convergence, source, words
from .markup import Cell, Section, clean, count, facts, figure, name, number, of_number, table, text
from .model_page import asked_of, columns_of, file_body
from .svg import label_of, svg_of

MOST_ROWS = 500
MOST_EVENTS = 100


def sections(arguments):
    """Title, lead (HTML) and Sections."""
    groups = read_groups(arguments.model, arguments.columns)
    attributes = source.read_attributes(arguments.model)
    shown = pick_groups(groups, arguments.largest)
    points = read_points(groups, shown[0], arguments) if arguments.data else None
    parts = [Section("warnings", "Warnings and events", convergence.warnings_body(attributes, None, events_of(groups))),
             Section("groups", "The groups", _pictures(groups, shown, points)),
             Section("table", "Groups in numbers", _table(groups))]
    asked = asked_of(arguments)
    for option in ("by", "by_index"):
        if getattr(arguments, option):
            asked += ["--" + option.replace("_", "-"), getattr(arguments, option)]
    command = again.command_of(attributes, attributes.get("n_components", groups.weights.shape[1]), columns_of(groups.names, arguments),
                               arguments.data, arguments.model, asked)
    parts += [Section("again", "The command to do it again", again.body_of(command)),
              Section("file", "What the file says", file_body(attributes))]
    title = "%s of %s" % (count(groups.n_groups, "group"), os.path.basename(arguments.data or arguments.model))
    return title, _lead(groups, attributes), parts


def events_of(groups):
    """Failures and notes in words."""
    with h5py.File(groups.path, "r") as file:
        events = file["events"][:MOST_EVENTS + 1] if "events" in file else []
    said = []
    for event in events[:MOST_EVENTS]:
        kind, words_of_it = (event[field].decode(errors="replace") for field in ("kind", "text"))
        said.append("group %s%s: %s" % (groups.label(int(event["group"])), " failed" if kind == "failed" else "", words_of_it))
    return said + (["and more, in /events of the file"] if len(events) > MOST_EVENTS else [])


def _lead(groups, attributes):
    sizes = groups.n_samples
    sentences = ["A mixture of its own for each of %s of %s%s, in %s, %s." % (
        count(groups.n_groups, "group"), count(int(sizes.sum()), "point"), " by " + attributes["by"] if "by" in attributes else "",
        count(groups.n_features, "feature"), words.family_in_words(groups.covariance)),
        "Groups have %s to %s; %s." % (number(sizes.min()), count(int(sizes.max()), "point"), ", ".join(
            "%s %s" % ("{:,}".format(n), what) for what, n in outcomes(groups)))]
    return '<p class="lead">%s</p>\n' % text(" ".join(sentences)) + facts(words.cards(dict(n_features=groups.n_features)) + [
        ("groups", number(groups.n_groups)), ("points", number(sizes.sum())), ("components at most", number(groups.n_components.max())),
        ("failed", number((~groups.fitted).sum()))])


def _pictures(groups, shown, points):
    chosen, remark = shown
    some = ["%s, %s and %s" % (groups.label(g), count(int(groups.n_samples[g]), "point"), count(int(groups.n_components[g]), "component"))
            for g in chosen[:12]]
    alt = "A panel for each of %s with the %s of its components%s: %s." % (
        count(len(chosen), "group"), "ellipses" if groups.n_features > 1 else "densities", " and its points" if points else "", "; ".join(some))
    groups.plain_names = [label_of(name, 40) for name in groups.plain_names]
    keys = groups.keys
    if isinstance(keys, list):
        groups.keys = [label_of(key) for key in keys]
    likelihood = groups.mean_log_likelihood()
    panels = svg_of(draw_groups(groups, shown, points), "groups-picture", clean(alt))
    numbers = [number(end(likelihood), 4) for end in (np.nanmin, np.nanmax)]
    numbers += [end(values) for values in (groups.n_iter, groups.n_components) for end in (np.min, np.max)]
    overview = svg_of(draw_overview(groups), "overview", "Histograms over all groups: log-likelihood per point from %s to %s, iterations "
                      "from %d to %d, %d to %d components." % tuple(numbers))
    groups.keys = keys
    return figure(panels, text("A panel for each group. Components are numbered in each group by itself: one colour in two panels need not mean one "
                               "cluster. %s" % remark)) + figure(overview, "How numbers are distributed over all groups.")


def _table(groups):
    likelihood = groups.mean_log_likelihood()
    chosen = range(groups.n_groups)
    if groups.n_groups > MOST_ROWS:
        chosen = np.sort(np.argsort(-groups.n_samples, kind="stable")[:MOST_ROWS])
    rows = []
    for g in chosen:
        key = groups.keys[g]
        ended = ("converged" if groups.converged[g] else "not converged") if groups.fitted[g] else "failed: " + reason_of(groups.status[g])
        weights = groups.weights[g][groups.weights[g] > 0] if groups.fitted[g] else []
        shares = ", ".join(number(weight, 3) for weight in weights[:6]) + (" …" if len(weights) > 6 else "")
        rows.append([Cell(name(groups.label(g)), key if isinstance(key, str) else float(key), header=True), of_number(groups.n_samples[g]),
                     of_number(groups.n_components[g]), Cell(text(number(likelihood[g], 6)), float(likelihood[g])), of_number(groups.n_iter[g]),
                     Cell('<span class="one-line">%s</span>' % text(shares)), Cell(text(ended), ended)])
    return table("Groups" if len(rows) == groups.n_groups else "The %d largest of %s groups" % (len(rows), "{:,}".format(groups.n_groups)),
                 ["group", "points", "components", "log-likelihood per point", "iterations", "weights", "fit"], rows, sortable=True)
