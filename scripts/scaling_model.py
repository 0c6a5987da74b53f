#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long will an EM iteration take on many ranks, and where does the Allreduce begin to matter?

    scaling_model.py [-n N -d D -k K] [--covariance full|diag|spherical] [--ranks N] [--ranks-per-node R] [--threads T]
                     [--network NAME | --latency S --bandwidth B] [--constants FILE] [--check]

Prints an iteration's time by ranks, and for a few networks the number of ranks at which the Allreduce takes 10 % and 50 % of
it. Constants are those of a constants.json that scripts/benchmark.sh wrote, by default of the one beside the model.
--check runs gmmpi here (GMMPI names it) on 1, 2 and 4 ranks and prints predicted / measured.
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from benchmarking import scaling
from benchmarking.constants import DEFAULTS, read_machine
from benchmarking.tables import Table, number, percent
from plotting.interpreter import require_libraries
from plotting.problem import BAD_DATA, WRONG_USAGE, Parser, Problem, leave_on_problem

# A published run: dislib on 896 cores of a cluster with 48 cores a node, about 96 s per iteration.
PUBLISHED = scaling.Job("full", 100000000, 100, 50, ranks=896, ranks_per_node=48)
PUBLISHED_SECONDS = 96.0
TYPICAL = [(1000000, 8, 16), (10000000, 32, 32), (1000000000, 16, 128)]
CHECKED = [(200000, 8, 16), (100000, 16, 32), (20000, 64, 16)]


def parse():
    parser = Parser(prog="scaling_model.py", description="Predicts an EM iteration's time on many ranks.")
    parser.add_argument("-n", type=float, default=PUBLISHED.n, help="points (default: %g)" % PUBLISHED.n)
    parser.add_argument("-d", type=int, default=PUBLISHED.d, help="features (default: %d)" % PUBLISHED.d)
    parser.add_argument("-k", type=int, default=PUBLISHED.K, help="components (default: %d)" % PUBLISHED.K)
    parser.add_argument("--covariance", choices=["full", "diag", "spherical"], default="full")
    parser.add_argument("--ranks", type=int, default=100000, help="the most ranks in the table (default: 100000)")
    parser.add_argument("--ranks-per-node", type=int, default=64, help="(default: 64)")
    parser.add_argument("--threads", type=int, default=1, help="cores per rank (default: 1)")
    parser.add_argument("--network", choices=sorted(scaling.NETWORKS), default="infiniband", help="(default: infiniband)")
    parser.add_argument("--latency", type=float, help="seconds between two nodes, instead of the network's")
    parser.add_argument("--bandwidth", type=float, help="bytes per second of a node, instead of the network's")
    parser.add_argument("--streamed", action="store_true", help="as if points were read anew in every iteration")
    parser.add_argument("--read-rate", type=float, default=1e9, help="bytes per second and node then (default: 1e9)")
    parser.add_argument("--constants", metavar="FILE", default=DEFAULTS, help="constants.json of scripts/benchmark.sh")
    parser.add_argument("--check", action="store_true", help="run gmmpi here and compare")
    arguments = parser.parse_args()
    for name in ("n", "d", "k", "ranks", "ranks_per_node", "threads"):
        if getattr(arguments, name) < 1:
            raise Problem(WRONG_USAGE, "--%s must be 1 or more" % name.replace("_", "-"))
    for name in ("latency", "bandwidth", "read_rate"):
        if getattr(arguments, name) is not None and not getattr(arguments, name) > 0:
            raise Problem(WRONG_USAGE, "--%s must be more than 0" % name.replace("_", "-"))
    return arguments


def job_of(arguments):
    return scaling.Job(arguments.covariance, int(arguments.n), arguments.d, arguments.k, ranks=1,
                       ranks_per_node=arguments.ranks_per_node, threads=arguments.threads, streamed=arguments.streamed,
                       read_rate=arguments.read_rate)


def network_of(arguments):
    network = scaling.NETWORKS[arguments.network]
    if arguments.latency or arguments.bandwidth:
        network = scaling.Network("as given", arguments.latency or network.latency, arguments.bandwidth or network.bandwidth)
    return network


def ranks_table(machine, network, job, most):
    rows = []
    alone = scaling.iteration(machine, network, job._replace(ranks=1))["total"]
    for ranks in scaling.rank_counts(most):
        here = job._replace(ranks=ranks)
        parts = scaling.iteration(machine, network, here)
        ring = scaling.allreduce_seconds(machine, network, here, "ring")
        rows.append([str(ranks), "%.2f" % scaling.imbalance(job.n, ranks * job.threads), number(parts["compute"]),
                     number(parts["repeated"]), number(parts["read"]), number(parts["allreduce"]), number(ring),
                     number(parts["total"]), percent(parts["share"]), percent(alone / parts["total"] / ranks)])
    heading = "%s, %d x %d, K = %d; %d threads per rank, %d ranks per node; %s" % (
        job.covariance, job.n, job.d, job.K, job.threads, job.ranks_per_node, network.name)
    return Table(heading, ["ranks", "imbalance", "compute, s", "repeated", "reading", "Allreduce", "(as a ring)", "total, s",
                           "Allreduce's share", "efficiency"], rows,
                 "Repeated: by every rank, for densities and M-step. The Allreduce sums %s bytes." % number(scaling.statistics_bytes(job.covariance, job.K, job.d)))


