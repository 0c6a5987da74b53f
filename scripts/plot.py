#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of a fitted mixture: the data, the components, the course of the fit and the responsibilities.

    plot.py MODEL.h5 DATA [--columns A,B] [--log LOG.csv] [--labels OUT.h5] [--clusters N] -o FOLDER

writes data.png, clusters.png, log_likelihood.png (with --log) and responsibilities.png into FOLDER, of a model whose components were
merged also merging.png and merged_clusters.png, and prints their paths.
Where there are very many points a sample of them is read and drawn. Rows with missing values are left out.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import BAD_DATA, WRONG_USAGE, Parser, Problem, leave_on_problem

SAMPLE_ROWS = 200000
SAMPLE_WORK = 3e9  # rows x K x d x d


def parse():
    parser = Parser(prog="plot.py", description="Pictures of a mixture that gmmpi fitted.")
    parser.add_argument("model", metavar="MODEL.h5", help="what gmmpi fit wrote")
    parser.add_argument("data", metavar="DATA", help="CSV, TSV, NPY, HDF5 (FILE.h5:/path where it holds several tables)")
    parser.add_argument("--columns", help="features: names, 1-based numbers and ranges, separated by commas")
    parser.add_argument("--header", choices=["yes", "no", "auto"], default="auto", help="has the text file a header?")
    parser.add_argument("--delimiter", help="between the fields of a text file")
    parser.add_argument("--log", metavar="LOG.csv", help="what gmmpi fit --log wrote")
    parser.add_argument("--labels", metavar="OUT.h5", help="what gmmpi fit --labels or gmmpi predict wrote")
    parser.add_argument("--clusters", metavar="N", type=int, help="of a model of gmmpi fit --merge: so many clusters in "
                        "merged_clusters.png (default: as many as are suggested)")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where the pictures go (default: here)")
    arguments = parser.parse_args()
    if arguments.delimiter == "\\t":
        arguments.delimiter = "\t"
    if arguments.delimiter is not None and len(arguments.delimiter) != 1:
        raise Problem(WRONG_USAGE, "--delimiter: one character is needed")
    return arguments


def read_scene(arguments):
    """What is to be drawn, and the responsibilities of its points: n x K, with noise n x (K + 1)."""
    import numpy as np
    from plotting.labels import read_labels
    from plotting.mixture import read_mixture
    from plotting.pictures import Scene
    from plotting.tables import open_table, pick_columns, sample_blocks

    mixture = read_mixture(arguments.model)
    try:
        table = open_table(arguments.data, arguments.header, arguments.delimiter)
        columns = pick_columns(table, arguments.columns, mixture.n_features, mixture.names)
        work = mixture.n_components * mixture.n_features ** 2
        blocks = sample_blocks(table.n_rows, int(np.clip(SAMPLE_WORK / work, 5000, SAMPLE_ROWS)))
        points = mixture.transformed(table.read(blocks, columns))
    except Problem as problem:
        if problem.status != BAD_DATA:
            raise
        raise Problem(BAD_DATA, "%s; what gmmpi reads and this script does not, gmmpi convert turns into a file for it" % problem)
    labels, responsibilities = None, None
    if arguments.labels:
        labels, responsibilities = read_labels(arguments.labels, table.n_rows, mixture, blocks)
    complete = np.isfinite(points).all(axis=1)
    if labels is not None:
        complete &= labels >= 0
    if not complete.any():
        raise Problem(BAD_DATA, "%s: no row is without missing values" % arguments.data)
    points = points[complete]
    if responsibilities is None:
        responsibilities = mixture.responsibilities(points)
    else:
        kept = np.append(mixture.numbers, mixture.n_stored) if mixture.noise else mixture.numbers
        responsibilities = responsibilities[complete][:, kept]
    if labels is None:
        labels = responsibilities.argmax(axis=1)
    else:
        labels = np.searchsorted(mixture.numbers, labels[complete])
    names = mixture.shown_names or [table.names[column] if table.names else "x%d" % (column + 1) for column in columns]
    n_rows = table.n_rows - (~complete).sum() if len(complete) == table.n_rows else table.n_rows
    return Scene(mixture, points, names, n_rows, labels), responsibilities


def main():
    arguments = parse()
    require_libraries()
    from plotting import pictures, style
    from plotting.merging import pictures_of_clusters
    from plotting.mixture import read_log

    scene, responsibilities = read_scene(arguments)
    log = read_log(arguments.log) if arguments.log else None
    of_clusters = pictures_of_clusters(arguments.model, arguments.clusters, scene, responsibilities)
    style.prepare_folder(arguments.output)
    style.save(pictures.draw_data(scene), arguments.output, "data.png")
    style.save(pictures.draw_clusters(scene), arguments.output, "clusters.png")
    if log:
        style.save(pictures.draw_log_likelihood(log), arguments.output, "log_likelihood.png")
    style.save(pictures.draw_responsibilities(scene, responsibilities), arguments.output, "responsibilities.png")
    for name, draw in of_clusters:
        style.save(draw(), arguments.output, name)


if __name__ == "__main__":
    leave_on_problem("plot", main)
