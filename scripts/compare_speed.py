#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Is a build of gmmpi as fast as another one?

    compare_speed.py OLD NEW [--pairs N] [--only WORD...] [--limit PERCENT]

Runs OLD and NEW in turn (A B, B A, ...) with one rank and one thread on one core, and prints for each size how many times the
seconds of an iteration of OLD one of NEW takes: the median over the pairs, and its quartiles. Ends with status 1 when a median is
more than --limit per cent above 1. On a machine with other work the quartiles lie far apart, and two columns say more: "least", the
ratio of the shortest times, and "cpu", the median ratio of the processor's time of whole runs (give them more --iterations, so
that reading counts for little).
"""

import collections
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import INPUT_FAILED, NO_INPUT, WRONG_USAGE, Parser, Problem, leave_on_problem

Size = collections.namedtuple("Size", "n d k covariance")
SIZES = {"%g,%d,%d" % size[:3]: Size(*size) for size in
         ((1_000_000, 2, 5, "full"), (1_000_000, 8, 16, "full"), (200_000, 64, 32, "full"), (1_000_000, 32, 64, "diag"))}
CHUNK = 100_000


def parse():
    parser = Parser(prog="compare_speed.py", description="Is a build of gmmpi as fast as another one?")
    parser.add_argument("programs", metavar="PROGRAM", nargs=2, help="two builds: OLD NEW")
    parser.add_argument("--pairs", metavar="N", type=int, default=7, help="runs of each (default: 7)")
    parser.add_argument("--iterations", metavar="N", type=int, default=5, help="of each run (default: 5)")
    parser.add_argument("--only", metavar="N,D,K", nargs="+", default=list(SIZES), help="some of " + " ".join(SIZES))
    parser.add_argument("--limit", metavar="PERCENT", type=float, default=3.0, help="how much slower NEW may be (default: 3)")
    parser.add_argument("--core", metavar="NUMBER", type=int, help="the core that the runs share (default: the last one)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.only if name not in SIZES]
    if unknown:
        parser.error("--only: %s is none of %s" % (unknown[0], " ".join(SIZES)))
    if arguments.pairs < 1 or arguments.iterations < 1:
        raise Problem(WRONG_USAGE, "--pairs, --iterations: a whole number from 1 on is needed")
    for program in arguments.programs:
        if not os.access(program, os.X_OK):
            raise Problem(NO_INPUT, "%s: not a program; give the paths of two builds of gmmpi" % program)
    return arguments


def write_points(path, size):
    """n x d: overlapping clusters, as many as there are components."""
    import numpy as np
    generator = np.random.default_rng(1)
    centres = 1.5 * generator.normal(size=(size.k, size.d))
    points = np.lib.format.open_memmap(path, "w+", np.float64, (size.n, size.d))
    for begin in range(0, size.n, CHUNK):
        rows = points[begin:begin + CHUNK]
        rows[:] = centres[generator.integers(size.k, size=len(rows))] + generator.normal(size=rows.shape)
    points.flush()


def seconds(program, data, size, iterations, core, folder):
    """Of one iteration, and of the processor in the whole run."""
    words = [program, "fit", data, "-k", str(size.k), "--covariance", size.covariance, "--init", "random_from_data", "--no-coarse-to-fine",
             "--accelerate", "none", "--tol", "0", "--max-iter", str(iterations), "--threads", "1", "--checkpoint", "none", "--json", "-q",
             "-o", os.path.join(folder, "model.h5")]
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(words, capture_output=True, text=True, env=environment, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    if run.returncode != 0:
        raise Problem(INPUT_FAILED, "%s ended with status %d: %s" % (" ".join(words), run.returncode, (run.stderr.strip().splitlines() or [""])[-1]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(run.stdout)["seconds_per_iteration"], used


def measure(programs, data, size, arguments, core, folder):
    """Two lists, of iterations and of the processor, each with a pair of seconds for each round; who comes first changes from round to round."""
    pairs = []
    for turn in range(arguments.pairs):
        order = (0, 1) if turn % 2 == 0 else (1, 0)
        measured = {place: seconds(programs[place], data, size, arguments.iterations, core, folder) for place in order}
        pairs.append(tuple(zip(measured[0], measured[1])))
    return list(zip(*pairs))


def quartiles(values):
    if len(values) < 2:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def main():
    arguments = parse()
    require_libraries(("numpy", ))
    core = max(os.sched_getaffinity(0)) if arguments.core is None else arguments.core
    programs = [os.path.abspath(program) for program in arguments.programs]
    too_slow = []
    print("%-12s %-5s %10s %10s  %7s  %-16s  %7s  %7s" % ("n,d,K", "", "OLD s", "NEW s", "ratio", "quartiles", "least", "cpu"))
    with tempfile.TemporaryDirectory(prefix="gmmpi-speed-") as folder:
        data = os.path.join(folder, "points.npy")
        for name in arguments.only:
            size = SIZES[name]
            write_points(data, size)
            pairs, used = measure(programs, data, size, arguments, core, folder)
            low, middle, high = quartiles([new / old for old, new in pairs])
            medians = [statistics.median(column) for column in zip(*pairs)]
            shortest = [min(column) for column in zip(*pairs)]
            processor = statistics.median(new / old for old, new in used)
            print("%-12s %-5s %10.4g %10.4g  %7.4f  %.4f to %.4f  %7.4f  %7.4f" % (
                name, size.covariance, *medians, middle, low, high, shortest[1] / shortest[0], processor), flush=True)
            os.remove(data)
            if middle > 1 + arguments.limit / 100:
                too_slow.append(name)
    if too_slow:
        print("slower by more than %g %%: %s" % (arguments.limit, " ".join(too_slow)))
        sys.exit(1)


if __name__ == "__main__":
    leave_on_problem("compare_speed", main)
