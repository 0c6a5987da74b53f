# SPDX-License-Identifier: BSD-3-Clause
"""The fixed set of fits by which two builds are compared: small, but each with a path through the program of its own."""

import collections
import json
import os

import h5py
import numpy as np

FAMILIES = ("full", "tied", "diag", "spherical")
METHODS = ("kmeans", "k-means++", "random_from_data", "random")
SMALL = 2400  # rows of the table that is there as every kind of file

# words: arguments of the program. ranks: None starts it without mpirun. how: "run"; "stream": with about the smallest memory limit
# that is not refused; "stop", "kill", "stop early": interrupted and then restarted at `restart_ranks`. status: what it must end with.
Step = collections.namedtuple("Step", "words ranks how restart_ranks status")
Case = collections.namedtuple("Case", "name steps")


def step(*words, ranks=None, how="run", restart_ranks=None, status=0):
    return Step([str(word) for word in words], ranks, how, restart_ranks, status)


def fit(data, k, *words, **more):
    """With everything that a fit can leave: model.h5, labels.h5, log.csv and the summary."""
    return step("fit", "data/" + data, "-k", k, *words, "-o", "model.h5", "--labels", "labels.h5", "--log", "log.csv", "--json", "-q", **more)


# --- data --------------------------------------------------------------------------------


def clusters(seed, n, d, k, spread):
    """n x d: `k` normal clusters, whose centres are `spread` deviations apart or so."""
    generator = np.random.default_rng(seed)
    centres = spread * generator.normal(size=(k, d))
    scales = generator.uniform(0.6, 1.5, size=(k, d))
    labels = generator.integers(k, size=n)
    return centres[labels] + scales[labels] * generator.normal(size=(n, d)), labels


def write_text(path, rows, names, delimiter=","):
    with open(path, "w") as file:
        file.write(delimiter.join(names) + "\n")
        for row in rows:
            file.write(delimiter.join("" if value != value else repr(float(value)) for value in row) + "\n")


def write_hdf5(path, **sets):
    """Each set is (points, options of its storage)."""
    with h5py.File(path, "w") as file:
        for name, (points, options) in sets.items():
            file.create_dataset(name, data=points, **options)


def write_start(path, points, labels, k, family):
    """Parameters of labelled points, as JSON."""
    groups = [points[labels == j] for j in range(k)]
    full = np.array([np.cov(group.T) for group in groups])
    shapes = {"full": full, "tied": full.mean(axis=0), "diag": np.diagonal(full, axis1=1, axis2=2), "spherical": np.trace(full, axis1=1, axis2=2) / 4}
    with open(path, "w") as file:
        json.dump({"weights": [1 / k] * k, "means": [(group.mean(axis=0) + 0.3).tolist() for group in groups],
                   "covariances": shapes[family].tolist()}, file)


def write_data(folder):
    def path(name):
        return os.path.join(folder, name)

    points, labels = clusters(1, SMALL, 4, 4, 1.5)
    names = ["length", "width", "height", "weight"]
    np.save(path("small.npy"), points)
    np.save(path("columns.npy"), np.asfortranarray(points))
    np.save(path("big_endian.npy"), points.astype(">f4"))
    write_text(path("small.csv"), points, names)
    write_text(path("small.tsv"), points, names, "\t")
    write_hdf5(path("small.h5"), plain=(points, {}), chunked=(points, dict(chunks=(700, 3))),
               packed=(points.astype("f4"), dict(chunks=(500, 4), compression="gzip", shuffle=True)))
    for number, part in enumerate(np.array_split(points, [100, 101, 1500])):
        write_hdf5(path("part-%d.h5" % number), points=(part, {}))
    missing = points.copy()
    missing[np.random.default_rng(2).integers(SMALL, size=90), np.arange(90) % 4] = np.nan
    np.save(path("missing.npy"), missing)
    write_text(path("missing.csv"), missing, names)
    np.save(path("five_rows.npy"), points[:5, :2])
    for family in FAMILIES:
        write_start(path(family + ".json"), points, labels, 4, family)
    write_text(path("start_labels.csv"), np.where(np.arange(SMALL) % 7 == 0, 3, labels)[:, None].tolist(), ["label"])
    np.save(path("levels.npy"), clusters(3, 200_000, 2, 8, 2.5)[0])
    wide = clusters(4, 150_000, 16, 3, 1.0)[0]
    np.save(path("wide.npy"), wide)
    write_hdf5(path("wide.h5"), plain=(wide, {}), packed=(wide, dict(chunks=(5000, 16), compression="gzip", compression_opts=1)))
    with open(path("far.json"), "w") as file:
        json.dump({"weights": [0.4, 0.3, 0.3], "means": [[place] * 16 for place in (0.0, 1e5, -1e5)], "covariances": [np.eye(16).tolist()] * 3}, file)
    np.save(path("slow.npy"), clusters(5, 60_000, 4, 6, 1.0)[0])
    write_collapses(path)


