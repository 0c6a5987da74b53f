#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""One page of HTML about a fitted mixture: pictures, tables, warnings, the course of the fit and the command to do it again.

    report.py MODEL.h5 [DATA] [--columns A,B] [--log LOG.csv] [--summary FIT.json] [--selection TABLE.csv] [--labels OUT.h5] -o REPORT.html
    report.py GROUPS.h5 [DATA --by COLUMN|FILE] -o REPORT.html

The page is one file, needs no network, and is written whole or not at all. Where there are very many points a sample of them is read.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import WRONG_USAGE, Parser, Problem, leave_on_problem

OF_GROUPS = ("by", "by_index", "largest")
OF_MODELS = ("log", "summary", "selection", "criterion", "labels", "clusters", "weights", "bootstrap")


def parse():
    parser = Parser(prog="report.py", description="One page of HTML about a mixture that gmmpi fitted.",
                    usage="report.py MODEL.h5 [DATA] [options] -o REPORT.html")
    parser.add_argument("model", metavar="MODEL.h5", help="what gmmpi fit wrote, also with --by, or select, condition, marginal")
    parser.add_argument("data", metavar="DATA", nargs="?", help="the points: CSV, TSV, NPY, HDF5 (FILE.h5:/path where it holds several tables)")
    parser.add_argument("--columns", help="features: names, 1-based numbers and ranges, separated by commas; of groups, and of --bootstrap without "
                        "DATA, those that are drawn")
    parser.add_argument("--header", choices=["yes", "no", "auto"], default="auto", help="has the text file a header?")
    parser.add_argument("--delimiter", help="between the fields of a text file")
    parser.add_argument("--log", metavar="LOG.csv", help="what gmmpi fit --log wrote: the course of the fit")
    parser.add_argument("--summary", metavar="FIT.json", help="what gmmpi fit --json printed: where the time went, warnings")
    parser.add_argument("--labels", metavar="OUT.h5", help="what gmmpi fit --labels or gmmpi predict wrote")
    parser.add_argument("--weights", metavar="COLUMN|FILE", help="how much each row counts, as gmmpi fit had it")
    parser.add_argument("--clusters", metavar="N", type=int,
                        help="of a model of gmmpi fit --merge: so many clusters (default: as many as are suggested)")
    parser.add_argument("--selection", metavar="TABLE.csv", help="what gmmpi select --table wrote: criteria against K")
    parser.add_argument("--criterion", choices=["bic", "aic", "icl", "cv"], help="the one that is drawn large (default: bic)")
    parser.add_argument("--bootstrap", metavar="BOOT.h5", help="what gmmpi bootstrap wrote: standard errors of the components")
    parser.add_argument("--by", metavar="COLUMN|FILE", help="what says to which group a row of DATA belongs, as gmmpi fit had it")
    parser.add_argument("--by-index", metavar="FILE", help="the rows with which groups begin, as gmmpi fit had them")
    parser.add_argument("--largest", action="store_true", help="of very many groups the largest are drawn, not some of all log-likelihoods")
    parser.add_argument("-o", "--output", metavar="REPORT.html", required=True, help="the page")
    arguments = parser.parse_intermixed_args()
    if arguments.delimiter in ("\\t", "tab"):
        arguments.delimiter = "\t"
    if arguments.delimiter is not None and len(arguments.delimiter) != 1:
        parser.error("--delimiter: one character is needed")
    if arguments.criterion and not arguments.selection:
        parser.error("--criterion goes with --selection")
    for option in ("labels", "weights"):
        if getattr(arguments, option) and not arguments.data:
            parser.error("--%s are those of DATA, which is missing" % option)
    for path in (arguments.model, arguments.data, arguments.log, arguments.summary, arguments.labels, arguments.selection, arguments.bootstrap):
        if path and os.path.exists(path) and os.path.exists(arguments.output) and os.path.samefile(path, arguments.output):
            parser.error("-o: %s is being read; give another name" % path)
    return arguments


def check_kind(arguments, kind):
    """Options that go with the other kind of file are wrong usage."""
    for option in OF_MODELS if kind == "groups" else OF_GROUPS:
        if getattr(arguments, option) not in (None, False):
            reason = "%s has a model for each group; the option goes with one model" if kind == "groups" else \
                "goes with a file of gmmpi fit --by, which %s is not"
            raise Problem(WRONG_USAGE, "--%s: %s" % (option.replace("_", "-"), reason % arguments.model))
    if kind == "groups" and bool(arguments.data) != ((arguments.by is not None) + (arguments.by_index is not None) == 1):
        raise Problem(WRONG_USAGE, "points of groups are drawn from DATA --by COLUMN, or --by-index FILE: %s; try --help" % (
            "give one of the two" if arguments.data else "DATA is missing"))


def main():
    arguments = parse()
    require_libraries()
    from plot import read_scene
    from reporting import groups_page, model_page, page, source

    page.check_writable(arguments.output)
    kind = source.kind_of(arguments.model)
    check_kind(arguments, kind)
    title, lead, sections = groups_page.sections(arguments) if kind == "groups" else model_page.sections(arguments, read_scene)
    version = source.read_attributes(arguments.model).get("program_version")
    page.write(arguments.output, page.document(title, lead, sections, version))
    print(arguments.output)


if __name__ == "__main__":
    leave_on_problem("report", main)
