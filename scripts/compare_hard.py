#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does one run of gmmpi find what textbook EM finds at best, whatever the data look like?

    compare_hard.py --gmmpi PATH [--small] [--seeds N] [--only WORD...] [--jobs N]

fits hard seeded problems (levels, tight clusters, outliers, fill values, rare groups, ...) with `gmmpi fit DATA -k K` as it comes and
compares the mean log-likelihood with the best of textbook EM by numpy from 20 k-means++ starts and from the true partition.
With --small it takes small real tables instead, and as goal the best sound model of 80 scikit-learn restarts. Reached means: at
most 1e-3 per point below. Prints each miss with what gmmpi said about it, and a summary.

The goals are kept in a file, so that only gmmpi runs the next time.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # one core each
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import NO_INPUT, Parser, Problem, leave_on_problem

HERE = os.path.dirname(os.path.realpath(__file__))


def whole(text):
    """A number of something, at least one."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("'%s': a whole number from 1 on is needed" % text)
    return int(text)


def parse():
    parser = Parser(prog="compare_hard.py", description="Does gmmpi find what textbook EM finds at best, whatever the data look like?")
    parser.add_argument("--gmmpi", metavar="PATH", default=os.path.join(HERE, "..", "build", "release", "src", "cli", "gmmpi"),
                        help="the program (default: the release build's)")
    parser.add_argument("--seeds", metavar="N", type=whole, default=1, help="run gmmpi with seeds 0 to N-1 (default: 1)")
    parser.add_argument("--only", metavar="WORD", nargs="+", default=[], help="problems whose names contain one of these words")
    parser.add_argument("--jobs", metavar="N", type=whole, default=1, help="problems at a time (default: 1)")
    parser.add_argument("--small", action="store_true", help="small real tables instead")
    parser.add_argument("--cache", metavar="FILE", help="where the goals are kept (default: comparing/hard.json or comparing/small.json)")
    parser.add_argument("--recompute", action="store_true", help="compute the goals anew")
    parser.add_argument("--cached-only", action="store_true", help="leave out problems without a stored goal")
    parser.add_argument("--goals", action="store_true", help="compute goals that are missing and run nothing else")
    parser.add_argument("--list", action="store_true", help="print the problems with their goals and run nothing")
    parser.add_argument("--all", action="store_true", help="print a line for every problem, not for the misses alone")
    parser.add_argument("--save", metavar="FOLDER", help="write the chosen problems' points there as .npy files and run nothing")
    parser.add_argument("options", metavar="-- OPTION", nargs="*", help="more options for gmmpi fit, after --")
    return parser.parse_args()


def tasks_of(is_small, words=()):
    """The problems whose names contain one of the words; all without words."""
    from comparing import hard_tasks, small_tasks
    tasks = small_tasks.all_tasks() if is_small else hard_tasks.all_tasks()
    return [task for task in tasks if not words or any(word in task.name for word in words)]


def task_of(is_small, name):
    return next(task for task in tasks_of(is_small) if task.name == name)


def make_goal(job):
    """A worker's part of the goals: name, fingerprint, result, seconds."""
    from comparing import hard
    task = task_of(*job)
    start = time.monotonic()
    points, labels = task.points()
    return task.name, hard.fingerprint(points), task.reference(points, labels), time.monotonic() - start


def make_runs(job):
    """A worker's part of the runs: those of one task, one for each seed."""
    from comparing import hard
    is_small, name, path, seeds, options = job
    task = task_of(is_small, name)
    points, _ = task.points()
    with tempfile.TemporaryDirectory(prefix="gmmpi-hard-") as folder:
        return name, [hard.gmmpi_run(path, folder, task, points, seed, options) for seed in range(seeds)]


def goals(chosen, arguments, pool):
    """The stored results by name; missing ones are computed first."""
    from comparing import hard, peer
    cache = peer.Cache(arguments.cache or os.path.join(HERE, "comparing", "small.json" if arguments.small else "hard.json"))
    results = {}
    for task in chosen:
        result = None if arguments.recompute else cache.get(task.name, hard.fingerprint(task.points()[0]))
        if result is not None and result["starts"] >= task.starts:
            results[task.name] = result
    missing = [(arguments.small, task.name) for task in chosen if task.name not in results]
    if arguments.small and not peer.is_there():
        missing = []
    if not arguments.cached_only:
        for name, mark, result, seconds in pool.imap_unordered(make_goal, missing):
            cache.put(name, mark, result)
            results[name] = result
            print("goal %s: %s (%.1f s)" % (name, result, seconds), file=sys.stderr, flush=True)
    return results


