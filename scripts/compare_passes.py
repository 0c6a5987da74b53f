#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How many passes over the points does gmmpi need, beside plain EM from the same start?

    compare_passes.py --gmmpi PATH [--only WORD...] [--rows-divided-by N] [--held-back] [--markdown]

fits seeded problems at `--tol 1e-7` with textbook EM (`--accelerate none --no-coarse-to-fine`), as gmmpi does it by default, and
with each kind of acceleration alone, all from the same start: parameters in a file (random points, k-means, or near the
truth), or `--init random_from_data` with a seed. Passes are `n_passes` of the summary, in which work on a subsample counts by its
share of the points. --held-back takes other problems, of 100,000 points, on which nothing was tuned: also with other families, t
distributions, a background and a prior. Log-likelihoods are means per point. Plain EM's results are stored in comparing/passes.json.
"""

import json
import os
import sys
import tempfile

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from plotting.interpreter import require_libraries
from plotting.problem import BAD_DATA, NO_OUTPUT, Parser, Problem, leave_on_problem

HERE = os.path.dirname(os.path.realpath(__file__))
TOLERANCE = 1e-7
TIE = 10 * TOLERANCE
METHODS = {"default": [], "anderson": ["--accelerate", "anderson", "--no-coarse-to-fine"],
           "squarem": ["--accelerate", "squarem", "--no-coarse-to-fine"]}
ASKED = {"mixed": ["--arithmetic", "mixed"]}


def parse():
    parser = Parser(prog="compare_passes.py", description="Passes over the points, beside plain EM from the same start.")
    parser.add_argument("--gmmpi", metavar="PATH", default=os.path.join(HERE, "..", "build", "release", "src", "cli", "gmmpi"),
                        help="the program (default: the release build's)")
    parser.add_argument("--only", metavar="WORD", nargs="+", default=[], help="problems whose names contain one of these words")
    parser.add_argument("--methods", metavar="NAME", nargs="+", choices=[*METHODS, *ASKED], default=list(METHODS),
                        help="%s (default: all that this gmmpi knows), mixed (beside default: also the ratio of their times)" % ", ".join(METHODS))
    parser.add_argument("--cache", metavar="FILE", default=os.path.join(HERE, "comparing", "passes.json"),
                        help="where plain EM's results are kept")
    parser.add_argument("--rows-divided-by", metavar="N", type=int, default=1, help="fewer points in each problem")
    parser.add_argument("--held-back", action="store_true", help="other problems, on which nothing was tuned")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--quick", action="store_true", help="a few tiny problems: does all this work?")
    return parser.parse_args()


def read_cache(path):
    if not os.path.exists(path):
        return {}
    try:
        with open(path) as file:
            return dict(json.load(file))
    except (OSError, ValueError, TypeError) as error:
        raise Problem(BAD_DATA, "%s: not a file of results (%s)" % (path, error))


def write_cache(path, results):
    try:
        with open(path, "w") as file:
            json.dump(results, file, indent=1)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))


def run(program, data, k, options):
    """What a fit says: passes, mean log-likelihood, seconds, whether it converged, number of collapses."""
    summary = program.fit(data, k, "--tol", TOLERANCE, "--max-iter", 20000, *options)
    return dict(passes=summary["n_passes"], value=summary["mean_log_likelihood"], seconds=summary["core_seconds"],
                converged=summary["converged"], events=len(summary["events"]))


def contest_runs(program, contest, methods, results):
    """The runs of all methods by name; plain EM's from the results that are already there, or into them."""
    from comparing import runs, slow_tasks
    points, start = contest.make()
    data = program.store(points)
    init = contest.fit + (contest.init() if start is None else ["--init", runs.write_json(program.file("start.json"), start)])
    mark = slow_tasks.mark(points, start or init)
    if mark not in results:
        results[mark] = run(program, data, contest.k, init + runs.PLAIN)
    return dict({name: run(program, data, contest.k, init + {**METHODS, **ASKED}[name]) for name in methods}, plain=results[mark])


