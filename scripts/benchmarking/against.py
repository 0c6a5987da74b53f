# SPDX-License-Identifier: BSD-3-Clause
"""Two builds of gmmpi in turn: seconds of an iteration, and of whole runs of the program."""

import math
import os
import statistics
import time
from typing import NamedTuple

from plotting.problem import NO_INPUT, Problem
from plotting.style import GREY, colours, plt

from .configurations import Configuration
from .measurements import check_same_work, iterations_for, say
from .report import configuration_of, ratios
from .samples import OVERLAPPING, SEPARATED
from .tables import Table, cell, number, percent

MALL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "data", "mall_customers.csv")


class Comparison(NamedTuple):
    """A size, how far its clusters are from each other, and options that only the new build gets."""
    configuration: Configuration
    separation: float = OVERLAPPING
    options: tuple = ()

    @property
    def data(self):
        return "separated" if self.separation == SEPARATED else "overlapping"

    @property
    def name(self):
        words = [self.configuration.name] + ([self.data] if self.separation == SEPARATED else []) + list(self.options)
        return " ".join(words)


MIXED = ("--arithmetic", "mixed")
COMPARISONS = [Comparison(Configuration(*size), *how) for size, *how in (
    (("full", 1000000, 2, 5),), (("full", 1000000, 8, 16),), (("full", 500000, 16, 32),), (("full", 400000, 32, 32),),
    (("full", 200000, 64, 32),), (("full", 100000, 128, 64),), (("tied", 1000000, 16, 32),), (("tied", 200000, 64, 32),),
    (("diag", 1000000, 32, 64),), (("diag", 100000, 128, 1024),), (("diag", 100000, 128, 1024), SEPARATED),
    (("spherical", 100000, 128, 1024),), (("spherical", 100000, 128, 1024), SEPARATED),
    (("full", 500000, 16, 32), OVERLAPPING, MIXED), (("full", 200000, 64, 32), OVERLAPPING, MIXED),
    (("spherical", 100000, 128, 1024), OVERLAPPING, MIXED))]
QUICK_COMPARISONS = [Comparison(Configuration("full", 5000, 4, 3)), Comparison(Configuration("tied", 5000, 6, 3), SEPARATED),
                     Comparison(Configuration("full", 5000, 6, 3), OVERLAPPING, MIXED)]

WHOLE = [("full", 100000, 8, 16), ("full", 100000, 16, 16), ("diag", 200000, 16, 32)]
QUICK_WHOLE = [("full", 2000, 2, 3)]


def comparisons_of(configurations):
    """Each with overlapping and with separated clusters."""
    return [Comparison(c, separation) for c in configurations for separation in (OVERLAPPING, SEPARATED)]


def program_of(build):
    """The gmmpi of a folder that it was built in, or the program itself."""
    for path in (build, os.path.join(build, "src", "cli", "gmmpi")):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    raise Problem(NO_INPUT, "--against %s: neither gmmpi nor a folder in which it was built" % build)


def in_turn(turn, old, new):
    """Runs both, each first in every other turn, and returns what they return, old and new."""
    if turn % 2 == 0:
        first = old()
        return first, new()
    first = new()
    return old(), first


def measure_against(programs, old_programs, scratch, comparisons, rounds):
    """An iteration of plain EM from the same start."""
    results = []
    for one in comparisons:
        sample = scratch.sample(one.configuration, one.separation)
        iterations = max(4, iterations_for(old_programs, sample))
        result = {"configuration": one.configuration._asdict(), "name": one.name, "data": one.data,
                  "share_that_counts": sample.share_that_counts, "iterations": iterations, "rounds": []}
        for turn in range(rounds):
            say("  %s: round %d of %d" % (one.name, turn + 1, rounds))
            peak = programs.peak()["flops_per_second"]
            old, new = in_turn(turn, lambda: old_programs.iterate(sample, iterations, ranks=programs.cores),
                               lambda: programs.iterate(sample, iterations, *one.options, ranks=programs.cores))
            tolerance = 1e-6 if one.options else 1e-10
            result["rounds"].append({
                "peak": peak, "old": old["seconds_per_iteration"], "new": new["seconds_per_iteration"],
                "same_work": check_same_work("the old build", new["mean_log_likelihood"], old["mean_log_likelihood"], tolerance, "last")})
        results.append(result)
        scratch.clear()
    return results


def seconds_of(run):
    began = time.perf_counter()
    summary = run()
    return time.perf_counter() - began, summary


