# SPDX-License-Identifier: BSD-3-Clause
"""A model of one EM iteration's time on many ranks: arithmetic at a measured share of the peak on the rank that has the most
points, what every rank repeats (preparing densities, unpacking sums, the M-step), one Allreduce, and reading where points are
not held in memory.

The Allreduce follows Thakur, Rabenseifner, Gropp 2005 (Optimization of collective communication operations in MPICH): with
latency a, seconds per byte b and seconds per added byte g, for m bytes on p ranks,

    recursive doubling   log2(p) (a + m b + m g)
    Rabenseifner         2 log2(p) a + 2 (p-1)/p m b + (p-1)/p m g
    ring                 2 (p-1) a + 2 (p-1)/p m b + (p-1)/p m g

where ranks of one node talk through its memory, and share its link to the network when they talk to others.
"""

import math
from typing import NamedTuple

TILE_ROWS = 64           # src/points/layout.c: blocks are whole tiles
LARGEST_BLOCK = 1024
WANTED_BLOCKS = 96
MOST_BLOCKS = 1 << 22
LIMBS = 3                # src/passes/statistics.h: words per sum
FULL_RANGE_LIMBS = 70    # words of each of two sums, of the log-likelihood among them
CONTROL_WORDS = 43          # stop, questions, failures, eight of the hash, and the 32 of src/passes/load.h
WORD = 8


class Network(NamedTuple):
    name: str
    latency: float    # seconds between two nodes
    bandwidth: float  # bytes per second and direction, a node's


# Typical values of messages between MPI ranks, to be replaced by measured ones (--latency, --bandwidth).
NETWORKS = {
    "infiniband": Network("InfiniBand HDR, 200 Gbit/s", 1.5e-6, 24e9),
    "omnipath": Network("Omni-Path, 100 Gbit/s", 1.5e-6, 12e9),
    "ethernet100": Network("Ethernet, 100 Gbit/s with RDMA", 4e-6, 11.5e9),
    "ethernet25": Network("Ethernet, 25 Gbit/s over TCP", 20e-6, 2.9e9),
    "ethernet10": Network("Ethernet, 10 Gbit/s over TCP", 30e-6, 1.15e9),
}


class Machine(NamedTuple):
    """What the benchmark measures on a machine."""
    peak: float           # flops per second of a core, all cores busy
    shares: dict          # covariance: [(d, share of the peak)], ascending
    repeated: tuple       # seconds per K d^2 and per K d^3 (full) that every rank spends
    added_byte: float     # seconds per byte of integers added to others
    local_latency: float  # seconds between two ranks of a node
    local_byte: float     # seconds per byte between two ranks of a node


class Job(NamedTuple):
    covariance: str
    n: int
    d: int
    K: int
    ranks: int
    ranks_per_node: int = 1
    threads: int = 1          # cores per rank
    streamed: bool = False    # points are read anew in every iteration instead of being held
    read_rate: float = 1e9    # bytes per second and node, where they are streamed


