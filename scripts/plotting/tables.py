# SPDX-License-Identifier: BSD-3-Clause
"""Points from text files, NPY and HDF5, a sample of the rows where there are many.

A table has n_rows, n_columns, names (or None) and read(blocks, columns), which returns the rows of some blocks
[start, stop) as an array: rows x columns, NaN where nothing was measured.
"""

import csv
import os
import re

import h5py
import numpy as np

from .problem import BAD_DATA, INPUT_FAILED, NO_INPUT, WRONG_USAGE, Problem, warn

MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
BLOCK_ROWS = 50


def sample_blocks(n_rows, limit):
    """Blocks of rows, ascending: everything when there are at most `limit` rows, else short blocks spread over all rows,
    each at a random place in its share, `limit` rows or a little less together."""
    if n_rows <= limit:
        return [(0, n_rows)]
    n_blocks = max(1, limit // BLOCK_ROWS)
    edges = np.linspace(0, n_rows, n_blocks + 1).astype(np.int64)
    room = np.maximum(edges[1:] - edges[:-1] - BLOCK_ROWS, 0)
    starts = edges[:-1] + np.random.default_rng(0).integers(0, room + 1)
    return [(int(start), int(min(start + BLOCK_ROWS, stop))) for start, stop in zip(starts, edges[1:])]


class ArrayTable:
    """An array in a file that gives slices of rows: an HDF5 data set or a memory-mapped NPY file."""

    def __init__(self, label, array, names=None):
        if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
            raise Problem(BAD_DATA, "%s: not a table of numbers (shape %s, type %s); rows are points, columns are features"
                          % (label, array.shape, array.dtype))
        self.label = label
        self.array = array
        self.names = names
        self.n_rows = array.shape[0]
        self.n_columns = array.shape[1] if array.ndim == 2 else 1

    def read(self, blocks, columns):
        parts = []
        for start, stop in blocks:
            try:
                part = np.asarray(self.array[start:stop])
            except OSError as error:
                raise Problem(INPUT_FAILED, "%s: reading failed (%s)" % (self.label, error))
            parts.append(part.reshape(stop - start, self.n_columns)[:, columns].astype(float))
        return np.concatenate(parts)

    def keyed_rows(self, key, columns, n):
        """All rows, n at a time: the cells of one column as they are, and the numbers of others."""
        for start in range(0, self.n_rows, n):
            try:
                part = np.asarray(self.array[start:start + n])
            except OSError as error:
                raise Problem(INPUT_FAILED, "%s: reading failed (%s)" % (self.label, error))
            part = part.reshape(len(part), self.n_columns)
            yield part[:, key], part[:, columns].astype(float)

    def numeric_columns(self):
        return list(range(self.n_columns))


class TextTable:
    """A text file of one row a line, fields between commas, tabs, semicolons or blanks."""

    def __init__(self, path, header, delimiter):
        self.label = path
        self.path = path
        with self._open() as file:
            head = [line for _, line in zip(range(1000), (line for line in file if line.strip()))]
        if not head:
            raise Problem(BAD_DATA, "%s: the file is empty" % path)
        # Of several comments at the beginning only the last can be a header.
        n_comments = next((i for i, line in enumerate(head) if not line.startswith("#")), len(head))
        below = head[n_comments:]
        self.delimiter = delimiter or guess_delimiter(below or head)
        self.skip, self.names = n_comments, None
        first = self._fields(below[0]) if below else []
        comment = self._fields(head[n_comments - 1][1:]) if n_comments else None
        if comment and header != "no" and (not below or len(comment) == len(first)):
            self.names = comment
        elif header == "yes" or header == "auto" and not all(is_number(cell) for cell in first):
            self.skip, self.names = n_comments + 1, first
        self.names = [name.strip() for name in self.names] if self.names else None
        self.n_columns = len(self.names or first)
        self.head = [self._fields(line) for line in head[self.skip:]]
        with self._open() as file:
            self.n_rows = sum(1 for line in file if line.strip()) - self.skip

    def _open(self):
        return open(self.path, encoding="utf-8-sig", errors="replace", newline=None)

    def _fields(self, line):
        line = line.rstrip("\n")
        if self.delimiter == " ":
            line = line.replace("\t", " ").strip()
        if '"' not in line:
            return line.split() if self.delimiter == " " else line.split(self.delimiter)
        try:
            return next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True))
        except csv.Error as error:
            raise Problem(BAD_DATA, "%s: not a text table (%s)" % (self.path, error))

    def numeric_columns(self):
        """The columns that hold numbers, and not only missing ones, in the first rows."""
        columns = []
        for column in range(self.n_columns):
            cells = [row[column] for row in self.head if column < len(row)]
            if all(is_number(cell) for cell in cells) and not all(is_missing(cell) for cell in cells):
                columns.append(column)
        return columns

    def read(self, blocks, columns):
        values = np.empty((sum(stop - start for start, stop in blocks), len(columns)))
        ends = iter(blocks)
        start, stop = next(ends)
        filled, row = 0, -self.skip
        with self._open() as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                if row >= stop:
                    start, stop = next(ends, (self.n_rows, self.n_rows))
                if row >= start and row < stop:
                    values[filled] = self._numbers(line, number, columns)
                    filled += 1
                row += 1
        return values

    def keyed_rows(self, key, columns, n):
        """All rows, n at a time: the cells of one column (a list of strings), and the numbers of others."""
        cells, rows, skip = [], [], self.skip
        with self._open() as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                if skip:
                    skip -= 1
                    continue
                rows.append(self._numbers(line, number, columns))
                cells.append(self._fields(line)[key].strip())
                if len(rows) == n:
                    yield cells, np.array(rows)
                    cells, rows = [], []
        if rows:
            yield cells, np.array(rows)

    def _numbers(self, line, number, columns):
        fields = self._fields(line)
        if len(fields) != self.n_columns:
            raise Problem(BAD_DATA, "%s: line %d has %d fields, the first line has %d" % (
                self.path, number, len(fields), self.n_columns))
        try:
            return [float(fields[column]) for column in columns]
        except ValueError:
            pass
        numbers = []
        for column in columns:
            cell = fields[column]
            if not is_number(cell):
                raise Problem(BAD_DATA, "%s: line %d, column %s: '%s' is not a number; pick features with --columns" % (
                    self.path, number, self.names[column] if self.names else column + 1, cell.strip()[:40]))
            numbers.append(np.nan if is_missing(cell) else float(cell))
        return numbers


