# SPDX-License-Identifier: BSD-3-Clause
"""Small real tables for compare_hard.py --small: sets of columns and rows, K = 2 to 5, three families each.

The goal is the best sound model of 80 restarts of scikit-learn: no spike, no component on d or fewer distinct points.
"""

import os
import warnings

import numpy as np

from plotting.tables import open_table

from . import peer, plain_em
from .hard_tasks import HardTask
from .runs import REG_COVAR, is_degenerate, mean_log_likelihood, model_of
from .tasks import DATA

RESTARTS = 80


class SmallTask(HardTask):
    """Its goal is scikit-learn's."""

    def __init__(self, name, k, make, covariance, needs_peer):
        super().__init__("small tables", name, k, make, covariance, starts=RESTARTS)
        self.kind = covariance  # the families are what the summary tells apart
        self.needs_peer = needs_peer

    def reference(self, points, labels):
        """best, sound: each value, points and distinct points of the least component, the restart; or None."""
        from sklearn.mixture import GaussianMixture
        warnings.simplefilter("ignore")
        table = plain_em.Table(points, REG_COVAR)
        found = {"best": None, "sound": None}
        for seed in range(RESTARTS):
            mixture = GaussianMixture(self.k, covariance_type=self.covariance, tol=1e-6, reg_covar=REG_COVAR, random_state=seed,
                                      max_iter=1000)
            try:
                mixture.fit(points)
            except ValueError:  # it says that a component has collapsed
                continue
            model = model_of(mixture.weights_, mixture.means_, mixture.covariances_, self.covariance)
            value = round(mean_log_likelihood(model, points), 7)
            distinct_of = mixture.predict_proba(table.x * table.scale + table.centre)
            rows, distinct = plain_em.least_support(table, distinct_of)
            needed = points.shape[1] + 1 if self.covariance == "full" else 2
            is_sound = not is_degenerate(model, points) and (distinct >= needed - 0.5).all()
            for kind in ["best"] + ["sound"] * is_sound:
                if found[kind] is None or value > found[kind][0] + 1e-6:
                    found[kind] = [value, round(float(rows.min()), 1), round(float(distinct.min()), 1), "restart %d" % seed]
        return dict(found, starts=RESTARTS)


def file(name, columns, rows=slice(None), standard=False):
    """Columns from 1 of a table in data/."""
    def make(random):
        source = open_table(os.path.join(DATA, name))
        points = source.read([(0, source.n_rows)], [column - 1 for column in columns])[rows]
        return (standardised(points) if standard else points), None
    return make, False


def bundled(loader, columns=None, rows=slice(None), components=None):
    """A table that scikit-learn brings, in units of standard deviations; with `components`, its first principal components."""
    def make(random):
        from sklearn import datasets
        points = np.asarray(getattr(datasets, loader)().data, dtype=float)[rows]
        if columns is not None:
            points = points[:, columns]
        if components is None:
            return standardised(points), None
        centred = points - points.mean(axis=0)
        left, values, right = np.linalg.svd(centred, full_matrices=False)
        signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
        return (left * values * signs)[:, :components], None
    return make, True


def standardised(points):
    return (points - points.mean(axis=0)) / points.std(axis=0)


def tables():
    return {
        "mall income": file("mall_customers.csv", [4, 5]),
        "mall age": file("mall_customers.csv", [3, 5]),
        "mall": file("mall_customers.csv", [3, 4, 5]),
        "faithful": file("faithful.csv", [1, 2]),
        "faithful waiting": file("faithful.csv", [2]),
        "iris": file("iris.csv", range(1, 5)),
        "iris sepals": file("iris.csv", [1, 2]),
        "iris mixed": file("iris.csv", [1, 2, 3]),
        "wine 3": file("wine.csv", [1, 7, 10]),
        "wine 4": file("wine.csv", [1, 7, 10, 13], standard=True),
        "wine 6": file("wine.csv", [1, 2, 4, 7, 10, 12], standard=True),
        "wine acids": file("wine.csv", [1, 2], standard=True),
        "cells 2": file("breast_cancer.csv", [1, 2], standard=True),
        "cells 3": file("breast_cancer.csv", [2, 5, 9], standard=True),
        "cells 5": file("breast_cancer.csv", [1, 2, 5, 9, 10], standard=True),
        "cells half": file("breast_cancer.csv", [1, 2, 6], slice(0, None, 2), standard=True),
        "diabetes 3": bundled("load_diabetes", [0, 2, 3]),
        "diabetes 4": bundled("load_diabetes", [2, 3, 4, 8]),
        "diabetes half": bundled("load_diabetes", [2, 8], slice(1, None, 2)),
        "digits 3": bundled("load_digits", rows=slice(0, 300), components=3),
        "digits 5": bundled("load_digits", rows=slice(500, 900), components=5),
        "digits 2": bundled("load_digits", rows=slice(1000, 1300), components=2),
        "wine 8": file("wine.csv", [1, 2, 3, 6, 7, 10, 11, 13], standard=True),
        "wine half": file("wine.csv", [1, 7, 10, 13], slice(0, None, 2), standard=True),
        "wine raw": file("wine.csv", [2, 4, 5, 13]),
        "cells third": file("breast_cancer.csv", [1, 2, 5, 6, 9, 10], slice(1, None, 3), standard=True),
        "diabetes third": bundled("load_diabetes", [0, 2, 3, 4, 8], slice(0, None, 3)),
        "digits 8": bundled("load_digits", rows=slice(0, 200), components=8),
        "iris half": file("iris.csv", [1, 2, 3], slice(0, None, 2)),
        "mall half": file("mall_customers.csv", [3, 4, 5], slice(0, None, 2)),
        "digits pixels": bundled("load_digits", [20, 28, 36, 43], slice(0, 300)),
        "diabetes sex": bundled("load_diabetes", [0, 1, 2, 3]),
        "cells raw": file("breast_cancer.csv", [1, 2, 4]),
        "linnerud body": bundled("load_linnerud"),
        "linnerud": bundled("load_linnerud", [0, 2]),
    }


def all_tasks():
    tasks = []
    for number, (name, (make, needs_peer)) in enumerate(tables().items()):
        for k in (2, 3, 4, 5) if not name.startswith("linnerud") else (2,):
            for covariance in ("full", "tied", ("diag", "spherical")[(number + k) % 2]):
                tasks.append(SmallTask("%s, K = %d, %s" % (name, k, covariance), k, make, covariance, needs_peer))
    return [task for task in tasks if peer.is_there() or not task.needs_peer]
