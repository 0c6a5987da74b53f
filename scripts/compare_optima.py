#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does one run of gmmpi find the optimum that 100 restarts of scikit-learn find?

    compare_optima.py --gmmpi PATH [--seeds N] [--only WORD...] [--markdown]

fits real tables and seeded problems with `gmmpi fit DATA -k K` as it comes and compares the mean log-likelihood with the best
of scikit-learn's restarts (k-means, then EM; 20 restarts where there are 100,000 points or more). Both add 1e-6 to the
covariances' diagonals and iterate until a step changes less than 1e-6. Reached means: at most 1e-3 per point below. Models with a
component on fewer than d + 1 points, or as thin as the ridge, are degenerate and don't count on either side.

scikit-learn's results are kept in a file, so that only gmmpi runs the next time. Log-likelihoods are computed by numpy.
"""

import argparse
import os
import sys
import tempfile

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # one core on both sides
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import Parser, leave_on_problem

HERE = os.path.dirname(os.path.realpath(__file__))
REACHED = 1e-3
HEADER = ["problem", "n", "d", "K", "gmmpi", "best", "difference", "truth", "gmmpi s", "one fit s", "ratio", "restarts", "share", "reached"]


def whole(text):
    """A number of something, at least one."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("'%s': a whole number from 1 on is needed" % text)
    return int(text)


def parse():
    parser = Parser(prog="compare_optima.py", description="Does gmmpi find the optimum that restarts of scikit-learn find?")
    parser.add_argument("--gmmpi", metavar="PATH", default=os.path.join(HERE, "..", "build", "release", "src", "cli", "gmmpi"),
                        help="the program (default: the release build's)")
    parser.add_argument("--seeds", metavar="N", type=whole, default=1, help="run gmmpi with seeds 0 to N-1 (default: 1)")
    parser.add_argument("--only", metavar="WORD", nargs="+", default=[], help="problems whose names contain one of these words")
    parser.add_argument("--cache", metavar="FILE", default=os.path.join(HERE, "comparing", "optima.json"),
                        help="where scikit-learn's results are kept")
    parser.add_argument("--restarts", metavar="N", type=whole, default=0,
                        help="of scikit-learn at least; those that are not stored are run (default: 100, 20 from 100,000 points on)")
    parser.add_argument("--recompute", action="store_true", help="run scikit-learn again, too")
    parser.add_argument("--cached-only", action="store_true", help="run gmmpi alone; leave out problems without stored results")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--quick", action="store_true", help="a few tiny problems and 5 restarts: does all this work?")
    parser.add_argument("options", metavar="-- OPTION", nargs="*", help="more options for gmmpi fit, after --")
    return parser.parse_args()


def compare(program, task, cache, arguments):
    """The rows of a task, one for each seed, or none if it is to be left out."""
    from comparing import peer, runs
    if task.needs_peer and not peer.is_there():
        print("%s: left out, scikit-learn (Debian: python3-sklearn) brings the table" % task.name, file=sys.stderr)
        return []
    points, truth = task.points()
    mark = peer.fingerprint(points)
    result = None if arguments.recompute else cache.get(task.name, mark)
    can_run = peer.is_there() and not arguments.cached_only
    if result is None and not can_run:
        print("%s: left out, there is no stored result%s" % (
            task.name, "" if peer.is_there() else " and no scikit-learn (Debian: python3-sklearn)"), file=sys.stderr)
        return []
    data = program.store(points)
    count = arguments.restarts or peer.n_restarts(len(points))
    if can_run:
        result = peer.restarts(program, task, points, data, count, result, lambda found: cache.put(task.name, mark, found))
    from_truth = None
    if truth is not None:
        start = runs.write_json(program.file("truth.json"), runs.parameters_of(truth, task.covariance))
        from_truth = program.fit(data, task.k, "--covariance", task.covariance, "--init", start)["mean_log_likelihood"]
    return [one_run(program, task, points, data, result, from_truth, seed, arguments.options)
            for seed in range(arguments.seeds)]