def is_missing(cell):
    return cell.strip().lower() in MISSING


def is_number(cell):
    if is_missing(cell):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def guess_delimiter(lines):
    """The delimiter that splits the first lines into equally many fields: tab, semicolon, comma or blanks."""
    for delimiter in ("\t", ";", ",", " "):
        rows = [line.strip() if delimiter == " " else line for line in lines[:20]]
        counts = {len(row) for row in csv.reader(rows, delimiter=delimiter, skipinitialspace=True)}
        if len(counts) == 1 and counts != {1}:
            return delimiter
    return ","


def _hdf5_table(path, inside):
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise Problem(BAD_DATA, "%s: not a readable HDF5 file (%s)" % (path, error))
    if inside:
        if inside not in file or not isinstance(file[inside], h5py.Dataset):
            raise Problem(BAD_DATA, "%s: there is no data set %s in it" % (path, inside))
        data_set = file[inside]
    else:
        found = []
        file.visititems(lambda name, item: found.append(item) if isinstance(item, h5py.Dataset) and item.ndim == 2
                        and item.dtype.kind in "iuf" else None)
        if len(found) != 1:
            raise Problem(BAD_DATA, "%s: %s; name the data set as %s:/path" % (
                path, "several tables are in it (%s)" % ", ".join(item.name for item in found) if found
                else "no two-dimensional table of numbers is in it", path))
        data_set = found[0]
    return ArrayTable("%s:%s" % (path, data_set.name), data_set, names_of(data_set))


def names_of(item):
    """The feature names that an HDF5 object carries as an attribute, or None."""
    return words_of(item.attrs.get("feature_names"))


def words_of(value):
    """Strings of an HDF5 attribute or data set as a list; None stays None."""
    if value is None:
        return None
    return [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in np.atleast_1d(value)]


