# SPDX-License-Identifier: BSD-3-Clause
"""What is asked wrongly or too late is refused with a reason: nothing crashes, hangs, or is taken for something else."""

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


if __name__ == "__main__":
    package.main()