def write_collapses(path):
    generator = np.random.default_rng(6)
    np.save(path("sixty.npy"), generator.normal(size=(60, 2)))
    np.save(path("places.npy"), np.repeat([[0.0, 1.0], [2.0, 3.0], [5.0, -1.0]], 20, axis=0))
    lost = {"weights": [0.2] * 5, "means": [[0, 0], [1, 1], [-1, 1], [1e5, 1e5], [-1e5, 1e5]], "covariances": [np.eye(2).tolist()] * 5}
    with open(path("lost.json"), "w") as file:
        json.dump(lost, file)


# --- fits --------------------------------------------------------------------------------


def starts():
    """Every family from every start."""
    for family in FAMILIES:
        for method in METHODS:
            yield "%s %s" % (family, method), [fit("small.csv", 4, "--covariance", family, "--init", method, "--seed", 3)]
        yield family + " JSON", [fit("small.csv", 4, "--covariance", family, "--init", "data/%s.json" % family)]
        yield family + " labels", [fit("small.csv", 4, "--covariance", family, "--init", "data/start_labels.csv")]
        first = step("fit", "data/small.csv", "-k", 4, "--covariance", family, "--init", "random", "--max-iter", 3, "-o", "first.h5", "-q")
        yield family + " model", [first, fit("small.csv", 4, "--covariance", family, "--init", "first.h5"), step("info", "model.h5", "--json")]
    yield "identity", [fit("small.csv", 4, "--init", "random_from_data", "--init-covariance", "identity")]
    yield "one component", [fit("small.csv", 1)]
    for method in METHODS[:2]:
        yield method + " without levels", [fit("levels.npy", 4, "--init", method, "--no-coarse-to-fine", "--max-iter", 4)]


def kinds():
    """The same points in every kind of file."""
    files = ("small.csv", "small.tsv", "small.npy", "columns.npy", "big_endian.npy", "small.h5:/plain", "small.h5:/chunked", "small.h5:/packed", "part-*.h5")
    for number, name in enumerate(files):
        yield name, [fit(name, 4, "--init", "k-means++", "--max-iter", 10, ranks=(None, 2, 3)[number % 3]), step("info", "data/" + name, "--json")]
    yield "columns by name", [fit("small.csv", 3, "--columns", "weight,length", "--init", "random", "--max-iter", 10, ranks=2)]
    yield "columns by number", [fit("columns.npy", 3, "--columns", "2-4")]


def ranks():
    """Any number of ranks and threads. Few passes, as ranks that share a core wait long for each other in every one."""
    few = ("--init", "k-means++", "--max-iter", 4)
    for count in (1, 2, 3, 7):
        for threads in (1, 2):
            yield "%d ranks %d threads" % (count, threads), [fit("levels.npy", 5, *few, "--no-coarse-to-fine", "--threads", threads, ranks=count)]
    for family in FAMILIES:
        yield "7 ranks " + family, [fit("small.npy", 4, *few, "--covariance", family, "--no-coarse-to-fine", ranks=7)]
        yield "3 ranks wide " + family, [fit("wide.npy", 3, *few, "--covariance", family, "--threads", 2, ranks=3)]
    yield "search 2 ranks", [fit("small.npy", 4, "--max-iter", 20, "--accelerate", "none", ranks=2)]
    yield "search 3 ranks with levels", [fit("levels.npy", 3, "--max-iter", 4, ranks=3)]
    yield "more ranks than rows", [fit("five_rows.npy", 2, "--init", "random_from_data", ranks=7)]


