#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi fit --by against a loop over scikit-learn's GaussianMixture, and against one fit of as many points and iterations.

Makes groups of points, fits a mixture to each, and prints groups per second, by the clock and by processor time, which other jobs on
the machine disturb less. scikit-learn fits some of the groups only; with its defaults, and once more with one thread, which is
faster for so few points.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile

import h5py
import numpy

LOOP = """
import sys, time
import numpy
from sklearn.mixture import GaussianMixture
points = numpy.load(sys.argv[1])
GaussianMixture({k}).fit(points[0])
wall, processor = time.perf_counter(), time.process_time()
for group in points:
    GaussianMixture({k}).fit(group)
print((time.perf_counter() - wall) / len(points), (time.process_time() - processor) / len(points))
"""


def make_groups(n_groups, n_points, n_features, k, seed=1):
    """n_groups x n_points x n_features: each from a mixture of its own."""
    draw = numpy.random.default_rng(seed)
    centres = 3 * draw.normal(size=(n_groups, k, n_features))
    which = draw.integers(k, size=(n_groups, n_points, 1))
    return numpy.take_along_axis(centres, which, axis=1) + draw.normal(size=(n_groups, n_points, n_features))


def time_of_loop(points, k, folder, threads=None):
    """Seconds of a group: by the clock, and of the processors."""
    path = os.path.join(folder, "some.npy")
    numpy.save(path, points)
    environment = dict(os.environ)
    if threads:
        environment.update(OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    run = subprocess.run([sys.executable, "-c", LOOP.format(k=k), path], env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return [float(word) for word in run.stdout.split()]


def gmmpi(words, ranks, launcher):
    """The summary of a fit, and the seconds of processors that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([*launcher.split(), "-n", str(ranks), *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(run.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gmmpi", help="the program")
    parser.add_argument("--groups", type=int, default=20000)
    parser.add_argument("--points", type=int, default=200, help="of each group")
    parser.add_argument("--features", type=int, default=3)
    parser.add_argument("-k", type=int, default=3)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--loop", type=int, default=300, help="groups that scikit-learn fits")
    parser.add_argument("--mpirun", default="mpirun --oversubscribe")
    parser.add_argument("--options", default="--no-coarse-to-fine --tol 1e-3", help="of gmmpi fit")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        points = make_groups(choice.groups, choice.points, choice.features, choice.k)
        data = os.path.join(folder, "groups.h5")
        with h5py.File(data, "w") as file:
            keys = numpy.repeat(numpy.arange(choice.groups), choice.points)[:, None]
            file["points"] = numpy.concatenate([points.reshape(-1, choice.features), keys], axis=1)
        columns = f"1-{choice.features}"
        words = [choice.gmmpi, "fit", data, "--columns", columns, "-k", str(choice.k), "-q", "-o", os.path.join(folder, "m.h5")]
        options = choice.options.split()

        default = time_of_loop(points[:choice.loop], choice.k, folder)
        one_thread = time_of_loop(points[:choice.loop], choice.k, folder, threads=1)
        by, processor = gmmpi([*words, *options, "--by", str(choice.features + 1)], choice.ranks, choice.mpirun)
        rate = by["groups_per_second"]
        print(f"{choice.groups} groups of {choice.points} points, {choice.features} features, K = {choice.k}; {' '.join(options)}")
        print(f"gmmpi, {choice.ranks} ranks:           {rate:10.0f} groups/s; {1e6 * processor / choice.groups:8.0f} us of processors a group, all included")
        for name, (wall, cpu) in (("its defaults", default), ("one thread", one_thread)):
            print(f"scikit-learn, {name:13s} {1 / wall:10.0f} groups/s; {1e6 * cpu:8.0f} us of processors a group"
                  f" -> {rate * wall:.0f} times by the clock")

        iterations = round(by["iterations"] / choice.groups)
        one, _ = gmmpi([*words, "--no-coarse-to-fine", "--tol", "0", "--max-iter", str(iterations), "--accelerate", "none"], choice.ranks, choice.mpirun)
        seconds = one["seconds"]["total"] - one["seconds"]["read"]
        print(f"one fit of all points, {iterations} iterations: {seconds:.2f} s; groups, {by['iterations'] / choice.groups:.2f} iterations on average:"
              f" {by['seconds']['fit']:.2f} s, {by['seconds']['fit'] / seconds:.2f} times as long")


if __name__ == "__main__":
    main()
