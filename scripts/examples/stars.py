#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Proper motions of a million stars, simulated, for the worked example docs/examples/stars.md.

    stars.py simulate STARS                writes stars.csv and truth.h5
    stars.py judge MODEL.h5 SHARES.h5      cluster members by responsibility, against the truth
    stars.py draw MODEL.h5 SHARES.h5       pictures/stars.png

What makes them like real ones:
- A field star's proper motion is its velocity across the sky over 4.74 times its distance in kpc, less the sun's, so that near stars move fast
  and the distribution has heavy tails. Velocities are those of thin and thick disc and halo (Bensby, Feltzing, Oey 2014, A&A 562, A71).
- The cluster is like Messier 67: at 0.86 kpc, moving by (-10.97, -2.91) mas a year, 0.8 km/s wide (Gao 2018, ApJ 869, 9, who finds its
  members by a Gaussian mixture; Cantat-Gaudin et al. 2018, A&A 618, A93).
- Errors of single stars grow with magnitude as in Gaia's third release: 0.02 mas a year at G = 14, 0.07 at 17, 0.5 at 20 (Lindegren et al. 2021,
  A&A 649, A2, table 4).
Members by proper motion are an old use of mixtures: Vasilevskis et al. 1958; Sanders 1971, A&A 14, 226.
"""

import sys

from shared import OUTLINE, colours, ellipse, h5py, np, plt, save

MEMBERS_PER_ROOT = 4  # of n stars 4 sqrt(n) are in the cluster, so that there is one in a small sample, too
CLUSTER_MOTION, CLUSTER_DISTANCE, CLUSTER_SPREAD = (-10.97, -2.91), 0.86, 0.8
# share, velocities across the sky less the sun's (km/s, along right ascension and declination), their spreads, mean distance (kpc)
FIELD = [(0.86, (-4, -16), (34, 27), 2.2), (0.13, (-8, -48), (62, 45), 2.8), (0.01, (-20, -190), (130, 95), 5.0)]
MAGNITUDES, ERRORS = (11, 14, 15, 16, 17, 18, 19, 20, 21), (0.02, 0.02, 0.03, 0.045, 0.07, 0.12, 0.22, 0.5, 1.4)
WELL_MEASURED = 0.1  # mas a year


def magnitudes_of(generator, n, slope):
    """Magnitudes from 11 to 20.5, of which there are 10^slope times as many at each one fainter."""
    rate = slope * np.log(10)
    return 11 + np.log1p(generator.random(n) * np.expm1(9.5 * rate)) / rate


def simulate(n):
    generator = np.random.default_rng(67)
    members = MEMBERS_PER_ROOT / np.sqrt(n)
    kinds = generator.choice(4, n, p=[members] + [(1 - members) * share for share, *_ in FIELD])
    motion, magnitude = np.empty((n, 2)), np.empty(n)
    for kind in range(4):
        mine = kinds == kind
        count = mine.sum()
        if kind == 0:
            motion[mine] = generator.normal(CLUSTER_MOTION, CLUSTER_SPREAD / (4.74 * CLUSTER_DISTANCE), (count, 2))
            magnitude[mine] = magnitudes_of(generator, count, 0.12)
        else:
            _, velocity, spread, distance = FIELD[kind - 1]
            away = generator.gamma(3, distance / 3, count) + 0.05
            motion[mine] = generator.normal(velocity, spread, (count, 2)) / (4.74 * away[:, None])
            magnitude[mine] = magnitudes_of(generator, count, 0.2)
    error = np.exp(np.interp(magnitude, MAGNITUDES, np.log(ERRORS))) * np.exp(generator.normal(0, 0.1, n))
    observed = motion + generator.normal(size=(n, 2)) * error[:, None]
    good = error < WELL_MEASURED
    table = np.column_stack([observed, error, magnitude, good])
    np.savetxt("stars.csv", table, delimiter=",", header="pmra,pmdec,pm_error,G,well_measured", comments="", fmt="%.4f,%.4f,%.4f,%.3f,%d")
    with h5py.File("truth.h5", "w") as file:
        file["member"] = kinds == 0
    print("%d stars, %d of them in the cluster; %d are well measured, %d of these in the cluster" % (
        n, (kinds == 0).sum(), good.sum(), (good & (kinds == 0)).sum()))


def cluster_of(model):
    """The component that is the cluster: the one that covers the smallest area."""
    with h5py.File(model, "r") as file:
        weights, means, covariances = file["weights"][:], file["means"][:], file["covariances"][:]
    k = int(np.argmin(np.linalg.det(covariances)))
    return k, weights[k], means[k], covariances[k]


def read(shares, k):
    """Stars (n x 5), who is a member, and the responsibility of component k."""
    with h5py.File("stars.h5", "r") as file:
        stars = file["points"][:]
    with h5py.File("truth.h5", "r") as file:
        member = file["member"][:]
    with h5py.File(shares, "r") as file:
        share = file["responsibilities"][:, k]
    return stars, member, share


def judge(model, shares):
    k, weight, mean, covariance = cluster_of(model)
    stars, member, share = read(shares, k)
    error = stars[:, 2]
    print("component %d is the cluster: %.2f %% of the stars it was fitted to, at (%.3f, %.3f), %.3f and %.3f mas/yr wide" % (
        k, 100 * weight, *mean, *np.sqrt(np.diag(covariance))))
    print("the truth: (%.3f, %.3f), %.3f mas/yr wide without errors" % (*CLUSTER_MOTION, CLUSTER_SPREAD / (4.74 * CLUSTER_DISTANCE)))
    print("%16s %8s %8s %8s %9s %9s" % ("error (mas/yr)", "stars", "members", "found", "purity", "complete"))
    for low, high in ((0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 9)):
        here = (error >= low) & (error < high)
        found = here & (share > 0.5)
        right = (found & member).sum()
        print("%7.2f ... %-4s %8d %8d %8d %9.3f %9.3f" % (low, "" if high == 9 else "%.2f" % high, here.sum(), (here & member).sum(), found.sum(),
                                                      right / max(1, found.sum()), right / max(1, (here & member).sum())))
    good = stars[:, 4] == 1
    print("of the well measured with a responsibility above 0.5 the members should be %.1f %%, and are %.1f %%" % (
        100 * share[good & (share > 0.5)].mean(), 100 * member[good & (share > 0.5)].mean()))


def draw(model, shares):
    """All well measured stars, and those around the cluster by responsibility."""
    k, _, mean, covariance = cluster_of(model)
    stars, member, share = read(shares, k)
    good = stars[:, 4] == 1
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.9), layout="constrained")
    window = [(-25, 20), (-25, 20)]
    image = left.hist2d(stars[good, 0], stars[good, 1], bins=220, range=window, norm="log", cmap="viridis", rasterized=True)[3]
    left.annotate("the cluster", mean, (-23, 13), arrowprops={"arrowstyle": "->"}, backgroundcolor="white")
    figure.colorbar(image, ax=left, label="stars in a cell", pad=0.01)
    near = good & (np.abs(stars[:, :2] - mean) < 2).all(axis=1)
    order = np.argsort(share[near])
    dots = right.scatter(stars[near, 0][order], stars[near, 1][order], c=share[near][order], s=4, cmap="viridis_r", linewidths=0)
    for radius in (1, 2):
        right.plot(*ellipse(mean, covariance, radius), color=colours(4)[3], linewidth=1.6, path_effects=OUTLINE)
    figure.colorbar(dots, ax=right, label="probability that it is a member", pad=0.01)
    left.set_title("%d well measured stars" % good.sum())
    right.set_title("around the cluster, and its component")
    for axes in (left, right):
        axes.set(xlabel="proper motion in right ascension (mas/yr)", ylabel="in declination (mas/yr)", aspect="equal")
        axes.grid(False)
    save(figure, "stars.png")


def main():
    words = sys.argv[1:]
    if words[:1] == ["simulate"] and len(words) == 2:
        simulate(int(words[1]))
    elif words[:1] in (["judge"], ["draw"]) and len(words) == 3:
        {"judge": judge, "draw": draw}[words[0]](*words[1:])
    else:
        sys.exit(__doc__)


main()
