# SPDX-License-Identifier: BSD-3-Clause
"""What is asked wrongly or too late is refused with a reason: nothing crashes, hangs, or is taken for something else."""

import importlib.util
import unittest
from unittest import mock

import package
from package import clusters, np

import gmmpi


class End(package.Case):
    def test_interpreter_ends_while_a_daemon_fits(self):
        text = """
import sys, threading
import numpy as np
import gmmpi
X = np.random.default_rng(0).normal(size=(2000, 4))
np.save(sys.argv[1], X)
def fit(data, running):
    gmmpi.GaussianMixture(5, tol=0, max_iter=10**7, on_progress=lambda progress: running.set()).fit(data)
def fit_silently(data, running):
    running.set()
    gmmpi.GaussianMixture(5, tol=0, max_iter=10**7).fit(data)
for one, data in ((fit_silently, X), (fit, X), (fit, sys.argv[1])):
    running = threading.Event()
    threading.Thread(target=one, args=(data, running), daemon=True).start()
    assert running.wait(60)
print("ends")
"""
        run = package.run_python(text, self.path("x.npy"))
        self.assertEqual((run.stdout, run.stderr), ("ends\n", ""))

    def test_fit_after_the_end(self):
        text = """
import atexit
def late():
    try:
        gmmpi.GaussianMixture(2).fit(X)
    except gmmpi.WrongUsage as error:
        print(error)
atexit.register(late)
import numpy as np
import gmmpi
X = np.random.default_rng(0).normal(size=(100, 2))
gmmpi.GaussianMixture(2).fit(X)
"""
        self.assertIn("MPI was finalised in this process", package.run_python(text).stdout)


RANKS = """
import sys
import numpy as np
from mpi4py import MPI
import gmmpi
comm = MPI.COMM_WORLD
first = comm.rank == 0
X = np.random.default_rng(comm.rank).normal(size=(50, 2))

def fit(X=X, sample_weight=None, n_components=2, **words):
    return gmmpi.GaussianMixture(n_components, **dict({"comm": comm}, **words)).fit(X, sample_weight=sample_weight)

def refused(text, *arguments, **words):
    try:
        fit(*arguments, **words)
    except gmmpi.WrongUsage as error:
        assert text in str(error), error
    else:
        raise AssertionError(text)

refused("verbose_interval", verbose=first, verbose_interval="a" if first else 10)
refused("'means' should have the shape", means_init=[[1, 2]] if first else None)
refused("differ in means_init", means_init=[[1, 2], [3, 4 + comm.rank]])
refused("differ in n_components: rank 0 has 2, rank 1 has 3", n_components=2 + comm.rank)
refused("differ in noise: rank 0 has True, rank 1 has the default", options={"noise": True} if first else None)
refused("differ in tol", tol=1e-3 if first else 1e-6)
refused("differ in sample_weight", sample_weight=np.ones(50) if first else None)
refused("differ in X", sys.argv[1] if first else X)
refused("no communicator within one group", comm=comm.Split(comm.rank % 2).Create_intercomm(0, comm, 1 - comm.rank % 2))
refused("no communicator within one group", comm=MPI.COMM_NULL)
single = X.astype(np.float32)
means = fit(single if first else single[:0]).means_
assert (means == fit(single if first else X[:0]).means_).all()
weighted = fit(X if first else X[:0], sample_weight=np.ones(50) if first else None)
mixed = fit(single if first else X).model_.image(), fit(single.astype(float) if first else X).model_.image()
assert mixed[0] == mixed[1]
"""


