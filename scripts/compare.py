#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares fits with different numbers of components by BIC, AIC and ICL.

    compare.py SUMMARY.json... [--keep CRITERION MODEL.h5] -o FOLDER

Each SUMMARY.json is what `gmmpi fit --json` printed. Prints a table in which a star marks the lowest value of each
criterion, and writes comparison.csv and comparison.png into FOLDER. --keep copies the model with the lowest CRITERION
(bic, aic or icl) to MODEL.h5; of several fits with the same number of components the lowest goes into the table.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting import comparison
from plotting.interpreter import require_libraries
from plotting.problem import Parser, leave_on_problem


def main():
    parser = Parser(prog="compare.py", description="Compares fits with different numbers of components.")
    parser.add_argument("summaries", metavar="SUMMARY.json", nargs="+", help="what gmmpi fit --json printed")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where the table and picture go")
    parser.add_argument("--keep", metavar=("CRITERION", "MODEL.h5"), nargs=2,
                        help="copy the model with the lowest bic, aic or icl to MODEL.h5")
    arguments = parser.parse_args()
    paths = arguments.summaries
    if arguments.keep:
        # Before the libraries are asked for: only the picture needs them.
        criterion, target = arguments.keep
        if criterion not in comparison.CRITERIA:
            parser.error("--keep: \"%s\" is not %s" % (criterion, ", ".join(comparison.CRITERIA)))
        paths, best = comparison.lowest(paths, criterion)
        comparison.keep_model(comparison.model_of(best), target)
    require_libraries()
    from plotting import style

    summaries = comparison.read_summaries(paths)
    style.prepare_folder(arguments.output)
    comparison.print_table(summaries)
    comparison.write_table(summaries, arguments.output)
    style.save(comparison.draw_comparison(summaries), arguments.output, "comparison.png")


if __name__ == "__main__":
    leave_on_problem("compare", main)