def rows_of(contest, done, methods):
    from comparing.report import seconds
    plain = done["plain"]
    for name in ["plain"] + methods:
        one = done[name]
        first = [contest.name, contest.n, contest.d, contest.k, contest.start] if name == "plain" else [""] * 5
        remarks = ([] if one["converged"] else ["not converged"]) + (["%d collapses" % one["events"]] if one["events"] else [])
        yield first + [name, "%g" % round(one["passes"], 2), "%.3f" % (one["passes"] / plain["passes"]), "%.8f" % one["value"],
                       "%+.2e" % (one["value"] - plain["value"]) if name != "plain" else "", seconds(one["seconds"]),
                       ", ".join(remarks)]


def summarise(name, all_runs):
    """A line about a method over all problems."""
    import numpy as np
    ratios = np.array([done[name]["passes"] / done["plain"]["passes"] for done in all_runs])
    gains = np.array([done[name]["value"] - done["plain"]["value"] for done in all_runs])
    times = np.array([done[name]["seconds"] / done["plain"]["seconds"] for done in all_runs])
    return ("%s: passes / plain EM's: median %.3f, highest %.3f; log-likelihood - plain EM's: median %+.2e, lowest %+.2e; better %d, "
            "equal within %g %d, worse %d; seconds / plain EM's: median %.2f" % (
                name, np.median(ratios), ratios.max(), np.median(gains), gains.min(), (gains > TIE).sum(), TIE,
                (np.abs(gains) <= TIE).sum(), (gains < -TIE).sum(), np.median(times)))


def compare_times(all_runs):
    """A line about mixed arithmetic beside double."""
    import numpy as np
    times = np.array([done["default"]["seconds"] / done["mixed"]["seconds"] for done in all_runs])
    passes = np.array([done["mixed"]["passes"] / done["default"]["passes"] for done in all_runs])
    gains = np.array([done["mixed"]["value"] - done["default"]["value"] for done in all_runs])
    return ("double / mixed: seconds: median %.2f, lowest %.2f, highest %.2f; passes of mixed / double: median %.2f; log-likelihood of mixed - "
            "double: median %+.2e, lowest %+.2e, highest %+.2e" % (
                np.median(times), times.min(), times.max(), np.median(passes), np.median(gains), gains.min(), gains.max()))


def main():
    arguments = parse()
    require_libraries(("numpy", "h5py"))
    from comparing import report, runs, slow_tasks

    results = read_cache(arguments.cache)
    rows, all_runs = [], []
    with tempfile.TemporaryDirectory(prefix="gmmpi-passes-") as folder:
        program = runs.Program(arguments.gmmpi, folder)
        methods = [name for name in arguments.methods if name == "default" or program.knows(name)]
        for contest in slow_tasks.chosen_contests(arguments.only, arguments.quick, arguments.rows_divided_by,
                                                  arguments.held_back):
            all_runs.append(contest_runs(program, contest, methods, results))
            write_cache(arguments.cache, results)
            rows.extend(rows_of(contest, all_runs[-1], methods))
            for row in rows[-1 - len(methods):]:
                print("  ".join(str(cell) for cell in row), file=sys.stderr, flush=True)
    header = ["problem", "n", "d", "K", "start", "method", "passes", "ratio", "log-likelihood", "difference", "seconds", ""]
    print("\n".join(report.render(header, rows, arguments.markdown)))
    if all_runs:
        print("\n" + "\n".join(summarise(name, all_runs) for name in methods))
        if {"default", "mixed"} <= set(methods):
            print(compare_times(all_runs))
        print("goal of the default: median ratio at most 0.12, highest at most 0.6, median difference of log-likelihoods not below 0")


if __name__ == "__main__":
    leave_on_problem("compare_passes", main)