def levels():
    """Coarse to fine and acceleration, together and alone."""
    for family in FAMILIES:
        yield family, [fit("levels.npy", 8, "--covariance", family, "--init", "random_from_data", "--max-iter", 20, ranks=2)]
    yield "of few points", [fit("small.npy", 4, "--coarse-to-fine")]
    for method in ("none", "anderson", "squarem", "auto"):
        yield "accelerate %s with levels" % method, [fit("levels.npy", 8, "--init", "k-means++", "--accelerate", method, "--max-iter", 60)]
        for family in ("full", "diag"):
            yield "accelerate %s %s" % (method, family), [fit("small.npy", 6, "--covariance", family, "--accelerate", method, "--init", "random",
                                                              "--tol", "1e-9", "--max-iter", 400, "--no-coarse-to-fine")]
    yield "tol 0", [fit("small.npy", 5, "--tol", 0, "--max-iter", 120, "--seed", 4)]


def streamed():
    """Points that do not fit into the memory limit."""
    short = ("--init", "random_from_data", "--no-coarse-to-fine", "--max-iter", 3)
    few = ("--init", "k-means++", "--max-iter", 4)
    yield "npy", [fit("wide.npy", 3, how="stream")]
    yield "npy 2 ranks 2 threads", [fit("wide.npy", 3, *few, "--threads", 2, how="stream", ranks=2)]
    yield "hdf5 3 ranks", [fit("wide.h5:/plain", 3, *few, how="stream", ranks=3)]
    yield "hdf5 packed 2 ranks", [fit("wide.h5:/packed", 3, *few, how="stream", ranks=2)]
    yield "single", [fit("wide.h5:/plain", 3, "--precision", "single", how="stream")]
    yield "squarem", [fit("wide.npy", 5, "--init", "random", "--accelerate", "squarem", "--no-coarse-to-fine", "--max-iter", 12, how="stream")]
    yield "collapses", [fit("wide.npy", 3, "--init", "data/far.json", "--max-iter", 3, how="stream", ranks=2)]
    yield "no scratch", [fit("wide.h5:/plain", 3, "--scratch", "none", *few, how="stream", ranks=2)]
    for family in FAMILIES[1:]:
        yield family, [fit("wide.npy", 3, "--covariance", family, *short, how="stream")]
    for method in METHODS:
        yield method, [fit("wide.npy", 3, "--init", method, *short[2:], how="stream")]


def precision():
    for family in FAMILIES:
        yield family, [fit("small.csv", 4, "--precision", "single", "--covariance", family, "--init", "k-means++")]
    yield "levels", [fit("levels.npy", 8, "--precision", "single", "--init", "k-means++", "--max-iter", 10, ranks=2)]
    yield "hdf5", [fit("wide.h5:/packed", 3, "--precision", "single", "--threads", 2)]


def missing():
    yield "csv", [fit("missing.csv", 4, "--missing", "drop", "--init", "k-means++", ranks=2), predict("missing.csv", "out.h5", "--missing", "drop", ranks=3)]
    yield "npy", [fit("missing.npy", 4, "--missing", "drop", "--init", "random_from_data", "--max-iter", 20, "--labels", "labels.csv", ranks=3)]
    yield "refused", [step("fit", "data/missing.csv", "-k", 4, "-o", "model.h5", "-q", status=65)]


def collapses():
    """Components that are put elsewhere, dropped or refused."""
    for policy in ("reseed", "drop"):
        yield "lost " + policy, [fit("sixty.npy", 5, "--init", "data/lost.json", "--on-collapse", policy, ranks=2)]
        for family in FAMILIES:
            yield "thin %s %s" % (family, policy), [fit("places.npy", 3, "--covariance", family, "--reg-covar", 0, "--on-collapse", policy, "--max-iter", 50)]
        for method in ("kmeans", "random"):
            yield "thirty of sixty %s %s" % (method, policy), [fit("sixty.npy", 30, "--init", method, "--reg-covar", 0, "--on-collapse", policy, "--max-iter", 30)]
        yield "accelerated " + policy, [fit("sixty.npy", 12, "--init", "k-means++", "--accelerate", "anderson", "--on-collapse", policy, "--max-iter", 80)]
    yield "error", [step("fit", "data/sixty.npy", "-k", 5, "--init", "data/lost.json", "--on-collapse", "error", "-o", "model.h5", "-q", status=65)]
    for word in ("avoid", "keep"):
        yield "spurious " + word, [fit("sixty.npy", 6, "--spurious", word)]