def one_run(program, task, points, data, result, from_truth, seed, options):
    from comparing import peer, runs
    summary = program.fit(data, task.k, "--covariance", task.covariance, "--seed", seed, *options)
    model = program.model()
    value = runs.mean_log_likelihood(model, points)
    values = [value for value in result["values"] if value is not None]
    best = max(values, default=float("nan"))
    degenerate = runs.is_degenerate(model, points)
    # Where every restart is degenerate there is nothing to reach.
    reached = not degenerate and (not values or value >= best - REACHED)
    return dict(task=task, seed=seed, n=points.shape[0], d=points.shape[1], value=value, best=best, truth=from_truth,
                seconds=summary["core_seconds"], peer_seconds=peer.median_seconds(result), degenerate=degenerate, reached=reached,
                share=sum(value >= best - REACHED for value in values) / len(result["values"]),
                restarts=len(result["values"]), starts_only=result["engine"] != "scikit-learn")


def row_of(run):
    from comparing.report import seconds
    name = run["task"].name + (" (seed %d)" % run["seed"] if run["seed"] else "")
    truth = "" if run["truth"] is None else "%+.5f" % (run["truth"] - run["best"])
    verdict = "degenerate" if run["degenerate"] else "yes" if run["reached"] else "NO"
    return [name, run["n"], run["d"], run["task"].k, "%.5f" % run["value"], "%.5f" % run["best"],
            "%+.5f" % (run["value"] - run["best"]), truth, seconds(run["seconds"]), seconds(run["peer_seconds"]),
            "%.2g" % (run["seconds"] / run["peer_seconds"]), "%d%s" % (run["restarts"], "*" if run["starts_only"] else ""),
            "%.0f%%" % (100 * run["share"]), verdict]


def summarise(runs):
    """Lines about all of them."""
    reached = [run for run in runs if run["reached"]]
    better = [run for run in runs if run["reached"] and run["value"] > run["best"] + REACHED]
    lines = ["%d of %d reached (%.1f %%; goal: 95 %%), %d of them better than any restart by more than %g" % (
        len(reached), len(runs), 100 * len(reached) / len(runs), len(better), REACHED)]
    missed = [run for run in runs if not run["reached"]]
    if missed:
        lines.append("not reached: " + ", ".join("%s%s (%s)" % (
            run["task"].name, " seed %d" % run["seed"] if run["seed"] else "",
            "degenerate" if run["degenerate"] else "%+.4f" % (run["value"] - run["best"])) for run in missed))
    large = [run["seconds"] / run["peer_seconds"] for run in runs if run["n"] >= 100000]
    if large:
        lines.append("seconds at n >= 100,000, as a share of ONE scikit-learn fit's: at most %.2g (goal: below 1)" % max(large))
    lines.append("small tables: at most %.2g s" % max((run["seconds"] for run in runs if run["n"] < 100000), default=0))
    return lines


def main():
    arguments = parse()
    if arguments.quick:
        arguments.restarts = 5
    require_libraries(("numpy", "h5py"))
    from comparing import peer, report, runs, tasks

    chosen = tasks.chosen_tasks(arguments.only, arguments.quick)
    done = []
    with tempfile.TemporaryDirectory(prefix="gmmpi-optima-") as folder:
        program = runs.Program(arguments.gmmpi, folder)
        cache = peer.Cache(os.path.join(folder, "quick.json") if arguments.quick else arguments.cache)
        for task in chosen:
            for run in compare(program, task, cache, arguments):
                done.append(run)
                print("  ".join(str(cell) for cell in row_of(run)), file=sys.stderr, flush=True)
    print("\n".join(report.render(HEADER, [row_of(run) for run in done], arguments.markdown)))
    if done:
        print()
        print("\n".join(summarise(done)))
    print("difference: gmmpi - best restart, mean log-likelihood per point; truth: EM from the true parameters - best restart;")
    print("one fit: median of scikit-learn's fits; *: scikit-learn's k-means starts, then gmmpi's textbook EM, the best repeated in scikit-learn;")
    print("seconds are of one core (gmmpi: from reading the points to the model in the file)")


if __name__ == "__main__":
    leave_on_problem("compare_optima", main)
