#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of a fitted mixture: the data, the components, the course of the fit and the responsibilities; and of many mixtures.

    plot.py MODEL.h5 DATA [--columns A,B] [--log LOG.csv] [--labels OUT.h5] [--weights COLUMN|FILE] [--clusters N] -o FOLDER
    plot.py --selection TABLE.csv [--criterion bic] -o FOLDER
    plot.py --bootstrap BOOT.h5 [--columns A,B] -o FOLDER
    plot.py --groups GROUPS.h5 [DATA --by COLUMN|FILE] [--columns A,B] [--largest] -o FOLDER

writes data.png, clusters.png, log_likelihood.png (with --log) and responsibilities.png into FOLDER, of a model whose components were
merged also merging.png and merged_clusters.png; selection.png;
standard_errors.png (of many features also standard_errors_2.png, ...); groups.png and groups_overview.png; and prints their paths.
Where there are very many points a sample of them is read and drawn. Rows with missing values are left out. --format pdf or svg writes
vector graphics.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import BAD_DATA, WRONG_USAGE, Parser, Problem, leave_on_problem, reading_data

SAMPLE_ROWS = 200000
SAMPLE_WORK = 3e9  # rows x K x d x d


def parse():
    parser = Parser(prog="plot.py", description="Pictures of mixtures that gmmpi fitted.",
                    usage="plot.py [MODEL.h5 DATA] [--selection TABLE.csv] [--bootstrap BOOT.h5] [--groups GROUPS.h5 [DATA]] [options]")
    parser.add_argument("files", metavar="MODEL.h5 DATA", nargs="*", help="what gmmpi fit wrote; CSV, TSV, NPY, HDF5 "
                        "(FILE.h5:/path where it holds several tables). With --groups DATA alone")
    parser.add_argument("--columns", help="features: names, 1-based numbers and ranges, separated by commas; "
                        "with --groups, and with --bootstrap alone, those of the model that are drawn")
    parser.add_argument("--header", choices=["yes", "no", "auto"], default="auto", help="has the text file a header?")
    parser.add_argument("--delimiter", help="between the fields of a text file")
    parser.add_argument("--log", metavar="LOG.csv", help="what gmmpi fit --log wrote")
    parser.add_argument("--labels", metavar="OUT.h5", help="what gmmpi fit --labels or gmmpi predict wrote")
    parser.add_argument("--clusters", metavar="N", type=int, help="of a model of gmmpi fit --merge: so many clusters in "
                        "merged_clusters.png (default: as many as are suggested)")
    parser.add_argument("--weights", metavar="COLUMN|FILE", help="how much each row counts, as gmmpi fit had it")
    parser.add_argument("--selection", metavar="TABLE.csv", help="what gmmpi select --table wrote: criteria against K")
    parser.add_argument("--criterion", choices=["bic", "aic", "icl", "cv"], help="the one that is drawn large (default: bic)")
    parser.add_argument("--bootstrap", metavar="BOOT.h5", help="what gmmpi bootstrap wrote: standard errors of the components")
    parser.add_argument("--groups", metavar="GROUPS.h5", help="what gmmpi fit --by wrote: a small picture of each group")
    parser.add_argument("--by", metavar="COLUMN|FILE", help="what says to which group a row of DATA belongs, as gmmpi fit had it")
    parser.add_argument("--by-index", metavar="FILE", help="the rows with which groups begin, as gmmpi fit had them")
    parser.add_argument("--largest", action="store_true",
                        help="of very many groups the largest are drawn, not some of all log-likelihoods")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where the pictures go (default: here)")
    parser.add_argument("--format", choices=["png", "pdf", "svg"], default="png", help="of the pictures (default: png)")
    arguments = parser.parse_intermixed_args()
    if arguments.delimiter == "\\t":
        arguments.delimiter = "\t"
    if arguments.delimiter is not None and len(arguments.delimiter) != 1:
        raise Problem(WRONG_USAGE, "--delimiter: one character is needed")
    take_files(parser, arguments)
    return arguments


def take_files(parser, arguments):
    """arguments.model and arguments.data from the files in a row, and what goes with what."""
    files = arguments.files
    if arguments.groups:
        if len(files) > 1:
            parser.error("with --groups there is one file of data; draw MODEL.h5 DATA in a command of its own")
        if len(files) != (arguments.by is not None) + (arguments.by_index is not None):
            parser.error("points of groups are drawn from DATA --by COLUMN, or --by-index FILE: %s" % (
                "DATA is missing" if not files else "give one of the two"))
        arguments.model, arguments.data = None, files[0] if files else None
    elif len(files) == 2:
        arguments.model, arguments.data = files
    elif files or not (arguments.selection or arguments.bootstrap):
        parser.error("MODEL.h5 and DATA are required, or --selection, --bootstrap or --groups" if len(files) < 2
                     else "only MODEL.h5 and DATA are expected")
    else:
        arguments.model = arguments.data = None
    companions = {"groups": ("by", "by_index", "largest"), "selection": ("criterion",), "model": ("log", "labels", "clusters", "weights")}
    for option, needed in ((option, needed) for needed, options in companions.items() for option in options):
        given = getattr(arguments, option)
        if given is not None and given is not False and not getattr(arguments, needed):
            parser.error("--%s goes with %s" % (option.replace("_", "-"), "MODEL.h5 DATA" if needed == "model" else "--" + needed))


