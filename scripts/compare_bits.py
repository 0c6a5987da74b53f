#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Do two builds of gmmpi give the same models, labels, logs and restarted fits, bit for bit?

    compare_bits.py OLD NEW [--only PATTERN...] [--except PATTERN...] [--list] [--keep FOLDER] [--jobs N]

OLD and NEW are programs. Each runs a fixed set of small fits (families, starts, kinds of file, ranks and threads, streamed and
held, interrupted and restarted) and of what is made of models. Prints a line for each fit that differs and a summary; ends with
status 1 when something differs. Left out are columns of the log and members of the summary that are times, memory or the machine's,
the words of warnings, and the attribute program_version. A checkpoint is read only by the build that wrote it.

The group n-init holds the fits with several starts. --keep FOLDER keeps the results of OLD, by a hash of the program, so
that it does not run again the next time.
"""

import concurrent.futures
import fnmatch
import os
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import WRONG_USAGE, Parser, Problem, leave_on_problem


def parse():
    parser = Parser(prog="compare_bits.py", description="Do two builds of gmmpi give the same results, bit for bit?")
    parser.add_argument("programs", metavar="PROGRAM", nargs="*", help="two builds: OLD NEW")
    parser.add_argument("--only", metavar="PATTERN", nargs="+", default=[], help="fits whose names contain one of these, with * and ? as in the shell")
    parser.add_argument("--except", metavar="PATTERN", nargs="+", default=[], dest="left_out", help="leave these out")
    parser.add_argument("--list", action="store_true", help="print the names of the fits and run nothing")
    parser.add_argument("--keep", metavar="FOLDER", help="where the results of OLD are kept, and found the next time")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="fits at the same time (default: 2)")
    arguments = parser.parse_args()
    if len(arguments.programs) != 2 and not arguments.list:
        parser.error("two programs are needed, OLD and NEW")
    if arguments.jobs < 1:
        parser.error("--jobs: a whole number from 1 on is needed")
    return arguments


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, "*" + pattern + "*") for pattern in patterns)


def chosen(cases, arguments):
    taken = [case for case in cases if (not arguments.only or matches(case.name, arguments.only)) and not matches(case.name, arguments.left_out)]
    if not taken:
        raise Problem(WRONG_USAGE, "no fit has such a name; --list prints all of them")
    return taken


class Progress:
    """Says on standard error how far it is."""

    def __init__(self, n):
        self.n = n
        self.done = 0
        self.lock = threading.Lock()

    def count(self):
        with self.lock:
            self.done += 1
            if sys.stderr.isatty():
                print("\r%d of %d " % (self.done, self.n), end="" if self.done < self.n else "\r", file=sys.stderr, flush=True)


def compare(case, old, new, progress):
    """A line about one case, or None. A build that cannot run it is a difference, too: the other fits are still worth knowing."""
    from comparing import build_results
    lines = []
    folders = []
    for build in (old, new):
        try:
            folders.append(build.run(case))
        except Problem as problem:
            lines.append(str(problem))
    progress.count()
    if not lines:
        lines = build_results.differences(*folders)
    return "%s: %s" % (case.name, "; ".join(lines)) if lines else None


def main():
    arguments = parse()
    require_libraries(("numpy", "h5py"))
    from comparing import build_fits, build_runs

    cases = chosen(build_fits.all_cases(), arguments)
    if arguments.list:
        print("\n".join(case.name for case in cases))
        return
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gmmpi-bits-") as folder:
        data = os.path.join(folder, "data")
        os.mkdir(data)
        build_fits.write_data(data)
        mark = build_runs.digest(*sorted(os.path.join(data, name) for name in os.listdir(data)))
        kept = os.path.abspath(arguments.keep) if arguments.keep else os.path.join(folder, "old")
        builds = []
        try:
            builds.append(build_runs.Build(arguments.programs[0], data, mark, kept))
            # In a folder of its own, so that a program compared with itself does run twice.
            builds.append(build_runs.Build(arguments.programs[1], data, mark, os.path.join(folder, "new")))
            progress = Progress(len(cases))
            with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
                reports = list(pool.map(lambda case: compare(case, *builds, progress), cases))
        finally:
            for build in builds:
                build.close()
    found = [line for line in reports if line is not None]
    for line in found:
        print(line)
    n_differing = len(found)
    print("%d of %d fits differ (%.0f s)" % (n_differing, len(cases), time.monotonic() - begin))
    if n_differing:
        sys.exit(1)


if __name__ == "__main__":
    leave_on_problem("compare_bits", main)
