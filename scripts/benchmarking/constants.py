# SPDX-License-Identifier: BSD-3-Clause
"""The scaling model's constants from the benchmark's raw numbers, and as a file."""

import json
import os
import statistics

from plotting.problem import BAD_DATA, NO_INPUT, Problem

from .configurations import Configuration
from .scaling import Machine

DEFAULTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "constants.json")


def shares_of_peak(raw, peak):
    """covariance: [[d, share]], ascending in d; peak: of all cores used."""
    shares = {}
    for result in raw["iterations"]:
        configuration = Configuration(**result["configuration"])
        share = statistics.median(configuration.flops / r["gmmpi"] / peak for r in result["rounds"])
        shares.setdefault(configuration.covariance, {})[configuration.d] = share
    return {covariance: sorted([d, share] for d, share in by_d.items()) for covariance, by_d in shares.items()}


def repeated_constants(measured):
    """Two measurements at different d say how much goes with K d^2 and how much with K d^3."""
    (low, left), (high, right) = sorted((m["d"], m["seconds"] / m["K"] / m["d"] ** 2) for m in measured)
    cube = max(0.0, (right - left) / (high - low))
    return max(0.0, left - cube * low), cube


def local_constants(measured):
    """Latency and seconds per byte between two ranks of a node, from the Allreduce alone: on p ranks a word takes log2(p)
    latencies, and the largest size 2 (p-1)/p times its bytes, with (p-1)/p times its additions."""
    p = measured["ranks"]
    added = measured["seconds_per_added_word"] / 8
    if p < 2:
        return added, 1e-6, 1e-10
    times = {int(size): seconds for size, seconds in measured["seconds"].items()}
    smallest, largest = min(times), max(times)
    latency = times[smallest] / max(1, (p - 1).bit_length())
    per_byte = (times[largest] / largest * p / (p - 1) - added) / 2
    return added, latency, max(per_byte, 1e-12)


def constants_of(raw):
    cores = raw["machine"]["cores used"]
    added, latency, per_byte = local_constants(raw["scaling"]["allreduce"])
    # What the cores can do when nothing else wants them; one round's reading may be far below it.
    peak = max(numbers["peak"] for result in raw["iterations"] for numbers in result["rounds"])
    return {"machine": {name: raw["machine"][name] for name in ("date", "processor", "cores used")},
            "peak": peak / cores, "shares": shares_of_peak(raw, peak), "repeated": repeated_constants(raw["scaling"]["repeated"]),
            "added_byte": added, "local_latency": latency, "local_byte": per_byte}


def read_machine(path):
    """The machine of a file of constants, and what was said about it."""
    try:
        with open(path) as file:
            constants = json.load(file)
        about = constants.pop("machine")
        machine = Machine(**constants)
        about.get("date"), len(machine.shares), len(machine.repeated)
    except OSError as error:
        raise Problem(NO_INPUT, "%s: cannot be read (%s)" % (path, error.strerror))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Problem(BAD_DATA, "%s: not the constants.json that scripts/benchmark.sh writes" % path)
    return machine, about