def restarts():
    """Interrupted somewhere in the middle, and restarted from the checkpoint of the same build."""
    long = ("--tol", 0, "--max-iter", 40)
    yield "stopped alone", [fit("slow.npy", 6, *long, how="stop")]
    yield "stopped 2 ranks to 3", [fit("slow.npy", 6, *long, "--init", "random", ranks=2, how="stop", restart_ranks=3)]
    yield "killed alone to 2 ranks", [fit("slow.npy", 6, *long, "--checkpoint-every", 1, how="kill", restart_ranks=2)]
    yield "killed behind the log", [fit("slow.npy", 6, *long, "--checkpoint-every", 4, "--init", "k-means++", how="kill")]
    for method in ("none", "squarem"):
        yield "stopped " + method, [fit("slow.npy", 6, *long, "--accelerate", method, "--init", "random_from_data", "--covariance", "diag", how="stop")]
    yield "stopped tied", [fit("slow.npy", 6, *long, "--covariance", "tied", ranks=2, how="stop", restart_ranks=1)]
    yield "stopped spherical", [fit("slow.npy", 6, *long, "--covariance", "spherical", "--precision", "single", how="stop")]
    yield "stopped while streaming", [fit("wide.npy", 3, "--tol", 0, "--max-iter", 15, "--init", "random_from_data", how="stream, stop", restart_ranks=2)]
    yield "stopped in the search", [fit("levels.npy", 8, "--max-iter", 20, how="stop early")]
    yield "killed in the search", [fit("levels.npy", 8, "--max-iter", 20, "--checkpoint-every", 1, how="kill early")]


def n_init():
    """May change with what --n-init draws: leave them out with --only where that is meant."""
    for method in METHODS:
        yield method, [fit("small.npy", 4, "--n-init", 3, "--init", method, "--seed", 5)]
    yield "levels 2 ranks", [fit("levels.npy", 5, "--n-init", 3, "--init", "k-means++", "--max-iter", 5, ranks=2)]
    yield "streamed", [fit("wide.npy", 3, "--n-init", 3, "--init", "random_from_data", "--max-iter", 5, how="stream")]
    yield "stopped", [fit("slow.npy", 6, "--tol", 0, "--max-iter", 15, "--n-init", 3, "--init", "random", how="stop", restart_ranks=2)]


def predict(data, out, *words, **more):
    return step("predict", "model.h5", "data/" + data, "-o", out, "--responsibilities", "--log-density", "--json", "-q", *words, **more)


def applied():
    """What is made of a model: predictions, samples, its JSON; and converted files."""
    for family in FAMILIES:
        yield "predict sample info " + family, [
            step("fit", "data/small.csv", "-k", 4, "--covariance", family, "--init", "k-means++", "-o", "model.h5", "-q"),
            predict("small.csv", "out.h5", ranks=3), predict("small.npy", "out.csv"), predict("small.h5:/packed", "packed.h5", "--compress", 4, ranks=2),
            step("sample", "model.h5", "-n", 5000, "--seed", 7, "-o", "sample.h5", "-q", ranks=2),
            step("sample", "model.h5", "-n", 300, "-o", "sample.csv", "-q"), step("info", "model.h5", "--json")]
    first = step("fit", "data/wide.npy", "-k", 3, "--init", "random_from_data", "--max-iter", 2, "-o", "model.h5", "-q")
    yield "predict streamed", [first, predict("wide.npy", "out.h5", how="stream", ranks=2), predict("wide.h5:/packed", "threads.h5", "--threads", 2)]
    yield "convert", [step("convert", "data/small.csv", "out.h5", "--json", "-q", ranks=2), step("info", "out.h5", "--json"),
                      step("convert", "data/columns.npy", "single.h5", "--precision", "single", "--compress", 3, "-q", ranks=3),
                      step("convert", "data/missing.csv", "kept.h5", "--missing", "drop", "--columns", "4,1-2", "-q"),
                      step("convert", "data/part-*.h5", "joined.h5", "-q")]


GROUPS = {"starts": starts, "kinds": kinds, "ranks": ranks, "levels": levels, "streamed": streamed, "precision": precision, "missing": missing,
          "collapses": collapses, "restarts": restarts, "n-init": n_init, "applied": applied}


def all_cases():
    return [Case("%s: %s" % (group, name), steps) for group, cases in GROUPS.items() for name, steps in cases()]
