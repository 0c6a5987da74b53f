# SPDX-License-Identifier: BSD-3-Clause
"""The measurements, each a list of dictionaries with all raw numbers. What is compared runs in turn within each round, and
ratios are taken within a round, so that a machine that slows down for a while slows both sides."""

import math
import os
import shutil
import sys

from .samples import OVERLAPPING, SEPARATED, Sample

PEER_SECONDS = 1.5
PEER_ITERATIONS = 20


def say(text):
    """Progress, which is not part of the report."""
    print(text, file=sys.stderr, flush=True)


class Scratch:
    """Samples in a folder that is emptied after each."""

    def __init__(self, folder):
        self.folder = folder

    def sample(self, configuration, separation=OVERLAPPING):
        say("  %s: drawing points" % configuration.name)
        return Sample(configuration, os.path.join(self.folder, "sample"), separation)

    def path(self, name):
        return os.path.join(self.folder, name)

    def clear(self):
        shutil.rmtree(self.path("sample"), ignore_errors=True)


def iterations_for(programs, sample, seconds=0.8):
    """How many iterations take about this long; the run that finds out reads the file into the cache, too. Small samples
    are no measurement, and get two."""
    if sample.configuration.n < 50000:
        return 2
    first = programs.iterate(sample, 1, ranks=programs.cores)
    return max(2, min(60, math.ceil(seconds / max(first["seconds_per_iteration"], 1e-5))))


def check_same_work(name, ours, theirs, tolerance, which="first"):
    """All programs must find the same log-likelihood, or they do not do the same work."""
    if not math.isclose(ours, theirs, rel_tol=tolerance):
        say("  %s: the %s mean log-likelihood is %.12g there and %.12g here" % (name, which, theirs, ours))
    return math.isclose(ours, theirs, rel_tol=tolerance)


def measure_iterations(programs, scratch, configurations, rounds):
    """One iteration of gmmpi and of its peers, and the cores' peak, at each configuration."""
    results = []
    for configuration in configurations:
        sample = scratch.sample(configuration)
        result = {"configuration": configuration._asdict(), "share_that_counts": sample.share_that_counts, "rounds": []}
        iterations = iterations_for(programs, sample)
        for turn in range(rounds):
            say("  %s: round %d of %d" % (configuration.name, turn + 1, rounds))
            result["rounds"].append(one_round(programs, sample, iterations))
        results.append(result)
        scratch.clear()
    return results


def peers_round(programs, sample, our_log_likelihood):
    """scikit-learn and Armadillo from the same start; on fewer points where the configuration says so, their times scaled."""
    c = sample.configuration
    rows = c.peer_n or c.n
    runs = {"scikit_learn": (rows, 1e-9, programs.scikit_learn(
        "iterations", sample.points, rows, sample.start, PEER_SECONDS, PEER_ITERATIONS))}
    if c.covariance in ("full", "diag"):
        rows = c.armadillo_n or rows
        runs["armadillo"] = (rows, 1e-3, programs.armadillo(sample, rows, PEER_SECONDS, PEER_ITERATIONS))
    numbers = {"same_work": True}
    for name, (rows, tolerance, run) in runs.items():
        numbers[name] = run["seconds_per_iteration"] * c.n / rows
        numbers[name + "_run"] = run
        if rows == c.n and not check_same_work(name, our_log_likelihood, run["mean_log_likelihood"], tolerance):
            numbers["same_work"] = False
    return numbers


def one_round(programs, sample, iterations):
    numbers = {"peak": programs.peak()["flops_per_second"]}
    ours = programs.iterate(sample, iterations, ranks=programs.cores)
    numbers["gmmpi"] = ours["seconds_per_iteration"]
    numbers["gmmpi_run"] = ours
    if programs.with_peers:
        numbers.update(peers_round(programs, sample, ours["first_mean_log_likelihood"]))
    if programs.has_threads:
        threaded = programs.iterate(sample, iterations, threads=programs.cores)
        numbers["threaded"] = threaded["seconds_per_iteration"]
    return numbers


def measure_effective_rates(programs, scratch, configurations, rounds):
    """2nKd^2 / time on overlapping and on separated data."""
    results = []
    for configuration in configurations:
        for data, separation in (("overlapping", OVERLAPPING), ("separated", SEPARATED)):
            sample = scratch.sample(configuration, separation)
            iterations = iterations_for(programs, sample)
            result = {"configuration": configuration._asdict(), "data": data, "rounds": [],
                      "share_that_counts": sample.share_that_counts}
            for _ in range(rounds):
                peak = programs.peak()["flops_per_second"]
                run = programs.iterate(sample, iterations, ranks=programs.cores)
                result["rounds"].append({"peak": peak, "gmmpi": run["seconds_per_iteration"]})
            results.append(result)
            scratch.clear()
    return results


def measure_converged(programs, scratch, problems):
    """From data to a model: gmmpi with its defaults, start-up and reading included, against scikit-learn's fit() with its
    defaults and with a tolerance like gmmpi's."""
    results = []
    for configuration, separation in problems:
        sample = scratch.sample(configuration, separation)
        tries = [("defaults", []), ("--n-init 5", ["--n-init", "5"]), ("--n-init 20", ["--n-init", "20"])]
        peers = []
        if programs.with_peers:
            for tolerance, most in ((1e-3, 100), (1e-5, 400)):
                say("  %s: scikit-learn, tol=%g" % (configuration.name, tolerance))
                peers.append(dict(programs.scikit_learn("fit", sample.points, configuration.covariance, configuration.K,
                                                        tolerance, most), tolerance=tolerance))
        wanted = max([peer["mean_log_likelihood"] for peer in peers], default=-math.inf)
        runs = []
        for name, options in tries:
            say("  %s: gmmpi, %s" % (configuration.name, name))
            run = programs.fit(sample.points, "-k", configuration.K, *options, ranks=programs.cores)
            runs.append({"options": name, "seconds": run["seconds"]["total"], "n_passes": run["n_passes"],
                         "mean_log_likelihood": run["mean_log_likelihood"], "converged": run["converged"]})
            if run["mean_log_likelihood"] >= wanted - 1e-6:
                break
        results.append({"configuration": configuration._asdict(), "separation": separation, "gmmpi": runs,
                        "scikit_learn": peers})
        scratch.clear()
    return results


def measure_initialisation(programs, scratch, configuration, rounds):
    """The default initialisation in units of plain EM iterations."""
    sample = scratch.sample(configuration)
    result = {"configuration": configuration._asdict(), "rounds": []}
    iterations = iterations_for(programs, sample)
    for _ in range(rounds):
        em = programs.iterate(sample, iterations, ranks=programs.cores)
        run = programs.fit(sample.points, "-k", configuration.K, "--max-iter", 1, "--tol", 0, ranks=programs.cores)
        result["rounds"].append({"init": run["seconds"]["init"], "iteration": em["seconds_per_iteration"]})
    scratch.clear()
    return result
