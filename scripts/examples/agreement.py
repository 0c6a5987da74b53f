#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How well labels agree with classes that are known.

    agreement.py LABELS.csv DATA.csv COLUMN

counts the rows of each class and label, and prints the adjusted Rand index of Hubert and Arabie (1985, eq. 5): 1 where both are the same
partition, 0 on average where the labels are drawn at random."""

import csv
import sys

from shared import adjusted_rand, np


def column_of(path, name):
    with open(path, newline="") as file:
        return np.array([row[name] for row in csv.DictReader(file)])


def main():
    labels, classes = column_of(sys.argv[1], "label"), column_of(sys.argv[2], sys.argv[3])
    if len(labels) != len(classes):
        sys.exit("%s: %d labels for %d rows; give those of these data" % (sys.argv[1], len(labels), len(classes)))
    columns = np.unique(labels)
    print("%12s" % "label", *("%5s" % label for label in columns))
    for name in np.unique(classes):
        print("%12s" % name, *("%5d" % np.sum((classes == name) & (labels == label)) for label in columns))
    print("adjusted Rand index %.4f" % adjusted_rand(classes, labels))


main()
