# SPDX-License-Identifier: BSD-3-Clause
"""How fast files are read, and the constants that the scaling model needs."""

import os

from .configurations import Configuration
from .measurements import say
from .samples import Sample, write_csv

FIRST_POINTS = ["-k", 1, "--init", "random_from_data", "--max-iter", 0]


def measure_hdf5(programs, scratch, wanted_bytes, rounds):
    """gmmpi's reading of a cached HDF5 file, and the same bytes read by as many plain processes into fresh memory."""
    d = 128
    configuration = Configuration("spherical", int(wanted_bytes / (8 * d)), d, 1)
    say("  HDF5 of %.3g GB" % (wanted_bytes / 1e9))
    sample = Sample(configuration, scratch.path("sample"))
    n_bytes = 8 * configuration.n * d
    result = {"bytes": n_bytes, "rounds": []}
    programs.plain_read(sample.points, sample.offset, n_bytes)
    for _ in range(rounds):
        plain = programs.plain_read(sample.points, sample.offset, n_bytes)
        run = programs.fit(sample.points, *FIRST_POINTS, ranks=programs.cores)
        result["rounds"].append({"plain": plain, "gmmpi": run["seconds"]["read"]})
    scratch.clear()
    return result


def measure_csv(programs, scratch, wanted_bytes, rounds):
    """Text parsed by one process, and by one rank per core."""
    path = scratch.path("points.csv")
    say("  CSV of %.3g MB" % (wanted_bytes / 1e6))
    n_bytes = write_csv(path, 2000, 8, wanted_bytes)
    result = {"bytes": n_bytes, "rounds": []}
    programs.fit(path, *FIRST_POINTS)
    for _ in range(rounds):
        alone = programs.fit(path, *FIRST_POINTS)
        together = programs.fit(path, *FIRST_POINTS, ranks=programs.cores)
        result["rounds"].append({"alone": alone["seconds"]["read"], "together": together["seconds"]["read"]})
    os.remove(path)
    return result


def measure_reading(programs, scratch, sizes, rounds):
    return {"hdf5": measure_hdf5(programs, scratch, sizes.hdf5_bytes, rounds),
            "csv": measure_csv(programs, scratch, sizes.csv_bytes, rounds)}


def measure_repeated(programs, scratch, features):
    """What every rank does once per iteration, whatever its share of the points: all but the E-step, on one process."""
    measured = []
    for d in features:
        configuration = Configuration("full", 64 * d, d, 8)
        sample = Sample(configuration, scratch.path("sample"))
        run = programs.iterate(sample, 10)
        seconds = run["seconds_per_iteration"] - run["seconds"]["e_step"] / (run["n_iter"] + 1)
        measured.append({"d": d, "K": configuration.K, "seconds": seconds})
        scratch.clear()
    return measured


def measure_scaling(programs, scratch, sizes):
    """What the scaling model needs besides: the Allreduce alone, on as many ranks as cores, and the repeated work."""
    say("  Allreduce, and what every rank repeats")
    return {"allreduce": programs.allreduce(programs.cores, sizes.messages),
            "repeated": measure_repeated(programs, scratch, sizes.repeated)}
