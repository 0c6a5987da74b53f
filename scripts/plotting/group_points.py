# SPDX-License-Identifier: BSD-3-Clause
"""Points of some groups, from a table one of whose columns says to which group a row belongs."""

import os

import numpy as np

from .groups import check_data_columns
from .problem import BAD_DATA, WRONG_USAGE, Problem, reading_data
from .tables import are_own, columns_by_name, is_missing, open_table, pick_features
from .transforms import transformed

MOST_POINTS = 400  # of a group
CHUNK_ROWS = 100000


def read_points(groups, shown, arguments):
    """For each group that is drawn its points, as the model takes them: n x d, a random sample where there are more than MOST_POINTS.
    Rows with missing values are left out."""
    with reading_data():
        table = open_table(arguments.data, arguments.header, arguments.delimiter)
    rows = _rows_by_offset(groups, table, arguments) if arguments.by_index else _rows_by_key(groups, table, arguments)
    is_text = isinstance(groups.keys, list)
    places = _places_of_words if is_text else _places_of_numbers
    keys = [groups.keys[g] for g in shown] if is_text else np.asarray(groups.keys)[shown]
    samples = [_Sample(groups.n_features) for _ in shown]
    random = np.random.default_rng(0)
    n_found = 0
    for cells, points in rows:
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


def _rows_by_key(groups, table, arguments):
    """(keys, points) of all rows, some at a time: the key is a column of the table, or the only one of another file."""
    names = table.names or [str(j + 1) for j in range(table.n_columns)]
    if arguments.by not in names and _is_file(arguments.by):
        keys = open_table(arguments.by, arguments.header, arguments.delimiter)
        if keys.n_columns != 1 or keys.n_rows != table.n_rows:
            raise Problem(BAD_DATA, "%s: %d rows and %d columns of keys for %d rows of data; give one column and as many rows" % (
                keys.label, keys.n_rows, keys.n_columns, table.n_rows))
        rows = table.keyed_rows(0, _feature_columns(groups, table, None), CHUNK_ROWS)
        return ((cells, points) for (cells, _), (_, points) in zip(keys.keyed_rows(0, [], CHUNK_ROWS), rows))
    key = pick_features(table.label, arguments.by, names)
    if len(key) != 1:
        raise Problem(WRONG_USAGE, "--by %s: %d columns; give one" % (arguments.by, len(key)))
    return table.keyed_rows(key[0], _feature_columns(groups, table, key[0]), CHUNK_ROWS)


def _rows_by_offset(groups, table, arguments):
    """(numbers of groups, points) of all rows, some at a time, by the file of the rows with which groups begin."""
    offsets = open_table(arguments.by_index, arguments.header, arguments.delimiter)
    starts = offsets.read([(0, offsets.n_rows)], [0])[:, 0]
    if offsets.n_columns != 1 or len(starts) not in (groups.n_groups, groups.n_groups + 1) or not (np.diff(starts) >= 0).all():
        raise Problem(BAD_DATA, "%s: not the rows with which %d groups begin; give the file of `gmmpi fit --by-index`" % (
            arguments.by_index, groups.n_groups))
    first = 0
    for _, points in table.keyed_rows(0, _feature_columns(groups, table, None), CHUNK_ROWS):
        yield np.searchsorted(starts, np.arange(first, first + len(points)), side="right") - 1, points
        first += len(points)


def _is_file(name):
    return os.path.exists(name) or os.path.exists(name[:name.rfind(":/")]) if ":/" in name else os.path.exists(name)


def _feature_columns(groups, table, key):
    """The columns of the model's features: by name, or where the models or the table have no names all that hold numbers but that of the
    keys."""
    if are_own(groups.names) and table.names:
        return columns_by_name(table, groups.names, "give data that have them, as those of the fit")
    if groups.names and table.names and all(name in table.names for name in groups.names):
        return [table.names.index(name) for name in groups.names]
    columns = [column for column in table.numeric_columns() if column != key]
    check_data_columns(table.label, len(columns), groups.n_features)
    return columns


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
