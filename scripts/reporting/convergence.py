# SPDX-License-Identifier: BSD-3-Clause
"""How a fit came to its end, from its log, and where its time went, from its summary."""

import csv

import numpy as np

from plotting import pictures

from .markup import Cell, count, figure, number, paragraphs, seconds, subheading, table, text
from .svg import svg_of

PHASES = [("read", "reading the data"), ("init", "looking for a start"), ("coarse", "iterations on subsamples"),
          ("e_step", "responsibilities and sums (E-step)"), ("waiting", "waiting for the rank with most to do"),
          ("allreduce", "adding up over ranks"), ("m_step", "new parameters (M-step)"), ("checkpoint", "checkpoints and output")]


def seconds_of_log(path):
    """Of each iteration, in all starts; an empty array where the log has none."""
    with open(path, newline="") as file:
        words = [row.get("seconds") for row in csv.DictReader(file)]
    try:
        return np.array([float(word) for word in words if word])
    except ValueError:
        return np.zeros(0)


def section_body(arguments, log, summary, attributes):
    """The picture, words and the table of seconds; what is not there is said."""
    parts = []
    if log:
        parts.append(figure(svg_of(pictures.draw_log_likelihood(log), "log", in_words(log)), text(caption_of(log))))
        parts.append(_remarks(arguments.log, log, attributes))
    else:
        parts.append(paragraphs("The course of the fit is not shown: <code>gmmpi fit --log FILE.csv</code> writes it, and "
                                "<code>--log FILE.csv</code> brings it here."))
    parts.append(subheading("Where the time went"))
    if summary:
        parts.append(_phases(summary))
    elif log:
        parts.append(_of_iterations(seconds_of_log(arguments.log)))
    else:
        parts.append(paragraphs("Not known: <code>gmmpi fit --json &gt; FIT.json</code> prints it, and <code>--summary FIT.json</code> brings "
                                "it here."))
    return "".join(parts)


def _best(log):
    return max(log, key=lambda start: log[start][-1, 1])


def caption_of(log):
    rows = log[_best(log)]
    return "Log-likelihood, and its change per point, in %s%s: %.10g in the end." % (
        count(int(rows[-1, 0]), "iteration"), ", the best of %d starts" % len(log) if len(log) > 1 else "", rows[-1, 1])


def in_words(log):
    rows = log[_best(log)]
    words = "Log-likelihood by iteration: from %.7g at the start to %.10g after %s" % (
        rows[0, 1], rows[-1, 1], count(int(rows[-1, 0]), "iteration"))
    changes = rows[rows[:, 2] > 0, 2]
    if len(changes):
        words += "; its change per point falls from %.2g to %.2g" % (changes[0], changes[-1])
    if len(log) > 1:
        words += "; the best of %d starts in colour, the others grey" % len(log)
    return words + "."


def _remarks(path, log, attributes):
    """A log that ends elsewhere than the model is another fit's, or the model was changed afterwards."""
    end, model = log[_best(log)][-1, 1], attributes.get("log_likelihood")
    if not isinstance(model, float) or abs(end - model) <= 1e-6 * max(1.0, abs(model)):
        return ""
    return '<p class="warning">%s</p>\n' % text("The log ends at %.10g, the model has a log-likelihood of %.10g: is %s the log of this fit?" % (
        end, model, path))


def _of_iterations(spent):
    if not len(spent):
        return paragraphs("Not known: the log has no seconds.")
    return paragraphs(text("%s took %s, in the median %s each. Reading, the search for a start and output are not in the log; " % (
        count(len(spent), "iteration"), seconds(spent.sum()), seconds(np.median(spent)))) +
        "<code>gmmpi fit --json &gt; FIT.json</code> prints them, and <code>--summary FIT.json</code> brings them here.")


def _phases(summary):
    spent = summary["seconds"]
    total = float(spent.get("total") or 0)
    known = [(words, float(spent[key])) for key, words in PHASES if isinstance(spent.get(key), (int, float))]
    rest = total - sum(value for _, value in known)
    if rest > 0.01 * total:
        known.append(("the rest: MPI, and what has no name here", rest))
    scale = max([total] + [value for _, value in known]) or 1.0
    rows = [[Cell(text(words), words, header=True), Cell(text(seconds(value)), value),
             Cell('<span class="bar" style="width:%.1f%%"></span>%s&nbsp;%%' % (60 * value / scale, text(number(100 * value / scale, 3))),
                  value / scale)]
            for words, value in known]
    words = "%s in all, on %s of %s each" % (
        seconds(total), count(int(summary.get("ranks", 1)), "rank"), count(int(summary.get("threads", 1)), "thread"))
    if summary.get("peak_memory"):
        words += "; at most %s MB of memory on a rank" % number(summary["peak_memory"] / 1e6, 3)
    if summary.get("n_passes"):
        words += "; %s passes over the points, the search for a start included" % number(summary["n_passes"], 5)
    return table("Seconds by what was done", ["part", "time", "share"], rows, sortable=True) + paragraphs(text(words + "."))


def warnings_body(attributes, summary, text_of_events):
    """Events of the file and warnings of the summary, each once."""
    of_summary = [words for kind in ("warnings", "events") for words in (summary or {}).get(kind) or []]
    said = list(dict.fromkeys(text_of_events + of_summary))
    parts = []
    if attributes.get("converged") is False and attributes.get("method") != "adapt":
        parts.append('<p class="warning">The fit stopped before it had converged: its numbers may still move. A larger '
                     "<code>--max-iter</code> lets it go on.</p>\n")
    if said:
        said = "\n".join("<li>%s</li>" % text(words) for words in said)
        parts.append('<div class="scroll" role="group" tabindex="0" aria-label="Warnings and events">\n<ul class="events">\n%s\n</ul>\n</div>\n' % said)
    if not parts:
        parts.append(paragraphs("None: no component collapsed, and no model was passed over." if "n_samples" in attributes or "groups" in attributes
                                else "The file names none."))
    return "".join(parts)
