#!/usr/bin/env python3
"""Compares fits with different numbers of components by BIC, AIC and ICL.

    compare.py SUMMARY.json... -o FOLDER

Each SUMMARY.json is what `gmmpi fit --json` printed. Prints a table in which a star marks the lowest value of each
criterion, and writes comparison.csv and comparison.png into FOLDER.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import Parser, leave_on_problem


def main():
    parser = Parser(prog="compare.py", description="Compares fits with different numbers of components.")
    parser.add_argument("summaries", metavar="SUMMARY.json", nargs="+", help="what gmmpi fit --json printed")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where the table and picture go")
    arguments = parser.parse_args()
    require_libraries()
    from plotting import comparison, style

    summaries = comparison.read_summaries(arguments.summaries)
    style.prepare_folder(arguments.output)
    comparison.print_table(summaries)
    comparison.write_table(summaries, arguments.output)
    style.save(comparison.draw_comparison(summaries), arguments.output, "comparison.png")


if __name__ == "__main__":
    leave_on_problem("compare", main)