def threshold(machine, network, job, share):
    ranks = scaling.first_ranks_with_share(machine, network, job, share)
    return "never" if ranks is None else "%d" % ranks


def thresholds_table(machine, job):
    """Where the Allreduce takes 10 % and 50 %, for the job asked for and others, on a fast and on a slow network."""
    rows = []
    jobs = [job] + [job._replace(covariance="full", n=n, d=d, K=K) for n, d, K in TYPICAL]
    for one in jobs:
        for name in ("infiniband", "ethernet10"):
            network = scaling.NETWORKS[name]
            rows.append(["%s %g x %d, K = %d" % (one.covariance, one.n, one.d, one.K), network.name] + [
                threshold(machine, network, one, share) for share in (0.1, 0.5)] + ["%d" % scaling.n_blocks(one.n)])
    return Table("Where the Allreduce begins to matter: the fewest ranks (powers of two) at which it takes 10 % and 50 % of an "
                 "iteration", ["", "network", "10 %", "50 %", "blocks"], rows,
                 "Workers beyond the number of blocks have no points.")


def published_line(machine):
    parts = scaling.iteration(machine, scaling.NETWORKS["omnipath"], PUBLISHED)
    return ("A published run, dislib on %d cores, %d x %d, K = %d, full: about %.0f s per iteration there; predicted here for as "
            "many of this machine's cores over %s: %s s (%s s of it Allreduce), %.0f times less." % (
                PUBLISHED.ranks, PUBLISHED.n, PUBLISHED.d, PUBLISHED.K, PUBLISHED_SECONDS, scaling.NETWORKS["omnipath"].name,
                number(parts["total"]), number(parts["allreduce"]), PUBLISHED_SECONDS / parts["total"]))


def check(machine, cores):
    """Predicted over measured on this machine; the peak is measured beside each run, so that a busy machine does not show."""
    from benchmarking.configurations import Configuration
    from benchmarking.measurements import Scratch
    from benchmarking.programs import Programs

    if "GMMPI" not in os.environ:
        raise Problem(WRONG_USAGE, "--check: the environment variable GMMPI must name gmmpi")
    rows = []
    folder = tempfile.mkdtemp(prefix="gmmpi-scaling-")
    try:
        programs = Programs(os.path.abspath(os.environ["GMMPI"]), folder, cores, with_peers=False)
        scratch = Scratch(folder)
        for n, d, K in CHECKED:
            sample = scratch.sample(Configuration("full", n, d, K))
            for ranks in (1, 2, 4):
                rows.append(check_row(machine, programs, sample, ranks, cores))
            scratch.clear()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Table("Predicted and measured on this machine", ["", "ranks", "predicted, s", "measured, s", "ratio",
                                                             "Allreduce predicted", "measured"], rows,
                 "More ranks than cores take turns: their time is that of the cores, and their Allreduce waits for turns.")


def check_row(machine, programs, sample, ranks, cores):
    c = sample.configuration
    busy = min(ranks, cores)
    local = scaling.Network("memory", machine.local_latency, 1 / machine.local_byte)
    job = scaling.Job(c.covariance, c.n, c.d, c.K, ranks=ranks, ranks_per_node=ranks)
    predicted, measured = [], []
    for _ in range(3):
        now = machine._replace(peak=programs.peak(threads=busy)["flops_per_second"] / busy)
        parts = scaling.iteration(now, local, job)
        predicted.append(dict(parts, total=parts["total"] + parts["compute"] * (ranks / busy - 1)))
        run = programs.iterate(sample, 20, ranks=ranks)
        passes = run["n_iter"] + 1
        measured.append((run["seconds_per_iteration"], run["seconds"]["allreduce"] / passes))
    middle = sorted(range(3), key=lambda i: predicted[i]["total"] / measured[i][0])[1]
    total, (seconds, allreduce) = predicted[middle]["total"], measured[middle]
    return [c.name, "%d%s" % (ranks, " (oversubscribed)" if ranks > cores else ""), number(total), number(seconds),
            "%.2f" % (total / seconds), number(predicted[middle]["allreduce"]), number(allreduce)]


def main():
    arguments = parse()
    if arguments.check:
        require_libraries()
    machine, about = read_machine(arguments.constants)
    if arguments.covariance not in machine.shares:
        raise Problem(BAD_DATA, "%s: no %s covariances were measured" % (arguments.constants, arguments.covariance))
    network, job = network_of(arguments), job_of(arguments)
    print("Constants measured on %s, %s: %s GFLOP/s per core, %s of it at %d features" % (
        about.get("processor"), about.get("date"), number(machine.peak / 1e9),
        percent(scaling.share_of_peak(machine, job.covariance, job.d)), job.d))
    tables = [ranks_table(machine, network, job, arguments.ranks), thresholds_table(machine, job)]
    if arguments.check:
        from benchmarking.machine import n_cores
        tables.append(check(machine, min(2, n_cores())))
    for table in tables:
        print("\n" + table.terminal())
    print("\n" + published_line(machine))


if __name__ == "__main__":
    leave_on_problem("scaling_model", main)
