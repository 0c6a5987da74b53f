# SPDX-License-Identifier: BSD-3-Clause
"""Without scikit-learn and mpi4py, installed, and what the library leaves of the interpreter's surroundings."""

import os
import re
import subprocess
import sys

import package
from package import clusters, np

import gmmpi

WITHOUT = """
import sys
sys.modules["sklearn"] = None  # importing it fails
sys.modules["mpi4py"] = None
import pickle
import warnings
import numpy as np
import gmmpi
X = np.load(sys.argv[1])
own = gmmpi.GaussianMixture(3)
print(repr(own))
assert own.get_params()["n_components"] == 3 and own.set_params(tol=1e-6) is own
for wrong in (lambda: own.set_params(tolerance=3), lambda: own.fit(X[0]), lambda: own.fit(X * np.nan), lambda: own.predict(X)):
    try:
        wrong()
    except ValueError as error:
        assert str(error)
    else:
        raise AssertionError
assert own.fit_predict(X.tolist(), sample_weight=np.ones(len(X))).shape == (len(X),)
labels = own.fit(X).predict(X)
assert (pickle.loads(pickle.dumps(own)).predict(X) == labels).all() and own.sample(3)[0].shape == (3, 2)
own.save(sys.argv[2])
try:
    own.predict(X[:, :1])
except ValueError as error:
    print(error)
try:
    own.to_sklearn()
except ImportError as error:
    print(error)
posterior = gmmpi.BayesianGaussianMixture(n_components=3).fit(X)
assert posterior.predict_proba(X).shape == (len(X), 3)
assert "sklearn.base" not in sys.modules
"""

SURROUNDINGS = """
import ctypes, os, subprocess, sys
import numpy as np
import gmmpi

def caught():
    with open("/proc/self/status") as file:
        return [line for line in file if line.startswith(("SigCgt", "SigIgn", "SigBlk"))]

# OpenBLAS and glibc use signal 33 among threads as soon as there are any.
mask = ~(1 << 32)
def own_signals():
    return [int(line.split()[1], 16) & mask for line in caught()]

getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
names = [b"OMPI_MCA_ess_singleton_isolated", b"OMPI_MCA_pml", b"OMPI_MCA_orte_create_session_dirs", b"OMP_WAIT_POLICY"]
before = own_signals(), dict(os.environ), [getenv(name) for name in names]
gmmpi.GaussianMixture(2).fit(np.random.default_rng(0).normal(size=(50, 2)))
assert (own_signals(), dict(os.environ), [getenv(name) for name in names]) == before
children = subprocess.run(["ps", "-o", "comm=", "--ppid", str(os.getpid())], capture_output=True, text=True).stdout.split()
assert children in ([], ["ps"]), children
"""


class Alone(package.Case):
    def test_without_scikit_learn_and_mpi4py(self):
        X = clusters()
        np.save(self.path("x.npy"), X)
        run = package.run_python(WITHOUT, self.path("x.npy"), self.path("without.h5"))
        self.assertEqual(run.stderr, "")
        self.assertEqual(
            run.stdout.splitlines(),
            [
                "GaussianMixture(n_components=3)",
                "X has 1 features, but GaussianMixture is expecting 2 features as input",
                "to_sklearn: scikit-learn is not installed",
            ],
        )
        gmmpi.GaussianMixture(3).fit(X).save(self.path("with.h5"))
        self.assertEqual(self.bytes_of("without.h5"), self.bytes_of("with.h5"))

    def test_surroundings_stay_as_they_were(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMPI_MCA", "OMP_"))}
        self.assertEqual(package.run_python(SURROUNDINGS, env=environment).stderr, "")

    def test_installed(self):
        """Moved to any place, the package finds the library beside it."""
        subprocess.run(
            ["cmake", "--install", os.environ["GMMPI_BUILD"], "--prefix", self.path("prefix")], check=True, stdout=subprocess.PIPE
        )
        place = self.path("moved")
        os.rename(self.path("prefix"), place)
        environment = dict(os.environ, PYTHONPATH=os.path.join(place, "lib/python3/dist-packages"))
        del environment["GMMPI_LIBRARY"]
        text = "import gmmpi; print(gmmpi.__file__); print([l.split()[-1] for l in open('/proc/self/maps') if 'libgmmpi' in l][0])"
        words = [sys.executable, "-B", "-c", text]
        run = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        package_file, library = run.stdout.splitlines()
        self.assertTrue(package_file.startswith(place), run.stdout)
        self.assertTrue(re.fullmatch(re.escape("moved/") + r"lib.*/libgmmpi\.so.*", library[library.index("moved/") :]), library)
        self.assertEqual(subprocess.run(words, env=dict(environment, GMMPI_LIBRARY="/nowhere.so"), capture_output=True).returncode, 1)


if __name__ == "__main__":
    package.main()
