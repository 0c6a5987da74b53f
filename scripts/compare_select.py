#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What does gmmpi select take, beside a fit for each number of components, and beside scikit-learn?

    compare_select.py --gmmpi PATH [--only WORD...] [--rows N] [--streamed-rows N] [--rounds N] [--markdown]

On mixtures of 6 clusters that are apart ("separated") and of 16 that overlap ("overlapping"), wall times of whole programs:
- `select -k 1:16`, between the fits of odd and of even numbers of components, whose seconds are added up (goal: at most 0.6 of it);
- the same of a file four times larger than --memory-limit ("streamed"; goal: at most 0.35);
- `select -k 1:9` and as many fits by scikit-learn from one start, "tol" 1e-6, with as many threads ("scikit-learn"; goal: 25 times
  faster).
Then the mean log-likelihoods of each number of components, of the select and of the single fits. With --rounds each ratio is the
median, and its range is told.
"""

import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

from plotting.interpreter import require_libraries
from plotting.problem import BAD_DATA, NO_INPUT, WRONG_USAGE, Parser, Problem, leave_on_problem

Case = collections.namedtuple("Case", "name clusters distance largest peer streamed goal")
CASES = (Case("separated", 6, 4.0, 16, "gmmpi fit", False, 0.6), Case("overlapping", 16, 1.0, 16, "gmmpi fit", False, 0.6),
         Case("streamed", 16, 1.0, 16, "gmmpi fit", True, 0.35), Case("scikit-learn", 6, 1.5, 9, "scikit-learn", False, 1 / 25))
CHUNK = 500_000
SCIKIT_LEARN = """
import sys, time
import h5py
from sklearn.mixture import GaussianMixture
with h5py.File(sys.argv[1]) as file:
    points = file["points"][...]
for k in sys.argv[2].split(","):
    began = time.perf_counter()
    model = GaussianMixture(int(k), tol=1e-6, n_init=1, max_iter=1000, random_state=0).fit(points)
    print(k, time.perf_counter() - began, model.score(points), flush=True)
