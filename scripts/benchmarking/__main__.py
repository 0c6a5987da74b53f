# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark as scripts/benchmark.sh starts it: python3 -m benchmarking OPTIONS, with scripts/ in the path."""

import json
import os
import shutil
import signal
import sys
import tempfile
import time

from plotting.problem import NO_LIBRARY, NO_OUTPUT, WRONG_USAGE, Parser, Problem, leave_on_problem

from . import configurations as sizes
from .machine import describe, n_cores
from .programs import Programs, missing_peers


PARTS = ("iterations", "effective", "converged", "beginning", "reading", "scaling")


def parse():
    parser = Parser(prog="benchmark.sh", description="gmmpi beside scikit-learn and Armadillo: one run, in turn.")
    parser.add_argument("--configurations", metavar="LIST",
                        help="what to measure: COVARIANCE:N:D:K, separated by commas, e.g. full:1e6:8:16; standard and large stand "
                        "for lists (default: standard; large are spherical and diag 1e6 x 128, K = 1024, a few minutes)")
    parser.add_argument("--parts", metavar="LIST", default=",".join(PARTS),
                        help="of %s, separated by commas (default: all)" % ", ".join(PARTS))
    parser.add_argument("--cores", type=int, help="ranks for gmmpi, threads for the others (default: 2, where there are two)")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything runs (default: 3)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: does the benchmark itself work?")
    parser.add_argument("--without-peers", action="store_true", help="gmmpi alone")
    parser.add_argument("--install-peers", action="store_true", help="install scikit-learn and Armadillo first (apt)")
    parser.add_argument("--scratch", metavar="FOLDER", help="for up to 2 GB of points while it runs (default: $TMPDIR or /tmp)")
    parser.add_argument("-o", "--output", metavar="FOLDER", default="out/benchmark", help="tables, picture and raw numbers")
    arguments = parser.parse_args()
    arguments.cores = arguments.cores or min(2, n_cores())
    if arguments.quick:
        arguments.rounds = 1
    arguments.parts = arguments.parts.split(",")
    for part in arguments.parts:
        if part not in PARTS:
            raise Problem(WRONG_USAGE, "--parts: there is no '%s', only %s" % (part, ", ".join(PARTS)))
    if arguments.configurations:
        arguments.configurations = sizes.parse_configurations(arguments.configurations)
    else:
        arguments.configurations = sizes.QUICK if arguments.quick else sizes.STANDARD
    if arguments.cores < 1 or arguments.rounds < 1:
        raise Problem(WRONG_USAGE, "--cores and --rounds must be 1 or more")
    if arguments.cores > n_cores():
        raise Problem(WRONG_USAGE, "--cores %d: there are only %d" % (arguments.cores, n_cores()))
    if not arguments.without_peers and missing_peers():
        raise Problem(NO_LIBRARY, "missing: %s; --install-peers installs them on Debian and Ubuntu, --without-peers does without"
                      % ", ".join(missing_peers()))
    return arguments


def measure(arguments, programs, scratch):
    """Yields the name of every part that was asked for, and its raw numbers."""
    from . import measurements, reading

    quick, rounds = arguments.quick, arguments.rounds
    small = sizes.QUICK_SIZES if quick else sizes.FULL_SIZES
    work = {
        "iterations": lambda: measurements.measure_iterations(programs, scratch, arguments.configurations, rounds),
        "effective": lambda: measurements.measure_effective_rates(programs, scratch, small.effective, rounds),
        "converged": lambda: measurements.measure_converged(programs, scratch, small.converged),
        "beginning": lambda: measurements.measure_initialisation(programs, scratch, small.beginning, rounds),
        "reading": lambda: reading.measure_reading(programs, scratch, small, rounds),
        "scaling": lambda: reading.measure_scaling(programs, scratch, small),
    }
    for part in PARTS:
        if part in arguments.parts:
            measurements.say("%s:" % part)
            yield part, work[part]()


def write(folder, name, text):
    path = os.path.join(folder, name)
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))


def peer_versions(iterations):
    """What the peers said of themselves."""
    return {name.replace("_", "-"): numbers[name + "_run"]["version"] for result in iterations
            for numbers in result["rounds"] for name in ("scikit_learn", "armadillo") if name + "_run" in numbers}


def run(arguments, folder):
    """Measures part after part, and prints its table and keeps its numbers at once: a run that is broken off leaves them."""
    from . import measurements, report

    began = time.monotonic()
    programs = Programs(os.path.abspath(os.environ["GMMPI"]), folder, arguments.cores, not arguments.without_peers)
    raw = {"command": " ".join(["scripts/benchmark.sh"] + sys.argv[1:]),
           "machine": describe(programs.gmmpi, arguments.cores, programs.peak()["vector_bits"])}
    for name, value in raw["machine"].items():
        print("%s: %s" % (name, value))
    for part, numbers in measure(arguments, programs, measurements.Scratch(folder)):
        raw[part] = numbers
        raw["machine"].update(peer_versions(raw.get("iterations", [])))
        raw["machine"]["load after"] = "%.2f" % os.getloadavg()[0]
        raw["machine"]["minutes"] = "%.1f" % ((time.monotonic() - began) / 60)
        print("\n" + report.table_of(part, raw).terminal(), flush=True)
        write(arguments.output, "benchmark.json", json.dumps(raw, indent=1) + "\n")
    return raw


def main():
    arguments = parse()
    from plotting import style
    from . import constants, picture, report

    style.prepare_folder(arguments.output)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the points would stay behind
    folder = tempfile.mkdtemp(prefix="gmmpi-benchmark-", dir=arguments.scratch)
    try:
        raw = run(arguments, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\nWritten:\n" + os.path.join(arguments.output, "benchmark.json"))
    named = [("benchmark.md", report.markdown(raw))]
    if "iterations" in raw and "scaling" in raw:
        named.append(("constants.json", json.dumps(constants.constants_of(raw), indent=1) + "\n"))
    for name, text in named:
        write(arguments.output, name, text)
        print(os.path.join(arguments.output, name))
    if "iterations" in raw:
        style.save(picture.draw(raw), arguments.output, "benchmark.png")


if __name__ == "__main__":
    leave_on_problem("benchmark", main)
