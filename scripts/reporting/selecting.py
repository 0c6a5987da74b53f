# SPDX-License-Identifier: BSD-3-Clause
"""The criteria of a selection: their curves, and a table of all candidates."""

from plotting.selection import HEADINGS, SIGNS, best_of, order_of, read_selection
from plotting.selection_picture import draw_selection

from .markup import Cell, count, figure, number, of_number, paragraphs, table, text
from .svg import svg_of

MOST_ROWS = 400


def section_body(path, criterion, attributes):
    candidates = read_selection(path)
    criteria = order_of(candidates, criterion, path)
    best = best_of(candidates, criteria[0])
    words = "%s is best with %s, %s: %s." % (
        HEADINGS[criteria[0]], count(best.n_components, "component"), best.covariance, number(best.values[criteria[0]], 8))
    others = ["%s with %s, %s" % (HEADINGS[c], count(best_of(candidates, c).n_components, "component"), best_of(candidates, c).covariance)
              for c in criteria[1:]]
    if others:
        words += " By the others: %s." % "; ".join(others)
    if attributes.get("n_components") is not None and not any(
            candidate.n_components == attributes["n_components"] for candidate in candidates):
        words += " This model, of %s, is none of the candidates." % count(attributes["n_components"], "component")
    numbers = [candidate.n_components for candidate in candidates]
    alt = "Curves of %s against the number of components, from %d to %d, for %s. %s" % (
        ", ".join(HEADINGS[c] for c in criteria), min(numbers), max(numbers),
        count(len({candidate.covariance for candidate in candidates}), "family", "families"), words)
    drawn = figure(svg_of(draw_selection(candidates, criteria), "selection", alt), text(
        "%s of %s." % (", ".join(HEADINGS[c] for c in criteria), count(len(candidates), "candidate"))))
    return paragraphs(text(words)) + drawn + _table(candidates, criteria)


def _table(candidates, criteria):
    main = criteria[0]
    ranked = sorted(candidates, key=lambda candidate: (
        main not in candidate.values, candidate.spurious, SIGNS[main] * candidate.values.get(main, 0)))
    rows = []
    for candidate in ranked[:MOST_ROWS]:
        row = [Cell("%d" % candidate.n_components, float(candidate.n_components), header=True),
               Cell(text(candidate.covariance), candidate.covariance)]
        row += [of_number(candidate.values[c], 8) if c in candidate.values else Cell("–", float("nan")) for c in criteria]
        remark = ", ".join(["not converged"] * (not candidate.converged) + ["spurious"] * candidate.spurious)
        rows.append(row + [Cell(remark or "converged", remark)])
    return table("Candidates, the best first" + (" (%d of %d)" % (MOST_ROWS, len(candidates)) if len(candidates) > MOST_ROWS else ""),
                 ["components", "covariance"] + [text(HEADINGS[c]) for c in criteria] + ["fit"], rows, sortable=True)
