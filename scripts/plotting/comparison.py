# SPDX-License-Identifier: BSD-3-Clause
"""Fits of several numbers of components side by side: a table, a picture of the criteria, and the best one kept."""

import csv
import json
import os
import shutil

from .problem import BAD_DATA, NO_INPUT, NO_OUTPUT, Problem

FIELDS = ["n_components", "log_likelihood", "bic", "aic", "icl"]
CRITERIA = FIELDS[2:]
HEADINGS = ["K", "log-likelihood", "BIC", "AIC", "ICL"]


def read_summaries(paths):
    """What `gmmpi fit --json` printed, one file a fit, by number of components."""
    summaries = []
    for path in paths:
        try:
            with open(path) as file:
                summary = json.load(file)
            summaries.append({field: summary[field] for field in FIELDS})
        except OSError as error:
            raise Problem(NO_INPUT, "%s: cannot be read (%s)" % (path, error.strerror))
        except (ValueError, KeyError, TypeError):
            raise Problem(BAD_DATA, "%s: not a summary of `gmmpi fit --json`" % path)
    return sorted(summaries, key=lambda summary: summary["n_components"])


def model_of(path):
    """The model of the fit whose summary is at path: as named there, or else beside the summary."""
    with open(path) as file:
        model = json.load(file).get("output")
    if not isinstance(model, str):
        raise Problem(BAD_DATA, "%s: does not say where its model is" % path)
    return model if os.path.exists(model) else os.path.join(os.path.dirname(path), os.path.basename(model))


def lowest(paths, criterion):
    """Of each number of components the summary with the lowest criterion; and of all the one with the lowest of these."""
    best = {}
    for path in paths:
        summary = read_summaries([path])[0]
        number = summary["n_components"]
        if number not in best or summary[criterion] < best[number][0]:
            best[number] = (summary[criterion], path)
    return [path for _, path in best.values()], min(best.values(), key=lambda pair: pair[0])[1]


def keep_model(source, target):
    """Copies a model, whole or not at all."""
    part = target + ".part"
    try:
        shutil.copyfile(source, part)
        os.replace(part, target)
    except OSError as error:
        raise Problem(NO_INPUT if error.filename == source else NO_OUTPUT, "%s: cannot be copied to %s (%s)" % (
            source, target, error.strerror))
    print("%s  (%s)" % (target, source), flush=True)


def best_of(summaries, criterion):
    """The number of components with the lowest criterion."""
    return min(summaries, key=lambda summary: summary[criterion])["n_components"]


def print_table(summaries):
    """The table for people; the lowest of each criterion is marked."""
    print("%4s %16s %14s %14s %14s" % tuple(HEADINGS))
    for summary in summaries:
        marked = ["%13.2f%s" % (summary[criterion], "*" if best_of(summaries, criterion) == summary["n_components"] else " ")
                  for criterion in CRITERIA]
        print("%4d %16.4f %s" % (summary["n_components"], summary["log_likelihood"], " ".join(marked)))


def write_table(summaries, folder):
    """comparison.csv."""
    path = os.path.join(folder, "comparison.csv")
    try:
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(summaries)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))
    print(path, flush=True)


def draw_comparison(summaries):
    """BIC, AIC and ICL by number of components, their lowest values marked."""
    from .style import colours, plt, whole_numbers
    figure, axes = plt.subplots(figsize=(8.8, 4.6), layout="constrained")
    numbers = [summary["n_components"] for summary in summaries]
    for criterion, heading, colour, marker in zip(CRITERIA, HEADINGS[2:], colours(3), "os^"):
        best = best_of(summaries, criterion)
        values = [summary[criterion] for summary in summaries]
        axes.plot(numbers, values, marker=marker, markersize=4, color=colour, label="%s, lowest at K = %d" % (heading, best))
        axes.plot(best, values[numbers.index(best)], marker="o", markersize=11, markerfacecolor="none", color=colour)
    axes.set(xlabel="components K", ylabel="criterion (lower is better)", title="How many components?")
    axes.margins(x=0.05)
    whole_numbers(axes.xaxis, 12)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, fontsize=9)
    return figure
