"""The benchmark as scripts/benchmark.sh starts it: python3 -m benchmarking OPTIONS, with scripts/ in the path."""

import json
import os
import shutil
import sys
import tempfile
import time

from plotting.problem import NO_LIBRARY, NO_OUTPUT, WRONG_USAGE, Parser, Problem, leave_on_problem

from . import configurations as sizes
from .machine import describe, n_cores
from .programs import Programs, missing_peers


def parse():
    parser = Parser(prog="benchmark.sh", description="gmmpi beside scikit-learn and Armadillo: one run, in turn.")
    parser.add_argument("--configurations", metavar="LIST",
                        help="what to measure: COVARIANCE:N:D:K, separated by commas, e.g. full:1e6:8:16; standard and large stand "
                        "for lists (default: standard; large are spherical and diag 1e6 x 128, K = 1024, a few minutes)")
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


def measure(arguments, programs, folder):
    """All raw numbers."""
    from . import measurements, reading

    quick, rounds, listed = arguments.quick, arguments.rounds, arguments.configurations
    scratch = measurements.Scratch(folder)
    say = measurements.say
    raw = {"machine": describe(programs.gmmpi, arguments.cores, programs.peak()["vector_bits"])}
    say("Iterations")
    raw["iterations"] = measurements.measure_iterations(programs, scratch, listed, rounds)
    say("Effective rates")
    raw["effective"] = measurements.measure_effective_rates(
        programs, scratch, sizes.EFFECTIVE_QUICK if quick else sizes.EFFECTIVE, rounds)
    say("Converged models")
    raw["converged"] = measurements.measure_converged(
        programs, scratch, sizes.CONVERGED_QUICK if quick else sizes.CONVERGED)
    say("Initialisation and reading")
    raw["initialisation"] = measurements.measure_initialisation(
        programs, scratch, sizes.INITIALISATION_QUICK if quick else sizes.INITIALISATION, rounds)
    raw["hdf5"] = reading.measure_hdf5(programs, scratch, 0.01 if quick else 1.024, rounds)
    raw["csv"] = reading.measure_csv(programs, scratch, 2 if quick else 200, rounds)
    raw["repeated"] = reading.measure_repeated(programs, scratch, quick)
    raw["allreduce"] = reading.measure_allreduce(programs, quick)
    raw["machine"]["load after"] = "%.2f" % os.getloadavg()[0]
    return raw


def write(folder, name, text):
    path = os.path.join(folder, name)
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))
    print(path, flush=True)


def add_versions(raw):
    """What the peers said of themselves, among the machine's facts."""
    for result in raw["iterations"]:
        for numbers in result["rounds"]:
            for name in ("scikit_learn", "armadillo"):
                if name + "_run" in numbers:
                    raw["machine"][name.replace("_", "-")] = numbers[name + "_run"]["version"]


def main():
    arguments = parse()
    from plotting import style
    from . import constants, picture, report

    began = time.monotonic()
    style.prepare_folder(arguments.output)
    folder = tempfile.mkdtemp(prefix="gmmpi-benchmark-", dir=arguments.scratch)
    try:
        programs = Programs(os.path.abspath(os.environ["GMMPI"]), folder, arguments.cores, not arguments.without_peers)
        raw = measure(arguments, programs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    add_versions(raw)
    raw["machine"]["minutes"] = "%.1f" % ((time.monotonic() - began) / 60)
    raw["command"] = "scripts/benchmark.sh " + " ".join(sys.argv[1:])
    for name, value in raw["machine"].items():
        if value is not None:
            print("%s: %s" % (name, value))
    for table in report.tables(raw):
        print("\n" + table.terminal())
    print()
    write(arguments.output, "benchmark.md", report.markdown(raw))
    write(arguments.output, "benchmark.json", json.dumps(raw, indent=1) + "\n")
    write(arguments.output, "constants.json", json.dumps(constants.constants_of(raw), indent=1) + "\n")
    style.save(picture.draw(raw), arguments.output, "benchmark.png")


if __name__ == "__main__":
    leave_on_problem("benchmark", main)