def line_of(task, result, seed, run):
    from comparing import hard
    goal = hard.goal_of(task, result)
    name = task.name + (" (seed %d)" % seed if seed else "")
    if run["value"] is None:
        return "%s: FAILED: %s" % (name, run["said"][-1])
    words = "%s: %.5f, goal %s" % (name, run["value"], "none" if goal is None else "%.5f (%+.5f)" % (goal, run["value"] - goal))
    sound = result["sound"]
    if sound is not None and (goal is None or sound[0] < goal - hard.REACHED):
        words += ", best sound %.5f (%+.5f)" % (sound[0], run["value"] - sound[0])
    if run["own"] is None or abs(run["own"] - run["stated"]) > 1e-6 * max(1, abs(run["own"])):
        words += ", gmmpi states %.7g" % run["stated"]
    words += "" if run["summary"]["converged"] else ", NOT CONVERGED"
    words += ", spurious" if run["spurious"] else ""
    notes = ["    " + line for line in run["said"]] + ["    event: %s" % event for event in run["summary"]["events"]]
    return "\n".join([words] + notes)


def summarise(done, seconds, percent):
    kinds = {}
    for task, _, _, _, how in done:
        kinds.setdefault(task.kind, []).append(how)
    total = [how for *_, how in done]
    count = total.count("reached")
    words = ("reached", "passed over", "warned", "silent", "failed")
    lines = ["%-9s %4d of %4d reached, missed: %3d openly passed over, %3d with a warning, %3d without, %3d failed" % (
        kind, hows.count("reached"), len(hows), *(hows.count(word) for word in words[1:])) for kind, hows in kinds.items()]
    lines.append("%d of %d reached (%.1f %%; goal: %d %%), missed: %d openly passed over, %d with a warning, %d without (goal: 0), "
                 "%d failed" % (count, len(total), 100 * count / max(1, len(total)), percent, *(total.count(word) for word in words[1:])))
    lines.append("%.0f s in all, gmmpi %.1f s" % (seconds, sum(run["seconds"] for _, _, _, run, _ in done)))
    return lines


def save(chosen, folder):
    import numpy
    os.makedirs(folder, exist_ok=True)
    for task in chosen:
        path = os.path.join(folder, "".join(c if c.isalnum() or c in ".-" else "_" for c in task.name) + ".npy")
        numpy.save(path, task.points()[0])
        print("gmmpi fit %s -k %d --covariance %s --reg-covar %r %s" % (path, task.k, task.covariance, task.reg_covar,
                                                                      " ".join(task.options)))


def main():
    arguments = parse()
    require_libraries(("numpy", "h5py"))
    from comparing import hard
    chosen = tasks_of(arguments.small, arguments.only)
    if arguments.save:
        save(chosen, arguments.save)
        return
    if not os.access(arguments.gmmpi, os.X_OK) and not (arguments.goals or arguments.list):
        raise Problem(NO_INPUT, "%s: not a program; give the path of gmmpi with --gmmpi" % arguments.gmmpi)
    start = time.monotonic()
    with multiprocessing.Pool(arguments.jobs) as pool:
        results = goals(chosen, arguments, pool)
        chosen = [task for task in chosen if task.name in results]
        if arguments.list:
            for task in chosen:
                print("%s, K = %d, %s, %s: %s" % (task.name, task.k, task.covariance, task.goal, results[task.name]))
        if arguments.list or arguments.goals:
            return
        tasks = {task.name: task for task in chosen}
        done = []
        jobs = [(arguments.small, name, os.path.realpath(arguments.gmmpi), arguments.seeds, arguments.options) for name in tasks]
        for name, runs in pool.imap(make_runs, jobs):
            for seed, run in enumerate(runs):
                how = hard.verdict(tasks[name], results[name], run)
                done.append((tasks[name], results[name], seed, run, how))
                if how != "reached" or arguments.all:
                    print(("" if how == "reached" else "SILENT " if how == "silent" else "MISSED ") +
                          line_of(tasks[name], results[name], seed, run), flush=True)
    print()
    print("\n".join(summarise(done, time.monotonic() - start, 97 if arguments.small else 99)))


if __name__ == "__main__":
    leave_on_problem("compare_hard", main)
