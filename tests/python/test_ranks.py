# SPDX-License-Identifier: BSD-3-Clause
"""With mpi4py, under mpirun: each rank gives its rows, all get the same model, and errors are everybody's."""

import importlib.util
import unittest

import package
from package import clusters, np

import gmmpi

BEGIN = """
import sys
import numpy as np
from mpi4py import MPI
import gmmpi
comm = MPI.COMM_WORLD
X = np.load(sys.argv[1])
borders = [0, *sorted(np.random.default_rng(comm.size).integers(0, len(X), comm.size - 1)), len(X)]
mine = slice(borders[comm.rank], borders[comm.rank + 1])
"""

SAME_BITS = (
    BEGIN
    + """
own = gmmpi.GaussianMixture(3, comm=comm, threads=2).fit(X[mine])
labels = own.fit_predict(X[mine])
weights = np.arange(len(X)) % 3
weighted = gmmpi.GaussianMixture(2, comm=comm).fit(X[mine].astype(np.float32), sample_weight=weights[mine])
half = gmmpi.GaussianMixture(3, comm=comm.Split(comm.rank % 2, comm.rank)).fit(X)  # some ranks, all with all rows
alone = gmmpi.GaussianMixture(3).fit(X)
streamed = gmmpi.GaussianMixture(3, comm=comm).fit(sys.argv[1])
empty = gmmpi.GaussianMixture(3, comm=comm).fit(X if comm.rank == comm.size - 1 else X[:0])
for other in (alone, streamed, empty):
    assert (other.means_ == own.means_).all() and other.n_features_in_ == 2
assert np.allclose(half.means_[half.means_[:, 0].argsort()], own.means_[own.means_[:, 0].argsort()], atol=1e-3)
assert (alone.predict(X[mine]) == labels).all()
images = comm.allgather([own.model_.image(), weighted.model_.image()])
assert all(image == images[0] for image in images)
if comm.rank == 0:
    own.save(sys.argv[2])
    weighted.save(sys.argv[3])
"""
)

ERRORS = (
    BEGIN
    + """
def refused(X, kind, text, **words):
    try:
        gmmpi.GaussianMixture(3, comm=comm, **words).fit(X)
    except kind as error:
        assert text in str(error), error
    else:
        raise AssertionError(text)

wrong = X[mine].copy()
if comm.rank == 1:
    wrong[0, 0] = np.nan
refused(wrong, ValueError, "NaN")
refused(X[mine] if comm.rank else X[mine, :1], ValueError, "number of features")
refused(X[mine], ValueError, "tol", tol=-1 if comm.rank == 0 else 1e-3)
refused(X[mine], FileNotFoundError, "nowhere", init_params="nowhere.h5")

def stop(progress):
    if comm.rank == 2:
        raise KeyboardInterrupt("by hand")

try:
    own = gmmpi.GaussianMixture(3, comm=comm, on_progress=stop)
    own.fit(X[mine])
except KeyboardInterrupt as stopped:
    assert str(stopped) == ("by hand" if comm.rank == 2 else "another rank was interrupted")
    assert not own.converged_ and own.means_.shape == (3, 2)
else:
    raise AssertionError("nobody stopped")

def enough(progress):
    return comm.rank == 1 and progress.iteration == 1

import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    own.set_params(on_progress=enough, tol=0).fit(X[mine])
assert not own.converged_ and own.n_iter_ < 10
assert [w.category for w in caught if w.category is not gmmpi.FitWarning] == ([gmmpi.ConvergenceWarning] if comm.rank == 0 else [])
"""
)


@unittest.skipIf(importlib.util.find_spec("mpi4py") is None, "mpi4py is not installed (package python3-mpi4py)")
class Ranks(package.Case):
    def test_same_bits(self):
        X = clusters(n=401)
        np.save(self.path("x.npy"), X)
        gmmpi.GaussianMixture(3).fit(X).save(self.path("alone.h5"))
        weights = np.arange(len(X)) % 3
        gmmpi.GaussianMixture(2).fit(X.astype(np.float32), sample_weight=weights).save(self.path("weighted.h5"))
        for ranks in (1, 3):
            outputs = [self.path("ranks.h5"), self.path("ranks_weighted.h5")]
            package.run_python(SAME_BITS, self.path("x.npy"), *outputs, ranks=ranks)
            self.assertEqual(self.bytes_of("ranks.h5"), self.bytes_of("alone.h5"))
            self.assertEqual(self.bytes_of("ranks_weighted.h5"), self.bytes_of("weighted.h5"))

    def test_errors_and_stops_are_everybody_s(self):
        np.save(self.path("x.npy"), clusters(n=300, distance=1.5))
        package.run_python(ERRORS, self.path("x.npy"), ranks=3)

    def test_mpi4py_first_or_later(self):
        text = """
import numpy as np
if %r:
    from mpi4py import MPI
import gmmpi
X = np.random.default_rng(0).normal(size=(60, 2))
means = gmmpi.GaussianMixture(2).fit(X).means_
from mpi4py import MPI
assert MPI.Is_initialized()
own = gmmpi.GaussianMixture(2, comm=MPI.COMM_SELF)
assert (own.fit(X).means_ == means).all()
import copy, pickle
from sklearn.base import clone
same = clone(own)
assert same.comm is MPI.COMM_SELF and (same.fit(X).means_ == means).all()
for copied in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
    assert copied.comm is None and (copied.means_ == means).all()
other = MPI.COMM_SELF.Dup()
assert clone(own.set_params(comm=other)).comm is other
assert pickle.loads(pickle.dumps(MPI.COMM_WORLD)) == MPI.COMM_WORLD
other.Free()
"""
        for first in (True, False):
            self.assertEqual(package.run_python(text % first).stderr, "")


if __name__ == "__main__":
    package.main()
