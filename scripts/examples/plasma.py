#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Velocities of particles as a particle-in-cell code has them, for the worked example docs/examples/plasma.md.

    plasma.py simulate PARTICLES        writes particles.h5, and cells.h5: the same as a histogram
    plasma.py correct MODEL.h5 OUT.h5   the model of the histogram less the variance within a cell
    plasma.py judge MODEL...            densities, drifts and thermal speeds, beside the truth
    plasma.py draw MODEL.h5             pictures/plasma.png

What makes them like real ones: the protons of the fast solar wind are a core, whose temperature across the magnetic field is larger than along it,
and a beam that drifts along the field at about the Alfven speed with a tenth of the density (Marsch 2006, "Kinetic physics of the solar corona and
solar wind", Living Reviews in Solar Physics 3, sec. 4). Mixtures are fitted to such distributions to tell populations apart (Dupuis et al. 2020,
ApJ 889, 22) and to store them in little room (Chen, Chacon, Nguyen 2021, J. Comput. Phys. 436, 110185)."""

import shutil
import sys

from shared import OUTLINE, colours, ellipse, h5py, np, plt, save

NAMES = ["v_parallel", "v_perp1", "v_perp2"]
# share, drift along the field, thermal speeds (standard deviations) along and across it, in Alfven speeds
TRUTH = {"core": (0.88, -0.15, 0.42, 0.62), "beam": (0.12, 1.1, 0.38, 0.45)}
WIDTH = 0.25  # of a cell


def simulate(n):
    generator = np.random.default_rng(3)
    beam = generator.random(n) < TRUTH["beam"][0]
    velocities = np.empty((n, 3))
    for name, mine in (("core", ~beam), ("beam", beam)):
        _, drift, along, across = TRUTH[name]
        velocities[mine] = generator.normal((drift, 0, 0), (along, across, across), (mine.sum(), 3))
    velocities = velocities.astype(np.float32)
    write("particles.h5", "velocities", velocities, NAMES)
    # The grid on which the code writes its distribution functions.
    edges = [np.arange(-14, 15) * WIDTH] * 3
    counts = np.histogramdd(velocities, edges)[0]
    centres = (edges[0][1:] + edges[0][:-1]) / 2
    cells = np.stack(np.meshgrid(centres, centres, centres, indexing="ij"), axis=-1).reshape(-1, 3)
    write("cells.h5", "cells", np.column_stack([cells, counts.ravel()]), NAMES + ["count"])
    print("%d particles; %d cells of width %g, %d of them with particles; %d particles are outside" % (
        n, counts.size, WIDTH, np.count_nonzero(counts), n - counts.sum()))


def write(path, name, table, columns):
    with h5py.File(path, "w") as file:
        file[name] = table
        file[name].attrs["feature_names"] = columns


def read(path):
    """Weights, means and covariances of a model, the core first."""
    with h5py.File(path, "r") as file:
        order = np.argsort(-file["weights"][:])
        return [file[name][:][order] for name in ("weights", "means", "covariances")]


def correct(path, target):
    """Sheppard's correction: points spread over a cell of width h have a variance larger by h^2/12 than the component's."""
    shutil.copy(path, target)
    with h5py.File(target, "r+") as file:
        covariances = file["covariances"][:] - np.eye(3) * WIDTH ** 2 / 12
        file["covariances"][:] = covariances
        file["precisions_cholesky"][:] = [np.linalg.inv(np.linalg.cholesky(covariance)).T for covariance in covariances]


def judge(paths):
    print("%-24s %8s %8s %8s %8s" % ("", "density", "drift", "v_th par", "v_th perp"))
    for k, name in enumerate(TRUTH):
        print("%-24s %8.4f %8.4f %8.4f %8.4f" % (name + ", truth", *TRUTH[name]))
        for path in paths:
            weights, means, covariances = read(path)
            along, *across = np.diag(covariances[k])
            print("%-24s %8.4f %8.4f %8.4f %8.4f" % (name + ", " + path, weights[k], means[k, 0], np.sqrt(along), np.sqrt(np.mean(across))))


def draw(path):
    """The cells, summed over the third direction, with ellipses; and the distribution along the field with its two parts."""
    weights, means, covariances = read(path)
    with h5py.File("cells.h5", "r") as file:
        cells = file["cells"][:]
    side = round(len(cells) ** (1 / 3))
    counts = cells[:, 3].reshape(side, side, side)
    edge = side / 2 * WIDTH
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    plane = counts.sum(axis=2).T
    image = left.imshow(np.ma.masked_equal(plane, 0), extent=(-edge, edge, -edge, edge), origin="lower", norm="log", cmap="viridis",
                        interpolation="nearest")
    grid = np.linspace(-edge, edge, 400)
    total = np.zeros_like(grid)
    for k, name in enumerate(TRUTH):
        colour = colours(5)[(4, 3)[k]]
        left.plot(*ellipse(means[k, :2], covariances[k][:2, :2], 2), color=colour, linewidth=2, path_effects=OUTLINE, label=name)
        variance = covariances[k, 0, 0]
        part = weights[k] * np.exp(-(grid - means[k, 0]) ** 2 / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        right.plot(grid, part, color=colour, label=name, linestyle=("-", "--")[k])
        total += part
    right.bar(np.unique(cells[:, 0]), counts.sum(axis=(1, 2)) / counts.sum() / WIDTH, width=WIDTH, color="#d9d9d9", edgecolor="white",
              label="histogram")
    right.plot(grid, total, color="#222222", linewidth=1, label="both")
    figure.colorbar(image, ax=left, label="particles", pad=0.01)
    left.set(xlabel="v along the field (v_A)", ylabel="v across it (v_A)", title="cells, and ellipses of two standard deviations")
    right.set(xlabel="v along the field (v_A)", ylabel="density", yscale="log", ylim=(1e-6, 2), title="along the field")
    left.legend(loc="upper left")
    right.legend(loc="upper right")
    left.grid(False)
    save(figure, "plasma.png")


def main():
    words = sys.argv[1:]
    if words[:1] == ["simulate"] and len(words) == 2:
        simulate(int(words[1]))
    elif words[:1] == ["correct"] and len(words) == 3:
        correct(*words[1:])
    elif words[:1] == ["judge"] and len(words) > 1:
        judge(words[1:])
    elif words[:1] == ["draw"] and len(words) == 2:
        draw(words[1])
    else:
        sys.exit(__doc__)


main()