class Refusals(package.Case):
    @unittest.skipIf(importlib.util.find_spec("mpi4py") is None, "mpi4py is not installed (package python3-mpi4py)")
    def test_ranks_that_differ(self):
        np.save(self.path("x.npy"), clusters())
        package.run_python(RANKS, self.path("x.npy"), ranks=2)

    def refused(self, text, X=None, sample_weight=None, **words):
        with self.assertRaisesRegex(gmmpi.WrongUsage, text):
            gmmpi.GaussianMixture(2, **words).fit(clusters() if X is None else X, sample_weight=sample_weight)

    def test_names_and_texts(self):
        with mock.patch("gmmpi.mixture.names_of_features", lambda X: ["\ud800", "y"]):
            self.refused("the name of column 1, .* cannot be written as UTF-8")
        self.refused("zero byte", X="x\0.npy")
        self.refused("zero byte", init_params="x\0.h5")
        for call in (gmmpi.load, gmmpi.GaussianMixture(2).fit(clusters()).save):
            with self.assertRaisesRegex(gmmpi.WrongUsage, "zero byte"):
                call("x\0.h5")

    def test_numbers(self):
        for name in ("max_iter", "tol", "n_init", "reg_covar", "verbose_interval"):
            self.refused(name + ": '1' is a text", **{name: "1"})

    def test_starts(self):
        self.refused("'means' has NaN", means_init=[[0, np.nan], [1, 1]])
        self.refused("'precisions' has NaN", precisions_init=np.full((2, 2, 2), np.nan))
        self.refused("should be normalized", weights_init=[0.5, 0.6])
        self.refused("range", weights_init=[-0.5, 1.5])
        self.refused("should be symmetric, positive-definite", precisions_init=[[[1, 0.5], [0, 1]], np.eye(2)])
        self.refused("should be symmetric, positive-definite", precisions_init=[-np.eye(2), np.eye(2)])
        self.refused("should be positive", precisions_init=[-1, 1], covariance_type="spherical")

    def test_weights_of_score(self):
        X = clusters()
        mixture = gmmpi.GaussianMixture(2).fit(X)
        for weights in (np.zeros(len(X)), np.arange(len(X)) - 1.0):
            with self.assertRaisesRegex(gmmpi.WrongUsage, "sample_weight"):
                mixture.score(X, sample_weight=weights)

    def test_a_refused_fit_changes_nothing(self):
        mixture = gmmpi.GaussianMixture(2).fit(clusters())
        with self.assertRaises(gmmpi.Error):
            mixture.set_params(n_components=70).fit(clusters(n=10, d=3))
        self.assertEqual(mixture.n_features_in_, 2)
        self.assertEqual(len(mixture.predict(clusters())), 300)

    def test_what_on_progress_may_do(self):
        X = clusters(distance=1)
        stopping = gmmpi.GaussianMixture(3, tol=0, max_iter=500, on_progress=lambda progress: np.bool_(True))
        with self.assertWarns(gmmpi.ConvergenceWarning):
            self.assertLess(stopping.fit(X).n_iter_, 10)

        def leave(progress):
            raise GeneratorExit("mine")

        with self.assertRaisesRegex(GeneratorExit, "mine"):
            gmmpi.GaussianMixture(3, on_progress=leave).fit(X)


class Files(package.Case):
    def test_another_fit_is_of_the_same_kind(self):
        X = clusters(distance=2) ** 2
        np.save(self.path("x.npy"), X)
        for options in ({"noise": "yes"}, {"distribution": "t", "dof": "5"}, {"method": "map", "prior_shrinkage": 0.05}):
            gmmpi.GaussianMixture(2, options=options).fit(X).save(self.path("model.h5"))
            loaded = gmmpi.load(self.path("model.h5"))
            means = loaded.means_
            self.assertEqual(loaded.options, options)
            self.same(loaded.fit(X).means_, means)
        for text in ("log1p", "standardize:2"):
            gmmpi.GaussianMixture(2, options={"transform": text}).fit(self.path("x.npy")).save(self.path("model.h5"))
            loaded = gmmpi.load(self.path("model.h5"))
            means = loaded.means_
            self.same(loaded.fit(self.path("x.npy")).means_, means)
            with self.assertRaisesRegex(gmmpi.WrongUsage, "transform"):
                loaded.fit(X)

    def test_doubts_about_a_file_are_warnings(self):
        numbers = np.column_stack([np.arange(1, 301), clusters()])
        np.savetxt(self.path("x.csv"), numbers, delimiter=",", header="index,a,b", comments="", fmt="%.9g")
        with self.assertWarnsRegex(gmmpi.FitWarning, "column 1 counts the rows") as caught:
            gmmpi.GaussianMixture(2).fit(self.path("x.csv"))
        self.assertEqual(caught.filename, __file__)


if __name__ == "__main__":
    package.main()
