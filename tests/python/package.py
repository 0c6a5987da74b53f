# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the Python package share: where it is, and points whose clusters are known."""

import os
import subprocess
import sys
import unittest

import harness

os.environ.setdefault("GMMPI_LIBRARY", os.path.join(os.environ.get("GMMPI_BUILD", ""), "libgmmpi.so"))
sys.path.insert(0, os.path.join(harness.SOURCE, "src", "python"))
os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])

if os.environ.get("GMMPI_SANITIZED") == "ON":
    print("skipped: a sanitized library needs a sanitized interpreter")
    raise SystemExit(77)

try:
    import numpy as np
    import sklearn  # noqa: F401
except ImportError as missing:
    print("skipped: %s; scripts/install_dependencies.sh --tests installs it" % missing)
    raise SystemExit(77) from None


def clusters(n=100, d=2, seed=0, distance=5.0, K=3):
    """n points about each of K centres, mixed."""
    random = np.random.default_rng(seed)
    centres = np.arange(K)[:, np.newaxis] * distance + random.normal(size=(K, d))
    points = np.concatenate([centre + random.normal(size=(n, d)) for centre in centres])
    return random.permutation(points)


def run_python(text, *arguments, ranks=None, check=True, **options):
    """Runs a program: a CompletedProcess with text output."""
    words = ([] if ranks is None else harness.mpirun(ranks)) + [sys.executable, "-B", "-W", "ignore", "-c", text]
    words += [str(one) for one in arguments]
    run = subprocess.run(words, capture_output=True, text=True, timeout=harness.PATIENCE, **options)
    if check and run.returncode != 0:
        raise AssertionError(run.stdout + run.stderr)
    return run


class Case(harness.Case):
    """Arrays that are to be close."""

    def close(self, value, expected, rtol=1e-9, atol=1e-12):
        np.testing.assert_allclose(value, expected, rtol=rtol, atol=atol)

    def same(self, value, expected):
        np.testing.assert_array_equal(value, expected)


main = unittest.main
