# SPDX-License-Identifier: BSD-3-Clause
"""The tables of a benchmark."""

import statistics

from .configurations import Configuration
from .tables import NOTHING, Table, cell, number, percent, with_range


def ratios(rounds, above, below):
    """above / below within every round, of those that have both."""
    return [numbers[above] / numbers[below] for numbers in rounds if above in numbers and below in numbers]


def configuration_of(result):
    return Configuration(**result["configuration"])


def shares_of_peak(result):
    flops = configuration_of(result).flops
    return [flops / numbers["gmmpi"] / numbers["peak"] for numbers in result["rounds"]]


def iterations_table(results, cores):
    rows = []
    for result in results:
        configuration, rounds = configuration_of(result), result["rounds"]
        rate = configuration.flops / statistics.median(numbers["gmmpi"] for numbers in rounds)
        rows.append([
            configuration.name, cell([r["gmmpi"] for r in rounds]), number(rate / 1e9), cell(shares_of_peak(result), percent),
            cell([r["scikit_learn"] for r in rounds if "scikit_learn" in r]), cell(ratios(rounds, "scikit_learn", "gmmpi")),
            cell([r["armadillo"] for r in rounds if "armadillo" in r]), cell(ratios(rounds, "armadillo", "gmmpi")),
            cell(ratios(rounds, "threaded", "gmmpi"))])
    names = ["one EM iteration", "gmmpi, s", "GFLOP/s", "of the peak", "scikit-learn, s", "/ gmmpi", "Armadillo, s",
             "/ gmmpi", "1 rank x %d threads / %d ranks" % (cores, cores)]
    peaks = [numbers["peak"] for result in results for numbers in result["rounds"]]
    note = ("gmmpi on %d ranks, the others with %d threads; medians (least–largest); flops counted: full 2nKd², diag 8nKd, "
            "spherical 4nKd; peak of the FMA loop: %s GFLOP/s." % (cores, cores, with_range([p / 1e9 for p in peaks])))
    for c in map(configuration_of, results):
        for n, who in ((c.peer_n, "scikit-learn and Armadillo"), (c.armadillo_n, "Armadillo")):
            if n is not None:
                note += " %s: %s had %d points, and their time is scaled to all." % (c.name, who, n)
    if any(numbers.get("same_work") is False for result in results for numbers in result["rounds"]):
        note += " NOT ALL PROGRAMS FOUND THE SAME LOG-LIKELIHOOD OF THE START: these numbers cannot be compared."
    return Table("Seconds per iteration", names, rows, note)


def effective_table(results):
    rows = []
    for result in results:
        configuration, rounds = configuration_of(result), result["rounds"]
        rows.append([configuration.name, result["data"], percent(result["share_that_counts"]),
                     cell([r["gmmpi"] for r in rounds]), number(configuration.flops / statistics.median(numbers["gmmpi"] for numbers in rounds) / 1e9),
                     cell(shares_of_peak(result), percent)])
    return Table("Effective rate, 2nKd² / time", ["", "data", "pairs that count", "gmmpi, s", "GFLOP/s", "of the peak"], rows,
                 "A pair of a point and a component counts when the responsibility is at least 2^-60.")


def converged_table(results):
    rows = []
    for result in results:
        name = configuration_of(result).name
        for run in result["gmmpi"]:
            rows.append([name, "gmmpi, " + run["options"], number(run["seconds"]), "%.6f" % run["mean_log_likelihood"],
                         "%d passes" % run["n_passes"], NOTHING])
        total = sum(run["seconds"] for run in result["gmmpi"])
        reached = result["gmmpi"][-1]["mean_log_likelihood"]
        for peer in result["scikit_learn"]:
            ratio = number(peer["seconds"] / total) if reached >= peer["mean_log_likelihood"] - 1e-6 else "not reached"
            rows.append([name, "scikit-learn, tol=%g" % peer["tolerance"], number(peer["seconds"]),
                         "%.6f" % peer["mean_log_likelihood"], "%d iterations" % peer["iterations"], ratio])
    return Table("From data to a converged model", ["", "", "s", "log-likelihood per point", "", "/ gmmpi"], rows,
                 "gmmpi: the whole run without mpirun's start; scikit-learn: fit() alone. The ratio is to the sum of gmmpi's "
                 "runs, the last of which reached at least that log-likelihood (within 1e-6 per point).")


def beginning_table(result):
    return Table("Beginning", ["", "in iterations"], [
        ["default initialisation of %s" % configuration_of(result).name, cell(ratios(result["rounds"], "init", "iteration"))]])


def reading_table(results, cores):
    hdf5, csv = results["hdf5"], results["csv"]

    def rates(result, name, scale):
        return cell([result["bytes"] / numbers[name] / scale for numbers in result["rounds"]])

    rows = [
        ["HDF5, %.2g GB, cached: gmmpi on %d ranks, GB/s" % (hdf5["bytes"] / 1e9, cores), rates(hdf5, "gmmpi", 1e9)],
        ["the same by %d plain processes into fresh memory, GB/s" % cores, rates(hdf5, "plain", 1e9)],
        ["share of the plain processes' rate", cell(ratios(hdf5["rounds"], "plain", "gmmpi"), percent)],
        ["CSV, %.0f MB, cached: one process, MB/s" % (csv["bytes"] / 1e6), rates(csv, "alone", 1e6)],
        ["CSV on %d ranks, MB/s per rank" % cores, rates(csv, "together", 1e6 * cores)],
    ]
    return Table("Reading", ["", "rate"], rows)


def scaling_table(result):
    allreduce = result["allreduce"]
    rows = [["Allreduce of %s bytes on %d ranks" % (size, allreduce["ranks"]), number(1e6 * seconds)]
            for size, seconds in allreduce["seconds"].items()]
    rows += [["what every rank repeats, d = %d, K = %d" % (one["d"], one["K"]), number(1e6 * one["seconds"])]
             for one in result["repeated"]]
    return Table("For the scaling model", ["", "microseconds"], rows)


def table_of(part, raw):
    """The table of one part of what was measured."""
    from .against import against_table, whole_table

    cores = raw["machine"]["cores used"]
    return {"against": lambda: against_table(raw[part], cores), "whole": lambda: whole_table(raw[part]),
            "iterations": lambda: iterations_table(raw[part], cores), "effective": lambda: effective_table(raw[part]),
            "converged": lambda: converged_table(raw[part]), "beginning": lambda: beginning_table(raw[part]),
            "reading": lambda: reading_table(raw[part], cores), "scaling": lambda: scaling_table(raw[part])}[part]()


def markdown(raw):
    facts = ["- %s: %s" % (name, value) for name, value in raw["machine"].items() if value is not None]
    parts = [table_of(part, raw).markdown() for part in raw if part not in ("machine", "command")]
    return "\n\n".join(["# Benchmark of gmmpi", "    " + raw["command"], "\n".join(facts)] + parts) + "\n"
