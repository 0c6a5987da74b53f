# SPDX-License-Identifier: BSD-3-Clause
"""The points of a fit, from memory or from a file."""

import ctypes
import os

import numpy as np

from .errors import WrongUsage
from .library import bytes_of, call, create, library, text_of


def is_file(X):
    """Does X name a file?"""
    return isinstance(X, (str, bytes, os.PathLike))


def encoded(names):
    """Names of features as the library has them."""
    texts = []
    for number, name in enumerate(names, 1):
        try:
            text = str(name).encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            text = b"\0"
        if b"\0" in text:
            raise WrongUsage("the name of column %d, %r, cannot be written as UTF-8; rename it" % (number, name))
        texts.append(text)
    return texts


class Points:
    """gmmpi_points. rows: n x d, float64 or float32 in C order, which the library copies; or the name of a file, as
    ``gmmpi fit`` takes it. weights: n, float64, or None. names: of the features of rows, bytes; None: x1, x2, ..."""

    def __init__(self, communicator, rows, options, weights=None, names=None):
        self.from_file = is_file(rows)
        self.n_local = None if self.from_file else len(rows)
        handle = communicator.handle
        if self.from_file:
            self.pointer = create("gmmpi_points_open", handle, bytes_of(rows), options.pointer)
        else:
            shape = (rows.shape[0], rows.shape[1], options.pointer)
            given = None if weights is None else weights.ctypes.data
            if rows.dtype == np.float32:
                self.pointer = create("gmmpi_points_create_single", handle, rows.ctypes.data, given, *shape)
            elif weights is not None:
                self.pointer = create("gmmpi_points_create_weighted", handle, rows.ctypes.data, given, *shape)
            else:
                self.pointer = create("gmmpi_points_create", handle, rows.ctypes.data, *shape)
            if names is None:  # as the command line has it
                names = [b"x%d" % (j + 1) for j in range(rows.shape[1])]
            try:
                call("gmmpi_points_set_feature_names", self.pointer, (ctypes.c_char_p * len(names))(*names))
            except BaseException:
                self.__exit__()
                raise

    @property
    def n_samples(self):
        return library().gmmpi_points_n_samples(self.pointer)

    @property
    def n_features(self):
        return library().gmmpi_points_n_features(self.pointer)

    @property
    def sum_of_weights(self):
        return library().gmmpi_points_sum_of_weights(self.pointer)

    @property
    def feature_names(self):
        """Those that a file has, else None: a library's x1, x2, ... only number the columns."""
        names = [text_of(library().gmmpi_points_feature_name(self.pointer, j)) for j in range(self.n_features)]
        if None in names or all(name[:1] == "x" and name[1:].isdigit() for name in names):
            return None
        return np.array(names, dtype=object)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library().gmmpi_points_destroy(self.pointer)
        self.pointer = None
