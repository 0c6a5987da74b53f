#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long does it take to assign points to the nearest of many centres?

    compare_assignment.py GMMPI [--rows N] [--features D] [--centres K] [--rounds N]

gmmpi: an E-step, which `gmmpi predict` makes with a mixture of one variance (EII): distances in double precision, the probabilities
of all components from them, and the most probable one; the whole command counts, with reading and writing, and beside it the
same with a single centre, which is what is not the E-step. faiss: IndexFlatL2 in single precision. scikit-learn: KMeans.predict
in double and in single precision. All in turn, in several rounds, with one thread; prints medians in seconds and GFLOP/s of
2 n d K operations. Needs numpy, h5py, scikit-learn and faiss (python3-faiss).
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
import numpy as np


def parse():
    parser = argparse.ArgumentParser(description="How long does it take to assign points to the nearest of many centres?")
    parser.add_argument("program", metavar="GMMPI", help="the program gmmpi")
    parser.add_argument("--rows", metavar="N", type=int, default=100_000, help="points (default: 100000)")
    parser.add_argument("--features", metavar="D", type=int, default=128, help="(default: 128)")
    parser.add_argument("--centres", metavar="K", type=int, default=1024, help="(default: 1024)")
    parser.add_argument("--rounds", metavar="N", type=int, default=5, help="(default: 5)")
    return parser.parse_args()


def run(*command):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def fit(program, points, k, model):
    """A mixture of k components of one variance, after an iteration from k of the points."""
    run(program, "fit", points, "-k", str(k), "--covariance", "EII", "--init", "random_from_data", "--no-coarse-to-fine",
        "--max-iter", "1", "--checkpoint", "none", "-q", "-o", model)


def make_points(path, arguments):
    """Overlapping clusters, as many as centres."""
    generator = np.random.default_rng(1)
    centres = 0.1 * generator.normal(size=(arguments.centres, arguments.features))
    points = centres[generator.integers(arguments.centres, size=arguments.rows)]
    points += generator.normal(size=points.shape)
    np.save(path, points)
    return points


def contestants(arguments, folder):
    import faiss
    import h5py
    from sklearn.cluster import KMeans
    faiss.omp_set_num_threads(1)
    data, output = os.path.join(folder, "points.npy"), os.path.join(folder, "labels.h5")
    models = [os.path.join(folder, name) for name in ("many.h5", "one.h5")]
    points = make_points(data, arguments)
    for model, k in zip(models, (arguments.centres, 1)):
        fit(arguments.program, data, k, model)
    with h5py.File(models[0], "r") as file:
        centres = file["means"][:]
    single = points.astype(np.float32)
    index = faiss.IndexFlatL2(arguments.features)
    index.add(centres.astype(np.float32))
    of_kind = {}
    for kind, start in (("double", centres), ("single", centres.astype(np.float32))):
        some = points[:2 * arguments.centres].astype(start.dtype)
        of_kind[kind] = KMeans(arguments.centres, init=start, n_init=1, max_iter=1).fit(some)
        of_kind[kind].cluster_centers_ = start

    def timed(call):
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    def predict(model):
        return run(arguments.program, "predict", model, data, "-o", output, "--threads", "1", "-q")

    return {"gmmpi predict": lambda: predict(models[0]),
            "gmmpi predict, one centre": lambda: predict(models[1]),
            "faiss, single precision": lambda: timed(lambda: index.search(single, 1)),
            "scikit-learn, single precision": lambda: timed(lambda: of_kind["single"].predict(single)),
            "scikit-learn": lambda: timed(lambda: of_kind["double"].predict(points))}


def main():
    arguments = parse()
    operations = 2e-9 * arguments.rows * arguments.features * arguments.centres
    with tempfile.TemporaryDirectory() as folder:
        calls = contestants(arguments, folder)
        seconds = {name: [] for name in calls}
        for _ in range(arguments.rounds):
            for name, call in calls.items():
                seconds[name].append(call())
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    medians["gmmpi, the E-step (the difference)"] = medians["gmmpi predict"] - medians["gmmpi predict, one centre"]
    print("| %d points, %d features, %d centres | s | GFLOP/s |\n|---|---|---|" % (arguments.rows, arguments.features,
                                                                                arguments.centres))
    for name, value in medians.items():
        print("| %s | %.3f | %s |" % (name, value, "" if "one centre" in name else "%.1f" % (operations / value)))


if __name__ == "__main__":
    main()