def block_rows(n):
    """Rows of a block: about 96 blocks of whole tiles, 1024 rows at most, 2^22 blocks at most."""
    rows = max(min(n // WANTED_BLOCKS, LARGEST_BLOCK), math.ceil(n / MOST_BLOCKS), TILE_ROWS)
    return math.ceil(rows / TILE_ROWS) * TILE_ROWS


def busiest_rows(n, workers):
    """Rows of the worker that has the most, since workers own whole blocks."""
    return min(n, math.ceil(n_blocks(n) / workers) * block_rows(n))


def n_blocks(n):
    """More workers than this have nothing to do."""
    return math.ceil(n / block_rows(n))


def imbalance(n, workers):
    """How much longer the busiest worker takes than an even share would: 1 is even."""
    return busiest_rows(n, workers) * workers / n


def statistics_bytes(covariance, K, d):
    """What one Allreduce sums."""
    second = d * (d + 1) // 2 if covariance in ("full", "tied") else d
    return WORD * (LIMBS * K * (1 + d + second) + 2 * FULL_RANGE_LIMBS + CONTROL_WORDS)


def flops_per_pair(covariance, d):
    """Of a point and a component, half of them for the distance and half for the sums."""
    return {"full": 2 * d * d, "diag": 8 * d, "spherical": 4 * d}[covariance]


def share_of_peak(machine, covariance, d):
    """Between the measured numbers of features linearly in log d, beyond them as at the nearest."""
    points = machine.shares[covariance]
    if d <= points[0][0]:
        return points[0][1]
    for (low, left), (high, right) in zip(points, points[1:]):
        if d <= high:
            return left + (right - left) * math.log(d / low) / math.log(high / low)
    return points[-1][1]


def compute_seconds(machine, job):
    rate = machine.peak * share_of_peak(machine, job.covariance, job.d)
    rows = busiest_rows(job.n, job.ranks * job.threads)
    return rows * job.K * flops_per_pair(job.covariance, job.d) / rate


def repeated_seconds(machine, job):
    """With diagonals there is one number where a full covariance has d."""
    square, cube = machine.repeated
    if job.covariance != "full":
        return job.K * job.d * square
    return job.K * job.d ** 2 * (square + cube * job.d)


def read_seconds(job):
    if not job.streamed:
        return 0.0
    return busiest_rows(job.n, job.ranks) * job.ranks_per_node * job.d * WORD / job.read_rate


def exchange(machine, network, job, distance, n_bytes):
    """One step in which all ranks exchange n_bytes with the rank `distance` away."""
    if distance < job.ranks_per_node:
        return machine.local_latency + n_bytes * machine.local_byte
    return network.latency + n_bytes * min(job.ranks_per_node, job.ranks) / network.bandwidth


def folding(machine, network, job, m):
    """Ranks beyond a power of two give their sums to a neighbour first and get the result at the end."""
    if job.ranks & (job.ranks - 1) == 0:
        return 0.0
    return 2 * exchange(machine, network, job, 1, m) + m * machine.added_byte


def recursive_doubling(machine, network, job, m):
    steps = int(math.log2(job.ranks))
    return folding(machine, network, job, m) + sum(
        exchange(machine, network, job, 1 << i, m) + m * machine.added_byte for i in range(steps))


def rabenseifner(machine, network, job, m):
    """Halves of the vector with the neighbour, quarters with the next, and so on; then the same way back."""
    seconds = folding(machine, network, job, m)
    for i in range(int(math.log2(job.ranks))):
        part = m / (2 << i)
        seconds += 2 * exchange(machine, network, job, 1 << i, part) + part * machine.added_byte
    return seconds


def ring(machine, network, job, m):
    """Every step waits for the slowest link; of a node's ranks one talks to the next node."""
    part = m / job.ranks
    step = machine.local_latency + part * machine.local_byte
    if job.ranks > job.ranks_per_node:
        step = max(step, network.latency + part / network.bandwidth)
    return (job.ranks - 1) * (2 * step + part * machine.added_byte)


ALGORITHMS = {"doubling": recursive_doubling, "rabenseifner": rabenseifner, "ring": ring}


def allreduce_seconds(machine, network, job, algorithm="best"):
    """best: the faster one of recursive doubling and Rabenseifner's."""
    if job.ranks == 1:
        return 0.0
    m = statistics_bytes(job.covariance, job.K, job.d)
    if algorithm != "best":
        return ALGORITHMS[algorithm](machine, network, job, m)
    return min(recursive_doubling(machine, network, job, m), rabenseifner(machine, network, job, m))


def iteration(machine, network, job, algorithm="best"):
    """Seconds by part, their total, and the Allreduce's share of it."""
    parts = {"compute": compute_seconds(machine, job), "repeated": repeated_seconds(machine, job), "read": read_seconds(job),
             "allreduce": allreduce_seconds(machine, network, job, algorithm)}
    total = sum(parts.values())
    return dict(parts, total=total, share=parts["allreduce"] / total)


def rank_counts(most):
    """1, 2, 4, ... and most itself."""
    counts = [1 << i for i in range(int(math.log2(most)) + 1)]
    return counts if counts[-1] == most else counts + [most]


def first_ranks_with_share(machine, network, job, share, algorithm="best", most=1 << 20):
    """The fewest ranks, a power of two, at which the Allreduce takes this share of an iteration; None: at no number."""
    for ranks in rank_counts(most):
        if iteration(machine, network, job._replace(ranks=ranks), algorithm)["share"] >= share:
            return ranks
    return None
