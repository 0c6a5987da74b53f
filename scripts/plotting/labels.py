# SPDX-License-Identifier: BSD-3-Clause
"""Labels and responsibilities of points, as `gmmpi fit --labels` and `gmmpi predict` write them."""

import h5py
import numpy as np

from .problem import BAD_DATA, Problem
from .tables import open_table


def read_labels(path, n_rows, mixture, blocks):
    """Labels (from 0; K: noise), and responsibilities (or None), of some blocks of n_rows rows. A row that has no label because it was
    dropped gets -1."""
    labels, shares, numbers = _labels_in_hdf5(path) if h5py.is_hdf5(path) else _labels_in_text(path)
    n_shares = mixture.n_stored + (1 if mixture.noise else 0)
    if shares and len(shares[1]) != n_shares:
        raise Problem(BAD_DATA, "%s: responsibilities of %d components for a model of %d" % (path, len(shares[1]), n_shares))
    n_labels = labels[0].n_rows
    rows = None if numbers is None else numbers[0].read([(0, n_labels)], numbers[1])[:, 0].astype(np.int64) - 1
    if n_labels != n_rows if rows is None else len(rows) and rows[-1] >= n_rows:
        raise Problem(BAD_DATA, "%s: labels of %d points, but there are %d; give the labels of these data" % (
            path, n_labels, n_rows))
    label_blocks, found = _labels_of_blocks(rows, blocks)
    picked = labels[0].read(label_blocks, labels[1])[:, 0]
    if not np.isin(picked, np.append(mixture.numbers, -1) if mixture.noise else mixture.numbers).all():
        raise Problem(BAD_DATA, "%s: a label is none of this model's (0 to %d); give the labels that belong to it" % (
            path, mixture.n_stored - 1))
    picked = np.where(picked < 0, mixture.n_stored, picked)
    return (_spread(picked.astype(int), found, -1),
            _spread(shares[0].read(label_blocks, shares[1]), found, np.nan) if shares else None)


def _labels_of_blocks(rows, blocks):
    """Blocks of labels that belong to blocks of rows, and which of these rows have one. rows: the row of each label, ascending,
    so that blocks stay blocks; None where every row has a label."""
    if rows is None:
        return blocks, np.ones(sum(stop - start for start, stop in blocks), dtype=bool)
    label_blocks = [tuple(np.searchsorted(rows, block)) for block in blocks]
    found = [np.isin(np.arange(*block), rows[slice(*place)]) for block, place in zip(blocks, label_blocks)]
    return label_blocks, np.concatenate(found)


def _spread(values, found, absent):
    """Values at the places that are found, `absent` elsewhere."""
    spread = np.full((len(found),) + values.shape[1:], absent, dtype=values.dtype)
    spread[found] = values
    return spread


def _labels_in_hdf5(path):
    """(table, columns) of the labels, of the responsibilities and of the row numbers; None for what is not there."""
    with h5py.File(path, "r") as file:
        there = [name for name in ("responsibilities", "rows") if name in file]
    tables = {name: open_table(path + ":/" + name) for name in ["labels"] + there}
    return [(tables[name], list(range(tables[name].n_columns))) if name in tables else None
            for name in ("labels", "responsibilities", "rows")]


def _labels_in_text(path):
    """The same from a text file with columns label, responsibility_1, ..., row."""
    table = open_table(path)
    names = table.names or []
    if "label" not in names:
        raise Problem(BAD_DATA, "%s: there is no column label in it; `gmmpi predict` writes one" % path)
    shares = [column for column, name in enumerate(names) if name.startswith("responsibility_") or name == "noise"]
    return [(table, columns) if columns else None
            for columns in ([names.index("label")], shares, [names.index("row")] if "row" in names else [])]