"""


def parse():
    names = [case.name for case in CASES]
    parser = Parser(prog="compare_select.py", formatter_class=argparse.RawDescriptionHelpFormatter,
                    description="A selection beside single fits, and beside scikit-learn.")
    parser.add_argument("--gmmpi", metavar="PATH", default=os.path.join(HERE, "..", "build", "release", "src", "cli", "gmmpi"),
                        help="the program (default: the release build's)")
    parser.add_argument("--only", metavar="NAME", nargs="+", choices=names, default=names, help="some of " + ", ".join(names))
    parser.add_argument("--rows", metavar="N", type=int, default=1_000_000, help="points that are held (default: 1000000)")
    parser.add_argument("--streamed-rows", metavar="N", type=int, default=16_000_000,
                        help="points that are streamed, from 6000000 on, since the program itself needs memory (default: 16000000)")
    parser.add_argument("--peer-rows", metavar="N", type=int, default=200_000, help="points for scikit-learn (default: 200000)")
    parser.add_argument("--features", metavar="D", type=int, default=8, help="default: 8")
    parser.add_argument("--largest", metavar="K", type=int, help="number of components (default: 16, and 9 beside scikit-learn)")
    parser.add_argument("--threads", metavar="N", type=int, default=2, help="of each program (default: 2)")
    parser.add_argument("--rounds", metavar="N", type=int, default=1, help="of all runs (default: 1)")
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    arguments = parser.parse_args()
    numbers = (arguments.rows, arguments.streamed_rows, arguments.peer_rows, arguments.features, arguments.threads, arguments.rounds)
    if min(numbers) < 1 or (arguments.largest is not None and arguments.largest < 2):
        raise Problem(WRONG_USAGE, "sizes are whole numbers from 1 on, --largest from 2 on")
    if not os.access(arguments.gmmpi, os.X_OK):
        raise Problem(NO_INPUT, "%s: not a program; give the path of gmmpi with --gmmpi" % arguments.gmmpi)
    return arguments


def make_file(path, case, n, d):
    """Normal clusters of unequal covariances, written piece by piece."""
    import h5py
    import numpy as np
    generator = np.random.default_rng(15)
    centres = case.distance * generator.normal(size=(case.clusters, d))
    spreads = generator.uniform(0.5, 1.5, size=(case.clusters, d, d)) * (0.3 + np.eye(d))
    with h5py.File(path, "w") as file:
        points = file.create_dataset("points", (n, d), dtype="f8")
        for first in range(0, n, CHUNK):
            labels = generator.integers(case.clusters, size=min(CHUNK, n - first))
            noise = generator.normal(size=(len(labels), d))
            points[first:first + len(labels)] = centres[labels] + np.einsum("nij,nj->ni", spreads[labels], noise)
    return path


class Runs:
    """Programs whose wall time is taken."""

    def __init__(self, arguments, folder, limit):
        self.path = arguments.gmmpi
        self.folder = folder
        self.more = ["--threads", str(arguments.threads)] + (["--memory-limit", str(limit)] if limit else [])
        threads = str(arguments.threads)
        self.environment = dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)

    def run(self, words):
        began = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True, env=self.environment)
        seconds = time.perf_counter() - began
        if done.returncode != 0:
            raise Problem(BAD_DATA, "%s ended with status %d: %s" % (" ".join(words[:4]), done.returncode,
                                                                  (done.stderr.strip().splitlines() or ["no message"])[-1]))
        return seconds, done.stdout, done.stderr

    def gmmpi(self, command, data, sizes):
        """Seconds, and the summary."""
        seconds, output, errors = self.run([self.path, command, data, "-k", sizes, "--json", "--checkpoint", "none", "-o",
                                            os.path.join(self.folder, "model.h5")] + self.more)
        if "--memory-limit" in self.more and "streams them" not in errors:
            raise Problem(BAD_DATA, "%s: fits into the memory; give more --streamed-rows" % data)
        return seconds, json.loads(output)

    def fits(self, data, sizes):
        """Seconds and mean log-likelihood by number of components."""
        found = {}
        for k in sizes:
            seconds, summary = self.gmmpi("fit", data, str(k))
            found[k] = (seconds, summary["mean_log_likelihood"])
        return found

    def peers(self, data, sizes):
        """The same of scikit-learn, without the time to start and to read."""
        _, output, _ = self.run([sys.executable, "-W", "ignore", "-c", SCIKIT_LEARN, data, ",".join(map(str, sizes))])
        return {int(k): (float(seconds), float(score)) for k, seconds, score in (line.split() for line in output.splitlines())}

    def selection(self, data, largest):
        """Its seconds, and the mean log-likelihoods by number of components."""
        seconds, summary = self.gmmpi("select", data, "1:%d" % largest)
        return seconds, {one["n_components"]: one["log_likelihood"] / summary["n_samples"] for one in summary["candidates"]}


def compare(case, arguments, folder):
    """Per round the seconds of the selection and of the others, and the last round's log-likelihoods of both."""
    n = arguments.streamed_rows if case.streamed else arguments.peer_rows if case.peer == "scikit-learn" else arguments.rows
    data = make_file(os.path.join(folder, case.name + ".h5"), case, n, arguments.features)
    runs = Runs(arguments, folder, os.path.getsize(data) // 4 if case.streamed else None)
    others = runs.peers if case.peer == "scikit-learn" else runs.fits
    largest = arguments.largest or case.largest
    times = []
    for _ in range(arguments.rounds):
        singles = others(data, range(1, largest + 1, 2))
        seconds, values = runs.selection(data, largest)
        singles.update(others(data, range(2, largest + 1, 2)))
        times.append((seconds, sum(one for one, _ in singles.values())))
    os.unlink(data)
    return n, times, values, {k: value for k, (_, value) in sorted(singles.items())}


def row_of(case, n, d, times):
    from comparing.report import seconds
    ratios = sorted(one / other for one, other in times)
    return [case.name, n, d, case.peer, seconds(statistics.median(one for one, _ in times)),
            seconds(statistics.median(other for _, other in times)), "%.3f" % statistics.median(ratios),
            "%.3f to %.3f" % (ratios[0], ratios[-1]), "%.2g" % case.goal]


def main():
    arguments = parse()
    chosen = [case for case in CASES if case.name in arguments.only]
    require_libraries(("numpy", "h5py") + (("sklearn",) if any(case.peer == "scikit-learn" for case in chosen) else ()))
    from comparing import report
    rows, values = [], []
    with tempfile.TemporaryDirectory(prefix="gmmpi-select-") as folder:
        for case in chosen:
            n, times, own, others = compare(case, arguments, folder)
            rows.append(row_of(case, n, arguments.features, times))
            values += [["%s, K = %d" % (case.name, k), "%.7f" % own[k], "%.7f" % others[k], "%+.2e" % (own[k] - others[k])] for k in others]
            print("  ".join(str(cell) for cell in rows[-1]), file=sys.stderr, flush=True)
    print("\n".join(report.render(["points", "n", "d", "beside", "select s", "others s", "ratio", "range", "goal"], rows, arguments.markdown)))
    print()
    print("\n".join(report.render(["mean log-likelihood", "select", "others", "difference"], values, arguments.markdown)))


if __name__ == "__main__":
    leave_on_problem("compare_select", main)
