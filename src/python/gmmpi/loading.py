# SPDX-License-Identifier: BSD-3-Clause
"""Where the shared library is, and how it is loaded: before scikit-learn."""

import contextlib
import ctypes
import functools
import os
from pathlib import Path


def candidates(name):
    """Where the library "gmmpi" may be: GMMPI_LIBRARY; in the prefix under which the package is installed, as
    lib/python3/dist-packages/gmmpi; in the loader's own places. Another, "gmmpi_alone", lies beside it."""
    named = os.environ.get("GMMPI_LIBRARY")
    if named:
        folder, file = os.path.split(named)
        return [os.path.join(folder, file.replace("libgmmpi", "lib" + name))]
    prefix = Path(__file__).resolve().parents[4]
    file = "lib%s.so.0" % name
    near = sorted(prefix.glob("lib*/" + file)) + sorted(prefix.glob("lib*/*/" + file))
    return [str(path) for path in near] + [file]


@contextlib.contextmanager
def _patient_threads():
    """Threads of OpenMP that wait for others sleep, unless the user says otherwise: where something else runs, too,
    those that spin keep it from its core, and a fit takes ten times as long. OpenMP looks when it is loaded, which
    scikit-learn may have done before; processes that are started later shall not find the word."""
    says = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(os.environ)
    if not says:
        os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        yield
    finally:
        if not says:
            del os.environ["OMP_WAIT_POLICY"]


@functools.lru_cache(maxsize=None)
def load(name="gmmpi"):
    """A library, loaded once."""
    failures = []
    for path in candidates(name):
        try:
            with _patient_threads():
                return ctypes.CDLL(path)
        except OSError as error:
            failures.append(str(error))
    raise ImportError(
        "lib%s was not found; set GMMPI_LIBRARY to the path of libgmmpi.so (%s)" % (name, "; ".join(failures))
    )