def measure_whole(programs, old_programs, scratch, sizes, rounds):
    """From the start of the program to its end, without mpirun and with one thread for each core: small tables, and default fits."""
    def fit(which, data, *options):
        return lambda: seconds_of(lambda: which.fit(data, *options, threads=programs.cores))

    def compare(name, data, *options):
        result = {"name": name, "rounds": []}
        for turn in range(rounds):
            say("  %s: round %d of %d" % (name, turn + 1, rounds))
            old, new = in_turn(turn, fit(old_programs, data, *options), fit(programs, data, *options))
            result["rounds"].append({"old": old[0], "new": new[0], "old_log_likelihood": old[1]["mean_log_likelihood"],
                                     "new_log_likelihood": new[1]["mean_log_likelihood"],
                                     "old_passes": old[1]["n_passes"], "new_passes": new[1]["n_passes"]})
        results.append(result)

    results = []
    mall = (MALL, "--columns", "4,5", "-k", 3)
    compare("mall customers, K = 3", *mall)
    compare("mall customers, K = 3, --init random_from_data", *mall, "--init", "random_from_data")
    for size in sizes:
        configuration = Configuration(*size)
        sample = scratch.sample(configuration)
        compare(configuration.name + ", default fit", sample.points, "-k", configuration.K, "--covariance", configuration.covariance)
        scratch.clear()
    return results


def against_table(results, cores):
    rows = []
    for result in results:
        configuration, rounds = configuration_of(result), result["rounds"]
        new = statistics.median(r["new"] for r in rounds)
        rows.append([result["name"], percent(result["share_that_counts"]), cell([r["old"] for r in rounds]),
                     cell([r["new"] for r in rounds]), cell(ratios(rounds, "old", "new")), number(configuration.flops / new / 1e9),
                     cell([configuration.flops / r["new"] / r["peak"] for r in rounds], percent)])
    note = "On %d ranks; plain EM from the same start; medians (least–largest); flops as if every pair counted." % cores
    if not all(r["same_work"] for result in results for r in result["rounds"]):
        note += " NOT ALL LOG-LIKELIHOODS AGREE: " + ", ".join(
            result["name"] for result in results if not all(r["same_work"] for r in result["rounds"]))
    return Table("An iteration of two builds", ["one EM iteration", "pairs that count", "old, s", "new, s", "old / new", "GFLOP/s", "of the peak"],
                 rows, note)


def whole_table(results):
    rows = []
    for result in results:
        rounds, last = result["rounds"], result["rounds"][-1]
        rows.append([result["name"], cell([r["old"] for r in rounds]), cell([r["new"] for r in rounds]), cell(ratios(rounds, "old", "new")),
                     "%d" % last["old_passes"], "%d" % last["new_passes"], "%.2g" % (last["new_log_likelihood"] - last["old_log_likelihood"])])
    return Table("The program from start to end", ["", "old, s", "new, s", "old / new", "old passes", "new passes",
                                                  "log-likelihood per point, new - old"], rows)


def draw(raw):
    """How many times faster the new build is."""
    results = raw.get("against", []) + raw.get("whole", [])
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.32 * len(results)), layout="constrained")
    colour = colours(1)[0]
    for place, result in enumerate(results):
        values = ratios(result["rounds"], "old", "new")
        middle = statistics.median(values)
        axes.barh(place, middle, 0.6, color=colour, xerr=[[middle - min(values)], [max(values) - middle]],
                  error_kw={"ecolor": GREY, "elinewidth": 1})
        axes.annotate("%.2f" % middle, (max(values), place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    largest = max(max(ratios(result["rounds"], "old", "new")) for result in results)
    if largest > 8:
        axes.set_xscale("log", base=2)
        ticks = [2.0 ** power for power in range(-1, math.ceil(math.log2(largest)) + 1)]
        axes.set_xticks(ticks, ["%g" % tick for tick in ticks])
    axes.axvline(1, color=GREY, linewidth=1)
    axes.margins(x=0.12)
    axes.set(yticks=range(len(results)), yticklabels=[result["name"] for result in results], xlabel="seconds of the old build / of the new one")
    axes.invert_yaxis()
    figure.suptitle("Two builds of gmmpi on %d cores, %s, %s" % (
        raw["machine"]["cores used"], raw["machine"]["processor"], raw["machine"]["date"]), fontsize=10)
    return figure
