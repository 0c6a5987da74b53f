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
from .machine import describe, first_line, n_cores
from .programs import Programs, missing_peers


PARTS = ("iterations", "effective", "converged", "beginning", "reading", "scaling")
PARTS_AGAINST = ("against", "whole")


def choose_parts(arguments):
    """With --against, two builds are compared, and peers only where parts with peers were asked for."""
    there = PARTS + (PARTS_AGAINST if arguments.against else ())
    arguments.parts = arguments.parts.split(",") if arguments.parts else list(PARTS_AGAINST if arguments.against else PARTS)
    for part in arguments.parts:
        if part not in there:
            raise Problem(WRONG_USAGE, "--parts: %s needs another build; name one with --against" % part if part in PARTS_AGAINST else
                          "--parts: there is no '%s', only %s" % (part, ", ".join(there)))
    arguments.with_peers = not arguments.without_peers and any(part in PARTS for part in arguments.parts)


def parse():
    parser = Parser(prog="benchmark.sh", description="gmmpi beside scikit-learn and Armadillo: one run, in turn.")
    parser.add_argument("--configurations", metavar="LIST",
                        help="what to measure: COVARIANCE:N:D:K, separated by commas, e.g. full:1e6:8:16; standard and large stand "
                        "for lists (default: standard; large are spherical and diag 1e6 x 128, K = 1024, a few minutes; shared are tied)")
    parser.add_argument("--against", metavar="BUILD", help="another build of gmmpi (the program, or the folder it was built in), which runs in "
                        "turn with this one: five rounds, the parts %s and no peers, where nothing else is asked for; configurations are "
                        "measured with overlapping and with separated clusters" % ", ".join(PARTS_AGAINST))
    parser.add_argument("--parts", metavar="LIST", help="of %s, separated by commas (default: all); and with --against %s" % (
        ", ".join(PARTS), ", ".join(PARTS_AGAINST)))
    parser.add_argument("--cores", type=int, help="ranks for gmmpi, threads for the others (default: 2, where there are two)")
    parser.add_argument("--rounds", type=int, help="how often everything runs (default: 3; with --against 5)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: does the benchmark itself work?")
    parser.add_argument("--without-peers", action="store_true", help="gmmpi alone")
    parser.add_argument("--install-peers", action="store_true", help="install scikit-learn and Armadillo first (apt)")
    parser.add_argument("--scratch", metavar="FOLDER", help="for up to 2 GB of points while it runs (default: $TMPDIR or /tmp)")
    parser.add_argument("-o", "--output", metavar="FOLDER", default="out/benchmark", help="tables, picture and raw numbers")
    arguments = parser.parse_args()
    arguments.cores = arguments.cores or min(2, n_cores())
    if arguments.rounds is None:
        arguments.rounds = 5 if arguments.against else 3
    if arguments.quick:
        arguments.rounds = 1
    choose_parts(arguments)
    if arguments.configurations:
        arguments.configurations = sizes.parse_configurations(arguments.configurations)
    if arguments.cores < 1 or arguments.rounds < 1:
        raise Problem(WRONG_USAGE, "--cores and --rounds must be 1 or more")
    if arguments.cores > n_cores():
        raise Problem(WRONG_USAGE, "--cores %d: there are only %d" % (arguments.cores, n_cores()))
    if arguments.with_peers and missing_peers():
        raise Problem(NO_LIBRARY, "missing: %s; --install-peers installs them on Debian and Ubuntu, --without-peers does without"
                      % ", ".join(missing_peers()))
    return arguments


def measure(arguments, programs, scratch):
    """Yields the name of every part that was asked for, and its raw numbers."""
    from . import against, measurements, reading

    quick, rounds = arguments.quick, arguments.rounds
    configurations = arguments.configurations or (sizes.QUICK if quick else sizes.STANDARD)
    small = sizes.QUICK_SIZES if quick else sizes.FULL_SIZES
    work = {
        "iterations": lambda: measurements.measure_iterations(programs, scratch, configurations, rounds),
        "effective": lambda: measurements.measure_effective_rates(programs, scratch, small.effective, rounds),
        "converged": lambda: measurements.measure_converged(programs, scratch, small.converged),
        "beginning": lambda: measurements.measure_initialisation(programs, scratch, small.beginning, rounds),
        "reading": lambda: reading.measure_reading(programs, scratch, small, rounds),
        "scaling": lambda: reading.measure_scaling(programs, scratch, small),
    }
    if arguments.against:
        old = programs.of_build(against.program_of(arguments.against))
        comparisons = against.comparisons_of(arguments.configurations or []) or (against.QUICK_COMPARISONS if quick else against.COMPARISONS)
        whole = against.QUICK_WHOLE if quick else against.WHOLE
        work.update(against=lambda: against.measure_against(programs, old, scratch, comparisons, rounds),
                    whole=lambda: against.measure_whole(programs, old, scratch, whole, rounds))
    for part in PARTS + PARTS_AGAINST:
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
    from .against import program_of

    began = time.monotonic()
    programs = Programs(os.path.abspath(os.environ["GMMPI"]), folder, arguments.cores, arguments.with_peers)
    raw = {"command": " ".join(["scripts/benchmark.sh"] + sys.argv[1:]),
           "machine": describe(programs.gmmpi, arguments.cores, programs.peak()["vector_bits"])}
    if arguments.against:
        raw["machine"]["old build"] = first_line([program_of(arguments.against), "--version"])
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
    from . import against, constants, picture, report

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
    if any(part in raw for part in PARTS_AGAINST):
        style.save(against.draw(raw), arguments.output, "against.png")


if __name__ == "__main__":
    leave_on_problem("benchmark", main)
