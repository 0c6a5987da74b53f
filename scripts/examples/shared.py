# SPDX-License-Identifier: BSD-3-Clause
"""What the programs of the worked examples share: libraries, the look of pictures, and agreement of partitions."""

import os
import sys

# This folder's parent has the package with the look of all pictures.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from plotting.interpreter import require_libraries

require_libraries()

import h5py  # noqa: F401  (for the programs)
import numpy as np
from plotting.style import DENSITY, GREY, OUTLINE, colours, plt  # noqa: F401


def adjusted_rand(one, other):
    """The adjusted Rand index of two partitions of the same points (Hubert, Arabie 1985, "Comparing partitions", eq. 5)."""
    one, other = np.unique(one, return_inverse=True)[1], np.unique(other, return_inverse=True)[1]
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)

    def pairs(counts):
        return (counts * (counts - 1) / 2).sum()

    both, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * columns / pairs(table.sum())
    return (both - expected) / ((rows + columns) / 2 - expected)


def save(figure, name):
    """Writes pictures/NAME in the folder of the example."""
    os.makedirs("pictures", exist_ok=True)
    figure.savefig(os.path.join("pictures", name))
    plt.close(figure)


def ellipse(mean, covariance, radius):
    """A curve, 2 x 100, of so many standard deviations about a mean of two features."""
    values, axes = np.linalg.eigh(covariance)
    angle = np.linspace(0, 2 * np.pi, 100)
    return np.asarray(mean)[:, None] + radius * axes @ (np.sqrt(values)[:, None] * np.stack([np.cos(angle), np.sin(angle)]))
