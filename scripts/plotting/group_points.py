# SPDX-License-Identifier: BSD-3-Clause
"""Points of some groups, from a table one of whose columns says to which group a row belongs."""

import numpy as np

from .groups import check_data_columns
from .mixture import transformed
from .problem import BAD_DATA, WRONG_USAGE, Problem
from .tables import is_missing, open_table, pick_features

MOST_POINTS = 400  # of a group
CHUNK_ROWS = 100000


def read_points(groups, shown, arguments):
    """For each group that is drawn its points, as the model takes them: n x d, a random sample where there are more than MOST_POINTS.
    Rows with missing values are left out."""
    try:
        table = open_table(arguments.data, arguments.header, arguments.delimiter)
    except Problem as problem:
        if problem.status != BAD_DATA:
            raise
        raise Problem(BAD_DATA, "%s; what gmmpi reads and this script does not, gmmpi convert turns into a file for it" % problem)
    key, columns = _columns(groups, table, arguments.by)
    is_text = isinstance(groups.keys, list)
    places = _places_of_words if is_text else _places_of_numbers
    keys = [groups.keys[g] for g in shown] if is_text else np.asarray(groups.keys)[shown]
    samples = [_Sample(groups.n_features) for _ in shown]
    random = np.random.default_rng(0)
    n_found = 0
    for cells, points in table.keyed_rows(key, columns, CHUNK_ROWS):
        place = places(keys, cells)
        points = transformed(points, groups.transforms)
        place[~np.isfinite(points).all(axis=1)] = -1
        priority = random.random(len(place))
        for i in np.unique(place[place >= 0]):
            chosen = place == i
            n_found += int(chosen.sum())
            samples[i].add(priority[chosen], points[chosen])
    if not n_found:
        raise Problem(BAD_DATA, "%s: no row belongs to a group that is drawn; give the data and the column of `gmmpi fit --by`" % arguments.data)
    return [sample.points for sample in samples]


class _Sample:
    """The points whose random numbers are lowest."""

    def __init__(self, n_features):
        self.priority = np.empty(0)
        self.points = np.empty((0, n_features))

    def add(self, priority, points):
        priority, points = np.concatenate([self.priority, priority]), np.concatenate([self.points, points])
        kept = np.sort(np.argsort(priority, kind="stable")[:MOST_POINTS])
        self.priority, self.points = priority[kept], points[kept]


def _columns(groups, table, by):
    """The column of the keys, and those of the features."""
    key = pick_features(table.label, by, table.names or [str(j + 1) for j in range(table.n_columns)])
    if len(key) != 1:
        raise Problem(WRONG_USAGE, "--by %s: %d columns; give one" % (by, len(key)))
    if groups.names and table.names and all(name in table.names for name in groups.names):
        return key[0], [table.names.index(name) for name in groups.names]
    columns = [column for column in table.numeric_columns() if column != key[0]]
    check_data_columns(table.label, len(columns), groups.n_features)
    return key[0], columns


def _places_of_numbers(keys, cells):
    """For each cell the place of the key that it is equal to, or -1."""
    if isinstance(cells, list):
        cells = np.array([_number(cell) for cell in cells])
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], cells), len(keys) - 1)
    return np.where(keys[order][place] == cells, order[place], -1)


def _number(cell):
    try:
        return np.nan if is_missing(cell) else float(cell)
    except ValueError:
        return np.nan


def _places_of_words(keys, cells):
    place = {word: i for i, word in enumerate(keys)}
    if not isinstance(cells, list):
        cells = ["%.17g" % cell if cells.dtype.kind == "f" else str(cell) for cell in cells]
    return np.array([place.get(cell.strip(), -1) for cell in cells])
