# SPDX-License-Identifier: BSD-3-Clause
"""Criteria of many candidates against the number of components: selection.png, from the table of `gmmpi select --table`."""

import csv
import math

import numpy as np

from .problem import BAD_DATA, NO_INPUT, WRONG_USAGE, Problem

NEEDED = ["n_components", "covariance", "converged"]
CRITERIA = ["bic", "icl", "aic", "cv"]
HEADINGS = {"bic": "BIC", "icl": "ICL", "aic": "AIC", "cv": "cross-validation"}
SIGNS = {"bic": 1, "icl": 1, "aic": 1, "cv": -1}  # of cross-validation the highest is best: a log-likelihood of points held out
CODES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII", "E": "EII", "V": "VII"}
# Two families of the same shapes and orientations share colour and marker; those of equal volumes are dashed.
PAIRS = {"II": ("#56B4E9", "o"), "EI": ("#009E73", "s"), "VI": ("#7B1FD0", "D"), "EE": ("#E69F00", "^"),
         "VE": ("#CC79A7", "v"), "EV": ("#D55E00", ">"), "VV": ("#0072B2", "P")}  # a star is at the best, in tables
VOLUMES = {"E": (0, (4, 1.5)), "V": "-"}
TRUE, FALSE = {"1", "true", "yes"}, {"0", "false", "no"}


class Candidate:
    """One row: covariance, n_components, converged, spurious, values and errors by criterion (of what the row has)."""

    def __init__(self, row):
        self.covariance = row["covariance"].strip()
        if CODES.get(self.covariance, self.covariance) not in {volume + pair for volume in VOLUMES for pair in PAIRS}:
            raise ValueError("'%s' is no family of covariances" % self.covariance)
        self.n_components = int(row["n_components"])
        word = row["converged"].strip().lower()
        if word not in TRUE | FALSE:
            raise ValueError("converged is '%s', which is neither true nor false" % word)
        self.converged = word in TRUE
        self.spurious = (row.get("spurious") or "").strip().lower() in TRUE
        self.values = {name: float(row[name]) for name in CRITERIA if (row.get(name) or "").strip()}
        self.values = {name: value for name, value in self.values.items() if math.isfinite(value)}
        self.errors = {"cv": float(row["cv_standard_error"])} if (row.get("cv_standard_error") or "").strip() else {}


class Line:
    """What is drawn as one line. label; look: colour, marker, line style; numbers (of components, ascending), values, errors (0: none)
    converged and spurious: arrays of one length."""

    def __init__(self, label, look, candidates, criterion):
        there = sorted((candidate for candidate in candidates if criterion in candidate.values),
                       key=lambda candidate: candidate.n_components)
        self.label = label
        self.look = look
        self.numbers = np.array([candidate.n_components for candidate in there])
        self.values = np.array([candidate.values[criterion] for candidate in there])
        self.errors = np.array([candidate.errors.get(criterion, 0) for candidate in there])
        self.converged = np.array([candidate.converged for candidate in there], dtype=bool)
        self.spurious = np.array([candidate.spurious for candidate in there], dtype=bool)


def read_selection(path):
    """The candidates of a table."""
    candidates = []
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            names = rows.fieldnames or []
            missing = [name for name in NEEDED if name not in names] or (
                [] if any(name in names for name in CRITERIA) else [" or ".join(CRITERIA)])
            if missing:
                raise Problem(BAD_DATA, "%s: there is no column %s; `gmmpi select --table` writes it" % (path, ", ".join(missing)))
            for number, row in enumerate(rows, 2):
                try:
                    candidates.append(Candidate(row))
                except (ValueError, AttributeError) as error:
                    raise Problem(BAD_DATA, "%s: row %d: %s; give the table of `gmmpi select --table` as it was written" % (
                        path, number, error if isinstance(error, ValueError) else "fields are missing"))
    except OSError as error:
        raise Problem(NO_INPUT, "%s: cannot be read (%s)" % (path, error.strerror))
    except (csv.Error, UnicodeDecodeError) as error:
        raise Problem(BAD_DATA, "%s: not a table (%s); `gmmpi select --table` writes one" % (path, error))
    if not any(candidate.values for candidate in candidates):
        raise Problem(BAD_DATA, "%s: no candidate has a criterion; `gmmpi select --table` writes them" % path)
    return candidates


def order_of(candidates, criterion, path):
    """The criteria that there are, the main one first: `criterion`, or where it is None BIC."""
    there = [name for name in CRITERIA if any(name in candidate.values for candidate in candidates)]
    if criterion and criterion not in there:
        raise Problem(WRONG_USAGE, "--criterion %s: %s has only %s" % (criterion, path, ", ".join(there)))
    return sorted(there, key=lambda name: name != (criterion or "bic"))


def best_of(candidates, criterion):
    """The candidate that is best by a criterion; those that are spurious come behind all others."""
    return min((candidate for candidate in candidates if criterion in candidate.values),
               key=lambda candidate: (candidate.spurious, SIGNS[criterion] * candidate.values[criterion]))


def families_of(candidates):
    """The families in the order of the table."""
    return list(dict.fromkeys(candidate.covariance for candidate in candidates))


def look_of_family(covariance):
    """Colour, marker and line style."""
    code = CODES.get(covariance, covariance)
    return PAIRS[code[1:]] + (VOLUMES[code[0]],)


def lines_of(candidates, criterion):
    """One line a family."""
    lines = [Line(family, look_of_family(family), [candidate for candidate in candidates if candidate.covariance == family], criterion)
             for family in families_of(candidates)]
    return [line for line in lines if len(line.numbers)]


def reach_of(lines, sign):
    """How far from the best a close look should go, so that a third of the candidates, at least six, are within, and twice the best's
    standard error; None where all candidates can be told apart without one."""
    values, errors = sign * np.concatenate([line.values for line in lines]), np.concatenate([line.errors for line in lines])
    distances = np.sort(values - values.min())
    if len(distances) < 7:
        return None
    reach = max(np.quantile(distances, 0.3), distances[5], 2.2 * errors[values.argmin()])
    return float(reach) if 0 < 4 * reach < distances[-1] else None
