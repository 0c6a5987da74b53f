"""How fast files are read, and the constants that the scaling model needs."""

import os

from .configurations import Configuration
from .measurements import say
from .samples import Sample, write_csv

FIRST_POINTS = ["-k", 1, "--init", "random_from_data", "--max-iter", 0]


def measure_hdf5(programs, scratch, gigabytes, rounds):
    """gmmpi's reading of a cached HDF5 file, and the same bytes read by as many plain processes into fresh memory."""
    d = 128
    configuration = Configuration("spherical", max(1000, int(gigabytes * 1e9 / (8 * d))), d, 1)
    say("  HDF5 of %.2g GB" % gigabytes)
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


def measure_csv(programs, scratch, megabytes, rounds):
    """Text parsed by one process, and by one rank per core."""
    path = scratch.path("points.csv")
    say("  CSV of %g MB" % megabytes)
    n_bytes = write_csv(path, 2000, 8, megabytes)
    result = {"bytes": n_bytes, "rounds": []}
    programs.fit(path, *FIRST_POINTS)
    for _ in range(rounds):
        alone = programs.fit(path, *FIRST_POINTS)
        together = programs.fit(path, *FIRST_POINTS, ranks=programs.cores)
        result["rounds"].append({"alone": alone["seconds"]["read"], "together": together["seconds"]["read"]})
    os.remove(path)
    return result


def measure_allreduce(programs, quick):
    """The Allreduce alone at several sizes: on as many ranks as cores, and on twice as many, which share cores."""
    sizes = [8, 1024, 16384, 131072] + ([] if quick else [1048576, 8388608, 33554432])
    measured = [programs.allreduce(programs.cores, sizes)]
    if not quick:
        measured.append(programs.allreduce(2 * programs.cores, sizes[:5]))
    return measured


def measure_repeated(programs, scratch, quick):
    """What every rank does once per iteration, whatever its share of the points: all but the E-step, on one process."""
    measured = []
    for d in (8, 16) if quick else (32, 128):
        configuration = Configuration("full", 64 * d, d, 8)
        sample = Sample(configuration, scratch.path("sample"))
        run = programs.iterate(sample, 10)
        seconds = run["seconds_per_iteration"] - run["seconds"]["e_step"] / (run["n_iter"] + 1)
        measured.append({"d": d, "K": configuration.K, "seconds": seconds})
        scratch.clear()
    return measured