def read_scene(arguments):
    """What is to be drawn, and the responsibilities of its points: n x K, with noise n x (K + 1)."""
    import numpy as np
    from plotting.labels import read_labels
    from plotting.mixture import read_mixture
    from plotting.pictures import Scene
    from plotting.tables import open_table, open_weights, pick_columns, sample_blocks

    mixture = read_mixture(arguments.model)
    asked = getattr(arguments, "weights", None)
    with reading_data():
        table = open_table(arguments.data, arguments.header, arguments.delimiter)
        weights_table, weights_column = open_weights(asked, table) if asked else (None, None)
    columns = pick_columns(table, arguments.columns, mixture.n_features, mixture.names, weights_column if weights_table is table else None)
    work = mixture.n_components * mixture.n_features ** 2
    blocks = sample_blocks(table.n_rows, int(np.clip(SAMPLE_WORK / work, 5000, SAMPLE_ROWS)))
    with reading_data():
        points = mixture.transformed(table.read(blocks, columns))
        weights = weights_table.read(blocks, [weights_column])[:, 0] if asked else None
    labels, responsibilities = None, None
    if arguments.labels:
        labels, responsibilities = read_labels(arguments.labels, table.n_rows, mixture, blocks)
    complete = np.isfinite(points).all(axis=1)
    n_missing = int((~complete).sum())
    if labels is not None:
        complete &= labels >= 0
    if asked:
        if not (weights >= 0).all():
            raise Problem(BAD_DATA, "%s: a weight is missing or negative; give those of the fit" % asked)
        complete &= weights > 0
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
    names = mixture.names or [table.names[column] if table.names else "x%d" % (column + 1) for column in columns]
    is_whole = len(complete) == table.n_rows
    n_rows = table.n_rows - (~complete).sum() if is_whole else table.n_rows
    scene = Scene(mixture, points, names, n_rows, labels, weights[complete] if asked else None, n_missing if is_whole else 0)
    return scene, responsibilities


# What follows reads first, so that nothing is written when an input is bad, and gives names of pictures with functions that draw them.

def pictures_of_mixture(arguments):
    from plotting import pictures
    from plotting.merging import pictures_of_clusters
    from plotting.mixture import read_log

    scene, responsibilities = read_scene(arguments)
    log = read_log(arguments.log) if arguments.log else None
    of_clusters = pictures_of_clusters(arguments.model, arguments.clusters, scene, responsibilities)
    yield "data.png", lambda: pictures.draw_data(scene)
    yield "clusters.png", lambda: pictures.draw_clusters(scene)
    if log:
        yield "log_likelihood.png", lambda: pictures.draw_log_likelihood(log)
    yield "responsibilities.png", lambda: pictures.draw_responsibilities(scene, responsibilities)
    yield from of_clusters


def pictures_of_selection(arguments):
    from plotting.selection import order_of, read_selection
    from plotting.selection_picture import draw_selection

    candidates = read_selection(arguments.selection)
    criteria = order_of(candidates, arguments.criterion, arguments.selection)
    yield "selection.png", lambda: draw_selection(candidates, criteria)


def pictures_of_bootstrap(arguments):
    from plotting.bootstrap import pages_of, read_bootstrap
    from plotting.bootstrap_picture import draw_page

    bootstrap = read_bootstrap(arguments.bootstrap, arguments.columns, beside_data=bool(arguments.data))
    for number, page in enumerate(pages_of(bootstrap), 1):
        yield "standard_errors%s.png" % ("_%d" % number if number > 1 else ""), lambda page=page: draw_page(bootstrap, page)


def pictures_of_groups(arguments):
    from plotting.groups import pick_groups, read_groups
    from plotting.group_points import read_points
    from plotting.groups_picture import draw_groups, draw_overview

    groups = read_groups(arguments.groups, arguments.columns)
    shown = pick_groups(groups, arguments.largest)
    points = read_points(groups, shown[0], arguments) if arguments.data else None
    yield "groups.png", lambda: draw_groups(groups, shown, points)
    yield "groups_overview.png", lambda: draw_overview(groups)


def main():
    arguments = parse()
    require_libraries()
    from plotting import style

    kinds = [("model", pictures_of_mixture), ("selection", pictures_of_selection), ("bootstrap", pictures_of_bootstrap),
             ("groups", pictures_of_groups)]
    wanted = [picture for name, kind in kinds if getattr(arguments, name) for picture in kind(arguments)]
    style.prepare_folder(arguments.output)
    for name, draw in wanted:
        style.save(draw(), arguments.output, name, arguments.format)


if __name__ == "__main__":
    leave_on_problem("plot", main)
