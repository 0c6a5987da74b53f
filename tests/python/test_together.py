# SPDX-License-Identifier: BSD-3-Clause
"""Fits that go on at the same time: in threads of Python, in processes that were forked, in joblib's."""

import multiprocessing
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import package
from package import clusters, np

import gmmpi

X = clusters(n=300, d=3, distance=3)


def means(K, threads=1):
    return gmmpi.GaussianMixture(K, threads=threads, max_iter=5, tol=0, options={"coarse_to_fine": False}).fit(X).means_


def in_a_fork(work):
    """The status with which a forked process ends that does the work."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Threads(package.Case):
    def test_fits_at_the_same_time(self):
        alone = {K: means(K) for K in (1, 2, 3, 4)}
        with ThreadPoolExecutor(4) as pool:
            for K, found in zip([1, 2, 3, 4] * 6, pool.map(means, [1, 2, 3, 4] * 6)):
                self.same(found, alone[K])

    def test_predictions_by_one_estimator(self):
        own = gmmpi.GaussianMixture(3).fit(X)
        alone = own.predict_proba(X)
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _: own.predict_proba(X), range(40)):
                self.same(found, alone)

    def test_a_fit_lets_others_run(self):
        """Another thread must get its turn before the fit ends: only it lets the fit end."""
        seen = threading.Event()
        reported = threading.Event()

        def other():
            reported.wait()
            seen.set()

        thread = threading.Thread(target=other)
        thread.start()

        def report(progress):
            reported.set()
            return seen.is_set()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gmmpi.GaussianMixture(3, tol=0, max_iter=10**9, on_progress=report).fit(X)
        thread.join()
        self.assertTrue(seen.is_set())

    def test_files_in_threads(self):
        np.save(self.path("x.npy"), X)
        with ThreadPoolExecutor(3) as pool:
            for found in pool.map(lambda _: gmmpi.GaussianMixture(2).fit(self.path("x.npy")), range(6)):
                found.save(self.path("model%d.h5" % threading.get_ident()))
                self.same(gmmpi.load(self.path("model%d.h5" % threading.get_ident())).means_, found.means_)


class Processes(package.Case):
    def test_forked_after_a_fit(self):
        own = gmmpi.GaussianMixture(2, threads=2).fit(X)
        expected = means(3)
        many = np.repeat(X, 30, axis=0)
        labels = own.predict(many)

        def work():
            return np.array_equal(means(3, threads=2), expected) and np.array_equal(own.predict(many), labels)

        self.assertEqual(in_a_fork(work), 0)
        self.same(means(3, threads=2), expected)  # the parent goes on, too

    def test_ends_of_forks_leave_the_parent_alone(self):
        """An interpreter that was forked and ends as one does not finalise its parent's MPI."""
        text = (
            "import os, sys, gmmpi, numpy\n"
            "X = numpy.random.default_rng(0).normal(size=(50, 2))\n"
            "means = gmmpi.GaussianMixture(2).fit(X).means_\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    sys.exit(3)\n"
            "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3\n"
            "assert (gmmpi.GaussianMixture(2).fit(X).means_ == means).all()\n"
        )
        self.assertEqual(package.run_python(text).stderr, "")

    def test_pools(self):
        expected = [means(K) for K in (1, 2, 3)]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            for found, same in zip(pool.map(means, [1, 2, 3]), expected):
                self.same(found, same)


if __name__ == "__main__":
    package.main()
