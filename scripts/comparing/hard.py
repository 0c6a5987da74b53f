# SPDX-License-Identifier: BSD-3-Clause
"""What a hard problem's goal is, and what gmmpi makes of it.

The goal is the best of textbook EM (plain_em.py) from 20 k-means++ starts and from the true partition. Two are kept: the best
of all, and the best whose components all rest on enough points; the task says which is asked for.
"""

import json
import subprocess

import numpy as np

from plotting.mixture import read_mixture
from plotting.problem import Problem

from . import plain_em

REACHED = 1e-3  # below the goal, per point
FIRST = dict(tolerance=1e-6, max_iter=1000)
LAST = dict(tolerance=1e-8, max_iter=3000)


def fingerprint(points):
    """Of the data, in spite of rounding."""
    values = np.asarray(points, dtype=float)
    largest = np.abs(values).max() or 1.0
    return "%dx%d " % values.shape + "%.5g %.5g %.5g" % (largest, np.abs(values / largest).mean(), np.median(values / largest))


def starts_of(task, table, labels):
    """Responsibilities to start from: the truth, then k-means++ in the data's own units and in units of deviations, turn about."""
    if labels is not None:
        yield "truth", plain_em.from_labels(table, labels)
    random = np.random.default_rng(len(task.name))
    own = table.scale / table.scale.max()
    deviations = np.sqrt(np.maximum(table.weights @ (table.x - table.weights @ table.x) ** 2, 1e-300))
    for start in range(task.starts):
        units = own if start % 2 == 0 else 1 / deviations
        shares = plain_em.plus_plus(table, task.k, units, random)
        if start % 4 > 1:
            shares = plain_em.lloyd(table, shares, units, 20)
        yield "start %d" % start, shares


def sounder_starts(task, table, found, labels):
    """Starts for a sound model where the best is spurious: components of few rows get a random part of the others' rows, too."""
    random = np.random.default_rng(1 + len(task.name))
    bases = [found] + ([] if labels is None else [plain_em.from_labels(table, labels)])
    for attempt in range(10):
        shares = bases[attempt % len(bases)].copy()
        few = np.flatnonzero(shares.T @ table.counts < 2 * (table.d + 1))
        if len(few):
            moved = random.random(len(shares)) < (0.5, 0.2, 0.05)[attempt // 2 % 3]
            shares[moved] = np.eye(shares.shape[1])[random.choice(few, moved.sum())]
        else:
            shares = plain_em.plus_plus(table, task.k, np.ones(table.d) * table.scale, random)
        yield "sounder %d" % attempt, shares


def reference(task, points, labels):
    """best, sound: each value, rows and distinct points the least component rests on, where it started; or None."""
    table = plain_em.Table(points, task.reg_covar)
    found = {"best": None, "sound": None}

    def note(word, shares, wanted=("best", "sound")):
        done = plain_em.run(table, shares, task.covariance, **FIRST)
        if done is None:
            return
        kinds = ["best"] + ["sound"] * (not plain_em.is_spurious(table, done[2], task.covariance))
        for kind in kinds:
            if kind in wanted and (found[kind] is None or done[0] > found[kind][0][0] + 1e-6):
                found[kind] = done, word

    for word, shares in starts_of(task, table, labels):
        note(word, shares)
    best = found["best"]
    if best is not None and (found["sound"] is None or found["sound"][1] != best[1]):
        for word, shares in sounder_starts(task, table, best[0][2], labels):
            note(word, shares, ["sound"])
    for kind, entry in found.items():
        if entry is None:
            continue
        done, word = entry
        last = plain_em.run(table, done[2], task.covariance, **LAST)
        if last is not None and (kind == "best" or not plain_em.is_spurious(table, last[2], task.covariance)):
            done = last
        rows, distinct = plain_em.least_support(table, done[2])
        found[kind] = [round(done[0], 7), round(float(rows.min()), 1), round(float(distinct.min()), 1), word]
    return dict(found, starts=task.starts)


def goal_of(task, result):
    """The value to reach, or None where textbook EM breaks down or ends spurious from every start."""
    if result[task.goal] is None:
        return None
    # Starts that were made for a sound model may end above the others; more than the best of those is not asked for.
    return min(result["best"][0], result[task.goal][0])


def gmmpi_run(path, folder, task, points, seed=0, options=()):
    """A run of gmmpi fit as it comes: value by numpy (None if it failed), what it said, its summary."""
    data, model = folder + "/points.npy", folder + "/model.h5"
    np.save(data, points)
    words = [path, "fit", data, "-k", task.k, "--covariance", task.covariance, "--reg-covar", repr(task.reg_covar), "--seed", seed,
             "-q", "--json", "--checkpoint", "none", "-o", model, *task.options, *options]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode != 0:
        return dict(value=None, said=said or ["status %d" % done.returncode], summary=None, seconds=0.0)
    summary = json.loads(done.stdout)
    value = summary["mean_log_likelihood"]
    own, spurious = measure(task, points, read_mixture(model))
    return dict(value=value if own is None else own, own=own, stated=value, spurious=spurious, said=said, summary=summary,
                seconds=summary["seconds"]["total"])


def measure(task, points, mixture):
    """A model's mean log-likelihood by plain_em's arithmetic, and whether a component is spurious; None, None if it can't tell."""
    table = plain_em.Table(points, task.reg_covar)
    d = table.d
    try:
        covariances = np.array([mixture.covariance_of(k, range(d)) for k in range(mixture.n_components)])
        model = plain_em.Model(mixture.weights, (mixture.means - table.centre) / table.scale,
                               covariances / table.scale[:, None] / table.scale)
        with np.errstate(over="ignore"):
            value, shares = plain_em.expect(table, model)
    except (Problem, FloatingPointError):
        return None, None
    if value is None:
        return None, None
    return value, plain_em.is_spurious(table, shares, task.covariance)


def verdict(task, result, run):
    """"reached", or how it was missed: "passed over" (the best is spurious, gmmpi says so and has the best sound model), with
    another warning ("warned"), "silent" or "failed"."""
    goal = goal_of(task, result)
    if run["value"] is None:
        return "failed"
    if goal is None or run["value"] >= goal - REACHED:
        return "reached"
    said = any("spurious" in line or "distinct" in line for line in run["said"])
    if said and (result["sound"] is None or run["value"] >= result["sound"][0] - REACHED):
        return "passed over"
    return "warned" if run["said"] else "silent"
