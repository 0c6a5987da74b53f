#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes starts.json (where every reference begins) and offset.csv (points far from the origin) beside this file.

Each case is a data set, its columns, a number of components, and rows whose points are the first means. Weights start
equal; covariances start as that of all points (about their mean, over n) in the shape of the covariance type, or, for
the tutorial's case, as the identity. The other make_* programs begin from the numbers stored here, so that a difference
between their results can't come from the start. Needs numpy.
"""

import csv
import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "data")
COVARIANCES = ["full", "tied", "diag", "spherical"]

# rows: 1-based, without the header. file: relative to data/, or to this folder when it begins with "./".
CASES = [
    dict(name="tutorial", file="mall_customers.csv", columns=[4, 5], rows=[94, 102, 152], identity=True,
         covariances=["full"]),
    dict(name="mall", file="mall_customers.csv", columns=[4, 5], rows=[20, 100, 180]),
    dict(name="mall3", file="mall_customers.csv", columns=[3, 4, 5], rows=[7, 20, 100, 160, 179]),
    dict(name="faithful", file="faithful.csv", columns=[1, 2], rows=[2, 3]),
    dict(name="iris", file="iris.csv", columns=[1, 2, 3, 4], rows=[1, 60, 110]),
    dict(name="wine", file="wine.csv", columns=list(range(1, 14)), rows=[13, 121, 136]),
    dict(name="breast_cancer", file="breast_cancer.csv", columns=list(range(1, 11)), rows=[1, 50]),
    dict(name="offset", file="./offset.csv", columns=[1, 2, 3], rows=[1, 2, 3]),
]


def path_of(case):
    """The file of a case."""
    return os.path.join(HERE, case["file"]) if case["file"].startswith("./") else os.path.join(DATA, case["file"])


def points_of(case):
    """The points of a case: n x d."""
    with open(path_of(case), newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([[float(row[column - 1]) for column in case["columns"]] for row in rows])


def write_offset():
    """600 points in 3 dimensions about 1e6 with a spread of 1: three overlapping groups."""
    random = np.random.default_rng(20)
    groups = [(200, [0, 0, 0], [1, .5, .3]), (250, [2.5, 0, -1], [.4, 1, .6]), (150, [1, 2, 1.5], [.6, .4, 1])]
    points = np.concatenate([1e6 + np.array(centre) + random.standard_normal((n, 3)) * spread
                             for n, centre, spread in groups])
    points = np.concatenate([points[[0, 200, 450]], np.delete(points, [0, 200, 450], axis=0)])
    with open(os.path.join(HERE, "offset.csv"), "w") as file:
        file.write("a,b,c\n")
        for point in points:
            file.write(",".join("%.17g" % value for value in point) + "\n")


def start(points, rows, covariance, identity):
    """The starting parameters, as `gmmpi fit --init start.json` takes them."""
    k, d = len(rows), points.shape[1]
    centred = points - points.mean(axis=0)
    sample = np.eye(d) if identity else centred.T @ centred / len(points)
    shapes = {"full": np.repeat(sample[None], k, axis=0), "tied": sample,
              "diag": np.repeat(np.diag(sample)[None], k, axis=0), "spherical": np.full(k, np.trace(sample) / d)}
    return dict(weights=[1 / k] * k, means=points[np.array(rows) - 1].tolist(),
                covariances=shapes[covariance].tolist())


def main():
    write_offset()
    cases = []
    for case in CASES:
        points = points_of(case)
        starts = {covariance: start(points, case["rows"], covariance, case.get("identity", False))
                  for covariance in case.get("covariances", COVARIANCES)}
        cases.append(dict(name=case["name"], file=case["file"], columns=case["columns"], rows=case["rows"],
                          starts=starts))
    with open(os.path.join(HERE, "starts.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