def open_table(data, header="auto", delimiter=None):
    """The table of FILE or FILE.h5:/path/of/dataset; the kind of file is recognised by its first bytes."""
    path, inside = data, None
    if not os.path.exists(path) and ":/" in data:
        path, inside = data[:data.rindex(":/")], data[data.rindex(":/") + 1:]
    try:
        with open(path, "rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise Problem(NO_INPUT, "%s: cannot be read (%s)" % (path, error.strerror))
    if magic == b"\x89HDF\r\n\x1a\n":
        return _hdf5_table(path, inside)
    if inside:
        raise Problem(BAD_DATA, "%s: not an HDF5 file, so it has no data set %s" % (path, inside))
    if magic[:6] == b"\x93NUMPY":
        try:
            return ArrayTable(path, np.load(path, mmap_mode="r"))
        except ValueError as error:
            raise Problem(BAD_DATA, "%s: not a readable NPY file (%s)" % (path, error))
    return TextTable(path, header, delimiter)


def open_weights(asked, table):
    """(table, 0-based column) of the weights of rows, which --weights says: a column of the table, or a file of one column."""
    if not (table.names and asked in table.names) and not asked.strip().isdigit():
        weights = open_table(asked)
        if weights.n_columns != 1 or weights.n_rows != table.n_rows:
            raise Problem(BAD_DATA, "%s: %d rows and %d columns of weights for %d rows of data; give one column and as many rows" % (
                asked, weights.n_rows, weights.n_columns, table.n_rows))
        return weights, 0
    return table, _picked_by(asked, table)[0]


def pick_columns(table, columns, n_features, feature_names, besides=None):
    """0-based columns of a table, found as `gmmpi predict` finds them: those that --columns names, in the order of the model where they have
    just its names; else those the model names; else, where the table or the model has no names, all that hold numbers. besides: a column that
    is no feature. Columns of other names that --columns picks are taken with a warning."""
    if columns is not None:
        picked = [column for word in next(csv.reader([columns], skipinitialspace=True))
                  for column in _picked_by(word, table)]
        if table.names and are_own(feature_names) and len(picked) == len(feature_names):
            picked = _as_model_orders(table, picked, feature_names)
    elif are_own(feature_names) and table.names:
        picked = columns_by_name(table, feature_names, "say with --columns which columns are meant")
    elif feature_names and table.names and all(name in table.names for name in feature_names):
        picked = [table.names.index(name) for name in feature_names]
    else:
        picked = table.numeric_columns()
    picked = [column for column in picked if column != besides]
    if len(picked) != n_features:
        raise Problem(BAD_DATA, "%s: %d columns for a model of %d features; pick the features with --columns" % (
            table.label, len(picked), n_features))
    return picked


def are_own(names):
    """Do names say anything, which x1, x2, ... of data without names do not?"""
    return bool(names) and not all(re.fullmatch(r"x\d+", name) for name in names)


def columns_by_name(table, names, remedy):
    """0-based columns of the table that are called so; where one is not there, or is there twice, a Problem that names it, and the remedy."""
    for wrong, words in (([name for name in names if name not in table.names], "missing"),
                         ([name for name in names if table.names.count(name) > 1], "there twice")):
        if wrong:
            raise Problem(BAD_DATA, "%s: has the columns %s; of the model's features %s %s %s; %s" % (
                table.label, quoted(table.names), quoted(wrong), "is" if len(wrong) == 1 else "are", words, remedy))
    return [table.names.index(name) for name in names]


def quoted(names, most=10):
    return ", ".join('"%s"' % " ".join(name[:60].split()) for name in names[:most]) + (
        " and %d more" % (len(names) - most) if len(names) > most else "")


def _as_model_orders(table, picked, feature_names):
    """Picked columns: each as the feature that it is called as where these are just the model's, else in their order."""
    called = [table.names[column] for column in picked]
    if sorted(called) == sorted(feature_names) and len(set(called)) == len(called):
        return [picked[called.index(name)] for name in feature_names]
    other = next(j for j, name in enumerate(called) if name != feature_names[j])
    warn("%s: column \"%s\" is taken as the model's \"%s\", as --columns says" % (table.label, called[other], feature_names[other]))
    return picked


def _picked_by(word, table):
    """The columns that one item of --columns stands for: an exact name, else a 1-based number or range."""
    if table.names and word in table.names:
        return [table.names.index(word)]
    first, _, last = word.strip().partition("-")
    if not first.isdigit() or last and not last.isdigit():
        raise Problem(BAD_DATA, "%s: there is no column '%s'%s" % (
            table.label, word, "; it has " + ", ".join(table.names) if table.names else ""))
    numbers = range(int(first), int(last or first) + 1)
    if not numbers or numbers[0] < 1:
        raise Problem(WRONG_USAGE, "--columns: %s is not a column or a range of columns" % word)
    if numbers[-1] > table.n_columns:
        raise Problem(BAD_DATA, "%s: there is no column %d, it has %d" % (table.label, numbers[-1], table.n_columns))
    return [number - 1 for number in numbers]


def features_of(n):
    """Names of features that have none."""
    return ["x%d" % (j + 1) for j in range(n)]


class Headings:
    """Names of columns without a table."""

    def __init__(self, label, names):
        self.label = label
        self.names = names
        self.n_columns = len(names)


def pick_features(path, columns, names):
    """The features (from 0) of a file of results that --columns names; all where it is not given."""
    if columns is None:
        return list(range(len(names)))
    table = Headings(path, names)
    return [column for word in next(csv.reader([columns], skipinitialspace=True)) for column in _picked_by(word, table)]


class Results:
    """An HDF5 file that a command wrote, open; what is not in it is a Problem that says which command writes it."""

    def __init__(self, path, file, command):
        self.path = path
        self.file = file
        self.command = command

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def check(self, good, message):
        if not good:
            raise Problem(BAD_DATA, "%s: %s; give a file that `%s` wrote" % (self.path, message, self.command))

    def item(self, name):
        """A data set."""
        self.check(isinstance(self.file.get(name), h5py.Dataset), "there is no data set /%s" % name)
        return self.file[name]

    def array(self, name, n_dimensions=None):
        """A data set of numbers as an array, of floating-point numbers where it is not of whole ones."""
        item = self.item(name)
        self.check(item.dtype.kind in "iufb" and n_dimensions in (None, item.ndim), "/%s is of type %s and shape %s" % (
            name, item.dtype, item.shape))
        try:
            return item[()] if item.dtype.kind in "iub" else item[()].astype(float)
        except OSError as error:
            raise Problem(INPUT_FAILED, "%s: reading failed (%s)" % (self.path, error))


def open_results(path, command):
    """The file that a command wrote."""
    try:
        return Results(path, h5py.File(path, "r"), command)
    except FileNotFoundError:
        raise Problem(NO_INPUT, "%s: there is no such file" % path)
    except PermissionError:
        raise Problem(NO_INPUT, "%s: permission denied" % path)
    except OSError:
        raise Problem(BAD_DATA, "%s: not an HDF5 file; give one that `%s` wrote" % (path, command))
