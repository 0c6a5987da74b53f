# SPDX-License-Identifier: BSD-3-Clause
"""What the ranks of a communicator must have in common before a fit, which would else end in a deadlock."""

import hashlib

import numpy as np

from .errors import WrongUsage


def short(value):
    """A text that is the same for equal values, and short enough to be read where they are."""
    if value is None or isinstance(value, (str, bytes, int, float, bool, np.generic)):
        return repr(value)
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        text = repr(value)
        return text if len(text) < 200 else "digest " + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    if array.size <= 4:
        return repr(array.tolist())
    return "shape %s, digest %s" % (array.shape, hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:12])


def compare(said):
    """said: for each rank what it has, a dict of texts; what is not in a dict is compared with nothing. Raises
    WrongUsage about the first that differs."""
    first = {}
    for rank, one in enumerate(said):
        for name, text in one.items():
            before, known = first.setdefault(name, (rank, text))
            if text != known:
                raise WrongUsage(
                    "the ranks differ in %s: rank %d has %s, rank %d has %s; give the same to all"
                    % (name, before, known, rank, text)
                )
