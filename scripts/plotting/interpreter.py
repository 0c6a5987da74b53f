# SPDX-License-Identifier: BSD-3-Clause
"""A Python that has the libraries: the one that runs, or else the system's.

Debian's packages belong to /usr/bin/python3; another python3 may come first in PATH and know nothing of them.
"""

import importlib.util
import os
import sys

from .problem import NO_LIBRARY, Problem

SYSTEM_PYTHON = "/usr/bin/python3"
LIBRARIES = ("numpy", "h5py", "matplotlib")


def require_libraries(libraries=LIBRARIES):
    """Returns when all libraries are there; else goes on in the system's Python, or raises a Problem."""
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if not missing:
        return
    # The variable stops a second change: the system's Python may lack them too.
    is_system = os.environ.get("GMMPI_PLOT_PYTHON") == SYSTEM_PYTHON
    if os.access(SYSTEM_PYTHON, os.X_OK) and not is_system:
        os.environ["GMMPI_PLOT_PYTHON"] = SYSTEM_PYTHON
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON] + sys.argv)
    raise Problem(NO_LIBRARY, "%s lacks %s; on Debian or Ubuntu install %s, elsewhere pip install %s" % (
        sys.executable, ", ".join(missing), " ".join("python3-" + name for name in missing), " ".join(missing)))
